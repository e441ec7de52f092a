/** Appends the events of a message's life to the journal; the bytes are drawn in core/records.ts. */
import {
  ERR_AT,
  FLAG_DUPLICATE_RISK,
  FLAG_INDEXED,
  FLAG_PART,
  FLAG_STORED,
  FLAG_TOLD,
  NO_BLOCK,
  NO_NETWORK_ERROR,
  NO_SLOT,
  SMSC_ID_AT,
  SOURCE_AT,
  TEXT_BYTES,
} from '../core/message-table.ts';
import type { MessageTable } from '../core/message-table.ts';
import {
  ATTEMPT_FAILED,
  FAILED_DUE,
  FAILED_STATUS,
  FINAL,
  FINAL_ATTEMPTS,
  FINAL_BYTES,
  FINAL_FLAGS,
  FINAL_STATUS,
  JOINED,
  JOINED_BYTES,
  JOINED_LEADER_HIGH,
  JOINED_LEADER_LOW,
  LATE,
  ORPHANED,
  PARKED,
  PARKED_ID,
  PARKED_ID_LENGTH,
  PARKED_NETWORK_CODE,
  PARKED_NETWORK_TYPE,
  RECEIPT,
  RECEIPT_BYTES,
  RECEIPT_DONE,
  RECEIPT_ERR,
  RECEIPT_ERR_BYTES_MAX,
  RECEIPT_ERR_LENGTH,
  RECEIPT_MERGED,
  RECEIPT_NETWORK_CODE,
  RECEIPT_NETWORK_TYPE,
  RECEIPT_STATUS,
  RECORD_A,
  RECORD_B,
  RECORD_ID_HIGH,
  RECORD_ID_LOW,
  RECORD_HEADER_BYTES,
  RECORD_TIME,
  RELEASED,
  SENT,
  SENT_BIND,
  SENT_FLAGS,
  SENT_FLAG_DUPLICATE_RISK,
  SENT_ID,
  SENT_ID_LENGTH,
} from '../core/records.ts';
import { shareOf, sourceMark } from '../core/recent-finals.ts';
import { CELL_ORPHANED, CELL_PARKED } from '../core/ring/counters.ts';
import { STATE_DELIVERED } from '../smpp/constants.ts';
import type { ParkedReceipt } from './parking.ts';
import type { SecondId } from './second-ids.ts';
import type { ShardState } from './state.ts';
import { noteEnd } from './unreached.ts';

/** Reserves an event of a slot's message and fills in its header; marks the slot as newer than its stored row. */
function begin(shard: ShardState, slot: number, type: number, length: number, a: number, b: number): number {
  const { journal, table } = shard;
  const at = journal.reserve(type, length);
  const { bytes } = journal;
  bytes.u8[at + RECORD_A] = a;
  bytes.u16[(at + RECORD_B) >> 1] = b;
  bytes.u32[(at + RECORD_ID_LOW) >> 2] = table.idLow[slot];
  bytes.u32[(at + RECORD_ID_HIGH) >> 2] = table.idHigh[slot];
  bytes.f64[(at + RECORD_TIME) >> 3] = shard.nowMs;
  if (table.dirtySegment[slot] === 0) table.dirtySegment[slot] = journal.segment;
  return at;
}

export function appendSent(shard: ShardState, slot: number, bind: number): void {
  const { table } = shard;
  const idLength = table.smscIdLength[slot];
  const at = begin(shard, slot, SENT, SENT_ID + idLength, table.attempts[slot], table.smsc[slot]);
  const bytes = shard.journal.bytes.u8;
  bytes[at + SENT_FLAGS] = flagsOf(shard, slot);
  bytes[at + SENT_BIND] = bind;
  bytes[at + SENT_ID_LENGTH] = idLength;
  bytes[at + SENT_ID_LENGTH + 1] = 0;
  const from = slot * TEXT_BYTES + SMSC_ID_AT;
  for (let index = 0; index < idLength; index++) bytes[at + SENT_ID + index] = table.text[from + index];
}

function flagsOf(shard: ShardState, slot: number): number {
  return (shard.table.flags[slot] & FLAG_DUPLICATE_RISK) !== 0 ? SENT_FLAG_DUPLICATE_RISK : 0;
}

export function appendAttemptFailed(shard: ShardState, slot: number, status: number, dueMs: number): void {
  const { table, journal } = shard;
  const at = begin(shard, slot, ATTEMPT_FAILED, FAILED_DUE + 8, table.attempts[slot], table.smsc[slot]);
  journal.bytes.u32[(at + FAILED_STATUS) >> 2] = status;
  journal.bytes.u32[(at + FAILED_STATUS + 4) >> 2] = 0;
  journal.bytes.f64[(at + FAILED_DUE) >> 3] = dueMs;
}

/** The slot's finalState, doneMs, err and status become durable. `smsc`: SMSC_NONE for one that we made. */
export function appendReceipt(shard: ShardState, slot: number, smsc: number): void {
  const { table, journal } = shard;
  if (table.finalState[slot] !== STATE_DELIVERED) noteEnd(shard, slot, table.finalState[slot]);
  const tlvs = table.receiptTlvs(slot);
  const length = tlvs === undefined ? RECEIPT_BYTES : RECEIPT_BYTES + tlvs.length;
  const at = begin(shard, slot, RECEIPT, length, table.finalState[slot], smsc);
  const { u8, u16, u32, f64 } = journal.bytes;
  f64[(at + RECEIPT_DONE) >> 3] = table.doneMs[slot];
  u8[at + RECEIPT_ERR_LENGTH] = table.errLength[slot];
  const from = slot * TEXT_BYTES + ERR_AT;
  for (let index = 0; index < RECEIPT_ERR_BYTES_MAX; index++)
    u8[at + RECEIPT_ERR + index] = table.text[from + index];
  u32[(at + RECEIPT_STATUS) >> 2] = table.status[slot];
  u32[(at + RECEIPT_STATUS + 4) >> 2] = 0;
  u8[at + RECEIPT_MERGED] = table.merged[slot];
  if (tlvs !== undefined) u8.set(tlvs, at + RECEIPT_BYTES);
  const networkType = table.networkErrorType[slot];
  if (networkType === NO_NETWORK_ERROR) return;
  u8[at + RECEIPT_NETWORK_TYPE] = networkType + 1;
  u16[(at + RECEIPT_NETWORK_CODE) >> 1] = table.networkErrorCode[slot];
}

/** The last event of a message: its slot leaves memory and its row the store. */
export function finish(shard: ShardState, slot: number, state: number, reason: number): void {
  appendFinal(shard, slot, state, reason);
  forget(shard, slot);
}

/** The event alone; the caller sees to the slot. */
export function appendFinal(shard: ShardState, slot: number, state: number, reason: number): void {
  const { table, journal } = shard;
  const at = begin(shard, slot, FINAL, FINAL_BYTES, state, reason);
  const { u8, u32 } = journal.bytes;
  u32[(at + FINAL_STATUS) >> 2] = table.status[slot];
  u8[at + FINAL_ATTEMPTS] = table.attempts[slot];
  u8[at + FINAL_FLAGS] = flagsOf(shard, slot);
  u8[at + FINAL_FLAGS + 1] = 0;
  u8[at + FINAL_FLAGS + 2] = 0;
  journal.filling.finals++;
  rememberFinal(shard, slot, state);
  if (state !== STATE_DELIVERED) noteEnd(shard, slot, state);
  if ((table.flags[slot] & FLAG_STORED) !== 0) {
    // Not before the event is durable: a crash in between would leave neither the row nor the FINAL.
    journal.filling.removedHighs.push(table.idHigh[slot]);
    journal.filling.removedLows.push(table.idLow[slot]);
  }
}

/** For query_sm. */
function rememberFinal(shard: ShardState, slot: number, state: number): void {
  const { table } = shard;
  const base = slot * TEXT_BYTES;
  shard.finals.add(
    table.idHigh[slot],
    table.idLow[slot],
    table.account[slot],
    state,
    errorCodeOf(shard, slot),
    sourceMark(table.text, base + SOURCE_AT, table.sourceLength[slot]),
    table.doneMs[slot] > 0 ? table.doneMs[slot] : shard.nowMs,
    (table.flags[slot] & (FLAG_PART | FLAG_TOLD)) === 0 ? 0 : shareOfSlot(table, slot),
    // Of one that is in the index: it is taken out in a moment, by this hash.
    (table.flags[slot] & FLAG_INDEXED) === 0 ? 0 : table.hash[slot],
  );
}

/** Of a message that has its id not for itself alone. */
function shareOfSlot({ flags, part, parts }: MessageTable, slot: number): number {
  const isPart = (flags[slot] & FLAG_PART) !== 0;
  return shareOf(isPart ? part[slot] : 0, isPart ? parts[slot] : 0, (flags[slot] & FLAG_TOLD) !== 0);
}

/** error_code of a query_sm_resp: one octet of what the SMSC or the network said, 0 where it said nothing. */
export function errorCodeOf(shard: ShardState, slot: number): number {
  const { table } = shard;
  if (table.networkErrorType[slot] !== NO_NETWORK_ERROR) return table.networkErrorCode[slot] & 0xff;
  let value = 0;
  const at = slot * TEXT_BYTES + ERR_AT;
  for (let index = at; index < at + table.errLength[slot]; index++) {
    const digit = table.text[index] - 0x30;
    if (digit < 0 || digit > 9) return 0;
    value = value * 10 + digit;
  }
  return value & 0xff;
}

/** The slot leaves memory; what it says is in the ledger or the store. */
export function forget(shard: ShardState, slot: number): void {
  shard.index.remove(slot);
  if ((shard.table.flags[slot] & FLAG_PART) !== 0) shard.parts.remove(slot);
  dropBody(shard, slot);
  shard.table.release(slot);
}

/** The body is not needed any more (or is in the store). */
export function dropBody(shard: ShardState, slot: number): void {
  const chunk = shard.table.bodyBlock[slot];
  if (chunk === NO_BLOCK) return;
  shard.table.bodyBlock[slot] = NO_BLOCK;
  shard.chunks.drop(chunk);
}

/** A late response, with the id in it where it has one. */
export function appendLate(shard: ShardState, late: SecondId, status: number): void {
  const { journal, table } = shard;
  const length = SENT_ID + late.smscId.length;
  const at = isIn(table, late)
    ? begin(shard, late.slot, LATE, length, late.attempt, late.smsc)
    : beginById(shard, LATE, length, late.idHigh, late.idLow);
  journal.bytes.u8[at + RECORD_A] = late.attempt;
  journal.bytes.u16[(at + RECORD_B) >> 1] = late.smsc;
  journal.bytes.u32[(at + FAILED_STATUS) >> 2] = status;
  journal.bytes.u8.write(late.smscId, at + SENT_ID, late.smscId.length, 'latin1');
}

function isIn(table: MessageTable, { slot, idHigh, idLow }: SecondId): boolean {
  return slot !== NO_SLOT && table.holds(slot, idHigh, idLow);
}

/** A part in the store was joined with others into the message with the leader's id. `told`: JOINED_TOLD_*. */
export function appendJoined(
  shard: ShardState,
  idHigh: number,
  idLow: number,
  leaderHigh: number,
  leaderLow: number,
  told: number,
  registeredDelivery: number,
): void {
  const at = beginById(shard, JOINED, JOINED_BYTES, idHigh, idLow);
  const { u8, u16, u32 } = shard.journal.bytes;
  u8[at + RECORD_A] = told;
  u16[(at + RECORD_B) >> 1] = registeredDelivery;
  u32[(at + JOINED_LEADER_LOW) >> 2] = leaderLow;
  u32[(at + JOINED_LEADER_HIGH) >> 2] = leaderHigh;
}

/** A part in the store goes as it came: the others did not. */
export function appendReleased(shard: ShardState, idHigh: number, idLow: number): void {
  beginById(shard, RELEASED, RECORD_HEADER_BYTES, idHigh, idLow);
}

function beginById(shard: ShardState, type: number, length: number, idHigh: number, idLow: number): number {
  const at = shard.journal.reserve(type, length);
  const { u8, u16, u32, f64 } = shard.journal.bytes;
  u8[at + RECORD_A] = 0;
  u16[(at + RECORD_B) >> 1] = 0;
  u32[(at + RECORD_ID_LOW) >> 2] = idLow;
  u32[(at + RECORD_ID_HIGH) >> 2] = idHigh;
  f64[(at + RECORD_TIME) >> 3] = shard.nowMs;
  return at;
}

export function appendParked(shard: ShardState, receipt: ParkedReceipt): void {
  appendUnmatched(shard, PARKED, receipt);
  shard.cells[CELL_PARKED]++;
}

export function appendOrphaned(shard: ShardState, receipt: ParkedReceipt): void {
  appendUnmatched(shard, ORPHANED, receipt);
  shard.cells[CELL_ORPHANED]++;
}

function appendUnmatched(shard: ShardState, type: number, receipt: ParkedReceipt): void {
  const { journal } = shard;
  const idLength = Math.min(receipt.smscId.length, 64);
  const { tlvs } = receipt;
  const at = journal.reserve(type, PARKED_ID + idLength + (tlvs?.length ?? 0));
  const { u8, u16, u32, f64 } = journal.bytes;
  u8[at + RECORD_A] = receipt.state & 0xff;
  u16[(at + RECORD_B) >> 1] = receipt.smsc;
  u32[(at + RECORD_ID_LOW) >> 2] = 0;
  u32[(at + RECORD_ID_HIGH) >> 2] = 0;
  f64[(at + RECORD_TIME) >> 3] = receipt.parkedMs;
  f64[(at + RECEIPT_DONE) >> 3] = receipt.doneMs;
  u8.fill(0, at + RECEIPT_ERR_LENGTH, at + PARKED_ID);
  const errLength = Math.min(receipt.err.length, RECEIPT_ERR_BYTES_MAX);
  u8[at + RECEIPT_ERR_LENGTH] = errLength;
  u8.write(receipt.err, at + RECEIPT_ERR, errLength, 'latin1');
  u8[at + PARKED_ID_LENGTH] = idLength;
  if (receipt.networkErrorType !== NO_NETWORK_ERROR) {
    u8[at + PARKED_NETWORK_TYPE] = receipt.networkErrorType + 1;
    u16[(at + PARKED_NETWORK_CODE) >> 1] = receipt.networkErrorCode;
  }
  u8.write(receipt.smscId, at + PARKED_ID, idLength, 'latin1');
  if (tlvs !== undefined) u8.set(tlvs, at + PARKED_ID + idLength);
}
