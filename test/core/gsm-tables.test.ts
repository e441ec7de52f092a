import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import {
  hasLockingTable,
  LANGUAGES,
  languageNumber,
  lockingTable,
  NONE,
  singleTable,
} from '../../src/core/gsm-tables.ts';
import { oracleGsm } from '../support/oracle.ts';

/**
 * The Indian tables as 3GPP TS 23.038 A.2.4 to A.2.13 and A.3.4 to A.3.13 print them, 16 rows of 8 columns; but for
 * A.2.11, whose 24 repeats the Tamil digit of 25.
 */
const printed = JSON.parse(readFileSync(new URL('shift-tables.json', import.meta.url), 'utf8')) as Record<
  string,
  { locking: string[]; single: string[] }
>;

/**
 * Where the print is wrong by itself, and what implementations have: a letter that stands at 0x3d already; digits of
 * another script amid their own; code points that Unicode has not assigned.
 */
const MISPRINTS: Record<string, [was: number, is: number]> = {
  'kannada locking 24': [0xcaa, 0xca1],
  'tamil locking 11': [0xb91, NONE],
  'telugu locking 11': [0xc11, NONE],
  'oriya single 20': [0xbea, 0xb6a],
  'telugu single 1c': [0xce6, 0xc66],
};

/** By septet: the column is its high nibble, the row its low one. */
function fromPrint(language: string, kind: 'locking' | 'single'): number[] {
  const rows = printed[language][kind].map((row) => row.split(' '));
  return Array.from({ length: 128 }, (_, septet) => {
    const word = rows[septet & 15][septet >> 4];
    const point = word === '-' ? NONE : Number.parseInt(word, 16);
    const misprint = MISPRINTS[`${language} ${kind} ${septet.toString(16)}`];
    if (misprint !== undefined) expect(point).toBe(misprint[0]);
    return misprint === undefined ? point : misprint[1];
  });
}

describe('the Indian tables', () => {
  test('are all there', () => {
    expect(Object.keys(printed)).toEqual(LANGUAGES.slice(4));
  });

  test.each(LANGUAGES.slice(4))('of %s are those of TS 23.038', (language) => {
    const number = LANGUAGES.indexOf(language);
    expect([...lockingTable(number)]).toEqual(fromPrint(language, 'locking'));
    expect([...singleTable(number)]).toEqual(fromPrint(language, 'single'));
  });
});

describe('the European tables', () => {
  // The package has one table of both kinds for each language; Spanish has no locking shift.
  test.each([
    ['default', 0, 0],
    ['turkish', 1, 1],
    ['spanish', 2, 0],
    ['portuguese', 3, 3],
  ])('%s: every septet, plain and escaped, is what the npm package reads', (_name, language, locking) => {
    for (let septet = 0; septet < 128; septet++) {
      if (septet === 0x1b) continue;
      const point = lockingTable(locking)[septet];
      expect(String.fromCharCode(point), septet.toString(16)).toBe(oracleGsm.decode([septet], language));
      const escaped = oracleGsm.decode([0x1b, septet], language);
      // What it does not know it leaves as the escape and the plain character.
      const expected = escaped.length === 1 ? escaped.charCodeAt(0) : NONE;
      expect(singleTable(language)[septet], `escaped ${septet.toString(16)}`).toBe(expected);
    }
  });

  test.each([
    // Single and locking shift tables, section 10.3 of the SMPP reference.
    [1, 'single', '47Ğ 49İ 53Ş 63ç 65€ 67ğ 69ı 73ş'],
    [1, 'locking', '04€ 07ı 0bĞ 0cğ 1cŞ 1dş 40İ 60ç'],
    [2, 'single', '09ç 41Á 49Í 4fÓ 55Ú 61á 65€ 69í 6fó 75ú'],
    [
      3,
      'single',
      '05ê 09ç 0bÔ 0cô 0eÁ 0fá 12Φ 13Γ 14^ 15Ω 16Π 17Ψ 18Σ 19Θ 1fÊ 41À 49Í 4fÓ 55Ú 5bÃ 5cÕ ' +
        '61Â 65€ 69í 6fó 75ú 7bã 7cõ 7fâ',
    ],
    [
      3,
      'locking',
      '04ê 06ú 07í 08ó 09ç 0bÔ 0cô 0eÁ 0fá 12ª 13Ç 14À 15∞ 16^ 17\\ 18€ 19Ó 1a| 1cÂ 1dâ 1eÊ ' +
        '24º 40Í 5bÃ 5cÕ 5dÚ 60~ 7bã 7cõ 7d`',
    ],
  ] as const)('language %i, %s shift', (language, kind, facts) => {
    const table = kind === 'single' ? singleTable(language) : lockingTable(language);
    for (const fact of facts.split(' ')) {
      expect(String.fromCharCode(table[Number.parseInt(fact.slice(0, 2), 16)]), fact).toBe(fact.slice(2));
    }
    for (const septet of [0x0a, 0x28, 0x29, 0x2f, 0x3c, 0x3d, 0x3e]) {
      const usual = kind === 'single' ? singleTable(0) : lockingTable(0);
      expect(table[septet]).toBe(usual[septet]);
    }
  });
});

test('a language without a table, or that nobody knows, has the default one', () => {
  expect(hasLockingTable(2)).toBe(false);
  expect(hasLockingTable(1)).toBe(true);
  expect(lockingTable(2)).toBe(lockingTable(0));
  for (const unknown of [14, 255]) {
    expect(lockingTable(unknown)).toBe(lockingTable(0));
    expect(singleTable(unknown)).toBe(singleTable(0));
  }
});

test('languages have the numbers of TS 23.038 section 6.2.1.2.4', () => {
  expect(languageNumber('turkish')).toBe(1);
  expect(languageNumber('portuguese')).toBe(3);
  expect(languageNumber('hindi')).toBe(6);
  expect(languageNumber('urdu')).toBe(13);
});
