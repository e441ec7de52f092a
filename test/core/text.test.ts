import { describe, expect, test } from 'vitest';
import { encodeText, encodeUcs2, PLAIN_TARGET, type TextTarget } from '../../src/core/text.ts';
import { shiftsOf } from '../../src/core/udh.ts';
import { oracleEncode, oracleGsm } from '../support/oracle.ts';
import { seeded } from './random.ts';

const plain = (text: string) => encodeText(text, PLAIN_TARGET);

/** The octets that the npm package puts into a short_message of data_coding 0 or 8. */
function oracle(text: string, dataCoding: number): Buffer {
  const encoding = dataCoding === 8 ? 'UCS2' : 'ASCII';
  const bytes = oracleEncode('submit_sm', {
    destination_addr: '1',
    data_coding: dataCoding,
    short_message: { message: text, encoding },
  });
  return bytes.subarray(bytes.length - oracleLength(bytes));
}

/** sm_length stands behind the fixed fields: no TLV follows, so it is found from the front. */
function oracleLength(bytes: Buffer): number {
  // header 16, service_type 1, source 3, dest ton npi "1" NUL 4, esm_class protocol_id priority 3, times 2,
  // registered_delivery replace_if_present data_coding default_msg_id 4
  return bytes[16 + 1 + 3 + 4 + 3 + 2 + 4];
}

// 3GPP TS 23.038: the default alphabet without its escape, and the extension table without the page break that
// stands on the line feed's place.
const BASIC = [
  ...'@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&\'()*+,-./0123456789:;<=>?',
  ...'¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà',
];
const EXTENSION = [...'\f^{}\\[~]|€'];

describe('encodeText', () => {
  test.each([
    // Hand-drawn from the table of TS 23.038.
    ['@', '00'],
    ['Hello', '48656c6c6f'],
    ['£$¥', '010203'],
    ['Ç\nØ', '090a0b'],
    ['Ξ', '1a'],
    ['_', '11'],
    ['¡ÄÖÑÜ§¿äöñüà', '405b5c5d5e5f607b7c7d7e7f'],
    ['€', '1b65'],
    ['[x]', '1b3c781b3e'],
    ['{|}~^\\', '1b281b401b291b3d1b141b2f'],
    ['\f', '1b0a'],
    ['', ''],
  ])('%j in the default alphabet is %s', (text, hex) => {
    const encoded = plain(text);
    expect([encoded.dataCoding, encoded.data.octets.toString('hex')]).toEqual([0, hex]);
  });

  test('every character of the alphabet is the octet that the npm package makes of it', () => {
    for (const character of [...BASIC, ...EXTENSION]) {
      const encoded = plain(character);
      expect(encoded.dataCoding, character).toBe(0);
      expect(encoded.data.octets.toString('hex'), character).toBe(oracle(character, 0).toString('hex'));
    }
  });

  test('the alphabet is whole: 127 octets and 10 escapes, each once', () => {
    const codes = [...BASIC, ...EXTENSION].map((character) => plain(character).data.octets.toString('hex'));
    expect(new Set(codes).size).toBe(127 + 10);
  });

  test.each(['ş', 'я', '漢', '`', '\u00e7', '\u00a0', '\u001b', '😀'])('%j needs UCS-2', (character) => {
    const encoded = plain(`a${character}`);
    expect(encoded.dataCoding).toBe(8);
    expect(encoded.data.octets.toString('hex')).toBe(oracle(`a${character}`, 8).toString('hex'));
  });

  test('UCS-2 is big-endian, and a character above the first plane is two units', () => {
    expect(plain('ж').data.octets.toString('hex')).toBe('0436');
    expect(plain('😀').data.octets.toString('hex')).toBe('d83dde00');
  });

  test('random texts of both kinds are what the npm package makes of them', () => {
    const random = seeded(7_007);
    const alphabets = [BASIC, [...BASIC, ...EXTENSION], [...BASIC, ...'яжçş漢']];
    for (let round = 0; round < 500; round++) {
      const alphabet = random.pick(alphabets);
      const text = Array.from({ length: 1 + random.below(60) }, () => random.pick(alphabet)).join('');
      const encoded = plain(text);
      const expected = oracle(text, encoded.dataCoding);
      expect(encoded.data.octets.toString('hex'), `seed ${random.seed}: ${JSON.stringify(text)}`).toBe(
        expected.toString('hex'),
      );
    }
  });

  test.each([
    ['160 of the default alphabet', 'a'.repeat(160), true],
    ['161 of it', 'a'.repeat(161), false],
    ['80 that are escaped', '€'.repeat(80), true],
    ['80 that are escaped and one that is not', `${'€'.repeat(80)}a`, false],
    ['70 of UCS-2', 'ж'.repeat(70), true],
    ['71 of UCS-2', 'ж'.repeat(71), false],
    ['35 above the first plane', '😀'.repeat(35), true],
    ['36 above it', '😀'.repeat(36), false],
  ])('%s: fits one SMS: %s', (_name, text, fits) => {
    expect(plain(text).parts === 1).toBe(fits);
  });
});

describe('encodeText for a peer', () => {
  const encode = (text: string, target: Partial<TextTarget>) => {
    const { data, dataCoding, parts } = encodeText(text, { ...PLAIN_TARGET, ...target });
    const { locking, single } = shiftsOf(data.elements);
    return { charset: data.charset, dataCoding, parts, locking, single, octets: data.octets };
  };

  test.each<[string, string, Partial<TextTarget>, object]>([
    [
      'plain text needs no shift table',
      'hello €',
      { languages: ['turkish'] },
      { charset: 'gsm', single: 0, locking: 0 },
    ],
    // 5 characters: 5 and a header of 4 behind the locking table, 10 in UCS-2; 4 escapes more behind the single one.
    [
      'Turkish',
      'ışğŞİ',
      { languages: ['turkish'] },
      { charset: 'gsm', dataCoding: 0, locking: 1, single: 0 },
    ],
    [
      'one Turkish letter in much',
      `${'a'.repeat(40)}ğ`,
      { languages: ['turkish'] },
      { locking: 1, single: 0 },
    ],
    [
      'a Turkish letter and an i grave',
      `${'ì'.repeat(9)}ğ`,
      { languages: ['turkish'] },
      { locking: 0, single: 1 },
    ],
    [
      'one Turkish letter alone is less in UCS-2',
      'ğ',
      { languages: ['turkish'] },
      { charset: 'ucs2', dataCoding: 8 },
    ],
    ['a language that is not asked for', 'ışğŞİ', { languages: ['spanish'] }, { charset: 'ucs2' }],
    ['the language that fits', 'ãõãõãõ', { languages: ['turkish', 'portuguese'] }, { locking: 3, single: 0 }],
    ['Spanish has a single shift only', 'áíóúáíóú', { languages: ['spanish'] }, { charset: 'ucs2' }],
    [
      'Spanish in much else',
      `${'a'.repeat(70)}á`,
      { languages: ['spanish'] },
      { single: 2, locking: 0, parts: 1 },
    ],
    ['Hindi with a capital needs both', 'नमस्ते दुनिया A', { languages: ['hindi'] }, { locking: 6, single: 6 }],
    ['two languages at once', 'ğãğãğã', { languages: ['turkish', 'portuguese'] }, { charset: 'ucs2' }],
    ['an ASCII default', 'a_[$]@', { alphabet: 'ascii' }, { charset: 'ascii', dataCoding: 0 }],
    ['beyond ASCII, of GSM', 'aé', { alphabet: 'ascii' }, { charset: 'latin1', dataCoding: 3 }],
    [
      'beyond ASCII, of GSM, at 3.3',
      'aé',
      { alphabet: 'ascii', version: 0x33 },
      { charset: 'ucs2', dataCoding: 8 },
    ],
    ['a Latin-1 default', 'aê', { alphabet: 'latin1' }, { charset: 'latin1', dataCoding: 0 }],
    ['beyond Latin-1', 'aж', { alphabet: 'latin1' }, { charset: 'ucs2', dataCoding: 8 }],
    ['a UTF-8 default', 'aж', { alphabet: 'utf8' }, { charset: 'utf8', dataCoding: 0 }],
    ['flash', 'hi', { dataCoding: 0x10 }, { charset: 'gsm', dataCoding: 0x10 }],
    ['flash in UCS-2', 'ж', { dataCoding: 0x10 }, { charset: 'ucs2', dataCoding: 0x18 }],
    ['class 1 of the group 1111', 'ж', { dataCoding: 0xf1 }, { charset: 'ucs2', dataCoding: 0x19 }],
    [
      'flash, whatever the default is',
      'é',
      { dataCoding: 0xf0, alphabet: 'utf8' },
      { charset: 'gsm', dataCoding: 0xf0 },
    ],
    // 71 letters would be two parts of UCS-2; 153 fit one of GSM.
    ['fewer parts', 'ğ'.repeat(71), { languages: ['turkish'] }, { charset: 'gsm', parts: 1 }],
  ])('%s', (_name, text, target, expected) => {
    expect(encode(text, target)).toMatchObject(expected);
  });

  test.each([
    ['turkish', 1, 1, "Kağıthane'de ışık"],
    ['portuguese', 3, 3, 'ação e emoções: ã õ ê ∞'],
  ] as const)('%s octets are those of the npm package', (language, oracle, locking, text) => {
    const encoded = encode(text, { languages: [language] });
    expect(encoded).toMatchObject({ charset: 'gsm', locking });
    expect(encoded.octets.toString('hex')).toBe(oracleGsm.encode(text, oracle).toString('hex'));
  });

  test.each([
    ['It’s “ready” – now…', 'It\'s "ready" - now...'],
    ['garçon, naïve, São', 'garcon, naive, Sao'],
    ['`a`\u00a0b\tc', "'a' b c"],
  ])('transliterates %j', (text, similar) => {
    expect(encode(text, {}).charset).toBe('ucs2');
    const encoded = encode(text, { transliterate: true });
    expect(encoded).toMatchObject({ charset: 'gsm', dataCoding: 0 });
    expect(encoded.octets.toString('hex')).toBe(plain(similar).data.octets.toString('hex'));
  });

  test.each<[string, string, Partial<TextTarget>, object]>([
    ['not where something has nothing similar', 'It’s жара', {}, { charset: 'ucs2' }],
    ['not where a shift table says it exactly', 'ışğŞİ', { languages: ['turkish'] }, { locking: 1 }],
    ['keeps the class', '“hi”', { dataCoding: 0x10 }, { charset: 'gsm', dataCoding: 0x10 }],
    ['for a Latin-1 default too', 'ê“', { alphabet: 'latin1' }, { charset: 'latin1', dataCoding: 0 }],
    [
      'what Latin-1 holds and GSM does not',
      'ê'.repeat(71),
      { alphabet: 'latin1' },
      { charset: 'latin1', parts: 1 },
    ],
  ])('transliterate: %s', (_name, text, target, expected) => {
    expect(encode(text, { ...target, transliterate: true })).toMatchObject(expected);
  });

  test('other elements are kept, and old shift tables are not', () => {
    const ports = { id: 0x05, data: Buffer.from('0b8423f0', 'hex') };
    const old = { id: 0x25, data: Buffer.from([13]) };
    const { data } = encodeText('ışğŞİ', { ...PLAIN_TARGET, languages: ['turkish'], elements: [old, ports] });
    expect(data.elements).toEqual([ports, { id: 0x25, data: Buffer.from([1]) }]);
  });

  test('encodeUcs2 asks nothing', () => {
    expect(encodeUcs2('ab', PLAIN_TARGET)).toMatchObject({ dataCoding: 8, parts: 1 });
  });
});
