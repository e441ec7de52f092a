import { SUBMIT_SM } from '../smpp/constants.ts';
import { writeU32 } from '../smpp/cursor.ts';

const ZERO = 0x30;
const NINE = 0x39;
const COUNTRY = '962';
const NUMBER_DIGITS = 9;
const KEY_DIGITS = 8;

/**
 * The submit_sm of the load: one PDU whose key and destination are counted up in place, copied by one call.
 *
 *   header 16 | service_type NUL | 5 0 TOLLGATE NUL | 1 1 962ddddddddd NUL | esm_class protocol_id priority
 *   | NUL | NUL | registered_delivery 0 data_coding 0 sm_length | prefix kkkkkkkk ' ' filler
 */
export class SubmitTemplate {
  readonly bytes: Buffer;
  private readonly destinations: number;
  private readonly numberEnd: number;
  private readonly keyEnd: number;
  private destinationIndex = -1;

  constructor(textBytes: number, receipts: boolean, keyPrefix: string, destinations: number) {
    const key = keyPrefix + '0'.repeat(KEY_DIGITS);
    const text = `${key} `.padEnd(textBytes, 'A').slice(0, Math.max(textBytes, key.length));
    const before = Buffer.concat([
      Buffer.alloc(16),
      Buffer.from('\0\x05\0TOLLGATE\0\x01\x01', 'latin1'),
      Buffer.from(`${COUNTRY}${'0'.repeat(NUMBER_DIGITS)}`, 'latin1'),
    ]);
    const fields = Buffer.from([0, 0, 0, 0, 0, 0, receipts ? 1 : 0, 0, 0, 0, text.length]);
    this.bytes = Buffer.concat([before, fields, Buffer.from(text, 'latin1')]);
    this.bytes.writeUInt32BE(this.bytes.length, 0);
    this.bytes.writeUInt32BE(SUBMIT_SM, 4);
    this.numberEnd = before.length;
    this.keyEnd = before.length + fields.length + key.length;
    this.destinations = destinations;
  }

  /** Writes the next message at `at`: the first call writes key and number 0, each further one the next. */
  writeNext(out: Uint8Array, at: number, sequenceNumber: number): void {
    const { bytes } = this;
    this.destinationIndex++;
    if (this.destinationIndex === this.destinations) {
      this.destinationIndex = 0;
      bytes.fill(ZERO, this.numberEnd - NUMBER_DIGITS, this.numberEnd);
    }
    writeU32(bytes, 12, sequenceNumber);
    out.set(bytes, at);
    countUp(bytes, this.numberEnd, NUMBER_DIGITS);
    countUp(bytes, this.keyEnd, KEY_DIGITS);
  }

  /** True when the NUL-ended address at `at` is the destination of message `index`. */
  isDestination(b: Uint8Array, at: number, index: number): boolean {
    let number = this.destinations > 0 ? index % this.destinations : index % 1_000_000_000;
    const last = at + COUNTRY.length + NUMBER_DIGITS;
    if (b[last] !== 0) return false;
    for (let digit = last - 1; digit > last - 1 - NUMBER_DIGITS; digit--) {
      if (b[digit] !== ZERO + (number % 10)) return false;
      number = (number / 10) | 0;
    }
    return true;
  }
}

/** The key of message `index`, as its text begins. */
export function messageKey(keyPrefix: string, index: number): string {
  return keyPrefix + String(index % 10 ** KEY_DIGITS).padStart(KEY_DIGITS, '0');
}

function countUp(b: Uint8Array, end: number, digits: number): void {
  for (let at = end - 1; at >= end - digits; at--) {
    if (b[at] !== NINE) {
      b[at]++;
      return;
    }
    b[at] = ZERO;
  }
}
