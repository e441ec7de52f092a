import { describe, expect, test } from 'vitest';
import { IDS_EQUAL, IDS_SAME_BUT_CASE, IDS_SAME_BUT_ZEROS } from '../../src/core/smsc-id.ts';
import { PARKED_MAX, Parking } from '../../src/shard/parking.ts';
import type { ParkedReceipt } from '../../src/shard/parking.ts';

function receipt(smscId: string, changes: Partial<ParkedReceipt> = {}): ParkedReceipt {
  return {
    smsc: 1,
    smscId,
    state: 2,
    doneMs: 5,
    err: '000',
    networkErrorType: 255,
    networkErrorCode: 0,
    tlvs: undefined,
    way: undefined,
    parkedMs: 1000,
    segment: 7,
    ...changes,
  };
}

test('a receipt waits under its SMSC and id, and is taken once', () => {
  const parking = new Parking();
  expect(parking.add(receipt('a'))).toBe(true);
  expect(parking.take(2, 'a')).toBeUndefined();
  expect(parking.take(1, 'A')).toBeUndefined();
  expect(parking.take(1, 'a')).toEqual(receipt('a'));
  expect(parking.take(1, 'a')).toBeUndefined();
  expect(parking.size).toBe(0);
});

test('ids that look like another SMSC and id are told apart', () => {
  const parking = new Parking();
  parking.add(receipt('2:a', { smsc: 1 }));
  parking.add(receipt('a', { smsc: 12 }));
  expect(parking.size).toBe(2);
  expect(parking.take(12, 'a')?.smsc).toBe(12);
  expect(parking.take(1, '2:a')?.smsc).toBe(1);
});

test('a repeated receipt is one, and the first of them stays', () => {
  const parking = new Parking();
  const way = (dest: string) => ({ source: Buffer.from('447700900123'), dest: Buffer.from(dest) });
  parking.add(receipt('a', { segment: 7, parkedMs: 1000, way: way('Shop') }));
  expect(parking.add(receipt('a', { segment: 9, parkedMs: 2000, way: way('Shop') }))).toBe(true);
  expect([...parking.all()]).toEqual([receipt('a', { segment: 7, parkedMs: 1000, way: way('Shop') })]);
  // What says anything else is another, up to four of one id.
  for (const changes of [{ state: 5 }, { doneMs: 6 }, { way: way('Other') }]) {
    expect(parking.add(receipt('a', { way: way('Shop'), ...changes }))).toBe(true);
  }
  expect(parking.add(receipt('a', { err: '021' }))).toBe(false);
  expect(parking.size).toBe(4);
  parking.take(1, 'a');
  expect(parking.add(receipt('a', { err: '021' }))).toBe(true);
});

describe('receipts for a similar id', () => {
  test.each([
    ['0A1b', ['0a1B'], [['0a1B', IDS_SAME_BUT_CASE]]],
    ['1b', ['001B'], [['001B', IDS_SAME_BUT_ZEROS]]],
    [
      '0a',
      ['0A', 'a', '0a'],
      [
        ['0A', IDS_SAME_BUT_CASE],
        ['a', IDS_SAME_BUT_ZEROS],
        ['0a', IDS_EQUAL],
      ],
    ],
    ['b', ['a'], []],
  ])('%s among %j', (id, ids, expected) => {
    const parking = new Parking();
    for (const each of ids) parking.add(receipt(each));
    parking.add(receipt(id, { smsc: 2 }));
    const found = parking.candidates(1, id);
    expect(found.map(({ item, likeness }) => [item.smscId, likeness])).toEqual(expected);
  });

  test('are found no more once they were taken out, in any way', () => {
    const parking = new Parking();
    const left = (): string[] => parking.candidates(1, '000a').map(({ item }) => item.smscId);
    for (const id of ['0A', 'a', '00a']) parking.add(receipt(id, { parkedMs: id === '00a' ? 5 : 1000 }));
    parking.take(1, '0A');
    expect(left()).toEqual(['a', '00a']);
    parking.expired(10, 10);
    expect(left()).toEqual(['a', '00a']);
    parking.expired(2000, 1);
    expect(left()).toEqual(['00a']);
    parking.remove(parking.candidates(1, '00a')[0].item);
    expect([left(), parking.size]).toEqual([[], 0]);
  });
});

test('those that waited long enough leave in the order of parking, a bounded number at a time', () => {
  const parking = new Parking();
  for (let number = 0; number < 10; number++) parking.add(receipt(`${number}`, { parkedMs: number * 100 }));
  expect(parking.expired(0, 100)).toEqual([]);
  expect(parking.expired(700, 3).map(({ smscId }) => smscId)).toEqual(['0', '1', '2']);
  expect(parking.expired(700, 100).map(({ smscId }) => smscId)).toEqual(['3', '4', '5', '6']);
  expect(parking.size).toBe(3);
});

test('there is an end to it, but what is known is taken even then', () => {
  const parking = new Parking();
  for (let number = 0; number < PARKED_MAX; number++) parking.add(receipt(`${number}`));
  expect(parking.add(receipt('more'))).toBe(false);
  expect(parking.add(receipt('5'))).toBe(true);
  expect(parking.size).toBe(PARKED_MAX);
  parking.take(1, '5');
  expect(parking.add(receipt('more'))).toBe(true);
});
