import { describe, expect, test } from 'vitest';
import {
  charsetOf,
  classedCoding,
  codingOf,
  isMessageWaiting,
  messageClassOf,
} from '../../src/core/data-coding.ts';

// SMPP v3.4 section 5.2.19 and 3GPP TS 23.038 section 4, row by row.
describe('charsetOf', () => {
  test.each([
    [0x01, 'ascii'],
    [0x02, 'binary'],
    [0x03, 'latin1'],
    [0x04, 'binary'],
    [0x05, 'binary'],
    [0x06, 'iso-8859-5'],
    [0x07, 'iso-8859-8'],
    [0x08, 'ucs2'],
    [0x09, 'binary'],
    [0x0b, 'binary'],
    [0x0e, 'binary'],
    [0x10, 'gsm'],
    [0x14, 'binary'],
    [0x18, 'ucs2'],
    [0x1c, 'binary'],
    [0x30, 'binary'],
    [0x48, 'ucs2'],
    [0x51, 'gsm'],
    [0x80, 'gsm'],
    [0xc8, 'gsm'],
    [0xd9, 'gsm'],
    [0xe8, 'ucs2'],
    [0xf0, 'gsm'],
    [0xf4, 'binary'],
    [0xf7, 'binary'],
  ])('3.4: 0x%s', (dataCoding, charset) => {
    expect(charsetOf(dataCoding, 0x34, 'latin1')).toBe(charset);
    expect(charsetOf(dataCoding, 0x50, 'gsm')).toBe(charset);
  });

  test('0 is what the peer says', () => {
    for (const alphabet of ['gsm', 'ascii', 'latin1', 'utf8'] as const) {
      expect(charsetOf(0, 0x34, alphabet)).toBe(alphabet);
      expect(charsetOf(0, 0x33, alphabet)).toBe(alphabet);
    }
  });

  test.each([
    [0x01, 'latin1'],
    [0x03, 'latin1'],
    [0x04, 'binary'],
    [0x06, 'binary'],
    [0x08, 'ucs2'],
    [0x09, 'ucs2'],
    [0x0c, 'binary'],
    [0x10, 'gsm'],
    [0xf5, 'binary'],
  ])('3.3: 0x%s is a data coding scheme', (dataCoding, charset) => {
    expect(charsetOf(dataCoding, 0x33, 'latin1')).toBe(charset);
    expect(charsetOf(dataCoding, 0x00, 'latin1')).toBe(charset);
  });
});

describe('message classes and groups', () => {
  test.each([
    [0x00, -1],
    [0x08, -1],
    [0x10, 0],
    [0x13, 3],
    [0x18, 0],
    [0x41, -1],
    [0x52, 2],
    [0x91, -1],
    [0xc0, -1],
    [0xf1, 1],
    [0xf4, 0],
  ])('class of 0x%s', (dataCoding, messageClass) => {
    expect(messageClassOf(dataCoding)).toBe(messageClass);
  });

  test('waiting messages', () => {
    expect([0xbf, 0xc0, 0xd8, 0xe0, 0xef, 0xf0].map(isMessageWaiting)).toEqual([
      false,
      true,
      true,
      true,
      true,
      false,
    ]);
  });

  test('flash in the three alphabets', () => {
    expect([classedCoding('gsm', 0), classedCoding('binary', 0), classedCoding('ucs2', 0)]).toEqual([
      0x10, 0x14, 0x18,
    ]);
  });
});

describe('codingOf', () => {
  test.each([
    // Plain values.
    ['gsm', 0x00, 0x34, 'gsm', 0x00],
    ['gsm', 0x00, 0x34, 'latin1', -1],
    ['latin1', 0x00, 0x34, 'gsm', 0x03],
    ['latin1', 0x03, 0x34, 'latin1', 0x00],
    ['latin1', 0x03, 0x33, 'gsm', -1],
    ['ascii', 0x00, 0x34, 'gsm', 0x01],
    ['utf8', 0x00, 0x34, 'gsm', -1],
    ['iso-8859-5', 0x06, 0x34, 'gsm', 0x06],
    ['iso-8859-8', 0x07, 0x33, 'gsm', -1],
    ['ucs2', 0x00, 0x33, 'gsm', 0x08],
    ['binary', 0x02, 0x34, 'gsm', 0x02],
    ['binary', 0x02, 0x33, 'gsm', 0x04],
    ['binary', 0x05, 0x34, 'gsm', 0x04],
    // The class stays, whatever the alphabet becomes; UCS-2 has no form in the group 1111.
    ['ucs2', 0x10, 0x34, 'gsm', 0x18],
    ['gsm', 0x18, 0x34, 'gsm', 0x10],
    ['ucs2', 0xf0, 0x34, 'gsm', 0x18],
    ['ucs2', 0xf2, 0x34, 'gsm', 0x1a],
    ['gsm', 0xf1, 0x34, 'latin1', 0xf1],
    ['binary', 0xf1, 0x34, 'gsm', 0xf5],
    ['latin1', 0x10, 0x34, 'latin1', -1],
    // Automatic deletion, and waiting messages.
    ['ucs2', 0x51, 0x34, 'gsm', 0x59],
    ['gsm', 0xc8, 0x34, 'gsm', 0xc8],
    ['ucs2', 0xd9, 0x34, 'gsm', 0xe9],
  ] as const)(
    '%s, from 0x%s to a peer of 0x%s whose default is %s',
    (charset, was, version, alphabet, expected) => {
      expect(codingOf(charset, was, version, alphabet)).toBe(expected);
    },
  );

  test('says what charsetOf reads', () => {
    for (const version of [0x33, 0x34, 0x50]) {
      for (const alphabet of ['gsm', 'ascii', 'latin1', 'utf8'] as const) {
        for (let was = 0; was < 256; was++) {
          for (const charset of [
            'gsm',
            'ascii',
            'latin1',
            'iso-8859-5',
            'iso-8859-8',
            'ucs2',
            'binary',
          ] as const) {
            const coding = codingOf(charset, was, version, alphabet);
            if (coding < 0) continue;
            expect(charsetOf(coding, version, alphabet), `${charset} ${was} ${version} ${alphabet}`).toBe(
              charset,
            );
            expect(messageClassOf(coding)).toBe(messageClassOf(was));
          }
        }
      }
    }
  });
});
