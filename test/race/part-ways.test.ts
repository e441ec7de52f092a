import { Worker } from 'node:worker_threads';
import { expect, test } from 'vitest';
import { createCounterPages } from '../../src/core/ring/counters.ts';

const THREADS = 2;
const MESSAGES = 5_000;

test('threads that ask for the way of a message at one time are told the same', async () => {
  const pages = createCounterPages(1, 1, 1);
  const gate = new SharedArrayBuffer(4);
  const workers = Array.from(
    { length: THREADS },
    (_, thread) =>
      new Worker(new URL('./way-taker.ts', import.meta.url), {
        workerData: { pages, thread, threads: THREADS, gate, messages: MESSAGES },
      }),
  );
  try {
    const [first, second] = await Promise.all(
      workers.map(
        (worker) =>
          new Promise<number[]>((resolve, reject) => {
            worker.once('message', resolve);
            worker.once('error', reject);
          }),
      ),
    );
    expect(first).toHaveLength(MESSAGES);
    expect(second).toEqual(first);
    // Or there was no race.
    expect(new Set(first)).toEqual(new Set([0, 1]));
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
});
