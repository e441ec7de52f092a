import * as smpp from '../constants.ts';
import { writeHeader, writeHex32, writeU16 } from '../cursor.ts';
import { writeStateText } from '../receipt-state.ts';
import { formatReceiptDate } from '../times.ts';
import { writeTlvHeader } from './tlv.ts';

/**
 * The receipt that we send: a deliver_sm whose text is exactly that of v3.4 appendix B,
 *
 *   id:<16 hex> sub:001 dlvrd:001 submit date:YYMMDDhhmm done date:YYMMDDhhmm stat:DELIVRD err:000 text:<20>
 *
 * in UTC and the default alphabet, and for sessions of 3.4 and later the TLVs receipted_message_id, message_state
 * and network_error_code beside it. Byte ranges come as array, offset, length, so that nothing is copied before.
 */
const NOTHING = new Uint8Array(0);
const TEXT_BYTES_MAX = 20;
const ERR_BYTES_MIN = 3;
const ESCAPE = 0x1b;

/** What goes into one receipt, in terms of the original message: the addresses are swapped here. Reused. */
export class ReceiptArgs {
  version: number = smpp.VERSION_34;
  esmClass: number = smpp.ESM_RECEIPT;
  /** Holds both addresses, without their NULs. */
  addresses: Uint8Array = NOTHING;
  sourceTon = 0;
  sourceNpi = 0;
  sourceAt = 0;
  sourceLength = 0;
  destTon = 0;
  destNpi = 0;
  destAt = 0;
  destLength = 0;
  idHigh = 0;
  idLow = 0;
  submitMs = 0;
  doneMs = 0;
  state: number = smpp.STATE_UNKNOWN;
  /** The error as the SMSC told it; it is filled up to three characters with zeros in front. */
  err: Uint8Array = NOTHING;
  errAt = 0;
  errLength = 0;
  /** network_error_code; type -1: a decimal `err` is sent as a GSM code, any other only in the text. */
  networkErrorType = -1;
  networkErrorCode = 0;
  /** user_message_reference of the original; -1: it had none. */
  userMessageReference = -1;
  /** The start of the original text in the default alphabet, without UDH; cut here to 20 octets. */
  text: Uint8Array = NOTHING;
  textAt = 0;
  textLength = 0;
}

/** Most bytes that `writeReceiptPdu` writes, for addresses of at most 20 and an err of at most 7 characters. */
export const RECEIPT_PDU_BYTES_MAX = 320;

/** Writes the whole deliver_sm; returns the bytes written. */
export function writeReceiptPdu(b: Uint8Array, at: number, sequenceNumber: number, r: ReceiptArgs): number {
  let next = at + smpp.HEADER_BYTES;
  b[next++] = 0;
  b[next++] = r.destTon;
  b[next++] = r.destNpi;
  next = copy(b, next, r.addresses, r.destAt, r.destLength);
  b[next++] = 0;
  b[next++] = r.sourceTon;
  b[next++] = r.sourceNpi;
  next = copy(b, next, r.addresses, r.sourceAt, r.sourceLength);
  b[next++] = 0;
  b[next++] = r.esmClass;
  // protocol_id, priority_flag, both times, registered_delivery, replace_if_present, data_coding, default_msg_id
  for (let i = 0; i < 8; i++) b[next++] = 0;
  const textBytes = writeReceiptTextOf(b, next + 1, r);
  b[next] = textBytes;
  next += 1 + textBytes;
  if (r.version >= smpp.VERSION_34) next = writeReceiptTlvs(b, next, r);
  writeHeader(b, at, next - at, smpp.DELIVER_SM, smpp.ESME_ROK, sequenceNumber);
  return next - at;
}

function writeReceiptTextOf(b: Uint8Array, at: number, r: ReceiptArgs): number {
  return writeReceiptText(
    b,
    at,
    r.version >= smpp.VERSION_34 ? r.idHigh : -1,
    r.idLow,
    r.submitMs,
    r.doneMs,
    stateFor(r.version, r.state),
    r.err,
    r.errAt,
    r.errLength,
    r.text,
    r.textAt,
    r.textLength,
  );
}

const ID = ascii('id:');
const SUB = ascii(' sub:001 dlvrd:00');
const SUBMIT_DATE = ascii(' submit date:');
const DONE_DATE = ascii(' done date:');
const STAT = ascii(' stat:');
const ERR = ascii(' err:');
const TEXT = ascii(' text:');

/**
 * Writes the text alone and returns its bytes, at most 136 with an err of at most 7. `idHigh` -1: the 8-digit form
 * of sessions of 3.3 and earlier. The submitted text must be in the default alphabet; only its first 20 octets are
 * taken, and no escape sequence is cut in two.
 */
export function writeReceiptText(
  b: Uint8Array,
  at: number,
  idHigh: number,
  idLow: number,
  submitMs: number,
  doneMs: number,
  state: number,
  err: Uint8Array,
  errAt: number,
  errLength: number,
  text: Uint8Array,
  textAt: number,
  textLength: number,
): number {
  let next = copy(b, at, ID, 0, ID.length);
  next = writeId(b, next, idHigh, idLow);
  next = copy(b, next, SUB, 0, SUB.length);
  b[next++] = state === smpp.STATE_DELIVERED ? 0x31 : 0x30;
  next = copy(b, next, SUBMIT_DATE, 0, SUBMIT_DATE.length);
  next += formatReceiptDate(b, next, submitMs);
  next = copy(b, next, DONE_DATE, 0, DONE_DATE.length);
  next += formatReceiptDate(b, next, doneMs);
  next = copy(b, next, STAT, 0, STAT.length);
  next += writeStateText(b, next, state);
  next = copy(b, next, ERR, 0, ERR.length);
  for (let i = errLength; i < ERR_BYTES_MIN; i++) b[next++] = 0x30;
  next = copy(b, next, err, errAt, errLength);
  next = copy(b, next, TEXT, 0, TEXT.length);
  let length = textLength > TEXT_BYTES_MAX ? TEXT_BYTES_MAX : textLength;
  if (length < textLength && text[textAt + length - 1] === ESCAPE) length--;
  return copy(b, next, text, textAt, length) - at;
}

/** SCHEDULED and SKIPPED exist in 5.0 only. */
function stateFor(version: number, state: number): number {
  if (version >= smpp.VERSION_50) return state;
  if (state === smpp.STATE_SKIPPED) return smpp.STATE_UNDELIVERABLE;
  return state === smpp.STATE_SCHEDULED ? smpp.STATE_ENROUTE : state;
}

function writeReceiptTlvs(b: Uint8Array, at: number, r: ReceiptArgs): number {
  let next = writeTlvHeader(b, at, smpp.TLV_RECEIPTED_MESSAGE_ID, 17);
  next = writeId(b, next, r.idHigh, r.idLow);
  b[next++] = 0;
  next = writeTlvHeader(b, next, smpp.TLV_MESSAGE_STATE, 1);
  b[next++] = stateFor(r.version, r.state);
  const decimal = r.networkErrorType < 0 ? decimalOf(r.err, r.errAt, r.errLength) : -1;
  if (r.networkErrorType >= 0 || decimal >= 0) {
    next = writeTlvHeader(b, next, smpp.TLV_NETWORK_ERROR_CODE, 3);
    b[next] = r.networkErrorType >= 0 ? r.networkErrorType : smpp.NETWORK_GSM;
    writeU16(b, next + 1, r.networkErrorType >= 0 ? r.networkErrorCode : decimal);
    next += 3;
  }
  if (r.userMessageReference >= 0) {
    next = writeTlvHeader(b, next, smpp.TLV_USER_MESSAGE_REFERENCE, 2);
    writeU16(b, next, r.userMessageReference);
    next += 2;
  }
  return next;
}

function writeId(b: Uint8Array, at: number, idHigh: number, idLow: number): number {
  let next = at;
  if (idHigh >= 0) {
    writeHex32(b, next, idHigh);
    next += 8;
  }
  writeHex32(b, next, idLow);
  return next + 8;
}

/** The number that the digits spell, 0 for none at all; -1 for anything else or more than two octets hold. */
function decimalOf(b: Uint8Array, at: number, length: number): number {
  let value = 0;
  for (let i = at; i < at + length; i++) {
    if (b[i] < 0x30 || b[i] > 0x39) return -1;
    value = value * 10 + b[i] - 0x30;
    if (value > 0xffff) return -1;
  }
  return value;
}

function copy(b: Uint8Array, at: number, from: Uint8Array, fromAt: number, length: number): number {
  for (let i = 0; i < length; i++) b[at + i] = from[fromAt + i];
  return at + length;
}

function ascii(text: string): Uint8Array {
  return Buffer.from(text, 'latin1');
}
