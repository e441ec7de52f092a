/** One thread of the long run: a share of the PDUs, and the heap before and after. */
import { parentPort, workerData } from 'node:worker_threads';
import { Fuzzer, type Broken } from './fuzzer.ts';
import { heapBytes } from './heap.ts';

export interface Share {
  seed: number;
  from: number;
  to: number;
  progress: SharedArrayBuffer;
}

export interface Finding {
  tried: number;
  throws: number;
  broken: Broken[];
  grownBytes: number;
  taken: Map<string, number>;
  refused: Map<number, number>;
  /** Messages that were shaped for an SMSC, and the bodies that came of them. */
  shaped: number;
  bodies: number;
}

const { seed, from, to, progress } = workerData as Share;
const seen = new Int32Array(progress);
const fuzzer = new Fuzzer(seed);
const onIndex = (index: number): void => {
  Atomics.store(seen, 0, index - from);
};

// What is compiled and cached in the first part is not a leak.
const middle = from + Math.ceil((to - from) / 4);
fuzzer.run(from, middle, onIndex);
const before = heapBytes();
fuzzer.run(middle, to, onIndex);
const finding: Finding = {
  tried: to - from,
  throws: fuzzer.throws,
  broken: fuzzer.broken,
  grownBytes: heapBytes() - before,
  taken: fuzzer.promises.taken,
  refused: fuzzer.promises.refused,
  shaped: fuzzer.promises.shaping.shaped,
  bodies: fuzzer.promises.shaping.bodies,
};
parentPort?.postMessage(finding);
