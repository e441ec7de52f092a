import { HEADER_BYTES, TLV_MESSAGE_PAYLOAD, TLV_RECEIPTED_MESSAGE_ID } from '../smpp/constants.ts';
import { readU16 } from '../smpp/cursor.ts';

const LOWER_CASE = 0x20;
const COLON = 0x3a;
const SPACE = 0x20;

/** Where the parts of one deliver_sm are. One instance is reused; offsets are into the buffer scanned. */
export class ReceiptScan {
  isReceipt = false;
  sourceAt = 0;
  /** the message id; idEnd = idAt when there is none */
  idAt = 0;
  idEnd = 0;
  textAt = 0;
  textEnd = 0;

  /** Same field order as submit_sm. Takes the id from `id:` in the text, else from receipted_message_id. */
  scan(b: Uint8Array, start: number, end: number): void {
    let at = start + HEADER_BYTES;
    while (at < end && b[at] !== 0) at++;
    this.sourceAt = at + 3;
    at += 3;
    while (at < end && b[at] !== 0) at++;
    at += 3;
    while (at < end && b[at] !== 0) at++;
    this.isReceipt = (b[at + 1] & 0x3c) === 0x04;
    at += 4;
    while (at < end && b[at] !== 0) at++;
    at++;
    while (at < end && b[at] !== 0) at++;
    at += 5;
    this.textAt = at + 1;
    this.textEnd = Math.min(end, at + 1 + b[at]);
    this.idAt = this.idEnd = 0;
    if (!this.isReceipt) return;
    const tlvAt = this.textEnd;
    if (this.textEnd > this.textAt) this.findIdInText(b);
    if (this.idEnd === 0) this.findIdInTlvs(b, tlvAt, end);
  }

  /** The word behind `stat:`, empty when there is none. Off the fast path: only the recorder asks. */
  stat(b: Buffer): string {
    const match = /stat:(\S*)/i.exec(b.toString('latin1', this.textAt, this.textEnd));
    return match?.[1] ?? '';
  }

  private findIdInText(b: Uint8Array): void {
    const last = this.textEnd - 3;
    for (let at = this.textAt; at <= last; at++) {
      if (b[at + 2] !== COLON) continue;
      if ((b[at] | LOWER_CASE) !== 0x69 || (b[at + 1] | LOWER_CASE) !== 0x64) continue;
      let idEnd = at + 3;
      while (idEnd < this.textEnd && b[idEnd] !== SPACE) idEnd++;
      this.idAt = at + 3;
      this.idEnd = idEnd;
      return;
    }
  }

  private findIdInTlvs(b: Uint8Array, from: number, end: number): void {
    for (let at = from; at + 4 <= end;) {
      const tag = readU16(b, at);
      const valueAt = at + 4;
      const valueEnd = Math.min(end, valueAt + readU16(b, at + 2));
      at = valueEnd;
      if (tag === TLV_RECEIPTED_MESSAGE_ID) {
        this.idAt = valueAt;
        this.idEnd = b[valueEnd - 1] === 0 ? valueEnd - 1 : valueEnd;
        return;
      }
      if (tag === TLV_MESSAGE_PAYLOAD && this.textAt === this.textEnd) {
        this.textAt = valueAt;
        this.textEnd = valueEnd;
        this.findIdInText(b);
        if (this.idEnd !== 0) return;
      }
    }
  }
}
