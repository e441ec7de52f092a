/**
 * An ACCEPTED record (drawn in core/records.ts) out of a whole PDU: for what is not on the fast way of a plain
 * submit_sm. A record of a ring and an event of the ledger are the same bytes.
 */
import type { Bytes } from '../core/bytes.ts';
import {
  ACCEPTED,
  ACCEPTED_BODY,
  ACCEPTED_DATA_CODING,
  ACCEPTED_DEST_AT,
  ACCEPTED_ESM_CLASS,
  ACCEPTED_EXPIRES,
  ACCEPTED_FLAGS,
  ACCEPTED_FLAG_DATA_SM,
  ACCEPTED_FLAG_EXTENDED,
  ACCEPTED_FLAG_REPLACE,
  ACCEPTED_FLAG_SHORT_ID,
  ACCEPTED_MESSAGE_AT,
  ACCEPTED_PADDING_SHIFT,
  ACCEPTED_PRIORITY,
  ACCEPTED_REGISTERED_DELIVERY,
  ACCEPTED_SEQUENCE,
  ACCEPTED_SESSION,
  ACCEPTED_SMSC,
  ACCEPTED_SM_LENGTH,
  ACCEPTED_SOURCE_AT,
  EXTENSION_BYTES,
  EXTENSION_FLAGS,
  EXTENSION_KEY,
  EXTENSION_PART,
  EXTENSION_PARTS,
  EXTENSION_SCHEDULE,
  EXTENSION_TOLD_HIGH,
  EXTENSION_TOLD_LOW,
  RECORD_A,
  RECORD_B,
  RECORD_HEADER_BYTES,
  RECORD_LENGTH,
  RECORD_TYPE,
  align8,
} from '../core/records.ts';
import * as smpp from './constants.ts';
import { readU32 } from './cursor.ts';
import { scanDataSm } from './pdu/data-sm-scan.ts';
import { scanDeliverSm } from './pdu/deliver-sm.ts';
import { MessageFields } from './pdu/message-fields.ts';

/** What a record says besides its body. */
export interface AcceptedHead {
  /** PROTOCOL_* */
  protocol: number;
  account: number;
  smsc: number;
  session: number;
  sequence: number;
  expiresMs: number;
  /** 0 to 4. */
  priority: number;
  /** As the client asked for receipts, where its SMSC is asked otherwise; undefined: as the PDU says. */
  registeredDelivery?: number;
  /** A waiting message of the same addresses gives way to it. */
  replacesPresent?: boolean;
  /** Its client is told the id as 3.3 writes it. */
  isIdShort?: boolean;
  extension?: AcceptedExtension;
}

export interface AcceptedExtension {
  /** The id that the client was told; high half 0: the message's own. */
  toldHigh?: number;
  toldLow?: number;
  /** 0: at once. */
  scheduleMs?: number;
  /** Which of how many parts; `parts` 0 or 1: it is whole. */
  part?: number;
  parts?: number;
  /** EXTENSION_FLAG_* */
  flags?: number;
  /** EXTENSION_FLAG_LED: hash of what the parts of one message have in common. */
  key?: number;
}

const fields = new MessageFields();

/** Bytes of the record of a PDU. */
export function acceptedRecordBytes(pdu: Buffer, head: AcceptedHead): number {
  const length = ACCEPTED_BODY + pdu.length - smpp.HEADER_BYTES;
  return head.extension === undefined ? length : align8(length) + EXTENSION_BYTES;
}

/**
 * Writes the record of a whole submit_sm or data_sm of ours to `at` (on an 8-byte boundary, room for
 * `acceptedRecordBytes`); id and time are the shard's to fill in. `type`: ACCEPTED or REPLACED. Returns its length.
 */
export function writeAccepted(
  target: Bytes,
  at: number,
  pdu: Buffer,
  head: AcceptedHead,
  type: number = ACCEPTED,
): number {
  const isData = readU32(pdu, 4) === smpp.DATA_SM;
  const status = isData
    ? scanDataSm(pdu, 0, pdu.length, fields)
    : scanDeliverSm(pdu, 0, pdu.length, smpp.VERSION_50, fields);
  if (status !== smpp.ESME_ROK) throw new Error(`a PDU of ours can not be read: ${smpp.statusName(status)}`);
  const { u8, u16, u32, f64 } = target;
  const length = acceptedRecordBytes(pdu, head);
  const body = smpp.HEADER_BYTES;
  u8.fill(0, at, at + RECORD_HEADER_BYTES);
  u32[(at + RECORD_LENGTH) >> 2] = length;
  u8[at + RECORD_TYPE] = type;
  u8[at + RECORD_A] = head.protocol;
  u16[(at + RECORD_B) >> 1] = head.account;
  u16[(at + ACCEPTED_SMSC) >> 1] = head.smsc;
  u32[(at + ACCEPTED_SESSION) >> 2] = head.session;
  u32[(at + ACCEPTED_SEQUENCE) >> 2] = head.sequence;
  u8[at + ACCEPTED_REGISTERED_DELIVERY] = head.registeredDelivery ?? fields.registeredDelivery;
  u8[at + ACCEPTED_ESM_CLASS] = fields.esmClass;
  u8[at + ACCEPTED_DATA_CODING] = fields.dataCoding;
  u8[at + ACCEPTED_PRIORITY] = head.priority;
  u16[(at + ACCEPTED_SOURCE_AT) >> 1] = fields.sourceAt - 2 - body;
  u16[(at + ACCEPTED_DEST_AT) >> 1] = fields.destAt - 2 - body;
  u16[(at + ACCEPTED_MESSAGE_AT) >> 1] = fields.messageAt - body;
  u8[at + ACCEPTED_SM_LENGTH] = fields.smLength;
  u8[at + ACCEPTED_SM_LENGTH + 1] = 0;
  f64[(at + ACCEPTED_EXPIRES) >> 3] = head.expiresMs;
  pdu.copy(u8, at + ACCEPTED_BODY, body);
  u16[(at + ACCEPTED_FLAGS) >> 1] =
    (isData ? ACCEPTED_FLAG_DATA_SM : 0) |
    (head.replacesPresent === true ? ACCEPTED_FLAG_REPLACE : 0) |
    (head.isIdShort === true ? ACCEPTED_FLAG_SHORT_ID : 0);
  if (head.extension !== undefined) writeExtension(target, at, length, pdu.length - body, head.extension);
  return length;
}

function writeExtension(
  target: Bytes,
  at: number,
  length: number,
  bodyBytes: number,
  extension: AcceptedExtension,
): void {
  const { u8, u16, u32, f64 } = target;
  const to = at + length - EXTENSION_BYTES;
  const padding = to - at - ACCEPTED_BODY - bodyBytes;
  u8.fill(0, to - padding, to + EXTENSION_BYTES);
  u16[(at + ACCEPTED_FLAGS) >> 1] |= ACCEPTED_FLAG_EXTENDED | (padding << ACCEPTED_PADDING_SHIFT);
  u32[(to + EXTENSION_TOLD_LOW) >> 2] = extension.toldLow ?? 0;
  u32[(to + EXTENSION_TOLD_HIGH) >> 2] = extension.toldHigh ?? 0;
  f64[(to + EXTENSION_SCHEDULE) >> 3] = extension.scheduleMs ?? 0;
  u8[to + EXTENSION_PART] = extension.part ?? 0;
  u8[to + EXTENSION_PARTS] = extension.parts ?? 0;
  u8[to + EXTENSION_FLAGS] = extension.flags ?? 0;
  u32[(to + EXTENSION_KEY) >> 2] = extension.key ?? 0;
}
