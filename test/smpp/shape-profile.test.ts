import { describe, expect, test } from 'vitest';
import * as smpp from '../../src/smpp/constants.ts';
import type { MessageObject } from '../../src/smpp/pdu/message-encode.ts';
import { MessageFields } from '../../src/smpp/pdu/message-fields.ts';
import { encodeSubmitSm, scanSubmitSm } from '../../src/smpp/pdu/submit-sm.ts';
import {
  hasValuesOf50,
  needsShape,
  plainLimits,
  type Sender,
  type SmscProfile,
} from '../../src/smpp/shape-profile.ts';
import { sarTlvs } from '../../src/smpp/udh.ts';
import { type Random, seeded } from '../core/random.ts';
import { shaped, SENDER, SMSC, SMSC_33, SMSC_50, vectorMessage } from './shape-support.ts';

const fields = new MessageFields();
const text = (value: string): Buffer => Buffer.from(value, 'latin1');

function needs(
  message: MessageObject,
  sender: Partial<Sender> = {},
  smsc: Partial<SmscProfile> = {},
): boolean {
  const pdu = encodeSubmitSm({ dest: '447700900123', ...message }, 1);
  const status = scanSubmitSm(pdu, 0, pdu.length, sender.version ?? SENDER.version, fields);
  expect(status).toBe(smpp.ESME_ROK);
  return needsShape(pdu, fields, { ...SENDER, ...sender }, { ...SMSC, ...smsc });
}

describe('needsShape', () => {
  test('the usual short message to the usual SMSC goes as it is', () => {
    expect(needs({ message: text('a'.repeat(160)) })).toBe(false);
    expect(needs({ message: text('a'.repeat(160)) }, { version: 0x33 }, SMSC_33)).toBe(false);
    expect(needs({ dataCoding: 8, message: Buffer.alloc(140) }, {}, SMSC_33)).toBe(false);
    expect(needs({ dataCoding: 4, message: Buffer.alloc(140) })).toBe(false);
    expect(needs({ dataCoding: 0xf0, message: text('flash') }, { alphabet: 'latin1' })).toBe(false);
    expect(needs({ registeredDelivery: 1, validity: '000000010000000R', schedule: '' })).toBe(false);
    for (const name of ['submit_sm_concat8_1of2', 'submit_sm_concat16_ucs2', 'submit_sm_sar_1of2']) {
      expect(needs(vectorMessage(name)), name).toBe(false);
    }
    expect(needs(vectorMessage('submit_sm_unknown_tlvs'))).toBe(false);
    const short = { tlvs: [{ tag: smpp.TLV_MESSAGE_PAYLOAD, value: text('a'.repeat(160)) }] };
    expect(needs(short, {}, { longMessages: 'payload' })).toBe(false);
    expect(needs(vectorMessage('submit_sm_sar_1of2'), {}, { longMessages: 'sar' })).toBe(false);
    expect(needs({ message: text('a') }, { transliterate: true })).toBe(false);
  });

  test.each<[string, MessageObject, Partial<Sender>, Partial<SmscProfile>]>([
    ['more than one SMS', { message: text('a'.repeat(161)) }, {}, {}],
    ['more than one SMS of UCS-2', { dataCoding: 8, message: Buffer.alloc(142) }, {}, {}],
    ['more than one SMS of octets', { dataCoding: 4, message: Buffer.alloc(141) }, {}, {}],
    ['Latin-1 that may need UCS-2', { dataCoding: 3, message: text('a'.repeat(71)) }, {}, {}],
    ['message_payload', vectorMessage('submit_sm_payload_300'), {}, {}],
    [
      'message_payload of more than one SMS, which is counted',
      vectorMessage('submit_sm_payload_300'),
      {},
      { longMessages: 'payload' },
    ],
    [
      'message_payload of Latin-1 that may need UCS-2',
      { dataCoding: 3, tlvs: [{ tag: smpp.TLV_MESSAGE_PAYLOAD, value: text('a'.repeat(71)) }] },
      {},
      { longMessages: 'payload' },
    ],
    [
      'message_payload without TLVs',
      vectorMessage('submit_sm_payload_300'),
      {},
      { longMessages: 'payload', tlvs: false },
    ],
    [
      'message_payload beside a short_message, for 3.4',
      { message: text('a'), tlvs: [{ tag: smpp.TLV_MESSAGE_PAYLOAD, value: text('b') }] },
      { version: 0x50 },
      { longMessages: 'payload' },
    ],
    ['another alphabet there', { message: text('a') }, {}, { alphabet: 'latin1' }],
    ['another alphabet here', { message: text('a') }, { alphabet: 'utf8' }, {}],
    ['a data_coding that 3.3 reads otherwise', { dataCoding: 3, message: text('a') }, {}, SMSC_33],
    [
      'a data_coding of 3.3, for an SMSC that may speak 3.4 again',
      { dataCoding: 1, message: text('a') },
      { version: 0x33 },
      { ...SMSC_33, configured: SMSC },
    ],
    ['a canned message that 3.3 has no number for', { defaultMessageId: 101 }, {}, SMSC_33],
    ['a canned message that 3.4 has no number for', { defaultMessageId: 255 }, { version: 0x50 }, {}],
    ['a data_coding that 3.4 reads otherwise', { dataCoding: 1, message: text('a') }, { version: 0x33 }, {}],
    [
      'UCS-2 that may be transliterated',
      { dataCoding: 8, message: Buffer.alloc(2) },
      { transliterate: true },
      {},
    ],
    ['a text of HTTP', { dataCoding: 8, message: Buffer.alloc(2) }, { recode: true }, {}],
    ['sar_* for an SMSC of headers', vectorMessage('submit_sm_sar_1of2'), {}, { longMessages: 'udh8' }],
    ['sar_* for an SMSC without TLVs', vectorMessage('submit_sm_sar_1of2'), {}, { tlvs: false }],
    [
      'sar_* of one part, which an SMSC may write a header for',
      { message: text('a'.repeat(160)), tlvs: sarTlvs(1, 1, 1) },
      {},
      { longMessages: 'sar' },
    ],
    ['a header for an SMSC of sar_*', vectorMessage('submit_sm_concat8_1of2'), {}, { longMessages: 'sar' }],
    [
      'a header for an SMSC of message_payload',
      vectorMessage('submit_sm_concat8_1of2'),
      {},
      { longMessages: 'payload' },
    ],
    [
      'an overlong part',
      { esmClass: 0x40, message: text(`\x05\0\x03\x01\x02\x01${'a'.repeat(154)}`) },
      {},
      {},
    ],
    ['a TLV for 3.3', vectorMessage('submit_sm_unknown_tlvs'), {}, SMSC_33],
    ['a TLV of 5.0 for 3.4', vectorMessage('submit_sm_v50_tlvs'), { version: 0x50 }, {}],
    [
      'a TLV of another name',
      vectorMessage('submit_sm_unknown_tlvs'),
      {},
      { ...SMSC_50, tlvMap: new Map([[0x4001, 0]]) },
    ],
    ['success only', { registeredDelivery: 3 }, { version: 0x50 }, {}],
    ['failure only, for 3.3', { registeredDelivery: 2 }, {}, SMSC_33],
    ['background', { priority: 4 }, { version: 0x50 }, {}],
    ['priority 2, for 3.3', { priority: 2 }, {}, SMSC_33],
    ['transaction mode', { esmClass: 2 }, {}, {}],
    ['any mode, for 3.3', { esmClass: 3 }, {}, SMSC_33],
    ['times, for 3.3', { validity: '000000010000000R' }, {}, SMSC_33],
    ['255 octets', vectorMessage('submit_sm_len255_v50'), { version: 0x50 }, {}],
  ])('%s', (_name, message, sender, smsc) => {
    expect(needs(message, sender, smsc)).toBe(true);
  });

  test('5.0 to 5.0 keeps what is of 5.0', () => {
    const sender = { version: 0x50 };
    expect(needs({ registeredDelivery: 3, priority: 4, esmClass: 2 }, sender, SMSC_50)).toBe(false);
    expect(needs({ defaultMessageId: 255 }, sender, SMSC_50)).toBe(false);
    expect(needs(vectorMessage('submit_sm_v50_tlvs'), sender, SMSC_50)).toBe(false);
  });
});

function randomMessage(random: Random): MessageObject {
  const length = random.pick([0, 1, 69, 70, 71, 140, 141, 153, 154, 160, 161, 254]);
  const header = random.pick([
    '',
    '',
    '',
    '0500032a0201',
    '060804012a0202',
    '0605040b8423f0',
    '03240101',
    '00',
  ]);
  const dataCoding = random.pick([0, 0, 0, 1, 2, 3, 4, 6, 7, 8, 0x10, 0x18, 0xc8, 0xf0, 0xf5]);
  const octets = Buffer.from(Array.from({ length: length & ~1 }, () => 0x20 + random.below(0x5b)));
  const data = Buffer.concat([Buffer.from(header, 'hex'), octets]).subarray(0, 254);
  const even = data.subarray(0, data.length - ((data.length - header.length / 2) & 1));
  const tags = [0x0204, 0x020a, 0x020b, 0x1400, 0x0381, 0x0005, 0x130c];
  const tlvs = Array.from({ length: random.below(3) }, () => {
    const tag = random.pick(tags);
    const size = tag === 0x0381 ? 5 : tag === 0x0005 ? 1 : tag === 0x130c ? random.below(2) : 2;
    return { tag, value: Buffer.alloc(size, 1) };
  });
  if (random.below(6) === 0) {
    tlvs.push({ tag: 0x020c, value: Buffer.from([1, 2]) });
    tlvs.push({ tag: 0x020e, value: Buffer.from([2]) }, { tag: 0x020f, value: Buffer.from([1]) });
  }
  const inPayload = random.below(5) === 0;
  if (inPayload) tlvs.push({ tag: 0x0424, value: even });
  return {
    source: 'Shop',
    dest: '447700900123',
    esmClass: (header === '' ? 0 : 0x40) | random.pick([0, 0, 3, 0x80]),
    registeredDelivery: random.pick([0, 1, 2]),
    priority: random.below(3),
    dataCoding,
    message: inPayload ? Buffer.alloc(0) : even,
    tlvs,
  };
}

test('whatever needs no shaping is not changed by it, and what comes out is valid for the SMSC', () => {
  const random = seeded(7_654);
  let unchanged = 0;
  for (let round = 0; round < 4_000; round++) {
    const message = randomMessage(random);
    const version = random.pick([0x33, 0x34, 0x50]);
    const alphabet = random.pick(['gsm', 'gsm', 'latin1', 'ascii', 'utf8'] as const);
    const sender = { version: random.pick([0x34, 0x50]), alphabet, transliterate: random.below(4) === 0 };
    const smsc: SmscProfile = {
      version,
      tlvs: version !== 0x33 && random.below(4) > 0,
      alphabet: random.pick(['gsm', 'gsm', 'latin1', 'ascii', 'utf8'] as const),
      languages: random.pick([[], ['turkish']] as const),
      longMessages: random.pick(['as-is', 'udh8', 'udh16', 'sar', 'payload'] as const),
      tlvMap: random.pick([new Map(), new Map([[0x1400, 0]])]),
    };
    const pdu = encodeSubmitSm(message, 1);
    if (scanSubmitSm(pdu, 0, pdu.length, sender.version, fields) !== smpp.ESME_ROK) continue;
    const isNeeded = needsShape(pdu, fields, { ...SENDER, ...sender }, smsc);
    const result = shaped(message, smsc, sender);
    const label = `seed ${random.seed}, round ${round}`;
    if (!isNeeded) {
      unchanged++;
      const out = result.ok && result.bodies.map((body) => encodeSubmitSm(body, 1).toString('hex'));
      expect(out, label).toEqual([pdu.toString('hex')]);
    }
    if (!result.ok) continue;
    expect(result.parts, label).toBeGreaterThanOrEqual(result.bodies.length);
    for (const body of result.bodies) {
      const out = encodeSubmitSm(body, 1);
      expect(scanSubmitSm(out, 0, out.length, version, fields), label).toBe(smpp.ESME_ROK);
      expect(fields.smLength, label).toBeLessThanOrEqual(version === 0x33 ? 160 : 254);
      if (!smsc.tlvs) expect(fields.tlvAt, label).toBe(fields.end);
      if (fields.sarRef >= 0) expect(fields.payloadLength, label).toBe(-1);
    }
  }
  expect(unchanged).toBeGreaterThan(50);
});

describe('plainLimits', () => {
  const any = (random: Random): { sender: Sender; smsc: SmscProfile } => ({
    sender: {
      version: random.pick([0x34, 0x50]),
      alphabet: random.pick(['gsm', 'latin1', 'utf8']),
      transliterate: random.pick([false, true]),
      partsMax: 10,
    },
    smsc: {
      ...random.pick([SMSC, SMSC_33, SMSC_50]),
      alphabet: random.pick(['gsm', 'latin1']),
      longMessages: random.pick(['as-is', 'udh8', 'sar', 'payload']),
    },
  });

  test('says of no message that it passes of which needsShape says otherwise', () => {
    const random = seeded(7_312);
    let passed = 0;
    for (let round = 0; round < 20_000; round++) {
      const { sender, smsc } = any(random);
      const length = random.pick([0, 1, 70, 139, 140, 141, 160, 161, 200]);
      const message: MessageObject = {
        dataCoding: random.pick([0, 1, 2, 3, 4, 6, 7, 8, 0x10, 0x18, 0xc8, 0xe0, 0xf0, 0xf4]),
        message: Buffer.alloc(length, random.pick([0x41, 0x1b, 0x00, 0xe9])),
        registeredDelivery: random.pick([0, 1, 2, 3]),
        priority: random.pick([0, 3, 4]),
        esmClass: random.pick([0, 1, 2, 3]),
      };
      const pdu = encodeSubmitSm({ dest: '447700900123', ...message }, 1);
      if (scanSubmitSm(pdu, 0, pdu.length, sender.version, fields) !== smpp.ESME_ROK) continue;
      const limit = plainLimits(sender, smsc)[fields.dataCoding];
      if (fields.dataLength > limit || hasValuesOf50(fields)) continue;
      passed++;
      const what = `seed ${random.seed}, round ${round}: ${JSON.stringify({ message, sender, smsc })}`;
      expect(needsShape(pdu, fields, sender, smsc), what).toBe(false);
    }
    expect(passed).toBeGreaterThan(1000);
  });

  test('lets the usual short messages pass, and nothing to an SMSC of 3.3', () => {
    const limits = plainLimits(SENDER, SMSC);
    expect([limits[0], limits[4], limits[8], limits[0xf0]]).toEqual([160, 140, 140, 160]);
    expect(new Set(plainLimits(SENDER, { ...SMSC, ...SMSC_33 }))).toEqual(new Set([-1]));
  });
});
