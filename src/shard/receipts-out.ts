/** Durable receipts on their way to the ESME: lent to an edge with a receiver, and taken back with what came of it. */
import {
  NO_SLOT,
  SLOT_DELIVERING,
  SLOT_RECEIPT,
  SLOT_RECEIPT_LATER,
  TEXT_AT,
  TEXT_BYTES,
} from '../core/message-table.ts';
import {
  FINAL_RECEIPT_NOT_TAKEN,
  FINAL_RECEIPT_TAKEN,
  RECEIVERS_NEWER,
  RECEIVERS_WINDOW,
  RECORD_A,
  RECORD_B,
  RECORD_ID_HIGH,
  RECORD_ID_LOW,
  RESULT_LATER,
  RESULT_ODD,
  RESULT_SLOT,
  RESULT_STATUS,
  RESULT_TAKEN,
} from '../core/records.ts';
import { backoffMs } from '../core/retry.ts';
import type { Bytes } from '../core/bytes.ts';
import { RING_FULL } from '../core/ring/ring.ts';
import { SlotQueue } from '../core/slot-queue.ts';
import { writeDeliver } from './deliver-record.ts';
import { finish } from './events.ts';
import { refillDesk } from './spill.ts';
import type { ReceiptDesk, ShardState } from './state.ts';

const LATER_MS_MIN = 5_000;
const LATER_MS_MAX = 60_000;

export function deskOf(shard: ShardState, account: number): ReceiptDesk {
  const desk = shard.desks[account];
  if (desk !== undefined) return desk;
  const edges = shard.ends.writers.length;
  const fresh: ReceiptDesk = {
    account,
    queue: new SlotQueue(shard.table.next),
    window: new Int32Array(edges),
    lent: new Int32Array(edges),
    newer: new Int32Array(edges),
    turn: 0,
    returned: [],
  };
  shard.desks[account] = fresh;
  return fresh;
}

/** A receipt became durable: it may go to its ESME. */
export function queueReceipt(shard: ShardState, slot: number): void {
  const desk = deskOf(shard, shard.table.account[slot]);
  desk.queue.push(slot);
  shard.deskWork.add(desk);
}

/** An edge's receivers of an account changed. */
export function onReceivers(shard: ShardState, edge: number, bytes: Bytes, at: number): void {
  const desk = deskOf(shard, bytes.u16[(at + RECORD_B) >> 1]);
  desk.window[edge] = bytes.u32[(at + RECEIVERS_WINDOW) >> 2];
  desk.newer[edge] = bytes.u32[(at + RECEIVERS_NEWER) >> 2];
  shard.deskWork.add(desk);
}

/** Hands out what the windows have room for. */
export function serveDesks(shard: ShardState): void {
  for (const desk of shard.deskWork) {
    if (serve(shard, desk)) shard.deskWork.delete(desk);
  }
}

/** True: done for now, something has to happen before more can go. False: a ring was full. */
function serve(shard: ShardState, desk: ReceiptDesk): boolean {
  const edges = desk.window.length;
  // The first that came back was the first to go out.
  while (desk.returned.length > 0) desk.queue.unshift(desk.returned.pop() as number);
  for (let idle = 0; idle < edges;) {
    const edge = desk.turn;
    const room = desk.window[edge] - desk.lent[edge];
    if (room > 0) {
      refillDesk(shard, desk);
      if (desk.queue.length === 0) return true;
    }
    for (let count = 0; count < room; count++) {
      const slot = desk.queue.peek();
      if (slot === NO_SLOT) return true;
      if (!lend(shard, edge, slot)) return false;
      desk.queue.shift();
      desk.lent[edge]++;
    }
    desk.turn = (edge + 1) % edges;
    idle++;
  }
  return true;
}

function lend(shard: ShardState, edge: number, slot: number): boolean {
  const { table } = shard;
  const ring = shard.ends.writers[edge];
  const textAt = slot * TEXT_BYTES + TEXT_AT;
  const tlvs = table.receiptTlvs(slot);
  const at = writeDeliver(shard, ring, slot, table.text, textAt, table.textLength[slot], tlvs);
  if (at === RING_FULL) return false;
  ring.commit();
  table.state[slot] = SLOT_DELIVERING;
  return true;
}

/** What the ESME said, or that its session went away. */
export function onReceiptResult(shard: ShardState, edge: number, bytes: Bytes, at: number): void {
  const { table } = shard;
  const slot = bytes.u32[(at + RESULT_SLOT) >> 2];
  const desk = deskOf(shard, bytes.u16[(at + RECORD_B) >> 1]);
  desk.lent[edge]--;
  shard.deskWork.add(desk);
  const idLow = bytes.u32[(at + RECORD_ID_LOW) >> 2];
  const idHigh = bytes.u32[(at + RECORD_ID_HIGH) >> 2];
  if (!table.holds(slot, idHigh, idLow) || table.state[slot] !== SLOT_DELIVERING) {
    throw new Error(`receipt result for slot ${slot}, which is not being delivered`);
  }
  const result = bytes.u8[at + RECORD_A];
  if (result === RESULT_TAKEN) finish(shard, slot, table.finalState[slot], FINAL_RECEIPT_TAKEN);
  else notTaken(shard, desk, slot, result, bytes.u32[(at + RESULT_STATUS) >> 2]);
}

/** What was answered oddly is known in memory alone: after a crash, or a time in the store, it is offered once more. */
function notTaken(shard: ShardState, desk: ReceiptDesk, slot: number, result: number, status: number): void {
  const { table } = shard;
  if (result === RESULT_LATER || (result === RESULT_ODD && table.noteOddAnswer(slot))) {
    putOff(shard, desk, slot, status);
    return;
  }
  table.status[slot] = status;
  finish(shard, slot, table.finalState[slot], FINAL_RECEIPT_NOT_TAKEN);
}

/**
 * Status 0: the session went away, so the next one gets it at once. Else it waits for half to all of the time that it
 * has been kept, between the bounds: so the pauses grow, no count of them is kept, and others go before it.
 */
function putOff(shard: ShardState, desk: ReceiptDesk, slot: number, status: number): void {
  const { table } = shard;
  if (status === 0) {
    table.state[slot] = SLOT_RECEIPT;
    desk.returned.push(slot);
    return;
  }
  table.state[slot] = SLOT_RECEIPT_LATER;
  const keptMs = shard.nowMs - (table.expiresMs[slot] - shard.config.receipts.keep_s * 1000);
  const waitMs = Math.max(LATER_MS_MIN, Math.min(LATER_MS_MAX, keptMs));
  table.dueMs[slot] = shard.nowMs + backoffMs(1, waitMs, LATER_MS_MAX, Math.random());
  shard.receiptsLater.push(slot, table.dueMs[slot]);
}

/** Receipts that were put off and are due, and those that were kept long enough. */
export function sweepReceipts(shard: ShardState): void {
  const { table, receiptsLater } = shard;
  for (
    let slot = receiptsLater.takeDue(shard.nowMs);
    slot !== NO_SLOT;
    slot = receiptsLater.takeDue(shard.nowMs)
  ) {
    if (table.state[slot] !== SLOT_RECEIPT_LATER || table.dueMs[slot] !== receiptsLater.takenDueMs) continue;
    if (table.expiresMs[slot] <= shard.nowMs) {
      finish(shard, slot, table.finalState[slot], FINAL_RECEIPT_NOT_TAKEN);
      continue;
    }
    table.state[slot] = SLOT_RECEIPT;
    queueReceipt(shard, slot);
  }
}
