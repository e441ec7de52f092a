/**
 * A deliver_sm or data_sm from an SMSC: a receipt is matched to its message, journalled, and only then answered; so is
 * what tells of a message without ending it.
 */
import {
  ERR_AT,
  FLAG_STORED,
  NO_NETWORK_ERROR,
  NO_SLOT,
  SLOT_AWAITING,
  TEXT_BYTES,
} from '../core/message-table.ts';
import { FINAL_FAILED, FINAL_SENT, RECEIPT_ERR_BYTES_MAX } from '../core/records.ts';
import { CELL_MO_REFUSED, SMSC_RECEIPTS, SMSC_RECEIPT_TLVS_LEFT_OUT } from '../core/ring/counters.ts';
import type { OutboundBind } from '../smpp/client.ts';
import * as smpp from '../smpp/constants.ts';
import { readU32 } from '../smpp/cursor.ts';
import { scanDataSm } from '../smpp/pdu/data-sm-scan.ts';
import { scanDeliverSm } from '../smpp/pdu/deliver-sm.ts';
import { MessageFields } from '../smpp/pdu/message-fields.ts';
import { isFinalState } from '../smpp/receipt-state.ts';
import { ReceiptFields, receiptState, scanReceipt } from '../smpp/receipt.ts';
import { receiptTlvsOf, withNetworkError } from '../smpp/receipt-tlvs.ts';
import type { ReceiptTags } from '../smpp/receipt-tlvs.ts';
import type { PendingRow } from '../store/pending.ts';
import { appendFinal, appendReceipt } from './events.ts';
import { settleFinalState } from './final-state.ts';
import { findAwaited, isAnswerTo, isInMemory } from './matching.ts';
import type { Awaited } from './matching.ts';
import { appendIntermediate, offerAfterCommit, readNotice, wantsNotice } from './notices.ts';
import { park } from './parked.ts';
import { isPart, markUnknown, wantsReceiptOf } from './parts.ts';
import { accountOfRow, unpackRow } from './row.ts';
import { loadRow, rowOf } from './spill.ts';
import { resetScratch } from './scratch.ts';
import type { ShardState, Smsc } from './state.ts';
import { becomeReceipt } from './waiting.ts';

/** Reused for every deliver_sm of this thread. */
export class DeliverReader {
  readonly message = new MessageFields();
  readonly receipt = new ReceiptFields();
  /** Vendor TLVs that are handed on to the client; mostly none. */
  tlvs: Buffer | undefined = undefined;
}

/** No type of esm_class: the PDU tells of no message of ours. */
const NO_TYPE = 0;
/** Beside ESM_RECEIPT: nothing but the text says so. */
const BY_CONTENT = 0x100;
/** In place of a slot: the SMSC keeps the receipt and offers it again. */
const PUT_OFF = -2;
/** In place of a slot: it is of no use here. */
const REFUSED = -3;

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
  const status = scan(reader, bytes, start, end);
  if (status !== smpp.ESME_ROK) {
    bind.faults.add('malformed');
    bind.answerDeliver(bind.ticket(), sequence, status);
    return true;
  }
  const smsc = shard.smscs[bind.smsc] as Smsc;
  const named = scanReceipt(bytes, start, reader.message, reader.receipt);
  const type = named ? typeOf(smsc, reader) : NO_TYPE;
  reader.tlvs = undefined;
  if (smsc.receiptTags !== undefined && type !== NO_TYPE) readTlvs(smsc, smsc.receiptTags, reader, bytes);
  const { networkErrorType, networkErrorCode } = reader.receipt;
  if (named) reader.tlvs = withNetworkError(reader.tlvs, networkErrorType, networkErrorCode);
  const slot = type === NO_TYPE ? REFUSED : take(shard, smsc, reader, bytes, type);
  if (slot === REFUSED) {
    // A message from a handset: nothing here routes those yet, and what can not be kept must not be taken.
    shard.cells[CELL_MO_REFUSED]++;
    bind.answerDeliver(bind.ticket(), sequence, smpp.ESME_RX_R_APPN);
    return true;
  }
  smsc.cells[SMSC_RECEIPTS]++;
  if (slot === PUT_OFF) {
    bind.answerDeliver(bind.ticket(), sequence, smpp.ESME_RX_T_APPN);
    return true;
  }
  // Also a repeated receipt waits for a commit: the first one's may still be in flight.
  group.addReceipt(bind.ticket(), sequence, slot);
  return !group.isFull();
}

function readTlvs(smsc: Smsc, tags: ReceiptTags, reader: DeliverReader, bytes: Buffer): void {
  const { kept, leftOut } = receiptTlvsOf(bytes, reader.message.tlvAt, reader.message.end, tags);
  reader.tlvs = kept;
  smsc.cells[SMSC_RECEIPT_TLVS_LEFT_OUT] += leftOut;
}

function scan(reader: DeliverReader, bytes: Buffer, start: number, end: number): number {
  if (readU32(bytes, start + 4) === smpp.DATA_SM) return scanDataSm(bytes, start, end, reader.message);
  return scanDeliverSm(bytes, start, end, smpp.VERSION_34, reader.message);
}

/** The esm_class type that the PDU has, or by its content should have. */
function typeOf(smsc: Smsc, { message, receipt }: DeliverReader): number {
  const type = message.esmClass & smpp.ESM_TYPE_MASK;
  if (type === smpp.ESM_RECEIPT || type === smpp.ESM_INTERMEDIATE) return type;
  if (type === smpp.ESM_DELIVERY_ACK || type === smpp.ESM_MANUAL_ACK) {
    // The words are the recipient's: only the TLV names a message.
    return message.receiptedIdLength > 0 ? type : NO_TYPE;
  }
  const isReceipt = smsc.config.receipts_by_content && receipt.isReceiptText;
  return isReceipt ? smpp.ESM_RECEIPT | BY_CONTENT : NO_TYPE;
}

/** Takes down what the PDU tells; returns the slot to hand on after the commit, or NO_SLOT, PUT_OFF, REFUSED. */
function take(shard: ShardState, smsc: Smsc, reader: DeliverReader, bytes: Buffer, told: number): number {
  const type = told & smpp.ESM_TYPE_MASK;
  // While the store can not be written to, only what is in memory can change.
  if (shard.blocked && !isInMemory(shard, smsc, reader, bytes)) return PUT_OFF;
  const found = findAwaited(shard, smsc, reader, bytes);
  if (told !== type && !isMeant(shard, reader, bytes, found)) return REFUSED;
  const state = receiptState(reader.receipt);
  const isFinal = type === smpp.ESM_RECEIPT && isFinalState(state);
  if (!isFinal) return takeNotice(shard, smsc, reader, bytes, type, found);
  if (found === undefined) {
    parkReceipt(shard, smsc, reader, bytes, state);
    return NO_SLOT;
  }
  if (typeof found === 'number') return takeFinal(shard, smsc, found, reader, state);
  if (shard.table.freeSlots() === 0) return withoutSlot(shard, smsc, found, reader, state);
  return takeFinal(shard, smsc, fromStore(shard, found), reader, state);
}

/** Anybody may write what looks like a receipt: it must be of a message that is known, and come from where it went. */
function isMeant(
  shard: ShardState,
  { message }: DeliverReader,
  bytes: Buffer,
  found: Awaited | undefined,
): boolean {
  if (found === undefined) return false;
  const source = bytes.subarray(message.sourceAt, message.sourceEnd);
  const dest = bytes.subarray(message.destAt, message.destEnd);
  return isAnswerTo(shard, found, { source, dest });
}

function takeFinal(
  shard: ShardState,
  smsc: Smsc,
  slot: number,
  reader: DeliverReader,
  state: number,
): number {
  // One final state a message, whatever the SMSC repeats.
  if (shard.table.state[slot] !== SLOT_AWAITING) return NO_SLOT;
  fillFinal(shard, slot, reader, state);
  return settleFinalState(shard, slot, smsc.index) ? slot : NO_SLOT;
}

function fillFinal(shard: ShardState, slot: number, reader: DeliverReader, state: number): void {
  const { table } = shard;
  const { receipt } = reader;
  table.keepReceiptTlvs(slot, reader.tlvs);
  table.finalState[slot] = state;
  table.doneMs[slot] = receipt.doneDateMs > 0 ? receipt.doneDateMs : shard.nowMs;
  table.networkErrorType[slot] = receipt.networkErrorType < 0 ? NO_NETWORK_ERROR : receipt.networkErrorType;
  table.networkErrorCode[slot] = receipt.networkErrorType < 0 ? 0 : receipt.networkErrorCode;
  const errLength = receipt.errEnd - receipt.errAt;
  if (errLength === 0 && receipt.networkErrorType >= 0) {
    const at = slot * TEXT_BYTES + ERR_AT;
    table.errLength[slot] = writeCode(table.text, at, receipt.networkErrorCode);
  } else {
    const { bytes, errAt } = receipt;
    table.errLength[slot] = table.keepBytes(slot, ERR_AT, bytes, errAt, errLength, RECEIPT_ERR_BYTES_MAX);
  }
}

/** Three to five decimal digits: the text's err where the SMSC told the code in a TLV only. Returns how many. */
function writeCode(b: Uint8Array, at: number, code: number): number {
  const digits = code > 9_999 ? 5 : code > 999 ? 4 : 3;
  let left = code;
  for (let i = at + digits - 1; i >= at; i--) {
    b[i] = 0x30 + (left % 10);
    left = Math.floor(left / 10);
  }
  return digits;
}

function fromStore(shard: ShardState, row: PendingRow): number {
  shard.store.claim(row);
  const slot = loadRow(shard, row, SLOT_AWAITING);
  shard.index.add(slot);
  return slot;
}

/**
 * Memory is full: the row of the message is changed where it is, by way of the scratch slot, and its desk takes it
 * from the store. (Parked it would wait for a submit_sm_resp that came long ago.)
 */
function withoutSlot(
  shard: ShardState,
  smsc: Smsc,
  row: PendingRow,
  reader: DeliverReader,
  state: number,
): number {
  const { scratch, store, table } = shard;
  unpackRow(table, scratch, row);
  // Its end is told with other parts, which are looked for by way of the scratch slot too.
  if (isPart(shard, scratch)) {
    resetScratch(shard);
    return PUT_OFF;
  }
  fillFinal(shard, scratch, reader, state);
  appendReceipt(shard, scratch, smsc.index);
  if (wantsReceiptOf(table.registeredDelivery[scratch], state)) {
    becomeReceipt(shard, scratch);
    store.upsert([rowOf(shard, scratch)]);
  } else {
    // Found by no other receipt from here on, and gone with the commit.
    store.claim(row);
    table.flags[scratch] |= FLAG_STORED;
    appendFinal(shard, scratch, state, state === smpp.STATE_DELIVERED ? FINAL_SENT : FINAL_FAILED);
  }
  resetScratch(shard);
  return NO_SLOT;
}

/** Of a message that is not known (any more) an intermediate state is not worth keeping. */
function takeNotice(
  shard: ShardState,
  smsc: Smsc,
  reader: DeliverReader,
  bytes: Buffer,
  type: number,
  found: Awaited | undefined,
): number {
  if (found === undefined) return isAcknowledgement(type) ? REFUSED : NO_SLOT;
  const { table } = shard;
  const alphabet = shard.accounts[accountOf(shard, found)]?.default_alphabet ?? 'gsm';
  const { message, receipt, tlvs } = reader;
  const notice = readNotice(type, bytes, message, receipt, tlvs, shard.nowMs, smsc.profile, alphabet);
  const isUnknown = notice.state === smpp.STATE_UNKNOWN;
  if (typeof found === 'number') {
    if (table.state[found] !== SLOT_AWAITING) return NO_SLOT;
    appendIntermediate(shard, table.idHigh[found], table.idLow[found], smsc.index, notice);
    if (isUnknown) keepUnknown(shard, found, reader);
    if (wantsNotice(shard, found, notice)) offerAfterCommit(shard, found, notice);
    return NO_SLOT;
  }
  appendIntermediate(shard, found.idHigh, found.idLow, smsc.index, notice);
  unpackRow(table, shard.scratch, found);
  if (table.freeSlots() === 0) {
    if (isUnknown) keepUnknownInRow(shard, reader);
    resetScratch(shard);
    return NO_SLOT;
  }
  const wanted = wantsNotice(shard, shard.scratch, notice);
  resetScratch(shard);
  if (!wanted && !isUnknown) return NO_SLOT;
  const slot = fromStore(shard, found);
  if (isUnknown) keepUnknown(shard, slot, reader);
  if (wanted) offerAfterCommit(shard, slot, notice);
  return NO_SLOT;
}

function accountOf({ table }: ShardState, found: Awaited): number {
  return typeof found === 'number' ? table.account[found] : accountOfRow(found);
}

/** All that the SMSC may ever say of the message: should nothing follow, its client is told that. */
function keepUnknown(shard: ShardState, slot: number, reader: DeliverReader): void {
  const { journal, table } = shard;
  fillFinal(shard, slot, reader, smpp.STATE_UNKNOWN);
  markUnknown(table, slot);
  if (table.dirtySegment[slot] === 0) table.dirtySegment[slot] = journal.segment;
}

/** Memory is full: in the row that the scratch slot holds. */
function keepUnknownInRow(shard: ShardState, reader: DeliverReader): void {
  const { scratch, store, table } = shard;
  fillFinal(shard, scratch, reader, smpp.STATE_UNKNOWN);
  markUnknown(table, scratch);
  table.state[scratch] = SLOT_AWAITING;
  store.upsert([rowOf(shard, scratch)]);
}

function isAcknowledgement(type: number): boolean {
  return type === smpp.ESM_DELIVERY_ACK || type === smpp.ESM_MANUAL_ACK;
}

function parkReceipt(shard: ShardState, smsc: Smsc, reader: DeliverReader, pdu: Buffer, state: number): void {
  const { message, receipt, tlvs } = reader;
  const { bytes, errAt, idAt } = receipt;
  const hasNetworkError = receipt.networkErrorType >= 0;
  let err = Buffer.from(bytes.subarray(errAt, receipt.errEnd)).toString('latin1');
  if (err === '' && hasNetworkError) err = String(receipt.networkErrorCode).padStart(3, '0');
  park(shard, {
    smsc: smsc.index,
    smscId: Buffer.from(bytes.subarray(idAt, receipt.idEnd)).toString('latin1'),
    state,
    doneMs: receipt.doneDateMs > 0 ? receipt.doneDateMs : shard.nowMs,
    err: err.slice(0, RECEIPT_ERR_BYTES_MAX),
    networkErrorType: hasNetworkError ? receipt.networkErrorType : NO_NETWORK_ERROR,
    networkErrorCode: hasNetworkError ? receipt.networkErrorCode : 0,
    tlvs,
    way: {
      source: Buffer.from(pdu.subarray(message.sourceAt, message.sourceEnd)),
      dest: Buffer.from(pdu.subarray(message.destAt, message.destEnd)),
    },
    parkedMs: shard.nowMs,
    segment: 0,
  });
}
