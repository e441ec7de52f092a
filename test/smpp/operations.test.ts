import { expect, test } from 'vitest';
import * as smpp from '../../src/smpp/constants.ts';
import { OPERATIONS_MAX, Operations } from '../../src/smpp/operations.ts';

test('an answer is known by its sequence_number and its command, or as a generic_nack, once', () => {
  const operations = new Operations();
  expect(operations.add(5, smpp.QUERY_SM, 50, 0)).toBe(true);
  expect(operations.add(6, smpp.CANCEL_SM, 60, 0)).toBe(true);
  expect(operations.take(5, smpp.CANCEL_SM_RESP)).toBe(-1);
  expect(operations.take(7, smpp.QUERY_SM_RESP)).toBe(-1);
  expect(operations.take(5, smpp.QUERY_SM_RESP)).toBe(50);
  expect(operations.take(5, smpp.QUERY_SM_RESP)).toBe(-1);
  expect(operations.take(6, smpp.GENERIC_NACK)).toBe(60);
  expect(operations.size).toBe(0);
});

test('the only one in flight', () => {
  const operations = new Operations();
  expect(operations.single()).toBe(-1);
  operations.add(9, smpp.QUERY_SM, 1, 0);
  expect(operations.single()).toBe(9);
  operations.add(10, smpp.QUERY_SM, 2, 0);
  expect(operations.single()).toBe(-1);
});

test('those sent at or before a time are given up, in their order', () => {
  const operations = new Operations();
  for (const [sequence, sentMs] of [
    [1, 100],
    [2, 300],
    [3, 200],
  ])
    operations.add(sequence, smpp.QUERY_SM, sequence * 10, sentMs);
  expect(operations.expire(99)).toEqual([]);
  expect(operations.expire(200)).toEqual([10, 30]);
  expect(operations.expire(Infinity)).toEqual([20]);
});

test('no more than the bound, and no sequence_number twice', () => {
  const operations = new Operations();
  for (let sequence = 1; sequence <= OPERATIONS_MAX; sequence++) {
    expect(operations.add(sequence, smpp.QUERY_SM, 0, 0)).toBe(true);
  }
  expect(operations.add(OPERATIONS_MAX + 1, smpp.QUERY_SM, 0, 0)).toBe(false);
  operations.take(1, smpp.QUERY_SM_RESP);
  expect(operations.add(2, smpp.QUERY_SM, 0, 0)).toBe(false);
  expect(operations.add(1, smpp.QUERY_SM, 0, 0)).toBe(true);
});
