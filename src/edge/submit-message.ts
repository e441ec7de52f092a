/**
 * Messages that do not pass as they came: in another form for their SMSC, in several parts, scheduled, or parts that
 * wait to be joined. Off the fast way, so a message is an object here.
 */
import {
  ACCEPTED_BODY,
  ACCEPTED_FLAGS,
  ACCEPTED_FLAG_EXTENDED,
  ACCEPTED_PADDING_SHIFT,
  BATCH_COUNT,
  BATCH_COUNT_MAX,
  BATCH_RECORDS,
  BATCH_SEQUENCE,
  BATCH_SESSION,
  BATCH_TOLD_HIGH,
  BATCH_TOLD_LOW,
  DELIVERY_CONVERTED,
  EXTENSION_BYTES,
  EXTENSION_FLAGS,
  EXTENSION_FLAG_HELD,
  EXTENSION_FLAG_LED,
  EXTENSION_KEY,
  EXTENSION_PART,
  EXTENSION_PARTS,
  HELD_HTTP,
  PROTOCOL_HTTP,
  RECORD_TYPE,
  SUBMIT_BATCH,
  align8,
} from '../core/records.ts';
import { RING_FULL } from '../core/ring/ring.ts';
import { acceptedRecordBytes, writeAccepted } from '../smpp/accepted.ts';
import type { AcceptedExtension, AcceptedHead } from '../smpp/accepted.ts';
import type { Concat } from '../smpp/concat.ts';
import {
  ESME_RINVMSGLEN,
  ESME_ROK,
  ESME_RTHROTTLED,
  HEADER_BYTES,
  SUBMIT_SM,
  TLV_QOS_TIME_TO_LIVE,
} from '../smpp/constants.ts';
import { partKey } from '../smpp/part-key.ts';
import { encodeDataSm } from '../smpp/pdu/data-sm-encode.ts';
import { encodeMessage } from '../smpp/pdu/message-encode.ts';
import type { MessageObject } from '../smpp/pdu/message-encode.ts';
import { needsJoin, shape } from '../smpp/shape.ts';
import { shapeLonePart } from '../smpp/shape-part.ts';
import { isConverted } from '../smpp/shape-text.ts';
import { sendsTlvs } from '../smpp/shape-profile.ts';
import { isTimeToLive, livingUntil, validityFor } from '../smpp/validity.ts';
import { idFlagOf, senderOf, spendTokens, writeAsItIs } from './admission.ts';
import type { EdgeAccount, EdgeSmsc, EdgeState } from './state.ts';

/** Most bytes of one batch in a ring, which holds some megabytes. */
export const BATCH_BYTES_MAX = 1024 * 1024;

/** Who sent it, and how. */
export interface Origin {
  version: number;
  protocol: number;
  session: number;
  sequence: number;
  /** It came as data_sm. */
  isData?: boolean;
  /** One of several destinations: a part of a long message is not joined with the others. */
  isMulti?: boolean;
}

/** One record to be written: its PDU, and what is said of it. */
export interface Entry {
  pdu: Buffer;
  head: AcceptedHead;
}

/** The part must wait for the others: their SMSC wants the whole text, or the client one receipt for all. */
function mustHold(
  account: EdgeAccount,
  smsc: EdgeSmsc,
  { version, protocol }: Origin,
  message: MessageObject,
): boolean {
  if (account.config.receipts === 'merged') return true;
  return needsJoin(message, senderOf(account, version, protocol), smsc.profile);
}

/** A part that passes as it came, with what its message is found by for its CDR. */
export function sendPart(
  edge: EdgeState,
  account: EdgeAccount,
  smsc: EdgeSmsc,
  origin: Origin,
  bytes: Buffer,
  start: number,
  end: number,
  concat: Concat,
): number {
  const body = start + HEADER_BYTES;
  const plain = ACCEPTED_BODY + end - body;
  const ring = edge.ends.writers[smsc.shard];
  const at = ring.claim(align8(plain) + EXTENSION_BYTES);
  if (at === RING_FULL) return ESME_RTHROTTLED;
  const { version, protocol, session, sequence } = origin;
  const idFlag = idFlagOf(version, protocol);
  writeAsItIs(edge, account, smsc, protocol, session, sequence, bytes, body, end, at, idFlag);
  const { u8, u16, u32 } = ring.bytes;
  const padding = align8(plain) - plain;
  u16[(at + ACCEPTED_FLAGS) >> 1] |= ACCEPTED_FLAG_EXTENDED | (padding << ACCEPTED_PADDING_SHIFT);
  const extension = at + align8(plain);
  u8.fill(0, extension - padding, extension + EXTENSION_BYTES);
  u8[extension + EXTENSION_PART] = concat.sequence;
  u8[extension + EXTENSION_PARTS] = concat.total;
  u8[extension + EXTENSION_FLAGS] = EXTENSION_FLAG_LED;
  u32[(extension + EXTENSION_KEY) >> 2] = partKey(bytes, edge.fields, concat);
  ring.commit();
  return ESME_ROK;
}

/**
 * Shapes a message for its SMSC and hands it on; the times are those in `edge.times`, and `bytes` those of the PDU that
 * was scanned into `edge.fields`. `part`: which part of a message the client took apart it is. Returns a command_status
 * as `submit` does. One token of the account's rate was taken already.
 */
export function submitMessage(
  edge: EdgeState,
  account: EdgeAccount,
  smsc: EdgeSmsc,
  origin: Origin,
  message: MessageObject,
  bytes: Buffer,
  part: Concat | undefined,
): number {
  let extension: AcceptedExtension = {};
  if (part !== undefined) {
    extension = { part: part.sequence, parts: part.total };
    if (mustHold(account, smsc, origin, message)) {
      const { scheduleMs } = edge.times;
      const toldLow = origin.version | (origin.protocol === PROTOCOL_HTTP ? HELD_HTTP : 0);
      extension = { ...extension, scheduleMs, flags: EXTENSION_FLAG_HELD, toldLow };
      const head = { ...headOf(edge, account, smsc, origin, message), extension };
      const pdu = encodeMessage(SUBMIT_SM, withoutOurs(message, edge), 0);
      return sendEntries(edge, smsc.shard, origin, [{ pdu, head }]);
    }
    extension = { ...extension, flags: EXTENSION_FLAG_LED, key: partKey(bytes, edge.fields, part) };
  }
  const shaped = entriesOf(edge, account, smsc, origin, message, extension);
  if (!shaped.ok) return shaped.status;
  spendTokens(edge, account, shaped.parts - 1);
  edge.partsOfLast = shaped.parts;
  return sendEntries(edge, smsc.shard, origin, shaped.entries);
}

function headOf(
  edge: EdgeState,
  account: EdgeAccount,
  smsc: EdgeSmsc,
  { version, protocol, session, sequence }: Origin,
  message: MessageObject,
): AcceptedHead & { registeredDelivery: number } {
  const { expiresMs, scheduleMs } = edge.times;
  const fromMs = Math.max(edge.nowMs, scheduleMs);
  return {
    protocol,
    account: account.index,
    smsc: smsc.index,
    session,
    sequence,
    expiresMs: expiresMs > 0 ? expiresMs : fromMs + smsc.validityMs,
    priority: message.priority ?? 0,
    // An SMSC of an earlier version may have to be asked for more receipts than the client wants.
    registeredDelivery: (message.registeredDelivery ?? 0) & ~DELIVERY_CONVERTED,
    replacesPresent: message.replaceIfPresent === 1,
    isIdShort: idFlagOf(version, protocol) !== 0,
  };
}

/** What the gateway does itself is not asked of the SMSC: the schedule, and the replacing. */
function withoutOurs(message: MessageObject, { times }: EdgeState): MessageObject & { validity: string } {
  const { source = '', dest = '', validity = '', tlvs } = message;
  const isTold = tlvs?.some(isTimeToLive) === true;
  // 3.3 allows leading spaces in addresses.
  return {
    ...message,
    source: source.trimStart(),
    dest: dest.trimStart(),
    schedule: '',
    replaceIfPresent: 0,
    validity: validityFor(isTold ? '' : validity, times),
    ...(isTold && { tlvs: tlvs.filter((tlv) => !isTimeToLive(tlv)) }),
  };
}

export type Entries =
  | { readonly ok: true; readonly entries: Entry[]; readonly parts: number }
  | { readonly ok: false; readonly status: number };

/** The records of a message as its SMSC wants it. */
export function entriesOf(
  edge: EdgeState,
  account: EdgeAccount,
  smsc: EdgeSmsc,
  origin: Origin,
  message: MessageObject,
  extension: AcceptedExtension,
): Entries {
  const sender = senderOf(account, origin.version, origin.protocol);
  const { scheduleMs } = edge.times;
  const sentMs = Math.max(edge.nowMs, scheduleMs);
  const { validity, ...ours } = withoutOurs(message, edge);
  let shaped = shape(ours, sender, smsc.profile, edge.references, sentMs);
  if (!shaped.ok && origin.isMulti === true) {
    shaped = shapeLonePart(ours, sender, smsc.profile, edge.references, sentMs);
  }
  if (!shaped.ok) return { ok: false, status: shaped.status };
  // What is told of its end does not depend on the SMSC: shaping it has no part in that.
  const bodies = shaped.bodies.map((body) => ({ ...body, validity }));
  if (bodies.length > BATCH_COUNT_MAX) return { ok: false, status: ESME_RINVMSGLEN };
  const head = headOf(edge, account, smsc, origin, message);
  if (isConverted(message, sender, bodies[0], smsc.profile)) head.registeredDelivery |= DELIVERY_CONVERTED;
  const asData = origin.isData === true && bodies.length === 1 && takesDataSm(smsc);
  const several = bodies.length > 1;
  const isExtended = several || scheduleMs > 0 || extension.flags !== undefined;
  // What several bodies are made of is no part of another message.
  const common = several && extension.flags === EXTENSION_FLAG_LED ? {} : extension;
  const entries = bodies.map((body, index) => {
    const pdu = asData ? encodeDataSm(untilItsEnd(edge, smsc, body), 0) : encodeMessage(SUBMIT_SM, body, 0);
    if (!isExtended) return { pdu, head };
    const parts = several ? { part: index + 1, parts: bodies.length } : {};
    return { pdu, head: { ...head, extension: { ...common, ...parts, scheduleMs } } };
  });
  return { ok: true, entries, parts: shaped.parts };
}

/** A data_sm says how long it lives where its client did. */
function untilItsEnd({ times, nowMs }: EdgeState, { profile }: EdgeSmsc, body: MessageObject): MessageObject {
  if (times.expiresMs === 0) return body;
  const tag = profile.tlvMap.get(TLV_QOS_TIME_TO_LIVE) ?? TLV_QOS_TIME_TO_LIVE;
  return livingUntil(body, tag, times.expiresMs, nowMs);
}

/** 3.3 has no data_sm, and without TLVs it has no text. */
function takesDataSm({ config, profile }: EdgeSmsc): boolean {
  return config.supports.includes('data_sm') && sendsTlvs(profile);
}

/** Bytes of a batch with these records. */
export function batchBytes(entries: readonly Entry[]): number {
  let bytes = BATCH_RECORDS;
  for (const { pdu, head } of entries) bytes += align8(acceptedRecordBytes(pdu, head));
  return bytes;
}

/** Writes them into the ring, as one record where there is one, else as a batch: all or none. */
export function sendEntries(
  edge: EdgeState,
  shard: number,
  { session, sequence }: Origin,
  entries: readonly Entry[],
  toldHigh = 0,
  toldLow = 0,
): number {
  const ring = edge.ends.writers[shard];
  if (entries.length === 1 && toldHigh === 0) {
    const [{ pdu, head }] = entries;
    const at = ring.claim(acceptedRecordBytes(pdu, head));
    if (at === RING_FULL) return ESME_RTHROTTLED;
    writeAccepted(ring.bytes, at, pdu, head);
    ring.commit();
    return ESME_ROK;
  }
  const length = batchBytes(entries);
  if (length > BATCH_BYTES_MAX) return ESME_RINVMSGLEN;
  const at = ring.claim(length);
  if (at === RING_FULL) return ESME_RTHROTTLED;
  const { u8, u32 } = ring.bytes;
  u8[at + RECORD_TYPE] = SUBMIT_BATCH;
  u32[(at + BATCH_SESSION) >> 2] = session;
  u32[(at + BATCH_SEQUENCE) >> 2] = sequence;
  u32[(at + BATCH_TOLD_LOW) >> 2] = toldLow;
  u32[(at + BATCH_TOLD_HIGH) >> 2] = toldHigh;
  u32[(at + BATCH_COUNT) >> 2] = entries.length;
  let to = at + BATCH_RECORDS;
  for (const { pdu, head } of entries) to += align8(writeAccepted(ring.bytes, to, pdu, head));
  ring.commit();
  return ESME_ROK;
}
