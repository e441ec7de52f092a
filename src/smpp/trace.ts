/** A traced PDU as text: a headline, a line for each field and TLV, and the body in hexadecimal digits. */
import { decodeCharset } from '../core/charsets.ts';
import { charsetOf } from '../core/data-coding.ts';
import { quoted } from '../core/quote.ts';
import { readUdh, shiftsOf } from '../core/udh.ts';
import { decodePdu } from './codec.ts';
import type { Pdu } from './codec.ts';
import * as smpp from './constants.ts';
import { readU32 } from './cursor.ts';
import type { Tlv } from './pdu/tlv.ts';
import { STANDARD_TAGS, readTlvValue, tlvName } from './tags.ts';
import type { TagTable } from './tags.ts';
import type { TraceDirection } from './trace-feed.ts';

export interface TracedPdu {
  session: string;
  direction: TraceDirection;
  timeMs: number;
  /** The session's interface_version. */
  version: number;
  bytes: Buffer;
}

const NAME_COLUMNS = 26;
const HEX_OCTETS_A_LINE = 32;
const IN_HEADLINE = new Set(['command', 'commandStatus', 'sequenceNumber']);
/** Numbers that are read bit by bit. */
const IN_HEX = new Set([
  'esm_class',
  'registered_delivery',
  'data_coding',
  'interface_version',
  'sc_interface_version',
]);

/** Lines that end with a line feed each. What the PDU says is quoted; passwords are not in the bytes any more. */
export function traceText(traced: TracedPdu, tags: TagTable = STANDARD_TAGS): string {
  const { bytes, version } = traced;
  const lines = [headline(traced)];
  const decoded = decodePdu(bytes, 0, bytes.length, version, { lenient: true, tags });
  if (decoded.ok) lines.push(...fieldLines(decoded.pdu, version, tags));
  else if (bytes.length > smpp.HEADER_BYTES) lines.push(field('(not readable)', decoded.reason));
  return `${[...lines, ...hexLines(bytes.subarray(smpp.HEADER_BYTES))].join('\n')}\n`;
}

function headline({ session, direction, timeMs, bytes }: TracedPdu): string {
  const command = readU32(bytes, 4);
  const status = readU32(bytes, 8);
  // In a request it means nothing, and is 0 as a rule.
  const shown = command >= smpp.RESPONSE_BIT || status !== 0 ? ` ${smpp.statusName(status)}` : '';
  const time = new Date(timeMs).toISOString();
  const sequence = readU32(bytes, 12);
  return (
    `${time} ${session} ${direction.padEnd(3)} ${smpp.commandName(command)}${shown}` +
    ` seq ${sequence}, ${bytes.length} octets`
  );
}

function fieldLines(pdu: Pdu, version: number, tags: TagTable): string[] {
  const { tlvs, ...fields } = pdu as Pdu & Record<string, unknown>;
  const lines: string[] = [];
  for (const [key, value] of Object.entries(fields)) {
    if (IN_HEADLINE.has(key)) continue;
    const name = snakeCase(key);
    if (Buffer.isBuffer(value)) lines.push(...messageLines(name, value, fields, version));
    else if (Array.isArray(value)) value.forEach((one) => lines.push(field(name, shown(name, one))));
    else lines.push(field(name, shown(name, value)));
  }
  return [...lines, ...tlvs.flatMap((tlv) => tlvLines(tlv, fields, version, tags))];
}

function snakeCase(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function field(name: string, value: string): string {
  return `  ${name.padEnd(NAME_COLUMNS)} ${value}`;
}

function shown(name: string, value: unknown): string {
  if (value === null || value === undefined) return '(not there)';
  if (name === 'password') return '(hidden)';
  if (typeof value === 'number') return IN_HEX.has(name) ? hex8(value) : String(value);
  if (typeof value === 'string') return quoted(value);
  if (Buffer.isBuffer(value)) return value.toString('hex');
  if (typeof value !== 'object') return '';
  const parts = Object.entries(value).map(([key, inner]) => {
    const inside = snakeCase(key);
    return `${inside}=${inside.endsWith('status_code') ? smpp.statusName(Number(inner)) : shown(inside, inner)}`;
  });
  return parts.join(' ');
}

/** The octets, and what they say where their data_coding has a text. */
function messageLines(
  name: string,
  octets: Buffer,
  fields: Record<string, unknown>,
  version: number,
): string[] {
  if (octets.length === 0) return [field(name, '""')];
  const { esmClass, dataCoding } = fields;
  if (typeof dataCoding !== 'number') return [field(name, octets.toString('hex'))];
  const hasUdh = typeof esmClass === 'number' && (esmClass & smpp.ESM_UDHI) !== 0;
  const elements = hasUdh ? (readUdh(octets) ?? []) : [];
  const textAt = elements.length > 0 ? octets[0] + 1 : 0;
  const lines = textAt > 0 ? [field('user_data_header', octets.toString('hex', 0, textAt))] : [];
  const charset = charsetOf(dataCoding, version, 'gsm');
  const text = octets.subarray(textAt);
  if (charset === 'binary') return [...lines, field(name, text.toString('hex'))];
  return [...lines, field(name, `${quoted(decodeCharset(text, charset, shiftsOf(elements)))} (${charset})`)];
}

function tlvLines(
  { tag, value }: Tlv,
  fields: Record<string, unknown>,
  version: number,
  tags: TagTable,
): string[] {
  const name = tlvName(tag, tags);
  if (tag === smpp.TLV_MESSAGE_PAYLOAD) return messageLines(name, value, fields, version);
  return [field(name, shown(name, readTlvValue(tag, value, tags)))];
}

function hexLines(body: Buffer): string[] {
  const lines: string[] = [];
  for (let at = 0; at < body.length; at += HEX_OCTETS_A_LINE) {
    const offset = at.toString(16).padStart(4, '0');
    lines.push(
      `  ${offset}  ${body.toString('hex', at, at + HEX_OCTETS_A_LINE).replace(/(..)(?=.)/g, '$1 ')}`,
    );
  }
  return lines;
}

function hex8(value: number): string {
  return `0x${value.toString(16).padStart(2, '0')}`;
}
