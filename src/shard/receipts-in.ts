/** A deliver_sm from an SMSC: matched to its message, journalled, and only then answered. */
import { NO_SLOT, ERR_AT, SLOT_AWAITING, SLOT_JOURNAL, TEXT_BYTES } from '../core/message-table.ts';
import { CELL_MALFORMED, CELL_MO_REFUSED, SMSC_RECEIPTS } from '../core/ring/counters.ts';
import type { OutboundBind } from '../smpp/client.ts';
import { ESME_ROK, ESME_RX_R_APPN, ESME_RX_T_APPN, STATE_UNKNOWN, VERSION_34 } from '../smpp/constants.ts';
import { readU32 } from '../smpp/cursor.ts';
import { scanDeliverSm } from '../smpp/pdu/deliver-sm.ts';
import { MessageFields } from '../smpp/pdu/message-fields.ts';
import { isFinalState } from '../smpp/receipt-state.ts';
import { ReceiptFields, isReceipt, scanReceipt } from '../smpp/receipt.ts';
import { appendReceipt } from './events.ts';
import { park } from './parked.ts';
import { unpackRow } from './row.ts';
import { loadRow, rowOf } from './spill.ts';
import { becomeReceipt } from './waiting.ts';
import type { ShardState, Smsc } from './state.ts';

const ERR_BYTES_MAX = 7;

/** Reused for every deliver_sm of this thread. */
export class DeliverReader {
  readonly message = new MessageFields();
  readonly receipt = new ReceiptFields();
}

/** False: the group is full, read no further until it is committed. */
export function onDeliver(
  shard: ShardState,
  reader: DeliverReader,
  bind: OutboundBind,
  bytes: Buffer,
  start: number,
  end: number,
): boolean {
  const group = shard.journal.filling;
  const sequence = readU32(bytes, start + 12);
  const status = scanDeliverSm(bytes, start, end, VERSION_34, reader.message);
  if (status !== ESME_ROK) {
    shard.cells[CELL_MALFORMED]++;
    bind.answerDeliver(bind.ticket(), sequence, status);
    return true;
  }
  const { receipt, message } = reader;
  const named = scanReceipt(bytes, start, message, receipt);
  if (!named || !(isReceipt(message.esmClass) || receipt.isReceiptText)) {
    // A message from a handset: nothing here routes those yet, and what can not be kept must not be taken.
    shard.cells[CELL_MO_REFUSED]++;
    bind.answerDeliver(bind.ticket(), sequence, ESME_RX_R_APPN);
    return true;
  }
  const smsc = shard.smscs[bind.smsc] as Smsc;
  smsc.cells[SMSC_RECEIPTS]++;
  if (shard.blocked && needsStore(shard, smsc, receipt)) {
    // The store can not be written to now: the SMSC keeps the receipt and offers it again.
    bind.answerDeliver(bind.ticket(), sequence, ESME_RX_T_APPN);
    return true;
  }
  const slot = onReceipt(shard, smsc, receipt);
  // Also a repeated receipt waits for a commit: the first one's may still be in flight.
  group.addReceipt(bind.ticket(), sequence, slot);
  return !group.isFull();
}

/** The message of this receipt is not in memory, but may be in the store. */
function needsStore(shard: ShardState, smsc: Smsc, receipt: ReceiptFields): boolean {
  const idLength = receipt.idEnd - receipt.idAt;
  if (shard.index.find(smsc.index, receipt.bytes, receipt.idAt, idLength) !== NO_SLOT) return false;
  return shard.store.hasAwaiting(smsc.index);
}

/** Takes the receipt down; returns the slot to hand on after the commit, or NO_SLOT. */
function onReceipt(shard: ShardState, smsc: Smsc, receipt: ReceiptFields): number {
  const { table } = shard;
  const idLength = receipt.idEnd - receipt.idAt;
  let slot = shard.index.find(smsc.index, receipt.bytes, receipt.idAt, idLength);
  const state = receipt.state < 0 ? STATE_UNKNOWN : receipt.state;
  if (slot === NO_SLOT && shard.store.hasAwaiting(smsc.index)) {
    if (shard.table.freeSlots() === 0) {
      if (withoutSlot(shard, smsc, receipt, state)) return NO_SLOT;
    } else slot = fromStore(shard, smsc, receipt);
  }
  if (slot === NO_SLOT) {
    parkReceipt(shard, smsc, receipt);
    return NO_SLOT;
  }
  // One final state a message, whatever the SMSC repeats; what comes before it is not final.
  if (table.state[slot] !== SLOT_AWAITING || !isFinalState(state)) return NO_SLOT;
  take(shard, smsc, slot, receipt, state);
  return slot;
}

/** The slot's message has its final state. */
function take(shard: ShardState, smsc: Smsc, slot: number, receipt: ReceiptFields, state: number): void {
  const { table } = shard;
  table.finalState[slot] = state;
  table.doneMs[slot] = receipt.doneDateMs > 0 ? receipt.doneDateMs : shard.nowMs;
  table.errLength[slot] = keepError(shard, slot, receipt);
  becomeReceipt(shard, slot);
  appendReceipt(shard, slot, smsc.index);
}

/**
 * Memory is full: the row of the message is changed where it is, by way of the scratch slot, and its desk takes it
 * from the store. True: the receipt is dealt with. (Parked it would wait for a submit_sm_resp that came long ago.)
 */
function withoutSlot(shard: ShardState, smsc: Smsc, receipt: ReceiptFields, state: number): boolean {
  const { scratch, store, table } = shard;
  const row = store.findAwaiting(smsc.index, idOf(receipt));
  if (row === undefined) return false;
  if (!isFinalState(state)) return true;
  unpackRow(table, scratch, row);
  take(shard, smsc, scratch, receipt, state);
  store.upsert([rowOf(shard, scratch)]);
  table.state[scratch] = SLOT_JOURNAL;
  table.dirtySegment[scratch] = 0;
  return true;
}

function idOf(receipt: ReceiptFields): string {
  return Buffer.from(receipt.bytes.subarray(receipt.idAt, receipt.idEnd)).toString('latin1');
}

function keepError(shard: ShardState, slot: number, receipt: ReceiptFields): number {
  const { table } = shard;
  if (receipt.networkErrorCode >= 0) {
    const text = String(receipt.networkErrorCode).padStart(3, '0');
    return table.text.write(text, slot * TEXT_BYTES + ERR_AT, ERR_BYTES_MAX, 'latin1');
  }
  return table.keepBytes(
    slot,
    ERR_AT,
    receipt.bytes,
    receipt.errAt,
    receipt.errEnd - receipt.errAt,
    ERR_BYTES_MAX,
  );
}

function fromStore(shard: ShardState, smsc: Smsc, receipt: ReceiptFields): number {
  const row = shard.store.takeAwaiting(smsc.index, idOf(receipt));
  if (row === undefined) return NO_SLOT;
  const slot = loadRow(shard, row, SLOT_AWAITING);
  shard.index.add(slot);
  return slot;
}

function parkReceipt(shard: ShardState, smsc: Smsc, receipt: ReceiptFields): void {
  const { bytes } = receipt;
  const state = receipt.state < 0 ? STATE_UNKNOWN : receipt.state;
  if (!isFinalState(state)) return;
  const error = receipt.networkErrorCode >= 0 ? String(receipt.networkErrorCode).padStart(3, '0') : undefined;
  park(shard, {
    smsc: smsc.index,
    smscId: idOf(receipt),
    state,
    doneMs: receipt.doneDateMs > 0 ? receipt.doneDateMs : shard.nowMs,
    err: error ?? Buffer.from(bytes.subarray(receipt.errAt, receipt.errEnd)).toString('latin1'),
    parkedMs: shard.nowMs,
    segment: 0,
  });
}
