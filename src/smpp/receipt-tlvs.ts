/**
 * Vendor TLVs of an SMSC's receipt: those that the configuration names are handed on to the client. Others are not: an
 * SMSC writes there what is meant for us alone (prices, nodes of its network), so the operator says what is not.
 */
import { RECEIPT_TLVS_BYTES_MAX } from '../core/limits.ts';
import * as smpp from './constants.ts';
import { readU16, writeU16 } from './cursor.ts';
import { TLV_HEADER_BYTES, writeTlvHeader } from './pdu/tlv.ts';

/** Our tag by that of the SMSC. */
export type ReceiptTags = ReadonlyMap<number, number>;

/** What of one receipt is handed on. */
export interface ReceiptTlvs {
  /** One after the other under our tags, as in a PDU, in memory of its own; undefined: there are none. */
  readonly kept: Buffer | undefined;
  /** How many more there would have been, had they fitted RECEIPT_TLVS_BYTES_MAX. */
  readonly leftOut: number;
}

const NOTHING: ReceiptTlvs = { kept: undefined, leftOut: 0 };

/** What a receipt says in fields of its own, which we write anew. */
const OWN_TAGS: readonly number[] = [
  smpp.TLV_RECEIPTED_MESSAGE_ID,
  smpp.TLV_MESSAGE_STATE,
  smpp.TLV_NETWORK_ERROR_CODE,
  smpp.TLV_MESSAGE_PAYLOAD,
  smpp.TLV_USER_MESSAGE_REFERENCE,
  smpp.TLV_USER_RESPONSE_CODE,
];

/**
 * The `tags` of the configuration as an SMSC with this tlv_map (its tag by ours, 0: it is not sent it) writes them:
 * what goes there under another name comes back under it, what does not go there does not come from there. Undefined:
 * there are none.
 */
export function receiptTagsOf(
  tags: readonly number[],
  tlvMap: ReadonlyMap<number, number>,
): ReceiptTags | undefined {
  const ours = tags.filter((tag) => !OWN_TAGS.includes(tag));
  const back = new Map<number, number>();
  for (const tag of ours) if (!tlvMap.has(tag)) back.set(tag, tag);
  // Of two that are one tag there it is the one that was renamed: nobody would rename it for nothing.
  for (const tag of ours) {
    const theirs = tlvMap.get(tag) ?? 0;
    if (theirs !== 0) back.set(theirs, tag);
  }
  return back.size === 0 ? undefined : back;
}

/** Those of the TLVs in [at, end) that have one of these tags, repeated ones too, up to the first broken one. */
export function receiptTlvsOf(b: Uint8Array, at: number, end: number, tags: ReceiptTags): ReceiptTlvs {
  let bytes = 0;
  let leftOut = 0;
  for (let next = at; isWhole(b, next, end); next += sizeAt(b, next)) {
    if (!tags.has(readU16(b, next))) continue;
    const size = sizeAt(b, next);
    if (bytes + size <= RECEIPT_TLVS_BYTES_MAX) bytes += size;
    else leftOut++;
  }
  if (bytes === 0) return leftOut === 0 ? NOTHING : { kept: undefined, leftOut };
  return { kept: copyOf(b, at, end, tags, bytes), leftOut };
}

/** The type of a network_error_code that records and slots have no value for: 0xff says there that there is none. */
const TYPE_WITHOUT_PLACE = 0xff;
const NETWORK_ERROR_BYTES = 3;

/**
 * What is handed on of a receipt with this network_error_code (type below 0: none was told): where its type has no
 * place of its own, the whole of it is put in front of the vendor TLVs.
 */
export function withNetworkError(tlvs: Buffer | undefined, type: number, code: number): Buffer | undefined {
  if (type !== TYPE_WITHOUT_PLACE) return tlvs;
  const size = TLV_HEADER_BYTES + NETWORK_ERROR_BYTES;
  const all = Buffer.allocUnsafeSlow(size + (tlvs?.length ?? 0));
  writeTlvHeader(all, 0, smpp.TLV_NETWORK_ERROR_CODE, NETWORK_ERROR_BYTES);
  all[TLV_HEADER_BYTES] = type;
  writeU16(all, TLV_HEADER_BYTES + 1, code);
  tlvs?.copy(all, size);
  return all;
}

function copyOf(b: Uint8Array, at: number, end: number, tags: ReceiptTags, bytes: number): Buffer {
  // Not out of the pool: it may be kept for days, and would keep all that was cut from the same piece.
  const kept = Buffer.allocUnsafeSlow(bytes);
  let to = 0;
  for (let next = at; isWhole(b, next, end); next += sizeAt(b, next)) {
    const tag = tags.get(readU16(b, next));
    const size = sizeAt(b, next);
    if (tag === undefined || to + size > bytes) continue;
    kept.set(b.subarray(next, next + size), to);
    writeU16(kept, to, tag);
    to += size;
  }
  return kept;
}

function isWhole(b: Uint8Array, at: number, end: number): boolean {
  return end - at >= TLV_HEADER_BYTES && at + sizeAt(b, at) <= end;
}

/** Header and value. */
function sizeAt(b: Uint8Array, at: number): number {
  return TLV_HEADER_BYTES + readU16(b, at + 2);
}
