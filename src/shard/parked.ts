/** Receipts that came before their submit_sm_resp: parked, matched when it comes, orphaned when it never does. */
import { NO_BIND } from '../cdr/group.ts';
import { ERR_AT, SMSC_ID_AT, TEXT_BYTES } from '../core/message-table.ts';
import { RECEIPT_ERR_BYTES_MAX } from '../core/records.ts';
import { choose, decimalToHexId, hexToDecimalId, lookUpId } from '../core/smsc-id.ts';
import { appendOrphaned, appendParked } from './events.ts';
import { settleFinalState } from './final-state.ts';
import { isMeantBy } from './matching.ts';
import type { ParkedReceipt } from './parking.ts';
import type { ShardState } from './state.ts';

/**
 * A message was just sent, at `sentMs`, and its id is known: is its receipt here already? One that came before the
 * message was sent is of an earlier message: an SMSC that repeats what was answered long ago, or that counts anew.
 * `smscId`: another id that the SMSC gave the message, one Latin-1 character an octet. True: it was, and is dealt with.
 */
export function matchParked(
  shard: ShardState,
  slot: number,
  sentMs: number,
  smscId: string = smscIdOf(shard, slot),
): boolean {
  const { table } = shard;
  const receipt = unpark(shard, slot, smscId, sentMs);
  if (receipt === undefined) return false;
  table.finalState[slot] = receipt.state;
  table.doneMs[slot] = receipt.doneMs;
  table.errLength[slot] = Math.min(receipt.err.length, RECEIPT_ERR_BYTES_MAX);
  table.text.write(receipt.err, slot * TEXT_BYTES + ERR_AT, RECEIPT_ERR_BYTES_MAX, 'latin1');
  table.networkErrorType[slot] = receipt.networkErrorType;
  table.networkErrorCode[slot] = receipt.networkErrorCode;
  table.keepReceiptTlvs(slot, receipt.tlvs);
  if (settleFinalState(shard, slot, table.smsc[slot])) shard.journal.filling.addReceipt(NO_BIND, 0, slot);
  return true;
}

function smscIdOf({ table }: ShardState, slot: number): string {
  const at = slot * TEXT_BYTES + SMSC_ID_AT;
  return table.text.toString('latin1', at, at + table.smscIdLength[slot]);
}

/** Takes out the parked receipt of the message that its SMSC gave this id. */
function unpark(shard: ShardState, slot: number, smscId: string, sentMs: number): ParkedReceipt | undefined {
  const { index, parking, table } = shard;
  const smsc = table.smsc[slot];
  const mode = shard.smscs[smsc]?.config.receipt_ids ?? 'auto';
  const fits = ({ way }: ParkedReceipt): boolean => way !== undefined && isMeantBy(shard, slot, way);
  const receipt = lookUpId(smsc, mode, smscId, false, index.habits, (id, manner) => {
    const inTime = parking.candidates(smsc, id).filter(({ item }) => item.parkedMs >= sentMs);
    return choose(inTime, manner, fits, firstOf);
  });
  if (receipt !== undefined) parking.remove(receipt);
  return receipt;
}

/** Of one id they are what the SMSC said of one message: the first counts. */
function firstOf(several: ParkedReceipt[]): ParkedReceipt | undefined {
  return several.every(({ smscId }) => smscId === several[0].smscId) ? several[0] : undefined;
}

/**
 * In recovery: whether a receipt whose id is written otherwise was taken, the RECEIPT event behind the SENT event
 * tells, by its state and date.
 */
export function unparkTaken(
  { parking }: ShardState,
  smsc: number,
  smscId: string,
  state: number,
  doneMs: number,
): void {
  for (const id of [smscId, decimalToHexId(smscId), hexToDecimalId(smscId)]) {
    if (id === undefined) continue;
    const taken = parking
      .candidates(smsc, id)
      .find(({ item }) => item.state === state && item.doneMs === doneMs);
    if (taken === undefined) continue;
    parking.remove(taken.item);
    return;
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
