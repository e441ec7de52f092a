/** Receipts: from a shard to a receiver or transceiver session of their account, and the answer back. */
import {
  ALERT_BODY,
  DELIVER_ADDRESSES,
  DELIVER_DATA_CODING,
  DELIVER_DELIVERED,
  DELIVER_DEST_LENGTH,
  DELIVER_DONE,
  DELIVER_ERR,
  DELIVER_ERR_LENGTH,
  DELIVER_ESM_CLASS,
  DELIVER_NETWORK_CODE,
  DELIVER_NETWORK_TYPE,
  DELIVER_NO_SLOT,
  DELIVER_OWN_ID_HIGH,
  DELIVER_OWN_ID_LOW,
  DELIVER_REFERENCE,
  DELIVER_RESPONSE_CODE,
  DELIVER_SLOT,
  DELIVER_SOURCE_LENGTH,
  DELIVER_SUBMITTED,
  DELIVER_TEXT_LENGTH,
  RECEIPT_RESULT,
  RECEIPT_RESULT_BYTES,
  RECEIVERS,
  RECEIVERS_BYTES,
  RECEIVERS_NEWER,
  RECEIVERS_WINDOW,
  RECORD_A,
  RECORD_B,
  RECORD_ID_HIGH,
  RECORD_ID_LOW,
  RECORD_LENGTH,
  RECORD_TIME,
  RECORD_TYPE,
  RESULT_LATER,
  RESULT_ODD,
  RESULT_REFUSED,
  RESULT_SLOT,
  RESULT_STATUS,
  RESULT_TAKEN,
  STATE_NOT_TOLD,
} from '../core/records.ts';
import type { Bytes } from '../core/bytes.ts';
import { NO_REFERENCE, shortIdReference } from '../core/message-table.ts';
import { CELL_RECEIPTS_DELIVERED, CELL_RECEIPTS_LATER } from '../core/ring/counters.ts';
import { RING_FULL } from '../core/ring/ring.ts';
import {
  ALERT_NOTIFICATION,
  ESME_RINVBNDSTS,
  ESME_RMSGQFUL,
  ESME_ROK,
  ESME_RSYSERR,
  ESME_RTHROTTLED,
  ESME_RUNKNOWNERR,
  ESME_RX_P_APPN,
  ESME_RX_R_APPN,
  ESME_RX_T_APPN,
  ESM_INTERMEDIATE,
  ESM_RECEIPT,
  ESM_TYPE_MASK,
  TLV_MESSAGE_PAYLOAD,
  TLV_NETWORK_ERROR_CODE,
  VERSION_34,
  HEADER_BYTES,
} from '../smpp/constants.ts';
import { readU16, writeHeader } from '../smpp/cursor.ts';
import { receiptIdForm } from '../smpp/pdu/message-id-text.ts';
import { ReceiptArgs } from '../smpp/pdu/receipt-args.ts';
import { receiptBytesMax, writeReceiptPdu } from '../smpp/pdu/receipt-sm.ts';
import { TLV_HEADER_BYTES } from '../smpp/pdu/tlv.ts';
import { BOUND_RX, BOUND_TRX } from '../smpp/session.ts';
import { Window } from '../smpp/window.ts';
import type { EdgeAccount, EdgeState, Session } from './state.ts';

const HELD_BYTES = 64 * 1024;
/** The ESME has no use for it now (spec section 6). ESME_RINVBNDSTS: another session may have. */
const LATER = new Set([
  ESME_RX_T_APPN,
  ESME_RSYSERR,
  ESME_RMSGQFUL,
  ESME_RTHROTTLED,
  ESME_RUNKNOWNERR,
  ESME_RINVBNDSTS,
]);
/** It will never have. */
const FOR_GOOD = new Set([ESME_RX_P_APPN, ESME_RX_R_APPN]);
const args = new ReceiptArgs();

/** A session that takes receipts was bound. */
export function addReceiver(session: Session): void {
  const account = session.account as EdgeAccount;
  session.window = new Window(Math.max(account.receiptWindow, session.edge.ends.writers.length));
  account.receivers.push(session);
  tellShards(session.edge, account);
}

/** No more receipts go to this session; those that it has may still be answered, those held back were not sent. */
export function stopReceipts(session: Session): void {
  const { account, edge } = session;
  if (account === undefined) return;
  session.held.at = 0;
  const at = account.receivers.indexOf(session);
  if (at < 0) return;
  account.receivers.splice(at, 1);
  tellShards(edge, account);
}

/** The session ends: what it has not answered goes back to its shard, for another session or a later one. */
export function sessionGone(session: Session): void {
  const { account, edge } = session;
  if (account === undefined) return;
  stopReceipts(session);
  session.window.forEach((sequence, lent) => {
    session.window.take(sequence);
    giveBack(edge, lent, RESULT_LATER, 0);
  });
}

function tellShards(edge: EdgeState, account: EdgeAccount): void {
  edge.untold.set(account, new Set(edge.ends.writers.keys()));
  sendUntold(edge);
}

/** Each shard may lend its share of the account's windows on this edge. True: all shards know. */
export function sendUntold(edge: EdgeState): boolean {
  for (const [account, shards] of edge.untold) {
    let total = 0;
    let newer = 0;
    for (const session of account.receivers) {
      total += session.window.limit;
      if (session.version >= VERSION_34) newer++;
    }
    const share = total === 0 ? 0 : Math.max(1, Math.floor(total / edge.ends.writers.length));
    for (const shard of shards) {
      const ring = edge.ends.writers[shard];
      const at = ring.claim(RECEIVERS_BYTES);
      if (at === RING_FULL) continue;
      ring.bytes.u8[at + RECORD_TYPE] = RECEIVERS;
      ring.bytes.u8[at + RECORD_A] = edge.edge;
      ring.bytes.u16[(at + RECORD_B) >> 1] = account.index;
      ring.bytes.u32[(at + RECEIVERS_WINDOW) >> 2] = share;
      ring.bytes.u32[(at + RECEIVERS_NEWER) >> 2] = newer;
      ring.commit();
      shards.delete(shard);
    }
    if (shards.size === 0) edge.untold.delete(account);
  }
  return edge.untold.size === 0;
}

/** A receipt, or what tells of a message without ending it, from a shard. */
export function deliver(edge: EdgeState, shard: number, bytes: Bytes, at: number): void {
  const { u32 } = bytes;
  const accountIndex = bytes.u16[(at + RECORD_B) >> 1];
  const slot = u32[(at + DELIVER_SLOT) >> 2];
  const idHigh = u32[(at + DELIVER_OWN_ID_HIGH) >> 2];
  const idLow = u32[(at + DELIVER_OWN_ID_LOW) >> 2];
  const lent = edge.lent.add(shard, slot, idHigh, idLow, accountIndex);
  // 3.3 knows no notifications; without TLVs an acknowledgement would not even say of what.
  const session = chooseReceiver(edge, accountIndex, slot === DELIVER_NO_SLOT ? VERSION_34 : 0);
  if (session === undefined) {
    giveBack(edge, lent, RESULT_LATER, 0);
    return;
  }
  readArgs(session, bytes, at);
  const sequence = session.window.nextSequence();
  session.window.add(sequence, lent, edge.nowMs);
  edge.dirty.add(session);
  if (session.inLockStep) hold(session, sequence, edge.nowMs);
  else write(session, sequence);
}

/** An alert_notification goes to one receiver as it came; without one it is lost, as it would be on the wire. */
export function alert(edge: EdgeState, bytes: Bytes, at: number, length: number): void {
  const session = chooseReceiver(edge, bytes.u16[(at + RECORD_B) >> 1], VERSION_34);
  if (session === undefined) return;
  const pdu = Buffer.alloc(HEADER_BYTES + length - ALERT_BODY);
  writeHeader(pdu, 0, pdu.length, ALERT_NOTIFICATION, ESME_ROK, session.window.nextSequence());
  bytes.u8.copy(pdu, HEADER_BYTES, at + ALERT_BODY, at + length);
  session.write(pdu);
}

/** The next in turn that has room, of this version or a later one. */
function chooseReceiver(edge: EdgeState, accountIndex: number, version: number): Session | undefined {
  const account = edge.accounts[accountIndex];
  if (account === undefined) return undefined;
  const { receivers } = account;
  for (let tried = 0; tried < receivers.length; tried++) {
    account.turn = (account.turn + 1) % receivers.length;
    const session = receivers[account.turn];
    if (session.version >= version && !session.window.isFull()) return session;
  }
  return undefined;
}

function write({ writer }: Session, sequence: number): void {
  writer.reserve(receiptBytesMax(args));
  writer.at += writeReceiptPdu(writer.buffer, writer.at, sequence, args);
}

/**
 * A client without TCP_NODELAY that sends one submit at a time would wait 40 ms (Nagle here, delayed acknowledgement
 * there) after the answer to each receipt. Receipts that come in groups cost it that once a group.
 */
function hold(session: Session, sequence: number, nowMs: number): void {
  const { held } = session;
  if (held.bytes.length === 0) held.bytes = Buffer.allocUnsafeSlow(HELD_BYTES);
  const bytes = receiptBytesMax(args);
  if (held.at + bytes > held.bytes.length) {
    held.sinceMs = 0;
    session.flush(nowMs);
    if (bytes > held.bytes.length) {
      write(session, sequence);
      return;
    }
  }
  if (held.at === 0) held.sinceMs = nowMs;
  held.at += writeReceiptPdu(held.bytes, held.at, sequence, args);
}

function readArgs(session: Session, bytes: Bytes, at: number): void {
  const { u8, u16, u32, f64 } = bytes;
  const sourceLength = u8[at + DELIVER_SOURCE_LENGTH];
  const destLength = u8[at + DELIVER_DEST_LENGTH];
  const source = at + DELIVER_ADDRESSES;
  const dest = source + sourceLength;
  const reference = u32[(at + DELIVER_REFERENCE) >> 2] | 0;
  const isIdShort = reference < NO_REFERENCE;
  readManner(session, isIdShort);
  args.addresses = u8;
  args.sourceTon = u8[source];
  args.sourceNpi = u8[source + 1];
  args.sourceAt = source + 2;
  args.sourceLength = sourceLength - 3;
  args.destTon = u8[dest];
  args.destNpi = u8[dest + 1];
  args.destAt = dest + 2;
  args.destLength = destLength - 3;
  args.idHigh = u32[(at + RECORD_ID_HIGH) >> 2];
  args.idLow = u32[(at + RECORD_ID_LOW) >> 2];
  args.submitMs = f64[(at + RECORD_TIME) >> 3];
  args.doneMs = f64[(at + DELIVER_DONE) >> 3];
  args.state = u8[at + RECORD_A] === STATE_NOT_TOLD ? -1 : u8[at + RECORD_A];
  args.submitted = u8[at + DELIVER_SUBMITTED];
  args.delivered = u8[at + DELIVER_DELIVERED];
  args.err = u8;
  args.errAt = at + DELIVER_ERR;
  args.errLength = u8[at + DELIVER_ERR_LENGTH];
  args.networkErrorType = u8[at + DELIVER_NETWORK_TYPE] - 1;
  args.networkErrorCode = u16[(at + DELIVER_NETWORK_CODE) >> 1];
  args.userMessageReference = isIdShort ? shortIdReference(reference) : reference;
  args.text = u8;
  args.textAt = dest + destLength;
  args.textLength = u8[at + DELIVER_TEXT_LENGTH];
  args.tlvsAt = args.textAt + args.textLength;
  args.tlvsLength = at + u32[(at + RECORD_LENGTH) >> 2] - args.tlvsAt;
  const esmClass = u8[at + DELIVER_ESM_CLASS];
  const type = esmClass & ESM_TYPE_MASK;
  args.esmClass = esmClass;
  // What is not ours to say is an acknowledgement, in its recipient's words.
  args.verbatim = type !== ESM_RECEIPT && type !== ESM_INTERMEDIATE;
  if (args.tlvsLength > 0) takeFromTlvs(u8);
  args.dataCoding = u8[at + DELIVER_DATA_CODING];
  args.userResponseCode = u16[(at + DELIVER_RESPONSE_CODE) >> 1] - 1;
}

/** What has no room in its place in the record is in front of the vendor TLVs: a long text, a type of 0xff. */
function takeFromTlvs(u8: Uint8Array): void {
  if (readU16(u8, args.tlvsAt) === TLV_MESSAGE_PAYLOAD) {
    args.textAt = args.tlvsAt + TLV_HEADER_BYTES;
    args.textLength = readU16(u8, args.tlvsAt + 2);
    passTlv(args.textLength);
  }
  if (args.tlvsLength === 0 || readU16(u8, args.tlvsAt) !== TLV_NETWORK_ERROR_CODE) return;
  const value = args.tlvsAt + TLV_HEADER_BYTES;
  args.networkErrorType = u8[value];
  args.networkErrorCode = readU16(u8, value + 1);
  passTlv(readU16(u8, args.tlvsAt + 2));
}

function passTlv(length: number): void {
  args.tlvsAt += TLV_HEADER_BYTES + length;
  args.tlvsLength -= TLV_HEADER_BYTES + length;
}

/** As the account and the version of the session ask for it, and the id as the response to the submit had it. */
function readManner(session: Session, isIdShort: boolean): void {
  const account = session.account as EdgeAccount;
  args.version = session.version;
  args.content = account.receiptContent;
  args.dataSm = account.receiptInDataSm;
  args.idForm = receiptIdForm(isIdShort, account.decimalIds);
  args.dateDigits = account.receiptDateDigits;
}

/** The ESME answered a receipt (deliver_sm_resp, data_sm_resp, or generic_nack with its sequence_number). */
export function onDeliverResponse(session: Session, sequence: number, status: number): void {
  const lent = session.window.take(sequence);
  if (lent < 0) return;
  const { edge } = session;
  if (status === ESME_ROK) {
    if (edge.lent.slot[lent] !== DELIVER_NO_SLOT) edge.cells[CELL_RECEIPTS_DELIVERED]++;
    giveBack(edge, lent, RESULT_TAKEN, 0);
  } else giveBack(edge, lent, resultOf(status), status);
}

function resultOf(status: number): number {
  if (LATER.has(status)) return RESULT_LATER;
  return FOR_GOOD.has(status) ? RESULT_REFUSED : RESULT_ODD;
}

/** Receipts that the ESME did not answer in time are offered again later. */
export function expireReceipts(session: Session, nowMs: number, timeoutMs: number): void {
  session.window.expire(nowMs, timeoutMs, (_sequence, lent) => {
    giveBack(session.edge, lent, RESULT_LATER, ESME_RX_T_APPN);
  });
}

function giveBack(edge: EdgeState, lent: number, result: number, status: number): void {
  if (edge.lent.slot[lent] === DELIVER_NO_SLOT) {
    // Offered once: whatever became of it, its shard has nothing to do.
    edge.lent.remove(lent);
    return;
  }
  if (result === RESULT_LATER) edge.cells[CELL_RECEIPTS_LATER]++;
  if (edge.resultsHeld.length > 0 || !sendResult(edge, lent, result, status)) {
    edge.resultsHeld.push([lent, result, status]);
  }
}

/** Results that found their shard's ring full. True: none is left. */
export function sendHeldResults(edge: EdgeState): boolean {
  const held = edge.resultsHeld;
  let sent = 0;
  for (const [lent, result, status] of held) {
    if (!sendResult(edge, lent, result, status)) break;
    sent++;
  }
  if (sent > 0) held.splice(0, sent);
  return held.length === 0;
}

function sendResult(edge: EdgeState, lent: number, result: number, status: number): boolean {
  const table = edge.lent;
  const ring = edge.ends.writers[table.shard[lent]];
  const at = ring.claim(RECEIPT_RESULT_BYTES);
  if (at === RING_FULL) return false;
  const { u8, u16, u32 } = ring.bytes;
  u8[at + RECORD_TYPE] = RECEIPT_RESULT;
  u8[at + RECORD_A] = result;
  u16[(at + RECORD_B) >> 1] = table.account[lent];
  u32[(at + RECORD_ID_LOW) >> 2] = table.idLow[lent];
  u32[(at + RECORD_ID_HIGH) >> 2] = table.idHigh[lent];
  u32[(at + RESULT_SLOT) >> 2] = table.slot[lent];
  u32[(at + RESULT_STATUS) >> 2] = status;
  ring.commit();
  table.remove(lent);
  return true;
}

export function takesReceipts(state: number): boolean {
  return state === BOUND_RX || state === BOUND_TRX;
}
