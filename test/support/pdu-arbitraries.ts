/**
 * Random PDUs of every command that are right for their version: what a strict reader takes. The fields stand here a
 * second time, as the specification lists them, so that a field lost from a grammar shows.
 */
import * as fc from 'fast-check';
import type { Command, PduInput } from '../../src/smpp/codec.ts';
import * as smpp from '../../src/smpp/constants.ts';
import { octets, tlvsArbitrary } from './tlv-arbitraries.ts';

type Arbitraries = Record<string, fc.Arbitrary<unknown>>;
/** Text of a C-string: printable ASCII, which every decoder reads alike, or any octet but NUL. */
export type Alphabet = 'ascii' | 'octets';

const octet = fc.nat(255);

function text(alphabet: Alphabet, bytesMax: number, least = 0): fc.Arbitrary<string> {
  const [low, high] = alphabet === 'ascii' ? [0x20, 0x7e] : [1, 0xff];
  const unit = fc.integer({ min: low, max: high }).map((code) => String.fromCharCode(code));
  const any = fc.string({ unit, minLength: least, maxLength: bytesMax - 1 });
  // Spaces in front are fill in 3.3.
  return fc.oneof(
    { weight: 4, arbitrary: any.map((one) => one.replace(/^ +/, 'x')) },
    { weight: 1, arbitrary: fc.constant('x'.repeat(bytesMax - 1)) },
  );
}

const two = (max: number, min = 0): fc.Arbitrary<string> =>
  fc.integer({ min, max }).map((value) => String(value).padStart(2, '0'));
const absolute = fc
  .tuple(
    two(99),
    two(12, 1),
    two(28, 1),
    two(23),
    two(59),
    two(59),
    fc.nat(9),
    two(48),
    fc.constantFrom('+', '-'),
  )
  .map((parts) => parts.join(''));
const relative = fc
  .tuple(two(99), two(99), two(99), two(99), two(99), two(99))
  .map((parts) => `${parts.join('')}000R`);
const time = fc.oneof(fc.constant(''), absolute, relative);
const reported = fc.oneof(fc.constant(''), absolute, fc.stringMatching(/^[0-9]{12}$/));

function messageBytesMax(version: number): number {
  if (version >= smpp.VERSION_50) return 255;
  return version >= smpp.VERSION_34 ? 254 : 160;
}

/** User data that goes with its data_coding and esm_class, in one of its two places. */
interface UserData {
  esmClass: number;
  dataCoding: number;
  inPayload: boolean;
  data: Buffer;
}

const UNSERVED = new Set([0x05, 0x09, 0x0a, 0x0d, 0x0e]);
const UDH = Buffer.from('050003a70201', 'hex');

function userData(version: number, places: readonly boolean[]): fc.Arbitrary<UserData> {
  return fc
    .record({
      esmClass: octet,
      dataCoding: octet.map((value) => (UNSERVED.has(value) ? 0 : value)),
      inPayload: fc.constantFrom(...places),
      bytes: octets(0, messageBytesMax(version) - UDH.length),
    })
    .map(({ bytes, ...rest }) => {
      const even = bytes.subarray(0, bytes.length & ~1);
      const data = (rest.esmClass & smpp.ESM_UDHI) !== 0 ? Buffer.concat([UDH, even]) : even;
      return { ...rest, data };
    });
}

interface Kinds {
  alphabet: Alphabet;
  version: number;
}

function bind({ alphabet }: Kinds): Arbitraries {
  return {
    systemId: text(alphabet, 16),
    password: text(alphabet, 9),
    systemType: text(alphabet, 13),
    interfaceVersion: fc.constantFrom(0x00, 0x33, 0x34, 0x50),
    addrTon: octet,
    addrNpi: octet,
    addressRange: text(alphabet, 41),
  };
}

const source = ({ alphabet }: Kinds, bytesMax = 21): Arbitraries => ({
  sourceAddrTon: octet,
  sourceAddrNpi: octet,
  sourceAddr: text(alphabet, bytesMax),
});
const dest = ({ alphabet }: Kinds, bytesMax = 21): Arbitraries => ({
  destAddrTon: octet,
  destAddrNpi: octet,
  destinationAddr: text(alphabet, bytesMax, 1),
});
const id = ({ alphabet, version }: Kinds): fc.Arbitrary<string> => text(alphabet, version <= 0x33 ? 9 : 65);
const registered = ({ version }: Kinds): fc.Arbitrary<number> => {
  if (version <= smpp.VERSION_33) return fc.nat(1);
  return octet.map((value) => (version < smpp.VERSION_50 && (value & 3) === 3 ? 0 : value));
};
const priority = ({ version }: Kinds): fc.Arbitrary<number> =>
  fc.nat(version >= smpp.VERSION_50 ? 4 : version >= smpp.VERSION_34 ? 3 : 1);

/** Rows 9 to 16 of the body; the user data is added by `pduArbitrary`. */
function messageTail(k: Kinds): Arbitraries {
  return {
    protocolId: octet,
    priorityFlag: priority(k),
    scheduleDeliveryTime: time,
    validityPeriod: time,
    registeredDelivery: registered(k),
    replaceIfPresentFlag: fc.nat(1),
    smDefaultMsgId: octet,
  };
}

function destAddress(k: Kinds): fc.Arbitrary<unknown> {
  const number = fc.record({ destFlag: fc.constant(1), ...dest(k) });
  const list = fc.record({ destFlag: fc.constant(2), dlName: text(k.alphabet, 21) });
  return fc.oneof(number, list);
}

const entries = (one: fc.Arbitrary<unknown>, minLength: number, most: number): fc.Arbitrary<unknown[]> =>
  fc.oneof(
    { weight: 19, arbitrary: fc.array(one, { minLength, maxLength: 5 }) },
    { weight: 1, arbitrary: fc.array(one, { minLength: most, maxLength: most }) },
  );

const NOTHING = (): Arbitraries => ({});
const messageIdOnly = (k: Kinds): Arbitraries => ({ messageId: id(k) });
const systemIdOnly = (k: Kinds): Arbitraries => ({ systemId: text(k.alphabet, 16) });
const message = (k: Kinds): Arbitraries => ({
  serviceType: text(k.alphabet, 6),
  ...source(k),
  ...dest(k),
  ...messageTail(k),
});

const BODIES: Record<Command, (k: Kinds) => Arbitraries> = {
  bind_transmitter: bind,
  bind_receiver: bind,
  bind_transceiver: bind,
  bind_transmitter_resp: systemIdOnly,
  bind_receiver_resp: systemIdOnly,
  bind_transceiver_resp: systemIdOnly,
  outbind: (k) => ({ systemId: text(k.alphabet, 16), password: text(k.alphabet, 9) }),
  enquire_link: NOTHING,
  enquire_link_resp: NOTHING,
  unbind: NOTHING,
  unbind_resp: NOTHING,
  generic_nack: NOTHING,
  alert_notification: (k) => ({
    ...source(k, 65),
    esmeAddrTon: octet,
    esmeAddrNpi: octet,
    esmeAddr: text(k.alphabet, 65),
  }),
  submit_sm: message,
  submit_sm_resp: messageIdOnly,
  deliver_sm: message,
  deliver_sm_resp: messageIdOnly,
  submit_multi: (k) => ({
    serviceType: text(k.alphabet, 6),
    ...source(k),
    destAddress: entries(destAddress(k), 1, k.version >= smpp.VERSION_50 ? 255 : 254),
    ...messageTail(k),
  }),
  submit_multi_resp: (k) => ({
    messageId: id(k),
    unsuccessSme: entries(fc.record({ ...dest(k), errorStatusCode: fc.nat(0xffff_ffff) }), 0, 255),
  }),
  data_sm: (k) => ({
    serviceType: text(k.alphabet, 6),
    ...source(k, 65),
    ...dest(k, 65),
    registeredDelivery: registered(k),
  }),
  data_sm_resp: messageIdOnly,
  query_sm: (k) => ({ messageId: id(k), ...source(k) }),
  query_sm_resp: (k) => ({ messageId: id(k), finalDate: reported, messageState: octet, errorCode: octet }),
  cancel_sm: (k) => ({ serviceType: text(k.alphabet, 6), messageId: id(k), ...source(k), ...dest(k) }),
  cancel_sm_resp: NOTHING,
  replace_sm: (k) => ({
    messageId: id(k),
    ...source(k),
    scheduleDeliveryTime: time,
    validityPeriod: time,
    registeredDelivery: registered(k),
    smDefaultMsgId: octet,
    shortMessage: octets(0, messageBytesMax(k.version)),
  }),
  replace_sm_resp: NOTHING,
  broadcast_sm: (k) => ({
    serviceType: text(k.alphabet, 6),
    ...source(k),
    messageId: id(k),
    priorityFlag: priority(k),
    scheduleDeliveryTime: time,
    validityPeriod: time,
    replaceIfPresentFlag: fc.nat(1),
    smDefaultMsgId: octet,
  }),
  broadcast_sm_resp: messageIdOnly,
  query_broadcast_sm: (k) => ({ messageId: id(k), ...source(k) }),
  query_broadcast_sm_resp: messageIdOnly,
  cancel_broadcast_sm: (k) => ({ serviceType: text(k.alphabet, 6), messageId: id(k), ...source(k) }),
  cancel_broadcast_sm_resp: NOTHING,
  query_last_msgs: (k) => ({ ...source(k), numMessages: octet }),
  query_last_msgs_resp: (k) => ({ messageIds: entries(id(k), 0, 255) }),
  query_msg_details: (k) => ({ messageId: id(k), ...source(k), smLength: octet }),
  query_msg_details_resp: (k) => ({
    serviceType: text(k.alphabet, 6),
    ...source(k),
    destAddress: entries(destAddress(k), 0, 255),
    protocolId: octet,
    priorityFlag: octet,
    scheduleDeliveryTime: reported,
    validityPeriod: reported,
    registeredDeliveryFlag: octet,
    dataCoding: octet,
    shortMessage: octets(0, 160),
    messageId: id(k),
    finalDate: reported,
    messageStatus: octet,
    errorCode: octet,
  }),
  param_retrieve: (k) => ({ paramName: text(k.alphabet, 32) }),
  param_retrieve_resp: (k) => ({ paramValue: text(k.alphabet, 101) }),
};

/** Names of the fields of a command's body; shortMessage, esmClass and dataCoding with them. */
export function fieldNames(command: Command): string[] {
  const names = Object.keys(BODIES[command]({ alphabet: 'ascii', version: smpp.VERSION_50 }));
  const { fields = [] } = USER_DATA[command] ?? {};
  return [...names, ...fields];
}

/** Where the user data of a command may be (short_message: false, message_payload: true), and its fields. */
const USER_DATA: Partial<Record<Command, { places: boolean[]; fields: string[] }>> = {
  submit_sm: { places: [false, true], fields: ['esmClass', 'dataCoding', 'shortMessage'] },
  deliver_sm: { places: [false, true], fields: ['esmClass', 'dataCoding', 'shortMessage'] },
  submit_multi: { places: [false, true], fields: ['esmClass', 'dataCoding', 'shortMessage'] },
  data_sm: { places: [true], fields: ['esmClass', 'dataCoding'] },
  broadcast_sm: { places: [true], fields: ['dataCoding'] },
};

/** A request without fields has no TLVs either. */
function isBodyless(command: Command, version: number): boolean {
  const isResponse = command.endsWith('_resp') || command === 'generic_nack';
  return !isResponse && Object.keys(BODIES[command]({ alphabet: 'ascii', version })).length === 0;
}

export interface ArbitraryOptions {
  alphabet?: Alphabet;
  /** Unknown and vendor TLVs too. */
  strangers?: boolean;
}

/** A whole PDU of the command, with a status in a response now and then. */
export function pduArbitrary(
  command: Command,
  version: number,
  { alphabet = 'octets', strangers = true }: ArbitraryOptions = {},
): fc.Arbitrary<PduInput> {
  const kinds = { alphabet, version };
  const isResponse = command.endsWith('_resp') || command === 'generic_nack';
  const { places = [false], fields = [] } = USER_DATA[command] ?? {};
  return fc
    .record({
      head: fc.record({
        commandStatus: isResponse ? fc.constantFrom(0, 0, 0x58, 0xfe, 0x400) : fc.constant(0),
        sequenceNumber: fc.oneof(fc.nat(0x7fff_ffff), fc.constantFrom(0, 1, 0xffff_ffff)),
      }),
      body: fc.record(BODIES[command](kinds)),
      tlvs: isBodyless(command, version) ? fc.constant([]) : tlvsArbitrary(command, version, strangers),
      // 3.3 has no message_payload.
      user: userData(version, version < smpp.VERSION_34 ? [false] : places),
    })
    .map(({ head, body, tlvs, user }) => {
      const pdu = { command, ...head, ...body, tlvs } as Record<string, unknown>;
      if (!(command in USER_DATA)) return pdu as unknown as PduInput;
      const { inPayload, data } = user;
      const all = { esmClass: user.esmClass, dataCoding: user.dataCoding };
      Object.assign(all, { shortMessage: inPayload ? Buffer.alloc(0) : data });
      for (const [key, value] of Object.entries(all)) if (fields.includes(key)) pdu[key] = value;
      if (inPayload) pdu.tlvs = [...tlvs, { tag: smpp.TLV_MESSAGE_PAYLOAD, value: data }];
      return pdu as unknown as PduInput;
    });
}
