import { DELIVER_SM, TLV_MESSAGE_STATE, TLV_RECEIPTED_MESSAGE_ID } from '../smpp/constants.ts';
import { writeU32 } from '../smpp/cursor.ts';
import { RECEIPT_STATES } from './options.ts';
import type { SubmitScan } from './submit.ts';

const ID_AT = 3;

function twoDigits(value: number): string {
  return String(value).padStart(2, '0');
}

function receiptDate(ms: number): string {
  const date = new Date(ms);
  const year = twoDigits(date.getUTCFullYear() % 100);
  const day = twoDigits(date.getUTCMonth() + 1) + twoDigits(date.getUTCDate());
  return year + day + twoDigits(date.getUTCHours()) + twoDigits(date.getUTCMinutes());
}

/** Receipts of one state and one form. */
export interface ReceiptWriter {
  /** Call once per chunk: receipts carry the time they were made at. */
  setTime(nowMs: number): void;
  /**
   * Writes the receipt of a submit_sm (scanned) at `at` and returns its length. The caller has reserved
   * RECEIPT_BYTES_MAX.
   */
  write(
    out: Uint8Array,
    at: number,
    submit: Uint8Array,
    scan: SubmitScan,
    id: Uint8Array,
    idLength: number,
    sequenceNumber: number,
  ): number;
}

/**
 * The usual form (deliver_sm). A whole PDU is kept as a template and copied by one call; addresses, id and
 * sequence number are patched in. The template is made anew when a length or the minute changes.
 *
 *   header 16 | 0 | destination ton npi address NUL | source ton npi address NUL
 *   | 4 0 0 0 0 0 0 0 0 sm_length
 *   | id:ID sub:001 dlvrd:001 submit date:.. done date:.. stat:DELIVRD err:000 text: | TLVs
 */
export class ReceiptTemplate implements ReceiptWriter {
  private readonly stateText: string;
  private readonly withTlvs: boolean;
  private template: Buffer = Buffer.alloc(0);
  private addressesLength = -1;
  private idLength = -1;
  private minute = -1;

  constructor(stateText: string, withTlvs: boolean) {
    this.stateText = stateText;
    this.withTlvs = withTlvs;
  }

  setTime(nowMs: number): void {
    const minute = Math.floor(nowMs / 60_000);
    if (minute === this.minute) return;
    this.minute = minute;
    this.addressesLength = -1;
  }

  write(
    out: Uint8Array,
    at: number,
    submit: Uint8Array,
    scan: SubmitScan,
    id: Uint8Array,
    idLength: number,
    sequenceNumber: number,
  ): number {
    const addressesLength = scan.destEnd - scan.sourceAt;
    if (addressesLength !== this.addressesLength || idLength !== this.idLength) {
      this.makeTemplate(addressesLength, idLength);
    }
    out.set(this.template, at);
    writeU32(out, at + 12, sequenceNumber);
    let to = at + 17;
    for (let from = scan.destAt; from < scan.destEnd; from++) out[to++] = submit[from];
    for (let from = scan.sourceAt; from < scan.sourceEnd; from++) out[to++] = submit[from];
    to += 10 + ID_AT;
    for (let index = 0; index < idLength; index++) out[to + index] = id[index];
    if (this.withTlvs) {
      const tlvIdAt = at + this.template.length - 5 - idLength - 1;
      for (let index = 0; index < idLength; index++) out[tlvIdAt + index] = id[index];
    }
    return this.template.length;
  }

  private makeTemplate(addressesLength: number, idLength: number): void {
    this.addressesLength = addressesLength;
    this.idLength = idLength;
    const date = receiptDate(this.minute * 60_000);
    const delivered = this.stateText === 'DELIVRD';
    const text =
      `id:${'0'.repeat(idLength)} sub:001 dlvrd:${delivered ? '001' : '000'} submit date:${date} ` +
      `done date:${date} stat:${this.stateText} err:${delivered ? '000' : '001'} text:`;
    const tlvs = Buffer.alloc(this.withTlvs ? 4 + idLength + 1 + 5 : 0);
    if (this.withTlvs) {
      // receipted_message_id 001E (C-string, its NUL counted) and message_state 0427
      tlvs.writeUInt16BE(TLV_RECEIPTED_MESSAGE_ID, 0);
      tlvs.writeUInt16BE(idLength + 1, 2);
      tlvs.writeUInt16BE(TLV_MESSAGE_STATE, 4 + idLength + 1);
      tlvs.writeUInt16BE(1, 4 + idLength + 3);
      tlvs[4 + idLength + 5] = RECEIPT_STATES.indexOf(this.stateText);
    }
    const body = Buffer.from([4, 0, 0, 0, 0, 0, 0, 0, 0, text.length]);
    const head = Buffer.alloc(16 + 1 + addressesLength);
    this.template = Buffer.concat([head, body, Buffer.from(text, 'latin1'), tlvs]);
    this.template.writeUInt32BE(this.template.length, 0);
    this.template.writeUInt32BE(DELIVER_SM, 4);
  }
}

/** Largest receipt of any form: addresses of a data_sm, text in UCS-2, TLVs. */
export const RECEIPT_BYTES_MAX = 1024;
