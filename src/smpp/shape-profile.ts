/** What is known of both sides of a message, and whether it must change on its way between them. */
import type { Alphabet, Charset } from '../core/charsets.ts';
import { charsetOf, isMessageWaiting } from '../core/data-coding.ts';
import type { Language } from '../core/gsm-tables.ts';
import { capacityOf, type PartStyle } from '../core/parts.ts';
import * as smpp from './constants.ts';
import { readU16 } from './cursor.ts';
import type { MessageFields } from './pdu/message-fields.ts';
import { findTlv, TLV_HEADER_BYTES } from './pdu/tlv.ts';
import { STANDARD_TAGS } from './tags.ts';

/** Who sends. */
export interface Sender {
  /** interface_version of the session. */
  readonly version: number;
  /** What data_coding 0 means to it. */
  readonly alphabet: Alphabet;
  readonly transliterate: boolean;
  readonly partsMax: number;
  /** The text was given as such, so its data_coding is ours to choose. */
  readonly recode?: boolean;
}

/** An SMSC as it must be spoken to. */
export interface SmscProfile {
  /** interface_version of its sessions. */
  readonly version: number;
  /** Whether it is sent TLVs; never to 3.3. */
  readonly tlvs: boolean;
  readonly alphabet: Alphabet;
  readonly languages: readonly Language[];
  readonly longMessages: 'as-is' | PartStyle;
  /** Tags that it knows by another tag, or, with 0, is not sent. */
  readonly tlvMap: ReadonlyMap<number, number>;
  /** What it is configured for, where its binds speak less. */
  readonly configured?: SmscProfile;
}

/** Longest short_message: 160 octets in 3.3. */
export const SHORT_MESSAGE_33_OCTETS_MAX = 160;
/** Highest sm_default_msg_id. */
const DEFAULT_MESSAGE_33_MAX = 100;
const DEFAULT_MESSAGE_34_MAX = 254;
/** Messaging mode of esm_class: deliver while the sender waits; of a submit_sm since 5.0 only. */
export const ESM_MODE_MASK = 0x03;
export const ESM_MODE_TRANSACTION = 0x02;
/** What 3.3 leaves of esm_class: UDH indicator and reply path. */
export const ESM_33_MASK = 0xc0;

const SAR_HEADER_OCTETS_MAX = 12;
const PORTS_HEADER_OCTETS = 7;
/** The usual case, which needs no arithmetic. */
const BARE_SEPTETS = capacityOf('gsm', 0);

/** By tag, 1: a submit_sm may have it since 5.0 only. */
const SINCE_50 = new Uint8Array(0x1_0000);
for (const { tag, pdus34, pdus50 } of STANDARD_TAGS) {
  if (pdus50?.has(smpp.SUBMIT_SM) === true && pdus34?.has(smpp.SUBMIT_SM) !== true) SINCE_50[tag] = 1;
}

/**
 * Whether `shape` would change the scanned message, or has to look at it more closely to know. False for the usual
 * short message; then its octets go to the SMSC as they are. Allocates nothing.
 */
export function needsShape(b: Uint8Array, f: MessageFields, sender: Sender, profile: SmscProfile): boolean {
  const charset = charsetOf(f.dataCoding, sender.version, sender.alphabet);
  return (
    !isSameCoding(f.dataCoding, sender, profile) ||
    mayReencode(f.dataCoding, charset, sender) ||
    changesPlace(f, charset, profile) ||
    changesFields(f, profile) ||
    (f.tlvAt < f.end && (changesTlvs(b, f.tlvAt, f.end, profile) || leavesNoRoomForPorts(b, f, charset)))
  );
}

/**
 * By data_coding: up to how many octets of user data `needsShape` is certainly false for, of a message without a user
 * data header, a payload, TLVs, a schedule or values that only 5.0 has; -1: it has to be asked.
 */
export function plainLimits(sender: Sender, profile: SmscProfile): Int16Array {
  const limits = new Int16Array(256).fill(-1);
  if (profile.version < smpp.VERSION_34) return limits;
  for (let dataCoding = 0; dataCoding < limits.length; dataCoding++) {
    const charset = charsetOf(dataCoding, sender.version, sender.alphabet);
    if (!isSameCoding(dataCoding, sender, profile) || mayReencode(dataCoding, charset, sender)) continue;
    limits[dataCoding] = octetsThatFit(charset, 0);
  }
  return limits;
}

/** Values of a submit_sm that 3.4 does not know: `needsShape` has to be asked. */
export function hasValuesOf50(f: MessageFields): boolean {
  return (
    (f.registeredDelivery & 3) === 3 ||
    f.priority > 3 ||
    (f.esmClass & ESM_MODE_MASK) === ESM_MODE_TRANSACTION
  );
}

/** Highest sm_default_msg_id. */
export function defaultMessageMax({ version }: SmscProfile): number {
  if (version >= smpp.VERSION_50) return 255;
  return version >= smpp.VERSION_34 ? DEFAULT_MESSAGE_34_MAX : DEFAULT_MESSAGE_33_MAX;
}

/** Whether the SMSC takes this data_coding of this sender to mean what the sender means. */
export function isSameCoding(dataCoding: number, sender: Sender, profile: SmscProfile): boolean {
  // GSM data coding schemes mean the same in all versions, and so do 8-bit data and UCS-2.
  if (dataCoding >= 0x10 || dataCoding === 0x04 || dataCoding === 0x08) return true;
  if (dataCoding === 0) return sender.alphabet === profile.alphabet;
  const from33 = sender.version < smpp.VERSION_34;
  if (from33 !== profile.version < smpp.VERSION_34) return false;
  // The next bind may speak the later version again, in which these values mean something else.
  if (from33 && profile.configured !== undefined) return false;
  return !from33 || dataCoding > 3 || sender.alphabet === profile.alphabet;
}

/** Whether the text may be written otherwise than it came, if that is smaller. */
export function mayReencode(dataCoding: number, charset: Charset, sender: Sender): boolean {
  if (!sender.transliterate && sender.recode !== true) return false;
  return charset !== 'gsm' && charset !== 'binary' && !isMessageWaiting(dataCoding);
}

function changesPlace(f: MessageFields, charset: Charset, profile: SmscProfile): boolean {
  const style = profile.longMessages;
  if (f.payloadLength >= 0) {
    if (style !== 'payload' || !profile.tlvs || f.sarRef >= 0) return true;
    // A short_message beside it says nothing in 5.0, and is not allowed before.
    if (f.payloadLength === 0 || f.udhLength > 0 || f.smLength > 0) return true;
    // What may be more than one SMS is counted.
    return f.payloadLength > octetsThatFit(charset, 0);
  }
  // sar_* do not go with a header, nor to an SMSC that wants another form.
  const sarStays = profile.tlvs && (style === 'as-is' || style === 'sar') && f.udhLength === 0;
  // Part 1 of 1 is no part, but an SMSC may write a header for it, which the text may have no room for.
  if (f.sarRef >= 0 && (!sarStays || f.sarTotal === 1)) return true;
  // A header of one octet has no elements: it is left out.
  if (f.udhLength === 1 || (f.udhLength > 0 && style !== 'as-is')) return true;
  // The header that the SMSC writes for sar_* takes 6 octets, and 6 more where ports stand beside them.
  const header = f.sarRef >= 0 ? SAR_HEADER_OCTETS_MAX : f.udhLength;
  return f.dataLength - f.udhLength > octetsThatFit(charset, header);
}

/** The SMSC writes a header for ports that stand in parameters. Beside one that came they are its sender's affair. */
function leavesNoRoomForPorts(b: Uint8Array, f: MessageFields, charset: Charset): boolean {
  if (f.udhLength > 0 || f.dataLength <= octetsThatFit(charset, PORTS_HEADER_OCTETS)) return false;
  return (
    findTlv(b, f.tlvAt, f.end, smpp.TLV_SOURCE_PORT) >= 0 ||
    findTlv(b, f.tlvAt, f.end, smpp.TLV_DESTINATION_PORT) >= 0
  );
}

/** Octets of text that are one SMS whatever they say. */
function octetsThatFit(charset: Charset, header: number): number {
  if (header === 0 && charset === 'gsm') return BARE_SEPTETS;
  if (charset === 'gsm') return capacityOf('gsm', header);
  if (charset === 'binary') return capacityOf('octets', header);
  const units = capacityOf('ucs2', header);
  return charset === 'ucs2' ? 2 * units : units;
}

function changesFields(f: MessageFields, profile: SmscProfile): boolean {
  if (profile.version >= smpp.VERSION_50) return false;
  if (f.smLength > 254 || f.defaultMessageId > DEFAULT_MESSAGE_34_MAX || hasValuesOf50(f)) return true;
  if (profile.version >= smpp.VERSION_34) return false;
  return (
    f.smLength > SHORT_MESSAGE_33_OCTETS_MAX ||
    f.defaultMessageId > DEFAULT_MESSAGE_33_MAX ||
    f.registeredDelivery > 1 ||
    f.priority > 1 ||
    (f.esmClass & ~ESM_33_MASK) !== 0 ||
    f.scheduleEnd > f.scheduleAt ||
    f.validityEnd > f.validityAt
  );
}

function changesTlvs(b: Uint8Array, from: number, end: number, profile: SmscProfile): boolean {
  if (!profile.tlvs || profile.version < smpp.VERSION_34) return true;
  const isMapping = profile.tlvMap.size > 0;
  const is34 = profile.version < smpp.VERSION_50;
  if (!isMapping && !is34) return false;
  let at = from;
  while (end - at >= TLV_HEADER_BYTES) {
    const tag = readU16(b, at);
    const length = readU16(b, at + 2);
    if (isMapping && profile.tlvMap.has(tag)) return true;
    if (is34 && changesFor34(tag, length)) return true;
    at += TLV_HEADER_BYTES + length;
  }
  return false;
}

/** Whether 3.4 does not know this tag in a submit_sm, or knows it with another length only. */
export function changesFor34(tag: number, length: number): boolean {
  if (tag === smpp.TLV_ALERT_ON_MESSAGE_DELIVERY) return length > 0;
  return SINCE_50[tag] === 1 || (tag === smpp.TLV_MS_VALIDITY && length > 1);
}

export function sendsTlvs(profile: SmscProfile): boolean {
  return profile.tlvs && profile.version >= smpp.VERSION_34;
}
