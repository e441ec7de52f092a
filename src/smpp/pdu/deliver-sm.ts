import * as smpp from '../constants.ts';
import { writeHeader } from '../cursor.ts';
import { scanMessage } from './message-body.ts';
import { encodeMessage, type MessageObject } from './message-encode.ts';
import type { MessageFields } from './message-fields.ts';

/**
 * Lenient: only a body that cannot be read is refused (ESME_RINVCMDLEN, ESME_RINVMSGLEN, ESME_RINVTLVSTREAM); odd
 * values and overlong strings are taken as they are.
 */
export function scanDeliverSm(
  b: Uint8Array,
  start: number,
  end: number,
  version: number,
  f: MessageFields,
): number {
  return scanMessage(b, start, end, version, false, f);
}

export function encodeDeliverSm(message: MessageObject, sequenceNumber: number): Buffer {
  return encodeMessage(smpp.DELIVER_SM, message, sequenceNumber);
}

export const DELIVER_SM_RESP_BYTES = 17;

/** Writes 17 bytes and returns 17: the unused message_id is a NUL, whatever the status (v3.4 section 4.6.2). */
export function writeDeliverSmResp(
  b: Uint8Array,
  at: number,
  status: number,
  sequenceNumber: number,
): number {
  writeHeader(b, at, DELIVER_SM_RESP_BYTES, smpp.DELIVER_SM_RESP, status, sequenceNumber);
  b[at + 16] = 0;
  return DELIVER_SM_RESP_BYTES;
}

/**
 * The answer to a data_sm: a NUL message_id; an error is the header alone, except to 3.3, which has no body-less form.
 * Returns the bytes written: 17 or 16.
 */
export function writeDataSmResp(
  b: Uint8Array,
  at: number,
  status: number,
  sequenceNumber: number,
  version: number,
): number {
  const hasBody = status === smpp.ESME_ROK || version < smpp.VERSION_34;
  const length = smpp.HEADER_BYTES + (hasBody ? 1 : 0);
  writeHeader(b, at, length, smpp.DATA_SM_RESP, status, sequenceNumber);
  if (hasBody) b[at + smpp.HEADER_BYTES] = 0;
  return length;
}
