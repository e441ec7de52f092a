/** The scanner of the message path and the codec read the same submit_sm and deliver_sm: field by field. */
import type { PduOf } from '../../src/smpp/codec.ts';
import * as smpp from '../../src/smpp/constants.ts';
import type { MessageFields } from '../../src/smpp/pdu/message-fields.ts';

type Values = Record<string, number | string>;

/** Throws an Error that names the first field that differs. `f` as the scan of `b` left it. */
export function checkSame(
  b: Buffer,
  f: MessageFields,
  pdu: PduOf<'submit_sm' | 'deliver_sm'>,
  version: number,
): void {
  const scanned = scannedValues(b, f, version);
  for (const [name, value] of Object.entries(readValues(pdu))) {
    if (scanned[name] === value) continue;
    throw new Error(`${name}: the scanner reads ${scanned[name]}, the codec ${value}`);
  }
}

function scannedValues(b: Buffer, f: MessageFields, version: number): Values {
  const text = (at: number, end: number): string => b.toString('latin1', at, end);
  // The spaces that 3.3 lets stand before an address: the scanner leaves them to whoever reads it.
  const address = (at: number, end: number): string =>
    version <= smpp.VERSION_33 ? text(at, end).replace(/^ +/, '') : text(at, end);
  const octets = (at: number, length: number): string =>
    length < 0 ? 'none' : b.toString('hex', at, at + length);
  return {
    service_type: text(f.serviceTypeAt, f.serviceTypeEnd),
    source_addr_ton: f.sourceTon,
    source_addr_npi: f.sourceNpi,
    source_addr: address(f.sourceAt, f.sourceEnd),
    dest_addr_ton: f.destTon,
    dest_addr_npi: f.destNpi,
    destination_addr: address(f.destAt, f.destEnd),
    esm_class: f.esmClass,
    protocol_id: f.protocolId,
    priority_flag: f.priority,
    schedule_delivery_time: text(f.scheduleAt, f.scheduleEnd),
    validity_period: text(f.validityAt, f.validityEnd),
    registered_delivery: f.registeredDelivery,
    replace_if_present_flag: f.replaceIfPresent,
    data_coding: f.dataCoding,
    sm_default_msg_id: f.defaultMessageId,
    sm_length: f.smLength,
    short_message: octets(f.messageAt, f.smLength),
    message_payload: octets(f.payloadAt, f.payloadLength),
    'the user data': octets(f.dataAt, f.dataLength),
    receipted_message_id: octets(f.receiptedIdAt, f.receiptedIdLength),
    message_state: f.messageState,
    network_error_code: octets(f.networkErrorAt, f.networkErrorAt < 0 ? -1 : 3),
    user_message_reference: f.userMessageReference,
    sar: `${f.sarRef} ${f.sarSequence} of ${f.sarTotal}`,
  };
}

function readValues(pdu: PduOf<'submit_sm' | 'deliver_sm'>): Values {
  const { shortMessage } = pdu;
  /** The first of this tag, and of this length where the tag has one. */
  const tlv = (tag: number, length?: number): Buffer | undefined =>
    pdu.tlvs.find((one) => one.tag === tag && (length === undefined || one.value.length === length))?.value;
  const number = (tag: number, bytes: 1 | 2): number => tlv(tag, bytes)?.readUIntBE(0, bytes) ?? -1;
  const payload = tlv(smpp.TLV_MESSAGE_PAYLOAD);
  const data = payload !== undefined && payload.length > 0 ? payload : shortMessage;
  return {
    service_type: pdu.serviceType,
    source_addr_ton: pdu.sourceAddrTon,
    source_addr_npi: pdu.sourceAddrNpi,
    source_addr: pdu.sourceAddr,
    dest_addr_ton: pdu.destAddrTon,
    dest_addr_npi: pdu.destAddrNpi,
    destination_addr: pdu.destinationAddr,
    esm_class: pdu.esmClass,
    protocol_id: pdu.protocolId,
    priority_flag: pdu.priorityFlag,
    schedule_delivery_time: pdu.scheduleDeliveryTime,
    validity_period: pdu.validityPeriod,
    registered_delivery: pdu.registeredDelivery,
    replace_if_present_flag: pdu.replaceIfPresentFlag,
    data_coding: pdu.dataCoding,
    sm_default_msg_id: pdu.smDefaultMsgId,
    sm_length: shortMessage.length,
    short_message: shortMessage.toString('hex'),
    message_payload: payload?.toString('hex') ?? 'none',
    'the user data': data.toString('hex'),
    receipted_message_id: withoutNul(tlv(smpp.TLV_RECEIPTED_MESSAGE_ID)),
    message_state: number(smpp.TLV_MESSAGE_STATE, 1),
    network_error_code: tlv(smpp.TLV_NETWORK_ERROR_CODE, 3)?.toString('hex') ?? 'none',
    user_message_reference: number(smpp.TLV_USER_MESSAGE_REFERENCE, 2),
    sar: sarOf(
      number(smpp.TLV_SAR_MSG_REF_NUM, 2),
      number(smpp.TLV_SAR_SEGMENT_SEQNUM, 1),
      number(smpp.TLV_SAR_TOTAL_SEGMENTS, 1),
    ),
  };
}

function withoutNul(value: Buffer | undefined): string {
  if (value === undefined) return 'none';
  const nul = value.indexOf(0);
  return value.toString('hex', 0, nul < 0 ? value.length : nul);
}

/** All three of them count, or none. */
function sarOf(reference: number, sequence: number, total: number): string {
  const isWhole = reference >= 0 && sequence >= 1 && sequence <= total;
  return isWhole ? `${reference} ${sequence} of ${total}` : '-1 -1 of -1';
}
