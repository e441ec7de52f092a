import { expect, test } from 'vitest';
import { Doorbell, StepLoop, createDoorbell } from '../../../src/core/ring/idle.ts';

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

test('who rings after the sleep was announced, but before the wait, wakes it all the same', async () => {
  const bell = new Doorbell(createDoorbell());
  const ticket = bell.prepare();
  bell.ring();
  await new Promise<void>((resolve) => bell.wait(ticket, resolve));
});

test('who rings during the wait wakes it once', async () => {
  const bell = new Doorbell(createDoorbell());
  let wakes = 0;
  bell.wait(bell.prepare(), () => wakes++);
  await pause(5);
  expect(wakes).toBe(0);
  bell.ring();
  bell.ring();
  await pause(20);
  expect(wakes).toBe(1);
});

test('ringing one that is awake costs no wake-up later', async () => {
  const bell = new Doorbell(createDoorbell());
  bell.prepare();
  bell.cancel();
  bell.ring();
  let wakes = 0;
  bell.wait(bell.prepare(), () => wakes++);
  await pause(20);
  expect(wakes).toBe(0);
  bell.ring();
  await pause(20);
  expect(wakes).toBe(1);
});

/** A loop over a plain counter of work. */
function makeLoop(): { bell: Doorbell; work: { left: number; done: number; looks: number }; loop: StepLoop } {
  const bell = new Doorbell(createDoorbell());
  const work = { left: 0, done: 0, looks: 0 };
  const step = (): number => {
    work.looks++;
    const taken = Math.min(work.left, 10);
    work.left -= taken;
    work.done += taken;
    return taken;
  };
  return { bell, work, loop: new StepLoop(bell, step, () => work.left > 0) };
}

test('a loop works until nothing is left, sleeps without looking, and goes on when rung', async () => {
  const { bell, work, loop } = makeLoop();
  work.left = 95;
  loop.start();
  await pause(20);
  expect([work.done, work.looks]).toEqual([95, 11]);
  await pause(20);
  expect(work.looks).toBe(11);
  work.left = 5;
  bell.ring();
  await pause(20);
  expect(work.done).toBe(100);
  loop.stop();
});

test('work that comes at the very last look before the sleep is not left lying', async () => {
  const bell = new Doorbell(createDoorbell());
  let left = 0;
  let done = 0;
  let offered = false;
  const step = (): number => {
    const taken = left;
    left = 0;
    done += taken;
    return taken;
  };
  const loop = new StepLoop(bell, step, () => {
    if (!offered) left = 3;
    offered = true;
    return left > 0;
  });
  loop.start();
  await pause(20);
  expect(done).toBe(3);
  loop.stop();
});

test('a stopped loop does nothing more, also when it slept', async () => {
  const { bell, work, loop } = makeLoop();
  loop.start();
  await pause(10);
  loop.stop();
  await pause(10);
  const { looks } = work;
  work.left = 10;
  bell.ring();
  await pause(10);
  expect([work.looks, work.done]).toEqual([looks, 0]);
});
