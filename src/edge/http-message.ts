/** The body of POST /v1/messages: JSON in, the fields of a submit_sm out. */
import { type ParsedAddress, parseDestination, parseSender } from '../core/address.ts';
import { charsetOf, classedCoding } from '../core/data-coding.ts';
import type { Language } from '../core/gsm-tables.ts';
import { concatenationOf, type InformationElement, readUdh, writeUdh } from '../core/udh.ts';
import { countParts } from '../core/parts.ts';
import { encodeText, PLAIN_TARGET } from '../core/text.ts';
import type { UserData } from '../core/user-data.ts';
import { ESME_ROK, VERSION_34 } from '../smpp/constants.ts';
import { dataStatus } from '../smpp/pdu/message-body.ts';
import type { MessageObject } from '../smpp/pdu/message-encode.ts';
import { absoluteTime, relativeTime, TIME_MS_MAX } from '../smpp/time-text.ts';
import { withUserData } from '../smpp/udh.ts';
import { type FieldError, type MessageRequest, readFields } from './http-fields.ts';

/** Octets that are no UTF-8 are refused: they would go out as other characters than the client meant. */
const UTF8 = new TextDecoder('utf-8', { fatal: true });
const FLASH = 0;
/** 8-bit data (v3.4 section 5.2.19). */
const BINARY_CODING = 4;

/** What depends on who sends and where it goes. */
export interface HttpLimits {
  /** Parts that one message may have: the account's parts_max. */
  partsMax: number;
  /** The account's transliterate. */
  transliterate: boolean;
  /** Shift tables that the SMSC takes to which a message with these addresses goes. */
  languagesFor(addressed: MessageObject): readonly Language[];
  nowMs: number;
}

export type ReadMessage =
  | { ok: true; submit: MessageObject; to: string; parts: number }
  | { ok: false; status: number; detail: string; errors: FieldError[] };

const ONE_SMS: HttpLimits = { partsMax: 1, transliterate: false, languagesFor: () => [], nowMs: 0 };

/**
 * Status 400 where it is no JSON, 422 where a field is wrong. The text is encoded for a 3.4 session whose data_coding 0
 * is the GSM default alphabet, and is in message_payload where short_message can not hold it; `parts` are what it has
 * then. What the SMSC wants may change both.
 */
export function readMessage(body: Buffer, limits: HttpLimits = ONE_SMS): ReadMessage {
  let value: unknown;
  try {
    value = JSON.parse(UTF8.decode(body));
  } catch (error) {
    const detail = `the body is not JSON: ${error instanceof Error ? error.message : String(error)}`;
    return { ok: false, status: 400, detail, errors: [] };
  }
  const read = readFields(value);
  return read.ok ? toSubmit(read.fields, limits) : refused(read.errors);
}

interface Content {
  data: UserData;
  dataCoding: number;
}

function toSubmit(fields: MessageRequest, limits: HttpLimits): ReadMessage {
  const errors: FieldError[] = [];
  const source = parseSender(fields.from);
  const dest = parseDestination(fields.to);
  if (source === undefined)
    errors.push({ pointer: '/from', detail: 'must be a number, or 1 to 11 letters and digits' });
  if (dest === undefined)
    errors.push({ pointer: '/to', detail: 'must be an international number of 5 to 15 digits' });
  const languages =
    source === undefined || dest === undefined
      ? []
      : limits.languagesFor(submitOf(fields, source, dest, undefined));
  const content =
    fields.text === undefined
      ? readBinary(fields, errors)
      : readText(fields, fields.text, limits.transliterate, languages);
  const parts = content === undefined ? 1 : countParts(content.data);
  if (parts > limits.partsMax) {
    const pointer = fields.text === undefined ? '/binary' : '/text';
    errors.push({ pointer, detail: tooLong(content as Content, parts, limits.partsMax) });
  }
  const schedule = readSchedule(fields.send_at, limits.nowMs, errors);
  if (source === undefined || dest === undefined || content === undefined || errors.length > 0) {
    return refused(errors);
  }
  const bare = submitOf(fields, source, dest, schedule);
  return { ok: true, to: dest.address, parts, submit: withUserData(bare, content.data, content.dataCoding) };
}

function readText(
  fields: MessageRequest,
  text: string,
  transliterate: boolean,
  languages: readonly Language[],
): Content {
  const dataCoding = fields.flash ? classedCoding('gsm', FLASH) : 0;
  return encodeText(text, { ...PLAIN_TARGET, dataCoding, languages, transliterate });
}

function readBinary(fields: MessageRequest, errors: FieldError[]): Content | undefined {
  const octets = Buffer.from(fields.binary as string, 'hex');
  const dataCoding = fields.data_coding ?? (fields.flash ? classedCoding('binary', FLASH) : BINARY_CODING);
  const header = readHeader(fields.udh);
  if (header === undefined) {
    errors.push({
      pointer: '/udh',
      detail: 'must be one whole header: its length, then elements that fill it',
    });
  }
  if (dataStatus(VERSION_34, dataCoding, 0, 0) !== ESME_ROK) {
    errors.push({ pointer: '/data_coding', detail: 'names an alphabet that is not served' });
  }
  const charset = charsetOf(dataCoding, VERSION_34, 'gsm');
  if (charset === 'ucs2' && octets.length % 2 !== 0) {
    errors.push({ pointer: '/binary', detail: 'must have an even number of octets: data_coding says UCS-2' });
  }
  if (header === undefined) return undefined;
  if (concatenationOf(header) !== undefined && countParts({ charset, octets, elements: header }) > 1) {
    errors.push({ pointer: '/binary', detail: 'is longer than the one part that "udh" says it is' });
  }
  return { dataCoding, data: { charset, octets, elements: header } };
}

function readHeader(hex: string | undefined): InformationElement[] | undefined {
  if (hex === undefined) return [];
  const octets = Buffer.from(hex, 'hex');
  const elements = readUdh(octets);
  return elements !== undefined && writeUdh(elements).equals(octets) ? elements : undefined;
}

function readSchedule(sendAt: string | undefined, nowMs: number, errors: FieldError[]): string | undefined {
  if (sendAt === undefined) return undefined;
  const ms = Date.parse(sendAt);
  if (ms <= nowMs) errors.push({ pointer: '/send_at', detail: 'is not in the future' });
  else if (ms > TIME_MS_MAX) errors.push({ pointer: '/send_at', detail: 'is later than SMPP can say' });
  else return absoluteTime(ms);
  return undefined;
}

function tooLong({ data }: Content, parts: number, partsMax: number): string {
  const what = { gsm: 'GSM characters', ucs2: 'UCS-2 units' }[data.charset as string] ?? 'octets';
  const length = data.charset === 'ucs2' ? data.octets.length / 2 : data.octets.length;
  if (parts === Number.POSITIVE_INFINITY) return 'has no room behind "udh"';
  return partsMax === 1
    ? `longer than one SMS: ${length} ${what}`
    : `longer than ${partsMax} parts: ${length} ${what} make ${parts}`;
}

function submitOf(
  fields: MessageRequest,
  source: ParsedAddress,
  dest: ParsedAddress,
  schedule: string | undefined,
): MessageObject {
  return {
    sourceTon: source.ton,
    sourceNpi: source.npi,
    source: source.address,
    destTon: dest.ton,
    destNpi: dest.npi,
    dest: dest.address,
    registeredDelivery: fields.receipt ? 1 : 0,
    ...(fields.priority === 0 ? {} : { priority: fields.priority }),
    ...(schedule === undefined ? {} : { schedule }),
    ...(fields.validity_s === undefined ? {} : { validity: relativeTime(fields.validity_s) }),
  };
}

function refused(errors: FieldError[]): ReadMessage {
  const detail = errors.map(({ pointer, detail: what }) => `${pointer}: ${what}`).join('; ');
  return { ok: false, status: 422, detail, errors };
}
