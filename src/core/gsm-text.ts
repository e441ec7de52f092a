/** Text in the 7-bit alphabets of 3GPP TS 23.038, unpacked as SMPP carries it: one septet an octet, high bit 0. */
import { ESCAPE, NONE, lockingTable, singleTable } from './gsm-tables.ts';

/** Numbers of languages as the information elements 0x25 and 0x24 carry them; 0: the default alphabet. */
export interface Shifts {
  readonly locking: number;
  readonly single: number;
}

export const NO_SHIFTS: Shifts = { locking: 0, single: 0 };

/** Set in a code that stands behind the escape. */
const ESCAPED = 0x80;
const REPLACEMENT = '\ufffd';
const BLANK = ' ';

const encoders = new Map<number, ReadonlyMap<number, number>>();

/**
 * The character that septets [at, at + 1) or, behind an escape, [at, at + 2) stand for. An escape without a character
 * of its own leaves the one of the locking table (TS 23.038 section 6.2.1.1), one at the very end or doubled is a
 * blank; an octet above 0x7f is no septet.
 */
export function gsmCharacter(octets: Uint8Array, at: number, shifts: Shifts): string {
  const code = octets[at];
  if (code !== ESCAPE) return characterOf(code, shifts);
  if (at + 1 === octets.length || octets[at + 1] === ESCAPE) return BLANK;
  const escaped = octets[at + 1] < ESCAPED ? singleTable(shifts.single)[octets[at + 1]] : NONE;
  return escaped === NONE ? characterOf(octets[at + 1], shifts) : String.fromCharCode(escaped);
}

/** Septets of the character at `at`: 2 behind an escape, else 1. */
export function gsmLength(octets: Uint8Array, at: number): number {
  return octets[at] === ESCAPE && at + 1 < octets.length ? 2 : 1;
}

function characterOf(code: number, shifts: Shifts): string {
  if (code >= ESCAPED) return REPLACEMENT;
  const point = lockingTable(shifts.locking)[code];
  return point === NONE ? BLANK : String.fromCharCode(point);
}

export function decodeGsm(octets: Uint8Array, shifts: Shifts): string {
  let text = '';
  for (let at = 0; at < octets.length; at += gsmLength(octets, at)) text += gsmCharacter(octets, at, shifts);
  return text;
}

/** Septets that hold the text, one an octet; undefined where a character has no place in these tables. */
export function encodeGsm(text: string, shifts: Shifts): Buffer | undefined {
  const encoder = encoderOf(shifts);
  const octets = Buffer.allocUnsafe(2 * text.length);
  let length = 0;
  for (let index = 0; index < text.length; index++) {
    const code = encoder.get(text.charCodeAt(index));
    if (code === undefined) return undefined;
    if (code >= ESCAPED) octets[length++] = ESCAPE;
    octets[length++] = code & 0x7f;
  }
  return octets.subarray(0, length);
}

/** Septets of one UTF-16 unit in the default alphabet: 1, 2, or 0 where it has none. */
export function septetsOf(unit: number): number {
  const code = DEFAULT_ENCODER.get(unit);
  if (code === undefined) return 0;
  return code >= ESCAPED ? 2 : 1;
}

/** Whether the default alphabet and its extension table hold the text. */
export function isGsmText(text: string): boolean {
  for (let index = 0; index < text.length; index++) {
    if (!DEFAULT_ENCODER.has(text.charCodeAt(index))) return false;
  }
  return true;
}

/** Codes by character; what both tables have is taken from the locking one, which costs one septet. */
function encoderOf({ locking, single }: Shifts): ReadonlyMap<number, number> {
  const key = locking * 256 + single;
  const known = encoders.get(key);
  if (known !== undefined) return known;
  const codes = new Map<number, number>();
  for (const [table, flag] of [
    [lockingTable(locking), 0],
    [singleTable(single), ESCAPED],
  ] as const) {
    for (const [septet, point] of table.entries()) {
      if (point !== NONE && !codes.has(point)) codes.set(point, septet | flag);
    }
  }
  encoders.set(key, codes);
  return codes;
}

const DEFAULT_ENCODER = encoderOf(NO_SHIFTS);
