import { describe, expect, test } from 'vitest';
import { encodeText, PLAIN_TARGET } from '../../src/core/text.ts';
import { oracleEncode } from '../support/oracle.ts';
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
