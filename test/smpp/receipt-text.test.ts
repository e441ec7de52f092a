import { describe, expect, it } from 'vitest';
import type { Alphabet } from '../../src/core/charsets.ts';
import { receiptTextOf } from '../../src/smpp/receipt-text.ts';

function textOf(hex: string, dataCoding: number, bytesMax = 20, alphabet?: Alphabet): string {
  const b = Buffer.from(`eeee${hex}eeee`, 'hex');
  const target = Buffer.alloc(32, 0xcc);
  const length = receiptTextOf(b, 2, b.length - 4, dataCoding, target, bytesMax, alphabet);
  return target.toString('hex', 0, length);
}
const latin = (text: string): string => Buffer.from(text, 'latin1').toString('hex');
const ucs2 = (text: string): string => Buffer.from(text, 'utf16le').swap16().toString('hex');

describe('the text of a receipt', () => {
  it('is the default alphabet as it is', () => {
    expect(textOf('0048656c6c6f1b65', 0)).toBe('0048656c6c6f1b65');
    expect(textOf('48', 0x10)).toBe('48');
    expect(textOf('48', 0xf1)).toBe('48');
  });

  it('moves Latin-1 and ASCII to their places and drops what has none', () => {
    // GSM 03.38: @ 00, $ 02, _ 11, e acute 05, o umlaut 7C; brackets and backquote need more than one octet.
    expect(textOf(latin('a@$_é[]`ö'), 3)).toBe('61000211057c');
    expect(textOf(latin('Hi {x}~'), 1)).toBe(latin('Hi x'));
  });

  it('takes what it can from ISO-8859-5 and ISO-8859-8', () => {
    // A Latin letter, the paragraph sign (fd, or a7), and letters of the scripts.
    expect(textOf('41bffdd0', 6)).toBe('415f');
    expect(textOf('41a7e0aa', 7)).toBe('415f');
  });

  it('reads data_coding 0 as the peer means it', () => {
    expect(textOf(latin('a@é'), 0, 20, 'latin1')).toBe('610005');
    expect(textOf(latin('a@é'), 0, 20, 'ascii')).toBe('6100');
    // Two octets, three, four, and half of a character.
    expect(textOf(Buffer.from('é€😀ж@').toString('hex'), 0, 20, 'utf8')).toBe('0500');
    expect(textOf('41c3', 0, 20, 'utf8')).toBe('41');
    expect(textOf('48', 0xf0, 20, 'utf8')).toBe('48');
  });

  it('reads through the shift tables of the header', () => {
    // Turkish locking shift: 04 is the euro, which is dropped; 60 a small c with cedilla, likewise; 07 a dotless i.
    const b = Buffer.from('032501010460074143', 'hex');
    const target = Buffer.alloc(8);
    expect(receiptTextOf(b, 4, 5, 0, target, 20, 'gsm', 4)).toBe(2);
    expect(target.toString('hex', 0, 2)).toBe('4143');
    const ports = Buffer.from('0605040b8423f00441', 'hex');
    expect(receiptTextOf(ports, 7, 2, 0, target, 20, 'gsm', 7)).toBe(2);
    expect(target.toString('hex', 0, 2)).toBe('0441');
  });

  it('takes what it can from UCS-2', () => {
    expect(textOf(ucs2('Привет, Ü'), 8)).toBe('2c205e');
    expect(textOf(ucs2('ok'), 0x18)).toBe(latin('ok'));
    // Greek letters of the alphabet are beyond Latin-1.
    expect(textOf(ucs2('ΩΔα'), 8)).toBe('1510');
    expect(textOf('00410', 8)).toBe('41');
  });

  it('is what the client reads, where its data_coding 0 is another alphabet', () => {
    const to = (
      hex: string,
      dataCoding: number,
      alphabet: Alphabet,
      client: Alphabet,
      bytesMax = 20,
    ): string => {
      const target = Buffer.alloc(32, 0xcc);
      const b = Buffer.from(`eeee${hex}eeee`, 'hex');
      const length = receiptTextOf(b, 2, b.length - 4, dataCoding, target, bytesMax, alphabet, 0, client);
      expect(target.subarray(bytesMax).every((octet) => octet === 0xcc)).toBe(true);
      return target.toString('hex', 0, length);
    };
    const utf8 = (text: string): string => Buffer.from(text).toString('hex');
    // GSM 03.38: a _ N tilde @ c $ e acute 5, and behind escapes [ and the euro.
    const gsm = '61115d00630205351b3c1b65';
    expect(to(gsm, 0, 'gsm', 'latin1')).toBe(latin('a_Ñ@c$é5['));
    expect(to(gsm, 0, 'gsm', 'ascii')).toBe(latin('a_@c$5['));
    expect(to(gsm, 0, 'gsm', 'utf8')).toBe(utf8('a_Ñ@c$é5[€'));
    expect(to(latin('a_Ñ@é['), 0, 'latin1', 'utf8')).toBe(utf8('a_Ñ@é['));
    expect(to(utf8('é€😀ж@'), 0, 'utf8', 'latin1')).toBe(latin('é@'));
    expect(to(ucs2('Привет'), 8, 'gsm', 'utf8')).toBe(utf8('Привет'));
    // Whole characters: 19 octets and two do not fit, nor do 19 and four.
    expect(to(utf8('é'.repeat(15)), 0, 'utf8', 'utf8', 19)).toBe(utf8('é'.repeat(9)));
    expect(to(ucs2('a😀😀😀😀😀'), 8, 'gsm', 'utf8')).toBe(utf8('a😀😀😀😀'));
    // A broken sequence, an octet beyond ASCII, binary data.
    expect(to('41c342', 0, 'utf8', 'utf8')).toBe('4142');
    expect(to('41e942', 1, 'gsm', 'latin1')).toBe('4142');
    expect(to('4142', 4, 'gsm', 'utf8')).toBe('');
  });

  it('is read by the version that its data_coding is of', () => {
    const target = Buffer.alloc(8);
    // Unclassed in 3.3, Latin-1 from 3.4 on: a section sign is at 5f.
    const section = Buffer.from('5f', 'hex');
    expect(receiptTextOf(section, 0, 1, 3, target, 8, 'gsm', 0, 'latin1', 0x33)).toBe(1);
    expect(target[0]).toBe(0xa7);
    expect(receiptTextOf(section, 0, 1, 3, target, 8, 'gsm', 0, 'latin1', 0x34)).toBe(1);
    expect(target[0]).toBe(0x5f);
  });

  it('is read through shift tables for any client', () => {
    const b = Buffer.from('032501010460074143', 'hex');
    const target = Buffer.alloc(20);
    const length = receiptTextOf(b, 4, 5, 0, target, 20, 'gsm', 4, 'utf8');
    expect(target.toString('utf8', 0, length)).toBe('€çıAC');
  });

  it('is empty for binary data', () => {
    for (const dataCoding of [2, 4, 0x14, 0xf5, 0x20]) expect(textOf('4849', dataCoding)).toBe('');
  });

  it('is cut, but not inside an escape', () => {
    expect(textOf(latin('abcdefgh'), 0, 3)).toBe(latin('abc'));
    expect(textOf('61621b65', 0, 3)).toBe('6162');
    expect(textOf('61621b65', 0, 4)).toBe('61621b65');
  });
});
