import { describe, expect, it } from 'vitest';
import * as smpp from '../../../src/smpp/constants.ts';
import { scanDeliverSm } from '../../../src/smpp/pdu/deliver-sm.ts';
import { MessageFields } from '../../../src/smpp/pdu/message-fields.ts';
import {
  RECEIPT_PDU_BYTES_MAX,
  ReceiptArgs,
  writeReceiptPdu,
  writeReceiptText,
} from '../../../src/smpp/pdu/receipt-sm.ts';
import { stateText } from '../../../src/smpp/receipt-state.ts';
import { ReceiptFields, scanReceipt } from '../../../src/smpp/receipt.ts';
import { oracleDecode } from '../../support/oracle.ts';

const NONE = Buffer.alloc(0);
const SUBMIT_MS = Date.UTC(2026, 0, 1, 12, 0, 59);
const DONE_MS = Date.UTC(2026, 0, 1, 12, 1, 0);

/** Both addresses in one buffer, as they stand in a submit_sm. */
function args(change: Partial<ReceiptArgs> = {}): ReceiptArgs {
  const addresses = Buffer.from('##SENDER\x00447700900123\x00');
  return Object.assign(new ReceiptArgs(), {
    addresses,
    sourceTon: 5,
    sourceNpi: 0,
    sourceAt: 2,
    sourceLength: 6,
    destTon: 1,
    destNpi: 1,
    destAt: 9,
    destLength: 12,
    idHigh: 0x0123_4567,
    idLow: 0x89ab_cdef,
    submitMs: SUBMIT_MS,
    doneMs: DONE_MS,
    state: smpp.STATE_DELIVERED,
    text: Buffer.from('Hello, this is longer than twenty'),
    textLength: 33,
    ...change,
  });
}

function written(change: Partial<ReceiptArgs> = {}): Buffer {
  const b = Buffer.alloc(400, 0xee);
  const length = writeReceiptPdu(b, 7, 42, args(change));
  expect(b[7 + length]).toBe(0xee);
  return b.subarray(7, 7 + length);
}

const textIn = (pdu: Buffer): string => (oracleDecode(pdu).short_message as { message: string }).message;

describe('our receipt', () => {
  it('is a deliver_sm with the addresses swapped, the text of appendix B and three TLVs', () => {
    const text =
      'id:0123456789abcdef sub:001 dlvrd:001 submit date:2601011200 done date:2601011201 ' +
      'stat:DELIVRD err:000 text:Hello, this is longe';
    expect(oracleDecode(written())).toMatchObject({
      command: 'deliver_sm',
      sequence_number: 42,
      source_addr_ton: 1,
      source_addr_npi: 1,
      source_addr: '447700900123',
      dest_addr_ton: 5,
      dest_addr_npi: 0,
      destination_addr: 'SENDER',
      esm_class: 4,
      data_coding: 0,
      short_message: { message: text },
      receipted_message_id: '0123456789abcdef',
      message_state: 2,
      network_error_code: Buffer.from('030000', 'hex'),
    });
  });

  it('has no TLVs and 8 digits on 3.3', () => {
    const pdu = written({ version: smpp.VERSION_33 });
    expect(textIn(pdu)).toMatch(/^id:89abcdef sub:001 /);
    expect(pdu.readUInt32BE(0)).toBe(pdu.length);
    const f = new MessageFields();
    scanDeliverSm(pdu, 0, pdu.length, smpp.VERSION_33, f);
    expect(f.tlvAt).toBe(pdu.length);
  });

  it('tells the error as it came, and as a code where it is one', () => {
    const hex = written({
      state: smpp.STATE_UNDELIVERABLE,
      err: Buffer.from('x06B'),
      errAt: 1,
      errLength: 3,
    });
    expect(textIn(hex)).toContain('dlvrd:000 ');
    expect(textIn(hex)).toContain('stat:UNDELIV err:06B ');
    expect(oracleDecode(hex).network_error_code).toBeUndefined();
    const short = written({ err: Buffer.from('27'), errLength: 2 });
    expect(textIn(short)).toContain('err:027 ');
    expect(oracleDecode(short).network_error_code).toEqual(Buffer.from('03001b', 'hex'));
    const told = written({ networkErrorType: smpp.NETWORK_SMPP, networkErrorCode: 0x0b });
    expect(oracleDecode(told).network_error_code).toEqual(Buffer.from('07000b', 'hex'));
  });

  it('carries the reference of the original', () => {
    expect(oracleDecode(written({ userMessageReference: 0x4d })).user_message_reference).toBe(0x4d);
  });

  it('knows SKIPPED on 5.0 only', () => {
    const old = written({ state: smpp.STATE_SKIPPED });
    expect([oracleDecode(old).message_state, textIn(old).includes('stat:UNDELIV')]).toEqual([5, true]);
    const young = written({ state: smpp.STATE_SKIPPED, version: smpp.VERSION_50 });
    expect([oracleDecode(young).message_state, textIn(young).includes('stat:SKIPPED')]).toEqual([9, true]);
  });

  it('fits into what it promises at its largest', () => {
    const addresses = Buffer.alloc(40, 0x31);
    const pdu = written({
      addresses,
      sourceAt: 0,
      sourceLength: 20,
      destAt: 20,
      destLength: 20,
      err: Buffer.from('0065535'),
      errLength: 7,
      userMessageReference: 1,
    });
    expect(pdu.length).toBeLessThanOrEqual(RECEIPT_PDU_BYTES_MAX);
  });

  it('is understood by our own scan', () => {
    const pdu = written({ state: smpp.STATE_EXPIRED });
    const f = new MessageFields();
    const out = new ReceiptFields();
    expect(scanDeliverSm(pdu, 0, pdu.length, smpp.VERSION_34, f)).toBe(smpp.ESME_ROK);
    expect(scanReceipt(pdu, 0, f, out)).toBe(true);
    expect([out.state, out.submitDateMs]).toEqual([smpp.STATE_EXPIRED, Date.UTC(2026, 0, 1, 12)]);
  });
});

describe('the text alone', () => {
  it('does not cut an escape in two', () => {
    const b = Buffer.alloc(200);
    const text = Buffer.from(`${'x'.repeat(19)}\x1bey`, 'latin1');
    const length = writeReceiptText(b, 0, -1, 1, 0, 0, 2, NONE, 0, 0, text, 0, text.length);
    expect(b.toString('latin1', 0, length)).toMatch(/text:x{19}$/);
  });

  it('spells every state with seven letters', () => {
    for (let state = 0; state <= 9; state++) expect(stateText(state)).toHaveLength(7);
    expect(stateText(99)).toBe('UNKNOWN');
  });
});
