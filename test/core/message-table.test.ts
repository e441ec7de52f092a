import { expect, test } from 'vitest';
import {
  ADDRESS_BYTES_MAX,
  DEST_AT,
  ERR_AT,
  MessageTable,
  NO_BLOCK,
  NO_SLOT,
  SLOT_QUEUED,
  SMSC_ID_AT,
  SMSC_ID_BYTES_MAX,
  SOURCE_AT,
  TEXT_AT,
  TEXT_BYTES,
  TEXT_LENGTH_MAX,
} from '../../src/core/message-table.ts';
import { RECEIPT_ERR_BYTES_MAX } from '../../src/core/records.ts';
import { bytesWith } from './memory.ts';
import { seeded } from './random.ts';

test('gives out every slot once, then says that memory is full', () => {
  const table = new MessageTable(5);
  const slots = Array.from({ length: 5 }, () => table.allocate());
  expect(slots.toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3, 4]);
  expect(table.allocate()).toBe(NO_SLOT);
  expect([table.used, table.freeSlots()]).toEqual([5, 0]);
  table.state[3] = SLOT_QUEUED;
  table.release(3);
  expect(table.allocate()).toBe(3);
});

test('a slot that is used again has nothing of its predecessor that a reader could take for its own', () => {
  const table = new MessageTable(1);
  const slot = table.allocate();
  table.state[slot] = SLOT_QUEUED;
  table.flags[slot] = 7;
  table.attempts[slot] = 9;
  table.finalState[slot] = 2;
  table.status[slot] = 0x45;
  table.dueMs[slot] = 1;
  table.doneMs[slot] = 2;
  table.bodyBlock[slot] = 4;
  table.dirtySegment[slot] = 77;
  table.errLength[slot] = 3;
  table.smscIdLength[slot] = 6;
  table.release(slot);
  expect(table.allocate()).toBe(slot);
  const left = [table.flags, table.attempts, table.finalState, table.status, table.dueMs, table.doneMs];
  expect(
    [...left, table.dirtySegment, table.errLength, table.smscIdLength].map((column) => column[slot]),
  ).toEqual(Array.from({ length: 9 }, () => 0));
  expect(table.bodyBlock[slot]).toBe(NO_BLOCK);
  expect(table.next[slot]).toBe(NO_SLOT);
});

test('TLVs of a receipt leave with their slot, and stay with it till then', () => {
  const table = new MessageTable(2);
  const [one, other] = [table.allocate(), table.allocate()];
  for (const slot of [one, other]) table.state[slot] = SLOT_QUEUED;
  expect(table.receiptTlvs(one)).toBeUndefined();
  table.keepReceiptTlvs(one, Buffer.from([1]));
  table.keepReceiptTlvs(other, Buffer.from([2]));
  table.keepReceiptTlvs(one, undefined);
  expect([table.receiptTlvs(one), table.receiptTlvs(other)]).toEqual([undefined, Buffer.from([2])]);
  table.release(other);
  expect([table.allocate(), table.receiptTlvs(other)]).toEqual([other, undefined]);
  table.keepReceiptTlvs(other, Buffer.from([3]));
  table.clear(other);
  expect(table.receiptTlvs(other)).toBeUndefined();
});

test('releasing twice is caught', () => {
  const table = new MessageTable(2);
  const slot = table.allocate();
  table.state[slot] = SLOT_QUEUED;
  table.release(slot);
  expect(() => table.release(slot)).toThrow('released twice');
});

test('an id that comes back from another thread is checked against the slot as it is now', () => {
  const table = new MessageTable(2);
  const slot = table.allocate();
  table.state[slot] = SLOT_QUEUED;
  table.idHigh[slot] = 0xffff_fff0;
  table.idLow[slot] = 0x8000_0001;
  expect(table.holds(slot, 0xffff_fff0, 0x8000_0001)).toBe(true);
  expect(table.holds(slot, 0xffff_fff0, 0x8000_0002)).toBe(false);
  expect(table.holds(slot, 0xffff_fff1, 0x8000_0001)).toBe(false);
  expect(table.holds(2, 0xffff_fff0, 0x8000_0001)).toBe(false);
  table.release(slot);
  expect(table.holds(slot, 0xffff_fff0, 0x8000_0001)).toBe(false);
});

test('the stretches of text do not overlap and fit', () => {
  expect(SOURCE_AT + ADDRESS_BYTES_MAX).toBeLessThanOrEqual(DEST_AT);
  expect(DEST_AT + ADDRESS_BYTES_MAX).toBeLessThanOrEqual(TEXT_AT);
  expect(TEXT_AT + TEXT_LENGTH_MAX).toBeLessThanOrEqual(ERR_AT);
  expect(ERR_AT + RECEIPT_ERR_BYTES_MAX).toBeLessThanOrEqual(SMSC_ID_AT);
  expect(SMSC_ID_AT + SMSC_ID_BYTES_MAX).toBeLessThanOrEqual(TEXT_BYTES);
});

test('an address is copied with ton, npi and its NUL; one without an end is cut at its bound', () => {
  const table = new MessageTable(2);
  const bytes = bytesWith(
    Buffer.concat([Buffer.from('xx'), Buffer.from([5, 1]), Buffer.from('Shop\0behind')]),
  );
  expect(table.keepAddress(1, DEST_AT, bytes, 2)).toBe(7);
  const at = TEXT_BYTES + DEST_AT;
  expect(table.text.subarray(at, at + 8)).toEqual(Buffer.from([5, 1, 0x53, 0x68, 0x6f, 0x70, 0, 0]));
  const endless = bytesWith(Buffer.alloc(64, 0x39));
  expect(table.keepAddress(0, SOURCE_AT, endless, 0)).toBe(ADDRESS_BYTES_MAX);
  expect(table.text[SOURCE_AT + ADDRESS_BYTES_MAX]).toBe(0);
});

test('an empty address is ton, npi and NUL', () => {
  const table = new MessageTable(1);
  expect(table.keepAddress(0, SOURCE_AT, bytesWith(Buffer.from([1, 1, 0, 9, 9])), 0)).toBe(3);
});

test('bytes are kept up to their bound and no further', () => {
  const table = new MessageTable(2);
  const from = Buffer.from('xx0123456789');
  expect(table.keepBytes(0, SMSC_ID_AT, from, 2, 10, 4)).toBe(4);
  expect(table.text.toString('latin1', SMSC_ID_AT, SMSC_ID_AT + 5)).toBe('0123\0');
  expect(table.keepBytes(1, ERR_AT, from, 2, 3, 7)).toBe(3);
  expect(table.text.toString('latin1', TEXT_BYTES + ERR_AT, TEXT_BYTES + ERR_AT + 4)).toBe('012\0');
});

test('any order of allocating and releasing keeps slots apart', () => {
  const random = seeded(7_001);
  const table = new MessageTable(64);
  const held = new Set<number>();
  for (let round = 0; round < 20_000; round++) {
    const why = `seed ${random.seed}, round ${round}`;
    if (random.below(2) === 0) {
      const slot = table.allocate();
      if (slot === NO_SLOT) expect(held.size, why).toBe(64);
      else {
        expect(held.has(slot), why).toBe(false);
        table.state[slot] = SLOT_QUEUED;
        held.add(slot);
      }
    } else if (held.size > 0) {
      const slot = random.pick([...held]);
      table.release(slot);
      held.delete(slot);
    }
    expect(table.used, why).toBe(held.size);
  }
});
