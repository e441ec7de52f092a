import { describe, expect, it } from 'vitest';
import { VERSION_33, VERSION_34, VERSION_50 } from '../../../src/smpp/constants.ts';
import {
  ID_DECIMAL,
  ID_HEX,
  ID_LOW_DECIMAL,
  ID_LOW_HEX,
  MESSAGE_ID_TEXT_BYTES_MAX,
  receiptIdForm,
  responseIdForm,
  writeMessageId,
} from '../../../src/smpp/pdu/message-id-text.ts';
import { seeded } from '../../core/random.ts';

function written(idHigh: number, idLow: number, form: number): string {
  const b = Buffer.alloc(40, 0x2e);
  const length = writeMessageId(b, 5, idHigh, idLow, form);
  expect(length).toBeLessThanOrEqual(MESSAGE_ID_TEXT_BYTES_MAX);
  expect(b.toString('latin1').replaceAll('.', '')).toBe(b.toString('latin1', 5, 5 + length));
  return b.toString('latin1', 5, 5 + length);
}

describe('a message id', () => {
  it('in hexadecimal is both halves, or the low one', () => {
    expect(written(0x0123_4567, 0x89ab_cdef, ID_HEX)).toBe('0123456789abcdef');
    expect(written(0x0123_4567, 0x89ab_cdef, ID_LOW_HEX)).toBe('89abcdef');
    expect([written(0, 0, ID_HEX), written(0, 1, ID_LOW_HEX)]).toEqual(['0000000000000000', '00000001']);
  });

  it.each([
    [0, 0],
    [0, 1],
    [0, 9],
    [0, 10],
    [0, 999_999_999],
    [0, 1_000_000_000],
    [0, 0xffff_ffff],
    [1, 0],
    [0x0123_4567, 0x89ab_cdef],
    [232_830_643, 2_808_348_671],
    [232_830_643, 2_808_348_672],
    [0xffff_ffff, 0xffff_ffff],
  ])('%i and %i in decimal is the number that BigInt has', (high, low) => {
    expect(written(high, low, ID_DECIMAL)).toBe(String((BigInt(high) << 32n) | BigInt(low)));
    expect(written(high, low, ID_LOW_DECIMAL)).toBe(String(low));
  });

  it('of any value in decimal is the number that BigInt has', () => {
    const random = seeded(7_501);
    for (let round = 0; round < 20_000; round++) {
      const high = random.below(2 ** 32) >>> random.below(32);
      const low = random.below(2 ** 32) >>> random.below(32);
      const expected = String((BigInt(high) << 32n) | BigInt(low));
      expect(written(high, low, ID_DECIMAL), `seed ${random.seed}: ${high} ${low}`).toBe(expected);
    }
  });

  it('around every power of ten keeps its zeros', () => {
    for (let power = 1n; power < 1n << 64n; power *= 10n) {
      for (const value of [power - 1n, power, power + 1n]) {
        const [high, low] = [Number(value >> 32n), Number(value & 0xffff_ffffn)];
        expect(written(high, low, ID_DECIMAL)).toBe(String(value));
      }
    }
  });

  it('has its form by version and account: never more than 8 characters in a response of 3.3', () => {
    const forms = (decimal: boolean): number[] =>
      [VERSION_33, VERSION_34, VERSION_50].map((version) => responseIdForm(version, decimal));
    expect(forms(false)).toEqual([ID_LOW_HEX, ID_HEX, ID_HEX]);
    expect(forms(true)).toEqual([ID_LOW_HEX, ID_DECIMAL, ID_DECIMAL]);
  });

  it('has the form of its response in a receipt, and the short one in decimal where the account wants that', () => {
    expect([receiptIdForm(true, false), receiptIdForm(true, true)]).toEqual([ID_LOW_HEX, ID_LOW_DECIMAL]);
    expect([receiptIdForm(false, false), receiptIdForm(false, true)]).toEqual([ID_HEX, ID_DECIMAL]);
  });
});
