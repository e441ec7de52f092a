import { describe, expect, test } from 'vitest';
import { SEVERAL } from '../../src/core/smsc-id.ts';
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

test('a repeated receipt is one, and the first of them counts', () => {
  const parking = new Parking();
  parking.add(receipt('a', { state: 2, segment: 7, parkedMs: 1000 }));
  expect(parking.add(receipt('a', { state: 5, err: '021', segment: 9, parkedMs: 2000 }))).toBe(true);
  expect(parking.size).toBe(1);
  expect([...parking.all()]).toEqual([receipt('a', { state: 2, segment: 7, parkedMs: 1000 })]);
});

describe('a receipt for a similar id', () => {
  test.each([
    ['0A1b', ['0a1B'], '0a1B'],
    ['1b', ['001B'], '001B'],
    ['001B', ['1b'], '1b'],
    ['0a', ['0A', 'a'], '0A'],
    ['a', ['0A', '00A'], SEVERAL],
    ['aB', ['Ab', 'AB'], SEVERAL],
    ['aB', ['Ab', 'aB'], 'aB'],
    ['b', ['a'], undefined],
  ])('%s among %j', (id, ids, expected) => {
    const parking = new Parking();
    for (const each of ids) parking.add(receipt(each));
    parking.add(receipt(id, { smsc: 2 }));
    const found = parking.find(1, id);
    expect(found === SEVERAL ? found : found?.smscId).toBe(expected);
  });

  test('is found no more once it was taken out, in any way', () => {
    const parking = new Parking();
    for (const id of ['0A', 'a', '00a']) parking.add(receipt(id, { parkedMs: id === '00a' ? 5 : 1000 }));
    expect(parking.find(1, '000a')).toBe(SEVERAL);
    parking.take(1, '0A');
    parking.expired(10, 10);
    expect(parking.find(1, '000a')).toBe(SEVERAL);
    parking.expired(2000, 1);
    const left = parking.find(1, '000a');
    expect(left).toMatchObject({ smscId: '00a' });
    parking.remove(left as ParkedReceipt);
    expect([parking.find(1, '000a'), parking.size]).toEqual([undefined, 0]);
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
