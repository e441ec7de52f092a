/** What must hold of every message that an ESME may send, whatever SMSC it is for. */
import { charsetOf } from '../../src/core/data-coding.ts';
import { ReferenceNumbers } from '../../src/core/reference-numbers.ts';
import { writeUdh } from '../../src/core/udh.ts';
import type { PduOf } from '../../src/smpp/codec.ts';
import * as smpp from '../../src/smpp/constants.ts';
import { readU16 } from '../../src/smpp/cursor.ts';
import { encodeDataSm } from '../../src/smpp/pdu/data-sm-encode.ts';
import type { MessageObject } from '../../src/smpp/pdu/message-encode.ts';
import { MessageFields } from '../../src/smpp/pdu/message-fields.ts';
import { encodeSubmitSm, scanSubmitSm } from '../../src/smpp/pdu/submit-sm.ts';
import { findTlv, tlvValueOf } from '../../src/smpp/pdu/tlv.ts';
import { joinParts, needsJoin, shape } from '../../src/smpp/shape.ts';
import { needsShape, type Sender, type SmscProfile } from '../../src/smpp/shape-profile.ts';
import { isSar, readUserData, withOctets } from '../../src/smpp/udh.ts';

const NOW_MS = Date.UTC(2026, 5, 1);
const PARTS_MAX = 40;
const SMS_OCTETS = 140;
/** 05, 00 03 rr tt ss, 05 04 dddd oooo: what the SMSC writes for sar_* and ports. */
const LENGTH_OCTET = 1;
const SAR_OCTETS = 5;
const PORTS_OCTETS = 6;
/** Octets of text, about where one SMS ends and a field does. */
const LENGTHS = [
  64, 66, 67, 70, 71, 128, 132, 133, 134, 140, 141, 146, 152, 153, 154, 160, 161, 254, 255, 306, 307, 1_000,
];
/** Of all pairs of a sender and an SMSC, so many are tried with a message. */
const TRIED = 3;

const SENDERS: readonly Omit<Sender, 'version'>[] = [
  { alphabet: 'gsm', transliterate: false, partsMax: PARTS_MAX },
  { alphabet: 'gsm', transliterate: true, partsMax: PARTS_MAX, recode: true },
  { alphabet: 'latin1', transliterate: false, partsMax: 1 },
  { alphabet: 'utf8', transliterate: true, partsMax: PARTS_MAX },
];

const STYLES: readonly SmscProfile['longMessages'][] = ['as-is', 'udh8', 'udh16', 'sar', 'payload'];
const SPEECH: readonly Pick<SmscProfile, 'version' | 'tlvs'>[] = [
  { version: 0x33, tlvs: false },
  { version: 0x34, tlvs: false },
  { version: 0x34, tlvs: true },
  { version: 0x50, tlvs: true },
];
const TONGUES: readonly Pick<SmscProfile, 'alphabet' | 'languages' | 'tlvMap'>[] = [
  { alphabet: 'gsm', languages: [], tlvMap: new Map() },
  {
    alphabet: 'gsm',
    languages: ['turkish', 'hindi'],
    tlvMap: new Map([[smpp.TLV_USER_MESSAGE_REFERENCE, 0]]),
  },
  { alphabet: 'latin1', languages: [], tlvMap: new Map([[smpp.TLV_SOURCE_PORT, 0x1400]]) },
  { alphabet: 'utf8', languages: [], tlvMap: new Map() },
];
const PROFILES: readonly SmscProfile[] = SPEECH.flatMap((speech) =>
  STYLES.flatMap((longMessages) => TONGUES.map((tongue) => ({ ...speech, ...tongue, longMessages }))),
);

export class Shaping {
  /** Messages that were shaped, and bodies that came of it. */
  shaped = 0;
  bodies = 0;
  readonly #references = new ReferenceNumbers({ pairs: 4 });
  readonly #f = new MessageFields();

  /** `bytes`: its submit_sm, whose scan is in `f`; none where it came otherwise. */
  check(
    message: MessageObject,
    version: number,
    bytes: Buffer | undefined,
    f: MessageFields | undefined,
  ): void {
    // By the message itself: the same PDU is tried with the same SMSCs again.
    const print = printOf(message);
    for (let turn = 1; turn <= TRIED; turn++) {
      const pair = (print + turn * 7919) % (SENDERS.length * PROFILES.length);
      const sender = { ...SENDERS[pair % SENDERS.length], version };
      const profile = PROFILES[Math.floor(pair / SENDERS.length)];
      const result = this.#shape(message, sender, profile);
      if (bytes !== undefined && f !== undefined && goesAsItIs(bytes, f, sender, profile)) {
        if (result?.length !== 1 || saidBy(result[0]) !== saidBy(message)) {
          throw new Error(`shaped for ${nameOf(profile)}, though it needs none`);
        }
      }
      const ported = (print + turn) % 3 === 0 ? withPorts(message, print + turn) : message;
      const longer = stretched(ported, LENGTHS[(print + turn) % LENGTHS.length]);
      const isTaken = longer !== undefined && this.#checkScanned(longer, sender, profile);
      if (needsJoin(message, sender, profile)) {
        const whole = joinParts([message, isTaken ? longer : message]);
        if (whole !== undefined) this.#shape(whole, sender, profile);
      }
    }
  }

  /** False: it is refused when it comes. */
  #checkScanned(message: MessageObject, sender: Sender, profile: SmscProfile): boolean {
    const f = this.#f;
    const bytes = encodeSubmitSm(message, 0);
    if (scanSubmitSm(bytes, 0, bytes.length, sender.version, f) !== smpp.ESME_ROK) return false;
    const isReady = goesAsItIs(bytes, f, sender, profile);
    const fault = isReady ? faultOf(bytes, f, profile, f.payloadLength < 0) : '';
    if (fault !== '')
      throw new Error(`goes to ${nameOf(profile)} as it is: ${fault}; ${bytes.toString('hex')}`);
    const result = this.#shape(message, sender, profile);
    if (isReady && (result?.length !== 1 || saidBy(result[0]) !== saidBy(message))) {
      throw new Error(`shaped for ${nameOf(profile)}, though it needs none; ${bytes.toString('hex')}`);
    }
    return true;
  }

  #shape(message: MessageObject, sender: Sender, profile: SmscProfile): MessageObject[] | undefined {
    const result = shape(message, sender, profile, this.#references, NOW_MS);
    this.shaped++;
    if (!result.ok) {
      if (result.status === smpp.ESME_ROK || result.reason === '')
        throw new Error('refused without a reason');
      return undefined;
    }
    const { bodies, parts } = result;
    const many = parts > sender.partsMax && parts > 1;
    if (bodies.length === 0 || parts < bodies.length || many) {
      throw new Error(`${bodies.length} bodies, ${parts} parts`);
    }
    for (const body of bodies) this.#checkBody(body, profile, bodies.length === parts);
    this.bodies += bodies.length;
    return bodies;
  }

  /** `isWhole`: the SMSC is to cut nothing. */
  #checkBody(body: MessageObject, profile: SmscProfile, isWhole: boolean): void {
    const f = this.#f;
    const out = encodeSubmitSm(body, 1);
    encodeDataSm(body, 1);
    const status = scanSubmitSm(out, 0, out.length, profile.version, f);
    // A tag that the sender's version does not know, or not in a data_sm, had any length there.
    if (status === smpp.ESME_RINVTLVLEN) return;
    const fault = status === smpp.ESME_ROK ? faultOf(out, f, profile, isWhole) : smpp.statusName(status);
    if (fault !== '') throw new Error(`for ${nameOf(profile)}: ${fault}; ${out.toString('hex')}`);
  }
}

/** What an SMSC of that kind does not take, or no SMS holds. */
function faultOf(b: Buffer, f: MessageFields, profile: SmscProfile, isWhole: boolean): string {
  const { version, tlvs, alphabet } = profile;
  if (f.smLength > (version < 0x34 ? 160 : version < 0x50 ? 254 : 255)) return `sm_length ${f.smLength}`;
  if (!tlvs && f.tlvAt < f.end) return 'TLVs';
  if (f.sarRef >= 0 && (f.payloadLength >= 0 || f.sarTotal < 2)) return 'sar_* where none belong';
  if (version < 0x50) {
    if ((f.registeredDelivery & 3) === 3) return 'success only';
    if ((f.esmClass & 3) === 2) return 'transaction mode';
  }
  if (version < 0x34) {
    if (f.registeredDelivery > 1) return `registered_delivery ${f.registeredDelivery}`;
    if ((f.esmClass & 0x3f) !== 0) return `esm_class ${f.esmClass}`;
  }
  if (!isWhole) return '';
  const ownHeader = f.udhLength;
  const header = Math.max(ownHeader, headerOfParameters(b, f, profile));
  const octets = f.dataLength - ownHeader;
  const charset = charsetOf(f.dataCoding, version, alphabet);
  // Unpacked, a septet is an octet, escapes and all. Other alphabets the SMSC converts in its own way.
  const room = charset === 'gsm' ? Math.floor(((SMS_OCTETS - header) * 8) / 7) : SMS_OCTETS - header;
  const isCounted = charset === 'gsm' || charset === 'ucs2' || charset === 'binary';
  if (header > SMS_OCTETS) return `a header of ${header} octets`;
  return isCounted && octets > room ? `${octets} octets of ${charset}, room for ${room}` : '';
}

/** Octets of the header that the SMSC writes for sar_* and ports. Ports beside one of ours say nothing of it. */
function headerOfParameters(b: Buffer, f: MessageFields, { tlvMap }: SmscProfile): number {
  const hasPorts = [smpp.TLV_SOURCE_PORT, smpp.TLV_DESTINATION_PORT].some((tag) => {
    const at = findTlv(b, f.tlvAt, f.end, tlvMap.get(tag) ?? tag);
    return at >= 0 && readU16(b, at - 2) === 2;
  });
  const octets = (f.sarRef >= 0 ? SAR_OCTETS : 0) + (hasPorts ? PORTS_OCTETS : 0);
  if (octets === 0 || (f.udhLength > 0 && f.sarRef < 0)) return 0;
  return LENGTH_OCTET + octets;
}

/** The message with source_port, destination_port or both. */
function withPorts(message: MessageObject, print: number): MessageObject {
  const tags = [[smpp.TLV_SOURCE_PORT], [smpp.TLV_DESTINATION_PORT]];
  const chosen = [...tags, tags.flat()][Math.floor(print / 3) % 3];
  const ports = chosen.map((tag) => ({ tag, value: Buffer.from([0x0b, 0x84]) }));
  return { ...message, tlvs: [...(message.tlvs ?? []), ...ports] };
}

/** The submit_sm that a data_sm of an ESME is; undefined: it is refused. */
export function messageOf(pdu: PduOf<'data_sm'>): MessageObject | undefined {
  if (pdu.sourceAddr.length > 20 || pdu.destinationAddr.length > 20) return undefined;
  // A receipt of an SMSC may have no text; from a client it is refused, and its data_coding was not looked at.
  if (tlvValueOf(pdu.tlvs, smpp.TLV_MESSAGE_PAYLOAD) === undefined) return undefined;
  return {
    serviceType: pdu.serviceType,
    source: pdu.sourceAddr,
    dest: pdu.destinationAddr,
    esmClass: pdu.esmClass,
    registeredDelivery: pdu.registeredDelivery,
    dataCoding: pdu.dataCoding,
    tlvs: pdu.tlvs,
  };
}

/** The message with its text said again and again, or cut, to so many octets; undefined: it has none. */
function stretched(message: MessageObject, length: number): MessageObject | undefined {
  const carried = readUserData(message);
  if (carried === undefined || carried.octets.length === 0) return undefined;
  const octets = Buffer.alloc(length, carried.octets);
  return withOctets(message, writeUdh(carried.elements), octets, message.dataCoding ?? 0, carried.inPayload);
}

/** As an edge decides it: the parts of a message_payload are counted in any case. */
function goesAsItIs(bytes: Buffer, f: MessageFields, sender: Sender, profile: SmscProfile): boolean {
  return f.payloadLength <= SMS_OCTETS && !needsShape(bytes, f, sender, profile);
}

/** The message as text; the order of TLVs, and a repeated one, say nothing. */
function saidBy({ tlvs = [], ...fields }: MessageObject): string {
  const pdu = encodeSubmitSm(fields, 0).toString('hex');
  // sar_* count only together, and the first of each.
  const sars = new Map(tlvs.filter(isSar).map((tlv) => [tlv.tag, tlvs.find(({ tag }) => tag === tlv.tag)]));
  // Of repeated texts the first counts.
  const text = tlvs.find(({ tag }) => tag === smpp.TLV_MESSAGE_PAYLOAD);
  const counted = tlvs.filter((tlv) => {
    if (tlv.tag === smpp.TLV_MESSAGE_PAYLOAD) return tlv === text;
    return !isSar(tlv) || (sars.size === 3 && sars.get(tlv.tag) === tlv);
  });
  const said = counted.map(({ tag, value }) => `${tag}=${value.toString('hex')}`);
  return [pdu, ...new Set(said.toSorted())].join(' ');
}

function printOf({
  message,
  dest,
  tlvs = [],
  esmClass = 0,
  dataCoding = 0,
  registeredDelivery = 0,
}: MessageObject): number {
  let print =
    (message?.length ?? 0) * 31 + (dest?.length ?? 0) + esmClass * 7 + dataCoding * 17 + registeredDelivery;
  for (const { tag, value } of tlvs) print += tag * 13 + value.length * 3;
  return print;
}

function nameOf({ version, tlvs, alphabet, longMessages, languages }: SmscProfile): string {
  const speaks = `${version.toString(16)} ${tlvs ? 'with' : 'without'} TLVs`;
  return `${speaks}, ${alphabet} ${languages.join('+')} ${longMessages}`;
}
