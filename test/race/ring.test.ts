import { Worker } from 'node:worker_threads';
import { expect, test } from 'vitest';
import { Doorbell, createDoorbell } from '../../src/core/ring/idle.ts';
import { HEAD_INDEX, RING_HEADER_BYTES, TAIL_INDEX, createRing } from '../../src/core/ring/layout.ts';
import { RingReader, RingWriter } from '../../src/core/ring/ring.ts';
import { seeded } from '../core/random.ts';
import { makeSequence } from './sequence.ts';

const RECORDS = 1_500_000;
const CAPACITY = 64 * 1024;
/** A look that finds neither a record nor an end for this long has lost one. */
const SILENCE_MS_MAX = 20_000;

/**
 * The outcomes that one read may have, with a producer that writes meanwhile:
 *
 *  A  nothing is taken, and the reader stands where it stood (the ring is empty, or what is in it is not published)
 *  B  1 to `limit` records are taken: the next ones of the sequence, in order, each whole
 *  C  the handler refuses a record: those before it are taken as in B, it comes again first in the next read
 *
 * What must never be seen: a record out of order, twice or not at all; a length or byte of another record (torn, or
 * the one that stood there before); a record that was claimed but not committed; the skip mark as a record; the
 * head or tail going back; more than the capacity between them.
 */
interface Seen {
  records: number;
  bytes: number;
  empty: number;
  full: number;
  refused: number;
}

test('a million records of random sizes cross two threads once, in order and whole', async () => {
  const random = seeded(20_260_301);
  const { seed } = random;
  console.log(`ring race: seed ${seed}`);
  const memory = createRing(CAPACITY);
  const producer = new Worker(new URL('./ring-producer.ts', import.meta.url), {
    workerData: { memory, seed, records: RECORDS },
  });
  const ended = new Promise<{ full: number; aborts: number }>((resolve, reject) => {
    producer.once('message', resolve);
    producer.once('error', reject);
  });
  try {
    const seen = await consume(memory, seed);
    const told = await ended;
    expect(seen.records, `seed ${seed}`).toBe(RECORDS);
    // The race is one only if both sides met their bound: an empty and a full ring, refusals and aborts.
    for (const [name, count] of Object.entries({ ...told, empty: seen.empty, refused: seen.refused })) {
      expect(count, `${name}, seed ${seed}`).toBeGreaterThan(0);
    }
  } finally {
    await producer.terminate();
  }
});

async function consume(memory: SharedArrayBuffer, seed: number): Promise<Seen> {
  const reader = new RingReader(memory);
  const control = new Int32Array(memory, 0, RING_HEADER_BYTES >> 2);
  const random = seeded(seed ^ 0x5a5a);
  const next = makeSequence(seed);
  const seen: Seen = { records: 0, bytes: 0, empty: 0, full: 0, refused: 0 };
  let expected = next();
  let lastMs = Date.now();
  const handler = (bytes: RingReader['bytes'], at: number, length: number): boolean => {
    if (random.below(1000) === 0) {
      seen.refused++;
      return false;
    }
    if (length !== expected.length)
      fail(`record ${seen.records} has ${length} bytes, not ${expected.length}`);
    if (bytes.u32[(at + 4) >> 2] !== seen.records)
      fail(`record ${bytes.u32[(at + 4) >> 2]} in place of ${seen.records}`);
    for (let index = 8; index < length; index++) {
      if (bytes.u8[at + index] !== expected.mark)
        fail(`record ${seen.records}: byte ${index} of ${length} is torn`);
    }
    seen.records++;
    seen.bytes += length;
    expected = next();
    return true;
  };
  for (let turn = 0; seen.records < RECORDS; turn++) {
    const before = seen.records;
    const limit = 1 + random.below(300);
    const tailBefore = control[TAIL_INDEX];
    const taken = reader.read(handler, limit);
    if (taken !== seen.records - before || taken > limit)
      fail(`read says ${taken}, the handler took ${seen.records - before}`);
    const used = (Atomics.load(control, HEAD_INDEX) - control[TAIL_INDEX]) | 0;
    if (used < 0 || used > CAPACITY) fail(`${used} bytes between tail and head`);
    if (((control[TAIL_INDEX] - tailBefore) | 0) < 0) fail('the tail went back');
    if (taken > 0) lastMs = Date.now();
    else {
      seen.empty++;
      if (Date.now() - lastMs > SILENCE_MS_MAX) fail(`nothing after record ${seen.records}`);
      await new Promise((resolve) => setImmediate(resolve));
    }
    // Now and then the producer runs into a full ring.
    if (turn % 5000 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  }
  if (!reader.isEmpty()) fail('more records than were written');
  return seen;

  function fail(what: string): never {
    throw new Error(`${what} (seed ${seed})`);
  }
}

test('a consumer that sleeps never misses what is published', async () => {
  const handOvers = 100_000;
  const random = seeded(20_260_302);
  const { seed } = random;
  console.log(`doorbell race: seed ${seed}`);
  const there = createRing(4096);
  const back = createRing(4096);
  const [bellThere, bellBack] = [createDoorbell(), createDoorbell()];
  const worker = new Worker(new URL('./bell-echo.ts', import.meta.url), {
    workerData: { there, back, bellThere, bellBack },
  });
  try {
    await new Promise((resolve, reject) => {
      worker.once('message', resolve);
      worker.once('error', reject);
    });
    const result = await playBall({ there, back, bellThere, bellBack }, handOvers, random);
    expect(result.lost, `seed ${seed}: a wake-up was lost after ${result.received} hand-overs`).toBe(false);
    expect(result.received).toBe(handOvers);
    // Both ways to go on after a look at an empty ring were taken: awake again at once, and woken from sleep.
    expect(result.slept, `seed ${seed}`).toBeGreaterThan(1000);
  } finally {
    await worker.terminate();
  }
});

interface Court {
  there: SharedArrayBuffer;
  back: SharedArrayBuffer;
  bellThere: SharedArrayBuffer;
  bellBack: SharedArrayBuffer;
}

/** One ball: sent when the last came back, so whoever oversleeps stops the game. */
function playBall(
  court: Court,
  handOvers: number,
  random: { below(limit: number): number },
): Promise<{ received: number; slept: number; lost: boolean }> {
  const writer = new RingWriter(court.there, new Doorbell(court.bellThere));
  const reader = new RingReader(court.back);
  const bell = new Doorbell(court.bellBack);
  const result = { received: 0, slept: 0, lost: false };
  const send = (): void => {
    // From at once to about the time that the other side needs to fall asleep.
    const spin = random.below(2000);
    for (let turn = 0; turn < spin; turn++) Atomics.load(PAUSE, 0);
    const at = writer.claim(16);
    writer.bytes.u32[(at + 8) >> 2] = result.received;
    writer.commit();
    writer.publish();
  };
  return new Promise((resolve) => {
    let seenAtCheck = -1;
    const watch = setInterval(() => {
      if (result.received === seenAtCheck) finish(true);
      seenAtCheck = result.received;
    }, 10_000);
    const finish = (lost: boolean): void => {
      clearInterval(watch);
      resolve({ ...result, lost });
    };
    const take = (): boolean => {
      result.received++;
      return true;
    };
    const turn = (): void => {
      for (;;) {
        if (reader.read(take, 10) > 0) {
          if (result.received === handOvers) return finish(false);
          send();
        }
        const ticket = bell.prepare();
        if (reader.isEmpty()) {
          result.slept++;
          bell.wait(ticket, turn);
          return;
        }
        bell.cancel();
      }
    };
    send();
    turn();
  });
}

const PAUSE = new Int32Array(1);
