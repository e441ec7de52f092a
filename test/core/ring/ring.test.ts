import { expect, test, vi } from 'vitest';
import type { Bytes } from '../../../src/core/bytes.ts';
import { Doorbell, createDoorbell } from '../../../src/core/ring/idle.ts';
import { HEAD_INDEX, RING_HEADER_BYTES, TAIL_INDEX, createRing } from '../../../src/core/ring/layout.ts';
import { RING_FULL, RingReader, RingWriter } from '../../../src/core/ring/ring.ts';
import { seeded } from '../random.ts';

const CAPACITY = 4096;

function makeRing(): { memory: SharedArrayBuffer; writer: RingWriter; reader: RingReader } {
  const memory = createRing(CAPACITY);
  return {
    memory,
    writer: new RingWriter(memory, new Doorbell(createDoorbell())),
    reader: new RingReader(memory),
  };
}

/** Claims, fills every byte behind the length with `mark`, commits. */
function put(writer: RingWriter, length: number, mark: number): number {
  const at = writer.claim(length);
  if (at === RING_FULL) return at;
  writer.bytes.u8.fill(mark, at + 4, at + length);
  writer.commit();
  return at;
}

function drain(reader: RingReader, limit = 1000): [number, number][] {
  const seen: [number, number][] = [];
  reader.read((bytes: Bytes, at, length) => {
    const mark = bytes.u8[at + 4];
    for (let index = 4; index < length; index++) {
      if (bytes.u8[at + index] !== mark) throw new Error(`record of ${length}: byte ${index} is torn`);
    }
    seen.push([length, mark]);
    return true;
  }, limit);
  return seen;
}

test('nothing is seen before it is published, and then all of it', () => {
  const { writer, reader } = makeRing();
  put(writer, 24, 1);
  put(writer, 57, 2);
  expect([reader.isEmpty(), drain(reader)]).toEqual([true, []]);
  writer.publish();
  expect(reader.isEmpty()).toBe(false);
  expect(drain(reader)).toEqual([
    [24, 1],
    [57, 2],
  ]);
  expect([reader.isEmpty(), drain(reader)]).toEqual([true, []]);
});

test('every record starts on the boundary of eight with its own length', () => {
  const { writer } = makeRing();
  expect([put(writer, 25, 1), put(writer, 32, 2), put(writer, 8, 3)]).toEqual([0, 32, 64]);
  expect([0, 32, 64].map((at) => writer.bytes.u32[at >> 2])).toEqual([25, 32, 8]);
});

test('a claim without a commit leaves no trace: the next one takes its place', () => {
  const { writer, reader } = makeRing();
  put(writer, 24, 1);
  expect(writer.claim(2000)).toBe(24);
  expect(put(writer, 40, 2)).toBe(24);
  writer.publish();
  expect(drain(reader)).toEqual([
    [24, 1],
    [40, 2],
  ]);
});

test('an abort at the end of the memory, where a skip mark would be, leaves none either', () => {
  const { writer, reader } = makeRing();
  put(writer, CAPACITY - 64, 1);
  writer.publish();
  drain(reader);
  // Does not fit in front of the end: it would begin anew at 0. Not committed.
  expect(writer.claim(128)).toBe(0);
  expect(put(writer, 48, 2)).toBe(CAPACITY - 64);
  expect(put(writer, 16, 3)).toBe(CAPACITY - 16);
  expect(put(writer, 24, 4)).toBe(0);
  writer.publish();
  expect(drain(reader)).toEqual([
    [48, 2],
    [16, 3],
    [24, 4],
  ]);
});

test('full is a return value, changes nothing, and ends when the consumer has read', () => {
  const { writer, reader } = makeRing();
  expect(put(writer, CAPACITY, 7)).toBe(0);
  expect(put(writer, 8, 8)).toBe(RING_FULL);
  expect(writer.freeBytes()).toBe(0);
  writer.publish();
  expect(put(writer, 8, 8)).toBe(RING_FULL);
  expect(drain(reader)).toEqual([[CAPACITY, 7]]);
  expect(writer.freeBytes()).toBe(CAPACITY);
  expect(put(writer, 8, 8)).toBe(0);
});

test('the room that a skip at the end takes counts as taken', () => {
  const { writer, reader } = makeRing();
  put(writer, 1024, 1);
  put(writer, 2048, 2);
  writer.publish();
  expect(drain(reader, 1)).toHaveLength(1);
  // 1,024 free at the end and 1,024 at the start: 2,000 fit nowhere in one piece.
  expect(writer.claim(2000)).toBe(RING_FULL);
  expect(put(writer, 1024, 3)).toBe(3072);
  expect(put(writer, 1024, 4)).toBe(0);
  expect(put(writer, 8, 5)).toBe(RING_FULL);
});

test('a record of up to half the ring always fits once the ring is empty, wherever it stands', () => {
  const { writer, reader } = makeRing();
  for (let position = 0; position < CAPACITY; position += 8) {
    expect(writer.claim(CAPACITY / 2), `at ${position}`).not.toBe(RING_FULL);
    put(writer, 8, 1);
    writer.publish();
    expect(drain(reader)).toHaveLength(1);
  }
});

test('a read is bounded, and a handler that says no keeps its record for the next read', () => {
  const { writer, reader } = makeRing();
  for (let mark = 1; mark <= 5; mark++) put(writer, 16, mark);
  writer.publish();
  expect(drain(reader, 2)).toEqual([
    [16, 1],
    [16, 2],
  ]);
  const refused: number[] = [];
  const taken = reader.read((bytes, at) => {
    refused.push(bytes.u8[at + 4]);
    return bytes.u8[at + 4] < 4;
  }, 100);
  expect([taken, refused]).toEqual([1, [3, 4]]);
  expect(drain(reader)).toEqual([
    [16, 4],
    [16, 5],
  ]);
});

test('what a handler refuses stays occupied: the producer can not write over it', () => {
  const { writer, reader } = makeRing();
  put(writer, CAPACITY, 1);
  writer.publish();
  reader.read(() => false, 10);
  expect(writer.freeBytes()).toBe(0);
  expect(put(writer, 8, 2)).toBe(RING_FULL);
  expect(drain(reader)).toEqual([[CAPACITY, 1]]);
});

test('publishing rings the bell once for what is new, and not when nothing is', () => {
  const memory = createRing(CAPACITY);
  const bell = new Doorbell(createDoorbell());
  const ring = vi.spyOn(bell, 'ring');
  const writer = new RingWriter(memory, bell);
  writer.publish();
  put(writer, 8, 1);
  put(writer, 8, 2);
  writer.publish();
  writer.publish();
  expect(ring).toHaveBeenCalledTimes(1);
});

test('the counts of bytes wrap at 2^32 without a slip', () => {
  const memory = createRing(CAPACITY);
  // As after four gigabytes: both ends start 64 bytes in front of the wrap. The ends keep their own copies, so they
  // are brought there by a writer and a reader that walk the last stretch.
  const { writer, reader } = {
    writer: new RingWriter(memory, new Doorbell(createDoorbell())),
    reader: new RingReader(memory),
  };
  const control = new Int32Array(memory, 0, RING_HEADER_BYTES >> 2);
  let moved = 0;
  for (; moved < 2 ** 32 - CAPACITY; moved += CAPACITY) {
    writer.claim(CAPACITY);
    writer.commit();
    writer.publish();
    reader.read(() => true, 1);
  }
  expect(control[HEAD_INDEX]).toBe(-CAPACITY);
  for (let mark = 1; mark <= 20; mark++) {
    expect(put(writer, 1000, mark), `record ${mark}`).not.toBe(RING_FULL);
    writer.publish();
    expect(writer.freeBytes()).toBeLessThanOrEqual(CAPACITY - 1000);
    expect(drain(reader)).toEqual([[1000, mark]]);
  }
  expect(control[HEAD_INDEX]).toBe(control[TAIL_INDEX]);
  expect(control[HEAD_INDEX]).toBeGreaterThan(0);
});

test('any sequence of claims, aborts, publishes and reads does what a list does', () => {
  const random = seeded(7_008);
  const { writer, reader } = makeRing();
  const committed: [number, number][] = [];
  let published = 0;
  let mark = 0;
  for (let round = 0; round < 50_000; round++) {
    const why = `seed ${random.seed}, round ${round}`;
    const what = random.below(10);
    if (what < 5) {
      const length = 8 + random.below(random.below(10) === 0 ? 1500 : 200);
      mark = (mark + 1) % 256;
      if (put(writer, length, mark) !== RING_FULL) committed.push([length, mark]);
    } else if (what === 5) writer.claim(8 + random.below(1500));
    else if (what < 8) {
      writer.publish();
      published = committed.length;
    } else {
      const limit = 1 + random.below(20);
      const seen = drain(reader, limit);
      expect(seen, why).toEqual(committed.slice(0, Math.min(limit, published)));
      committed.splice(0, seen.length);
      published -= seen.length;
      expect(reader.isEmpty(), why).toBe(published === 0);
    }
  }
});
