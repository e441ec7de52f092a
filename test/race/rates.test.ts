import { Worker } from 'node:worker_threads';
import { expect, test } from 'vitest';
import { TICKS_PER_MS, createCounterPages } from '../../src/core/ring/counters.ts';
import { seeded } from '../core/random.ts';

const THREADS = 3;
const TICKS_PER_S = 1000 * TICKS_PER_MS;
const TAKES = 400_000;

/**
 * Three threads take from one account as fast as they can while a shared clock runs. Allowed: each take passes or is
 * refused. Not allowed: more than rate * time + burst + 1 passes between them, or fewer than the rate (a take that
 * lost the race to another thread must be tried again, not refused).
 */
test('three threads together pass an account at its rate, no more and no less', async () => {
  const random = seeded(20_260_303);
  console.log(`rate race: seed ${random.seed}`);
  const pages = createCounterPages(1, 1, 3);
  // Word 0: ticks. The clock is a counter that every take moves on, so the test does not depend on the machine's load.
  const clock = new SharedArrayBuffer(8);
  const ticks = new Int32Array(clock);
  const start = -(2 ** 20) | 0;
  ticks[0] = start;
  new Int32Array(pages.rates)[2] = start;
  const intervalTicks = Math.round(TICKS_PER_S / 1000);
  const burstTicks = TICKS_PER_S / 10;
  // Three takes an interval on average: two of three are refused.
  const stepTicks = Math.floor(intervalTicks / 3);
  const workers = Array.from(
    { length: THREADS },
    () =>
      new Worker(new URL('./rate-taker.ts', import.meta.url), {
        workerData: { pages, clock, account: 2, intervalTicks, burstTicks, stepTicks, takes: TAKES },
      }),
  );
  try {
    const counts = await Promise.all(
      workers.map(
        (worker) =>
          new Promise<number>((resolve, reject) => {
            worker.once('message', resolve);
            worker.once('error', reject);
          }),
      ),
    );
    const elapsed = THREADS * TAKES * stepTicks;
    const passed = counts.reduce((sum, count) => sum + count, 0);
    expect(passed).toBeLessThanOrEqual((elapsed + burstTicks) / intervalTicks + 1);
    expect(passed).toBeGreaterThanOrEqual(Math.floor(elapsed / intervalTicks) - 1);
    expect(Math.min(...counts), counts.join(' ')).toBeGreaterThan(0);
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
});
