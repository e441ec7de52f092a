/**
 * The end of a message that went out in several parts: once its last part has ended, the client is told once, or once
 * for each part that it sent itself. The parts have neighbouring ids, so each finds the others, in memory or in the
 * store.
 *
 * The merge rule: DELIVERED if every part was; else state and error of the first part that was not. The done date is
 * that of the part that ended last. Is there no receipt for one of the parts, there is none for the message.
 */
import { NO_BIND } from '../cdr/group.ts';
import {
  ERR_AT,
  FLAG_INTERNAL,
  FLAG_PART,
  FLAG_STORED,
  NO_SLOT,
  SLOT_JOURNAL,
  SLOT_PART_DONE,
  TEXT_BYTES,
} from '../core/message-table.ts';
import { FINAL_NO_RECEIPT, FINAL_PART, FINAL_SENT, SMSC_NONE } from '../core/records.ts';
import { STATE_ACCEPTED, STATE_DELIVERED, STATE_UNKNOWN } from '../smpp/constants.ts';
import { KIND_FOLLOWER, KIND_PART } from '../store/pending.ts';
import type { PendingRow } from '../store/pending.ts';
import { appendFinal, appendReceipt, finish } from './events.ts';
import { unpackRow } from './row.ts';
import { loadRow, rowOf } from './spill.ts';
import type { ShardState } from './state.ts';
import { becomeReceipt } from './waiting.ts';

/** How one part ended. */
interface PartEnd {
  idLow: number;
  /** NO_SLOT: it is in the store. */
  slot: number;
  row: PendingRow | undefined;
  state: number;
  doneMs: number;
}

/** What is told of the message. */
interface Outcome {
  /** undefined: no receipt can come. */
  from: PartEnd | undefined;
  doneMs: number;
  delivered: number;
  err: Buffer;
  networkErrorType: number;
  networkErrorCode: number;
  status: number;
}

/** Is the end of this slot's message told by somebody else than the slot itself? */
export function isPart(shard: ShardState, slot: number): boolean {
  return (shard.table.flags[slot] & (FLAG_PART | FLAG_INTERNAL)) !== 0;
}

/** The part's end is in its slot and journalled. Receipts of the message, if this was its last, follow the commit. */
export function partEnded(shard: ShardState, slot: number): void {
  const { table } = shard;
  table.state[slot] = SLOT_PART_DONE;
  const parts = (table.flags[slot] & FLAG_PART) === 0 ? 1 : table.parts[slot];
  const first = parts === 1 ? table.idLow[slot] : table.idLow[slot] - (table.part[slot] - 1);
  const ends = endsOf(shard, table.idHigh[slot], first, parts, slot);
  if (ends === undefined) return;
  const outcome = merge(shard, ends);
  const internal = (table.flags[slot] & FLAG_INTERNAL) !== 0;
  if (internal) tellFollowers(shard, table.idHigh[slot], first, outcome, parts);
  for (const end of ends) {
    if (end.idLow === first && !internal) tellLeader(shard, end, outcome, parts);
    else endPart(shard, end);
  }
}

/** The part will never have a receipt: the SMSC gave it no id, or reported nothing in time. */
export function endUntold(shard: ShardState, slot: number, state: number): void {
  const { table } = shard;
  table.finalState[slot] = state;
  table.doneMs[slot] = shard.nowMs;
  table.errLength[slot] = 0;
  appendReceipt(shard, slot, SMSC_NONE);
  partEnded(shard, slot);
}

/** The ends of all parts, in order; undefined while one of them has not ended. */
function endsOf(
  shard: ShardState,
  idHigh: number,
  first: number,
  parts: number,
  known: number,
): PartEnd[] | undefined {
  const { store, table } = shard;
  const ends: PartEnd[] = [];
  for (let idLow = first; idLow < first + parts; idLow++) {
    const slot = table.idLow[known] === idLow ? known : shard.parts.find(idHigh, idLow);
    if (slot !== NO_SLOT) {
      if (table.state[slot] !== SLOT_PART_DONE) return undefined;
      ends.push({ idLow, slot, row: undefined, state: table.finalState[slot], doneMs: table.doneMs[slot] });
      continue;
    }
    const row = store.get(idHigh, idLow);
    if (row === undefined) continue;
    if (row.kind !== KIND_PART) return undefined;
    const { finalState, doneMs } = stateOfRow(shard, row);
    ends.push({ idLow, slot: NO_SLOT, row, state: finalState, doneMs });
  }
  return ends;
}

function stateOfRow(shard: ShardState, row: PendingRow): { finalState: number; doneMs: number } {
  const { scratch, table } = shard;
  unpackRow(table, scratch, row);
  return { finalState: table.finalState[scratch], doneMs: table.doneMs[scratch] };
}

function merge(shard: ShardState, ends: PartEnd[]): Outcome {
  const { scratch, table } = shard;
  const untold = ends.some(({ state }) => state === STATE_UNKNOWN || state === STATE_ACCEPTED);
  const from = ends.find(({ state }) => state !== STATE_DELIVERED) ?? ends[0];
  let at = from.slot;
  if (from.row !== undefined) {
    unpackRow(table, scratch, from.row);
    at = scratch;
  }
  const errAt = at * TEXT_BYTES + ERR_AT;
  return {
    from: untold ? undefined : from,
    doneMs: Math.max(...ends.map(({ doneMs }) => doneMs)),
    delivered: ends.filter(({ state }) => state === STATE_DELIVERED).length,
    err: Buffer.from(table.text.subarray(errAt, errAt + table.errLength[at])),
    networkErrorType: table.networkErrorType[at],
    networkErrorCode: table.networkErrorCode[at],
    status: table.status[at],
  };
}

/** registered_delivery bits 1-0: 1 both, 2 failure only, 3 success only (5.0 section 4.7.21). */
export function wantsReceiptOf(registeredDelivery: number, state: number): boolean {
  const bits = registeredDelivery & 3;
  if (bits === 2) return state !== STATE_DELIVERED;
  return bits === 1 || (bits === 3 && state === STATE_DELIVERED);
}

/** The first part is the message to its client. */
function tellLeader(shard: ShardState, end: PartEnd, outcome: Outcome, parts: number): void {
  const { table } = shard;
  const slot = inSlot(shard, end);
  const state = outcome.from?.state ?? STATE_UNKNOWN;
  if (outcome.from !== undefined && wantsReceiptOf(table.registeredDelivery[slot], state)) {
    announce(shard, slot, outcome, parts);
    return;
  }
  const reason = outcome.from === undefined ? FINAL_NO_RECEIPT : FINAL_SENT;
  endSlot(shard, slot, state, reason);
}

/** Each part that the client sent itself is told how the message went that it became a piece of. */
function tellFollowers(
  shard: ShardState,
  idHigh: number,
  idLow: number,
  outcome: Outcome,
  parts: number,
): void {
  const { store, table } = shard;
  for (const row of store.next(KIND_FOLLOWER, idLow, -1, -1, 256)) {
    const slot = inSlot(shard, { idLow: row.idLow, slot: NO_SLOT, row, state: 0, doneMs: 0 });
    if (table.toldHigh[slot] !== idHigh) {
      putBack(shard, slot, row);
      continue;
    }
    table.toldHigh[slot] = 0;
    table.toldLow[slot] = 0;
    const state = outcome.from?.state ?? STATE_UNKNOWN;
    if (outcome.from !== undefined && wantsReceiptOf(table.registeredDelivery[slot], state)) {
      announce(shard, slot, outcome, parts);
    } else endSlot(shard, slot, state, outcome.from === undefined ? FINAL_NO_RECEIPT : FINAL_PART);
  }
}

/** Another message's follower (two ids of one low half): it stays in the store. */
function putBack(shard: ShardState, slot: number, row: PendingRow): void {
  shard.store.upsert([row]);
  if (slot === shard.scratch) return;
  shard.table.release(slot);
}

/** The slot of a part; one in the store comes into memory, or into the scratch slot when memory is full. */
function inSlot(shard: ShardState, end: PartEnd): number {
  if (end.slot !== NO_SLOT || end.row === undefined) return end.slot;
  const { scratch, store, table } = shard;
  if (table.freeSlots() > 0) {
    store.claim(end.row);
    return loadRow(shard, end.row, SLOT_PART_DONE);
  }
  unpackRow(table, scratch, end.row);
  table.flags[scratch] |= FLAG_STORED;
  return scratch;
}

function announce(shard: ShardState, slot: number, outcome: Outcome, parts: number): void {
  const { scratch, table } = shard;
  const { from } = outcome;
  if (from === undefined) throw new Error('a receipt without a state');
  table.finalState[slot] = from.state;
  table.doneMs[slot] = outcome.doneMs;
  table.errLength[slot] = outcome.err.length;
  outcome.err.copy(table.text, slot * TEXT_BYTES + ERR_AT);
  table.networkErrorType[slot] = outcome.networkErrorType;
  table.networkErrorCode[slot] = outcome.networkErrorCode;
  table.status[slot] = outcome.status;
  table.parts[slot] = parts;
  table.merged[slot] = Math.min(outcome.delivered + 1, 255);
  becomeReceipt(shard, slot);
  appendReceipt(shard, slot, SMSC_NONE);
  if (slot !== scratch) {
    shard.journal.filling.addReceipt(NO_BIND, 0, slot);
    return;
  }
  // Its desk takes it from the store.
  shard.store.upsert([rowOf(shard, scratch)]);
  resetScratch(shard);
}

/** A part that nobody is told of. */
function endPart(shard: ShardState, end: PartEnd): void {
  endSlot(shard, inSlot(shard, end), end.state, FINAL_PART);
}

function endSlot(shard: ShardState, slot: number, state: number, reason: number): void {
  if (slot !== shard.scratch) {
    finish(shard, slot, state, reason);
    return;
  }
  appendFinal(shard, slot, state, reason);
  resetScratch(shard);
}

function resetScratch(shard: ShardState): void {
  const { scratch, table } = shard;
  table.state[scratch] = SLOT_JOURNAL;
  table.dirtySegment[scratch] = 0;
  table.flags[scratch] = 0;
}
