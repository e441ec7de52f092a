import {
  DATA_SM,
  DELIVER_SM,
  TLV_MESSAGE_PAYLOAD,
  TLV_MESSAGE_STATE,
  TLV_NETWORK_ERROR_CODE,
  TLV_RECEIPTED_MESSAGE_ID,
} from '../smpp/constants.ts';
import { writeU16, writeU32 } from '../smpp/cursor.ts';
import { RECEIPT_STATES } from './options.ts';
import type { ReceiptStyle } from './options.ts';
import type { ReceiptWriter } from './receipt.ts';
import type { SubmitScan } from './submit.ts';

const SHORT_MESSAGE_MAX = 254;
const DATA_CODING_UCS2 = 8;
const NETWORK_GSM = 3;

const WHOLE = [0, 1, 2, 3, 4, 5, 6, 7];
/** Which fields a text has, in its order. */
const ORDERS = {
  standard: WHOLE,
  upper: WHOLE,
  lower: WHOLE,
  reordered: [5, 6, 4, 3, 0, 2, 1],
  short: [0, 3, 4, 5, 6],
};

/**
 * Receipts in the forms that the field knows, each put together anew: for trying out who must read them, not for
 * speed. What the usual form is, ReceiptTemplate writes.
 */
export class DialectWriter implements ReceiptWriter {
  private readonly state: string;
  private readonly style: ReceiptStyle;
  private dateMs = 0;

  /** `state`: the stat word, one of RECEIPT_STATES. */
  constructor(state: string, style: ReceiptStyle) {
    this.state = state;
    this.style = style;
  }

  setTime(nowMs: number): void {
    this.dateMs = nowMs;
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
    const { carrier, esmClass } = this.style;
    const idText = Buffer.from(id.subarray(0, idLength)).toString('latin1');
    const tlvs = this.tlvs(idText);
    const text = this.encode(this.text(idText));
    const coding = this.style.coding === 'ucs2' ? DATA_CODING_UCS2 : 0;
    const asPayload =
      carrier === 'data_sm' || this.style.coding === 'payload' || text.length > SHORT_MESSAGE_MAX;
    if (asPayload && text.length > 0) tlvs.push(tlv(TLV_MESSAGE_PAYLOAD, text));
    // registered_delivery and data_coding are what a data_sm has of these.
    const middle =
      carrier === 'data_sm'
        ? Buffer.from([esmClass, 0, coding])
        : Buffer.from([esmClass, 0, 0, 0, 0, 0, 0, coding, 0, asPayload ? 0 : text.length]);
    const body = Buffer.concat([
      Buffer.from([0]),
      submit.subarray(scan.destAt, scan.destEnd),
      submit.subarray(scan.sourceAt, scan.sourceEnd),
      middle,
      asPayload ? Buffer.alloc(0) : text,
      ...tlvs,
    ]);
    const length = 16 + body.length;
    writeU32(out, at, length);
    writeU32(out, at + 4, carrier === 'data_sm' ? DATA_SM : DELIVER_SM);
    writeU32(out, at + 8, 0);
    writeU32(out, at + 12, sequenceNumber);
    out.set(body, at + 16);
    return length;
  }

  private tlvs(id: string): Buffer[] {
    const { tlvs, err } = this.style;
    if (tlvs === 'none') return [];
    const network = Buffer.from([NETWORK_GSM, 0, 0]);
    writeU16(network, 1, Number.parseInt(err, 10) || 0);
    const list = [
      tlv(TLV_RECEIPTED_MESSAGE_ID, Buffer.from(tlvs === 'no-nul' ? id : `${id}\0`, 'latin1')),
      tlv(TLV_MESSAGE_STATE, Buffer.from([RECEIPT_STATES.indexOf(this.state)])),
    ];
    if (err !== '') list.push(tlv(TLV_NETWORK_ERROR_CODE, network));
    return list;
  }

  private text(id: string): string {
    const { text, err, stat } = this.style;
    if (text === 'none') return '';
    const word = stat === '' ? this.state : stat;
    const isDelivered = this.state === 'DELIVRD';
    const date = dateText(this.dateMs, this.style.dateDigits);
    const fields: [key: string, value: string][] = [
      ['id', id],
      ['sub', '001'],
      ['dlvrd', isDelivered ? '001' : '000'],
      ['submit date', date],
      ['done date', date],
      ['stat', text === 'lower' ? word.toLowerCase() : word],
      ['err', err === '' ? (isDelivered ? '000' : '001') : err],
      ['text', ''],
    ];
    return ORDERS[text]
      .map((index) => fields[index])
      .map(([key, value]) => `${text === 'upper' ? key.toUpperCase() : key}:${value}`)
      .join(' ');
  }

  private encode(text: string): Buffer {
    return this.style.coding === 'ucs2' ? Buffer.from(text, 'utf16le').swap16() : Buffer.from(text, 'latin1');
  }
}

function tlv(tag: number, value: Buffer): Buffer {
  const b = Buffer.alloc(4 + value.length);
  writeU16(b, 0, tag);
  writeU16(b, 2, value.length);
  value.copy(b, 4);
  return b;
}

/** Zeros (0), or in UTC: YYMMDDhhmm, with seconds (12), with century too (14), or as an SMPP absolute time (16). */
export function dateText(ms: number, digits: number): string {
  if (digits === 0) return '0000000000';
  const iso = new Date(ms).toISOString().replace(/\D/g, '');
  if (digits === 14) return iso.slice(0, 14);
  if (digits === 16) return `${iso.slice(2, 15)}00+`;
  return iso.slice(2, digits + 2);
}
