import type { Pdu } from '../../src/smpp/codec.ts';
import type { VectorFields } from './vectors.ts';

/** A decoded PDU under the names of the specification, bytes as hex: the form that the vectors have. */
export function wireFields(pdu: Pdu): Record<string, unknown> {
  const { command, commandStatus, sequenceNumber, tlvs, ...body } = pdu;
  const fields: Record<string, unknown> = {
    command,
    command_status: commandStatus,
    sequence_number: sequenceNumber,
  };
  for (const [key, value] of Object.entries(body)) {
    if (value !== null) Object.assign(fields, wireField(wireName(key), value));
  }
  fields.tlvs = tlvs.map(({ tag, value }) => [tag, value.toString('hex')]);
  return fields;
}

function wireField(name: string, value: unknown): Record<string, unknown> {
  if (Buffer.isBuffer(value)) return { sm_length: value.length, [`${name}_hex`]: value.toString('hex') };
  if (!Array.isArray(value)) return { [name]: value };
  const entries = value.map((one: unknown) =>
    typeof one === 'object' && one !== null
      ? Object.fromEntries(Object.entries(one).map(([key, inner]) => [wireName(key), inner]))
      : one,
  );
  return { [name]: entries };
}

function wireName(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** The same out of a vector; what it derives from the fields (text, counts) is left out. */
export function vectorFields(fields: VectorFields): Record<string, unknown> {
  const {
    command_length: _length,
    command_id: _id,
    command_status: status,
    text: _text,
    udh_hex: _udh,
    message_payload_hex: _payload,
    number_of_dests: _dests,
    no_unsuccess: _unsuccess,
    number_msgs: _msgs,
    tlvs = [],
    ...rest
  } = fields;
  const numbers = rest as Record<string, unknown>;
  if (Array.isArray(numbers.unsuccess_sme)) {
    numbers.unsuccess_sme = numbers.unsuccess_sme.map((one: Record<string, unknown>) => ({
      ...one,
      error_status_code: Number(one.error_status_code),
    }));
  }
  const pairs = tlvs.map(({ tag, value_hex }) => [Number(tag), value_hex]);
  return { ...rest, command_status: Number(status), tlvs: pairs };
}
