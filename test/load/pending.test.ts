import { expect, test } from 'vitest';
import { Pending } from '../../src/load/pending.ts';

test('sequence numbers count from 1 and give their message back once', () => {
  const pending = new Pending(4);
  const numbers = [10, 11, 12, 13].map((index) => pending.add(index, index * 2));
  expect(numbers).toEqual([1, 2, 3, 4]);
  expect(pending.room()).toBe(0);
  expect([pending.take(3), pending.takenSentMs]).toEqual([12, 24]);
  expect([pending.take(3), pending.take(0), pending.take(99)]).toEqual([-1, -1, -1]);
  expect(pending.count).toBe(3);
});

test('an old unanswered submit is stepped over when the numbers come round to its slot', () => {
  const pending = new Pending(2);
  const old = pending.add(7, 0);
  const numbers = new Set<number>();
  for (let index = 0; index < 500; index++) {
    const sequence = pending.add(index, index);
    numbers.add(sequence);
    expect(pending.take(sequence)).toBe(index);
  }
  expect(numbers.size).toBe(500);
  expect(pending.take(old)).toBe(7);
});

test('expire drops what was sent before', () => {
  const pending = new Pending(10);
  const numbers = [100, 200, 300].map((sentMs) => pending.add(sentMs, sentMs));
  expect(pending.expire(250)).toBe(2);
  expect(numbers.map((sequence) => pending.take(sequence))).toEqual([-1, -1, 300]);
  expect(pending.count).toBe(0);
});
