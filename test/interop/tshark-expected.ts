/** What tshark must show of a PDU, out of what it was made from: the fields of the body by name, in order. */
import type { PduInput } from '../../src/smpp/codec.ts';
import * as smpp from '../../src/smpp/constants.ts';
import type { Tlv } from '../../src/smpp/pdu/tlv.ts';
import { flat } from './pdml.ts';
import type { PdmlField } from './pdml.ts';

/** Field name of tshark and octets in hexadecimal. */
export type Shown = readonly [string, string];

/** Where tshark's name is another than the specification's. */
const NAMES: Record<string, string> = {
  esm_class: 'esm.submit.msg_mode',
  registered_delivery: 'regdel.receipt',
  short_message: 'message',
};
/** tshark has a second name for times that count from now. */
const RELATIVE = /^(schedule_delivery_time|validity_period|final_date)_r$/;
/** Not fields of the body. */
const OUTER = new Set(['command', 'commandStatus', 'sequenceNumber', 'tlvs']);
const STRINGS = new Set(
  [
    'system_id password system_type address_range service_type source_addr destination_addr esme_addr dl_name',
    'schedule_delivery_time validity_period final_date message_id',
  ].flatMap((names) => names.split(' ').map((name) => `smpp.${name}`)),
);
/** Numbers of more than one octet. */
const WIDE: Record<string, number> = { errorStatusCode: 4 };

function snake(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function fieldName(name: string): string {
  const plain = snake(name);
  return `smpp.${NAMES[plain] ?? plain}`;
}

/** The body's fields by name, those of one name in their order. */
export function expectedFields(pdu: PduInput): Shown[] {
  const all = Object.entries(pdu).filter(([name]) => !OUTER.has(name));
  return byName(all.flatMap(([name, value]) => shownOf(name, value as unknown)));
}

/** Empty strings are shown in some commands and not in others. */
function byName(shown: readonly Shown[]): Shown[] {
  const there = shown.filter(([name, octets]) => octets !== '' && !(STRINGS.has(name) && octets === '00'));
  return there.toSorted(([one], [other]) => (one < other ? -1 : one > other ? 1 : 0));
}

function shownOf(name: string, value: unknown): Shown[] {
  if (Array.isArray(value)) return value.flatMap(entryOf);
  if (typeof value === 'number') return [[fieldName(name), hex(value, WIDE[name] ?? 1)]];
  if (typeof value === 'string') return [[fieldName(name), cString(value)]];
  if (!Buffer.isBuffer(value)) return [];
  return [
    ['smpp.sm_length', hex(value.length, 1)],
    ['smpp.message', value.toString('hex')],
  ];
}

/** A destination or an unsuccess_sme; dest_flag has no field of its own there. */
function entryOf(entry: unknown): Shown[] {
  return Object.entries(entry as object)
    .filter(([name]) => name !== 'destFlag')
    .flatMap(([name, value]) => shownOf(name, value as unknown));
}

export function hex(value: number, octets: number): string {
  return value.toString(16).padStart(octets * 2, '0');
}

function cString(text: string): string {
  return `${Buffer.from(text, 'latin1').toString('hex')}00`;
}

/** The fields of the body as tshark shows them, sorted in the same way, the bits of one octet once. */
export function shownFields(smpp: PdmlField): Shown[] {
  const outer = new Set(['command_length', 'command_id', 'command_status', 'sequence_number', 'opt_params']);
  const shown: Shown[] = [];
  let last = -1;
  for (const field of smpp.fields.filter(({ name }) => !outer.has(name.slice('smpp.'.length)))) {
    for (const one of field.name === 'smpp.data_coding' ? [field] : flat(field)) {
      // Parts of an octet that was shown, and lines without octets of their own.
      if (!one.name.startsWith('smpp.') || one.value === '' || one.pos === last) continue;
      if (one.name === 'smpp.message_text') continue;
      last = one.pos;
      shown.push([one.name.replace('smpp.', '').replace(RELATIVE, '$1'), one.value]);
    }
  }
  return byName(shown.map(([name, octets]) => [`smpp.${name}`, octets]));
}

export interface ShownTlv {
  tag: number;
  length: number;
  /** `privacy_indicator`, as tshark calls it. */
  name: string;
  /** The octets of its value as far as tshark shows them. */
  value: string;
}

export function shownTlvs(smpp: PdmlField): ShownTlv[] {
  const all = smpp.fields.find(({ name }) => name === 'smpp.opt_params')?.fields ?? [];
  return all
    .filter(({ name }) => name === 'smpp.opt_param')
    .map((parameter) => {
      const valueOf = (name: string): number =>
        Number(`0x${parameter.fields.find((field) => field.name === `smpp.${name}`)?.value}`);
      const [, name = ''] = /^Optional parameter: (\S+)/.exec(parameter.showname) ?? [];
      const inner = parameter.fields
        .filter((field) => !/^smpp\.opt_param_(?:tag|len)$/.test(field.name))
        .flatMap(flat)
        .filter(({ value }) => value !== '');
      return {
        tag: valueOf('opt_param_tag'),
        length: valueOf('opt_param_len'),
        name,
        value: octetsOf(inner, parameter.pos + 4, parameter.pos + 4 + valueOf('opt_param_len')),
      };
    });
}

/** Octets [from, to) put together from fields that may overlap; `..` where no field shows one. */
function octetsOf(fields: readonly PdmlField[], from: number, to: number): string {
  const octets = Array.from({ length: to - from }, () => '..');
  for (const { pos, value } of fields) {
    for (let at = 0; at * 2 + 1 < value.length; at++) {
      if (pos + at >= from && pos + at < to) octets[pos + at - from] = value.slice(at * 2, at * 2 + 2);
    }
  }
  return octets.join('');
}

/** `hidden`: tags whose octets tshark does not show. */
export function expectedTlvs(tlvs: readonly Tlv[], hidden: readonly number[]): Omit<ShownTlv, 'name'>[] {
  return tlvs.map(({ tag, value }) => ({
    tag,
    length: value.length,
    value: hidden.includes(tag) ? '..'.repeat(value.length) : value.toString('hex'),
  }));
}

/** TLVs that this tshark is wrong about: it loses its place, so what stands behind them says nothing. */
export function isMisread({ tag, value }: Tlv): boolean {
  if (tag === smpp.TLV_BROADCAST_REP_NUM) return true;
  if (tag === smpp.TLV_MS_VALIDITY) return value.length === 4;
  return tag === smpp.TLV_BROADCAST_END_TIME && value.length === 16;
}
