/**
 * Which message a receipt is about: by the SMSC's id, in memory and in the store, as the SMSC's receipt_ids says (spec
 * section 9.3). Exactly this id first; then one that differs in letter case only; then in leading zeros; then in its
 * base. One message that has exactly the id is taken at once; of several, and where the id is only similar, the
 * addresses must agree. Never one of two.
 */
import { isSameAddress } from '../core/address.ts';
import {
  DEST_AT,
  SLOT_AWAITING,
  SLOT_IN_FLIGHT,
  SLOT_JOURNAL,
  SLOT_QUEUED,
  SLOT_RETRY,
  SOURCE_AT,
  TEXT_BYTES,
} from '../core/message-table.ts';
import { IDS_DIFFER, choose, hashSmscId, likenessOfIds, lookUpId } from '../core/smsc-id.ts';
import type { Candidate } from '../core/smsc-id.ts';
import type { MessageFields } from '../smpp/pdu/message-fields.ts';
import { receiptState } from '../smpp/receipt.ts';
import type { ReceiptFields } from '../smpp/receipt.ts';
import { KIND_AWAITING } from '../store/pending.ts';
import type { PendingRow } from '../store/pending.ts';
import { findById } from './find-message.ts';
import type { Way } from './parking.ts';
import { unpackRow } from './row.ts';
import type { ShardState, Smsc } from './state.ts';

/** A slot, or the row of a message that is only in the store. */
export type Awaited = number | PendingRow;

/** A scanned receipt, and the PDU that it is in. */
export interface Told {
  message: MessageFields;
  receipt: ReceiptFields;
}

/** The message that the SMSC's receipt names; undefined: none, or not one alone. */
export function findAwaited(shard: ShardState, smsc: Smsc, told: Told, bytes: Buffer): Awaited | undefined {
  const { index, store } = shard;
  const { receipt } = told;
  const mode = smsc.config.receipt_ids;
  if (mode === 'auto' || mode === 'as-is') {
    const slot = index.find(smsc.index, receipt.bytes, receipt.idAt, receipt.idEnd - receipt.idAt);
    // The store may have another one with this id.
    if (slot >= 0 && (store.awaitingRows === 0 || isMeant(shard, slot, told, bytes))) {
      index.habits.alike(smsc.index);
      return slot;
    }
  }
  return findOtherwise(shard, smsc, told, bytes);
}

/** Apart, so that the usual way above makes no closure. */
function findOtherwise(shard: ShardState, smsc: Smsc, told: Told, bytes: Buffer): Awaited | undefined {
  const { receipt } = told;
  const id = Buffer.from(receipt.bytes.subarray(receipt.idAt, receipt.idEnd)).toString('latin1');
  // Asked only where something must fit at all.
  let isOld: boolean | undefined;
  const fits = (found: Awaited): boolean => {
    isOld ??= isRepeat(shard, smsc.index, id, receipt);
    return !isOld && isMeant(shard, found, told, bytes);
  };
  const oneOf = (found: Awaited[]): Awaited | undefined => waitingOne(shard, found, told);
  return lookUpId<Awaited>(
    smsc.index,
    smsc.config.receipt_ids,
    id,
    true,
    shard.index.habits,
    (each, manner) => choose(candidatesFor(shard, smsc.index, each), manner, fits, oneOf),
  );
}

/** A message with this id, or a similar one, has ended with just this: no other is meant, least of all by guessing. */
function isRepeat(shard: ShardState, smsc: number, id: string, receipt: ReceiptFields): boolean {
  const bytes = Buffer.from(id, 'latin1');
  const hash = hashSmscId(smsc, bytes, 0, bytes.length);
  const { doneDateMs } = receipt;
  const { nowMs } = shard;
  // One without a date was noted with the time at which it came.
  const fromMs = doneDateMs > 0 ? doneDateMs : nowMs - shard.config.receipts.park_s * 1000;
  return shard.finals.hasEnded(hash, receiptState(receipt), fromMs, doneDateMs > 0 ? doneDateMs : nowMs);
}

function candidatesFor(shard: ShardState, smsc: number, id: string): Candidate<Awaited>[] {
  const bytes = Buffer.from(id, 'latin1');
  const { length } = bytes;
  const candidates: Candidate<Awaited>[] = [];
  for (const { slot, likeness } of shard.index.alike(smsc, bytes, 0, length)) {
    candidates.push({ item: slot, likeness });
  }
  const rows = shard.store.hasAwaiting(smsc) ? shard.store.awaiting(smsc, id) : [];
  for (const row of rows) {
    const theirs = Buffer.from(row.smscId ?? '', 'latin1');
    const likeness = likenessOfIds(theirs, 0, theirs.length, bytes, 0, length);
    if (likeness !== IDS_DIFFER) candidates.push({ item: row, likeness });
  }
  if (shard.secondIds.size > 0) addSecond(shard, smsc, id, candidates);
  return candidates;
}

/** Messages that have this id beside another one. One that is on its way again is not ready for its receipt yet. */
function addSecond(shard: ShardState, smsc: number, id: string, candidates: Candidate<Awaited>[]): void {
  for (const { item, likeness } of shard.secondIds.candidates(smsc, id)) {
    const { idHigh, idLow } = item;
    const found = shard.table.holds(item.slot, idHigh, idLow) ? item.slot : elsewhere(shard, idHigh, idLow);
    if (found === undefined || candidates.some(({ item: each }) => isSame(each, found))) continue;
    if (typeof found === 'number' && NOT_SENT.has(shard.table.state[found])) continue;
    if (typeof found === 'number') item.slot = found;
    candidates.push({ item: found, likeness });
  }
}

function isSame(a: Awaited, b: Awaited): boolean {
  if (typeof a === 'number' || typeof b === 'number') return a === b;
  return a.idHigh === b.idHigh && a.idLow === b.idLow;
}

const NOT_SENT = new Set([SLOT_JOURNAL, SLOT_QUEUED, SLOT_IN_FLIGHT, SLOT_RETRY]);

function elsewhere(shard: ShardState, idHigh: number, idLow: number): Awaited | undefined {
  const found = findById(shard, idHigh, idLow);
  if (found?.where === 'memory') return found.slot;
  return found?.where === 'store' && found.row.kind === KIND_AWAITING ? found.row : undefined;
}

/**
 * Of several that the receipt fits: the one that has ended by the very same receipt, which then is a repeated one; else
 * the only one that still waits.
 */
function waitingOne(
  { table }: ShardState,
  several: readonly Awaited[],
  { receipt }: Told,
): Awaited | undefined {
  const state = receiptState(receipt);
  const waiting: Awaited[] = [];
  for (const found of several) {
    if (typeof found !== 'number' || table.state[found] === SLOT_AWAITING) waiting.push(found);
    else if (table.finalState[found] === state && table.doneMs[found] === receipt.doneDateMs) return found;
  }
  return waiting.length === 1 ? waiting[0] : undefined;
}

function isMeant(shard: ShardState, found: Awaited, { message }: Told, bytes: Buffer): boolean {
  const source = bytes.subarray(message.sourceAt, message.sourceEnd);
  return isMeantBy(shard, found, { source, dest: bytes.subarray(message.destAt, message.destEnd) });
}

/** Does a receipt that went this way agree with the message? Some SMSCs leave its addresses as the message had them. */
export function isMeantBy(shard: ShardState, found: Awaited, { source, dest }: Way): boolean {
  return (
    isAnswerTo(shard, found, { source, dest }) || isAnswerTo(shard, found, { source: dest, dest: source })
  );
}

/** TON and NPI before an address, the NUL behind it. */
const AROUND_BYTES = 3;

/**
 * Does the PDU go from where the message went to where it came from? What SMSCs make of a message without a source
 * address is anything.
 */
export function isAnswerTo(shard: ShardState, found: Awaited, way: Way): boolean {
  if (typeof found === 'number') return isAnswerToSlot(shard, found, way);
  unpackRow(shard.table, shard.scratch, found);
  const isAnswer = isAnswerToSlot(shard, shard.scratch, way);
  shard.table.flags[shard.scratch] = 0;
  return isAnswer;
}

function isAnswerToSlot({ table }: ShardState, slot: number, way: Way): boolean {
  const base = slot * TEXT_BYTES;
  const own = (at: number, length: number): Uint8Array =>
    table.text.subarray(base + at + AROUND_BYTES - 1, base + at + Math.max(length, AROUND_BYTES) - 1);
  const source = own(SOURCE_AT, table.sourceLength[slot]);
  if (!isSameAddress(own(DEST_AT, table.destLength[slot]), way.source)) return false;
  return source.length === 0 || isSameAddress(source, way.dest);
}

/** Is the message in memory, or none in the store? Then the store need not be asked. */
export function isInMemory(shard: ShardState, smsc: Smsc, told: Told, bytes: Buffer): boolean {
  if (!shard.store.hasAwaiting(smsc.index)) return true;
  return typeof findAwaited(shard, smsc, told, bytes) === 'number';
}
