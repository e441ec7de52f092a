/**
 * A submit_sm_resp after its timeout. Its id is still one of the message's (spec section 6): where the message was not
 * sent again yet it need not be, and where it was, a receipt may name either id.
 */
import {
  NO_SLOT,
  SLOT_AWAITING,
  SLOT_IN_FLIGHT,
  SLOT_QUEUED,
  SLOT_RETRY,
  SMSC_ID_BYTES_MAX,
} from '../core/message-table.ts';
import { RECORD_A, RECORD_B, RECORD_LENGTH, RECORD_TIME, SENT_ID } from '../core/records.ts';
import type { Bytes } from '../core/bytes.ts';
import { CELL_LATE, SMSC_UNMATCHED } from '../core/ring/counters.ts';
import type { OutboundBind } from '../smpp/client.ts';
import { ESME_ROK, HEADER_BYTES } from '../smpp/constants.ts';
import { readResponseId } from '../smpp/pdu/submit-sm.ts';
import { KIND_AWAITING, KIND_QUEUED, KIND_RETRY } from '../store/pending.ts';
import { appendLate, dropBody } from './events.ts';
import { findById } from './find-message.ts';
import { matchParked } from './parked.ts';
import type { SecondId } from './second-ids.ts';
import { loadRow } from './spill.ts';
import type { ShardState, Smsc } from './state.ts';
import { keepSmscId, takenUnder } from './taken.ts';
import { becomeAwaiting } from './waiting.ts';

/** Requests that timed out and may still be answered, over all binds of the shard. */
const LATE_MAX = 10_000;
/** Longest queue that is searched for a message whose late answer came. */
const SEARCH_MAX = 1_000;

/** The message in `slot` was sent with this sequence_number and not answered in time. */
export function awaitLate(shard: ShardState, bind: OutboundBind, sequence: number, slot: number): void {
  const { late, table } = shard;
  if (late.size >= LATE_MAX) late.delete(late.keys().next().value as number);
  late.set(lateKey(bind.ticket(), sequence), {
    slot,
    idHigh: table.idHigh[slot],
    idLow: table.idLow[slot],
    attempt: table.attempts[slot],
  });
}

function lateKey(ticket: number, sequence: number): number {
  return (ticket & 0x1f_ffff) * 2 ** 31 + sequence;
}

/** A response to no request in flight: counted, and if it is a late one, taken down for its message. */
export function onUnmatched(
  shard: ShardState,
  bind: OutboundBind,
  sequence: number,
  status: number,
  bytes: Buffer,
  start: number,
  end: number,
): void {
  const smsc = shard.smscs[bind.smsc] as Smsc;
  const key = lateKey(bind.ticket(), sequence);
  const late = shard.late.get(key);
  if (late === undefined) {
    smsc.cells[SMSC_UNMATCHED]++;
    return;
  }
  shard.late.delete(key);
  shard.cells[CELL_LATE]++;
  const { idHigh, idLow, attempt } = late;
  const slot = slotOfLate(shard, late.slot, idHigh, idLow);
  // It has ended.
  if (slot === undefined) return;
  const idAt = start + HEADER_BYTES;
  const idEnd =
    status === ESME_ROK ? Math.min(readResponseId(bytes, start, end), idAt + SMSC_ID_BYTES_MAX) : idAt;
  const smscId = bytes.toString('latin1', idAt, idEnd);
  const { segment } = shard.journal;
  const second = { smsc: smsc.index, smscId, idHigh, idLow, slot, attempt, bind: bind.number, segment };
  appendLate(shard, second, status);
  if (status === ESME_ROK) takeLate(shard, smsc, second);
}

/** Where the message is: NO_SLOT for one that is only in the store, and stays there; undefined: it has ended. */
function slotOfLate(shard: ShardState, slot: number, idHigh: number, idLow: number): number | undefined {
  if (shard.table.holds(slot, idHigh, idLow)) return slot;
  const found = findById(shard, idHigh, idLow);
  if (found === undefined || found.where === 'ended') return undefined;
  if (found.where === 'memory') return found.slot;
  const { row } = found;
  const waits = row.kind === KIND_QUEUED || row.kind === KIND_RETRY;
  if (!waits) return row.kind === KIND_AWAITING ? NO_SLOT : undefined;
  if (shard.blocked || shard.table.freeSlots() === 0) return NO_SLOT;
  shard.store.claim(row);
  return loadRow(shard, row, SLOT_RETRY);
}

function takeLate(shard: ShardState, smsc: Smsc, second: SecondId): void {
  const { table } = shard;
  const { slot, smscId } = second;
  const state = slot === NO_SLOT ? SLOT_AWAITING : table.state[slot];
  if (state === SLOT_RETRY || (state === SLOT_QUEUED && takeOut(smsc, slot))) {
    takenUnder(shard, smsc, slot, second);
    return;
  }
  if (smscId === '' || (state !== SLOT_QUEUED && state !== SLOT_IN_FLIGHT && state !== SLOT_AWAITING)) return;
  shard.secondIds.add(second);
  if (slot !== NO_SLOT && state === SLOT_AWAITING && shard.parking.size > 0) {
    matchParked(shard, slot, table.acceptedMs[slot], smscId);
  }
}

/**
 * Takes a slot out of the middle of its queue. A long queue is left alone: the message then goes out twice, flagged.
 */
function takeOut(smsc: Smsc, slot: number): boolean {
  const { queue } = smsc;
  if (queue.length > SEARCH_MAX) return false;
  const { length } = queue;
  queue.sift((each) => each !== slot);
  return queue.length < length;
}

/**
 * The message in `slot`, which is in no queue, would be sent again or fail: true where its SMSC took an earlier
 * attempt, under an id that came late. Then that is what it waits on.
 */
export function wasTaken(shard: ShardState, smsc: Smsc, slot: number): boolean {
  if (shard.secondIds.size === 0) return false;
  const [second] = shard.secondIds.of(shard.table.idHigh[slot], shard.table.idLow[slot]);
  if (second === undefined || second.smsc !== smsc.index) return false;
  shard.secondIds.remove(second);
  takenUnder(shard, smsc, slot, second);
  return true;
}

/** A segment is about to be let go: ids that only it holds, of messages that are still open, are written again. */
export function carrySecondIds(shard: ShardState, segment: number): void {
  const { secondIds, store, table } = shard;
  for (const second of secondIds.all()) {
    if (second.segment > segment) continue;
    const { slot, idHigh, idLow } = second;
    // One that is in memory elsewhere has a row, too.
    if (!table.holds(slot, idHigh, idLow) && store.get(idHigh, idLow) === undefined) {
      secondIds.remove(second);
      continue;
    }
    second.segment = shard.journal.segment;
    appendLate(shard, second, ESME_ROK);
  }
}

/**
 * Recovery: the event of a late response, for the message in `slot`. It need not be sent again, and has a second id if
 * it was.
 */
export function replayLate(shard: ShardState, slot: number, bytes: Bytes, at: number): void {
  const { table } = shard;
  const { u8, u16, u32, f64 } = bytes;
  const smscId = u8.toString('latin1', at + SENT_ID, at + u32[(at + RECORD_LENGTH) >> 2]);
  if (smscId === '') return;
  shard.secondIds.add({
    smsc: u16[(at + RECORD_B) >> 1],
    smscId,
    idHigh: table.idHigh[slot],
    idLow: table.idLow[slot],
    slot: NO_SLOT,
    attempt: u8[at + RECORD_A],
    bind: 0,
    segment: 0,
  });
  if (table.state[slot] !== SLOT_QUEUED && table.state[slot] !== SLOT_RETRY) return;
  keepSmscId(table, slot, smscId);
  dropBody(shard, slot);
  becomeAwaiting(shard, slot, f64[(at + RECORD_TIME) >> 3]);
}
