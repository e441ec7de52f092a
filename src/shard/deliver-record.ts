/** The DELIVER record that hands a message's receipt to an edge; its bytes are drawn in core/records.ts. */
import {
  DEST_AT,
  ERR_AT,
  FLAG_TOLD,
  NO_NETWORK_ERROR,
  SOURCE_AT,
  TEXT_BYTES,
} from '../core/message-table.ts';
import type { MessageTable } from '../core/message-table.ts';
import {
  DELIVER,
  DELIVER_ADDRESSES,
  DELIVER_DATA_CODING,
  DELIVER_DELIVERED,
  DELIVER_DEST_LENGTH,
  DELIVER_DONE,
  DELIVER_ERR,
  DELIVER_ERR_LENGTH,
  DELIVER_ESM_CLASS,
  DELIVER_NETWORK_CODE,
  DELIVER_NETWORK_TYPE,
  DELIVER_OWN_ID_HIGH,
  DELIVER_OWN_ID_LOW,
  DELIVER_REFERENCE,
  DELIVER_RESPONSE_CODE,
  DELIVER_SLOT,
  DELIVER_SOURCE_LENGTH,
  DELIVER_SUBMITTED,
  DELIVER_TEXT_LENGTH,
  RECEIPT_ERR_BYTES_MAX,
  RECORD_A,
  RECORD_B,
  RECORD_ID_HIGH,
  RECORD_ID_LOW,
  RECORD_TIME,
  RECORD_TYPE,
} from '../core/records.ts';
import { RING_FULL } from '../core/ring/ring.ts';
import type { RingWriter } from '../core/ring/ring.ts';
import { ESM_RECEIPT, STATE_DELIVERED } from '../smpp/constants.ts';
import type { ShardState } from './state.ts';

/**
 * Claims and fills the record of the slot's receipt, with `textLength` octets of `text` from `textAt` on and these
 * vendor TLVs; the caller may change it and commits it. Returns where it is in the ring's bytes, or RING_FULL.
 */
export function writeDeliver(
  shard: ShardState,
  ring: RingWriter,
  slot: number,
  text: Uint8Array,
  textAt: number,
  textLength: number,
  tlvs: Buffer | undefined,
): number {
  const { table } = shard;
  const sourceLength = table.sourceLength[slot];
  const destLength = table.destLength[slot];
  const length = DELIVER_ADDRESSES + sourceLength + destLength + textLength;
  const at = ring.claim(tlvs === undefined ? length : length + tlvs.length);
  if (at === RING_FULL) return RING_FULL;
  const { u8, u16, u32, f64 } = ring.bytes;
  u8[at + RECORD_TYPE] = DELIVER;
  u8[at + RECORD_A] = table.finalState[slot];
  u16[(at + RECORD_B) >> 1] = table.account[slot];
  const isTold = (table.flags[slot] & FLAG_TOLD) !== 0 && table.toldHigh[slot] !== 0;
  u32[(at + RECORD_ID_LOW) >> 2] = isTold ? table.toldLow[slot] : table.idLow[slot];
  u32[(at + RECORD_ID_HIGH) >> 2] = isTold ? table.toldHigh[slot] : table.idHigh[slot];
  f64[(at + RECORD_TIME) >> 3] = table.acceptedMs[slot];
  f64[(at + DELIVER_DONE) >> 3] = table.doneMs[slot];
  u32[(at + DELIVER_SLOT) >> 2] = slot;
  u8[at + DELIVER_ESM_CLASS] = ESM_RECEIPT;
  u8[at + DELIVER_ERR_LENGTH] = table.errLength[slot];
  u8[at + DELIVER_TEXT_LENGTH] = textLength;
  u8[at + DELIVER_SOURCE_LENGTH] = sourceLength;
  u8[at + DELIVER_DEST_LENGTH] = destLength;
  u32[(at + DELIVER_OWN_ID_LOW) >> 2] = table.idLow[slot];
  u32[(at + DELIVER_OWN_ID_HIGH) >> 2] = table.idHigh[slot];
  const merged = table.merged[slot];
  u8[at + DELIVER_SUBMITTED] = merged === 0 ? 0 : table.parts[slot];
  u8[at + DELIVER_DELIVERED] = merged === 0 ? 0 : deliveredOf(table, slot);
  u8[at + DELIVER_DATA_CODING] = 0;
  u16[(at + DELIVER_RESPONSE_CODE) >> 1] = 0;
  const networkType = table.networkErrorType[slot];
  u8[at + DELIVER_NETWORK_TYPE] = networkType === NO_NETWORK_ERROR ? 0 : networkType + 1;
  u16[(at + DELIVER_NETWORK_CODE) >> 1] = table.networkErrorCode[slot];
  u32[(at + DELIVER_REFERENCE) >> 2] = table.userReference[slot];
  const stored = table.text;
  const base = slot * TEXT_BYTES;
  for (let i = 0; i < RECEIPT_ERR_BYTES_MAX; i++) u8[at + DELIVER_ERR + i] = stored[base + ERR_AT + i];
  let to = at + DELIVER_ADDRESSES;
  for (let i = 0; i < sourceLength; i++) u8[to++] = stored[base + SOURCE_AT + i];
  for (let i = 0; i < destLength; i++) u8[to++] = stored[base + DEST_AT + i];
  for (let i = 0; i < textLength; i++) u8[to++] = text[textAt + i];
  if (tlvs !== undefined) u8.set(tlvs, to);
  return at;
}

/** How many of its parts were delivered: all of them, where the whole was; 255 and one more is not to be written. */
function deliveredOf({ finalState, parts, merged }: MessageTable, slot: number): number {
  return finalState[slot] === STATE_DELIVERED ? parts[slot] : merged[slot] - 1;
}
