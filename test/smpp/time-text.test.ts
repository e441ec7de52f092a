import { describe, expect, test } from 'vitest';
import { absoluteTime, RELATIVE_S_MAX, relativeTime, TIME_MS_MAX } from '../../src/smpp/time-text.ts';
import { parseTime } from '../../src/smpp/times.ts';
import { seeded } from '../core/random.ts';

const parse = (text: string, nowMs: number): number => parseTime(Buffer.from(text), 0, text.length, nowMs);

// Forms: v3.4 section 7.1.1.
describe('absoluteTime', () => {
  test.each([
    [0, '700101000000000+'],
    [Date.UTC(2026, 11, 31, 23, 59, 58, 987), '261231235958900+'],
    [Date.UTC(2024, 1, 29), '240229000000000+'],
    [TIME_MS_MAX, '371231235959900+'],
  ])('%i is %s', (ms, text) => {
    expect(absoluteTime(ms)).toBe(text);
  });

  test('is read back, to the tenth', () => {
    const random = seeded(1);
    for (let round = 0; round < 500; round++) {
      const ms = Date.UTC(2025, 0, 1) + random.below(0x7fff_ffff) * 100;
      expect(parse(absoluteTime(ms), 0), `seed ${random.seed}`).toBe(ms);
    }
  });

  test.each([-1, TIME_MS_MAX + 1, Number.NaN])('%d can not be said', (ms) => {
    expect(() => absoluteTime(ms)).toThrow('no time that SMPP can say');
  });
});

describe('relativeTime', () => {
  test.each([
    [0, '000000000000000R'],
    [3_600, '000000010000000R'],
    [172_800, '000002000000000R'],
    [86_400 + 3_600 + 60 + 1, '000001010101000R'],
    [RELATIVE_S_MAX, '000099235959000R'],
  ])('%i seconds are %s', (seconds, text) => {
    expect(relativeTime(seconds)).toBe(text);
    expect(parse(text, 1_000)).toBe(1_000 + seconds * 1_000);
  });

  test.each([-1, 1.5, RELATIVE_S_MAX + 1])('%d can not be said', (seconds) => {
    expect(() => relativeTime(seconds)).toThrow('no relative time');
  });
});
