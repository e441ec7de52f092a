import * as smpp from '../constants.ts';
import { writeHex32 } from '../cursor.ts';

/**
 * How a message id of ours is spelt towards a client, in responses and in receipts (64 bits, see core/message-id):
 *
 *   ID_HEX          0123456789abcdef       16 digits, both halves
 *   ID_DECIMAL      81985529216486895      the same number, 1 to 20 digits without leading zeros
 *   ID_LOW_HEX      89abcdef               8 digits, the low half: all that the message_id of 3.3 holds (C9)
 *   ID_LOW_DECIMAL  2309737967             the low half, 1 to 10 digits
 */
export const ID_HEX = 0;
export const ID_DECIMAL = 1;
export const ID_LOW_HEX = 2;
export const ID_LOW_DECIMAL = 3;

/** Most octets that `writeMessageId` writes. */
export const MESSAGE_ID_TEXT_BYTES_MAX = 20;

/**
 * The form in responses (submit_sm_resp and the others with a message_id). 3.3 has no room for decimal ids: its
 * message_id is at most 8 hexadecimal digits, whatever the account asks for.
 */
export function responseIdForm(version: number, decimal: boolean): number {
  if (version <= smpp.VERSION_33) return ID_LOW_HEX;
  return decimal ? ID_DECIMAL : ID_HEX;
}

/**
 * The form in receipts: that of the response to the submit, whatever session the receipt goes to. `isShort`: that had
 * the low half alone; a receipt has it in decimal where the account wants that.
 */
export function receiptIdForm(isShort: boolean, decimal: boolean): number {
  if (isShort) return decimal ? ID_LOW_DECIMAL : ID_LOW_HEX;
  return decimal ? ID_DECIMAL : ID_HEX;
}

/** Writes the id without a NUL, at most MESSAGE_ID_TEXT_BYTES_MAX octets; returns how many. Allocates nothing. */
export function writeMessageId(
  b: Uint8Array,
  at: number,
  idHigh: number,
  idLow: number,
  form: number,
): number {
  if (form === ID_HEX) {
    writeHex32(b, at, idHigh);
    writeHex32(b, at + 8, idLow);
    return 16;
  }
  if (form === ID_LOW_HEX) {
    writeHex32(b, at, idLow);
    return 8;
  }
  return writeDecimal64(b, at, form === ID_DECIMAL ? idHigh : 0, idLow);
}

const BILLION = 1_000_000_000;

/**
 * Long division by 10^9 with 16 bits a step, so that every number stays exact in a double:
 * id = ((a * 10^9) + b) * 10^9 + c, and a, b, c are written one behind the other. No BigInt: this is done for
 * every receipt.
 */
function writeDecimal64(b: Uint8Array, at: number, high: number, low: number): number {
  const highest = Math.floor(high / BILLION);
  const first = (high - highest * BILLION) * 0x1_0000 + (low >>> 16);
  const firstQuotient = Math.floor(first / BILLION);
  const second = (first - firstQuotient * BILLION) * 0x1_0000 + (low & 0xffff);
  const secondQuotient = Math.floor(second / BILLION);
  const rest = second - secondQuotient * BILLION;
  const quotient = highest * 0x1_0000_0000 + firstQuotient * 0x1_0000 + secondQuotient;
  if (quotient === 0) return writeNumber(b, at, rest);
  const head = Math.floor(quotient / BILLION);
  const middle = quotient - head * BILLION;
  let next = at;
  if (head === 0) next += writeNumber(b, next, middle);
  else {
    next += writeNumber(b, next, head);
    writeNineDigits(b, next, middle);
    next += 9;
  }
  writeNineDigits(b, next, rest);
  return next + 9 - at;
}

/** `value` below 10^9, without leading zeros; returns the digits. */
function writeNumber(b: Uint8Array, at: number, value: number): number {
  let digits = 1;
  for (let limit = 10; value >= limit; limit *= 10) digits++;
  let left = value | 0;
  for (let i = at + digits - 1; i >= at; i--) {
    const quotient = (left / 10) | 0;
    b[i] = 0x30 + left - quotient * 10;
    left = quotient;
  }
  return digits;
}

function writeNineDigits(b: Uint8Array, at: number, value: number): void {
  let left = value | 0;
  for (let i = at + 8; i >= at; i--) {
    const quotient = (left / 10) | 0;
    b[i] = 0x30 + left - quotient * 10;
    left = quotient;
  }
}
