import * as smpp from '../constants.ts';
import { writeHeader, writeU16 } from '../cursor.ts';
import { writeMessageId } from './message-id-text.ts';
import { CONTENT_TEXT, CONTENT_TLVS } from './receipt-args.ts';
import type { ReceiptArgs } from './receipt-args.ts';
import { commonOf } from './receipt-common.ts';
import type { CommonBytes } from './receipt-common.ts';
import { writeTlvHeader } from './tlv.ts';

/**
 * The receipt that we send: a deliver_sm (or data_sm) whose text is that of v3.4 appendix B,
 *
 *   id:<id> sub:001 dlvrd:001 submit date:YYMMDDhhmm done date:YYMMDDhhmm stat:DELIVRD err:000 text:<20>
 *
 * in UTC, with data_coding 0, and for sessions of 3.4 and later the TLVs receipted_message_id, message_state
 * and network_error_code beside it. What of it an account wants is in `content` and the fields below it. Byte ranges
 * come as array, offset, length, so that nothing is copied before.
 */
const TEXT_BYTES_MAX = 20;
const ESCAPE = 0x1b;

/**
 * Most bytes that `writeReceiptPdu` writes, for addresses of at most 20 and an err of at most 7 characters; vendor TLVs
 * and a long text of a recipient come on top.
 */
export const RECEIPT_PDU_BYTES_MAX = 420;
/** Of an acknowledgement; 255 octets are not allowed before 5.0. More are told in message_payload. */
const SHORT_MESSAGE_BYTES_MAX = 254;

/** Most bytes that `writeReceiptPdu` writes of this one. */
export function receiptBytesMax(r: ReceiptArgs): number {
  return RECEIPT_PDU_BYTES_MAX + r.tlvsLength + (isLong(r) ? r.textLength : 0);
}

function isLong(r: ReceiptArgs): boolean {
  return r.verbatim && r.textLength > SHORT_MESSAGE_BYTES_MAX;
}

/** Writes the whole deliver_sm or data_sm; returns the bytes written. */
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
  const hasTlvs = r.version >= smpp.VERSION_34;
  const isData = r.dataSm && hasTlvs;
  const common = commonOf(r);
  if (isData) {
    b[next++] = 0;
    b[next++] = r.verbatim ? r.dataCoding : 0;
  } else next = writeShortMessage(b, next, r, common);
  // An acknowledgement is told by its TLVs: nothing in its text names the message.
  if (hasTlvs && (r.content !== CONTENT_TEXT || r.verbatim)) {
    next = writeReceiptTlvs(b, next, r, common);
  }
  if ((isData && hasText(r)) || isLong(r)) next = writePayload(b, next, r, common);
  writeHeader(b, at, next - at, isData ? smpp.DATA_SM : smpp.DELIVER_SM, smpp.ESME_ROK, sequenceNumber);
  return next - at;
}

function hasText(r: ReceiptArgs): boolean {
  return r.content !== CONTENT_TLVS || r.verbatim || r.version < smpp.VERSION_34;
}

/** From protocol_id to the end of short_message. */
function writeShortMessage(b: Uint8Array, at: number, r: ReceiptArgs, common: CommonBytes): number {
  // protocol_id, priority_flag, both times, registered_delivery, replace_if_present, data_coding, default_msg_id
  for (let i = 0; i < 8; i++) b[at + i] = 0;
  if (r.verbatim) b[at + 6] = r.dataCoding;
  const textBytes = hasText(r) && !isLong(r) ? writeUserData(b, at + 9, r, common) : 0;
  b[at + 8] = textBytes;
  return at + 9 + textBytes;
}

function writePayload(b: Uint8Array, at: number, r: ReceiptArgs, common: CommonBytes): number {
  const length = writeUserData(b, at + 4, r, common);
  writeTlvHeader(b, at, smpp.TLV_MESSAGE_PAYLOAD, length);
  return at + 4 + length;
}

function writeUserData(b: Uint8Array, at: number, r: ReceiptArgs, common: CommonBytes): number {
  if (r.verbatim) return copy(b, at, r.text, r.textAt, r.textLength) - at;
  return writeText(b, at, r, common);
}

/**
 * Writes the text alone and returns its bytes, at most 144 with an err of at most 7. The submitted text must be in
 * the default alphabet; only its first 20 octets are taken, and no escape sequence is cut in two.
 */
export function writeReceiptText(b: Uint8Array, at: number, r: ReceiptArgs): number {
  return writeText(b, at, r, commonOf(r));
}

function writeText(b: Uint8Array, at: number, r: ReceiptArgs, common: CommonBytes): number {
  b[at] = 0x69;
  b[at + 1] = 0x64;
  b[at + 2] = 0x3a;
  let next = at + 3;
  next += writeMessageId(b, next, r.idHigh, r.idLow, r.idForm);
  b.set(common.text, next);
  next += common.text.length;
  let length = r.textLength > TEXT_BYTES_MAX ? TEXT_BYTES_MAX : r.textLength;
  if (length < r.textLength && r.text[r.textAt + length - 1] === ESCAPE) length--;
  return copy(b, next, r.text, r.textAt, length) - at;
}

function writeReceiptTlvs(b: Uint8Array, at: number, r: ReceiptArgs, common: CommonBytes): number {
  const idAt = at + 4;
  const idLength = writeMessageId(b, idAt, r.idHigh, r.idLow, r.idForm);
  writeTlvHeader(b, at, smpp.TLV_RECEIPTED_MESSAGE_ID, idLength + 1);
  let next = idAt + idLength;
  b[next++] = 0;
  next = copy(b, next, common.tlvs, 0, common.tlvs.length);
  if (r.userMessageReference >= 0) {
    next = writeTlvHeader(b, next, smpp.TLV_USER_MESSAGE_REFERENCE, 2);
    writeU16(b, next, r.userMessageReference);
    next += 2;
  }
  if (r.userResponseCode >= 0) {
    next = writeTlvHeader(b, next, smpp.TLV_USER_RESPONSE_CODE, 1);
    b[next++] = r.userResponseCode;
  }
  return r.tlvsLength === 0 ? next : copy(b, next, r.text, r.tlvsAt, r.tlvsLength);
}

function copy(b: Uint8Array, at: number, from: Uint8Array, fromAt: number, length: number): number {
  for (let i = 0; i < length; i++) b[at + i] = from[fromAt + i];
  return at + length;
}
