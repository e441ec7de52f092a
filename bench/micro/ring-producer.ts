/** The other thread of ring.ts: writes numbered records as fast as the ring takes them. */
import { workerData } from 'node:worker_threads';
import { Doorbell } from '../../src/core/ring/idle.ts';
import { RingWriter } from '../../src/core/ring/ring.ts';
import { BATCH, writeRecord } from './ring.ts';
import type { ProducerSetup } from './ring.ts';

const { ring, bell, records } = workerData as ProducerSetup;
const writer = new RingWriter(ring, new Doorbell(bell));
for (let number = 0; number < records;) {
  const batchEnd = Math.min(number + BATCH, records);
  while (number < batchEnd && writeRecord(writer, number)) number++;
  writer.publish();
}
