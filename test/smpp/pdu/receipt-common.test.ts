import { expect, test } from 'vitest';
import * as smpp from '../../../src/smpp/constants.ts';
import { ReceiptArgs } from '../../../src/smpp/pdu/receipt-args.ts';
import { RECEIPT_PDU_BYTES_MAX, writeReceiptPdu } from '../../../src/smpp/pdu/receipt-sm.ts';
import { seeded } from '../../core/random.ts';
import { oracleDecode } from '../../support/oracle.ts';

const SUBMIT_MS = Date.UTC(2026, 0, 1, 12, 0, 59);

test('receipts that alternate in all that they may share are each written as it is', () => {
  const random = seeded(7_311);
  const word = [
    'ENROUTE',
    'ENROUTE',
    'DELIVRD',
    'EXPIRED',
    'DELETED',
    'UNDELIV',
    'ACCEPTD',
    'UNKNOWN',
    'REJECTD',
  ];
  const dateOf = (ms: number, digits: number): string => {
    const date = new Date(ms).toISOString().replaceAll(/[^0-9]/g, '');
    return digits === 14 ? date.slice(0, 14) : date.slice(2, 2 + digits);
  };
  const text = Buffer.from('Hello, this is longer than twenty');
  const named = { idHigh: 0x0123_4567, idLow: 0x89ab_cdef, text, textLength: text.length };
  const receipt = Object.assign(new ReceiptArgs(), named);
  const b = Buffer.alloc(RECEIPT_PDU_BYTES_MAX);
  for (let round = 0; round < 20_000; round++) {
    const submitMs = SUBMIT_MS + 1000 * random.pick([0, 1, 30, 60, 16 * 60]);
    const doneMs = submitMs + 1000 * random.pick([0, 1, 60, 16 * 60]);
    const dateDigits = random.pick([10, 12, 14]);
    const state = random.pick([2, 2, 3, 5, 8]);
    const submitted = random.pick([0, 0, 3, 4]);
    const delivered = random.below(submitted + 1);
    const err = Buffer.from(random.pick(['', '0', '000', '011', 'E41', '1234567', '1234568']));
    const networkErrorType = random.pick([-1, -1, 1, 3]);
    const networkErrorCode = random.pick([0, 11, 1041]);
    const version = random.pick([smpp.VERSION_34, smpp.VERSION_50]);
    const one = { submitMs, doneMs, dateDigits, state, submitted, delivered, version };
    const two = { err, errLength: err.length, networkErrorType, networkErrorCode };
    const length = writeReceiptPdu(b, 0, 1, Object.assign(receipt, one, two));
    const pdu = oracleDecode(b.subarray(0, length));
    const three = (value: number): string => String(value).padStart(3, '0');
    const sub = submitted > 0 ? [submitted, delivered] : [1, state === smpp.STATE_DELIVERED ? 1 : 0];
    expect((pdu.short_message as { message: string }).message, `seed ${random.seed}, round ${round}`).toBe(
      `id:0123456789abcdef sub:${three(sub[0])} dlvrd:${three(sub[1])} ` +
        `submit date:${dateOf(submitMs, dateDigits)} done date:${dateOf(doneMs, dateDigits)} ` +
        `stat:${word[state]} err:${err.toString().padStart(3, '0')} text:Hello, this is longe`,
    );
    expect(pdu.message_state).toBe(state);
    const decimal = /^[0-9]*$/.test(err.toString()) && Number(err) <= 0xffff ? Number(err) : undefined;
    const told = networkErrorType >= 0 ? [networkErrorType, networkErrorCode] : [3, decimal];
    const code = pdu.network_error_code as Buffer | undefined;
    if (told[1] === undefined) expect(code).toBeUndefined();
    else expect([code?.[0], code?.readUInt16BE(1)], `seed ${random.seed}, round ${round}`).toEqual(told);
  }
});

test('an acknowledgement of the minute, state and err of a receipt has no network error of its own', () => {
  const b = Buffer.alloc(RECEIPT_PDU_BYTES_MAX);
  const text = Buffer.from('yes');
  const err = Buffer.from('011');
  const shared = {
    submitMs: SUBMIT_MS,
    doneMs: SUBMIT_MS,
    state: 2,
    err,
    errLength: 3,
    version: smpp.VERSION_34,
  };
  const receipt = Object.assign(new ReceiptArgs(), shared, { text, textLength: text.length });
  const codes = [false, true, false].map((verbatim) => {
    const esmClass = verbatim ? smpp.ESM_MANUAL_ACK : smpp.ESM_RECEIPT;
    const length = writeReceiptPdu(b, 0, 1, Object.assign(receipt, { verbatim, esmClass }));
    return (oracleDecode(b.subarray(0, length)).network_error_code as Buffer | undefined)?.toString('hex');
  });
  expect(codes).toEqual(['03000b', undefined, '03000b']);
});
