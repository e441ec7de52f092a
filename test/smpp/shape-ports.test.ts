import { describe, expect, test } from 'vitest';
import * as smpp from '../../src/smpp/constants.ts';
import type { MessageObject } from '../../src/smpp/pdu/message-encode.ts';
import { MessageFields } from '../../src/smpp/pdu/message-fields.ts';
import { encodeSubmitSm, scanSubmitSm } from '../../src/smpp/pdu/submit-sm.ts';
import { needsShape } from '../../src/smpp/shape-profile.ts';
import { bodiesOf, hexOf, SENDER, shaped, SMSC, SMSC_33, tlvsOf } from './shape-support.ts';

const STYLES = ['as-is', 'udh8', 'udh16', 'sar', 'payload'] as const;
const PORTS = [
  { tag: smpp.TLV_SOURCE_PORT, value: Buffer.from('23f0', 'hex') },
  { tag: smpp.TLV_DESTINATION_PORT, value: Buffer.from('0b84', 'hex') },
];
/** 3GPP TS 23.040 section 9.2.3.24.4: destination first. */
const ELEMENT = '05040b8423f0';

/**
 * What an SMS holds behind 06 05 04 dddd oooo, behind that and 00 03 rr tt ss, and behind that and 08 04 rrrr tt ss,
 * in octets of short_message: 140 octets less 7, 12 and 13, by 7, 8 and 16 bits.
 */
const ROOM = [
  { what: 'GSM', dataCoding: 0, one: 152, of8: 146, of16: 145 },
  { what: 'octets', dataCoding: 4, one: 133, of8: 128, of16: 127 },
  { what: 'UCS-2', dataCoding: 8, one: 132, of8: 128, of16: 126 },
];

const messageOf = (dataCoding: number, octets: number): MessageObject => ({
  source: 'Shop',
  dest: '447700900123',
  dataCoding,
  message: Buffer.alloc(octets, dataCoding === 8 ? '0061' : '61', 'hex').subarray(0, octets),
});
const inPayload = ({ message = Buffer.alloc(0), ...rest }: MessageObject, esmClass = 0): MessageObject => ({
  ...rest,
  esmClass,
  tlvs: [{ tag: smpp.TLV_MESSAGE_PAYLOAD, value: message }, ...(rest.tlvs ?? [])],
});
const withPorts = (message: MessageObject): MessageObject => ({ ...message, tlvs: PORTS });
/** Octets behind the header. */
function textLengths(bodies: MessageObject[]): number[] {
  return bodies.map(({ message = Buffer.alloc(0), esmClass = 0 }) =>
    (esmClass & 0x40) === 0 ? message.length : message.length - message[0] - 1,
  );
}

describe.each(ROOM)('ports in parameters, $what', ({ dataCoding, one, of8, of16 }) => {
  const step = dataCoding === 8 ? 2 : 1;

  test('one SMS has the room that the header of the SMSC leaves, and stays as it came', () => {
    const message = withPorts(messageOf(dataCoding, one));
    for (const longMessages of STYLES) {
      expect(shaped(message, { longMessages })).toMatchObject({ ok: true, parts: 1 });
      const [body] = bodiesOf(message, { longMessages });
      expect(encodeSubmitSm(body, 1)).toEqual(encodeSubmitSm(message, 1));
    }
  });

  test('what is longer is cut, and not over-full', () => {
    for (const longMessages of ['as-is', 'udh8', 'sar'] as const) {
      for (const octets of [one + step, 2 * of8]) {
        const bodies = bodiesOf(withPorts(messageOf(dataCoding, octets)), { longMessages });
        expect(textLengths(bodies), `${longMessages} ${octets}`).toEqual([of8, octets - of8]);
      }
    }
    const wide = bodiesOf(withPorts(messageOf(dataCoding, one + step)), { longMessages: 'udh16' });
    expect(textLengths(wide)).toEqual([of16, one + step - of16]);
    const three = bodiesOf(inPayload(withPorts(messageOf(dataCoding, 2 * of8 + step))), {
      longMessages: 'sar',
    });
    expect(textLengths(three)).toEqual([of8, of8, step]);
  });

  test('what the SMSC cuts is counted so', () => {
    for (const [octets, parts] of [
      [one, 1],
      [one + step, 2],
      [2 * of8, 2],
      [2 * of8 + step, 3],
    ]) {
      const message = inPayload(withPorts(messageOf(dataCoding, octets)));
      expect(shaped(message, { longMessages: 'payload' })).toMatchObject({ ok: true, parts });
    }
  });

  test('needsShape sees it', () => {
    const fields = new MessageFields();
    const needs = (message: MessageObject): boolean => {
      const pdu = encodeSubmitSm(message, 1);
      scanSubmitSm(pdu, 0, pdu.length, smpp.VERSION_34, fields);
      return needsShape(pdu, fields, SENDER, SMSC);
    };
    expect(needs(withPorts(messageOf(dataCoding, one)))).toBe(false);
    for (const port of PORTS) {
      expect(needs({ ...messageOf(dataCoding, one + step), tlvs: [port] })).toBe(true);
    }
    expect(needs(messageOf(dataCoding, one + step))).toBe(false);
  });
});

test('ports of a header that become parameters keep their room', () => {
  const udh = Buffer.from(`06${ELEMENT}`, 'hex');
  const message = { dest: '1', dataCoding: 4, message: Buffer.concat([udh, Buffer.alloc(300, 0xab)]) };
  const bodies = bodiesOf(inPayload(message, 0x40), { longMessages: 'sar' });
  expect(textLengths(bodies)).toEqual([128, 128, 44]);
  for (const body of bodies) {
    expect(body.esmClass).toBe(0);
    expect(tlvsOf(body).slice(0, 2)).toEqual(['020a=23f0', '020b=0b84']);
  }
});

test('the smallest encoding is chosen with the ports in mind', () => {
  // 150 characters, one of them of a shift table: 151 septets beside the four octets that name it (155 have room).
  const text = `${'a'.repeat(149)}ğ`;
  const message = { dest: '1', dataCoding: 8, message: Buffer.alloc(0), tlvs: PORTS };
  const value = Buffer.from(text, 'utf16le').swap16();
  const long = { ...message, tlvs: [...PORTS, { tag: smpp.TLV_MESSAGE_PAYLOAD, value }] };
  const result = shaped(long, { languages: ['turkish'] }, { recode: true });
  // Beside the ports 148 have room.
  expect(result).toMatchObject({ ok: true, parts: 2 });
  const bodies = result.ok ? result.bodies : [];
  for (const body of bodies) {
    const octets = body.message ?? Buffer.alloc(0);
    const header = octets[0] + 1;
    expect(Math.ceil((header * 8) / 7) + octets.length - header).toBeLessThanOrEqual(160);
    expect(octets.toString('hex', 0, header)).toContain(ELEMENT);
    expect(tlvsOf(body)).toEqual([]);
  }
});

test('an SMSC without TLVs gets them in a header: 153 septets are two SMS', () => {
  const bodies = bodiesOf(withPorts(messageOf(0, 153)), SMSC_33);
  expect(textLengths(bodies)).toEqual([146, 7]);
  expect(hexOf(bodies[0])).toMatch(new RegExp(`^0b0003..0201${ELEMENT}61`));
  expect(hexOf(bodiesOf(withPorts(messageOf(0, 152)), SMSC_33)[0])?.slice(0, 14)).toBe(`06${ELEMENT}`);
});

describe('tlv_map', () => {
  test('ports that the SMSC is not sent take no room', () => {
    const tlvMap = new Map(PORTS.map(({ tag }) => [tag, 0]));
    for (const longMessages of STYLES) {
      expect(shaped(withPorts(messageOf(4, 140)), { longMessages, tlvMap })).toMatchObject({ parts: 1 });
    }
    const bodies = bodiesOf(withPorts(messageOf(4, 141)), { tlvMap });
    expect(textLengths(bodies)).toEqual([134, 7]);
    expect(bodies.flatMap(tlvsOf)).toEqual([]);
  });

  test('those of a header stay in it then', () => {
    const udh = Buffer.from(`06${ELEMENT}`, 'hex');
    const message = Buffer.concat([udh, Buffer.alloc(140)]);
    const tlvMap = new Map([[smpp.TLV_DESTINATION_PORT, 0]]);
    const bodies = bodiesOf(
      { dest: '1', esmClass: 0x40, dataCoding: 4, message },
      { longMessages: 'sar', tlvMap },
    );
    expect(textLengths(bodies)).toEqual([128, 12]);
    expect(hexOf(bodies[0])?.slice(12, 24)).toBe(ELEMENT);
    const part = Buffer.from(`0b0003000201${ELEMENT}aabb`, 'hex');
    const [kept] = bodiesOf({ dest: '1', esmClass: 0x40, message: part }, { longMessages: 'sar', tlvMap });
    expect(hexOf(kept)).toBe(part.toString('hex'));
  });

  test('under another tag they are the same ports', () => {
    const tlvMap = new Map([[smpp.TLV_DESTINATION_PORT, 0x1400]]);
    const cut = bodiesOf(withPorts(messageOf(4, 134)), { tlvMap });
    expect(cut.map((body) => [hexOf(body)?.slice(12, 24), tlvsOf(body)])).toEqual([
      [ELEMENT, []],
      [ELEMENT, []],
    ]);
    const udh = Buffer.from(`06${ELEMENT}`, 'hex');
    const message = Buffer.concat([udh, Buffer.alloc(140)]);
    const [first] = bodiesOf(
      { dest: '1', esmClass: 0x40, dataCoding: 4, message },
      { longMessages: 'sar', tlvMap },
    );
    expect(tlvsOf(first).slice(0, 2)).toEqual(['020a=23f0', '1400=0b84']);
  });
});
