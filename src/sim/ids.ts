import type { IdFormat } from './options.ts';

const ZERO = 0x30;
const NINE = 0x39;

/** A number kept as ASCII digits and counted up in place: one byte changes for most messages. */
class Odometer {
  readonly bytes = new Uint8Array(64);
  length: number;
  private readonly from: number;
  private readonly lastDigit: number;
  private readonly afterNine: number;

  /**
   * text = the value before the first next(); digits from `from` on count, in base 10, 16 or 16 upper case.
   */
  constructor(text: string, from: number, base: 'dec' | 'hex' | 'hex-upper') {
    this.bytes.set(Buffer.from(text, 'latin1'));
    this.length = text.length;
    this.from = from;
    this.lastDigit = base === 'dec' ? NINE : base === 'hex' ? 0x66 : 0x46;
    this.afterNine = base === 'hex-upper' ? 0x41 : 0x61;
  }

  next(): void {
    for (let at = this.length - 1; at >= this.from; at--) {
      const digit = this.bytes[at];
      if (digit !== this.lastDigit) {
        this.bytes[at] = digit === NINE ? this.afterNine : digit + 1;
        return;
      }
      this.bytes[at] = ZERO;
    }
    this.bytes.copyWithin(this.from + 1, this.from, this.length);
    this.bytes[this.from] = ZERO + 1;
    this.length++;
  }
}

function odometer(
  format: 'dec10' | 'dec' | 'dec-padded' | 'hex' | 'hex-upper' | 'uuid',
  before: number,
): Odometer {
  if (format === 'dec10') return new Odometer(String(before).padStart(10, '0'), 0, 'dec');
  if (format === 'dec') return new Odometer(String(before), 0, 'dec');
  if (format === 'dec-padded') return new Odometer(String(before).padStart(20, '0'), 0, 'dec');
  if (format === 'hex') return new Odometer(before.toString(16), 0, 'hex');
  if (format === 'hex-upper') return new Odometer(before.toString(16).toUpperCase(), 0, 'hex-upper');
  const prefix = '5f0c2a7e-91d4-4b63-8a1f-';
  return new Odometer(prefix + before.toString(16).padStart(12, '0'), prefix.length, 'hex');
}

/** Message ids of one simulator: the form in submit_sm_resp and the form in the receipt, which may differ. */
export class IdSource {
  private readonly response: Odometer;
  private readonly receipt: Odometer;

  constructor(format: IdFormat, first: number) {
    const before = first - 1;
    if (format === 'hex-resp-dec-receipt') {
      this.response = odometer('hex', before);
      this.receipt = odometer('dec', before);
    } else if (format === 'dec-resp-hex-receipt') {
      this.response = odometer('dec', before);
      this.receipt = odometer('hex', before);
    } else {
      this.response = odometer(format, before);
      this.receipt = this.response;
    }
  }

  next(): void {
    this.response.next();
    if (this.receipt !== this.response) this.receipt.next();
  }

  get responseBytes(): Uint8Array {
    return this.response.bytes;
  }

  get responseLength(): number {
    return this.response.length;
  }

  get receiptBytes(): Uint8Array {
    return this.receipt.bytes;
  }

  get receiptLength(): number {
    return this.receipt.length;
  }
}
