/**
 * A message as a row of the pending store. The blob:
 *
 *   0 u8 version (2)  1 u8 state  2 u8 flags  3 u8 attempts  4 u8 priority  5 u8 registered_delivery
 *   6 u8 message_state  7 u8 errLength  8 u16 account  10 u16 smsc  12 u32 command_status
 *  16 f64 acceptedMs  24 f64 expiresMs  32 f64 doneMs  40 f64 dueMs
 *  48 u8 sourceLength  49 u8 destLength  50 u8 textLength  51 u8 smscIdLength  52 u32 bodyLength
 *  56 u32 toldLow  60 u32 toldHigh  64 u8 part  65 u8 parts  66 u8 network error type  67 u8 merged
 *  68 u16 network_error_code  70 u16 tlvsLength  72 i32 user_message_reference, as the message table has it
 *  76 source, dest, text, err, the SMSC's id, vendor TLVs of its receipt, the submit_sm body (length 0: the message was
 *  sent already)
 * Version 1 has no bytes 56 to 75. Version 2 had 0 in bytes 70 and 71 before there were TLVs; a release from before
 * reads a row with TLVs too, and passes over them, since a message that has them has no body any more.
 */
import {
  DEST_AT,
  ERR_AT,
  FLAGS_KEPT,
  FLAG_DUPLICATE_RISK,
  NO_BLOCK,
  NO_NETWORK_ERROR,
  NO_REFERENCE,
  SLOT_AWAITING,
  SLOT_DELIVERING,
  SLOT_FOLLOWER,
  SLOT_HELD,
  SLOT_PART_DONE,
  SLOT_RECEIPT,
  SLOT_RECEIPT_LATER,
  SLOT_RETRY,
  SMSC_ID_AT,
  SOURCE_AT,
  TEXT_AT,
  TEXT_BYTES,
} from '../core/message-table.ts';
import type { MessageTable } from '../core/message-table.ts';
import { ownCopy } from '../core/bytes.ts';
import type { Bytes } from '../core/bytes.ts';
import {
  KIND_AWAITING,
  KIND_FOLLOWER,
  KIND_HELD,
  KIND_PART,
  KIND_QUEUED,
  KIND_RECEIPT,
  KIND_RETRY,
} from '../store/pending.ts';
import type { PendingRow } from '../store/pending.ts';

const FIXED_BYTES = 76;
const FIXED_BYTES_OF_1 = 56;
const VERSION = 2;

/** The row of a slot as it is now. `body`: the chunk its body is in, when it has one. */
export function packRow(table: MessageTable, slot: number, body: Bytes | undefined): PendingRow {
  const bodyLength = body === undefined || table.bodyBlock[slot] === NO_BLOCK ? 0 : table.bodyLength[slot];
  const parts = partsOf(table, slot);
  const tlvs = table.receiptTlvs(slot);
  let length = FIXED_BYTES + bodyLength + (tlvs?.length ?? 0);
  for (const part of parts) length += part.length;
  const blob = Buffer.allocUnsafe(length);
  writeFixed(table, slot, blob, bodyLength);
  let at = FIXED_BYTES;
  const base = slot * TEXT_BYTES;
  for (const part of parts) at += table.text.copy(blob, at, base + part.at, base + part.at + part.length);
  if (tlvs !== undefined) at += tlvs.copy(blob, at);
  if (body !== undefined) body.u8.copy(blob, at, table.bodyAt[slot], table.bodyAt[slot] + bodyLength);
  const idAt = base + SMSC_ID_AT;
  const kind = kindOf(table.state[slot]);
  return {
    idHigh: table.idHigh[slot],
    idLow: table.idLow[slot],
    kind,
    key: keyOf(table, slot, kind),
    dueMs: dueOf(table, slot, kind),
    smscId:
      kind === KIND_AWAITING ? table.text.toString('latin1', idAt, idAt + table.smscIdLength[slot]) : null,
    smsc: table.smsc[slot],
    blob,
  };
}

function keyOf(table: MessageTable, slot: number, kind: number): number {
  if (kind === KIND_RECEIPT) return table.account[slot];
  return kind === KIND_FOLLOWER ? table.toldLow[slot] : table.smsc[slot];
}

/** A row is "due" when its time is over, a retry when it is to be sent again: the sweeps find them by that. */
function dueOf(table: MessageTable, slot: number, kind: number): number {
  return Math.ceil(kind === KIND_RETRY ? table.dueMs[slot] : table.expiresMs[slot]);
}

function kindOf(state: number): number {
  if (state === SLOT_AWAITING) return KIND_AWAITING;
  if (state === SLOT_RETRY) return KIND_RETRY;
  if (state === SLOT_RECEIPT || state === SLOT_DELIVERING || state === SLOT_RECEIPT_LATER)
    return KIND_RECEIPT;
  if (state === SLOT_PART_DONE) return KIND_PART;
  if (state === SLOT_HELD) return KIND_HELD;
  if (state === SLOT_FOLLOWER) return KIND_FOLLOWER;
  return KIND_QUEUED;
}

function partsOf(table: MessageTable, slot: number): { at: number; length: number }[] {
  return [
    { at: SOURCE_AT, length: table.sourceLength[slot] },
    { at: DEST_AT, length: table.destLength[slot] },
    { at: TEXT_AT, length: table.textLength[slot] },
    { at: ERR_AT, length: table.errLength[slot] },
    { at: SMSC_ID_AT, length: table.smscIdLength[slot] },
  ];
}

function writeFixed(table: MessageTable, slot: number, blob: Buffer, bodyLength: number): void {
  blob[0] = VERSION;
  blob[1] = table.state[slot];
  blob[2] = table.flags[slot] & FLAGS_KEPT;
  blob[3] = table.attempts[slot];
  blob[4] = table.priority[slot];
  blob[5] = table.registeredDelivery[slot];
  blob[6] = table.finalState[slot];
  blob[7] = table.errLength[slot];
  blob.writeUInt16LE(table.account[slot], 8);
  blob.writeUInt16LE(table.smsc[slot], 10);
  blob.writeUInt32LE(table.status[slot], 12);
  blob.writeDoubleLE(table.acceptedMs[slot], 16);
  blob.writeDoubleLE(table.expiresMs[slot], 24);
  blob.writeDoubleLE(table.doneMs[slot], 32);
  blob.writeDoubleLE(table.dueMs[slot], 40);
  blob[48] = table.sourceLength[slot];
  blob[49] = table.destLength[slot];
  blob[50] = table.textLength[slot];
  blob[51] = table.smscIdLength[slot];
  blob.writeUInt32LE(bodyLength, 52);
  blob.writeUInt32LE(table.toldLow[slot], 56);
  blob.writeUInt32LE(table.toldHigh[slot], 60);
  blob[64] = table.part[slot];
  blob[65] = table.parts[slot];
  blob[66] = table.networkErrorType[slot];
  blob[67] = table.merged[slot];
  blob.writeUInt16LE(table.networkErrorCode[slot], 68);
  blob.writeUInt16LE(table.receiptTlvs(slot)?.length ?? 0, 70);
  blob.writeInt32LE(table.userReference[slot], 72);
}

/** Fills a fresh slot from its row, all but state and body; returns where in the blob the body begins. */
export function unpackRow(table: MessageTable, slot: number, row: PendingRow): number {
  const { blob } = row;
  if (blob[0] !== VERSION && blob[0] !== 1) {
    throw new Error(`pending row of version ${blob[0]}, written by another release`);
  }
  table.idHigh[slot] = row.idHigh;
  table.idLow[slot] = row.idLow;
  table.flags[slot] = blob[2];
  table.attempts[slot] = blob[3];
  table.priority[slot] = blob[4];
  table.registeredDelivery[slot] = blob[5];
  table.finalState[slot] = blob[6];
  table.errLength[slot] = blob[7];
  table.account[slot] = blob.readUInt16LE(8);
  table.smsc[slot] = blob.readUInt16LE(10);
  table.status[slot] = blob.readUInt32LE(12);
  table.acceptedMs[slot] = blob.readDoubleLE(16);
  table.expiresMs[slot] = blob.readDoubleLE(24);
  table.doneMs[slot] = blob.readDoubleLE(32);
  table.dueMs[slot] = blob.readDoubleLE(40);
  table.sourceLength[slot] = blob[48];
  table.destLength[slot] = blob[49];
  table.textLength[slot] = blob[50];
  table.smscIdLength[slot] = blob[51];
  unpackLater(table, slot, blob);
  let at = blob[0] === 1 ? FIXED_BYTES_OF_1 : FIXED_BYTES;
  const base = slot * TEXT_BYTES;
  for (const part of partsOf(table, slot)) {
    blob.copy(table.text, base + part.at, at, at + part.length);
    at += part.length;
  }
  const tlvsLength = blob[0] === 1 ? 0 : blob.readUInt16LE(70);
  table.keepReceiptTlvs(slot, tlvsLength === 0 ? undefined : ownCopy(blob, at, at + tlvsLength));
  return at + tlvsLength;
}

/** What came with version 2. */
function unpackLater(table: MessageTable, slot: number, blob: Buffer): void {
  if (blob[0] === 1) {
    table.networkErrorType[slot] = NO_NETWORK_ERROR;
    table.userReference[slot] = NO_REFERENCE;
    table.merged[slot] = 0;
    return;
  }
  table.toldLow[slot] = blob.readUInt32LE(56);
  table.toldHigh[slot] = blob.readUInt32LE(60);
  table.part[slot] = blob[64];
  table.parts[slot] = blob[65];
  table.networkErrorType[slot] = blob[66];
  table.merged[slot] = blob[67];
  table.networkErrorCode[slot] = blob.readUInt16LE(68);
  table.userReference[slot] = blob.readInt32LE(72);
}

export function accountOfRow(row: PendingRow): number {
  return row.blob.readUInt16LE(8);
}

/** Notes in a row that its message may have been with the SMSC already. */
export function markRowUncertain(row: PendingRow): void {
  row.blob[2] |= FLAG_DUPLICATE_RISK;
}

/** The row with this body. */
export function withBody(row: PendingRow, body: Buffer): PendingRow {
  const head = row.blob.subarray(0, row.blob.length - bodyLengthOf(row));
  const blob = Buffer.concat([head, body]);
  blob.writeUInt32LE(body.length, 52);
  return { ...row, blob };
}

/** Length of the body at the end of a row's blob; 0: it has none. */
export function bodyLengthOf(row: PendingRow): number {
  return row.blob.readUInt32LE(52);
}
