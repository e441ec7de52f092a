import { HEADER_BYTES, TLV_MESSAGE_PAYLOAD } from '../smpp/constants.ts';
import { readU16 } from '../smpp/cursor.ts';

/** Two addresses of a data_sm with their ton and npi; a receipt has room for them. */
const ADDRESSES_BYTES_MAX = 2 * (2 + 65);

/**
 * Where the parts of one submit_sm are. One instance is reused; offsets are into the buffer scanned.
 *
 *   16 service_type NUL | ton npi source NUL | ton npi destination NUL | esm_class protocol_id priority
 *   | schedule NUL | validity NUL | registered_delivery replace data_coding default_id sm_length
 *   | text | TLVs
 *                         ^sourceAt      ^sourceEnd = destAt      ^destEnd
 */
export class SubmitScan {
  sourceAt = 0;
  sourceEnd = 0;
  destAt = 0;
  destEnd = 0;
  registeredDelivery = 0;
  textAt = 0;
  textEnd = 0;

  /**
   * False when a field runs over the end of the PDU. Values are not judged: this is a tool, not a gateway.
   */
  scan(b: Uint8Array, start: number, end: number): boolean {
    let at = start + HEADER_BYTES;
    while (at < end && b[at] !== 0) at++;
    this.sourceAt = ++at;
    at += 2;
    while (at < end && b[at] !== 0) at++;
    this.sourceEnd = ++at;
    this.destAt = at;
    at += 2;
    while (at < end && b[at] !== 0) at++;
    this.destEnd = ++at;
    at += 3;
    while (at < end && b[at] !== 0) at++;
    at++;
    while (at < end && b[at] !== 0) at++;
    at++;
    if (at + 5 > end) return false;
    this.registeredDelivery = b[at];
    this.textAt = at + 5;
    this.textEnd = at + 5 + b[at + 4];
    return this.textEnd <= end && this.destEnd - this.sourceAt <= ADDRESSES_BYTES_MAX;
  }

  /** The same of a data_sm: behind its addresses come esm_class, registered_delivery, data_coding and TLVs. */
  scanData(b: Uint8Array, start: number, end: number): boolean {
    let at = start + HEADER_BYTES;
    while (at < end && b[at] !== 0) at++;
    this.sourceAt = ++at;
    at += 2;
    while (at < end && b[at] !== 0) at++;
    this.sourceEnd = ++at;
    this.destAt = at;
    at += 2;
    while (at < end && b[at] !== 0) at++;
    this.destEnd = ++at;
    if (at + 3 > end) return false;
    this.registeredDelivery = b[at + 1];
    this.textAt = at + 3;
    this.textEnd = at + 3;
    return this.destEnd - this.sourceAt <= ADDRESSES_BYTES_MAX;
  }

  /** Moves the text to message_payload where the short_message is empty; only the recorder needs it. */
  usePayload(b: Uint8Array, end: number): void {
    for (let at = this.textEnd; this.textAt === this.textEnd && at + 4 <= end;) {
      const valueAt = at + 4;
      const valueEnd = valueAt + readU16(b, at + 2);
      if (valueEnd > end) return;
      if (readU16(b, at) === TLV_MESSAGE_PAYLOAD) {
        this.textAt = valueAt;
        this.textEnd = valueEnd;
        return;
      }
      at = valueEnd;
    }
  }
}

/** The C-string that begins at `at`. */
export function textAt(b: Buffer, at: number): string {
  return b.toString('latin1', at, b.indexOf(0, at));
}
