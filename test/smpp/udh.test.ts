import { describe, expect, test } from 'vitest';
import * as smpp from '../../src/smpp/constants.ts';
import { readMessage } from '../../src/smpp/pdu/message-encode.ts';
import { MessageFields } from '../../src/smpp/pdu/message-fields.ts';
import { scanSubmitSm } from '../../src/smpp/pdu/submit-sm.ts';
import {
  partHeaderLength,
  partOf,
  readUserData,
  sarTlvs,
  withOctets,
  withUserData,
} from '../../src/smpp/udh.ts';
import { vectorNamed } from '../support/vectors.ts';

const NONE = Buffer.alloc(0);
const payload = (value: Buffer) => ({ tag: smpp.TLV_MESSAGE_PAYLOAD, value });

function messageOf(name: string) {
  const { bytes } = vectorNamed(name);
  const f = new MessageFields();
  expect(scanSubmitSm(bytes, 0, bytes.length, smpp.VERSION_34, f)).toBe(smpp.ESME_ROK);
  return readMessage(bytes, f);
}

describe('readUserData', () => {
  test('of the vectors: where it is, what header it has', () => {
    const read = (name: string) => readUserData(messageOf(name));
    expect(read('submit_sm_gsm7_plain')).toMatchObject({ inPayload: false, elements: [] });
    expect(read('submit_sm_payload_300')).toMatchObject({ inPayload: true, elements: [] });
    expect(read('submit_sm_payload_300')?.octets).toHaveLength(300);
    const ports = read('submit_sm_concat8_ports');
    expect(ports?.elements.map(({ id }) => id)).toEqual([0x05, 0x00]);
    expect(ports?.octets.toString('hex')).toBe('aabb');
    const turkish = read('submit_sm_turkish_single_shift');
    expect(turkish?.elements).toEqual([{ id: 0x24, data: Buffer.from([1]) }]);
    expect(turkish?.octets.toString('hex')).toBe('1b671b731b69');
  });

  test('message_payload goes before short_message, an empty one does not', () => {
    const message = Buffer.from('short');
    expect(readUserData({ message, tlvs: [payload(Buffer.from('long'))] })?.octets.toString()).toBe('long');
    expect(readUserData({ message, tlvs: [payload(NONE)] })?.octets.toString()).toBe('short');
    expect(readUserData({})?.octets).toHaveLength(0);
  });

  test('a broken header', () => {
    expect(readUserData({ esmClass: 0x40, message: Buffer.from('0500', 'hex') })).toBeUndefined();
    expect(readUserData({ esmClass: 0x40, message: NONE })).toBeUndefined();
  });
});

describe('partOf', () => {
  const part = (name: string) => {
    const message = messageOf(name);
    return partOf(message, readUserData(message)?.elements ?? []);
  };

  test('of the vectors', () => {
    expect(part('submit_sm_gsm7_plain')).toBeUndefined();
    expect(part('submit_sm_concat8_1of2')).toEqual({ kind: 'udh8', reference: 0xa7, total: 2, sequence: 1 });
    expect(part('submit_sm_concat16_ucs2')).toEqual({
      kind: 'udh16',
      reference: 0xf42e,
      total: 2,
      sequence: 1,
    });
    expect(part('submit_sm_sar_2of2')).toEqual({ kind: 'sar', reference: 0x1234, total: 2, sequence: 2 });
  });

  test('the sar_* count only together, of the right length, and possible', () => {
    const whole = sarTlvs(0x1234, 2, 1);
    expect(partOf({ tlvs: whole }, [])).toEqual({ kind: 'sar', reference: 0x1234, total: 2, sequence: 1 });
    for (const left of [0, 1, 2]) expect(partOf({ tlvs: whole.toSpliced(left, 1) }, [])).toBeUndefined();
    expect(partOf({ tlvs: sarTlvs(1, 2, 3) }, [])).toBeUndefined();
    expect(partOf({ tlvs: sarTlvs(1, 0, 0) }, [])).toBeUndefined();
    const short = [{ tag: smpp.TLV_SAR_MSG_REF_NUM, value: Buffer.from([1]) }, ...whole.slice(1)];
    expect(partOf({ tlvs: short }, [])).toBeUndefined();
  });
});

describe('withUserData', () => {
  const data = (octets: Buffer, elements = [{ id: 0x24, data: Buffer.from([1]) }]) => ({
    charset: 'gsm' as const,
    octets,
    elements,
  });

  test('is in short_message up to 254 octets with its header, and then in message_payload', () => {
    const short = withUserData({ dest: '1' }, data(Buffer.alloc(250, 'a')), 0);
    expect(short).toMatchObject({ esmClass: smpp.ESM_UDHI, dataCoding: 0, dest: '1' });
    expect(short.message?.subarray(0, 5).toString('hex')).toBe('0324010161');
    expect(short.message).toHaveLength(254);
    expect(short.tlvs).toBeUndefined();
    const long = withUserData({ dest: '1' }, data(Buffer.alloc(251, 'a')), 0);
    expect(long.message).toHaveLength(0);
    expect(long.tlvs?.map(({ tag, value }) => [tag, value.length])).toEqual([
      [smpp.TLV_MESSAGE_PAYLOAD, 255],
    ]);
  });

  test('replaces what was there, keeps the other bits and TLVs', () => {
    const other = { tag: smpp.TLV_USER_MESSAGE_REFERENCE, value: Buffer.from([0, 7]) };
    const old = { esmClass: 0xc3, message: Buffer.from('0'), tlvs: [payload(Buffer.from('x')), other] };
    const now = withUserData(old, data(Buffer.from('hi'), []), 3);
    expect(now).toMatchObject({ esmClass: 0x83, dataCoding: 3, message: Buffer.from('hi'), tlvs: [other] });
    const there = withOctets(old, NONE, Buffer.from('hi'), 3, true);
    expect(there).toMatchObject({ message: NONE, tlvs: [other, payload(Buffer.from('hi'))] });
  });

  test('no message_payload has more than 65,535 octets', () => {
    expect(() => withUserData({}, data(Buffer.alloc(65_536), []), 0)).toThrow('65536 octets');
  });
});

test('what a part has no room for: 6 or 7 octets, and its own elements', () => {
  const ports = { id: 0x05, data: Buffer.alloc(4) };
  expect(partHeaderLength([], 'udh8')).toBe(6);
  expect(partHeaderLength([], 'sar')).toBe(6);
  expect(partHeaderLength([], 'udh16')).toBe(7);
  expect(partHeaderLength([ports], 'udh8')).toBe(12);
});
