import { describe, expect, test } from 'vitest';
import {
  byteOrderMark,
  type Charset,
  decodeCharset,
  encodeCharset,
  isReadable,
} from '../../src/core/charsets.ts';
import { seeded } from './random.ts';

const bytes = (hex: string): Buffer => Buffer.from(hex, 'hex');
const TEXTS: readonly Charset[] = ['gsm', 'ascii', 'latin1', 'iso-8859-5', 'iso-8859-8', 'ucs2', 'utf8'];

describe('ISO-8859-5 and ISO-8859-8', () => {
  // The decoders of the platform are another's tables.
  test.each(['iso-8859-5', 'iso-8859-8'] as const)('%s: every octet', (charset) => {
    const decoder = new TextDecoder(charset);
    for (let octet = 0; octet < 256; octet++) {
      const expected = decoder.decode(Buffer.from([octet]));
      expect(decodeCharset(Buffer.from([octet]), charset), octet.toString(16)).toBe(expected);
      const back = encodeCharset(expected, charset);
      expect(back?.[0], octet.toString(16)).toBe(expected === '\ufffd' ? undefined : octet);
    }
  });

  test('Привет and שלום, drawn from the standards', () => {
    expect(decodeCharset(bytes('bfe0d8d2d5e2'), 'iso-8859-5')).toBe('Привет');
    expect(decodeCharset(bytes('f9ece5ed'), 'iso-8859-8')).toBe('שלום');
    expect(encodeCharset('Привет', 'iso-8859-8')).toBeUndefined();
  });
});

describe('UCS-2', () => {
  test('is big-endian UTF-16 without its byte order mark', () => {
    expect(decodeCharset(bytes('04160436'), 'ucs2')).toBe('Жж');
    expect(decodeCharset(bytes('feff0416'), 'ucs2')).toBe('Ж');
    expect(decodeCharset(bytes('d83dde00'), 'ucs2')).toBe('😀');
    expect(encodeCharset('😀', 'ucs2')?.toString('hex')).toBe('d83dde00');
    expect(byteOrderMark(bytes('feff'))).toBe(2);
    expect(byteOrderMark(bytes('fffe'))).toBe(0);
  });

  test('does not change the octets that it reads, and drops half a unit', () => {
    const octets = bytes('0416 04'.replace(' ', ''));
    expect(decodeCharset(octets, 'ucs2')).toBe('Ж');
    expect(octets.toString('hex')).toBe('041604');
  });
});

test('ASCII, Latin-1 and UTF-8', () => {
  expect(decodeCharset(bytes('4024e9'), 'ascii')).toBe('@$\ufffd');
  expect(decodeCharset(bytes('40e9ff'), 'latin1')).toBe('@éÿ');
  // Not windows-1252: 0x80 to 0x9f are control characters.
  expect(decodeCharset(bytes('80'), 'latin1')).toBe('\u0080');
  expect(decodeCharset(bytes('d0b6'), 'utf8')).toBe('ж');
  expect(encodeCharset('é', 'ascii')).toBeUndefined();
  expect(encodeCharset('€', 'latin1')).toBeUndefined();
  expect(encodeCharset('\ud83d', 'utf8')).toBeUndefined();
  expect(isReadable(bytes('d0'), 'utf8')).toBe(false);
  expect(isReadable(bytes('d0'), 'latin1')).toBe(true);
});

test('binary is no text', () => {
  expect(() => decodeCharset(bytes('00'), 'binary')).toThrow('no text');
  expect(encodeCharset('a', 'binary')).toBeUndefined();
});

test('random texts come back from every character set that holds them', () => {
  const random = seeded(8_859);
  const points = [...'aZ09 @_é[€ñΩжЯЄאת漢😀', '\n'];
  for (let round = 0; round < 1_000; round++) {
    const text = Array.from({ length: random.below(20) }, () => random.pick(points)).join('');
    const charset = random.pick(TEXTS);
    const octets = encodeCharset(text, charset);
    if (octets !== undefined) expect(decodeCharset(octets, charset), `seed ${random.seed}`).toBe(text);
    else expect(['ucs2', 'utf8']).not.toContain(charset);
  }
});
