/**
 * The start of a message for the `text:` of its receipt: the GSM default alphabet, one octet a character (v3.4
 * appendix B, 3GPP TS 23.038 section 6.2.1), or what else data_coding 0 means to the client. What does not fit into the
 * alphabet, or only behind an escape, is dropped.
 */
import { type Alphabet, type Charset, decodeCharset, encodeCharset, octetPoint } from '../core/charsets.ts';
import { charsetOf } from '../core/data-coding.ts';
import { ESCAPE, lockingTable, NONE } from '../core/gsm-tables.ts';
import { decodeGsm, NO_SHIFTS, type Shifts } from '../core/gsm-text.ts';
import { readUdh, shiftsOf } from '../core/udh.ts';
import { VERSION_34 } from './constants.ts';

const DROP = 0xff;
/** What an octet that is no character reads. */
const REPLACEMENT = '\ufffd';
/** By code point; the greatest of the alphabet are its Greek letters. */
const SEPTETS = new Uint8Array(0x400).fill(DROP);

for (const [septet, point] of lockingTable(NO_SHIFTS.locking).entries()) {
  if (point !== NONE) SEPTETS[point] = septet;
}

/**
 * Writes at most `bytesMax` octets of the alphabet `to` to `target` from 0 on, whole characters only; returns how many.
 * [at, at + length) is the user data behind its header, of which there are `udhLength` octets before `at`: shift
 * tables in it count. Binary data (data_coding 2 and 4, 8-bit schemes) has no text. `alphabet`: what data_coding 0
 * means in it, `version`: the interface_version that its data_coding is of.
 */
export function receiptTextOf(
  b: Uint8Array,
  at: number,
  length: number,
  dataCoding: number,
  target: Uint8Array,
  bytesMax: number,
  alphabet: Alphabet = 'gsm',
  udhLength = 0,
  to: Alphabet = 'gsm',
  version: number = VERSION_34,
): number {
  const charset = charsetOf(dataCoding, version, alphabet);
  if (to !== 'gsm') return converted(b, at, length, charset, udhLength, to, target, bytesMax);
  const end = at + length;
  switch (charset) {
    case 'binary':
      return 0;
    case 'gsm':
      if (udhLength > 0 && hasShifts(b, at, udhLength))
        return shifted(b, at, length, udhLength, target, bytesMax);
      return gsmText(b, at, end, target, bytesMax);
    case 'ucs2':
      return ucs2Text(b, at, end, target, bytesMax);
    case 'utf8':
      return utf8Text(b, at, end, target, bytesMax);
    default:
      return octetText(b, at, end, charset, target, bytesMax);
  }
}

function gsmText(b: Uint8Array, at: number, end: number, target: Uint8Array, bytesMax: number): number {
  let next = 0;
  for (let i = at; i < end && next < bytesMax; i++) target[next++] = b[i] & 0x7f;
  // An escape whose second octet was not taken would swallow what follows.
  return next === bytesMax && target[next - 1] === ESCAPE ? next - 1 : next;
}

function ucs2Text(b: Uint8Array, at: number, end: number, target: Uint8Array, bytesMax: number): number {
  let next = 0;
  for (let i = at; i + 2 <= end && next < bytesMax; i += 2) next = put((b[i] << 8) | b[i + 1], target, next);
  return next;
}

/** Characters of three octets and more are none of the alphabet's; those of broken sequences are dropped with them. */
function utf8Text(b: Uint8Array, at: number, end: number, target: Uint8Array, bytesMax: number): number {
  let next = 0;
  for (let i = at; i < end && next < bytesMax; i++) {
    const octet = b[i];
    if (octet < 0x80) next = put(octet, target, next);
    else if ((octet & 0xe0) === 0xc0 && i + 1 < end && (b[i + 1] & 0xc0) === 0x80) {
      next = put(((octet & 0x1f) << 6) | (b[++i] & 0x3f), target, next);
    }
  }
  return next;
}

function octetText(
  b: Uint8Array,
  at: number,
  end: number,
  charset: Exclude<Charset, 'gsm' | 'ucs2' | 'utf8' | 'binary'>,
  target: Uint8Array,
  bytesMax: number,
): number {
  let next = 0;
  for (let i = at; i < end && next < bytesMax; i++) next = put(octetPoint(b[i], charset), target, next);
  return next;
}

function put(point: number, target: Uint8Array, next: number): number {
  const septet = point < SEPTETS.length ? SEPTETS[point] : DROP;
  if (septet === DROP) return next;
  target[next] = septet;
  return next + 1;
}

function hasShifts(b: Uint8Array, at: number, udhLength: number): boolean {
  for (let i = at - udhLength + 1; i + 1 < at; i += 2 + b[i + 1])
    if (b[i] === 0x24 || b[i] === 0x25) return true;
  return false;
}

/** Off the usual way: the text is made and read again. */
function shifted(
  b: Uint8Array,
  at: number,
  length: number,
  udhLength: number,
  target: Uint8Array,
  bytesMax: number,
): number {
  const text = decodeGsm(b.subarray(at, at + length), shiftsIn(b, at, length, udhLength));
  let next = 0;
  for (let i = 0; i < text.length && next < bytesMax; i++) next = put(text.charCodeAt(i), target, next);
  return next;
}

function shiftsIn(b: Uint8Array, at: number, length: number, udhLength: number): Shifts {
  if (udhLength === 0) return NO_SHIFTS;
  return shiftsOf(readUdh(Buffer.from(b.subarray(at - udhLength, at + length))) ?? []);
}

/** To a client of another alphabet: likewise off the usual way. */
function converted(
  b: Uint8Array,
  at: number,
  length: number,
  charset: Charset,
  udhLength: number,
  to: Exclude<Alphabet, 'gsm'>,
  target: Uint8Array,
  bytesMax: number,
): number {
  if (charset === 'binary') return 0;
  const octets = Buffer.from(b.subarray(at, at + length));
  let next = 0;
  for (const character of decodeCharset(octets, charset, shiftsIn(b, at, length, udhLength))) {
    if (character === REPLACEMENT) continue;
    const code = encodeCharset(character, to);
    if (code === undefined) continue;
    if (next + code.length > bytesMax) break;
    target.set(code, next);
    next += code.length;
  }
  return next;
}
