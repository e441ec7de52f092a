/** A thread of rates.test.ts: moves the clock on and takes, so many times. */
import { parentPort, workerData } from 'node:worker_threads';
import { RateCells } from '../../src/core/ring/counters.ts';
import type { CounterPages } from '../../src/core/ring/counters.ts';

interface Taker {
  pages: CounterPages;
  clock: SharedArrayBuffer;
  account: number;
  intervalTicks: number;
  burstTicks: number;
  stepTicks: number;
  takes: number;
}

const { pages, clock, account, intervalTicks, burstTicks, stepTicks, takes } = workerData as Taker;
const ticks = new Int32Array(clock);
const rates = new RateCells(pages);
let passed = 0;
for (let take = 0; take < takes; take++) {
  const nowTicks = (Atomics.add(ticks, 0, stepTicks) + stepTicks) | 0;
  if (rates.take(account, nowTicks, intervalTicks, burstTicks)) passed++;
}
parentPort?.postMessage(passed);
