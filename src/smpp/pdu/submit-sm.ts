import * as smpp from '../constants.ts';
import { cStringEnd, readU32, writeHeader, writeHex32 } from '../cursor.ts';
import { scanMessage } from './message-body.ts';
import { encodeMessage, type MessageObject } from './message-encode.ts';
import type { MessageFields } from './message-fields.ts';

/**
 * Strict: the command_status to refuse the submit_sm in [start, end) with, or ESME_ROK and `f` filled. `version`
 * is the session's interface_version. Times are checked for form only; whether they are past is `validityStatus`.
 */
export function scanSubmitSm(
  b: Uint8Array,
  start: number,
  end: number,
  version: number,
  f: MessageFields,
): number {
  return scanMessage(b, start, end, version, true, f);
}

export function encodeSubmitSm(message: MessageObject, sequenceNumber: number): Buffer {
  return encodeMessage(smpp.SUBMIT_SM, message, sequenceNumber);
}

/** Header, 16 hexadecimal digits, NUL. */
export const SUBMIT_SM_RESP_BYTES = 33;
/** Header, 8 hexadecimal digits, NUL. */
export const SUBMIT_SM_RESP_33_BYTES = 25;
const MESSAGE_ID_BYTES = 65;

/**
 * For sessions of 3.4 and later. Returns the bytes written: 33 when accepted, 16 (no body, v3.4 section 4.4.2)
 * otherwise.
 */
export function writeSubmitSmResp(
  b: Uint8Array,
  at: number,
  status: number,
  sequenceNumber: number,
  idHigh: number,
  idLow: number,
): number {
  if (status !== smpp.ESME_ROK) {
    writeHeader(b, at, smpp.HEADER_BYTES, smpp.SUBMIT_SM_RESP, status, sequenceNumber);
    return smpp.HEADER_BYTES;
  }
  writeHeader(b, at, SUBMIT_SM_RESP_BYTES, smpp.SUBMIT_SM_RESP, smpp.ESME_ROK, sequenceNumber);
  writeHex32(b, at + 16, idHigh);
  writeHex32(b, at + 24, idLow);
  b[at + 32] = 0;
  return SUBMIT_SM_RESP_BYTES;
}

/**
 * For sessions of 3.3 and earlier, whose message_id holds 8 hexadecimal digits: the low half of the id. They know
 * no body-less form, so an error carries the empty id. Returns the bytes written: 25 or 17.
 */
export function writeSubmitSmResp33(
  b: Uint8Array,
  at: number,
  status: number,
  sequenceNumber: number,
  idLow: number,
): number {
  if (status !== smpp.ESME_ROK) {
    writeHeader(b, at, smpp.HEADER_BYTES + 1, smpp.SUBMIT_SM_RESP, status, sequenceNumber);
    b[at + 16] = 0;
    return smpp.HEADER_BYTES + 1;
  }
  writeHeader(b, at, SUBMIT_SM_RESP_33_BYTES, smpp.SUBMIT_SM_RESP, smpp.ESME_ROK, sequenceNumber);
  writeHex32(b, at + 16, idLow);
  b[at + 24] = 0;
  return SUBMIT_SM_RESP_33_BYTES;
}

/**
 * Where the message_id of a received submit_sm_resp ends; it begins at start + 16. Taken as peers send it: header
 * only is an empty id, a missing NUL is the end of the PDU, and an error's body is ignored (it should have none).
 */
export function readResponseId(b: Uint8Array, start: number, end: number): number {
  const at = start + smpp.HEADER_BYTES;
  if (readU32(b, start + 8) !== smpp.ESME_ROK) return at;
  const limit = Math.min(end, at + MESSAGE_ID_BYTES - 1);
  const nul = cStringEnd(b, at, limit);
  return nul < 0 ? limit : nul;
}
