import { expect, test } from 'vitest';
import { CHUNK_BYTES, Chunks } from '../../src/cdr/chunks.ts';
import { seeded } from '../core/random.ts';

test('a chunk is there until its last use is dropped', () => {
  const chunks = new Chunks();
  const number = chunks.take();
  const bytes = chunks.bytesOf(number);
  expect(bytes.u8.length).toBe(CHUNK_BYTES);
  chunks.use(number);
  chunks.drop(number);
  expect(chunks.bytesOf(number)).toBe(bytes);
  chunks.drop(number);
  expect(chunks.inUse).toBe(0);
  expect(() => chunks.bytesOf(number)).toThrow('not in use');
  expect(() => chunks.drop(number)).toThrow('dropped too often');
});

test('chunks in use never share memory', () => {
  const chunks = new Chunks();
  const numbers = Array.from({ length: 20 }, () => chunks.take());
  expect(new Set(numbers).size).toBe(20);
  expect(new Set(numbers.map((number) => chunks.bytesOf(number).u8)).size).toBe(20);
});

test('any sequence of uses ends with none in use, and memory comes back', () => {
  const random = seeded(7_020);
  const chunks = new Chunks();
  const uses = new Map<number, number>();
  for (let round = 0; round < 5000; round++) {
    const number = uses.size > 0 ? random.pick([...uses.keys()]) : -1;
    const what = random.below(3);
    if (what === 0 && uses.size < 24) uses.set(chunks.take(), 1);
    else if (what === 1 && number >= 0) {
      chunks.use(number);
      uses.set(number, (uses.get(number) ?? 0) + 1);
    } else if (number >= 0) {
      chunks.drop(number);
      const left = (uses.get(number) ?? 0) - 1;
      if (left === 0) uses.delete(number);
      else uses.set(number, left);
    }
    expect(chunks.inUse, `seed ${random.seed}, round ${round}`).toBe(uses.size);
  }
  for (const [number, count] of uses) for (let use = 0; use < count; use++) chunks.drop(number);
  expect(chunks.inUse).toBe(0);
});
