/** Submits and other records from the edges: each becomes an event of the filling group. */
import {
  DEST_AT,
  NO_SLOT,
  SLOT_JOURNAL,
  SOURCE_AT,
  TEXT_AT,
  TEXT_LENGTH_MAX,
} from '../core/message-table.ts';
import {
  ACCEPTED,
  ACCEPTED_BODY,
  ACCEPTED_DATA_CODING,
  ACCEPTED_DEST_AT,
  ACCEPTED_ESM_CLASS,
  ACCEPTED_EXPIRES,
  ACCEPTED_MESSAGE_AT,
  ACCEPTED_PRIORITY,
  ACCEPTED_REGISTERED_DELIVERY,
  ACCEPTED_SEQUENCE,
  ACCEPTED_SESSION,
  ACCEPTED_SMSC,
  ACCEPTED_SM_LENGTH,
  ACCEPTED_SOURCE_AT,
  ANSWER,
  ANSWER_BYTES,
  ANSWER_SEQUENCE,
  ANSWER_SESSION,
  ANSWER_STATUS,
  RECEIPT_RESULT,
  RECEIVERS,
  RECORD_B,
  RECORD_ID_HIGH,
  RECORD_ID_LOW,
  RECORD_TIME,
  RECORD_TYPE,
} from '../core/records.ts';
import type { Bytes } from '../core/bytes.ts';
import type { MessageTable } from '../core/message-table.ts';
import { copyRecord } from '../core/bytes.ts';
import { RING_FULL } from '../core/ring/ring.ts';
import { ESME_RMSGQFUL, ESM_UDHI } from '../smpp/constants.ts';
import { receiptTextOf } from '../smpp/receipt-text.ts';
import { KIND_QUEUED } from '../store/pending.ts';
import { onReceiptResult, onReceivers } from './receipts-out.ts';
import { queueHeadMax } from './spill.ts';
import type { ShardState, Smsc } from './state.ts';

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
  else throw new Error(`record of type ${type} from edge ${edge}`);
  return true;
}

function takeSubmit(shard: ShardState, edge: number, bytes: Bytes, at: number, length: number): boolean {
  const { journal } = shard;
  if (shard.refusing || shard.blocked) {
    const session = bytes.u32[(at + ACCEPTED_SESSION) >> 2];
    return answer(shard, edge, session, bytes.u32[(at + ACCEPTED_SEQUENCE) >> 2], ESME_RMSGQFUL, 0, 0);
  }
  if (journal.filling.isFull()) return false;
  const smsc = shard.smscs[bytes.u16[(at + ACCEPTED_SMSC) >> 1]] as Smsc;
  const to = journal.reserve(ACCEPTED, length);
  const target = journal.bytes;
  copyRecord(bytes, at, target, to, length);
  const idLow = journal.takeIndex();
  target.u32[(to + RECORD_ID_LOW) >> 2] = idLow;
  target.u32[(to + RECORD_ID_HIGH) >> 2] = journal.segment;
  target.f64[(to + RECORD_TIME) >> 3] = shard.nowMs;
  const slot = fitsMemory(shard, smsc) ? shard.table.allocate() : NO_SLOT;
  if (slot === NO_SLOT) smsc.spilling++;
  else {
    fillSlot(shard, slot, target, to, length);
    shard.table.bodyBlock[slot] = journal.chunk;
    shard.chunks.use(journal.chunk);
    smsc.entering++;
  }
  journal.filling.addAccepted(journal.chunk, to, slot, edge);
  return true;
}

/** In memory only while nothing older of this SMSC waits in the store: the order of acceptance is kept. */
function fitsMemory(shard: ShardState, smsc: Smsc): boolean {
  if (smsc.spilling > 0 || shard.store.count(KIND_QUEUED, smsc.index) > 0) return false;
  return smsc.queue.length + smsc.entering < queueHeadMax(shard) && shard.table.freeSlots() > SLOTS_RESERVED;
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
  table.bodyLength[slot] = length - ACCEPTED_BODY;
  const sourceAt = body + u16[(at + ACCEPTED_SOURCE_AT) >> 1];
  const destAt = body + u16[(at + ACCEPTED_DEST_AT) >> 1];
  table.sourceLength[slot] = table.keepAddress(slot, SOURCE_AT, bytes, sourceAt);
  table.destLength[slot] = table.keepAddress(slot, DEST_AT, bytes, destAt);
  table.textLength[slot] = keepText(table, slot, bytes, at, body);
}

/** The start of the text for the receipt, in the default alphabet and without a user data header. */
function keepText(table: MessageTable, slot: number, bytes: Bytes, at: number, body: number): number {
  const { u8, u16 } = bytes;
  const coding = u8[at + ACCEPTED_DATA_CODING];
  let from = body + u16[(at + ACCEPTED_MESSAGE_AT) >> 1];
  let length = u8[at + ACCEPTED_SM_LENGTH];
  if ((u8[at + ACCEPTED_ESM_CLASS] & ESM_UDHI) !== 0) {
    const header = Math.min(length, u8[from] + 1);
    from += header;
    length -= header;
  }
  if (coding === 0) return table.keepBytes(slot, TEXT_AT, u8, from, length, TEXT_LENGTH_MAX);
  const kept = receiptTextOf(u8, from, length, coding, textScratch, TEXT_LENGTH_MAX);
  return table.keepBytes(slot, TEXT_AT, textScratch, 0, kept, TEXT_LENGTH_MAX);
}

const textScratch = new Uint8Array(TEXT_LENGTH_MAX);

/** Answers a submit through its edge's ring; false when the ring is full. */
export function answer(
  shard: ShardState,
  edge: number,
  session: number,
  sequence: number,
  status: number,
  idHigh: number,
  idLow: number,
): boolean {
  const ring = shard.ends.writers[edge];
  const at = ring.claim(ANSWER_BYTES);
  if (at === RING_FULL) return false;
  const { u8, u32 } = ring.bytes;
  u8[at + RECORD_TYPE] = ANSWER;
  u32[(at + RECORD_ID_LOW) >> 2] = idLow;
  u32[(at + RECORD_ID_HIGH) >> 2] = idHigh;
  u32[(at + ANSWER_SESSION) >> 2] = session;
  u32[(at + ANSWER_SEQUENCE) >> 2] = sequence;
  u32[(at + ANSWER_STATUS) >> 2] = status;
  ring.commit();
  return true;
}
