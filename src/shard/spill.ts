/**
 * Between memory and the pending store: what does not fit or must outlive its segment goes out, what is due comes
 * back in order and in batches. Rows are packed in shard/row.ts.
 */
import {
  FLAG_PART,
  FLAG_STORED,
  NO_BLOCK,
  NO_SLOT,
  SLOT_AWAITING,
  SLOT_FREE,
  SLOT_JOURNAL,
  SLOT_PART_DONE,
  SLOT_QUEUED,
  SLOT_RECEIPT,
  SLOT_RETRY,
} from '../core/message-table.ts';
import { KIND_LOADED, KIND_QUEUED, KIND_RECEIPT, KIND_RETRY } from '../store/pending.ts';
import type { PendingRow } from '../store/pending.ts';
import { CHUNK_BYTES } from '../cdr/chunks.ts';
import type { Group } from '../cdr/group.ts';
import { dropBody, forget } from './events.ts';
import { noteSlot } from './lookups.ts';
import { bodyLengthOf, packRow, unpackRow } from './row.ts';
import type { ReceiptDesk, ShardState, Smsc } from './state.ts';
import { noteLeaving } from './unreached.ts';

const BATCH = 500;
const REFILL = 1000;
/** Chunks that waiting bodies may hold before the least used are emptied into the store. */
export const CHUNKS_IN_USE_MAX = 128;

/** How many messages one SMSC's queue may hold in memory. */
export function queueHeadMax(shard: ShardState): number {
  return Math.max(64, Math.floor(shard.table.capacity / (2 * Math.max(1, shard.owned.length))));
}

/** The row of a slot; one whose body only the store has any more keeps that body. */
export function rowOf(shard: ShardState, slot: number): PendingRow {
  const chunk = shard.table.bodyBlock[slot];
  const row = packRow(shard.table, slot, chunk === NO_BLOCK ? undefined : shard.chunks.bytesOf(chunk));
  if (bodyLengthOf(row) === 0 && needsBody(shard, slot)) withStoredBody(shard, row);
  return row;
}

/** The row of a message that stays in memory. */
export function loadedRowOf(shard: ShardState, slot: number): PendingRow {
  const row = rowOf(shard, slot);
  row.kind += KIND_LOADED;
  return row;
}

function needsBody(shard: ShardState, slot: number): boolean {
  return shard.table.state[slot] <= SLOT_RETRY && shard.table.state[slot] !== SLOT_AWAITING;
}

function withStoredBody(shard: ShardState, row: PendingRow): void {
  const body = storedBody(shard, row.idHigh, row.idLow);
  row.blob = Buffer.concat([row.blob, body]);
  row.blob.writeUInt32LE(body.length, 52);
}

/** The submit_sm body that the store keeps for a message whose memory was needed for others. */
export function storedBody(shard: ShardState, idHigh: number, idLow: number): Buffer {
  const row = shard.store.get(idHigh, idLow);
  const length = row === undefined ? 0 : bodyLengthOf(row);
  if (row === undefined || length === 0) throw new Error('a waiting message has lost its body');
  return row.blob.subarray(row.blob.length - length);
}

/** Writes the rows that gathered, and takes out those of messages whose FINAL is durable now. */
export function flushStore(shard: ShardState, committed?: Group): void {
  if (shard.spilled.length > 0) {
    const rows = shard.spilled;
    shard.spilled = [];
    shard.store.upsert(rows);
  }
  if (committed !== undefined && committed.removedHighs.length > 0) {
    // Plain loops: a spread of many ids would overflow the stack.
    for (const idHigh of committed.removedHighs) shard.removedHighs.push(idHigh);
    for (const idLow of committed.removedLows) shard.removedLows.push(idLow);
  }
  if (shard.removedHighs.length === 0 || isShort(shard)) return;
  shard.store.remove(shard.removedHighs, shard.removedLows);
  shard.removedHighs = [];
  shard.removedLows = [];
}

/** Brings a row into a slot; NO_SLOT when memory is full (the row is then left marked, so ask for room first). */
export function loadRow(shard: ShardState, row: PendingRow, state: number): number {
  const { table } = shard;
  const slot = table.allocate();
  if (slot === NO_SLOT) throw new Error('no slot for a row that was asked for');
  const bodyFrom = unpackRow(table, slot, row);
  table.state[slot] = state;
  table.flags[slot] |= FLAG_STORED;
  table.dirtySegment[slot] = 0;
  if ((table.flags[slot] & FLAG_PART) !== 0) shard.parts.add(slot);
  if (shard.lookups !== undefined) noteSlot(shard, shard.lookups, slot);
  const length = bodyLengthOf(row);
  if (length > 0 && length <= CHUNK_BYTES) keepBody(shard, slot, row.blob, bodyFrom, length);
  return slot;
}

/** The body in `blob` becomes the slot's, which has none: those that come back are packed into chunks of their own. */
export function keepBody(shard: ShardState, slot: number, blob: Buffer, from: number, length: number): void {
  const { chunks, table } = shard;
  const load = shard.loading;
  if (load.chunk === NO_BLOCK || load.at + length > CHUNK_BYTES) {
    if (load.chunk !== NO_BLOCK) chunks.drop(load.chunk);
    load.chunk = chunks.take();
    load.at = 0;
  }
  blob.copy(chunks.bytesOf(load.chunk).u8, load.at, from, from + length);
  table.bodyBlock[slot] = load.chunk;
  table.bodyAt[slot] = load.at;
  table.bodyLength[slot] = length;
  chunks.use(load.chunk);
  load.at += length;
}

/** Moves the body of a slot that was just filled from an event out of that event's memory. */
export function keepBodyOf(shard: ShardState, slot: number, from: Buffer): void {
  const { table } = shard;
  keepBody(shard, slot, from, table.bodyAt[slot], table.bodyLength[slot]);
}

/** The disk is short: what is left is for events, and moving messages about can wait. */
function isShort(shard: ShardState): boolean {
  return shard.refusing || shard.blocked;
}

function room(shard: ShardState): number {
  return Math.max(0, shard.table.freeSlots() - (shard.table.capacity >> 4));
}

/** More of an SMSC's queue, when memory has run low on it. */
export function refillQueue(shard: ShardState, smsc: Smsc): void {
  if (isShort(shard) || smsc.queue.length > REFILL || shard.store.count(KIND_QUEUED, smsc.index) === 0)
    return;
  const limit = Math.min(REFILL, room(shard));
  if (limit === 0) return;
  for (const row of shard.store.take(KIND_QUEUED, smsc.index, limit)) {
    const slot = loadRow(shard, row, SLOT_QUEUED);
    smsc.queue.push(slot, shard.table.priority[slot]);
  }
}

/** Stored retries that are due now join the queue. */
export function refillRetries(shard: ShardState, smsc: Smsc): void {
  if (isShort(shard) || shard.store.count(KIND_RETRY, smsc.index) === 0) return;
  const limit = Math.min(REFILL, room(shard));
  if (limit === 0) return;
  for (const row of shard.store.takeDue(KIND_RETRY, smsc.index, shard.nowMs, limit)) {
    const slot = loadRow(shard, row, SLOT_QUEUED);
    smsc.queue.push(slot, shard.table.priority[slot]);
  }
}

/** More of an account's receipts. */
export function refillDesk(shard: ShardState, desk: ReceiptDesk): void {
  if (isShort(shard) || desk.queue.length > REFILL / 4 || shard.store.count(KIND_RECEIPT, desk.account) === 0)
    return;
  const limit = Math.min(REFILL, room(shard));
  if (limit === 0) return;
  for (const row of shard.store.take(KIND_RECEIPT, desk.account, limit)) {
    desk.queue.push(loadRow(shard, row, SLOT_RECEIPT));
  }
}

/**
 * Memory runs short: messages that wait for something far off leave it, in the order of what is least likely to be
 * needed soon. One batch a call.
 */
export function makeRoom(shard: ShardState): void {
  if (isShort(shard) || shard.table.freeSlots() > shard.table.capacity >> 3) return;
  if (evictAwaiting(shard) > 0) return;
  for (const desk of shard.desks) {
    if (desk !== undefined && desk.queue.length > BATCH && evictReceipts(shard, desk) > 0) return;
  }
  for (const smsc of shard.owned) if (evictRetries(shard, smsc) > 0) return;
}

function evict(shard: ShardState, slots: number[]): number {
  if (slots.length === 0) return 0;
  shard.store.upsert(slots.map((slot) => rowOf(shard, slot)));
  for (const slot of slots) {
    noteLeaving(shard, slot);
    forget(shard, slot);
  }
  return slots.length;
}

function evictAwaiting(shard: ShardState): number {
  const { table } = shard;
  const slots: number[] = [];
  // The hand goes round, so that a call looks at each slot at most once and the next goes on from there.
  for (let seen = 0; seen < table.capacity && slots.length < BATCH; seen++) {
    shard.hand = (shard.hand + 1) % table.capacity;
    const state = table.state[shard.hand];
    if (state === SLOT_AWAITING || state === SLOT_PART_DONE) slots.push(shard.hand);
  }
  return evict(shard, slots);
}

function evictReceipts(shard: ShardState, desk: ReceiptDesk): number {
  const slots: number[] = [];
  while (slots.length < BATCH) slots.push(desk.queue.shift());
  return evict(shard, slots);
}

function evictRetries(shard: ShardState, smsc: Smsc): number {
  const { table } = shard;
  const slots: number[] = [];
  while (slots.length < BATCH && smsc.retries.length > 0) {
    const slot = smsc.retries.takeDue(Number.POSITIVE_INFINITY);
    if (table.state[slot] !== SLOT_RETRY || table.dueMs[slot] !== smsc.retries.takenDueMs) continue;
    slots.push(slot);
  }
  return evict(shard, slots);
}

/** Empties the chunks that the fewest messages hold: their bodies stay in the store until they are sent. */
export function relieveChunks(shard: ShardState): void {
  if (isShort(shard) || shard.chunks.inUse <= CHUNKS_IN_USE_MAX) return;
  const { table } = shard;
  const users = new Map<number, number[]>();
  for (let slot = 0; slot < table.capacity; slot++) {
    const state = table.state[slot];
    const chunk = table.bodyBlock[slot];
    if (state === SLOT_FREE || state === SLOT_JOURNAL || chunk === NO_BLOCK || slot === shard.scratch)
      continue;
    const slots = users.get(chunk);
    if (slots === undefined) users.set(chunk, [slot]);
    else slots.push(slot);
  }
  const bySize = [...users.values()].sort((a, b) => a.length - b.length);
  for (const slots of bySize.slice(0, CHUNKS_IN_USE_MAX / 4)) {
    shard.store.upsert(slots.map((slot) => loadedRowOf(shard, slot)));
    for (const slot of slots) {
      table.flags[slot] |= FLAG_STORED;
      table.dirtySegment[slot] = 0;
      dropBody(shard, slot);
    }
  }
}
