/**
 * TLVs behind the message_id of a response. By v3.4 an error has no body, by v5.0 a failed transaction has TLVs; what
 * peers send is a header alone, a lone NUL, a whole body, NUL and TLVs, or TLVs without a message_id.
 */
import {
  HEADER_BYTES,
  TLV_CONGESTION_STATE,
  TLV_DELIVERY_FAILURE_REASON,
  TLV_DPF_RESULT,
} from '../constants.ts';
import { cStringEnd, readU16 } from '../cursor.ts';
import { TLV_HEADER_BYTES } from './tlv.ts';

const MESSAGE_ID_BYTES = 65;
const NOTHING = -1;

/**
 * Where the value of TLV `tag` begins in the response [start, end), -1 when it is not there; its length is the u16
 * before it. Read as message_id and TLVs, and where that does not come out even, as TLVs alone.
 */
export function findResponseTlv(b: Uint8Array, start: number, end: number, tag: number): number {
  const body = start + HEADER_BYTES;
  const nul = cStringEnd(b, body, Math.min(end, body + MESSAGE_ID_BYTES));
  if (nul >= 0 && isTlvStream(b, nul + 1, end)) return find(b, nul + 1, end, tag);
  return isTlvStream(b, body, end) ? find(b, body, end, tag) : NOTHING;
}

/** congestion_state of a 5.0 response, 0 to 100; -1: it says nothing. */
export function congestionState(b: Uint8Array, start: number, end: number): number {
  return octet(b, findResponseTlv(b, start, end, TLV_CONGESTION_STATE));
}

/** delivery_failure_reason of a transaction that failed, 0 to 3; -1: it says nothing. */
export function deliveryFailureReason(b: Uint8Array, start: number, end: number): number {
  return octet(b, findResponseTlv(b, start, end, TLV_DELIVERY_FAILURE_REASON));
}

/** dpf_result: an alert_notification will follow when the handset can be reached. */
export function isPendingFlagSet(b: Uint8Array, start: number, end: number): boolean {
  return octet(b, findResponseTlv(b, start, end, TLV_DPF_RESULT)) === 1;
}

function octet(b: Uint8Array, at: number): number {
  return at >= 0 && readU16(b, at - 2) === 1 ? b[at] : NOTHING;
}

function isTlvStream(b: Uint8Array, from: number, end: number): boolean {
  let at = from;
  while (end - at >= TLV_HEADER_BYTES) at += TLV_HEADER_BYTES + readU16(b, at + 2);
  return at === end;
}

function find(b: Uint8Array, from: number, end: number, tag: number): number {
  for (let at = from; at < end; at += TLV_HEADER_BYTES + readU16(b, at + 2)) {
    if (readU16(b, at) === tag) return at + TLV_HEADER_BYTES;
  }
  return NOTHING;
}
