/** What a start takes for sent: after an orderly stop only what may have been, after any other end all that was due. */
import { describe, expect, test } from 'vitest';
import { FLAG_DUPLICATE_RISK } from '../../src/core/message-table.ts';
import { onBindDown } from '../../src/shard/outcome.ts';
import { takeSlots } from './harness.ts';
import { LongScene } from './long-scene.ts';

const CANCEL = 2;
const [ROK, RCANCELFAIL] = [0, 0x11];

async function cancelled(scene: LongScene, id: string): Promise<number | undefined> {
  const sequence = scene.ask(CANCEL, id);
  await scene.commit();
  return scene.operationAnswers.get(sequence)?.status;
}

async function submitted(scene: LongScene): Promise<string> {
  const sequence = scene.submit();
  await scene.commit();
  return scene.idOf(sequence);
}

/** A message whose link went down before it was answered for, and one that was never sent. */
async function two(): Promise<{ scene: LongScene; lost: string; unsent: string }> {
  const scene = await LongScene.open();
  const lost = await submitted(scene);
  await scene.pass(100);
  expect(scene.inFlight).toHaveLength(1);
  const [{ slot }] = scene.inFlight.splice(0);
  const [bind] = scene.shard.binds;
  const window = {
    forEach: (each: (sequence: number, at: number) => void) => each(1, slot),
    take: () => slot,
  };
  onBindDown(scene.shard, scene.shard.owned[0], { ...bind, window } as unknown as typeof bind);
  scene.isUp = false;
  return { scene, lost, unsent: await submitted(scene) };
}

describe('an orderly stop', () => {
  test.each([
    ['once', 1],
    ['three times', 3],
  ])('%s: what was not sent can still be cancelled, what may have been can not', async (_often, count) => {
    const { scene, lost, unsent } = await two();
    for (let stop = 0; stop < count; stop++) {
      await scene.crash(true);
      await scene.pass(1_000);
    }
    expect([await cancelled(scene, lost), await cancelled(scene, unsent)]).toEqual([RCANCELFAIL, ROK]);
    scene.isUp = true;
    await scene.pass(1_000);
    expect(scene.sent.map(({ id }) => id)).toEqual([lost, lost]);
    expect(scene.shard.table.flags[scene.sent[1].slot] & FLAG_DUPLICATE_RISK).toBe(FLAG_DUPLICATE_RISK);
  });

  test('with rows that were in memory', async () => {
    const { scene, lost, unsent } = await two();
    await scene.crash();
    await scene.settle();
    // Both were due when the daemon died.
    expect([await cancelled(scene, lost), await cancelled(scene, unsent)]).toEqual([
      RCANCELFAIL,
      RCANCELFAIL,
    ]);
    const free = takeSlots(scene.shard, 50);
    const later = await submitted(scene);
    free();
    await scene.pass(1_000);
    await scene.crash(true);
    await scene.pass(1_000);
    expect(await cancelled(scene, later)).toBe(ROK);
    expect([await cancelled(scene, lost), await cancelled(scene, unsent)]).toEqual([
      RCANCELFAIL,
      RCANCELFAIL,
    ]);
  });

  test('is forgotten at the next start: that one may be killed', async () => {
    const { scene, unsent } = await two();
    await scene.crash(true);
    await scene.crash();
    await scene.pass(1_000);
    expect(await cancelled(scene, unsent)).toBe(RCANCELFAIL);
  });
});
