import { describe, expect, it, test } from 'vitest';
import {
  IDS_DIFFER,
  IDS_EQUAL,
  IDS_SAME_BUT_CASE,
  IDS_SAME_BUT_ZEROS,
  decimalToHexId,
  hashSmscId,
  hexToDecimalId,
  likenessOfIds,
  normalSmscId,
} from '../../src/core/smsc-id.ts';
import { seeded } from './random.ts';

function likeness(a: string, b: string): number {
  const [left, right] = [Buffer.from(`..${a}`, 'latin1'), Buffer.from(`.${b}!`, 'latin1')];
  return likenessOfIds(left, 2, a.length, right, 1, b.length);
}

const hash = (smsc: number, id: string): number =>
  hashSmscId(smsc, Buffer.from(`_${id}_`, 'latin1'), 1, id.length);

describe('two ids', () => {
  const pairs: [string, string, number][] = [
    ['3f2a', '3f2a', IDS_EQUAL],
    ['', '', IDS_EQUAL],
    ['3f2a', '3F2A', IDS_SAME_BUT_CASE],
    ['003f2a', '003F2a', IDS_SAME_BUT_CASE],
    ['003f2a', '3f2a', IDS_SAME_BUT_ZEROS],
    ['3F2A', '0000003f2a', IDS_SAME_BUT_ZEROS],
    ['000', '0', IDS_SAME_BUT_ZEROS],
    ['0', '', IDS_SAME_BUT_ZEROS],
    ['3f2a', '3f2b', IDS_DIFFER],
    ['3f2a', '3f2a0', IDS_DIFFER],
    ['30', '3', IDS_DIFFER],
    // Bit 5 set makes these the same octets, but they are no letters.
    ['[', '{', IDS_DIFFER],
    ['@', '`', IDS_DIFFER],
    ['\u0010', '0', IDS_DIFFER],
  ];
  test.each(pairs)('"%s" and "%s"', (a, b, expected) => {
    expect([likeness(a, b), likeness(b, a)]).toEqual([expected, expected]);
    if (expected === IDS_DIFFER) return;
    expect(normalSmscId(a)).toBe(normalSmscId(b));
    expect(hash(1, a)).toBe(hash(1, b));
  });

  test('that differ, or are of two SMSCs, have other hashes', () => {
    expect(hash(1, '3f2a')).not.toBe(hash(2, '3f2a'));
    expect(hash(1, '3f2a')).not.toBe(hash(1, '3f2b'));
    expect(hash(1, '3f2a')).not.toBe(hash(1, '3f2a0'));
  });
});

test('ids that count up do not fall into few chains', () => {
  for (const write of [
    (number: number) => number.toString().padStart(10, '0'),
    (number: number) => number.toString(16).toUpperCase(),
  ]) {
    const used = new Set<number>();
    for (let number = 0; number < 1024; number++) used.add(hash(1, write(number)) & 1023);
    // 1,024 balls in 1,024 boxes at random leave some 647 boxes with one or more.
    expect(used.size).toBeGreaterThan(550);
  }
});

describe('an id in the other base', () => {
  it.each([
    ['1059757072', '3f2a9c10'],
    ['0000000010', 'a'],
    ['0', '0'],
    // Beyond 2^53, where Number would be one off, and beyond 64 bits.
    ['9007199254740993', '20000000000001'],
    ['340282366920938463463374607431768211455', 'f'.repeat(32)],
  ])('%s is %s', (decimal, hex) => {
    expect(decimalToHexId(decimal)).toBe(hex);
    expect(hexToDecimalId(hex)).toBe(decimal.replace(/^0+(?=.)/, ''));
    expect(hexToDecimalId(hex.toUpperCase().padStart(16, '0'))).toBe(decimal.replace(/^0+(?=.)/, ''));
  });

  it('is none where the digits are of no such number, or too many for an id', () => {
    for (const id of ['', '3f2a', '-5', '1e3', '12 ', '0x10', '1'.repeat(65)])
      expect(decimalToHexId(id)).toBeUndefined();
    for (const id of ['', 'xyz', '123e4567-e89b', 'f'.repeat(64), '1'.repeat(65)]) {
      expect(hexToDecimalId(id)).toBeUndefined();
    }
  });

  it('comes back, whatever it is', () => {
    const random = seeded(7_503);
    for (let round = 0; round < 2_000; round++) {
      const digits = 1 + random.below(50);
      const hex = Array.from({ length: digits }, () => random.below(16).toString(16)).join('');
      const decimal = hexToDecimalId(hex);
      expect(decimal, `seed ${random.seed}: ${hex}`).toBe(String(BigInt(`0x${hex}`)));
      expect(normalSmscId(decimalToHexId(decimal as string) as string), `seed ${random.seed}: ${hex}`).toBe(
        normalSmscId(hex),
      );
    }
  });
});
