import { describe, expect, test } from 'vitest';
import type { Alphabet } from '../../src/core/charsets.ts';
import { LANGUAGES } from '../../src/core/gsm-tables.ts';
import { charsetOf } from '../../src/core/data-coding.ts';
import { encodeText, PLAIN_TARGET } from '../../src/core/text.ts';
import { textOf } from '../../src/core/user-data.ts';
import * as smpp from '../../src/smpp/constants.ts';
import type { MessageObject } from '../../src/smpp/pdu/message-encode.ts';
import { joinParts } from '../../src/smpp/shape.ts';
import { readUserData, withUserData } from '../../src/smpp/udh.ts';
import { seeded } from '../core/random.ts';
import { bodiesOf, hexOf, shaped, SMSC_33, tlvsOf } from './shape-support.ts';

const latin1 = (value: string): Buffer => Buffer.from(value, 'latin1');
const ucs2 = (value: string): Buffer => Buffer.from(value, 'utf16le').swap16();
const one = (message: MessageObject, smsc = {}, sender = {}): [number | undefined, string | undefined] => {
  const [body, ...more] = bodiesOf(message, smsc, sender);
  expect(more).toEqual([]);
  return [body.dataCoding, hexOf(body)];
};

describe('alphabets of both sides', () => {
  // "a@é" in GSM is 61 00 05, in Latin-1 61 40 e9.
  test.each<[Alphabet, string, Alphabet, number, string]>([
    ['gsm', '610005', 'latin1', 0, '6140e9'],
    ['gsm', '610005', 'utf8', 0, '6140c3a9'],
    ['gsm', '610005', 'ascii', 3, '6140e9'],
    ['gsm', '6100', 'ascii', 0, '6140'],
    ['gsm', '611b65', 'latin1', 8, '006120ac'],
    ['latin1', '6140e9', 'gsm', 0, '610005'],
    ['latin1', '61ea', 'gsm', 8, '006100ea'],
    ['latin1', '6140', 'ascii', 0, '6140'],
    ['ascii', '615b', 'gsm', 0, '611b3c'],
    ['ascii', '6160', 'gsm', 8, '00610060'],
    ['utf8', '61e282ac', 'gsm', 0, '611b65'],
    ['utf8', '61d0b6', 'gsm', 8, '00610436'],
    ['utf8', '61d0b6', 'utf8', 0, '61d0b6'],
  ])('%s %s for an SMSC of %s: data_coding %i, %s', (alphabet, hex, there, dataCoding, expected) => {
    const message = { dataCoding: 0, message: Buffer.from(hex, 'hex') };
    expect(one(message, { alphabet: there }, { alphabet })).toEqual([dataCoding, expected]);
  });

  test.each([
    // v3.4 data_coding, octets, and what 3.3 gets.
    [0x01, '6140', 0, '6100'],
    [0x03, 'e9', 0, '05'],
    [0x03, 'ea', 8, '00ea'],
    [0x06, 'bf', 8, '041f'],
    [0x07, 'f9', 8, '05e9'],
    [0x02, '0001', 4, '0001'],
    [0x04, '0001', 4, '0001'],
    [0x08, '0436', 8, '0436'],
    [0x10, '00', 0x10, '00'],
    [0xf5, '0001', 0xf5, '0001'],
    [0xc8, '00', 0xc8, '00'],
  ])('0x%s %s for 3.3', (dataCoding, hex, expected, octets) => {
    expect(one({ dataCoding, message: Buffer.from(hex, 'hex') }, SMSC_33)).toEqual([expected, octets]);
  });

  test.each([
    // A scheme of 3.3, and what 3.4 gets.
    [0x01, '00', 0, '00'],
    [0x06, '0001', 4, '0001'],
    [0x09, '0436', 8, '0436'],
    [0x11, '00', 0x11, '00'],
  ])('0x%s %s from 3.3', (dataCoding, hex, expected, octets) => {
    const message = { dataCoding, message: Buffer.from(hex, 'hex') };
    expect(one(message, {}, { version: 0x33 })).toEqual([expected, octets]);
  });

  test('a part keeps its octets where there is a data_coding for them', () => {
    const part = { esmClass: 0x40, message: Buffer.from('0500032a020161ea', 'hex') };
    expect(one(part, {}, { alphabet: 'latin1' })).toEqual([3, '0500032a020161ea']);
    expect(one({ ...part, dataCoding: 1 }, {}, { version: 0x33 })).toEqual([0, '0500032a020161ea']);
  });

  test('what is no UTF-8 is not made into something', () => {
    expect(shaped({ message: Buffer.from('61ff', 'hex') }, {}, { alphabet: 'utf8' })).toMatchObject({
      ok: false,
      status: smpp.ESME_RSUBMITFAIL,
      reason: 'the text is not utf8',
    });
    const same = { message: Buffer.from('61ff', 'hex') };
    expect(one(same, { alphabet: 'utf8' }, { alphabet: 'utf8' })).toEqual([0, '61ff']);
  });
});

describe('message classes', () => {
  test('stay whatever the text becomes', () => {
    expect(one({ dataCoding: 0x18, message: ucs2('“a”') }, {}, { transliterate: true })).toEqual([
      0x10,
      '226122',
    ]);
    expect(one({ dataCoding: 0xf1, message: latin1('a') }, { alphabet: 'utf8' })).toEqual([0xf1, '61']);
  });

  test('dest_addr_subunit becomes the class where no TLV goes', () => {
    const tlvs = [{ tag: smpp.TLV_DEST_ADDR_SUBUNIT, value: Buffer.from([1]) }];
    expect(one({ message: latin1('hi'), tlvs }, SMSC_33)).toEqual([0x10, '6869']);
    expect(one({ dataCoding: 8, message: ucs2('ж'), tlvs }, SMSC_33)).toEqual([0x18, '0436']);
    expect(one({ dataCoding: 4, message: Buffer.from([1]), tlvs }, SMSC_33)).toEqual([0x14, '01']);
    expect(one({ message: Buffer.from('e9', 'hex'), tlvs }, SMSC_33, { alphabet: 'latin1' })).toEqual([
      0x10,
      '05',
    ]);
    expect(one({ message: latin1('hi'), tlvs }, {})).toEqual([0, '6869']);
    const sim = [{ tag: smpp.TLV_DEST_ADDR_SUBUNIT, value: Buffer.from([3]) }];
    expect(one({ message: latin1('hi'), tlvs: sim }, SMSC_33)).toEqual([0x12, '6869']);
    expect(one({ dataCoding: 0xf1, message: latin1('hi'), tlvs: sim }, SMSC_33)).toEqual([0xf1, '6869']);
  });
});

describe('smaller', () => {
  test('transliterated if the account says so', () => {
    const message = { dataCoding: 8, message: ucs2('It’s “ok”…') };
    expect(one(message)).toEqual([8, ucs2('It’s “ok”…').toString('hex')]);
    expect(one(message, {}, { transliterate: true })).toEqual([0, latin1('It\'s "ok"...').toString('hex')]);
    expect(one(message, { alphabet: 'latin1' }, { transliterate: true })[0]).toBe(0);
    const never = { dataCoding: 8, message: ucs2('“ж”') };
    expect(one(never, {}, { transliterate: true })).toEqual([8, ucs2('“ж”').toString('hex')]);
  });

  test('in an alphabet of 8 bits too, where that spares the SMSC its UCS-2', () => {
    const both = { alphabet: 'latin1' as const };
    const message = { message: latin1('caf\xea') };
    expect(one(message, both, both)).toEqual([0, latin1('caf\xea').toString('hex')]);
    expect(one(message, both, { ...both, transliterate: true })).toEqual([0, latin1('cafe').toString('hex')]);
    const broken = { message: Buffer.from('61ff', 'hex') };
    const utf8 = { alphabet: 'utf8' as const };
    expect(one(broken, utf8, { ...utf8, transliterate: true })).toEqual([0, '61ff']);
  });

  test('waiting messages keep what they say', () => {
    const message = { dataCoding: 0xe8, message: ucs2('“1”') };
    expect(one(message, {}, { transliterate: true, recode: true })[0]).toBe(0xe8);
  });

  test('in the shift tables of the SMSC, if the data_coding is ours to choose', () => {
    const message = { dataCoding: 8, message: ucs2('ışğŞİ') };
    expect(one(message, { languages: ['turkish'] })[0]).toBe(8);
    // Locking shift 1: 07 1d 0c 1c 40.
    expect(one(message, { languages: ['turkish'] }, { recode: true })).toEqual([0, '03250101071d0c1c40']);
    const [body] = bodiesOf(message, { languages: ['turkish'] }, { recode: true });
    expect(body.esmClass).toBe(smpp.ESM_UDHI);
  });

  test('UTF-8 that has more octets than a short_message', () => {
    const message = { tlvs: [{ tag: smpp.TLV_MESSAGE_PAYLOAD, value: Buffer.from('é'.repeat(160)) }] };
    const utf8 = { alphabet: 'utf8' as const };
    expect(bodiesOf(message, utf8, utf8).map((body) => tlvsOf(body)[0].length)).toEqual([5 + 640]);
    // Three parts of UCS-2 where there is nothing else to put it in.
    const bodies = bodiesOf(message, { ...SMSC_33, ...utf8 }, utf8);
    expect(bodies.map((body) => [body.dataCoding, body.message?.length])).toEqual([
      [8, 140],
      [8, 140],
      [8, 6 + 52],
    ]);
  });

  test('Latin-1 that one SMS does not hold is cut in GSM or UCS-2', () => {
    const gsm = bodiesOf({ dataCoding: 3, message: latin1('é'.repeat(161)) }, {});
    expect(gsm.map((body) => [body.dataCoding, body.message?.length])).toEqual([
      [0, 159],
      [0, 14],
    ]);
    const wide = bodiesOf({ dataCoding: 3, message: latin1('ê'.repeat(71)) }, {});
    expect(wide.map((body) => [body.dataCoding, body.message?.length])).toEqual([
      [8, 140],
      [8, 14],
    ]);
    expect(one({ dataCoding: 3, message: latin1('ê'.repeat(70)) })[0]).toBe(3);
  });
});

test('random texts arrive at any SMSC as they were sent, whole or in parts', () => {
  const random = seeded(99);
  const characters = [...'aZ9 @_é€[ñΩжЯ漢ğ', '😀', 'e\u0301'];
  for (let round = 0; round < 1_500; round++) {
    const reach = 1 + random.below(characters.length);
    const text = Array.from({ length: random.below(400) }, () => characters[random.below(reach)]).join('');
    const alphabet = random.pick(['gsm', 'ascii', 'latin1', 'utf8'] as const);
    const there = random.pick(['gsm', 'ascii', 'latin1', 'utf8'] as const);
    const version = random.pick([0x33, 0x34, 0x50]);
    const longMessages = random.pick(['as-is', 'udh8', 'udh16', 'sar', 'payload'] as const);
    const languages = random.pick([[], [LANGUAGES[1]]] as const);
    const encoded = encodeText(text, { ...PLAIN_TARGET, alphabet });
    const message = withUserData({ dest: '1' }, encoded.data, encoded.dataCoding);
    const smsc = { version, tlvs: version > 0x33, alphabet: there, longMessages, languages };
    const bodies = bodiesOf(message, smsc, { alphabet, recode: random.below(2) === 0 });
    const label = `seed ${random.seed}, round ${round}`;
    expect(new Set(bodies.map(({ dataCoding }) => dataCoding)).size, label).toBe(1);
    const whole = joinParts(bodies) as MessageObject;
    const data = readUserData(whole);
    const charset = charsetOf(whole.dataCoding ?? 0, version, there);
    const arrived = textOf({ charset, octets: data?.octets as Buffer, elements: data?.elements ?? [] });
    expect(arrived, label).toBe(text);
  }
});
