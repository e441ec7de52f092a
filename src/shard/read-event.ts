/** What recovery reads in the events of receipts; the bytes are drawn in core/records.ts. */
import { ownCopy } from '../core/bytes.ts';
import type { Bytes } from '../core/bytes.ts';
import { NO_NETWORK_ERROR } from '../core/message-table.ts';
import {
  INTERMEDIATE_TEXT,
  INTERMEDIATE_TEXT_LENGTH,
  PARKED_ID,
  PARKED_ID_LENGTH,
  PARKED_NETWORK_CODE,
  PARKED_NETWORK_TYPE,
  RECEIPT_DONE,
  RECEIPT_ERR,
  RECEIPT_ERR_LENGTH,
  RECORD_A,
  RECORD_B,
  RECORD_LENGTH,
  RECORD_TIME,
} from '../core/records.ts';
import { TLV_MESSAGE_PAYLOAD } from '../smpp/constants.ts';
import { readU16 } from '../smpp/cursor.ts';
import { TLV_HEADER_BYTES } from '../smpp/pdu/tlv.ts';
import type { ParkedReceipt } from './parking.ts';

/** The receipt of a PARKED event. */
export function readParked(bytes: Bytes, at: number): ParkedReceipt {
  const { u8, u16, f64 } = bytes;
  const errAt = at + RECEIPT_ERR;
  const idAt = at + PARKED_ID;
  return {
    smsc: u16[(at + RECORD_B) >> 1],
    smscId: u8.toString('latin1', idAt, idAt + u8[at + PARKED_ID_LENGTH]),
    state: u8[at + RECORD_A],
    doneMs: f64[(at + RECEIPT_DONE) >> 3],
    err: u8.toString('latin1', errAt, errAt + u8[at + RECEIPT_ERR_LENGTH]),
    networkErrorType: networkTypeOf(u8[at + PARKED_NETWORK_TYPE]),
    networkErrorCode: u16[(at + PARKED_NETWORK_CODE) >> 1],
    tlvs: tlvsFrom(bytes, at, PARKED_ID + u8[at + PARKED_ID_LENGTH]),
    way: undefined,
    parkedMs: f64[(at + RECORD_TIME) >> 3],
    segment: 0,
  };
}

/** The vendor TLVs that an event ends with, from `from` on; undefined: it has none. */
export function tlvsFrom({ u8, u32 }: Bytes, at: number, from: number): Buffer | undefined {
  const length = u32[(at + RECORD_LENGTH) >> 2];
  return length <= from ? undefined : ownCopy(u8, at + from, at + length);
}

/** Where in an INTERMEDIATE event the TLVs of its slot begin: a long text of the recipient is in front of them. */
export function behindText({ u8, u32 }: Bytes, at: number): number {
  const textEnd = INTERMEDIATE_TEXT + u8[at + INTERMEDIATE_TEXT_LENGTH];
  const tag = at + textEnd;
  if (u32[(at + RECORD_LENGTH) >> 2] === textEnd || readU16(u8, tag) !== TLV_MESSAGE_PAYLOAD) return textEnd;
  return textEnd + TLV_HEADER_BYTES + readU16(u8, tag + 2);
}

/** As slots have it, of the type plus 1 that events have. */
export function networkTypeOf(told: number): number {
  return told === 0 ? NO_NETWORK_ERROR : told - 1;
}
