/**
 * The end of a message that went out in several parts: once its last part has ended, the client is told once, or once
 * for each part that it sent itself. The parts have neighbouring ids, so each finds the others, in memory or in the
 * store.
 *
 * The merge rule: DELIVERED if every part was; else state and error of the first part that failed; else UNKNOWN if that
 * is all that the SMSC had to say of one. The done date is that of the part that ended last. Did no part fail, but one
 * was never reported on, there is no receipt.
 */
import { NO_BIND } from '../cdr/group.ts';
import {
  ERR_AT,
  FLAG_INTERNAL,
  FLAG_PART,
  FLAG_STORED,
  NO_SLOT,
  SLOT_PART_DONE,
  TEXT_BYTES,
} from '../core/message-table.ts';
import type { MessageTable } from '../core/message-table.ts';
import { FINAL_FAILED, FINAL_NO_RECEIPT, FINAL_PART, FINAL_SENT, SMSC_NONE } from '../core/records.ts';
import { STATE_ACCEPTED, STATE_DELIVERED, STATE_UNKNOWN } from '../smpp/constants.ts';
import { KIND_FOLLOWER, KIND_PART } from '../store/pending.ts';
import type { PendingRow } from '../store/pending.ts';
import { appendFinal, appendReceipt, finish } from './events.ts';
import { unpackRow } from './row.ts';
import { loadRow, rowOf } from './spill.ts';
import { resetScratch } from './scratch.ts';
import type { ShardState } from './state.ts';
import { becomeReceipt } from './waiting.ts';

const FOLLOWER_ROWS = 256;

/** How one part ended. */
interface PartEnd {
  idLow: number;
  /** NO_SLOT: it is in the store. */
  slot: number;
  row: PendingRow | undefined;
  state: number;
  doneMs: number;
  /** STATE_UNKNOWN is what the SMSC said, and not that it said nothing. */
  isUnknown: boolean;
}

/** What is told of the message. */
interface Outcome {
  /** How the message ended. */
  state: number;
  /** Whether that is known, or only that no receipt can come any more. */
  isTold: boolean;
  doneMs: number;
  delivered: number;
  parts: number;
  err: Buffer;
  networkErrorType: number;
  networkErrorCode: number;
  status: number;
  /** Vendor TLVs of the receipt that it is told by. */
  tlvs: Buffer | undefined;
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
  const outcome = merge(shard, ends, parts);
  const internal = (table.flags[slot] & FLAG_INTERNAL) !== 0;
  if (internal) tellFollowers(shard, table.idHigh[slot], first, outcome);
  for (const end of ends) {
    if (end.idLow === first && !internal) tellLeader(shard, end, outcome);
    else endPart(shard, end);
  }
  resetScratch(shard);
}

const NO_ERROR = Buffer.from('000', 'latin1');

/**
 * The SMSC said of the slot's message that it does not know, or nothing that we do. With that there always is an err,
 * which a message of which nothing was said has not.
 */
export function markUnknown(table: MessageTable, slot: number): void {
  table.finalState[slot] = STATE_UNKNOWN;
  if (table.errLength[slot] > 0) return;
  table.errLength[slot] = NO_ERROR.length;
  NO_ERROR.copy(table.text, slot * TEXT_BYTES + ERR_AT);
}

/** Is that what was said of it last? */
export function isUnknown({ finalState, errLength }: MessageTable, slot: number): boolean {
  return finalState[slot] === STATE_UNKNOWN && errLength[slot] > 0;
}

/** The part will never have a receipt: the SMSC gave it no id, or reported nothing in time but that it is unknown. */
export function endUntold(shard: ShardState, slot: number, state: number): void {
  const { table } = shard;
  if (state !== STATE_UNKNOWN || !isUnknown(table, slot)) {
    table.finalState[slot] = state;
    table.doneMs[slot] = shard.nowMs;
    table.errLength[slot] = 0;
  }
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
      ends.push({ idLow, slot, row: undefined, ...saidOf(table, slot) });
      continue;
    }
    const row = store.get(idHigh, idLow);
    if (row === undefined) continue;
    if (row.kind !== KIND_PART) return undefined;
    unpackRow(table, shard.scratch, row);
    ends.push({ idLow, slot: NO_SLOT, row, ...saidOf(table, shard.scratch) });
  }
  return ends;
}

function saidOf(table: MessageTable, slot: number): Pick<PartEnd, 'state' | 'doneMs' | 'isUnknown'> {
  return { state: table.finalState[slot], doneMs: table.doneMs[slot], isUnknown: isUnknown(table, slot) };
}

function merge(shard: ShardState, ends: PartEnd[], parts: number): Outcome {
  const { scratch, table } = shard;
  const failed = ends.find(({ state }) => hasFailed(state));
  const from = failed ?? ends.find((end) => end.isUnknown) ?? ends.find(isUntold) ?? ends[0];
  let at = from.slot;
  if (from.row !== undefined) {
    unpackRow(table, scratch, from.row);
    at = scratch;
  }
  const errAt = at * TEXT_BYTES + ERR_AT;
  const isTold = !isUntold(from);
  const outcome = {
    // Taken by an SMSC that reports nothing: as good as it gets, if the others are.
    state: isTold || ends.every(({ state }) => state !== STATE_UNKNOWN) ? from.state : STATE_UNKNOWN,
    isTold,
    doneMs: Math.max(...ends.map(({ doneMs }) => doneMs)),
    delivered: ends.filter(({ state }) => state === STATE_DELIVERED).length,
    parts,
    err: Buffer.from(table.text.subarray(errAt, errAt + table.errLength[at])),
    networkErrorType: table.networkErrorType[at],
    networkErrorCode: table.networkErrorCode[at],
    status: table.status[at],
    tlvs: table.receiptTlvs(at),
  };
  resetScratch(shard);
  return outcome;
}

function isUntold(end: PartEnd): boolean {
  return !end.isUnknown && (end.state === STATE_UNKNOWN || end.state === STATE_ACCEPTED);
}

function hasFailed(state: number): boolean {
  return state !== STATE_DELIVERED && state !== STATE_UNKNOWN && state !== STATE_ACCEPTED;
}

/** registered_delivery bits 1-0: 1 both, 2 failure only, 3 success only (5.0 section 4.7.21). */
export function wantsReceiptOf(registeredDelivery: number, state: number): boolean {
  const bits = registeredDelivery & 3;
  if (bits === 2) return hasFailed(state);
  return bits === 1 || (bits === 3 && state === STATE_DELIVERED);
}

/** The first part is the message to its client. */
function tellLeader(shard: ShardState, end: PartEnd, outcome: Outcome): void {
  const at = read(shard, end);
  if (!isToldOf(shard, at, outcome)) {
    endSlot(shard, at, outcome.state, reasonOf(outcome));
    return;
  }
  const slot = end.row === undefined ? at : (intoMemory(shard, [end.row])[0] ?? toScratch(shard, end.row));
  announce(shard, slot, outcome, outcome.parts, outcome.delivered);
}

function isToldOf({ table }: ShardState, slot: number, { isTold, state }: Outcome): boolean {
  return isTold && wantsReceiptOf(table.registeredDelivery[slot], state);
}

/** Of a message whose client gets no receipt of it. */
function reasonOf({ state }: Outcome): number {
  if (state === STATE_UNKNOWN) return FINAL_NO_RECEIPT;
  return hasFailed(state) ? FINAL_FAILED : FINAL_SENT;
}

/** The parts that the client sent itself are told how the message went that they became a piece of. */
function tellFollowers(shard: ShardState, idHigh: number, idLow: number, outcome: Outcome): void {
  const { scratch, table } = shard;
  const told: PendingRow[] = [];
  for (const row of followersOf(shard, idHigh, idLow)) {
    toScratch(shard, row);
    if ((table.flags[scratch] & FLAG_INTERNAL) !== 0) {
      // Made of a client's parts, and cut anew since: those are told.
      endSlot(shard, scratch, outcome.state, FINAL_PART);
      tellFollowers(shard, row.idHigh, row.idLow, outcome);
    } else if (isToldOf(shard, scratch, outcome)) told.push(row);
    else {
      const isAsked = (table.registeredDelivery[scratch] & 3) !== 0;
      endSlot(shard, scratch, outcome.state, isAsked ? reasonOf(outcome) : FINAL_PART);
    }
  }
  resetScratch(shard);
  const slots = intoMemory(shard, told);
  for (const [index, row] of told.entries()) {
    const slot = slots[index] ?? toScratch(shard, row);
    table.toldHigh[slot] = 0;
    table.toldLow[slot] = 0;
    const parts = table.parts[slot];
    announce(shard, slot, outcome, parts, deliveredOf(outcome, parts));
  }
}

function followersOf(shard: ShardState, idHigh: number, idLow: number): PendingRow[] {
  const { scratch, store, table } = shard;
  const ours: PendingRow[] = [];
  let [high, low] = [-1, -1];
  for (;;) {
    const rows = store.next(KIND_FOLLOWER, idLow, high, low, FOLLOWER_ROWS);
    for (const row of rows) {
      unpackRow(table, scratch, row);
      // Else it is another message's: two ids of one low half.
      if (table.toldHigh[scratch] === idHigh) ours.push(row);
    }
    if (rows.length < FOLLOWER_ROWS) break;
    const last = rows[rows.length - 1];
    [high, low] = [last.idHigh, last.idLow];
  }
  resetScratch(shard);
  return ours;
}

/** How many of the client's own `parts` were delivered, where they went out as other ones. */
function deliveredOf({ delivered, parts: sent }: Outcome, parts: number): number {
  return sent === parts ? delivered : Math.floor((delivered * parts) / sent);
}

/** The slot that says what is known of a part: its own, or the scratch slot for one in the store. */
function read(shard: ShardState, { slot, row }: PartEnd): number {
  return slot === NO_SLOT && row !== undefined ? toScratch(shard, row) : slot;
}

function toScratch({ scratch, table }: ShardState, row: PendingRow): number {
  unpackRow(table, scratch, row);
  table.flags[scratch] |= FLAG_STORED;
  return scratch;
}

/** Slots for the first of these rows, as many as are free; none while the store can not be written to. */
function intoMemory(shard: ShardState, rows: readonly PendingRow[]): number[] {
  const { store, table } = shard;
  const loaded = rows.slice(0, shard.blocked ? 0 : table.freeSlots());
  if (loaded.length > 0) store.claim(...loaded);
  return loaded.map((row) => loadRow(shard, row, SLOT_PART_DONE));
}

/** `parts`: how many the receipt speaks for; 0: for the one that it names. */
function announce(shard: ShardState, slot: number, outcome: Outcome, parts: number, delivered: number): void {
  const { scratch, table } = shard;
  table.finalState[slot] = outcome.state;
  table.doneMs[slot] = outcome.doneMs;
  table.errLength[slot] = outcome.err.length;
  outcome.err.copy(table.text, slot * TEXT_BYTES + ERR_AT);
  table.networkErrorType[slot] = outcome.networkErrorType;
  table.networkErrorCode[slot] = outcome.networkErrorCode;
  table.status[slot] = outcome.status;
  table.keepReceiptTlvs(slot, outcome.tlvs);
  table.parts[slot] = parts;
  table.merged[slot] = parts === 0 ? 0 : Math.min(delivered + 1, 255);
  becomeReceipt(shard, slot);
  appendReceipt(shard, slot, SMSC_NONE);
  if (slot !== scratch) {
    shard.journal.filling.addReceipt(NO_BIND, 0, slot);
    return;
  }
  const row = rowOf(shard, scratch);
  resetScratch(shard);
  // Its desk takes it from the store. Not before the event is durable: after a crash in between, the others would wait
  // for a part that has been told of.
  shard.journal.filling.afterCommit.push({ done: () => shard.store.upsert([row]) });
}

/** A part that nobody is told of. */
function endPart(shard: ShardState, end: PartEnd): void {
  endSlot(shard, read(shard, end), end.state, FINAL_PART);
}

function endSlot(shard: ShardState, slot: number, state: number, reason: number): void {
  if (slot !== shard.scratch) {
    finish(shard, slot, state, reason);
    return;
  }
  appendFinal(shard, slot, state, reason);
  resetScratch(shard);
}
