/** A thread of part-ways.test.ts: asks for the way of each message, and would itself choose its own number. */
import { parentPort, workerData } from 'node:worker_threads';
import type { CounterPages } from '../../src/core/ring/counters.ts';
import { PartWays } from '../../src/core/ring/part-ways.ts';

interface Taker {
  pages: CounterPages;
  thread: number;
  threads: number;
  gate: SharedArrayBuffer;
  messages: number;
}

const { pages, thread, threads, gate, messages } = workerData as Taker;
const ways = new PartWays(pages);
const passed = new Int32Array(gate);
const taken: number[] = [];
for (let message = 0; message < messages; message++) {
  // All at once, time and again.
  Atomics.add(passed, 0, 1);
  while (Atomics.load(passed, 0) < threads * (message + 1));
  const place = Math.imul(message, 0x9e37_79b1) >>> 0;
  taken.push(ways.of(place, place ^ 0x5bd1_e995, 1_795_600_000_000, () => thread));
}
parentPort?.postMessage(taken);
