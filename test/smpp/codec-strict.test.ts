/** What is written strictly is what a strict reader takes: no value goes out that the peer has to refuse. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { COMMANDS, decodePdu, encodePdu, isCommandOf, type PduInput } from '../../src/smpp/codec.ts';
import * as smpp from '../../src/smpp/constants.ts';
import { makeTlv } from '../../src/smpp/pdu/tlv.ts';
import { pduArbitrary } from '../support/pdu-arbitraries.ts';
import { vectorNamed, versionOf } from '../support/vectors.ts';

const SEED = Number(process.env.TEST_SEED ?? 20_260_203);
const [V33, V34, V50] = [smpp.VERSION_33, smpp.VERSION_34, smpp.VERSION_50];
const LENIENT = { lenient: true };

/** Malformed only in a value: lenient, they are read and written; strict, they are not written either. */
const VALUES: [string, string][] = [
  ['dest_addr_empty', 'destination_addr: is empty'],
  ['schedule_bad', 'schedule_delivery_time: '],
  ['validity_bad_len', 'validity_period: '],
  ['priority_bad', 'priority_flag: '],
  ['regdel_reserved', 'registered_delivery: '],
  ['replace_flag_bad', 'replace_if_present_flag: '],
  ['udhi_without_udh', 'esm_class announces a user data header'],
  ['sm_length_255_v34', 'short_message: 255 octets'],
  ['both_bodies', 'message_payload is there beside short_message'],
  ['data_sm_no_payload', 'message_payload is missing'],
  ['tlv_bad_value', 'TLV sar_segment_seqnum is 3 of 2'],
  ['tlv_wrong_size', 'TLV user_message_reference: '],
  ['ucs2_odd_length', 'UCS-2 has two a character'],
  ['source_addr_too_long', 'source_addr: 21 characters'],
  ['service_type_too_long', 'service_type: '],
  ['dests_zero', 'dest_address: has no entry'],
  ['system_id_too_long', 'system_id: 16 characters'],
  ['password_too_long', 'password: 9 characters'],
  ['bind_bad_version', 'interface_version 0x60 is reserved'],
];

describe('the malformed vector, read leniently, is not written strictly:', () => {
  it.each(VALUES)('%s', (name, message) => {
    const vector = vectorNamed(name);
    const version = versionOf(vector);
    const read = decodePdu(vector.bytes, 0, vector.bytes.length, version, LENIENT);
    if (!read.ok) throw new Error(read.reason);
    expect(encodePdu(read.pdu, version, LENIENT)).toEqual(vector.bytes);
    expect(() => encodePdu(read.pdu, version)).toThrow(RangeError);
    expect(() => encodePdu(read.pdu, version)).toThrow(message);
  });
});

describe('strictly is not written', () => {
  const submit = { command: 'submit_sm', sequenceNumber: 1, destinationAddr: '1' } as const;
  const multi = { command: 'submit_multi', sequenceNumber: 1 } as const;
  const dest = { destFlag: 3, destAddrTon: 1, destAddrNpi: 1, destinationAddr: '1' } as never;
  const broadcast = { command: 'broadcast_sm', sequenceNumber: 1 } as const;
  const area = makeTlv('broadcast_area_identifier', Buffer.from([0, 0x61]));
  const kind = makeTlv('broadcast_content_type', Buffer.from([0, 0, 0]));
  const every = makeTlv('broadcast_frequency_interval', Buffer.from([8, 0, 1]));

  it.each<[string, PduInput, number, string]>([
    [
      'priority 2 in 3.3',
      { ...submit, priorityFlag: 2 },
      V33,
      'priority_flag: 2 would be refused with ESME_RINVPRTFLG',
    ],
    ['priority 4 in 3.4', { ...submit, priorityFlag: 4 }, V34, 'priority_flag: 4'],
    ['priority 5 in 5.0', { ...submit, priorityFlag: 5 }, V50, 'priority_flag: 5'],
    ['receipts 3 in 3.4', { ...submit, registeredDelivery: 3 }, V34, 'registered_delivery: 3'],
    [
      'letters as a time',
      { ...submit, scheduleDeliveryTime: 'ABCDEFGHIJKLMNOP' },
      V34,
      'ABCDEFGHIJKLMNOP is no',
    ],
    [
      'a dest_flag of 3',
      { ...multi, destAddress: [dest] },
      V50,
      'dest_address: dest_flag: 3 is neither 1 nor 2',
    ],
    ['a data_sm to nobody', { command: 'data_sm', sequenceNumber: 1 }, V34, 'destination_addr: is empty'],
    ['a broadcast without its areas', broadcast, V50, 'broadcast_area_identifier is missing'],
    [
      'one without its repetitions',
      { ...broadcast, tlvs: [area, kind, every] },
      V50,
      'broadcast_rep_num is missing',
    ],
    [
      'a broadcast state without its areas',
      { command: 'query_broadcast_sm_resp', sequenceNumber: 1, tlvs: [makeTlv('message_state', 2)] },
      V50,
      'broadcast_area_identifier is missing',
    ],
  ])('%s', (_what, pdu, version, message) => {
    expect(() => encodePdu(pdu, version)).toThrow(RangeError);
    expect(() => encodePdu(pdu, version)).toThrow(message);
  });

  it.each<[string, PduInput, number]>([
    ['priority 4 in 5.0', { ...submit, priorityFlag: 4 }, V50],
    ['receipts 3 in 5.0', { ...submit, registeredDelivery: 3 }, V50],
    [
      'both bodies in 5.0',
      { ...submit, shortMessage: Buffer.from('a'), tlvs: [makeTlv('message_payload', Buffer.from('b'))] },
      V50,
    ],
    ['a broadcast at once', { ...broadcast, priorityFlag: 1, tlvs: [area, kind, every] }, V50],
    // The peer may serve what this gateway does not.
    ['JIS', { ...submit, dataCoding: 5, shortMessage: Buffer.from('$"', 'latin1') }, V34],
  ])('but %s is', (_what, pdu, version) => {
    expect(encodePdu(pdu, version)).toEqual(encodePdu(pdu, version, LENIENT));
  });
});

const versions = [V33, V34, V50];
const cases = versions.flatMap((version) =>
  COMMANDS.filter((command) => isCommandOf(command, version)).map((command) => ({
    version,
    hex: version.toString(16),
    command,
  })),
);
/** Of any field, right or wrong: numbers at and over each bound, strings that are times, ids, or neither. */
const oddValue = fc.oneof(
  fc.constantFrom<unknown>(undefined, null, 0, 1, 2, 3, 4, 5, 0x40, 0x60, 255, 256, -1, 0.5),
  fc.constantFrom<unknown>('', ' ', 'ABCDEFGHIJKLMNOP', '260101000000000+', '260132', 'x'.repeat(64), 'a\0b'),
  fc.constantFrom<unknown>(Buffer.alloc(0), Buffer.from([5, 0]), Buffer.alloc(255), Buffer.alloc(161)),
);
const oddTlv = fc.constantFrom(
  makeTlv('sar_msg_ref_num', 1),
  makeTlv('sar_total_segments', 2),
  makeTlv('sar_segment_seqnum', 3),
  makeTlv('message_payload', Buffer.from('abc')),
  makeTlv('message_payload', Buffer.alloc(0)),
);

/** Whether the types let `value` stand where `other` does; null and nothing always. */
function isOfKind(value: unknown, other: unknown): boolean {
  if (value === null || value === undefined) return true;
  return typeof value === typeof other && Buffer.isBuffer(value) === Buffer.isBuffer(other);
}

describe(`PDUs with odd values, seed ${SEED}`, () => {
  it.each(cases)('$command of $hex: not written strictly, or taken strictly', ({ command, version }) => {
    const odd = fc.tuple(fc.nat(40), oddValue);
    const property = fc.property(
      pduArbitrary(command, version, { strangers: false }),
      fc.array(odd, { minLength: 1, maxLength: 2 }),
      fc.array(oddTlv, { maxLength: 4 }),
      (whole, odds, tlvs) => {
        const pdu = { ...whole, tlvs: [...(whole.tlvs ?? []), ...tlvs] } as unknown as Record<
          string,
          unknown
        >;
        const keys = Object.keys(pdu).filter((key) => !['command', 'sequenceNumber', 'tlvs'].includes(key));
        for (const [at, value] of odds) {
          const key = keys[at % keys.length];
          // What the types forbid is not asked.
          if (isOfKind(value, whole[key as keyof PduInput])) pdu[key] = value;
        }
        // Refused when read because it is not served here, not because it is wrong.
        if ([5, 9, 10, 13, 14].includes(pdu.dataCoding as number)) pdu.dataCoding = 0;
        let bytes: Buffer;
        try {
          bytes = encodePdu(pdu as unknown as PduInput, version);
        } catch (error) {
          if (error instanceof RangeError && error.message !== '') return;
          throw error;
        }
        const result = decodePdu(bytes, 0, bytes.length, version);
        if (!result.ok) throw new Error(`written, then refused: ${result.reason}`);
      },
    );
    fc.assert(property, { numRuns: 150, seed: SEED });
  });
});
