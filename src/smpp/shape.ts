/**
 * From an accepted message to the bodies that one SMSC wants: its alphabet, its way with long messages, what its
 * version knows. Pure; `needsShape` (shape-profile.ts) says beforehand whether there is anything to do.
 */
import { PARTS_MAX } from '../core/limits.ts';
import {
  countParts,
  fitsOneSms,
  fitsPart,
  type Part,
  type PartStyle,
  splitParts,
  USER_DATA_OCTETS,
} from '../core/parts.ts';
import type { ReferenceNumbers } from '../core/reference-numbers.ts';
import {
  type Concatenation,
  concatenationElement,
  type InformationElement,
  isConcatenation,
  portsOf,
  udhLength,
  writeUdh,
} from '../core/udh.ts';
import type { UserData } from '../core/user-data.ts';
import * as smpp from './constants.ts';
import type { MessageObject } from './pdu/message-encode.ts';
import { askingForAll, classOfSubunit, fieldsFor } from './shape-fields.ts';
import { portsBeside, takesPorts, withoutPorts, withPorts } from './shape-ports.ts';
import {
  defaultMessageMax,
  sendsTlvs,
  type Sender,
  SHORT_MESSAGE_33_OCTETS_MAX,
  type SmscProfile,
} from './shape-profile.ts';
import { type Coded, codedFor, codedInUcs2, convertsWholeText } from './shape-text.ts';
import {
  type CarriedData,
  isSar,
  partHeaderLength,
  partOf,
  readUserData,
  sarTlvs,
  SHORT_MESSAGE_50_OCTETS_MAX,
  SHORT_MESSAGE_OCTETS_MAX,
  withOctets,
  withUserData,
} from './udh.ts';

export type Shaped =
  | { ok: true; bodies: MessageObject[]; parts: number }
  | { ok: false; status: number; reason: string };

/** One message on its way to one SMSC. */
interface Work {
  readonly message: MessageObject;
  /** The message as the SMSC's version takes it, without message_payload and sar_*. */
  readonly base: MessageObject;
  readonly carried: CarriedData;
  /** What its port parameters would be in a header. */
  readonly ports: InformationElement | undefined;
  readonly sender: Sender;
  readonly profile: SmscProfile;
  readonly references: ReferenceNumbers;
  readonly nowMs: number;
}

/**
 * The bodies to send, in order, and how many parts they are on the air (more than bodies where the SMSC cuts
 * message_payload itself). What came as one part of a long message stays one, in the SMSC's style where that always
 * fits. Refused: ESME_RINVMSGLEN over `partsMax` parts, or for a part that no SMS holds; ESME_RINVESMCLASS for a broken
 * user data header; ESME_RINVDFTMSGID for a canned message that the version has no number for; ESME_RINVDCS
 * (ESME_RSUBMITFAIL before 5.0) for text that the SMSC can not be told.
 */
export function shape(
  message: MessageObject,
  sender: Sender,
  profile: SmscProfile,
  references: ReferenceNumbers,
  nowMs: number,
): Shaped {
  const carried = readUserData(message);
  if (carried === undefined) return refuse(smpp.ESME_RINVESMCLASS, 'the user data header is broken');
  // No SMS holds it, and with what we would add it is longer than its length octet can say.
  if (udhLength(carried.elements) > USER_DATA_OCTETS) {
    return refuse(smpp.ESME_RINVMSGLEN, 'the user data header is longer than one SMS');
  }
  if ((message.defaultMessageId ?? 0) > defaultMessageMax(profile)) {
    return refuse(smpp.ESME_RINVDFTMSGID, "sm_default_msg_id is above what the SMSC's version has");
  }
  const base = fieldsFor(message, profile, nowMs);
  const ports = portsBeside(message.tlvs ?? [], profile);
  const work: Work = { message, base, carried, ports, sender, profile, references, nowMs };
  const part = partOf(message, carried.elements);
  const coded = codedFor(
    {
      dataCoding: message.dataCoding ?? 0,
      messageClass: classOfSubunit(message, profile),
      octets: carried.octets,
      elements: carried.elements,
      beside: ports === undefined || portsOf(carried.elements) !== undefined ? [] : [ports],
      part: part !== undefined && part.total > 1 ? part : undefined,
      style: styleOf(profile),
    },
    sender,
    profile,
  );
  if (typeof coded === 'string') {
    return refuse(sender.version >= smpp.VERSION_50 ? smpp.ESME_RINVDCS : smpp.ESME_RSUBMITFAIL, coded);
  }
  return part !== undefined && part.total > 1 ? onePart(work, coded, part) : wholeMessage(work, coded);
}

/**
 * Whether the parts of this message should be joined first and the whole be shaped: the SMSC takes long messages in
 * message_payload or with references of 16 bits, or the text must be converted. False for what is no part.
 */
export function needsJoin(message: MessageObject, sender: Sender, profile: SmscProfile): boolean {
  const carried = readUserData(message);
  const part = carried === undefined ? undefined : partOf(message, carried.elements);
  if (part === undefined || part.total === 1) return false;
  const style = profile.longMessages;
  if (style === 'payload' && sendsTlvs(profile)) return true;
  if (style === 'udh16' && part.kind !== 'udh16') return true;
  return convertsWholeText(message.dataCoding ?? 0, classOfSubunit(message, profile), sender, profile);
}

/**
 * The whole message of these parts, which are all of it and in order; its header has the elements of the first part but
 * for the concatenation. Undefined where they do not agree on data_coding, or one has a broken header, or they are too
 * long for one message_payload: then they go on as they are. Receipts are asked for as the last part that asks does.
 */
export function joinParts(parts: readonly MessageObject[]): MessageObject | undefined {
  const [first] = parts;
  const carried = parts.map(readUserData);
  const octets: Buffer[] = [];
  for (const one of carried) {
    if (one === undefined) return undefined;
    octets.push(one.octets);
  }
  const dataCoding = first.dataCoding ?? 0;
  if (parts.some((part) => (part.dataCoding ?? 0) !== dataCoding)) return undefined;
  const elements = (carried[0] as CarriedData).elements.filter((element) => !isConcatenation(element));
  const joined = Buffer.concat(octets);
  if (udhLength(elements) + joined.length > 0xffff) return undefined;
  const asking = parts.findLast(({ registeredDelivery = 0 }) => registeredDelivery !== 0);
  const { tlvs = [], ...rest } = first;
  const whole: MessageObject = {
    ...rest,
    ...(asking === undefined ? {} : { registeredDelivery: asking.registeredDelivery ?? 0 }),
    tlvs: tlvs.filter((tlv) => !isSar(tlv)),
  };
  // Octets are joined before they are read: senders cut surrogate pairs and escapes in two.
  return withUserData(whole, { charset: 'binary', octets: joined, elements }, dataCoding);
}

function wholeMessage(work: Work, coded: Coded): Shaped {
  const { sender, carried, profile } = work;
  const { data, style, base } = arranged(work, coded.data);
  const partsMax = Math.min(sender.partsMax, PARTS_MAX);
  const pieces = splitParts(data, style, partsMax, () => nextReference(work, style));
  if (pieces === undefined) return tooLong(countParts(data, style), partsMax);
  const parts = style === 'payload' ? countParts(data, style) : pieces.length;
  // message_payload is not for it then; sar_* do not go with that either.
  const isShort = !sendsTlvs(profile) || (style === 'sar' && pieces.length > 1);
  if (isShort && data.charset !== 'ucs2' && pieces.some((piece) => isOverlong(piece, profile))) {
    return wholeMessage(work, codedInUcs2(coded, profile, sender));
  }
  const bodies = pieces.map((piece) => bodyOf(base, piece, style, coded.dataCoding));
  if (parts === 1) {
    const kept = carried.octets === data.octets && keepsHeader(carried, data);
    const header = kept ? writeUdh(carried.elements) : pieces[0].header;
    const inPayload = style === 'payload' && carried.inPayload;
    bodies[0] = withOctets(base, header, data.octets, coded.dataCoding, inPayload);
  } else if (style === 'payload') {
    bodies[0] = withOctets(base, pieces[0].header, data.octets, coded.dataCoding, true);
  }
  return { ok: true, bodies, parts };
}

/**
 * Whether a header that came stays as it was, with elements that make no sense too: where the text has its room behind
 * all of them.
 */
function keepsHeader(carried: CarriedData, data: UserData): boolean {
  if (data.elements.length !== ownElements(carried).length) return false;
  return (
    carried.elements.length === data.elements.length || fitsOneSms({ ...data, elements: carried.elements })
  );
}

/** Only UTF-8 has more octets than a short_message while it fits one SMS. */
function isOverlong({ header, octets }: Part, { version }: SmscProfile): boolean {
  const most = version < smpp.VERSION_34 ? SHORT_MESSAGE_33_OCTETS_MAX : SHORT_MESSAGE_OCTETS_MAX;
  return header.length + octets.length > most;
}

function bodyOf(base: MessageObject, piece: Part, style: PartStyle, dataCoding: number): MessageObject {
  const { reference, total, sequence } = piece;
  const body = withOctets(base, piece.header, piece.octets, dataCoding, false);
  // Only the first part may replace an older message: the others would replace the part before them.
  if (sequence > 1 && body.replaceIfPresent !== undefined) body.replaceIfPresent = 0;
  if (total > 1 && body.registeredDelivery !== undefined) {
    body.registeredDelivery = askingForAll(body.registeredDelivery);
  }
  return style === 'sar' && total > 1 ? withSar(body, { reference, total, sequence }) : body;
}

/** Settles where ports stand and, with them, the style: sar_* and the ports' parameters do not go with a header. */
function arranged(work: Work, data: UserData): { data: UserData; style: PartStyle; base: MessageObject } {
  const { profile, base } = work;
  let style = styleOf(profile);
  const single = fitsOneSms(data);
  if (style === 'sar' && !single && data.elements.length > 0) {
    if (data.elements.length === 1 && portsOf(data.elements) !== undefined && takesPorts(profile)) {
      const beside = data.elements;
      return { data: { ...data, elements: [], beside }, style, base: withPorts(base, beside, profile) };
    }
    style = 'udh8';
  }
  const cutByHeader = !single && (style === 'udh8' || style === 'udh16');
  // A header that came with ports beside it is its sender's affair; one that is ours takes them in.
  const headed = data.elements.length > 0 && data.octets !== work.carried.octets;
  if (!cutByHeader && !headed && sendsTlvs(profile)) return { data, style, base };
  const elements = withPortsOf(work, data.elements);
  if (elements === data.elements) return { data, style, base };
  return { data: { ...data, elements, beside: [] }, style, base: withoutPorts(base, profile) };
}

/**
 * A part that came alone: its text stays as it is, its number moves to where the SMSC wants it. What becomes of it must
 * not depend on how full it is, for the other parts of its message must become the same: so only what always fits is
 * done. Elements of 16 bits take an octet more than what they would replace; joining first makes them.
 */
function onePart(work: Work, coded: Coded, part: Concatenation): Shaped {
  const { base, carried, profile } = work;
  const kind = kindFor(work, part.kind);
  const came = ownElements(carried);
  // Ports count in any case: beside sar_* the SMSC will put them into the header that it writes.
  const elements = withPortsOf(work, came);
  const data = { ...coded.data, elements };
  const stays = kind === part.kind;
  const beside = stays && sendsTlvs(profile);
  const room = partHeaderLength(beside && kind !== 'sar' ? came : elements, kind);
  if (!fitsPart(data, room)) return refuse(smpp.ESME_RINVMSGLEN, 'the part is longer than one SMS');
  const most = profile.version >= smpp.VERSION_50 ? SHORT_MESSAGE_50_OCTETS_MAX : SHORT_MESSAGE_OCTETS_MAX;
  if (kind === 'sar' && data.octets.length > most) {
    return refuse(smpp.ESME_RINVMSGLEN, 'the part is longer than a short_message');
  }
  const body = (fields: MessageObject, header: Buffer): MessageObject =>
    withOctets(fields, header, data.octets, coded.dataCoding, false, most);
  // More concatenations than the one that counts may leave no room: then it stands alone.
  const whole = kind === 'sar' || fitsPart(data, udhLength(carried.elements));
  if (stays && whole && (beside || elements === came)) {
    const same = body(base, writeUdh(kind === 'sar' ? came : carried.elements));
    return oneBody(kind === 'sar' ? withSar(same, part) : same);
  }
  if (kind === 'sar') return oneBody(withSar(body(withPorts(base, came, profile), writeUdh([])), part));
  const reference = kind === 'udh8' ? part.reference & 0xff : part.reference;
  const own = concatenationElement(kind, reference, part.total, part.sequence);
  const all = beside ? came : elements;
  return oneBody(body(all === came ? base : withoutPorts(base, profile), writeUdh([own, ...all])));
}

function kindFor({ profile, carried }: Work, kind: Concatenation['kind']): Concatenation['kind'] {
  const style = profile.longMessages;
  if (kind === 'sar') return !sendsTlvs(profile) || style === 'udh8' || style === 'udh16' ? 'udh8' : 'sar';
  if (style === 'udh8') return 'udh8';
  if (style !== 'sar' || !sendsTlvs(profile)) return kind;
  // Shift tables and the like have no parameter of their own.
  const own = ownElements(carried);
  if (own.length === 0) return 'sar';
  return own.length === 1 && portsOf(own) !== undefined && takesPorts(profile) ? 'sar' : kind;
}

function styleOf(profile: SmscProfile): PartStyle {
  const style = profile.longMessages;
  if (style === 'as-is') return 'udh8';
  return (style === 'sar' || style === 'payload') && !sendsTlvs(profile) ? 'udh8' : style;
}

/**
 * By the addresses without ton and npi: the phone knows the sender as its SMSC has written it, so one whose clients
 * say ton and npi differently (0 over SMPP, 5 over HTTP) is one sender there, and must not count twice.
 */
function nextReference({ message, references, nowMs }: Work, style: PartStyle): number {
  const { source = '', dest = '' } = message;
  return references.next(source, dest, style === 'udh16' || style === 'sar', nowMs);
}

function ownElements({ elements }: CarriedData): readonly InformationElement[] {
  return elements.some(isConcatenation) ? elements.filter((one) => !isConcatenation(one)) : elements;
}

/** The elements with those ports that stand in parameters; the same list where there are none. */
function withPortsOf(
  { ports }: Work,
  elements: readonly InformationElement[],
): readonly InformationElement[] {
  return ports === undefined || portsOf(elements) !== undefined ? elements : [ports, ...elements];
}

function withSar(
  body: MessageObject,
  { reference, total, sequence }: Omit<Concatenation, 'kind'>,
): MessageObject {
  return { ...body, tlvs: [...(body.tlvs ?? []), ...sarTlvs(reference, total, sequence)] };
}

function tooLong(parts: number, partsMax: number): Shaped {
  const reason = Number.isFinite(parts)
    ? `the message has ${parts} parts, at most ${partsMax} are allowed`
    : 'the user data header leaves no room for the text';
  return refuse(smpp.ESME_RINVMSGLEN, reason);
}

function oneBody(body: MessageObject): Shaped {
  return { ok: true, bodies: [body], parts: 1 };
}

function refuse(status: number, reason: string): Shaped {
  return { ok: false, status, reason };
}
