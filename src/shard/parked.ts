/** Receipts that came before their submit_sm_resp: parked, matched when it comes, orphaned when it never does. */
import { NO_BIND } from '../cdr/group.ts';
import { ERR_AT, SMSC_ID_AT, TEXT_BYTES } from '../core/message-table.ts';
import { RECEIPT_ERR_BYTES_MAX } from '../core/records.ts';
import { SEVERAL, decimalToHexId, hexToDecimalId, lookUpId } from '../core/smsc-id.ts';
import { appendOrphaned, appendParked } from './events.ts';
import { settleFinalState } from './final-state.ts';
import type { ParkedReceipt } from './parking.ts';
import type { ShardState } from './state.ts';

/** A message was just sent and its id is known: is its receipt here already? */
export function matchParked(shard: ShardState, slot: number): void {
  const { table } = shard;
  const at = slot * TEXT_BYTES + SMSC_ID_AT;
  const smscId = table.text.toString('latin1', at, at + table.smscIdLength[slot]);
  const receipt = unpark(shard, table.smsc[slot], smscId);
  if (receipt === undefined) return;
  table.finalState[slot] = receipt.state;
  table.doneMs[slot] = receipt.doneMs;
  table.errLength[slot] = Math.min(receipt.err.length, RECEIPT_ERR_BYTES_MAX);
  table.text.write(receipt.err, slot * TEXT_BYTES + ERR_AT, RECEIPT_ERR_BYTES_MAX, 'latin1');
  table.networkErrorType[slot] = receipt.networkErrorType;
  table.networkErrorCode[slot] = receipt.networkErrorCode;
  table.keepReceiptTlvs(slot, receipt.tlvs);
  if (settleFinalState(shard, slot, table.smsc[slot])) shard.journal.filling.addReceipt(NO_BIND, 0, slot);
}

/** Takes out the parked receipt of the message that its SMSC gave this id. */
export function unpark(shard: ShardState, smsc: number, smscId: string): ParkedReceipt | undefined {
  const { index, parking } = shard;
  const mode = shard.smscs[smsc]?.config.receipt_ids ?? 'auto';
  const receipt = lookUpId(smsc, mode, smscId, false, index.habits, (id) => parking.find(smsc, id));
  if (receipt !== undefined) parking.remove(receipt);
  return receipt;
}

/**
 * Recovery knows no habits: whether a receipt whose id is in the other base was taken, the RECEIPT event behind the
 * SENT event tells, by its state and date.
 */
export function unparkConverted(
  { parking }: ShardState,
  smsc: number,
  smscId: string,
  state: number,
  doneMs: number,
): void {
  for (const other of [decimalToHexId(smscId), hexToDecimalId(smscId)]) {
    const receipt = other === undefined ? undefined : parking.find(smsc, other);
    if (receipt === undefined || receipt === SEVERAL) continue;
    if (receipt.state === state && receipt.doneMs === doneMs) parking.remove(receipt);
  }
}

/** Keeps a receipt for later; the caller answers it once the event is durable. */
export function park(shard: ShardState, receipt: ParkedReceipt): void {
  receipt.segment = shard.journal.segment;
  if (shard.parking.add(receipt)) appendParked(shard, receipt);
  else appendOrphaned(shard, receipt);
}

/** Those that waited receipts.park_s are orphans. */
export function sweepParked(shard: ShardState): void {
  const before = shard.nowMs - shard.config.receipts.park_s * 1000;
  for (const receipt of shard.parking.expired(before, 1000)) appendOrphaned(shard, receipt);
}

/** A segment is about to be let go: parked receipts that only it holds are written again. */
export function carryParked(shard: ShardState, segment: number): void {
  for (const receipt of shard.parking.all()) {
    if (receipt.segment > segment) continue;
    receipt.segment = shard.journal.segment;
    appendParked(shard, receipt);
  }
}
