import { expect, test } from 'vitest';
import { BATCH_COUNT_MAX } from '../../src/core/records.ts';
import { GROUP_ACTIONS_MAX, GROUP_BYTES_MAX, Group, NO_BIND } from '../../src/cdr/group.ts';

test('keeps what has to be done, in order, and forgets it when cleared', () => {
  const group = new Group();
  group.addAccepted(2, 4096, 17, 1);
  group.addReceipt(0x0102_0003, 0x7fff_ffff, 9);
  group.addReceipt(NO_BIND, 0, -1);
  group.events = 3;
  expect([group.acceptedChunk[0], group.acceptedAt[0], group.acceptedSlot[0], group.acceptedEdge[0]]).toEqual(
    [2, 4096, 17, 1],
  );
  expect([...group.receiptTicket.subarray(0, 2)]).toEqual([0x0102_0003, NO_BIND]);
  expect([...group.receiptSequence.subarray(0, 2)]).toEqual([0x7fff_ffff, 0]);
  expect([...group.receiptSlot.subarray(0, 2)]).toEqual([9, -1]);
  expect(group.isEmpty()).toBe(false);
  group.removedHighs.push(1);
  group.removedLows.push(2);
  group.clear();
  expect([group.accepted, group.receipts, group.bytes, group.blocks.length, group.isEmpty()]).toEqual([
    0,
    0,
    0,
    0,
    true,
  ]);
  expect([group.removedHighs.length, group.removedLows.length]).toEqual([0, 0]);
});

test('is full by bytes, by submits and by receipts', () => {
  const group = new Group();
  // The last request that is taken in may be a batch, and must find room.
  for (let index = 0; index < GROUP_ACTIONS_MAX - BATCH_COUNT_MAX; index++) {
    expect(group.isFull()).toBe(false);
    group.addAccepted(0, 0, index, 0);
  }
  expect(group.isFull()).toBe(true);
  for (let index = 0; index < BATCH_COUNT_MAX; index++) group.addAccepted(0, 7, index, 0);
  expect(group.acceptedAt[GROUP_ACTIONS_MAX - 1]).toBe(7);
  group.clear();
  group.bytes = GROUP_BYTES_MAX + 1;
  expect(group.isFull()).toBe(true);
  group.clear();
  for (let index = 0; index < GROUP_ACTIONS_MAX; index++) group.addReceipt(0, index, index);
  expect(group.isFull()).toBe(true);
});

test('outcomes are kept beyond that, in order', () => {
  const group = new Group();
  const count = 3 * GROUP_ACTIONS_MAX;
  for (let index = 0; index < count; index++) group.addReceipt(index + 1, index + 2, index + 3);
  for (const index of [0, GROUP_ACTIONS_MAX - 1, GROUP_ACTIONS_MAX, 2 * GROUP_ACTIONS_MAX, count - 1]) {
    expect([group.receiptTicket[index], group.receiptSequence[index], group.receiptSlot[index]]).toEqual([
      index + 1,
      index + 2,
      index + 3,
    ]);
  }
});
