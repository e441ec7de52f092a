/** The ring: on one thread (what its code costs), and from thread to thread (what the cores' caches add). */
import { Worker } from 'node:worker_threads';
import { createDoorbell, Doorbell } from '../../src/core/ring/idle.ts';
import { createRing } from '../../src/core/ring/layout.ts';
import { RING_FULL, RingReader, RingWriter } from '../../src/core/ring/ring.ts';
import { median } from '../stage.ts';
import { race } from './stopwatch.ts';
import type { Figure } from './stopwatch.ts';

const RING_BYTES = 1 << 20;
/** An ACCEPTED event of a 100-octet message. */
export const RECORD_BYTES = 208;
export const BATCH = 64;
const ACROSS_RECORDS = 2_000_000;
const ACROSS_ROUNDS = 5;

export interface ProducerSetup {
  ring: SharedArrayBuffer;
  bell: SharedArrayBuffer;
  records: number;
}

/** Writes one record, every word of it. False: the ring is full. */
export function writeRecord(writer: RingWriter, word: number): boolean {
  const at = writer.claim(RECORD_BYTES);
  if (at === RING_FULL) return false;
  const words = writer.bytes.u32;
  const end = (at + RECORD_BYTES) >> 2;
  for (let index = (at >> 2) + 1; index < end; index++) words[index] = word;
  writer.commit();
  return true;
}

function onOneThread(): number {
  const memory = createRing(RING_BYTES);
  const writer = new RingWriter(memory, new Doorbell(createDoorbell()));
  const reader = new RingReader(memory);
  let sum = 0;
  const take = (bytes: { u32: Uint32Array }, at: number): boolean => {
    sum = (sum + bytes.u32[(at >> 2) + 1]) | 0;
    return true;
  };
  const run = (times: number): void => {
    for (let done = 0; done < times; done += BATCH) {
      for (let index = 0; index < BATCH; index++) writeRecord(writer, 1);
      writer.publish();
      if (reader.read(take, BATCH) !== BATCH) throw new Error('the ring lost a record');
    }
  };
  return race([{ name: 'ring', run }]).get('ring') ?? 0;
}

async function acrossThreads(): Promise<number> {
  const ring = createRing(RING_BYTES);
  const setup: ProducerSetup = { ring, bell: createDoorbell(), records: ACROSS_RECORDS };
  const worker = new Worker(new URL('./ring-producer.ts', import.meta.url), { workerData: setup });
  const reader = new RingReader(ring);
  let sum = 0;
  const take = (bytes: { u32: Uint32Array }, at: number): boolean => {
    sum += bytes.u32[(at >> 2) + 1];
    return true;
  };
  while (reader.isEmpty()) await new Promise((resolve) => setImmediate(resolve));
  const startMs = performance.now();
  for (let taken = 0; taken < ACROSS_RECORDS;) taken += reader.read(take, BATCH);
  const tookMs = performance.now() - startMs;
  await worker.terminate();
  // The producer writes 0, 1, 2 ... into its records.
  if (sum !== (ACROSS_RECORDS * (ACROSS_RECORDS - 1)) / 2)
    throw new Error('the ring lost or changed a record');
  return (ACROSS_RECORDS * 1000) / tookMs;
}

/** Records a second of RECORD_BYTES each. */
export async function benchRing(): Promise<Figure[]> {
  const across: number[] = [];
  for (let round = 0; round < ACROSS_ROUNDS; round++) across.push(await acrossThreads());
  return [
    { name: 'ring.one-thread', value: onOneThread(), unit: 'records/s' },
    { name: 'ring.two-threads', value: median(across), unit: 'records/s' },
  ];
}
