/** Random TLVs that are right for their version and command. */
import * as fc from 'fast-check';
import type { Command } from '../../src/smpp/codec.ts';
import * as smpp from '../../src/smpp/constants.ts';
import type { Tlv } from '../../src/smpp/pdu/tlv.ts';
import { isExpectedIn, legalLengths, STANDARD_TAGS, type TagDefinition } from '../../src/smpp/tags.ts';

const numbers = smpp as unknown as Record<string, number>;
const digits = '0123456789';

/** Any bytes; now and then as many as there may be. */
export function octets(least: number, greatest: number): fc.Arbitrary<Buffer> {
  const some = fc.uint8Array({ minLength: least, maxLength: Math.min(greatest, least + 60) });
  const all = fc.constantFrom(greatest).map((length) => new Uint8Array(length).fill(0x5a));
  return fc
    .oneof({ weight: 9, arbitrary: some }, { weight: 1, arbitrary: all })
    .map((bytes) => Buffer.from(bytes));
}

const SAR = new Set<number>([
  smpp.TLV_SAR_MSG_REF_NUM,
  smpp.TLV_SAR_TOTAL_SEGMENTS,
  smpp.TLV_SAR_SEGMENT_SEQNUM,
]);
/** Chosen with the rest of the PDU, not at random. */
const PLACED = new Set<number>([...SAR, smpp.TLV_MESSAGE_PAYLOAD]);
const MANDATORY: Partial<Record<Command, number[]>> = {
  broadcast_sm: [
    smpp.TLV_BROADCAST_AREA_IDENTIFIER,
    smpp.TLV_BROADCAST_CONTENT_TYPE,
    smpp.TLV_BROADCAST_REP_NUM,
    smpp.TLV_BROADCAST_FREQUENCY_INTERVAL,
  ],
  query_broadcast_sm_resp: [
    smpp.TLV_MESSAGE_STATE,
    smpp.TLV_BROADCAST_AREA_IDENTIFIER,
    smpp.TLV_BROADCAST_AREA_SUCCESS,
  ],
};

/** A value of a legal length; a number is an assigned one. */
export function tlvValue(definition: TagDefinition, version: number): fc.Arbitrary<Buffer> {
  const lengths = legalLengths(definition, version);
  const ranges = lengths.flatMap((least, at) => (at % 2 === 0 ? [[least, lengths[at + 1]]] : []));
  const length = fc.oneof(...ranges.map(([min, max]) => fc.integer({ min, max: Math.min(max, 300) })));
  return length.chain((bytes) => {
    if (definition.type === 'integer') return integerValue(definition, bytes);
    if (definition.type === 'octets')
      return fc.uint8Array({ minLength: bytes, maxLength: bytes }).map((one) => Buffer.from(one));
    const unit = fc.constantFrom(...digits);
    const withNul = definition.type === 'cstring' && bytes > 0;
    const size = withNul ? bytes - 1 : bytes;
    const plain = fc.string({ unit, minLength: size, maxLength: size });
    return plain.map((value) => Buffer.from(withNul ? `${value}\0` : value, 'latin1'));
  });
}

function integerValue({ values }: TagDefinition, bytes: number): fc.Arbitrary<Buffer> {
  if (bytes === 0) return fc.constant(Buffer.alloc(0));
  const all = values ?? [0, 256 ** bytes - 1];
  const ranges = all.flatMap((min, at) => (at % 2 === 0 ? [{ min, max: all[at + 1] }] : []));
  return fc.oneof(...ranges.map((range) => fc.integer(range))).map((value) => {
    const b = Buffer.alloc(bytes);
    b.writeUIntBE(value, 0, bytes);
    return b;
  });
}

function tlvOf(definition: TagDefinition, version: number): fc.Arbitrary<Tlv> {
  return tlvValue(definition, version).map((value) => ({ tag: definition.tag, value }));
}

const stranger = fc.record({
  tag: fc.constantFrom(0x0000, 0x060c, 0x1400, 0x3fff, 0x4001, 0x8081, 0xffff),
  value: octets(0, 40),
});
const sar = fc.tuple(octets(2, 2), fc.integer({ min: 1, max: 255 })).chain(([reference, total]) =>
  fc.integer({ min: 1, max: total }).map((sequence) => [
    { tag: smpp.TLV_SAR_MSG_REF_NUM, value: reference },
    { tag: smpp.TLV_SAR_TOTAL_SEGMENTS, value: Buffer.from([total]) },
    { tag: smpp.TLV_SAR_SEGMENT_SEQNUM, value: Buffer.from([sequence]) },
  ]),
);

/** The tags that a version lets occur in a command. */
export function expectedTags(command: Command, version: number): TagDefinition[] {
  const commandId = numbers[command.toUpperCase()];
  return [...STANDARD_TAGS].filter((one) => isExpectedIn(one, commandId, version));
}

/** Legal TLVs of a command: the mandatory ones, some of the others, the sar_* all or none, and strangers. */
export function tlvsArbitrary(command: Command, version: number, strangers: boolean): fc.Arbitrary<Tlv[]> {
  if (version < smpp.VERSION_34) return fc.constant([]);
  const expected = expectedTags(command, version).filter(({ tag }) => !PLACED.has(tag));
  const one = expected.map((definition) => tlvOf(definition, version));
  const other = strangers ? [stranger] : [];
  if (one.length + other.length === 0) return fc.constant([]);
  const some = fc.array(fc.oneof(...one, ...other), { maxLength: 4 });
  const needed = (MANDATORY[command] ?? []).map((tag) => {
    const definition = STANDARD_TAGS.byTag(tag);
    if (definition === undefined) throw new Error(`no tag ${tag}`);
    return tlvOf(definition, version);
  });
  const takesSar = expectedTags(command, version).some(({ tag }) => SAR.has(tag));
  const segments = takesSar ? fc.oneof(fc.constant([]), sar) : fc.constant([]);
  return fc.tuple(fc.tuple(...needed), some, segments).map((parts) => parts.flat());
}
