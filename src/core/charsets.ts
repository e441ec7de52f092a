/**
 * The character sets of a short message (SMPP v3.4 section 5.2.19). `gsm` is the default alphabet of 3GPP TS 23.038
 * with whatever shift tables a user data header names; `binary` is no text.
 */
import { isUtf8 } from 'node:buffer';
import { NO_SHIFTS, decodeGsm, encodeGsm, type Shifts } from './gsm-text.ts';

/** What data_coding 0 may mean to a peer. */
export type Alphabet = 'gsm' | 'ascii' | 'latin1' | 'utf8';
export type Charset = Alphabet | 'iso-8859-5' | 'iso-8859-8' | 'ucs2' | 'binary';

const REPLACEMENT = 0xfffd;

/** 0xa0 to 0xff of ISO-8859-5: Cyrillic in the order of Unicode, but for the no-break space, the hyphen, № and §. */
const CYRILLIC = upperHalf((code) => {
  if (code === 0xa0 || code === 0xad) return code;
  if (code === 0xf0) return 0x2116;
  return code === 0xfd ? 0xa7 : code + 0x360;
});

/** 0xa0 to 0xff of ISO-8859-8: Hebrew letters from 0xe0 on, signs mostly of Latin-1 below, and places without any. */
const HEBREW = upperHalf((code) => {
  if (code === 0xaa) return 0xd7;
  if (code === 0xba) return 0xf7;
  if (code !== 0xa1 && code <= 0xbe) return code;
  if (code === 0xdf) return 0x2017;
  if (code >= 0xe0 && code <= 0xfa) return code + 0x4f0;
  return code === 0xfd || code === 0xfe ? code + 0x1f11 : REPLACEMENT;
});

const CYRILLIC_CODES = codesOf(CYRILLIC);
const HEBREW_CODES = codesOf(HEBREW);

/**
 * The text of `octets`; what is none in that character set reads U+FFFD. A byte order mark is cut off UCS-2, which is
 * big-endian (UTF-16: surrogate pairs are one character); an octet left over at its end is dropped. Not for `binary`.
 */
export function decodeCharset(octets: Buffer, charset: Charset, shifts: Shifts = NO_SHIFTS): string {
  switch (charset) {
    case 'gsm':
      return decodeGsm(octets, shifts);
    case 'ascii':
      return octets.toString('latin1').replace(/[\x80-\xff]/g, '\ufffd');
    case 'latin1':
      return octets.toString('latin1');
    case 'iso-8859-5':
      return mapped(octets, CYRILLIC);
    case 'iso-8859-8':
      return mapped(octets, HEBREW);
    case 'ucs2': {
      const whole = Buffer.from(octets.subarray(byteOrderMark(octets), octets.length & ~1));
      return whole.swap16().toString('utf16le');
    }
    case 'utf8':
      return octets.toString('utf8');
    default:
      throw new Error('binary data has no text');
  }
}

/** Octets of the byte order mark that UCS-2 begins with: 2 or 0. */
export function byteOrderMark(octets: Uint8Array): number {
  return octets.length >= 2 && octets[0] === 0xfe && octets[1] === 0xff ? 2 : 0;
}

/** Whether every octet has a character there. Only UTF-8 can be broken in a way that text must not be made of. */
export function isReadable(octets: Buffer, charset: Charset): boolean {
  return charset !== 'utf8' || isUtf8(octets);
}

/** Undefined where a character has no place in the character set. */
export function encodeCharset(
  text: string,
  charset: Charset,
  shifts: Shifts = NO_SHIFTS,
): Buffer | undefined {
  switch (charset) {
    case 'gsm':
      return encodeGsm(text, shifts);
    case 'ascii':
      return isBelow(text, 0x80) ? Buffer.from(text, 'latin1') : undefined;
    case 'latin1':
      return isBelow(text, 0x100) ? Buffer.from(text, 'latin1') : undefined;
    case 'iso-8859-5':
      return coded(text, CYRILLIC_CODES);
    case 'iso-8859-8':
      return coded(text, HEBREW_CODES);
    case 'ucs2':
      return Buffer.from(text, 'utf16le').swap16();
    case 'utf8':
      return text.isWellFormed() ? Buffer.from(text, 'utf8') : undefined;
    default:
      return undefined;
  }
}

/** The code point of one octet in a character set of 8 bits; U+FFFD where it has none. */
export function octetPoint(octet: number, charset: 'ascii' | 'latin1' | 'iso-8859-5' | 'iso-8859-8'): number {
  if (charset === 'iso-8859-5') return CYRILLIC[octet];
  if (charset === 'iso-8859-8') return HEBREW[octet];
  return charset === 'ascii' && octet > 0x7f ? REPLACEMENT : octet;
}

function isBelow(text: string, limit: number): boolean {
  for (let index = 0; index < text.length; index++) if (text.charCodeAt(index) >= limit) return false;
  return true;
}

/** Code points by octet: ASCII and the control characters, then what `point` says of 0xa0 to 0xff. */
function upperHalf(point: (code: number) => number): Uint16Array {
  return Uint16Array.from({ length: 256 }, (_, code) => (code < 0xa0 ? code : point(code)));
}

function codesOf(points: Uint16Array): ReadonlyMap<number, number> {
  return new Map(
    [...points.entries()].flatMap(([code, point]) => (point === REPLACEMENT ? [] : [[point, code]])),
  );
}

function mapped(octets: Buffer, points: Uint16Array): string {
  let text = '';
  for (const octet of octets) text += String.fromCharCode(points[octet]);
  return text;
}

function coded(text: string, codes: ReadonlyMap<number, number>): Buffer | undefined {
  const octets = Buffer.allocUnsafe(text.length);
  for (let index = 0; index < text.length; index++) {
    const code = codes.get(text.charCodeAt(index));
    if (code === undefined) return undefined;
    octets[index] = code;
  }
  return octets;
}
