/**
 * The user data of a message: wherever it is carried (short_message or message_payload), its header apart from its
 * octets, and which part of a long message it is. `core/udh.ts` reads and writes the header itself.
 */
import {
  type Concatenation,
  concatenationOf,
  type InformationElement,
  readUdh,
  udhLength,
  writeUdh,
} from '../core/udh.ts';
import type { UserData } from '../core/user-data.ts';
import * as smpp from './constants.ts';
import { readU16 } from './cursor.ts';
import type { MessageObject } from './pdu/message-encode.ts';
import { type Tlv, tlvValueOf } from './pdu/tlv.ts';

const NO_BYTES = Buffer.alloc(0);

/** sm_length: 255 is legal in 5.0 only. */
export const SHORT_MESSAGE_OCTETS_MAX = 254;
export const SHORT_MESSAGE_50_OCTETS_MAX = 255;

export interface CarriedData {
  readonly inPayload: boolean;
  /** Of the header, in order; the concatenation too. */
  readonly elements: readonly InformationElement[];
  /** Behind the header. */
  readonly octets: Buffer;
}

/** Shares the memory of the message. message_payload supersedes short_message; undefined: the header is broken. */
export function readUserData(message: MessageObject): CarriedData | undefined {
  const payload = tlvValueOf(message.tlvs ?? [], smpp.TLV_MESSAGE_PAYLOAD);
  const inPayload = payload !== undefined && payload.length > 0;
  const all = inPayload ? payload : (message.message ?? NO_BYTES);
  if (((message.esmClass ?? 0) & smpp.ESM_UDHI) === 0) return { inPayload, elements: [], octets: all };
  const elements = readUdh(all);
  return elements === undefined ? undefined : { inPayload, elements, octets: all.subarray(all[0] + 1) };
}

/**
 * The message with this user data in place of its own: in short_message where that can hold it, else in
 * message_payload. Throws a RangeError above 65,535 octets.
 */
export function withUserData(message: MessageObject, data: UserData, dataCoding: number): MessageObject {
  return withOctets(message, writeUdh(data.elements), data.octets, dataCoding, false);
}

/** Likewise, with the header written already; `inPayload`: in message_payload however short, `most`: how long else. */
export function withOctets(
  message: MessageObject,
  header: Buffer,
  octets: Buffer,
  dataCoding: number,
  inPayload: boolean,
  most: number = SHORT_MESSAGE_OCTETS_MAX,
): MessageObject {
  const all = header.length === 0 ? octets : Buffer.concat([header, octets]);
  const bits = (message.esmClass ?? 0) & ~smpp.ESM_UDHI;
  const esmClass = header.length === 0 ? bits : bits | smpp.ESM_UDHI;
  const rest = (message.tlvs ?? []).filter(({ tag }) => tag !== smpp.TLV_MESSAGE_PAYLOAD);
  if (!inPayload && all.length <= most) {
    return { ...message, ...said(message, esmClass, rest), dataCoding, message: all };
  }
  if (all.length > 0xffff) throw new RangeError(`message_payload of ${all.length} octets`);
  const tlvs = [...rest, { tag: smpp.TLV_MESSAGE_PAYLOAD, value: all }];
  return { ...message, ...said(message, esmClass, tlvs), dataCoding, message: NO_BYTES };
}

/** What is left out stays left out where it says nothing. */
function said(
  message: MessageObject,
  esmClass: number,
  tlvs: Tlv[],
): Pick<MessageObject, 'esmClass' | 'tlvs'> {
  return {
    ...(esmClass === 0 && message.esmClass === undefined ? {} : { esmClass }),
    ...(tlvs.length === 0 && message.tlvs === undefined ? {} : { tlvs }),
  };
}

/**
 * Which part of which message this is, by its header or else by its sar_* parameters, all three of which must be
 * there and possible; undefined: it is a message of its own.
 */
export function partOf(
  message: MessageObject,
  elements: readonly InformationElement[],
): Concatenation | undefined {
  return concatenationOf(elements) ?? sarOf(message.tlvs ?? []);
}

function sarOf(tlvs: readonly Tlv[]): Concatenation | undefined {
  const reference = tlvValueOf(tlvs, smpp.TLV_SAR_MSG_REF_NUM);
  const total = tlvValueOf(tlvs, smpp.TLV_SAR_TOTAL_SEGMENTS);
  const sequence = tlvValueOf(tlvs, smpp.TLV_SAR_SEGMENT_SEQNUM);
  if (reference?.length !== 2 || total?.length !== 1 || sequence?.length !== 1) return undefined;
  if (sequence[0] === 0 || sequence[0] > total[0]) return undefined;
  return { kind: 'sar', reference: readU16(reference, 0), total: total[0], sequence: sequence[0] };
}

export function isSar({ tag }: Tlv): boolean {
  return (
    tag === smpp.TLV_SAR_MSG_REF_NUM ||
    tag === smpp.TLV_SAR_TOTAL_SEGMENTS ||
    tag === smpp.TLV_SAR_SEGMENT_SEQNUM
  );
}

export function sarTlvs(reference: number, total: number, sequence: number): Tlv[] {
  return [
    { tag: smpp.TLV_SAR_MSG_REF_NUM, value: Buffer.from([reference >> 8, reference & 0xff]) },
    { tag: smpp.TLV_SAR_TOTAL_SEGMENTS, value: Buffer.from([total]) },
    { tag: smpp.TLV_SAR_SEGMENT_SEQNUM, value: Buffer.from([sequence]) },
  ];
}

/** Octets of the header that a part of `kind` has besides the concatenation, with it: what its text has no room for. */
export function partHeaderLength(
  elements: readonly InformationElement[],
  kind: Concatenation['kind'],
): number {
  return Math.max(1, udhLength(elements)) + (kind === 'udh16' ? 6 : 5);
}
