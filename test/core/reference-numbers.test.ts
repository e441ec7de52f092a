import { describe, expect, test } from 'vitest';
import { ReferenceNumbers } from '../../src/core/reference-numbers.ts';
import { seeded } from './random.ts';

describe('ReferenceNumbers', () => {
  test.each([
    [false, 256],
    [true, 65_536],
  ])('wide %s: a number of one pair comes again after %i', (wide, turn) => {
    const references = new ReferenceNumbers({ seed: 7 });
    const first = Array.from({ length: turn }, () => references.next('a', 'b', wide, 0));
    expect(new Set(first).size).toBe(turn);
    expect(first.every((number) => Number.isInteger(number) && number >= 0 && number < turn)).toBe(true);
    const second = Array.from({ length: turn }, () => references.next('a', 'b', wide, 0));
    expect(second).toEqual(first);
  });

  test('another pair between them does not matter, and direction does', () => {
    const references = new ReferenceNumbers({ seed: 1 });
    const numbers: number[] = [];
    for (let round = 0; round < 256; round++) {
      numbers.push(references.next('a', 'b', false, round));
      references.next('b', 'a', false, round);
      references.next('a', `b${round}`, false, round);
    }
    expect(new Set(numbers).size).toBe(256);
  });

  test('narrow and wide numbers of a pair do not repeat each other early', () => {
    const references = new ReferenceNumbers();
    const narrow: number[] = [];
    for (let round = 0; round < 128; round++) {
      narrow.push(references.next('a', 'b', false, 0));
      references.next('a', 'b', true, 0);
    }
    expect(new Set(narrow).size).toBe(128);
  });

  test.each([2, 3, 5, 16, 32, 128])('%i threads never give the same number', (threads) => {
    const turn = Math.floor(256 / threads);
    const all: number[] = [];
    for (let thread = 0; thread < threads; thread++) {
      const references = new ReferenceNumbers({ seed: 9, threads, thread });
      // Once round the count's own end too: threads that do not divide 256 must not stumble there.
      for (let skip = 0; skip < 65_536 - 10; skip += 1_000) references.next('a', 'b', true, 0);
      const own = Array.from({ length: turn }, () => references.next('a', 'b', false, 0));
      expect(new Set(own).size).toBe(turn);
      all.push(...own);
    }
    expect(new Set(all).size).toBe(turn * threads);
  });

  test('a turn has no seam where the count begins again', () => {
    const references = new ReferenceNumbers({ threads: 3, thread: 2 });
    const numbers = Array.from({ length: 70_000 }, () => references.next('a', 'b', false, 0));
    for (let at = 85; at < numbers.length; at++) expect(numbers[at]).toBe(numbers[at - 85]);
  });

  test('begins elsewhere with another seed', () => {
    const starts = Array.from({ length: 50 }, (_, seed) =>
      new ReferenceNumbers({ seed }).next('a', 'b', true, 0),
    );
    expect(new Set(starts).size).toBeGreaterThan(40);
  });

  test('memory is bounded, and a pair that comes back within the window rarely meets its own numbers', () => {
    const random = seeded(65_536);
    const references = new ReferenceNumbers({ pairs: 64, windowMs: 1_000_000, seed: 3 });
    const seen = new Map<string, Set<number>>();
    let clashes = 0;
    let given = 0;
    for (let nowMs = 0; nowMs < 20_000; nowMs++) {
      // Ten times as many pairs as there are places.
      const dest = `4477009${random.below(640)}`;
      const number = references.next('Shop', dest, true, nowMs);
      const before = seen.get(dest) ?? new Set();
      if (before.has(number)) clashes++;
      given++;
      seen.set(dest, before.add(number));
    }
    expect(clashes / given, `seed ${random.seed}`).toBeLessThan(0.02);
  });

  test('a pair with a place keeps counting while others fight for places', () => {
    const references = new ReferenceNumbers({ pairs: 4, windowMs: 1_000, seed: 3 });
    const numbers = new Set<number>();
    for (let round = 0; round < 256; round++) {
      numbers.add(references.next('busy', 'dest', false, round * 10));
      references.next('other', `dest${round}`, false, round * 10 + 1);
    }
    expect(numbers.size).toBe(256);
  });

  test('a thread that is none', () => {
    expect(() => new ReferenceNumbers({ threads: 2, thread: 2 })).toThrow('thread 2 of 2');
    expect(() => new ReferenceNumbers({ threads: 300, thread: 0 })).toThrow('of 300');
  });
});
