/** The fields and TLVs of a message as an SMSC of some version takes them. */
import * as smpp from './constants.ts';
import { readU32 } from './cursor.ts';
import { isMessageWaiting, messageClassOf } from '../core/data-coding.ts';
import type { MessageObject } from './pdu/message-encode.ts';
import { type Tlv, tlvValueOf } from './pdu/tlv.ts';
import {
  changesFor34,
  ESM_33_MASK,
  ESM_MODE_MASK,
  ESM_MODE_TRANSACTION,
  sendsTlvs,
  type SmscProfile,
} from './shape-profile.ts';
import { absoluteTime, RELATIVE_S_MAX, relativeTime, TIME_MS_MAX } from './time-text.ts';
import { MALFORMED, parseTime } from './times.ts';
import { isSar } from './udh.ts';

/**
 * The message without message_payload and sar_*, and the rest as the SMSC takes it. Returns the same values where
 * nothing changes; `nowMs` is what relative times count from (3.3 has absolute ones only).
 */
export function fieldsFor(message: MessageObject, profile: SmscProfile, nowMs: number): MessageObject {
  const fields = profile.version < smpp.VERSION_50 ? earlier(message, profile, nowMs) : message;
  if (message.tlvs === undefined) return fields;
  return { ...fields, tlvs: tlvsFor(message.tlvs, profile) };
}

function earlier(message: MessageObject, profile: SmscProfile, nowMs: number): MessageObject {
  const is33 = profile.version < smpp.VERSION_34;
  const { esmClass = 0, registeredDelivery = 0, priority = 0 } = message;
  const changes: MessageObject = {};
  const esm = esmClassFor(esmClass, is33);
  if (esm !== esmClass) changes.esmClass = esm;
  // "On success only" came with 5.0: the sender is spared the other receipts when they come.
  const receipts = is33 ? Math.min(1, registeredDelivery & 3) : without11(registeredDelivery);
  if (receipts !== registeredDelivery) changes.registeredDelivery = receipts;
  const urgency = priorityFor(priority, is33);
  if (urgency !== priority) changes.priority = urgency;
  return { ...message, ...changes, ...timesFor(message, is33, nowMs) };
}

function esmClassFor(esmClass: number, is33: boolean): number {
  if (is33) return esmClass & ESM_33_MASK;
  const transaction = (esmClass & ESM_MODE_MASK) === ESM_MODE_TRANSACTION;
  return transaction ? esmClass & ~ESM_MODE_MASK : esmClass;
}

function without11(registeredDelivery: number): number {
  return (registeredDelivery & 3) === 3 ? askingForAll(registeredDelivery) : registeredDelivery;
}

/**
 * registered_delivery that asks for every final state where it asked for failure or success only. For a message in
 * parts: it ends when each of them is known to have ended, and its sender is spared what it did not ask for then.
 */
export function askingForAll(registeredDelivery: number): number {
  return (registeredDelivery & 2) === 0 ? registeredDelivery : (registeredDelivery & ~3) | 1;
}

/** 4 is background, below everything else; 3.3 knows normal and urgent. */
function priorityFor(priority: number, is33: boolean): number {
  if (priority > 3) return 0;
  return is33 ? Math.min(1, priority) : priority;
}

/** qos_time_to_live, of 5.0 in a submit_sm, goes before validity_period. */
function timesFor(message: MessageObject, is33: boolean, nowMs: number): MessageObject {
  const { schedule = '', validity = '' } = message;
  const ttl = tlvValueOf(message.tlvs ?? [], smpp.TLV_QOS_TIME_TO_LIVE);
  const seconds = ttl?.length === 4 ? readU32(ttl, 0) : 0;
  if (!is33) return seconds > 0 ? { validity: relativeTime(Math.min(seconds, RELATIVE_S_MAX)) } : {};
  const scheduleMs = millisecondsOf(schedule, nowMs);
  const fromMs = Math.max(nowMs, scheduleMs);
  const validityMs = seconds > 0 ? fromMs + seconds * 1_000 : millisecondsOf(validity, fromMs);
  return {
    ...(isRelative(schedule) ? { schedule: said(scheduleMs) } : {}),
    ...(isRelative(validity) || seconds > 0 ? { validity: said(validityMs) } : {}),
  };
}

/** `R`, as parseTime takes it. */
function isRelative(time: string): boolean {
  return /r$/i.test(time);
}

/** Epoch milliseconds; 0 for none. What can not be read was refused when it came. */
function millisecondsOf(text: string, fromMs: number): number {
  const ms = parseTime(Buffer.from(text, 'latin1'), 0, text.length, fromMs);
  return ms === MALFORMED ? 0 : ms;
}

function said(ms: number): string {
  return ms === 0 ? '' : absoluteTime(Math.min(ms, TIME_MS_MAX));
}

function tlvsFor(tlvs: readonly Tlv[], profile: SmscProfile): Tlv[] {
  if (!sendsTlvs(profile)) return [];
  const kept: Tlv[] = [];
  for (const tlv of tlvs) {
    if (tlv.tag === smpp.TLV_MESSAGE_PAYLOAD || isSar(tlv)) continue;
    const mapped = profile.tlvMap.get(tlv.tag);
    if (mapped === 0) continue;
    const tag = mapped ?? tlv.tag;
    if (profile.version >= smpp.VERSION_50 || !changesFor34(tlv.tag, tlv.value.length)) {
      kept.push(tag === tlv.tag ? tlv : { tag, value: tlv.value });
    } else if (tlv.tag === smpp.TLV_ALERT_ON_MESSAGE_DELIVERY && tlv.value[0] !== 0) {
      // 3.4 says it by being there, without a value.
      kept.push({ tag, value: Buffer.alloc(0) });
    }
  }
  return kept;
}

/**
 * The message class that dest_addr_subunit asks for (1 display, 2 handset, 3 SIM, 4 external unit are the classes 0 to
 * 3), where the SMSC is sent no TLVs and data_coding says none; else -1.
 */
export function classOfSubunit(message: MessageObject, profile: SmscProfile): number {
  const { dataCoding = 0 } = message;
  if (sendsTlvs(profile) || messageClassOf(dataCoding) >= 0 || isMessageWaiting(dataCoding)) return -1;
  const subunit = tlvValueOf(message.tlvs ?? [], smpp.TLV_DEST_ADDR_SUBUNIT);
  return subunit?.length === 1 && subunit[0] >= 1 && subunit[0] <= 4 ? subunit[0] - 1 : -1;
}
