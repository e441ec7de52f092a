import { expect, test } from 'vitest';
import {
  HEAD_INDEX,
  RING_CAPACITY_MAX,
  RING_CAPACITY_MIN,
  RING_HEADER_BYTES,
  SKIP,
  TAIL_INDEX,
  createRing,
} from '../../../src/core/ring/layout.ts';
import { RECORD_BYTES_MAX } from '../../../src/core/records.ts';

test('only a power of two in bounds is a capacity', () => {
  expect(createRing(RING_CAPACITY_MIN).byteLength).toBe(RING_HEADER_BYTES + RING_CAPACITY_MIN);
  for (const capacity of [0, -4096, 2048, 4095, 6000, RING_CAPACITY_MAX * 2, 1.5 * 4096]) {
    expect(() => createRing(capacity), `${capacity}`).toThrow('power of two');
  }
});

test('head and tail stand on cache lines of their own, in front of the records', () => {
  expect(Math.abs(TAIL_INDEX - HEAD_INDEX) * 4).toBeGreaterThanOrEqual(64);
  expect(Math.max(TAIL_INDEX, HEAD_INDEX) * 4).toBeLessThan(RING_HEADER_BYTES);
  expect(RING_HEADER_BYTES % 64).toBe(0);
});

test('no length can pass for the skip mark', () => {
  expect(SKIP).toBeGreaterThan(RECORD_BYTES_MAX);
});
