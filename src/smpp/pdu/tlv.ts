import * as smpp from '../constants.ts';
import { readU16, writeU16 } from '../cursor.ts';

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

/** Bits 0-7 least length, 8-15 greatest, bit 16: only from 5.0 on. 0: any length goes, or not for submissions. */
const SUBMIT_LENGTHS = new Int32Array(0x1400);
const ONLY_V50 = 1 << 16;

function bounds(tag: number, least: number, greatest: number, flags = 0): void {
  SUBMIT_LENGTHS[tag] = least | (greatest << 8) | flags;
}

for (const tag of [
  smpp.TLV_DEST_ADDR_SUBUNIT,
  smpp.TLV_SOURCE_ADDR_SUBUNIT,
  smpp.TLV_PAYLOAD_TYPE,
  smpp.TLV_MS_MSG_WAIT_FACILITIES,
  smpp.TLV_PRIVACY_INDICATOR,
  smpp.TLV_USER_RESPONSE_CODE,
  smpp.TLV_LANGUAGE_INDICATOR,
  smpp.TLV_SAR_TOTAL_SEGMENTS,
  smpp.TLV_SAR_SEGMENT_SEQNUM,
  smpp.TLV_CALLBACK_NUM_PRES_IND,
  smpp.TLV_NUMBER_OF_MESSAGES,
  smpp.TLV_MORE_MESSAGES_TO_SEND,
  smpp.TLV_USSD_SERVICE_OP,
  smpp.TLV_DISPLAY_TIME,
  smpp.TLV_ITS_REPLY_TYPE,
]) {
  bounds(tag, 1, 1);
}
for (const tag of [
  smpp.TLV_USER_MESSAGE_REFERENCE,
  smpp.TLV_SOURCE_PORT,
  smpp.TLV_DESTINATION_PORT,
  smpp.TLV_SAR_MSG_REF_NUM,
  smpp.TLV_SMS_SIGNAL,
  smpp.TLV_ITS_SESSION_INFO,
]) {
  bounds(tag, 2, 2);
}
bounds(smpp.TLV_SOURCE_SUBADDRESS, 2, 23);
bounds(smpp.TLV_DEST_SUBADDRESS, 2, 23);
bounds(smpp.TLV_CALLBACK_NUM_ATAG, 1, 65);
bounds(smpp.TLV_CALLBACK_NUM, 4, 19);
// 1 octet in v3.4, 1 or 4 in v5.0; 0 octets in v3.4, 0 or 1 in v5.0: both forms are taken from everyone.
bounds(smpp.TLV_MS_VALIDITY, 1, 4);
bounds(smpp.TLV_ALERT_ON_MESSAGE_DELIVERY, 0, 1);
bounds(smpp.TLV_DEST_NETWORK_TYPE, 1, 1, ONLY_V50);
bounds(smpp.TLV_DEST_BEARER_TYPE, 1, 1, ONLY_V50);
bounds(smpp.TLV_DEST_TELEMATICS_ID, 2, 2, ONLY_V50);
bounds(smpp.TLV_SOURCE_NETWORK_TYPE, 1, 1, ONLY_V50);
bounds(smpp.TLV_SOURCE_BEARER_TYPE, 1, 1, ONLY_V50);
// The table says 1 octet, its text says "see dest_telematics_id", which has 2.
bounds(smpp.TLV_SOURCE_TELEMATICS_ID, 1, 2, ONLY_V50);
bounds(smpp.TLV_QOS_TIME_TO_LIVE, 4, 4, ONLY_V50);

/** Whether this length is legal for this tag in a submission; unknown and unexpected tags are ignored. */
export function isSubmitTlvLength(tag: number, length: number, version: number): boolean {
  if (tag >= SUBMIT_LENGTHS.length) return true;
  const limit = SUBMIT_LENGTHS[tag];
  if (limit === 0 || (limit >= ONLY_V50 && version < smpp.VERSION_50)) return true;
  return length >= (limit & 0xff) && length <= ((limit >> 8) & 0xff);
}

/** Writes tag and length; the caller writes the value behind. Returns the offset of the value. */
export function writeTlvHeader(b: Uint8Array, at: number, tag: number, length: number): number {
  writeU16(b, at, tag);
  writeU16(b, at + 2, length);
  return at + TLV_HEADER_BYTES;
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

export function tlvBytes(tlvs: readonly Tlv[]): number {
  let bytes = 0;
  for (const tlv of tlvs) bytes += TLV_HEADER_BYTES + tlv.value.length;
  return bytes;
}

/** Returns the offset behind the last one. */
export function writeTlvs(b: Buffer, at: number, tlvs: readonly Tlv[]): number {
  let next = at;
  for (const { tag, value } of tlvs) {
    if (value.length > 0xffff) throw new RangeError(`TLV value of ${value.length} octets`);
    next = writeTlvHeader(b, next, tag, value.length);
    next += value.copy(b, next);
  }
  return next;
}
