import { describe, expect, test } from 'vitest';
import { decodeGsm, encodeGsm, isGsmText, NO_SHIFTS, septetsOf } from '../../src/core/gsm-text.ts';
import { LANGUAGES, lockingTable, NONE, singleTable } from '../../src/core/gsm-tables.ts';
import { seeded } from './random.ts';

const decode = (hex: string, shifts = NO_SHIFTS): string => decodeGsm(Buffer.from(hex, 'hex'), shifts);
const encode = (text: string, shifts = NO_SHIFTS): string | undefined =>
  encodeGsm(text, shifts)?.toString('hex');

describe('decoding', () => {
  test.each([
    ['48656c6c6f0011', 'Hello@_'],
    ['1b65 1b3c 1b0a', '€[\f'],
    // TS 23.038 section 6.2.1.1: the escape alone is a blank, and what it does not lead to is the plain character.
    ['411b', 'A '],
    ['1b1b41', ' A'],
    ['1b41', 'A'],
    ['1b0d', '\r'],
    ['41ff42', 'A\ufffdB'],
    ['1bff', '\ufffd'],
    ['', ''],
  ])('%s is %j', (hex, text) => {
    expect(decode(hex.replaceAll(' ', ''))).toBe(text);
  });

  test('with shift tables', () => {
    expect(decode('1b671b69', { locking: 0, single: 1 })).toBe('ğı');
    expect(decode('0c071c', { locking: 1, single: 0 })).toBe('ğıŞ');
    // A.3.6: the parentheses have changed places, and 5b is a vowel sign.
    expect(decode('285b', { locking: 6, single: 0 })).toBe(')\u0949');
  });

  test('a septet without a character is a blank, behind the escape the plain character', () => {
    // Kannada A.3.7 has no character at 00; Hindi A.2.6 none at 3b.
    expect(decode('00', { locking: 7, single: 0 })).toBe(' ');
    expect(decode('1b3b', { locking: 0, single: 6 })).toBe(';');
  });
});

describe('encoding', () => {
  test.each([
    ['€', '1b65'],
    ['{}', '1b281b29'],
    ['', ''],
    ['ğ', undefined],
    ['\u001b', undefined],
    ['\0', undefined],
    ['😀', undefined],
  ])('%j in the default alphabet is %s', (text, hex) => {
    expect(encode(text)).toBe(hex);
  });

  test('what both tables have is taken from the one without an escape', () => {
    // 0x04 of the Turkish locking table, and 0x65 of every single one.
    expect(encode('€', { locking: 1, single: 1 })).toBe('04');
    expect(encode('ğ', { locking: 0, single: 1 })).toBe('1b67');
  });

  test('random texts of every language come back', () => {
    const random = seeded(23_038);
    for (let round = 0; round < 400; round++) {
      const locking = random.below(2) * random.below(LANGUAGES.length);
      const single = random.below(LANGUAGES.length);
      const points = [...lockingTable(locking), ...singleTable(single)].filter((point) => point !== NONE);
      const text = String.fromCharCode(
        ...Array.from({ length: random.below(50) }, () => random.pick(points)),
      );
      const octets = encodeGsm(text, { locking, single });
      const label = `seed ${random.seed}, locking ${locking}, single ${single}`;
      expect(octets, label).toBeDefined();
      expect(decodeGsm(octets as Buffer, { locking, single }), label).toBe(text);
    }
  });
});

test('septets of a character, and whether the default alphabet holds a text', () => {
  expect(['a', 'à', 'Ω', '€', '[', '\f', 'ç', '`'].map((c) => septetsOf(c.charCodeAt(0)))).toEqual([
    1, 1, 1, 2, 2, 2, 0, 0,
  ]);
  expect(isGsmText('Ωmega [€]')).toBe(true);
  expect(isGsmText('garçon')).toBe(false);
});
