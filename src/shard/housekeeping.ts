/** What time brings: binds that connect or give up, retries that are due, expiries, settling, and the disk's room. */
import * as fs from 'node:fs';
import { STATE_ACCEPTED, STATE_EXPIRED, STATE_UNKNOWN } from '../smpp/constants.ts';
import {
  FLAG_SCHEDULED,
  NO_SLOT,
  SLOT_AWAITING,
  SLOT_QUEUED,
  SLOT_RECEIPT,
  SLOT_RETRY,
} from '../core/message-table.ts';
import type { MessageTable } from '../core/message-table.ts';
import { FINAL_NO_RECEIPT, FINAL_RECEIPT_NOT_TAKEN, FINAL_SENT, SMSC_NONE } from '../core/records.ts';
import {
  CELL_DISK_REFUSING,
  CELL_HEARTBEAT_MS,
  CELL_PENDING,
  CELL_RECEIPTS_WAITING,
  CELL_SEGMENT,
  CELL_SLOTS_USED,
  CELL_STORED,
  SMSC_BOUND,
  SMSC_EXPIRED,
} from '../core/ring/counters.ts';
import { NO_BIND } from '../cdr/group.ts';
import { isBound } from '../smpp/session.ts';
import { KINDS, KIND_AWAITING, KIND_QUEUED, KIND_RECEIPT } from '../store/pending.ts';
import type { PendingRow } from '../store/pending.ts';
import { dispatch, publishDepth } from './dispatch.ts';
import { appendReceipt, finish } from './events.ts';
import { fail, onTimeouts } from './outcome.ts';
import { sweepHeld } from './joining.ts';
import { wasTaken } from './late.ts';
import { sweepParked } from './parked.ts';
import { endUntold, isPart, isUnknown, wantsReceiptOf } from './parts.ts';
import { deskOf, serveDesks, sweepReceipts } from './receipts-out.ts';
import { loadRow, makeRoom, refillRetries, relieveChunks } from './spill.ts';
import type { ShardState, Smsc } from './state.ts';
import { wantsReceipt } from './taken.ts';
import { becomeReceipt } from './waiting.ts';

const SWEEP_ROWS = 500;
const EXPIRY_SLOTS = 16_384;

/** Some times a second. */
export function onTick(shard: ShardState): void {
  const { nowMs } = shard;
  shard.cells[CELL_HEARTBEAT_MS] = nowMs;
  // A second would be too long: at full load the journal takes more than the whole reserve in that time.
  checkDisk(shard);
  for (const smsc of shard.owned) {
    for (const bind of smsc.binds) {
      onTimeouts(shard, smsc, bind);
      bind.tick(nowMs);
    }
    dueRetries(shard, smsc);
    refillRetries(shard, smsc);
    dispatch(shard, smsc);
    publishDepth(shard, smsc);
  }
  sweepReceipts(shard);
  sweepExpired(shard);
  makeRoom(shard);
  relieveChunks(shard);
  for (const account of shard.store.keysOf(KIND_RECEIPT)) shard.deskWork.add(deskOf(shard, account));
  serveDesks(shard);
  publishCells(shard);
}

function dueRetries(shard: ShardState, smsc: Smsc): void {
  const { table } = shard;
  const { retries } = smsc;
  const due: number[] = [];
  for (let slot = retries.takeDue(shard.nowMs); slot !== NO_SLOT; slot = retries.takeDue(shard.nowMs)) {
    // A late answer or a move to the store may have overtaken the entry.
    if (table.state[slot] !== SLOT_RETRY || table.dueMs[slot] !== retries.takenDueMs) continue;
    table.state[slot] = SLOT_QUEUED;
    due.push(slot);
  }
  // The parts of a scheduled message are due together, and go in their order.
  due.sort((a, b) => table.dueMs[a] - table.dueMs[b] || byId(table, a, b));
  // A message that was scheduled comes to the end of the queue: it is not late.
  const isScheduled = (slot: number): boolean =>
    (table.flags[slot] & FLAG_SCHEDULED) !== 0 && table.attempts[slot] === 0;
  for (const slot of due) if (isScheduled(slot)) smsc.queue.push(slot, table.priority[slot]);
  for (const slot of due.toReversed()) {
    if (!isScheduled(slot)) smsc.queue.unshift(slot, table.priority[slot]);
  }
}

function byId({ idHigh, idLow }: MessageTable, a: number, b: number): number {
  return idHigh[a] - idHigh[b] || idLow[a] - idLow[b];
}

/** A part of the slots each time: what waits to be sent and is past its validity ends, also while nothing is sent. */
function sweepExpired(shard: ShardState): void {
  const { table, nowMs } = shard;
  let found = false;
  for (let seen = 0; seen < EXPIRY_SLOTS && seen < table.capacity; seen++) {
    shard.expiryHand = (shard.expiryHand + 1) % table.capacity;
    const slot = shard.expiryHand;
    const state = table.state[slot];
    if (state === SLOT_QUEUED && table.expiresMs[slot] <= nowMs) found = true;
    else if (state === SLOT_RETRY && table.expiresMs[slot] <= nowMs) expire(shard, slot);
  }
  if (found) for (const smsc of shard.owned) rebuildQueue(shard, smsc);
}

function expire(shard: ShardState, slot: number): void {
  const smsc = shard.smscs[shard.table.smsc[slot]] as Smsc;
  if (wasTaken(shard, smsc, slot)) return;
  smsc.cells[SMSC_EXPIRED]++;
  fail(shard, slot, 0, STATE_EXPIRED);
}

/** Queues are linked one way: to take expired messages out of the middle, all are taken and the rest put back. */
function rebuildQueue(shard: ShardState, smsc: Smsc): void {
  const { table } = shard;
  smsc.queue.sift((slot) => {
    if (table.expiresMs[slot] > shard.nowMs) return true;
    expire(shard, slot);
    return false;
  });
}

/** Once a second: what is in the store and past its time. */
export function onSecond(shard: ShardState): void {
  for (const smsc of shard.owned) {
    smsc.answeredBefore = smsc.answered;
    smsc.answered = 0;
  }
  if (!shard.refusing && !shard.blocked) sweepStore(shard);
  sweepSlots(shard);
  sweepParked(shard);
  if (!shard.refusing && !shard.blocked) sweepHeld(shard);
}

function sweepStore(shard: ShardState): void {
  const { nowMs, store } = shard;
  for (const smsc of shard.owned) {
    sweepStored(shard, store.due(KIND_QUEUED, smsc.index, nowMs, SWEEP_ROWS), expire);
    sweepStored(shard, store.due(KIND_AWAITING, smsc.index, nowMs, SWEEP_ROWS), noReceipt);
  }
  for (const account of store.keysOf(KIND_RECEIPT)) {
    sweepStored(shard, store.due(KIND_RECEIPT, account, nowMs, SWEEP_ROWS), notTaken);
  }
}

function sweepStored(
  shard: ShardState,
  rows: PendingRow[],
  end: (shard: ShardState, slot: number) => void,
): void {
  for (const row of rows) {
    if (shard.table.freeSlots() === 0) return;
    shard.store.claim(row);
    end(shard, loadRow(shard, row, SLOT_QUEUED));
  }
}

function noReceipt(shard: ShardState, slot: number): void {
  if (isPart(shard, slot)) {
    endUntold(shard, slot, STATE_UNKNOWN);
    return;
  }
  const { table } = shard;
  if (isUnknown(table, slot) && wantsReceiptOf(table.registeredDelivery[slot], STATE_UNKNOWN)) {
    becomeReceipt(shard, slot);
    appendReceipt(shard, slot, SMSC_NONE);
    shard.journal.filling.addReceipt(NO_BIND, 0, slot);
    return;
  }
  // Sent for notifications alone: it is as final as any other without a receipt.
  if (wantsReceipt(table.registeredDelivery[slot])) {
    finish(shard, slot, STATE_UNKNOWN, FINAL_NO_RECEIPT);
  } else finish(shard, slot, STATE_ACCEPTED, FINAL_SENT);
}

function notTaken(shard: ShardState, slot: number): void {
  finish(shard, slot, shard.table.finalState[slot], FINAL_RECEIPT_NOT_TAKEN);
}

/** What waits in memory for a receipt, or for its ESME, longer than it should. */
function sweepSlots(shard: ShardState): void {
  const { nowMs, table } = shard;
  let found = false;
  for (let slot = 0; slot < table.capacity; slot++) {
    const state = table.state[slot];
    if (state === SLOT_AWAITING && table.expiresMs[slot] <= nowMs) noReceipt(shard, slot);
    else if (state === SLOT_RECEIPT && table.expiresMs[slot] <= nowMs) found = true;
  }
  if (!found) return;
  for (const { queue } of shard.desks.filter((desk) => desk !== undefined)) {
    for (let count = queue.length; count > 0; count--) {
      const slot = queue.shift();
      if (table.expiresMs[slot] <= nowMs) notTaken(shard, slot);
      else queue.push(slot);
    }
  }
}

/** Short of disk: nothing new is accepted, while what is under way may still be written. */
export function checkDisk(shard: ShardState): void {
  const { bavail, bsize } = fs.statfsSync(shard.dataDir);
  shard.refusing = bavail * bsize < shard.config.ledger.disk_reserve_bytes;
  shard.journal.holdsRoll = shard.refusing || shard.blocked;
  shard.cells[CELL_DISK_REFUSING] = shard.refusing || shard.blocked ? 1 : 0;
}

export function publishCells(shard: ShardState): void {
  const { cells, store, table } = shard;
  let stored = 0;
  for (const kind of KINDS) {
    for (const key of store.keysOf(kind)) stored += store.count(kind, key);
  }
  let entering = 0;
  let receipts = 0;
  for (const smsc of shard.owned) entering += smsc.entering;
  for (const desk of shard.desks) if (desk !== undefined) receipts += desk.queue.length;
  for (const key of store.keysOf(KIND_RECEIPT)) receipts += store.count(KIND_RECEIPT, key);
  cells[CELL_SLOTS_USED] = table.used - 1;
  cells[CELL_STORED] = stored;
  cells[CELL_PENDING] = table.used - 1 - entering + stored;
  cells[CELL_RECEIPTS_WAITING] = receipts;
  cells[CELL_SEGMENT] = shard.journal.segment;
  for (const smsc of shard.owned) {
    let bound = 0;
    let senders = 0;
    for (const bind of smsc.binds) {
      if (!isBound(bind.state)) continue;
      bound++;
      if (bind.kind !== 'receiver') senders++;
    }
    // One that can only report takes no messages: to routing it is not there.
    smsc.cells[SMSC_BOUND] = senders === 0 ? 0 : bound;
  }
}
