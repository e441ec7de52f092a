import { HEADER_BYTES, TLV_CONGESTION_STATE, VERSION_34, VERSION_50 } from '../smpp/constants.ts';
import { writeHeader, writeU16 } from '../smpp/cursor.ts';
import type { IdSource } from './ids.ts';

const ID_LENGTH_MAX = 64;
/** Of a message_id to a peer of 3.3. */
const SHORT_ID_LENGTH = 8;
const CONGESTION_BYTES = 5;
/** Header, id with its NUL, congestion_state. */
export const RESPONSE_BYTES_MAX = HEADER_BYTES + ID_LENGTH_MAX + 1 + CONGESTION_BYTES;

/** Responses to messages, and the ids in them, as one link's version has them. */
export class Responses {
  private readonly ids: IdSource;
  private version = VERSION_34;
  /** ids are cut to so many of their last characters */
  private idLengthMax = ID_LENGTH_MAX;
  /** congestion_state, -1: none */
  private congestion = -1;

  constructor(ids: IdSource) {
    this.ids = ids;
  }

  /** The session is bound with this version. */
  bound(version: number, congestion: number): void {
    this.version = version;
    if (version < VERSION_34) this.idLengthMax = SHORT_ID_LENGTH;
    if (version >= VERSION_50) this.congestion = congestion;
  }

  /** Header and the latest id with its NUL, or the header alone with an error. Returns the length. */
  write(out: Buffer, at: number, command: number, status: number, sequenceNumber: number): number {
    const { ids } = this;
    const idLength = status === 0 ? this.cut(ids.responseLength) : 0;
    // An error of 3.3 has its empty id all the same: that version knows no form without a body.
    const hasBody = status === 0 || this.version < VERSION_34;
    let length = hasBody ? HEADER_BYTES + idLength + 1 : HEADER_BYTES;
    if (hasBody) {
      const id = ids.responseBytes;
      const from = ids.responseLength - idLength;
      for (let index = 0; index < idLength; index++) out[at + HEADER_BYTES + index] = id[from + index];
      out[at + HEADER_BYTES + idLength] = 0;
    }
    if (this.congestion >= 0) length += this.writeCongestion(out, at + length);
    writeHeader(out, at, length, command, status, sequenceNumber);
    return length;
  }

  private writeCongestion(out: Buffer, at: number): number {
    writeU16(out, at, TLV_CONGESTION_STATE);
    writeU16(out, at + 2, 1);
    out[at + 4] = this.congestion;
    return CONGESTION_BYTES;
  }

  /** TLVs of responses that are put together elsewhere. */
  get tlvs(): { tag: number; value: Buffer }[] {
    return this.congestion < 0 ? [] : [{ tag: TLV_CONGESTION_STATE, value: Buffer.from([this.congestion]) }];
  }

  /** The latest id as it stands in a response. */
  get idText(): string {
    const { responseBytes, responseLength } = this.ids;
    const from = responseLength - this.cut(responseLength);
    return Buffer.from(responseBytes.subarray(from, responseLength)).toString('latin1');
  }

  /** The latest id as it stands in a receipt: the first `receiptIdLength` of these. */
  get receiptId(): Uint8Array {
    const { receiptBytes, receiptLength } = this.ids;
    return receiptLength > this.idLengthMax
      ? receiptBytes.subarray(receiptLength - this.idLengthMax)
      : receiptBytes;
  }

  get receiptIdLength(): number {
    return this.cut(this.ids.receiptLength);
  }

  private cut(length: number): number {
    return length > this.idLengthMax ? this.idLengthMax : length;
  }
}
