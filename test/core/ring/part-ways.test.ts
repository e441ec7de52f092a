import { describe, expect, test } from 'vitest';
import { createCounterPages } from '../../../src/core/ring/counters.ts';
import { PartWays, WAY_MS } from '../../../src/core/ring/part-ways.ts';
import { seeded } from '../random.ts';

/** Edges that share their pages; each is asked with what it would choose itself. */
function edges(count = 2): ((place: number, tag: number, nowMs: number, own: number) => number)[] {
  const pages = createCounterPages(1, 1, 1);
  return Array.from({ length: count }, () => {
    const ways = new PartWays(pages);
    return (place, tag, nowMs, own) => ways.of(place, tag, nowMs, () => own);
  });
}

const NOW_MS = 1_795_600_000_000;

describe('the parts of one message', () => {
  test('take the way that the first took, on every edge', () => {
    const [one, other] = edges();
    expect(one(7, 9, NOW_MS, 3)).toBe(3);
    expect(other(7, 9, NOW_MS, 5)).toBe(3);
    expect(one(7, 9, NOW_MS + 1_000, 4)).toBe(3);
  });

  test('are told from those of others by either hash, in all their bits', () => {
    const [one] = edges();
    const random = seeded(20_261_125);
    console.log(`part ways: seed ${random.seed}`);
    const known: [number, number, number][] = [];
    for (let number = 0; number < 2_000; number++) {
      const place = random.below(2 ** 32);
      const tag = number % 3 === 0 ? random.below(2 ** 32) : (number * 0x8000_0001) >>> 0;
      known.push([place, tag, number % 1_000]);
      expect(one(place, tag, NOW_MS, number % 1_000)).toBe(number % 1_000);
    }
    for (const [place, tag, way] of known) expect(one(place, tag, NOW_MS, 1_001)).toBe(way);
  });

  test('are forgotten a minute after the last of them', () => {
    const [one, other] = edges();
    one(7, 9, NOW_MS, 3);
    for (let s = 50; s <= 300; s += 50) expect(other(7, 9, NOW_MS + s * 1_000, 5)).toBe(3);
    expect(one(7, 9, NOW_MS + 300_000 + 68_000, 4)).toBe(4);
    expect(other(7, 9, NOW_MS + 300_000 + 69_000, 5)).toBe(4);
  });

  test('are found though the clock of their edge is a moment behind', () => {
    const [one, other] = edges();
    const stepMs = Math.ceil(NOW_MS / 4_000) * 4_000;
    one(7, 9, stepMs, 3);
    expect(other(7, 9, stepMs - 1, 5)).toBe(3);
  });

  test('of too many messages with one place: the one that was used longest ago gives way', () => {
    const [one] = edges();
    for (let tag = 1; tag <= 8; tag++) one(100, tag, NOW_MS, tag);
    for (const tag of [1, 2, 4, 5, 6, 7, 8]) one(100, tag, NOW_MS + 10_000, 99);
    expect(one(100, 9, NOW_MS + 20_000, 9)).toBe(9);
    expect([1, 2, 4, 5, 6, 7, 8].map((tag) => one(100, tag, NOW_MS + 20_000, 99))).toEqual([
      1, 2, 4, 5, 6, 7, 8,
    ]);
    expect(one(100, 3, NOW_MS + 20_000, 77)).toBe(77);
  });

  test('are asked for without beginning any', () => {
    const pages = createCounterPages(1, 1, 1);
    const [one, other] = [new PartWays(pages), new PartWays(pages)];
    expect(one.known(7, 9, NOW_MS)).toBe(-1);
    expect(other.isEmpty()).toBe(true);
    one.of(7, 9, NOW_MS, () => 3);
    expect(other.isEmpty()).toBe(false);
    expect(other.known(7, 9, NOW_MS + WAY_MS - 5_000)).toBe(3);
    // It was a part that asked: the minute begins anew.
    expect(one.known(7, 9, NOW_MS + 2 * WAY_MS - 10_000)).toBe(3);
    expect(one.known(7, 9, NOW_MS + 3 * WAY_MS)).toBe(-1);
  });

  test('at the end of the table go on at its start', () => {
    const [one, other] = edges();
    for (let tag = 1; tag <= 5; tag++) one(0xffff, tag, NOW_MS, tag);
    for (let tag = 1; tag <= 5; tag++) expect(other(0xffff, tag, NOW_MS, 99)).toBe(tag);
  });
});
