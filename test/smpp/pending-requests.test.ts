import { expect, test } from 'vitest';
import { PendingRequests } from '../../src/smpp/pending-requests.ts';
import type { Pending } from '../../src/smpp/pending-requests.ts';
import { oracleEncode } from '../support/oracle.ts';

const SUBMIT_SM_RESP = 0x8000_0004;

function request(errors: string[] = []): Pending {
  return {
    bytes: oracleEncode('submit_sm', { destination_addr: '49' }),
    command: 'submit_sm',
    response: SUBMIT_SM_RESP,
    resolve: () => undefined,
    reject: (error) => errors.push(error.message),
    sentMs: 0,
  };
}

test('sequence_numbers are written into the PDU, from 1 on', () => {
  const pending = new PendingRequests(2, 10);
  for (let count = 0; count < 3; count++) pending.add(request());
  expect(pending.take(0)?.readUInt32BE(12)).toBe(1);
  expect(pending.take(0)?.readUInt32BE(12)).toBe(2);
  expect(pending.take(0)).toBeUndefined();
  expect([pending.inFlight, pending.waiting]).toEqual([2, 1]);
  expect(pending.expects(1, SUBMIT_SM_RESP)).toBe(true);
  expect(pending.expects(1, SUBMIT_SM_RESP + 1)).toBe(false);
  expect(pending.expects(3, SUBMIT_SM_RESP)).toBe(false);
  expect(pending.answered(1)).toBeDefined();
  expect(pending.answered(1)).toBeUndefined();
  expect(pending.take(0)?.readUInt32BE(12)).toBe(3);
});

test('sequence_number 0 answers the only one in flight', () => {
  const pending = new PendingRequests(2, 10);
  expect(pending.answered(0)).toBeUndefined();
  pending.add(request());
  pending.add(request());
  pending.take(0);
  pending.take(0);
  expect(pending.answered(0)).toBeUndefined();
  pending.answered(2);
  expect(pending.answered(0)?.bytes.readUInt32BE(12)).toBe(1);
});

test('those sent too long ago are rejected, in order; those that wait are not', () => {
  const errors: string[] = [];
  const pending = new PendingRequests(2, 10);
  for (let count = 0; count < 3; count++) pending.add(request(errors));
  pending.take(1000);
  pending.take(1500);
  pending.expire(1999, 1000);
  expect(errors).toEqual([]);
  pending.expire(2000, 1000);
  expect(errors).toEqual(['submit_sm: no answer within 1000 ms']);
  expect([pending.inFlight, pending.waiting]).toEqual([1, 1]);
  pending.fail('closed');
  expect(errors.slice(1)).toEqual(['submit_sm: closed', 'submit_sm: closed']);
  expect([pending.inFlight, pending.waiting]).toEqual([0, 0]);
});

test('the bound of those that wait counts behind a full window only', () => {
  const pending = new PendingRequests(1, 1);
  pending.add(request());
  pending.take(0);
  pending.add(request());
  expect(() => pending.add(request())).toThrow('1 requests wait already');
  expect(() => new PendingRequests(0, 1)).toThrow(RangeError);
});
