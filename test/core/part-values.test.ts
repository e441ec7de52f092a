import { describe, expect, test } from 'vitest';
import { PartValues } from '../../src/core/part-values.ts';
import { seeded } from './random.ts';

/** Values are numbered in the order in which they are made. */
function counting(
  repeatBegins: boolean,
): (key: string, sequence: number, total?: number, nowMs?: number) => number {
  const values = new PartValues<string, number>(repeatBegins);
  let made = 0;
  return (key, sequence, total = 3, nowMs = 1) => values.of(key, sequence, total, nowMs, () => ++made);
}

describe('the parts of one message have one value', () => {
  test('in any order; another message has another', () => {
    const of = counting(true);
    expect([of('a', 3), of('b', 1), of('a', 1), of('b', 2), of('a', 2), of('b', 3)]).toEqual([
      1, 2, 1, 2, 1, 2,
    ]);
  });

  test('once all of them have passed, the next with the key begins anew', () => {
    for (const repeatBegins of [true, false]) {
      const of = counting(repeatBegins);
      expect([of('a', 1), of('a', 2), of('a', 3), of('a', 1), of('a', 2)]).toEqual([1, 1, 1, 2, 2]);
    }
  });

  test('a part that repeats begins another message, or is one more of the same', () => {
    const begins = counting(true);
    expect([begins('a', 1), begins('a', 1), begins('a', 2), begins('a', 3)]).toEqual([1, 2, 2, 2]);
    const stays = counting(false);
    expect([stays('a', 1), stays('a', 1), stays('a', 2), stays('a', 3)]).toEqual([1, 1, 1, 1]);
  });

  test('those of an incomplete message are remembered for five minutes, and forgotten after ten', () => {
    const of = counting(false);
    expect(of('a', 1, 3, 1_000)).toBe(1);
    expect(of('b', 1, 3, 301_002)).toBe(2);
    expect(of('a', 2, 3, 301_003)).toBe(1);
    expect(of('c', 1, 3, 900_000)).toBe(3);
    expect(of('d', 1, 3, 1_300_000)).toBe(4);
    expect(of('a', 3, 3, 1_300_001)).toBe(5);
  });

  test('a clock that is set back forgets nothing at once', () => {
    const of = counting(false);
    expect(of('a', 1, 3, 500_000)).toBe(1);
    expect(of('a', 2, 3, 1_000)).toBe(1);
  });
});

test('memory is bounded', () => {
  const of = counting(false);
  expect(of('first', 1)).toBe(1);
  for (let other = 0; other < 100_000; other++) of(`${other}`, 1);
  expect(of('first', 2)).toBeGreaterThan(1);
  // The latest are all there.
  expect(of('99999', 2)).toBe(100_001);
  expect(of('60000', 2)).toBe(60_002);
});

test('random messages side by side: every part of a message has the value of its first', () => {
  const random = seeded(8101);
  const of = counting(true);
  const open = new Map<string, { left: number[]; total: number; value: number | undefined }>();
  const used = new Set<number>();
  for (let step = 0; step < 20_000; step++) {
    const key = `${random.below(200)}`;
    let message = open.get(key);
    if (message === undefined) {
      const total = 2 + random.below(5);
      message = { left: Array.from({ length: total }, (_, index) => index + 1), total, value: undefined };
      open.set(key, message);
    }
    const [sequence] = message.left.splice(random.below(message.left.length), 1);
    const value = of(key, sequence, message.total, step);
    if (message.value === undefined) {
      expect(used.has(value), `seed ${random.seed}`).toBe(false);
      used.add(value);
      message.value = value;
    }
    expect(value, `seed ${random.seed}`).toBe(message.value);
    if (message.left.length === 0) open.delete(key);
  }
});
