import type { MessageObject } from '../../src/smpp/pdu/message-encode.ts';
import type { VectorFields } from './vectors.ts';

/** The same bytes in the middle of a larger buffer of 0xEE, so that a wrong offset shows. */
export function shiftedInto(bytes: Buffer, start: number): { b: Buffer; start: number; end: number } {
  const end = start + bytes.length;
  const b = Buffer.alloc(end + 64, 0xee);
  bytes.copy(b, start);
  return { b, start, end };
}

/** A message as plain values under the names of the specification, its bytes as hex: easy to compare. */
export function fieldsOf(m: Required<MessageObject>): Record<string, unknown> {
  return {
    service_type: m.serviceType,
    source_addr_ton: m.sourceTon,
    source_addr_npi: m.sourceNpi,
    source_addr: m.source,
    dest_addr_ton: m.destTon,
    dest_addr_npi: m.destNpi,
    destination_addr: m.dest,
    esm_class: m.esmClass,
    protocol_id: m.protocolId,
    priority_flag: m.priority,
    schedule_delivery_time: m.schedule,
    validity_period: m.validity,
    registered_delivery: m.registeredDelivery,
    replace_if_present_flag: m.replaceIfPresent,
    data_coding: m.dataCoding,
    sm_default_msg_id: m.defaultMessageId,
    sm_length: m.message.length,
    short_message_hex: m.message.toString('hex'),
    tlvs: m.tlvs.map(({ tag, value }) => [tag, value.toString('hex')]),
  };
}

/** The same out of a vector's fields. */
export function message(fields: VectorFields): Record<string, unknown> {
  const {
    command: _command,
    command_length: _length,
    command_id: _id,
    command_status: _status,
    sequence_number: _sequence,
    text: _text,
    udh_hex: _udh,
    message_payload_hex: _payload,
    tlvs = [],
    short_message_hex = '',
    ...rest
  } = fields;
  const pairs = tlvs.map(({ tag, value_hex }) => [Number(tag), value_hex]);
  return { ...rest, short_message_hex, tlvs: pairs };
}
