import * as smpp from '../constants.ts';
import { readU16, writeU16 } from '../cursor.ts';
import type { Ranges } from '../tag-rows.ts';
import {
  isExpectedIn,
  isInside,
  STANDARD_TAGS,
  tlvName,
  writeTlvValue,
  type TagTable,
  type TlvContent,
} from '../tags.ts';

/**
 * Optional parameters (v3.4 section 5.3):
 *
 *  0     2        4              4 + length
 *  +-----+--------+--------------+
 *  | tag | length | value ...    |   big-endian; length counts the value only, 0 is legal
 *  +-----+--------+--------------+
 */
export const TLV_HEADER_BYTES = 4;

export interface Tlv {
  tag: number;
  value: Buffer;
}

/** What lengths each tag may have in a submit_sm, by tag; undefined: any, or not for a submit_sm. */
const SUBMIT_LENGTHS_34 = submitLengths(smpp.VERSION_34);
const SUBMIT_LENGTHS_50 = submitLengths(smpp.VERSION_50);

function submitLengths(version: number): (Ranges | undefined)[] {
  const lengths: (Ranges | undefined)[] = Array.from({ length: 0x1400 }, () => undefined);
  for (const definition of STANDARD_TAGS) {
    if (isExpectedIn(definition, smpp.SUBMIT_SM, version)) lengths[definition.tag] = definition.taken;
  }
  return lengths;
}

/** Whether this length is legal for this tag in a submit_sm; unknown and unexpected tags are ignored. */
export function isSubmitTlvLength(tag: number, length: number, version: number): boolean {
  if (tag >= SUBMIT_LENGTHS_34.length) return true;
  const ranges = (version >= smpp.VERSION_50 ? SUBMIT_LENGTHS_50 : SUBMIT_LENGTHS_34)[tag];
  return ranges === undefined || isInside(ranges, length);
}

/** Writes tag and length; the caller writes the value behind. Returns the offset of the value. */
export function writeTlvHeader(b: Uint8Array, at: number, tag: number, length: number): number {
  writeU16(b, at, tag);
  writeU16(b, at + 2, length);
  return at + TLV_HEADER_BYTES;
}

/** Where the value of the first TLV with this tag in [at, end) begins; -1: it is not there. Its length is before it. */
export function findTlv(b: Uint8Array, at: number, end: number, tag: number): number {
  let next = at;
  while (end - next >= TLV_HEADER_BYTES) {
    const valueAt = next + TLV_HEADER_BYTES;
    const valueEnd = valueAt + readU16(b, next + 2);
    if (valueEnd > end) return -1;
    if (readU16(b, next) === tag) return valueAt;
    next = valueEnd;
  }
  return -1;
}

/** For tools and tests: the TLVs in [at, end) up to the first broken one. The values share the memory of `b`. */
export function readTlvs(b: Buffer, at: number, end: number): Tlv[] {
  const tlvs: Tlv[] = [];
  let next = at;
  while (end - next >= TLV_HEADER_BYTES) {
    const valueAt = next + TLV_HEADER_BYTES;
    const valueEnd = valueAt + readU16(b, next + 2);
    if (valueEnd > end) break;
    tlvs.push({ tag: readU16(b, next), value: b.subarray(valueAt, valueEnd) });
    next = valueEnd;
  }
  return tlvs;
}

/** The value of the first TLV with this tag. */
export function tlvValueOf(tlvs: readonly Tlv[], tag: number): Buffer | undefined {
  for (const tlv of tlvs) if (tlv.tag === tag) return tlv.value;
  return undefined;
}

/**
 * A TLV by its tag or name, its value as its type says (see `writeTlvValue`). Throws a RangeError for a name that is
 * not in the table and a value that does not fit.
 */
export function makeTlv(
  tag: number | string,
  content: TlvContent,
  version: number = smpp.VERSION_50,
  tags: TagTable = STANDARD_TAGS,
): Tlv {
  const number = typeof tag === 'number' ? tag : tags.byName(tag)?.tag;
  if (number === undefined) throw new RangeError(`no TLV is named ${tag}`);
  return { tag: number, value: writeTlvValue(number, content, version, tags) };
}

export function tlvBytes(tlvs: readonly Tlv[]): number {
  let bytes = 0;
  for (const tlv of tlvs) bytes += TLV_HEADER_BYTES + tlv.value.length;
  return bytes;
}

/** Returns the offset behind the last one. */
export function writeTlvs(b: Buffer, at: number, tlvs: readonly Tlv[]): number {
  let next = at;
  for (const { tag, value } of tlvs) {
    if (value.length > 0xffff) throw new RangeError(`TLV ${tlvName(tag)}: ${value.length} octets`);
    next = writeTlvHeader(b, next, tag, value.length);
    next += value.copy(b, next);
  }
  return next;
}
