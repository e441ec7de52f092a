/** Submits and other records from the edges: each becomes an event of the filling group. */
import { NO_SLOT } from '../core/message-table.ts';
import {
  ACCEPTED,
  ACCEPTED_FLAGS,
  ACCEPTED_FLAG_EXTENDED,
  ACCEPTED_FLAG_REPLACE,
  ACCEPTED_SEQUENCE,
  ACCEPTED_SESSION,
  ACCEPTED_SMSC,
  BATCH_COUNT,
  BATCH_RECORDS,
  BATCH_SEQUENCE,
  BATCH_SESSION,
  BATCH_TOLD_HIGH,
  BATCH_TOLD_LOW,
  EXTENSION_BYTES,
  EXTENSION_FLAGS,
  EXTENSION_FLAG_LED,
  EXTENSION_FLAG_MULTI,
  EXTENSION_KEY,
  EXTENSION_PART,
  EXTENSION_PARTS,
  EXTENSION_TOLD_HIGH,
  EXTENSION_TOLD_LOW,
  OPERATION,
  RECEIPT_RESULT,
  RECEIVERS,
  RECORD_B,
  RECORD_ID_HIGH,
  RECORD_ID_LOW,
  RECORD_TIME,
  RECORD_TYPE,
  SUBMIT_BATCH,
  align8,
} from '../core/records.ts';
import type { Bytes } from '../core/bytes.ts';
import { copyRecord } from '../core/bytes.ts';
import { NO_EDGE } from '../cdr/group.ts';
import { ESME_RMSGQFUL } from '../smpp/constants.ts';
import { KIND_QUEUED } from '../store/pending.ts';
import { hasTime, takeOperation } from './operations.ts';
import { onReceiptResult, onReceivers } from './receipts-out.ts';
import { noteSlot } from './lookups.ts';
import { replacePresent } from './replace-present.ts';
import { queueHeadMax } from './spill.ts';
import type { ShardState, Smsc } from './state.ts';
import { fillSlot, isHeld } from './fill-slot.ts';
import { answer } from './answers.ts';

/** Slots that submits leave free, for receipts that come back from the store. */
export const SLOTS_RESERVED = 1024;

/** One record of a ring; false leaves it there until the group is committed. */
export function takeRecord(
  shard: ShardState,
  edge: number,
  bytes: Bytes,
  at: number,
  length: number,
): boolean {
  const type = bytes.u8[at + RECORD_TYPE];
  if (type === ACCEPTED) return takeSubmit(shard, edge, bytes, at, length);
  if (type === RECEIPT_RESULT) onReceiptResult(shard, edge, bytes, at);
  else if (type === RECEIVERS) onReceivers(shard, edge, bytes, at);
  else if (type === SUBMIT_BATCH) return takeBatch(shard, edge, bytes, at);
  else if (type === OPERATION) return takeOperation(shard, edge, bytes, at);
  else throw new Error(`record of type ${type} from edge ${edge}`);
  return true;
}

function takeSubmit(shard: ShardState, edge: number, bytes: Bytes, at: number, length: number): boolean {
  if (shard.refusing || shard.blocked) {
    const session = bytes.u32[(at + ACCEPTED_SESSION) >> 2];
    return answer(shard, edge, session, bytes.u32[(at + ACCEPTED_SEQUENCE) >> 2], ESME_RMSGQFUL, 0, 0);
  }
  if (shard.journal.filling.isFull()) return false;
  const flags = bytes.u16[(at + ACCEPTED_FLAGS) >> 1];
  if ((flags & ACCEPTED_FLAG_REPLACE) !== 0) {
    if (!hasTime(shard)) return false;
    if (replacePresent(shard, edge, bytes, at, length)) return true;
  }
  accept(shard, edge, bytes, at, length);
  return true;
}

/**
 * Appends one ACCEPTED event of the filling group, which must not be full, and gives its message a slot if there is
 * room; returns its low id half. `edge`: whom to answer after the commit, NO_EDGE for nobody.
 */
export function accept(shard: ShardState, edge: number, bytes: Bytes, at: number, length: number): number {
  const { journal } = shard;
  const smsc = shard.smscs[bytes.u16[(at + ACCEPTED_SMSC) >> 1]] as Smsc;
  const to = journal.reserve(ACCEPTED, length);
  const target = journal.bytes;
  copyRecord(bytes, at, target, to, length);
  const idLow = journal.takeIndex();
  target.u32[(to + RECORD_ID_LOW) >> 2] = idLow;
  target.u32[(to + RECORD_ID_HIGH) >> 2] = journal.segment;
  target.f64[(to + RECORD_TIME) >> 3] = shard.nowMs;
  if (target.u16[(to + ACCEPTED_FLAGS) >> 1] !== 0) lead(shard, target, to, length, idLow);
  const held = isHeld(target, to, length);
  const slot = !held && fitsMemory(shard, smsc) ? shard.table.allocate() : NO_SLOT;
  if (held) shard.holding++;
  else if (slot === NO_SLOT) smsc.spilling++;
  else {
    fillSlot(shard, slot, target, to, length);
    shard.table.bodyBlock[slot] = journal.chunk;
    shard.chunks.use(journal.chunk);
    smsc.entering++;
    if (shard.lookups !== undefined) noteSlot(shard, shard.lookups, slot);
  }
  journal.filling.addAccepted(journal.chunk, to, slot, edge);
  return idLow;
}

/** A part that passes as it came names the first part of its message; the first of a submit_multi names itself. */
function lead(shard: ShardState, bytes: Bytes, at: number, length: number, idLow: number): void {
  if ((bytes.u16[(at + ACCEPTED_FLAGS) >> 1] & ACCEPTED_FLAG_EXTENDED) === 0) return;
  const extension = at + length - EXTENSION_BYTES;
  const isFirst = bytes.u32[(extension + EXTENSION_TOLD_HIGH) >> 2] === 0;
  if ((bytes.u8[extension + EXTENSION_FLAGS] & EXTENSION_FLAG_MULTI) !== 0 && isFirst) {
    bytes.u32[(extension + EXTENSION_TOLD_LOW) >> 2] = idLow;
    bytes.u32[(extension + EXTENSION_TOLD_HIGH) >> 2] = shard.journal.segment;
  }
  if ((bytes.u8[extension + EXTENSION_FLAGS] & EXTENSION_FLAG_LED) === 0) return;
  const key = bytes.u16[(at + RECORD_B) >> 1] * 2 ** 32 + bytes.u32[(extension + EXTENSION_KEY) >> 2];
  const sequence = bytes.u8[extension + EXTENSION_PART];
  const total = bytes.u8[extension + EXTENSION_PARTS];
  const leader = shard.leaders.of(key, sequence, total, shard.nowMs, () => ({
    idHigh: shard.journal.segment,
    idLow,
  }));
  bytes.u32[(extension + EXTENSION_TOLD_LOW) >> 2] = leader.idLow;
  bytes.u32[(extension + EXTENSION_TOLD_HIGH) >> 2] = leader.idHigh;
}

/** Submits that stand or fall together: all in one group, so in one commit, with ids that follow each other. */
function takeBatch(shard: ShardState, edge: number, bytes: Bytes, at: number): boolean {
  if (shard.refusing || shard.blocked) {
    const session = bytes.u32[(at + BATCH_SESSION) >> 2];
    return answer(shard, edge, session, bytes.u32[(at + BATCH_SEQUENCE) >> 2], ESME_RMSGQFUL, 0, 0);
  }
  if (shard.journal.filling.isFull()) return false;
  const count = bytes.u32[(at + BATCH_COUNT) >> 2];
  let toldLow = bytes.u32[(at + BATCH_TOLD_LOW) >> 2];
  let toldHigh = bytes.u32[(at + BATCH_TOLD_HIGH) >> 2];
  let next = at + BATCH_RECORDS;
  for (let index = 0; index < count; index++) {
    const length = bytes.u32[next >> 2];
    if (toldHigh !== 0) tellAs(bytes, next, length, toldHigh, toldLow);
    // The first of them is answered for all.
    const idLow = accept(shard, index === 0 ? edge : NO_EDGE, bytes, next, length);
    if (toldHigh === 0) {
      toldHigh = shard.journal.segment;
      toldLow = idLow;
    }
    next += align8(length);
  }
  return true;
}

/** The client knows the message under this id; parts of one message (no submit_multi) go by their own leader's. */
function tellAs(bytes: Bytes, at: number, length: number, toldHigh: number, toldLow: number): void {
  const extension = at + length - EXTENSION_BYTES;
  if ((bytes.u16[(at + ACCEPTED_FLAGS) >> 1] & ACCEPTED_FLAG_EXTENDED) === 0) return;
  if ((bytes.u8[extension + EXTENSION_FLAGS] & EXTENSION_FLAG_MULTI) === 0) return;
  bytes.u32[(extension + EXTENSION_TOLD_LOW) >> 2] = toldLow;
  bytes.u32[(extension + EXTENSION_TOLD_HIGH) >> 2] = toldHigh;
}

/** In memory only while nothing older of this SMSC waits in the store: the order of acceptance is kept. */
function fitsMemory(shard: ShardState, smsc: Smsc): boolean {
  if (smsc.spilling > 0 || shard.store.count(KIND_QUEUED, smsc.index) > 0) return false;
  return smsc.queue.length + smsc.entering < queueHeadMax(shard) && shard.table.freeSlots() > SLOTS_RESERVED;
}
