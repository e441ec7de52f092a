/** From an ACCEPTED (or REPLACED) event to the slot of its message. */
import {
  DEST_AT,
  FLAG_DATA_SM,
  FLAG_INTERNAL,
  FLAG_PART,
  FLAG_SCHEDULED,
  FLAG_TOLD,
  NO_REFERENCE,
  SLOT_JOURNAL,
  SOURCE_AT,
  shortIdReference,
} from '../core/message-table.ts';
import {
  ACCEPTED_BODY,
  ACCEPTED_DEST_AT,
  ACCEPTED_EXPIRES,
  ACCEPTED_FLAGS,
  ACCEPTED_FLAG_DATA_SM,
  ACCEPTED_FLAG_EXTENDED,
  ACCEPTED_FLAG_SHORT_ID,
  ACCEPTED_MESSAGE_AT,
  ACCEPTED_PRIORITY,
  ACCEPTED_REGISTERED_DELIVERY,
  ACCEPTED_SMSC,
  ACCEPTED_SM_LENGTH,
  ACCEPTED_SOURCE_AT,
  EXTENSION_BYTES,
  EXTENSION_FLAGS,
  EXTENSION_FLAG_HELD,
  EXTENSION_FLAG_INTERNAL,
  EXTENSION_FLAG_LED,
  EXTENSION_KEY,
  EXTENSION_PART,
  EXTENSION_PARTS,
  EXTENSION_SCHEDULE,
  EXTENSION_TOLD_HIGH,
  EXTENSION_TOLD_LOW,
  RECORD_B,
  RECORD_ID_HIGH,
  RECORD_ID_LOW,
  RECORD_TIME,
  acceptedBodyLength,
} from '../core/records.ts';
import type { Bytes } from '../core/bytes.ts';
import { TLV_USER_MESSAGE_REFERENCE } from '../smpp/constants.ts';
import { readU16 } from '../smpp/cursor.ts';
import { findTlv } from '../smpp/pdu/tlv.ts';
import { MADE_FOR_SMSC, keepText } from './keep-text.ts';
import type { ShardState } from './state.ts';

/** It waits for the other parts of its message, in the store. */
export function isHeld(bytes: Bytes, at: number, length: number): boolean {
  if ((bytes.u16[(at + ACCEPTED_FLAGS) >> 1] & ACCEPTED_FLAG_EXTENDED) === 0) return false;
  return (bytes.u8[at + length - EXTENSION_BYTES + EXTENSION_FLAGS] & EXTENSION_FLAG_HELD) !== 0;
}

/** Sets every field of a fresh slot from the ACCEPTED event at `at`; the body stays where it is. */
export function fillSlot(shard: ShardState, slot: number, bytes: Bytes, at: number, length: number): void {
  const { table } = shard;
  const { u8, u16, u32, f64 } = bytes;
  table.state[slot] = SLOT_JOURNAL;
  table.idLow[slot] = u32[(at + RECORD_ID_LOW) >> 2];
  table.idHigh[slot] = u32[(at + RECORD_ID_HIGH) >> 2];
  table.dirtySegment[slot] = table.idHigh[slot];
  table.account[slot] = u16[(at + RECORD_B) >> 1];
  table.smsc[slot] = u16[(at + ACCEPTED_SMSC) >> 1];
  table.acceptedMs[slot] = f64[(at + RECORD_TIME) >> 3];
  table.expiresMs[slot] = f64[(at + ACCEPTED_EXPIRES) >> 3];
  table.priority[slot] = u8[at + ACCEPTED_PRIORITY];
  table.registeredDelivery[slot] = u8[at + ACCEPTED_REGISTERED_DELIVERY];
  const body = at + ACCEPTED_BODY;
  table.bodyAt[slot] = body;
  const flags = u16[(at + ACCEPTED_FLAGS) >> 1];
  table.bodyLength[slot] = flags === 0 ? length - ACCEPTED_BODY : acceptedBodyLength(flags, length);
  const sourceAt = body + u16[(at + ACCEPTED_SOURCE_AT) >> 1];
  const destAt = body + u16[(at + ACCEPTED_DEST_AT) >> 1];
  table.sourceLength[slot] = table.keepAddress(slot, SOURCE_AT, bytes, sourceAt);
  table.destLength[slot] = table.keepAddress(slot, DEST_AT, bytes, destAt);
  const reading = flags === 0 ? MADE_FOR_SMSC : readingOf(bytes, at, length);
  table.textLength[slot] = keepText(shard, slot, bytes, at, reading);
  table.userReference[slot] = userReferenceOf(bytes, at, body + table.bodyLength[slot]);
  if (flags !== 0) fillSpecial(shard, slot, bytes, at, length, flags);
}

/** user_message_reference among the TLVs of the body, which ends at `bodyEnd`. */
function userReferenceOf({ u8, u16 }: Bytes, at: number, bodyEnd: number): number {
  const tlvsAt = at + ACCEPTED_BODY + u16[(at + ACCEPTED_MESSAGE_AT) >> 1] + u8[at + ACCEPTED_SM_LENGTH];
  if (tlvsAt >= bodyEnd) return NO_REFERENCE;
  const valueAt = findTlv(u8, tlvsAt, bodyEnd, TLV_USER_MESSAGE_REFERENCE);
  return valueAt < 0 || readU16(u8, valueAt - 2) !== 2 ? NO_REFERENCE : readU16(u8, valueAt);
}

/**
 * Beside the key in toldLow, by which start-up finds the way of the other parts: it makes the two those of this
 * message. A plain message leaves in its slot, and so in its row, what a part before it had there.
 */
export function markOfKey(key: number, idLow: number): number {
  return ~(key ^ idLow) >>> 0;
}

/** What only a part, a scheduled message, one of several destinations, a data_sm or a message of 3.3 has. */
function fillSpecial(
  shard: ShardState,
  slot: number,
  bytes: Bytes,
  at: number,
  length: number,
  flags: number,
): void {
  const { table } = shard;
  if ((flags & ACCEPTED_FLAG_DATA_SM) !== 0) table.flags[slot] |= FLAG_DATA_SM;
  if ((flags & ACCEPTED_FLAG_SHORT_ID) !== 0) {
    table.userReference[slot] = shortIdReference(table.userReference[slot]);
  }
  if ((flags & ACCEPTED_FLAG_EXTENDED) === 0) return;
  const { u8, u32, f64 } = bytes;
  const extension = at + length - EXTENSION_BYTES;
  const scheduleMs = f64[(extension + EXTENSION_SCHEDULE) >> 3];
  if (scheduleMs > 0) {
    table.flags[slot] |= FLAG_SCHEDULED;
    table.dueMs[slot] = scheduleMs;
  }
  table.part[slot] = u8[extension + EXTENSION_PART];
  table.parts[slot] = u8[extension + EXTENSION_PARTS];
  const bits = u8[extension + EXTENSION_FLAGS];
  if ((bits & EXTENSION_FLAG_LED) !== 0) {
    // FLAG_TOLD is not set, so they stand for no id.
    const key = u32[(extension + EXTENSION_KEY) >> 2];
    table.toldLow[slot] = key;
    table.toldHigh[slot] = markOfKey(key, table.idLow[slot]);
    return;
  }
  // The parts that wait to be joined have ids of their own, not neighbouring ones.
  if (table.parts[slot] > 1 && (bits & EXTENSION_FLAG_HELD) === 0) table.flags[slot] |= FLAG_PART;
  if ((bits & EXTENSION_FLAG_INTERNAL) !== 0) table.flags[slot] |= FLAG_INTERNAL;
  table.toldLow[slot] = u32[(extension + EXTENSION_TOLD_LOW) >> 2];
  table.toldHigh[slot] = u32[(extension + EXTENSION_TOLD_HIGH) >> 2];
  if (table.toldHigh[slot] !== 0) table.flags[slot] |= FLAG_TOLD;
  if ((table.flags[slot] & FLAG_PART) !== 0 && slot !== shard.scratch) shard.parts.add(slot);
}

/** How the sender of a part that waits for the others means its data_coding; MADE_FOR_SMSC: any other message. */
function readingOf(bytes: Bytes, at: number, length: number): number {
  if (!isHeld(bytes, at, length)) return MADE_FOR_SMSC;
  return bytes.u32[(at + length - EXTENSION_BYTES + EXTENSION_TOLD_LOW) >> 2];
}
