/**
 * What an SMSC tells of a message that does not end it: an intermediate notification, a receipt with a state that is
 * not final, an acknowledgement of the recipient. It is journalled before the SMSC is answered; then, if the client
 * asked for it with registered_delivery, it is offered once to a receiver that has room. Nothing is kept or repeated:
 * the receipt of the final state comes all the same.
 */
import type { Alphabet } from '../core/charsets.ts';
import {
  FLAG_INTERNAL,
  FLAG_PART,
  NO_NETWORK_ERROR,
  SLOT_AWAITING,
  TEXT_AT,
  TEXT_BYTES,
} from '../core/message-table.ts';
import {
  DELIVER_DATA_CODING,
  DELIVER_DONE,
  DELIVER_ERR,
  DELIVER_ERR_LENGTH,
  DELIVER_ESM_CLASS,
  DELIVER_NETWORK_CODE,
  DELIVER_NETWORK_TYPE,
  DELIVER_NO_SLOT,
  DELIVER_RESPONSE_CODE,
  DELIVER_SLOT,
  INTERMEDIATE,
  INTERMEDIATE_DATA_CODING,
  INTERMEDIATE_ESM_CLASS,
  INTERMEDIATE_RESPONSE_CODE,
  INTERMEDIATE_TEXT,
  INTERMEDIATE_TEXT_LENGTH,
  RECEIPT_DONE,
  RECEIPT_ERR,
  RECEIPT_ERR_BYTES_MAX,
  RECEIPT_ERR_LENGTH,
  RECEIPT_NETWORK_CODE,
  RECEIPT_NETWORK_TYPE,
  RECORD_A,
  RECORD_B,
  RECORD_ID_HIGH,
  RECORD_ID_LOW,
  RECORD_TIME,
  STATE_NOT_TOLD,
} from '../core/records.ts';
import { RING_FULL } from '../core/ring/ring.ts';
import {
  ESM_DELIVERY_ACK,
  ESM_INTERMEDIATE,
  ESM_MANUAL_ACK,
  ESM_TYPE_MASK,
  ESM_UDHI,
  STATE_UNKNOWN,
  TLV_MESSAGE_PAYLOAD,
  TLV_USER_RESPONSE_CODE,
} from '../smpp/constants.ts';
import { readU16 } from '../smpp/cursor.ts';
import type { MessageFields } from '../smpp/pdu/message-fields.ts';
import { TLV_HEADER_BYTES, findTlv, writeTlvHeader } from '../smpp/pdu/tlv.ts';
import type { ReceiptFields } from '../smpp/receipt.ts';
import { wordsFor } from '../smpp/recipient-words.ts';
import type { Words } from '../smpp/recipient-words.ts';
import type { SmscProfile } from '../smpp/shape-profile.ts';
import { writeDeliver } from './deliver-record.ts';
import { deskOf } from './receipts-out.ts';
import type { ShardState } from './state.ts';

/** A longer text stands in front of the TLVs, as message_payload: records count it with one octet. */
const TEXT_BYTES_MAX = 255;

/** One notification, copied out of its PDU. */
export interface Notice {
  /** As the client is told it: the type, and UDHI where the text has a header. */
  esmClass: number;
  /** message_state; STATE_NOT_TOLD. */
  state: number;
  doneMs: number;
  err: Buffer;
  /** NO_NETWORK_ERROR: none was told. */
  networkErrorType: number;
  networkErrorCode: number;
  /** The recipient's own words; undefined for an intermediate notification, which is told in those of a receipt. */
  text: Buffer | undefined;
  dataCoding: number;
  /** -1: none was told. */
  userResponseCode: number;
  /** For the client, as in a PDU: its text, where that is too long for `text`, and vendor TLVs. */
  tlvs: Buffer | undefined;
}

/**
 * Reads the notification of esm_class type `type` (a receipt's counts as intermediate) out of the scanned PDU of an
 * SMSC with this profile. `alphabet`: what data_coding 0 means to the client.
 */
export function readNotice(
  type: number,
  bytes: Buffer,
  message: MessageFields,
  receipt: ReceiptFields,
  tlvs: Buffer | undefined,
  nowMs: number,
  profile: SmscProfile,
  alphabet: Alphabet,
): Notice {
  const isAck = type === ESM_DELIVERY_ACK || type === ESM_MANUAL_ACK;
  const words = isAck ? wordsFor(wordsIn(bytes, message), profile, alphabet) : undefined;
  const isLong = words !== undefined && words.octets.length > TEXT_BYTES_MAX;
  const errEnd = Math.min(receipt.errEnd, receipt.errAt + RECEIPT_ERR_BYTES_MAX);
  const codeAt = isAck ? findTlv(bytes, message.tlvAt, message.end, TLV_USER_RESPONSE_CODE) : -1;
  const hasCode = codeAt >= 0 && readU16(bytes, codeAt - 2) === 1;
  return {
    esmClass: words === undefined ? ESM_INTERMEDIATE : words.hasHeader ? type | ESM_UDHI : type,
    state: receipt.state >= 0 ? receipt.state : isAck ? STATE_NOT_TOLD : STATE_UNKNOWN,
    doneMs: receipt.doneDateMs > 0 ? receipt.doneDateMs : nowMs,
    err: Buffer.from(receipt.bytes.subarray(receipt.errAt, errEnd)),
    networkErrorType: receipt.networkErrorType < 0 ? NO_NETWORK_ERROR : receipt.networkErrorType,
    networkErrorCode: Math.max(0, receipt.networkErrorCode),
    text: isLong ? Buffer.alloc(0) : words?.octets,
    dataCoding: words?.dataCoding ?? 0,
    userResponseCode: hasCode ? bytes[codeAt] : -1,
    tlvs: isLong ? withPayload(words.octets, tlvs) : tlvs,
  };
}

function wordsIn(bytes: Buffer, { dataAt, dataLength, dataCoding, esmClass }: MessageFields): Words {
  const octets = Buffer.from(bytes.subarray(dataAt, dataAt + dataLength));
  return { octets, hasHeader: (esmClass & ESM_UDHI) !== 0 && dataLength > 0, dataCoding };
}

function withPayload(octets: Buffer, tlvs: Buffer | undefined): Buffer {
  const header = Buffer.alloc(TLV_HEADER_BYTES);
  writeTlvHeader(header, 0, TLV_MESSAGE_PAYLOAD, octets.length);
  return Buffer.concat(tlvs === undefined ? [header, octets] : [header, octets, tlvs]);
}

/**
 * registered_delivery asks for it: bit 4 for intermediate ones, bits 2 and 3 for acknowledgements (v3.4 5.2.17). Of the
 * parts that a message was taken apart into the client knows the first alone, of those that it was joined into none.
 */
export function wantsNotice(shard: ShardState, slot: number, notice: Notice): boolean {
  const { table } = shard;
  const flags = table.flags[slot];
  if ((flags & FLAG_INTERNAL) !== 0 || ((flags & FLAG_PART) !== 0 && table.part[slot] > 1)) return false;
  const type = notice.esmClass & ESM_TYPE_MASK;
  const bit = type === ESM_DELIVERY_ACK ? 0x04 : type === ESM_MANUAL_ACK ? 0x08 : 0x10;
  return (table.registeredDelivery[slot] & bit) !== 0;
}

/** Journals a notification of the message with this id, which the SMSC of this index sent. */
export function appendIntermediate(
  shard: ShardState,
  idHigh: number,
  idLow: number,
  smsc: number,
  notice: Notice,
): void {
  const { journal } = shard;
  const textLength = notice.text?.length ?? 0;
  const tlvsLength = notice.tlvs?.length ?? 0;
  const at = journal.reserve(INTERMEDIATE, INTERMEDIATE_TEXT + textLength + tlvsLength);
  const { u8, u16, u32, f64 } = journal.bytes;
  u8.fill(0, at + RECORD_A, at + INTERMEDIATE_TEXT);
  u8[at + RECORD_A] = notice.state;
  u16[(at + RECORD_B) >> 1] = smsc;
  u32[(at + RECORD_ID_LOW) >> 2] = idLow;
  u32[(at + RECORD_ID_HIGH) >> 2] = idHigh;
  f64[(at + RECORD_TIME) >> 3] = shard.nowMs;
  f64[(at + RECEIPT_DONE) >> 3] = notice.doneMs;
  u8[at + RECEIPT_ERR_LENGTH] = notice.err.length;
  notice.err.copy(u8, at + RECEIPT_ERR);
  u8[at + INTERMEDIATE_ESM_CLASS] = notice.esmClass;
  u8[at + INTERMEDIATE_DATA_CODING] = notice.dataCoding;
  u16[(at + INTERMEDIATE_RESPONSE_CODE) >> 1] = notice.userResponseCode + 1;
  u8[at + RECEIPT_NETWORK_TYPE] = networkTypePlusOne(notice.networkErrorType);
  u16[(at + RECEIPT_NETWORK_CODE) >> 1] = notice.networkErrorCode;
  u8[at + INTERMEDIATE_TEXT_LENGTH] = textLength;
  notice.text?.copy(u8, at + INTERMEDIATE_TEXT);
  notice.tlvs?.copy(u8, at + INTERMEDIATE_TEXT + textLength);
}

/** As records have it: 0 for none. */
export function networkTypePlusOne(networkErrorType: number): number {
  return networkErrorType === NO_NETWORK_ERROR ? 0 : networkErrorType + 1;
}

/** Offers a notification of the message in `slot` to its client once the present group is durable. */
export function offerAfterCommit(shard: ShardState, slot: number, notice: Notice): void {
  const { table } = shard;
  const [idHigh, idLow] = [table.idHigh[slot], table.idLow[slot]];
  shard.journal.filling.afterCommit.push({
    done: () => {
      // A final state may have overtaken it: then it is old news.
      if (table.holds(slot, idHigh, idLow) && table.state[slot] === SLOT_AWAITING) offer(shard, slot, notice);
    },
    undone: () => undefined,
  });
}

function offer(shard: ShardState, slot: number, notice: Notice): void {
  const { table } = shard;
  const desk = deskOf(shard, table.account[slot]);
  const edge = desk.window.findIndex((window, each) => window > desk.lent[each] && desk.newer[each] > 0);
  if (edge < 0) return;
  const ring = shard.ends.writers[edge];
  const text = notice.text ?? table.text;
  const textAt = notice.text === undefined ? slot * TEXT_BYTES + TEXT_AT : 0;
  const textLength = notice.text?.length ?? table.textLength[slot];
  const at = writeDeliver(shard, ring, slot, text, textAt, textLength, notice.tlvs);
  if (at === RING_FULL) return;
  const { u8, u16, u32, f64 } = ring.bytes;
  u8[at + RECORD_A] = notice.state;
  f64[(at + DELIVER_DONE) >> 3] = notice.doneMs;
  u32[(at + DELIVER_SLOT) >> 2] = DELIVER_NO_SLOT;
  u8[at + DELIVER_ESM_CLASS] = notice.esmClass;
  u8[at + DELIVER_ERR_LENGTH] = notice.err.length;
  notice.err.copy(u8, at + DELIVER_ERR);
  u8[at + DELIVER_DATA_CODING] = notice.dataCoding;
  u16[(at + DELIVER_RESPONSE_CODE) >> 1] = notice.userResponseCode + 1;
  u8[at + DELIVER_NETWORK_TYPE] = networkTypePlusOne(notice.networkErrorType);
  u16[(at + DELIVER_NETWORK_CODE) >> 1] = notice.networkErrorCode;
  ring.commit();
}
