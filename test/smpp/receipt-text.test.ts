import { describe, expect, it } from 'vitest';
import { receiptTextOf } from '../../src/smpp/receipt-text.ts';

function textOf(hex: string, dataCoding: number, bytesMax = 20): string {
  const b = Buffer.from(`eeee${hex}eeee`, 'hex');
  const target = Buffer.alloc(32, 0xcc);
  const length = receiptTextOf(b, 2, b.length - 4, dataCoding, target, bytesMax);
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

  it('takes what it can from UCS-2', () => {
    expect(textOf(ucs2('Привет, Ü'), 8)).toBe('2c205e');
    expect(textOf(ucs2('ok'), 0x18)).toBe(latin('ok'));
    expect(textOf('00410', 8)).toBe('41');
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
