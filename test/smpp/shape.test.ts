import { describe, expect, test } from 'vitest';
import { ReferenceNumbers } from '../../src/core/reference-numbers.ts';
import * as smpp from '../../src/smpp/constants.ts';
import { joinParts, needsJoin, shape } from '../../src/smpp/shape.ts';
import { oracleDecode } from '../support/oracle.ts';
import { encodeSubmitSm } from '../../src/smpp/pdu/submit-sm.ts';
import {
  bodiesOf,
  hexOf,
  NOW_MS,
  SENDER,
  shaped,
  SMSC,
  SMSC_33,
  tlvsOf,
  vectorMessage,
} from './shape-support.ts';

const text = (value: string): Buffer => Buffer.from(value, 'latin1');
const ucs2 = (value: string): Buffer => Buffer.from(value, 'utf16le').swap16();
const payload = (value: Buffer) => ({ tag: smpp.TLV_MESSAGE_PAYLOAD, value });
const STYLES = ['as-is', 'udh8', 'udh16', 'sar', 'payload'] as const;

describe('a message that is one SMS', () => {
  test.each([
    'submit_sm_gsm7_plain',
    'submit_sm_gsm7_ext',
    'submit_sm_ucs2',
    'submit_sm_ucs2_surrogate',
    'submit_sm_latin1',
    'submit_sm_binary_port_udh',
    'submit_sm_turkish_single_shift',
    'submit_sm_flash_dcs10',
    'submit_sm_flash_dcsF0',
    'submit_sm_flash_ucs2_dcs18',
    'submit_sm_flash_tlv',
    'submit_sm_replace',
    'submit_sm_unknown_tlvs',
  ])('%s stays what it is, octet for octet, in every style', (name) => {
    const message = vectorMessage(name);
    for (const longMessages of STYLES) {
      const result = shaped(message, { longMessages });
      expect(result).toMatchObject({ ok: true, parts: 1 });
      const bodies = result.ok ? result.bodies : [];
      expect(bodies.map((body) => encodeSubmitSm(body, 1))).toEqual([encodeSubmitSm(message, 1)]);
    }
  });

  test('is taken out of message_payload, but for an SMSC that wants it there', () => {
    const message = { dest: '1', tlvs: [payload(text('hi'))] };
    for (const longMessages of ['as-is', 'udh8', 'udh16', 'sar'] as const) {
      expect(bodiesOf(message, { longMessages })).toEqual([
        { dest: '1', dataCoding: 0, message: text('hi'), tlvs: [] },
      ]);
    }
    const [kept] = bodiesOf(message, { longMessages: 'payload' });
    expect(tlvsOf(kept)).toEqual(['0424=6869']);
    expect(bodiesOf(message, { longMessages: 'payload', tlvs: false })[0].message).toEqual(text('hi'));
  });

  test('a header without elements is left out', () => {
    const [body] = bodiesOf({ esmClass: 0xc0, message: Buffer.from('006162', 'hex') }, {});
    expect([body.esmClass, hexOf(body)]).toEqual([0x80, '6162']);
  });

  test('a broken header is refused', () => {
    expect(shaped({ esmClass: 0x40, message: Buffer.from('0561', 'hex') }, {})).toMatchObject({
      ok: false,
      status: smpp.ESME_RINVESMCLASS,
    });
  });

  test('a concatenation that is impossible, or of one part, changes nothing', () => {
    for (const hex of ['0500032a0203', '0500032a0101']) {
      const message = { esmClass: 0x40, message: Buffer.from(`${hex}6869`, 'hex') };
      for (const longMessages of STYLES)
        expect(hexOf(bodiesOf(message, { longMessages })[0])).toBe(`${hex}6869`);
    }
  });
});

describe('a long message', () => {
  const LONG = vectorMessage('submit_sm_payload_300');
  const DIGITS = '0123456789'.repeat(30);

  test('as elements of 8 bits', () => {
    for (const longMessages of ['as-is', 'udh8'] as const) {
      const result = shaped(LONG, { longMessages });
      expect(result).toMatchObject({ ok: true, parts: 2 });
      const [first, second] = bodiesOf(LONG, { longMessages });
      // What an independent decoder makes of them.
      const read = [first, second].map((body) => oracleDecode(encodeSubmitSm(body, 1)));
      const parts = read.map(({ short_message }) => short_message as { udh: Buffer[]; message: string });
      expect(parts.map(({ message }) => message)).toEqual([DIGITS.slice(0, 153), DIGITS.slice(153)]);
      const reference = parts[0].udh[0].toString('hex').slice(4, 6);
      expect(parts.map(({ udh }) => udh.map((one) => one.toString('hex')))).toEqual([
        [`0003${reference}0201`],
        [`0003${reference}0202`],
      ]);
      expect(read.map(({ esm_class }) => esm_class)).toEqual([0x40, 0x40]);
      expect(read.map(({ registered_delivery }) => registered_delivery)).toEqual([1, 1]);
      expect(read.some(({ message_payload }) => message_payload !== undefined)).toBe(false);
    }
  });

  test('asks for every end of every part: one that only tells of failures says nothing of the others', () => {
    for (const longMessages of ['udh8', 'udh16', 'sar'] as const) {
      for (const version of [0x34, 0x50]) {
        for (const [asked, passed] of [
          [0, 0],
          [1, 1],
          [2, 1],
          [3, 1],
          [0x10, 0x10],
          [0x12, 0x11],
          [0x1f, 0x1d],
        ]) {
          const bodies = bodiesOf({ ...LONG, registeredDelivery: asked }, { longMessages, version });
          const told = bodies.map((body) => oracleDecode(encodeSubmitSm(body, 1)).registered_delivery);
          expect(told, `${longMessages} ${asked}`).toEqual([passed, passed]);
        }
      }
    }
    // What the SMSC takes as one is one.
    const [whole] = bodiesOf({ ...LONG, registeredDelivery: 2 }, { longMessages: 'payload' });
    expect(whole.registeredDelivery).toBe(2);
  });

  test('as elements of 16 bits', () => {
    const bodies = bodiesOf(LONG, { longMessages: 'udh16' });
    expect(bodies.map((body) => hexOf(body)?.slice(0, 6))).toEqual(['060804', '060804']);
    expect(bodies.map(({ message }) => message?.length)).toEqual([7 + 152, 7 + 148]);
  });

  test('as sar_*', () => {
    const bodies = bodiesOf(LONG, { longMessages: 'sar' });
    expect(bodies.map(({ message }) => message?.length)).toEqual([153, 147]);
    const reference = tlvsOf(bodies[0])[0].slice(5);
    expect(bodies.map(tlvsOf)).toEqual([
      [`020c=${reference}`, '020e=02', '020f=01'],
      [`020c=${reference}`, '020e=02', '020f=02'],
    ]);
    expect(bodies.map(({ esmClass }) => esmClass)).toEqual([0, 0]);
  });

  test('in message_payload, counted as the SMSC will cut it', () => {
    const result = shaped(LONG, { longMessages: 'payload' });
    expect(result).toMatchObject({ ok: true, parts: 2 });
    const bodies = bodiesOf(LONG, { longMessages: 'payload' });
    expect(bodies.map((body) => encodeSubmitSm(body, 1))).toEqual([encodeSubmitSm(LONG, 1)]);
    const tooLong = bodiesOf({ message: text('a'.repeat(200)) }, { longMessages: 'payload' });
    expect(tooLong.map((body) => [body.message?.length, tlvsOf(body)[0].length])).toEqual([[0, 5 + 400]]);
  });

  test('to 3.3 in elements whatever the style says', () => {
    for (const longMessages of ['as-is', 'sar', 'payload'] as const) {
      const bodies = bodiesOf(LONG, { ...SMSC_33, longMessages });
      expect(bodies.map((body) => hexOf(body)?.slice(0, 6))).toEqual(['050003', '050003']);
      for (const body of bodies) expect(body.message?.length).toBeLessThanOrEqual(160);
    }
  });

  test('carries all other fields in every part, and replaces an older message once only', () => {
    const message = {
      ...LONG,
      serviceType: 'CMT',
      protocolId: 0x41,
      replaceIfPresent: 1,
      esmClass: 0x80,
      tlvs: [...LONG.tlvs, { tag: smpp.TLV_USER_MESSAGE_REFERENCE, value: Buffer.from([0, 7]) }],
    };
    const bodies = bodiesOf(message, {});
    for (const body of bodies) {
      expect(body).toMatchObject({
        serviceType: 'CMT',
        protocolId: 0x41,
        esmClass: 0xc0,
        registeredDelivery: 1,
      });
      expect(tlvsOf(body)).toEqual(['0204=0007']);
    }
    expect(bodies.map(({ replaceIfPresent }) => replaceIfPresent)).toEqual([1, 0]);
  });

  test('references of a pair differ, whatever ton and npi its clients say', () => {
    const references = new ReferenceNumbers({ seed: 1 });
    const seen = new Set<string>();
    for (let round = 0; round < 256; round++) {
      const [sourceTon, destTon, destNpi] = [[0, 5, 1][round % 3], round % 2, (round >> 1) % 2];
      const message = { ...LONG, source: 'Shop', dest: '962790000001', sourceTon, destTon, destNpi };
      const result = shape(message, SENDER, SMSC, references, NOW_MS);
      if (result.ok) seen.add(hexOf(result.bodies[0])?.slice(6, 8) as string);
    }
    expect(seen.size).toBe(256);
  });

  test('keeps ports on every part: in the header beside a concatenation, in parameters beside sar_*', () => {
    const octets = Buffer.alloc(300);
    const header = Buffer.from('0605040b8423f0', 'hex');
    const ported = { esmClass: 0x40, dataCoding: 4, tlvs: [payload(Buffer.concat([header, octets]))] };
    const parameters = [
      { tag: smpp.TLV_SOURCE_PORT, value: Buffer.from('23f0', 'hex') },
      { tag: smpp.TLV_DESTINATION_PORT, value: Buffer.from('0b84', 'hex') },
    ];
    const tlvPorted = { dataCoding: 4, tlvs: [payload(octets), ...parameters] };
    for (const message of [ported, tlvPorted]) {
      const bodies = bodiesOf(message, { longMessages: 'udh8' });
      // 12 octets of header leave 128.
      expect(bodies.map(({ message: one }) => one?.length)).toEqual([140, 140, 56]);
      for (const body of bodies) {
        expect(hexOf(body)).toMatch(/^0b0003..030[123]05040b8423f0/);
        expect(tlvsOf(body)).toEqual([]);
      }
      const sar = bodiesOf(message, { longMessages: 'sar' });
      expect(sar.map(({ message: one }) => one?.length)).toEqual([128, 128, 44]);
      for (const body of sar) {
        expect(tlvsOf(body).slice(0, 2)).toEqual(['020a=23f0', '020b=0b84']);
        expect((body.esmClass ?? 0) & smpp.ESM_UDHI).toBe(0);
      }
    }
    // One SMS keeps its ports where they came; an SMSC without TLVs gets them in a header.
    const short = { dataCoding: 4, message: text('x'), tlvs: parameters };
    expect(tlvsOf(bodiesOf(short, {})[0])).toEqual(['020a=23f0', '020b=0b84']);
    expect(hexOf(bodiesOf(short, SMSC_33)[0])).toBe('0605040b8423f078');
  });

  test('with shift tables is cut by header, whatever the style', () => {
    const message = {
      esmClass: 0x40,
      tlvs: [payload(Buffer.concat([Buffer.from('03240101', 'hex'), text('a'.repeat(200))]))],
    };
    for (const longMessages of ['udh8', 'sar'] as const) {
      const bodies = bodiesOf(message, { longMessages });
      expect(bodies.map((body) => body.message?.length)).toEqual([9 + 149, 9 + 51]);
      expect(bodies.map((body) => hexOf(body)?.slice(10, 18))).toEqual(['01240101', '02240101']);
    }
  });

  test('is refused over the limit', () => {
    expect(shaped(LONG, {}, { partsMax: 1 })).toEqual({
      ok: false,
      status: smpp.ESME_RINVMSGLEN,
      reason: 'the message has 2 parts, at most 1 are allowed',
    });
    const most = { tlvs: [payload(text('a'.repeat(255 * 153)))] };
    expect(bodiesOf(most, {})).toHaveLength(255);
    expect(shaped({ tlvs: [payload(text('a'.repeat(255 * 153 + 1)))] }, {})).toMatchObject({
      ok: false,
      status: 1,
    });
    const header = Buffer.from(`8a7088${'00'.repeat(0x88)}`, 'hex');
    expect(shaped({ esmClass: 0x40, message: Buffer.concat([header, text('abc')]) }, {})).toMatchObject({
      ok: false,
      status: smpp.ESME_RINVMSGLEN,
      reason: 'the user data header leaves no room for the text',
    });
  });

  test('a byte order mark does not go into the midst of it', () => {
    const message = { dataCoding: 8, tlvs: [payload(ucs2(`\ufeff${'ж'.repeat(70)}`))] };
    const bodies = bodiesOf(message, {});
    expect(bodies.map((body) => body.message?.length)).toEqual([140]);
    expect(hexOf(bodiesOf({ dataCoding: 8, message: ucs2('\ufeffж') }, {})[0])).toBe('feff0436');
  });
});

describe('joining', () => {
  test('needs it for message_payload, and for a text that must be converted', () => {
    const part = vectorMessage('submit_sm_concat8_1of2');
    const sar = vectorMessage('submit_sm_sar_1of2');
    expect(needsJoin(part, SENDER, SMSC)).toBe(false);
    expect(needsJoin(sar, SENDER, { ...SMSC, longMessages: 'udh8' })).toBe(false);
    expect(needsJoin(part, SENDER, { ...SMSC, longMessages: 'payload' })).toBe(true);
    expect(needsJoin(part, SENDER, { ...SMSC_33, longMessages: 'payload' })).toBe(false);
    expect(needsJoin(part, SENDER, { ...SMSC, alphabet: 'latin1' })).toBe(true);
    expect(needsJoin(part, { ...SENDER, alphabet: 'ascii' }, SMSC)).toBe(true);
    // Latin-1 has a data_coding of its own there.
    expect(needsJoin(part, { ...SENDER, alphabet: 'latin1' }, SMSC)).toBe(false);
    expect(needsJoin(vectorMessage('submit_sm_gsm7_plain'), SENDER, { ...SMSC, alphabet: 'latin1' })).toBe(
      false,
    );
  });

  test('a part that would have to be converted alone is refused', () => {
    const part = vectorMessage('submit_sm_concat8_1of2');
    expect(shaped(part, { alphabet: 'latin1' })).toMatchObject({ ok: false, status: smpp.ESME_RSUBMITFAIL });
    expect(shaped(part, { alphabet: 'latin1' }, { version: 0x50 })).toMatchObject({
      status: smpp.ESME_RINVDCS,
    });
  });

  test('makes the message of the vectors whole', () => {
    const parts = ['submit_sm_concat8_1of2', 'submit_sm_concat8_2of2'].map(vectorMessage);
    const whole = joinParts(parts);
    expect(whole).toMatchObject({ esmClass: 0, dataCoding: 0 });
    expect(whole?.message).toEqual(text(`${'A'.repeat(153)}${'B'.repeat(10)}`));
    const sar = joinParts(['submit_sm_sar_1of2', 'submit_sm_sar_2of2'].map(vectorMessage));
    expect(sar?.message).toEqual(text('part one part two'));
    expect(tlvsOf(sar ?? {}).filter((one) => one.startsWith('020'))).toEqual([]);
  });

  test('keeps the other elements of the first part, and asks for receipts as the last that asks', () => {
    const part = (sequence: number, registeredDelivery: number) => ({
      esmClass: 0x40,
      dataCoding: 4,
      registeredDelivery,
      message: Buffer.from(`0b05041582000000030102 0${sequence}aa`.replace(' ', ''), 'hex'),
    });
    const whole = joinParts([part(1, 0), part(2, 2)]);
    expect(hexOf(whole ?? {})).toBe('06050415820000aaaa');
    expect(whole).toMatchObject({ esmClass: 0x40, registeredDelivery: 2 });
    expect(joinParts([part(1, 1), part(2, 0)])).toMatchObject({ registeredDelivery: 1 });
  });

  test('joins octets, so that a pair cut in two is one again', () => {
    const part = (sequence: number, hex: string) => ({
      esmClass: 0x40,
      dataCoding: 8,
      message: Buffer.from(`0500030702${sequence === 1 ? '01' : '02'}${hex}`, 'hex'),
    });
    expect(joinParts([part(1, 'd83d'), part(2, 'de00')])?.message).toEqual(ucs2('😀'));
  });

  test('not of different codings, broken headers or too much', () => {
    const one = { dataCoding: 0, message: text('a') };
    expect(joinParts([one, { ...one, dataCoding: 8 }])).toBeUndefined();
    expect(joinParts([one, { ...one, esmClass: 0x40 }])).toBeUndefined();
    const large = { tlvs: [payload(Buffer.alloc(40_000))] };
    expect(joinParts([large, large])).toBeUndefined();
  });
});
