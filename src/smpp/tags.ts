import * as smpp from './constants.ts';
import { TAG_ROWS, type Ranges, type TagKind, type TagType } from './tag-rows.ts';

/**
 * The TLVs by their tag and by their name: what type each is, how long it may be, in which PDUs of which version it
 * may occur, and its value as a number, a string or octets. Vendor TLVs come out of the configuration.
 */
export interface TagDefinition extends TagKind {
  readonly tag: number;
  readonly name: string;
  /** Ids of the commands that it may occur in; undefined (vendor tags): in all. */
  readonly pdus34: ReadonlySet<number> | undefined;
  readonly pdus50: ReadonlySet<number> | undefined;
}

/** A TLV that the specification does not know. */
export interface VendorTag {
  name: string;
  tag: number;
  type: 'integer' | 'cstring' | 'octets';
}

export type TlvContent = number | string | Buffer;

const VALUE_BYTES_MAX = 0xffff;
const VENDOR_INTEGER_BYTES_MAX = 6;
const VENDOR_INTEGER_BYTES_SENT = 4;

/** Other names of the specifications. */
const ALIASES: ReadonlyMap<string, string> = new Map([
  ['dest_port', 'destination_port'],
  ['alert_on_msg_delivery', 'alert_on_message_delivery'],
  ['failed_broadcast_area_identifier', 'broadcast_area_identifier'],
]);

/** Definitions by tag and by name. */
export class TagTable {
  readonly #byTag = new Map<number, TagDefinition>();
  readonly #byName = new Map<string, TagDefinition>();

  constructor(definitions: Iterable<TagDefinition>) {
    for (const one of definitions) {
      this.#byTag.set(one.tag, one);
      this.#byName.set(one.name, one);
    }
  }

  byTag(tag: number): TagDefinition | undefined {
    return this.#byTag.get(tag);
  }

  byName(name: string): TagDefinition | undefined {
    return this.#byName.get(ALIASES.get(name) ?? name);
  }

  [Symbol.iterator](): Iterator<TagDefinition> {
    return this.#byTag.values();
  }
}

const UNITS: Record<string, readonly number[]> = {
  S: [smpp.SUBMIT_SM],
  M: [smpp.SUBMIT_MULTI],
  D: [smpp.DATA_SM],
  L: [smpp.DELIVER_SM],
  R: [smpp.BIND_RECEIVER_RESP, smpp.BIND_TRANSMITTER_RESP, smpp.BIND_TRANSCEIVER_RESP],
  T: [smpp.DATA_SM_RESP],
  A: [smpp.ALERT_NOTIFICATION],
  U: [smpp.SUBMIT_SM, smpp.SUBMIT_MULTI, smpp.DATA_SM],
  u: [smpp.SUBMIT_SM_RESP, smpp.SUBMIT_MULTI_RESP, smpp.DATA_SM_RESP],
  V: [smpp.DELIVER_SM, smpp.DATA_SM],
  v: [smpp.DELIVER_SM_RESP, smpp.DATA_SM_RESP],
  B: [smpp.BROADCAST_SM],
  b: [smpp.BROADCAST_SM_RESP],
  Q: [smpp.QUERY_BROADCAST_SM],
  q: [smpp.QUERY_BROADCAST_SM_RESP],
  K: [smpp.CANCEL_BROADCAST_SM],
  P: [smpp.REPLACE_SM],
  '*': smpp.RESPONSE_IDS,
};

function commandsOf(letters: string): ReadonlySet<number> {
  return new Set(letters.split('').flatMap((letter) => UNITS[letter]));
}

/** Every tag of v3.4 and v5.0. */
export const STANDARD_TAGS: TagTable = new TagTable(
  TAG_ROWS.map(({ tag, name, kind, in34, in50 }) => ({
    ...kind,
    tag,
    name,
    pdus34: commandsOf(in34),
    pdus50: commandsOf(in50),
  })),
);

/**
 * The standard tags and those of a vendor. Throws a RangeError where a tag or a name is taken or the tag is none.
 * Integers are read from 1 to 6 octets and written with 4: the configuration does not say how many they have.
 */
export function tagTable(vendor: readonly VendorTag[]): TagTable {
  const all = [...STANDARD_TAGS];
  for (const { name, tag, type } of vendor) {
    const other = all.find((one) => one.tag === tag || one.name === (ALIASES.get(name) ?? name));
    if (other !== undefined) {
      throw new RangeError(
        `TLV ${name} (${hex16(tag)}): ${other.name} (${hex16(other.tag)}) has that already`,
      );
    }
    if (!Number.isInteger(tag) || tag < 1 || tag > 0xffff) throw new RangeError(`TLV ${name}: tag ${tag}`);
    const taken: Ranges = type === 'integer' ? [1, VENDOR_INTEGER_BYTES_MAX] : [0, VALUE_BYTES_MAX];
    const lengths = { taken, legal34: taken, legal50: taken };
    const rest = { values: undefined, layout: 'vendor', repeats: true, pdus34: undefined, pdus50: undefined };
    all.push({ ...lengths, ...rest, tag, name, type, bytes: VENDOR_INTEGER_BYTES_SENT });
  }
  return new TagTable(all);
}

/** `message_payload`; a tag that nobody assigned prints as 0x1400. */
export function tlvName(tag: number, tags: TagTable = STANDARD_TAGS): string {
  return tags.byTag(tag)?.name ?? hex16(tag);
}

/** Whether the versions let this TLV occur in this command; versions up to 3.3 are judged as 3.4. */
export function isExpectedIn(definition: TagDefinition, commandId: number, version: number): boolean {
  const pdus = version >= smpp.VERSION_50 ? definition.pdus50 : definition.pdus34;
  return pdus === undefined || pdus.has(commandId);
}

export function isInside(ranges: Ranges, value: number): boolean {
  for (let i = 0; i < ranges.length; i += 2) if (value >= ranges[i] && value <= ranges[i + 1]) return true;
  return false;
}

/** ESME_RINVTLVLEN, ESME_RINVTLVVAL for a number that is not assigned, or ESME_ROK. */
export function tlvStatus(definition: TagDefinition, value: Buffer): number {
  if (!isInside(definition.taken, value.length)) return smpp.ESME_RINVTLVLEN;
  const { type, values } = definition;
  if (type !== 'integer' || values === undefined || value.length === 0) return smpp.ESME_ROK;
  return isInside(values, value.readUIntBE(0, value.length)) ? smpp.ESME_ROK : smpp.ESME_RINVTLVVAL;
}

/**
 * The value as its type says: a number, a string up to its NUL or, where that is missing, its end, or the octets
 * themselves (sharing their memory). Unknown tags and values of an illegal length come as octets. An integer of no
 * octets (alert_on_message_delivery of v3.4) is 0.
 */
export function readTlvValue(tag: number, value: Buffer, tags: TagTable = STANDARD_TAGS): TlvContent {
  const definition = tags.byTag(tag);
  if (definition === undefined || !isInside(definition.taken, value.length)) return value;
  switch (definition.type) {
    case 'integer':
      return value.length === 0 ? 0 : value.readUIntBE(0, value.length);
    case 'cstring': {
      const nul = value.indexOf(0);
      return value.toString('latin1', 0, nul < 0 ? value.length : nul);
    }
    case 'digits':
      return value.toString('latin1');
    default:
      return value;
  }
}

/**
 * The octets of a value: a number for an integer, a string for a cstring (its NUL is added) or digits, octets for any
 * tag. Throws a RangeError naming the TLV where the type or the length is not what the version has.
 */
export function writeTlvValue(
  tag: number,
  content: TlvContent,
  version: number = smpp.VERSION_50,
  tags: TagTable = STANDARD_TAGS,
): Buffer {
  const definition = tags.byTag(tag);
  if (definition === undefined) {
    if (Buffer.isBuffer(content)) return content;
    throw new RangeError(`${hex16(tag)}: octets are needed for a tag that is not known`);
  }
  const value = toOctets(definition, content, version);
  if (isInside(legalLengths(definition, version), value.length)) return value;
  throw new RangeError(`${definition.name}: ${value.length} octets`);
}

/** The lengths that a version has; 3.3 has no TLVs, and is given those of 3.4. */
export function legalLengths(definition: TagDefinition, version: number): Ranges {
  return version >= smpp.VERSION_50 ? definition.legal50 : definition.legal34;
}

function toOctets(definition: TagDefinition, content: TlvContent, version: number): Buffer {
  const { name, type, bytes } = definition;
  if (Buffer.isBuffer(content)) return content;
  if (typeof content === 'number' && type === 'integer') {
    if (!Number.isInteger(content) || content < 0 || content >= 256 ** bytes) {
      throw new RangeError(`${name}: ${content} in ${bytes} octets`);
    }
    // alert_on_message_delivery of v3.4 says what it says by being there.
    if (legalLengths(definition, version)[1] === 0) return Buffer.alloc(0);
    const value = Buffer.alloc(bytes);
    value.writeUIntBE(content, 0, bytes);
    return value;
  }
  if (typeof content === 'string' && (type === 'cstring' || type === 'digits')) {
    const strange = content.split('').find((one) => one === '\0' || one > '\u00ff');
    if (strange !== undefined) throw new RangeError(`${name}: ${JSON.stringify(strange)} is no octet of it`);
    return Buffer.from(type === 'cstring' ? `${content}\0` : content, 'latin1');
  }
  throw new RangeError(`${name}: ${NEEDED[type]} needed, not ${typeof content}`);
}

const NEEDED: Record<TagType, string> = {
  integer: 'a number or octets are',
  cstring: 'a string or octets are',
  digits: 'a string or octets are',
  octets: 'octets are',
};

function hex16(tag: number): string {
  return `0x${tag.toString(16).padStart(4, '0')}`;
}
