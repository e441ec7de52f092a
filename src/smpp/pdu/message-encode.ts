import * as smpp from '../constants.ts';
import { writeHeader } from '../cursor.ts';
import type { MessageFields } from './message-fields.ts';
import { readTlvs, tlvBytes, writeTlvs, type Tlv } from './tlv.ts';

/**
 * A submit_sm or deliver_sm as an object, for what is off the hot path: HTTP, tools, tests. Everything left out
 * is 0 or empty; `message` is short_message. Addresses and times are ASCII.
 */
export interface MessageObject {
  serviceType?: string;
  sourceTon?: number;
  sourceNpi?: number;
  source?: string;
  destTon?: number;
  destNpi?: number;
  dest?: string;
  esmClass?: number;
  protocolId?: number;
  priority?: number;
  schedule?: string;
  validity?: string;
  registeredDelivery?: number;
  replaceIfPresent?: number;
  dataCoding?: number;
  defaultMessageId?: number;
  message?: Buffer;
  tlvs?: readonly Tlv[];
}

const NO_BYTES = Buffer.alloc(0);
const FIXED_BYTES = 12;

/** The whole PDU. Throws a RangeError where a string or the message is longer than the protocol allows. */
export function encodeMessage(commandId: number, m: MessageObject, sequenceNumber: number): Buffer {
  const message = m.message ?? NO_BYTES;
  if (message.length > 255) throw new RangeError(`short_message of ${message.length} octets`);
  const tlvs = m.tlvs ?? [];
  const strings = [m.serviceType, m.source, m.dest, m.schedule, m.validity];
  const stringBytes = strings.reduce((sum, s) => sum + (s?.length ?? 0) + 1, 0);
  const length = smpp.HEADER_BYTES + FIXED_BYTES + stringBytes + message.length + tlvBytes(tlvs);
  const b = Buffer.alloc(length);
  writeHeader(b, 0, length, commandId, smpp.ESME_ROK, sequenceNumber);
  let at = writeCString(b, smpp.HEADER_BYTES, m.serviceType, 6);
  b[at++] = m.sourceTon ?? 0;
  b[at++] = m.sourceNpi ?? 0;
  at = writeCString(b, at, m.source, 21);
  b[at++] = m.destTon ?? 0;
  b[at++] = m.destNpi ?? 0;
  at = writeCString(b, at, m.dest, 21);
  b[at++] = m.esmClass ?? 0;
  b[at++] = m.protocolId ?? 0;
  b[at++] = m.priority ?? 0;
  at = writeCString(b, at, m.schedule, 17);
  at = writeCString(b, at, m.validity, 17);
  b[at++] = m.registeredDelivery ?? 0;
  b[at++] = m.replaceIfPresent ?? 0;
  b[at++] = m.dataCoding ?? 0;
  b[at++] = m.defaultMessageId ?? 0;
  b[at++] = message.length;
  at += message.copy(b, at);
  writeTlvs(b, at, tlvs);
  return b;
}

/** The object of a scanned PDU; its buffers share the memory of `b`. */
export function readMessage(b: Buffer, f: MessageFields): Required<MessageObject> {
  return {
    serviceType: b.toString('latin1', f.serviceTypeAt, f.serviceTypeEnd),
    sourceTon: f.sourceTon,
    sourceNpi: f.sourceNpi,
    source: b.toString('latin1', f.sourceAt, f.sourceEnd),
    destTon: f.destTon,
    destNpi: f.destNpi,
    dest: b.toString('latin1', f.destAt, f.destEnd),
    esmClass: f.esmClass,
    protocolId: f.protocolId,
    priority: f.priority,
    schedule: b.toString('latin1', f.scheduleAt, f.scheduleEnd),
    validity: b.toString('latin1', f.validityAt, f.validityEnd),
    registeredDelivery: f.registeredDelivery,
    replaceIfPresent: f.replaceIfPresent,
    dataCoding: f.dataCoding,
    defaultMessageId: f.defaultMessageId,
    message: b.subarray(f.messageAt, f.messageAt + f.smLength),
    tlvs: readTlvs(b, f.tlvAt, f.end),
  };
}

/** Writes text and NUL, returns the offset behind. `bytesMax` includes the NUL. */
export function writeCString(b: Buffer, at: number, text: string | undefined, bytesMax: number): number {
  const value = text ?? '';
  if (value.length >= bytesMax)
    throw new RangeError(`C-string of ${value.length} octets, ${bytesMax} with NUL allowed`);
  const next = at + b.write(value, at, 'latin1');
  b[next] = 0;
  return next + 1;
}
