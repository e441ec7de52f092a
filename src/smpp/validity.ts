/**
 * How long a message lives, as its SMSC is told it. A period counts from the submission (or the scheduled time), not
 * from when it is sent: so a submit_sm says its end, and a data_sm, which has a period only, what is left of it.
 */
import * as smpp from './constants.ts';
import { readU16, readU32 } from './cursor.ts';
import type { MessageObject } from './pdu/message-encode.ts';
import { findTlv, type Tlv } from './pdu/tlv.ts';
import { absoluteTime, RELATIVE_S_MAX, relativeTime, TIME_MS_MAX } from './time-text.ts';
import { formatReceiptDate, type MessageTimes, TIME_DIGITS } from './times.ts';

const TTL_OCTETS = 4;
const TTL_MAX = 0xffff_ffff;
const ZERO = 0x30;
const PLUS = 0x2b;

/** `R`, which a time of SMPP ends with, in either case. */
export function isPeriod(time: string): boolean {
  return /r$/i.test(time);
}

/** The end, `YYMMDDhhmmsst00+`, where a period of `length` octets (0: none) stands at `at`. Allocates nothing. */
export function writeEnd(b: Uint8Array, at: number, length: number, expiresMs: number): void {
  if (length !== TIME_DIGITS || (b[at + TIME_DIGITS - 1] | 0x20) !== 0x72) return;
  const ms = expiresMs < TIME_MS_MAX ? expiresMs : TIME_MS_MAX;
  formatReceiptDate(b, at, ms, 12);
  b[at + 12] = ZERO + Math.floor((ms % 1000) / 100);
  b[at + 13] = ZERO;
  b[at + 14] = ZERO;
  b[at + 15] = PLUS;
}

/** The same as text; the last moment that SMPP can say for what is later. */
export function endText(expiresMs: number): string {
  return absoluteTime(Math.min(expiresMs, TIME_MS_MAX));
}

/**
 * validity_period of a message with these times: a period while it waits for its schedule, which may be moved, else its
 * end. `validity`: as it came.
 */
export function validityFor(validity: string, { scheduleMs, expiresMs }: MessageTimes): string {
  if (expiresMs === 0 || (validity !== '' && !isPeriod(validity))) return validity;
  if (scheduleMs === 0) return endText(expiresMs);
  return validity === '' ? periodText(expiresMs - scheduleMs) || endText(expiresMs) : validity;
}

/** Whole seconds as a period; empty where they are more than one can say. */
export function periodText(ms: number): string {
  const seconds = Math.max(1, Math.round(ms / 1000));
  return seconds > RELATIVE_S_MAX ? '' : relativeTime(seconds);
}

/** Seconds of the qos_time_to_live in [from, end); 0: none, or no wish, as a message that lives no time is not sent. */
export function timeToLiveIn(b: Uint8Array, from: number, end: number): number {
  const at = findTlv(b, from, end, smpp.TLV_QOS_TIME_TO_LIVE);
  return at < 0 || readU16(b, at - 2) !== TTL_OCTETS ? 0 : readU32(b, at);
}

export function isTimeToLive({ tag }: Tlv): boolean {
  return tag === smpp.TLV_QOS_TIME_TO_LIVE;
}

/** A data_sm that is to live until then. `tag`: by which its SMSC knows qos_time_to_live; 0: it is not told. */
export function livingUntil(m: MessageObject, tag: number, expiresMs: number, nowMs: number): MessageObject {
  if (tag === 0) return m;
  const value = Buffer.alloc(TTL_OCTETS);
  value.writeUInt32BE(secondsLeft(expiresMs, nowMs));
  return { ...m, tlvs: [...(m.tlvs ?? []).filter((tlv) => tlv.tag !== tag), { tag, value }] };
}

/** The same in the body of a data_sm with TLVs from `tlvsAt` on; a copy where it says a period. */
export function agedDataSm(
  body: Buffer,
  tlvsAt: number,
  tag: number,
  expiresMs: number,
  nowMs: number,
): Buffer {
  const at = tag === 0 ? -1 : findTlv(body, tlvsAt, body.length, tag);
  if (at < 0 || readU16(body, at - 2) !== TTL_OCTETS) return body;
  const aged = Buffer.from(body);
  aged.writeUInt32BE(secondsLeft(expiresMs, nowMs), at);
  return aged;
}

function secondsLeft(expiresMs: number, nowMs: number): number {
  return Math.min(TTL_MAX, Math.max(1, Math.ceil((expiresMs - nowMs) / 1000)));
}
