/**
 * Every PDU of SMPP 3.3, 3.4 and 5.0 as an object, for what is off the way of a message: tools, the rarer commands,
 * sessions of the library. Grammars and types are in pdu/grammar/, a file per family.
 */
import * as smpp from './constants.ts';
import { readU32, writeHeader } from './cursor.ts';
import { BIND_GRAMMARS } from './pdu/grammar/bind.ts';
import type * as bind from './pdu/grammar/bind.ts';
import { BROADCAST_GRAMMARS } from './pdu/grammar/broadcast.ts';
import type * as broadcast from './pdu/grammar/broadcast.ts';
import { CANCEL_SM_GRAMMARS } from './pdu/grammar/cancel-sm.ts';
import type { CancelSm, CancelSmResp } from './pdu/grammar/cancel-sm.ts';
import { DATA_SM_GRAMMARS } from './pdu/grammar/data-sm.ts';
import type { DataSm, DataSmResp } from './pdu/grammar/data-sm.ts';
import { LINK_GRAMMARS } from './pdu/grammar/link.ts';
import type * as link from './pdu/grammar/link.ts';
import { MESSAGE_GRAMMARS } from './pdu/grammar/message.ts';
import type * as message from './pdu/grammar/message.ts';
import { QUERY_SM_GRAMMARS } from './pdu/grammar/query-sm.ts';
import type { QuerySm, QuerySmResp } from './pdu/grammar/query-sm.ts';
import { REPLACE_SM_GRAMMARS } from './pdu/grammar/replace-sm.ts';
import type { ReplaceSm, ReplaceSmResp } from './pdu/grammar/replace-sm.ts';
import { SUBMIT_MULTI_GRAMMARS } from './pdu/grammar/submit-multi.ts';
import type { SubmitMulti, SubmitMultiResp } from './pdu/grammar/submit-multi.ts';
import { V33_GRAMMARS } from './pdu/grammar/v33.ts';
import type * as v33 from './pdu/grammar/v33.ts';
import { BodyReader, measureFields, readFields, writeFields } from './pdu/grammar.ts';
import type { Grammar, PduHead } from './pdu/grammar.ts';
import { checkSar, readTlvList, type TlvReading } from './pdu/tlv-checks.ts';
import { tlvBytes, writeTlvs, type Tlv } from './pdu/tlv.ts';
import { isInside, legalLengths, STANDARD_TAGS, type TagTable } from './tags.ts';

export type Pdu =
  | bind.BindTransmitter
  | bind.BindTransmitterResp
  | bind.BindReceiver
  | bind.BindReceiverResp
  | bind.BindTransceiver
  | bind.BindTransceiverResp
  | bind.Outbind
  | link.EnquireLink
  | link.EnquireLinkResp
  | link.Unbind
  | link.UnbindResp
  | link.GenericNack
  | link.AlertNotification
  | message.SubmitSm
  | message.SubmitSmResp
  | message.DeliverSm
  | message.DeliverSmResp
  | SubmitMulti
  | SubmitMultiResp
  | DataSm
  | DataSmResp
  | QuerySm
  | QuerySmResp
  | CancelSm
  | CancelSmResp
  | ReplaceSm
  | ReplaceSmResp
  | broadcast.BroadcastSm
  | broadcast.BroadcastSmResp
  | broadcast.QueryBroadcastSm
  | broadcast.QueryBroadcastSmResp
  | broadcast.CancelBroadcastSm
  | broadcast.CancelBroadcastSmResp
  | v33.QueryLastMsgs
  | v33.QueryLastMsgsResp
  | v33.QueryMsgDetails
  | v33.QueryMsgDetailsResp
  | v33.ParamRetrieve
  | v33.ParamRetrieveResp;

export type Command = Pdu['command'];
/** The type of one command: `PduOf<'submit_sm'>`. */
export type PduOf<C extends Command> = Extract<Pdu, { command: C }>;

type InputOf<P> = P extends PduHead
  ? Pick<P, Extract<'command', keyof P>> & {
      sequenceNumber: number;
      commandStatus?: number | undefined;
      tlvs?: readonly Tlv[] | undefined;
    } & { readonly [K in Exclude<keyof P, keyof PduHead>]?: P[K] | undefined }
  : never;
/**
 * A PDU to encode. What is left out is 0 or empty; a whole response that is left out follows the rule for errors, see
 * `encodePdu`. A decoded Pdu is one too.
 */
export type PduInput = InputOf<Pdu>;
export type PduInputOf<C extends Command> = InputOf<PduOf<C>>;

export type DecodedPdu =
  | { readonly ok: true; readonly pdu: Pdu }
  | {
      readonly ok: false;
      /** 0 where the header is not whole, and so sequenceNumber. */
      readonly commandId: number;
      readonly sequenceNumber: number;
      /** The command_status to answer a request with; in a response it only says what is wrong. */
      readonly status: number;
      /** Names the field. */
      readonly reason: string;
    };

export interface CodecOptions {
  /** Take (or write) odd values, overlong strings and unterminated responses: what a client does. */
  readonly lenient?: boolean;
  /** Refuse TLV numbers that no version assigns (strict reading only). */
  readonly tlvValues?: boolean;
  /** With the vendor tags of a deployment, see `tagTable`. */
  readonly tags?: TagTable;
}

const GRAMMARS: readonly Grammar[] = [
  ...BIND_GRAMMARS,
  ...LINK_GRAMMARS,
  ...MESSAGE_GRAMMARS,
  ...SUBMIT_MULTI_GRAMMARS,
  ...DATA_SM_GRAMMARS,
  ...QUERY_SM_GRAMMARS,
  ...CANCEL_SM_GRAMMARS,
  ...REPLACE_SM_GRAMMARS,
  ...BROADCAST_GRAMMARS,
  ...V33_GRAMMARS,
];
const BY_ID: ReadonlyMap<number, Grammar> = new Map(GRAMMARS.map((one) => [one.commandId, one]));
const BY_NAME: ReadonlyMap<string, Grammar> = new Map(GRAMMARS.map((one) => [one.command, one]));
const NO_OPTIONS: CodecOptions = {};
const NO_TLVS: readonly Tlv[] = [];
const NO_BODY = Buffer.alloc(0);

/** All commands that are known. */
export const COMMANDS: readonly Command[] = GRAMMARS.map(({ command }) => command as Command);

/** Whether a version (interface_version) has the command; bind_transceiver is taken for one of 3.3 too. */
export function isCommandOf(command: Command, version: number): boolean {
  const grammar = BY_NAME.get(command);
  return grammar !== undefined && isOf(grammar, version);
}

/**
 * The PDU in [start, end) of `b`, which must be one whole PDU as a FrameReader cuts it. `version` is the session's
 * interface_version. Never throws and never reads outside. Strings are copies; shortMessage and the values of TLVs
 * share the memory of `b`.
 *
 * Strict (the default) is what a server answers: the first fault, with its own command_status. Lenient is what a
 * client takes from an SMSC: only what can not be read at all is refused. Of an error response anything is taken: no
 * body, the start of one, a whole one, or TLVs alone; fields that are not there are null.
 */
export function decodePdu(
  b: Buffer,
  start: number,
  end: number,
  version: number = smpp.VERSION_50,
  options: CodecOptions = NO_OPTIONS,
): DecodedPdu {
  if (start < 0 || end > b.length || end - start < smpp.HEADER_BYTES) {
    return refuse(0, 0, smpp.ESME_RINVCMDLEN, 'the header is not whole');
  }
  const commandId = readU32(b, start + 4);
  const sequenceNumber = readU32(b, start + 12);
  const length = readU32(b, start);
  if (length !== end - start) {
    const reason = `command_length is ${length}, ${end - start} octets are there`;
    return refuse(commandId, sequenceNumber, smpp.ESME_RINVCMDLEN, reason);
  }
  const grammar = BY_ID.get(commandId);
  const lenient = options.lenient === true;
  if (grammar === undefined || !(lenient || isOf(grammar, version))) {
    const reason = grammar === undefined ? 'is not assigned' : `is none of version 0x${version.toString(16)}`;
    return refuse(commandId, sequenceNumber, smpp.ESME_RINVCMDID, `${smpp.commandName(commandId)} ${reason}`);
  }
  const r = new BodyReader(b, start + smpp.HEADER_BYTES, end, version, lenient);
  const pdu: PduHead = { ...grammar.blank };
  pdu.commandStatus = readU32(b, start + 8);
  pdu.sequenceNumber = sequenceNumber;
  pdu.tlvs = [];
  const reading = { tags: options.tags ?? STANDARD_TAGS, values: options.tlvValues === true };
  if (grammar.isResponse && pdu.commandStatus !== smpp.ESME_ROK) readErrorBody(grammar, r, pdu, reading);
  else readBody(grammar, r, pdu, reading);
  if (!r.isFine()) return refuse(commandId, sequenceNumber, r.status, r.reason);
  return { ok: true, pdu: pdu as Pdu };
}

function readBody(grammar: Grammar, r: BodyReader, pdu: PduHead, reading: TlvReading): void {
  const isBare = r.at === r.end;
  if (grammar.isResponse && isBare && (grammar.mayBeBare || r.lenient)) {
    nullFrom(grammar, pdu, 0);
    return;
  }
  r.openEnd = r.lenient && grammar.isResponse;
  r.spareNul = r.lenient && !grammar.isResponse;
  readStart(grammar, r, pdu, r.openEnd);
  if (!r.isFine()) return;
  const bodyless = grammar.fields.length === 0;
  if (bodyless && !grammar.isResponse) return;
  pdu.tlvs = readTlvList(r, grammar.commandId, reading);
  const passed = grammar.ignoresRest || (r.lenient && grammar.isResponse);
  if (r.status === smpp.ESME_RINVTLVSTREAM && passed) {
    if (bodyless) pdu.tlvs = [];
    r.rewind(r.end);
  }
  if (!r.isFine()) return;
  grammar.settle?.(pdu);
  grammar.check?.(pdu, r);
}

/** The first `count` fields or, where the body may end early, those that are there; the others are null. */
function readStart(
  grammar: Grammar,
  r: BodyReader,
  pdu: PduHead,
  mayEnd: boolean,
  count: number = grammar.fields.length,
): void {
  const target = pdu as PduHead & Record<string, unknown>;
  const { fields } = grammar;
  if (!mayEnd) {
    readFields(fields, r, target);
    return;
  }
  for (let i = 0; i < count; i++) {
    if (r.at === r.end) {
      nullFrom(grammar, pdu, i);
      return;
    }
    readFields(fields.slice(i, i + 1), r, target);
    if (!r.isFine()) return;
  }
}

/**
 * The forms in which peers send the body with an error, the likeliest first: as it should be, or its start; the first
 * field and TLVs; TLVs alone (5.0); with strings of any length. What is none of these is ignored.
 */
function readErrorBody(grammar: Grammar, r: BodyReader, pdu: PduHead, reading: TlvReading): void {
  const from = r.at;
  const { length } = grammar.fields;
  const forms = [
    { fields: length, lenient: false },
    { fields: Math.min(1, length), lenient: false },
    { fields: 0, lenient: false },
    { fields: length, lenient: true },
  ];
  for (const { fields, lenient } of forms) {
    r.rewind(from);
    r.lenient = lenient;
    nullFrom(grammar, pdu, 0);
    readStart(grammar, r, pdu, true, fields);
    // TLVs of a wrong length are no reason to read them otherwise.
    r.lenient = true;
    if (r.isFine()) pdu.tlvs = readTlvList(r, grammar.commandId, reading);
    if (r.isFine()) return;
  }
  r.rewind(r.end);
  nullFrom(grammar, pdu, 0);
  pdu.tlvs = [];
}

function nullFrom(grammar: Grammar, pdu: PduHead, first: number): void {
  const target = pdu as PduHead & Record<string, unknown>;
  for (const { key } of grammar.fields.slice(first)) target[key] = null;
}

function refuse(commandId: number, sequenceNumber: number, status: number, reason: string): DecodedPdu {
  return { ok: false, commandId, sequenceNumber, status, reason };
}

/**
 * The PDU as bytes. Throws a RangeError naming the field where a value does not fit the version. Strict (the default),
 * what a strict `decodePdu` of the same version would refuse is not written, but for alphabets that are merely not
 * served here; lenient, all that octets can say is.
 *
 * Of a response with an error whose body is left out, nothing but the header is written, or the empty body where that
 * is needed: on sessions of 3.3, which know no bare form, before TLVs, and in a deliver_sm_resp. null writes that the
 * body ends there.
 */
export function encodePdu(
  pdu: PduInput,
  version: number = smpp.VERSION_50,
  options: CodecOptions = NO_OPTIONS,
): Buffer {
  const grammar = BY_NAME.get(pdu.command);
  if (grammar === undefined) throw new RangeError(`no command ${pdu.command as string}`);
  const lenient = options.lenient === true;
  if (!lenient && !isOf(grammar, version)) {
    throw new RangeError(`${pdu.command}: is none of version 0x${version.toString(16)}`);
  }
  const { sequenceNumber, commandStatus = smpp.ESME_ROK, tlvs = NO_TLVS } = pdu;
  checkNumber('command_status', commandStatus);
  checkNumber('sequence_number', sequenceNumber);
  checkTlvs(grammar, tlvs, version, options);
  const source = pdu as unknown as Record<string, unknown>;
  const fields = grammar.fields.slice(0, writtenFields(grammar, source, commandStatus, tlvs.length, version));
  const length = smpp.HEADER_BYTES + measureFields(fields, source, version, lenient) + tlvBytes(tlvs);
  const isError = grammar.isResponse && commandStatus !== smpp.ESME_ROK;
  if (!lenient && !isError) checkWhole(grammar, source, fields.length, version, options);
  // Every octet is written below, so that nothing of the memory before shows.
  const b = Buffer.allocUnsafe(length);
  writeHeader(b, 0, length, grammar.commandId, commandStatus, sequenceNumber);
  const end = writeTlvs(b, writeFields(fields, b, smpp.HEADER_BYTES, source), tlvs);
  if (end !== length) throw new Error(`${pdu.command}: ${end} octets written, ${length} measured`);
  return b;
}

/** How many of its fields a PDU is written with. */
function writtenFields(
  grammar: Grammar,
  source: Record<string, unknown>,
  status: number,
  tlvs: number,
  version: number,
): number {
  const { fields } = grammar;
  const nothing = fields.findIndex(({ key }) => source[key] === null);
  if (nothing >= 0) {
    const behind = fields.slice(nothing).find(({ key }) => (source[key] ?? null) !== null);
    const { name } = fields[nothing];
    if (!grammar.isResponse) throw new RangeError(`${name}: is null in a request`);
    if (behind !== undefined) throw new RangeError(`${behind.name}: stands behind ${name}, which is null`);
    return nothing;
  }
  if (!grammar.isResponse || status === smpp.ESME_ROK || grammar.alwaysBody) return fields.length;
  if (version <= smpp.VERSION_33 || tlvs > 0) return fields.length;
  return fields.some(({ key }) => source[key] !== undefined) ? fields.length : 0;
}

/** What no field shows on its own: refuses what a reader would refuse once the whole body is read. */
function checkWhole(
  grammar: Grammar,
  source: Record<string, unknown>,
  written: number,
  version: number,
  options: CodecOptions,
): void {
  const tlvs = (source.tlvs ?? NO_TLVS) as Tlv[];
  const isBare = written === 0 && tlvs.length === 0;
  if (written < grammar.fields.length && !(isBare && grammar.mayBeBare)) {
    throw new RangeError(`${grammar.fields[written].name}: is null in a success`);
  }
  const r = new BodyReader(NO_BODY, 0, 0, version, false);
  if (tlvs.length >= 3) checkSar(r, grammar.commandId, tlvs, options.tags ?? STANDARD_TAGS);
  if (r.isFine()) grammar.check?.(source, r);
  // A coding that this gateway can not show is legal all the same, and the peer may know it.
  const isLegal = r.isFine() || r.status === smpp.ESME_RINVDCS || r.status === smpp.ESME_RSUBMITFAIL;
  if (!isLegal) throw new RangeError(r.reason);
}

function checkTlvs(grammar: Grammar, tlvs: readonly Tlv[], version: number, options: CodecOptions): void {
  if (tlvs.length === 0) return;
  if (grammar.fields.length === 0 && !grammar.isResponse) {
    throw new RangeError(`tlvs: ${grammar.command} has no body`);
  }
  if (options.lenient === true) return;
  if (version <= smpp.VERSION_33) throw new RangeError('tlvs: SMPP 3.3 has none');
  for (const { tag, value } of tlvs) {
    const definition = (options.tags ?? STANDARD_TAGS).byTag(tag);
    if (definition === undefined || isInside(legalLengths(definition, version), value.length)) continue;
    throw new RangeError(`TLV ${definition.name}: ${value.length} octets`);
  }
}

function checkNumber(name: string, value: number): void {
  if (Number.isInteger(value) && value >= 0 && value <= 0xffff_ffff) return;
  throw new RangeError(`${name}: ${value} is no integer of 4 octets`);
}

function isOf(grammar: Grammar, version: number): boolean {
  return version >= grammar.since && version <= grammar.until;
}
