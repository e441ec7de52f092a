/** The other thread of ring.test.ts: writes the sequence, with aborts, and publishes after random runs. */
import { parentPort, workerData } from 'node:worker_threads';
import { Doorbell, createDoorbell } from '../../src/core/ring/idle.ts';
import { RING_FULL, RingWriter } from '../../src/core/ring/ring.ts';
import { seeded } from '../core/random.ts';
import { makeSequence } from './sequence.ts';

const { memory, seed, records } = workerData as { memory: SharedArrayBuffer; seed: number; records: number };
const writer = new RingWriter(memory, new Doorbell(createDoorbell()));
const next = makeSequence(seed);
const random = seeded(seed ^ 0x3c3c);
let full = 0;
let aborts = 0;

for (let number = 0; number < records; number++) {
  const { length, mark } = next();
  if (random.below(20) === 0) {
    // Claimed, written in part, left: nobody may ever see it.
    const at = writer.claim(8 + random.below(3000));
    if (at !== RING_FULL) writer.bytes.u32[(at + 4) >> 2] = 0xdead_beef;
    aborts++;
  }
  let at = writer.claim(length);
  while (at === RING_FULL) {
    full++;
    writer.publish();
    at = writer.claim(length);
  }
  writer.bytes.u32[(at + 4) >> 2] = number;
  writer.bytes.u8.fill(mark, at + 8, at + length);
  writer.commit();
  if (random.below(30) === 0) writer.publish();
}
writer.publish();
parentPort?.postMessage({ full, aborts });
