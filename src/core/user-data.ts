import type { Charset } from './charsets.ts';
import { byteOrderMark, decodeCharset } from './charsets.ts';
import { type InformationElement, isShift, shiftsOf } from './udh.ts';
import { gsmLength, isGsmText, septetsOf } from './gsm-text.ts';

/** What a message says, whatever it is carried in: the octets behind its user data header, and how they are read. */
export interface UserData {
  readonly charset: Charset;
  readonly octets: Buffer;
  /** The elements of its header that every part of it carries: shift tables, ports; no concatenation. */
  readonly elements: readonly InformationElement[];
  /** Elements that the SMSC writes, from parameters beside the text (ports): they take room, but are not ours. */
  readonly beside?: readonly InformationElement[];
}

/** The text; not for `binary`. Octets that are none in the character set read U+FFFD. */
export function textOf({ charset, octets, elements }: UserData): string {
  return decodeCharset(octets, charset, shiftsOf(elements));
}

/** How user data counts on the air: 7 bits a septet, 8 bits an octet, 16 bits a unit. */
export type Air = 'gsm' | 'octets' | 'ucs2';

/**
 * What the user data takes on the air in septets, octets or UCS-2 units, where that is told by its length alone;
 * -1 for 8-bit character sets and UTF-8.
 */
export function plainCost({ charset, octets }: UserData): number {
  if (charset === 'gsm' || charset === 'binary') return octets.length;
  return charset === 'ucs2' ? (octets.length + 1) >> 1 : -1;
}

/** User data as the pieces that no cut may go through, in order. */
export interface Units {
  readonly air: Air;
  readonly count: number;
  /** Where in `octets` each piece ends. */
  readonly ends: readonly number[];
  /** What each takes on the air, in septets, octets or UCS-2 units: 1 or 2. */
  readonly costs: readonly number[];
  /** Where in the text each piece ends. */
  readonly textEnds: readonly number[];
  /** Empty where no two of its characters belong together. Made when it is asked for: counting needs none. */
  readonly text: () => string;
}

/**
 * A piece is a septet with its escape, an octet of binary data, or a character: a surrogate pair is one. Character
 * sets of 8 bits and UTF-8 go over the air in the default alphabet where it holds all of the text, else in UCS-2.
 */
export function unitsOf(data: UserData): Units {
  switch (data.charset) {
    case 'binary':
      return binaryUnits(data.octets);
    case 'gsm':
      return gsmUnits(data);
    case 'ucs2':
      return ucs2Units(data);
    default:
      return characterUnits(data);
  }
}

/** Plain arrays of the full length: for a message they are made three times as fast as typed or growing ones. */
interface Arrays {
  readonly ends: number[];
  readonly costs: number[];
  readonly textEnds: number[];
}

function allocate(countMax: number): Arrays {
  const arrays: Arrays = { ends: [], costs: [], textEnds: [] };
  arrays.ends.length = countMax;
  arrays.costs.length = countMax;
  arrays.textEnds.length = countMax;
  return arrays;
}

function binaryUnits(octets: Buffer): Units {
  const arrays = allocate(octets.length);
  for (let i = 0; i < octets.length; i++) arrays.ends[i] = i + 1;
  arrays.costs.fill(1);
  return { air: 'octets', count: octets.length, ...arrays, text: () => '' };
}

function gsmUnits(data: UserData): Units {
  const { octets } = data;
  const arrays = allocate(octets.length);
  let count = 0;
  for (let at = 0; at < octets.length; count++) {
    const length = gsmLength(octets, at);
    at += length;
    arrays.ends[count] = at;
    arrays.costs[count] = length;
    arrays.textEnds[count] = count + 1;
  }
  // In the default alphabet nothing joins what stands before it, but for a line feed.
  const isPlain = !data.elements.some(isShift) && !octets.includes('\r\n');
  return { air: 'gsm', count, ...arrays, text: () => (isPlain ? '' : textOf(data)) };
}

function ucs2Units({ octets }: UserData): Units {
  const text = decodeCharset(octets, 'ucs2');
  const arrays = allocate(text.length + 2);
  // A byte order mark takes its place on the air too; an octet too many belongs to the last unit.
  let at = byteOrderMark(octets);
  let count = 0;
  if (at > 0) {
    arrays.ends[0] = at;
    arrays.textEnds[0] = 0;
    arrays.costs[count++] = 1;
  }
  for (let index = 0; index < text.length; count++) {
    const units = isPair(text, index) ? 2 : 1;
    index += units;
    at += 2 * units;
    arrays.ends[count] = at;
    arrays.costs[count] = units;
    arrays.textEnds[count] = index;
  }
  if (at < octets.length) {
    arrays.ends[count] = octets.length;
    arrays.costs[count] = 1;
    arrays.textEnds[count++] = text.length;
  }
  return { air: 'ucs2', count, ...arrays, text: () => text };
}

function characterUnits({ octets, charset }: UserData): Units {
  const text = decodeCharset(octets, charset);
  const utf8 = charset === 'utf8';
  if (utf8 && Buffer.byteLength(text) !== octets.length) return binaryUnits(octets);
  const air: Air = isGsmText(text) ? 'gsm' : 'ucs2';
  const arrays = allocate(text.length);
  let count = 0;
  let at = 0;
  for (let index = 0; index < text.length; count++) {
    const units = isPair(text, index) ? 2 : 1;
    at += utf8 ? utf8Length(text.codePointAt(index) as number) : 1;
    arrays.costs[count] = air === 'gsm' ? septetsOf(text.charCodeAt(index)) : units;
    index += units;
    arrays.ends[count] = at;
    arrays.textEnds[count] = index;
  }
  return { air, count, ...arrays, text: () => text };
}

function isPair(text: string, index: number): boolean {
  const high = text.charCodeAt(index);
  if (high < 0xd800 || high > 0xdbff || index + 1 === text.length) return false;
  const low = text.charCodeAt(index + 1);
  return low >= 0xdc00 && low <= 0xdfff;
}

function utf8Length(point: number): number {
  if (point < 0x80) return 1;
  if (point < 0x800) return 2;
  return point < 0x1_0000 ? 3 : 4;
}
