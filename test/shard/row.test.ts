import { expect, test } from 'vitest';
import * as columns from '../../src/core/message-table.ts';
import { MessageTable, NO_BLOCK, TEXT_BYTES } from '../../src/core/message-table.ts';
import { bodyLengthOf, packRow, unpackRow } from '../../src/shard/row.ts';
import { KIND_AWAITING, KIND_QUEUED, KIND_RECEIPT, KIND_RETRY } from '../../src/store/pending.ts';
import { bytesWith } from '../core/memory.ts';
import { seeded } from '../core/random.ts';
import type { Random } from '../core/random.ts';

const { SLOT_QUEUED, SLOT_IN_FLIGHT, SLOT_AWAITING, SLOT_RETRY } = columns;
const { SLOT_RECEIPT, SLOT_DELIVERING, SLOT_RECEIPT_LATER } = columns;

const TEXTS = [
  ['sourceLength', columns.SOURCE_AT, columns.ADDRESS_BYTES_MAX],
  ['destLength', columns.DEST_AT, columns.ADDRESS_BYTES_MAX],
  ['textLength', columns.TEXT_AT, columns.TEXT_LENGTH_MAX],
  ['errLength', columns.ERR_AT, 7],
  ['smscIdLength', columns.SMSC_ID_AT, columns.SMSC_ID_BYTES_MAX],
] as const;

const BYTES = [
  'attempts',
  'priority',
  'registeredDelivery',
  'finalState',
  'networkErrorType',
  'part',
  'parts',
  'merged',
] as const;
const SHORTS = ['account', 'smsc', 'networkErrorCode'] as const;
const WORDS = ['idLow', 'idHigh', 'status', 'toldLow', 'toldHigh'] as const;
const TIMES = ['acceptedMs', 'expiresMs', 'dueMs', 'doneMs'] as const;

/** Each field random within its type, its bounds among them. */
function fill(table: MessageTable, slot: number, random: Random): void {
  const upTo = (bound: number): number =>
    random.pick([0, 1, bound, random.below(bound), random.below(bound)]);
  for (const name of BYTES) table[name][slot] = upTo(255);
  for (const name of SHORTS) table[name][slot] = upTo(65_535);
  for (const name of WORDS) table[name][slot] = upTo(0xffff_ffff);
  for (const name of TIMES) table[name][slot] = random.pick([0, 1_767_225_600_123, 1.5, 253_402_300_799_000]);
  table.flags[slot] = columns.FLAG_DUPLICATE_RISK * random.below(2);
  table.userReference[slot] = random.pick([columns.NO_REFERENCE, 0, 0xffff, -2, -3 - 0xffff]);
  const tlvs = Buffer.alloc(random.pick([1, 5, 255]), random.below(256));
  table.keepReceiptTlvs(slot, random.below(2) === 0 ? undefined : tlvs);
  for (const [length, at, bound] of TEXTS) {
    table[length][slot] = upTo(bound);
    for (let index = 0; index < table[length][slot]; index++) {
      table.text[slot * TEXT_BYTES + at + index] = random.below(256);
    }
  }
}

function valuesOf(table: MessageTable, slot: number): Record<string, number | string> {
  const values: Record<string, number | string> = {
    flags: table.flags[slot],
    userReference: table.userReference[slot],
    receiptTlvs: table.receiptTlvs(slot)?.toString('hex') ?? 'none',
  };
  for (const name of [...BYTES, ...SHORTS, ...WORDS, ...TIMES]) values[name] = table[name][slot];
  for (const [length, at] of TEXTS) {
    const from = slot * TEXT_BYTES + at;
    values[length] = table.text.toString('hex', from, from + table[length][slot]);
  }
  return values;
}

test('every field comes back from its row, and the body behind them', () => {
  const random = seeded(7_030);
  const from = new MessageTable(4);
  const to = new MessageTable(4);
  const target = to.allocate();
  const body = bytesWith(Buffer.from('0123456789abcdefghijklmnopqrstuvwxyz'));
  for (let round = 0; round < 3000; round++) {
    const why = `seed ${random.seed}, round ${round}`;
    fill(from, 2, random);
    from.state[2] = random.pick([SLOT_QUEUED, SLOT_AWAITING, SLOT_RETRY, SLOT_RECEIPT]);
    from.bodyBlock[2] = 0;
    from.bodyAt[2] = random.below(10);
    from.bodyLength[2] = random.below(26);
    const row = packRow(from, 2, body);
    const bodyFrom = unpackRow(to, target, row);
    expect(valuesOf(to, target), why).toEqual(valuesOf(from, 2));
    expect(bodyLengthOf(row), why).toBe(from.bodyLength[2]);
    const expected = body.u8.subarray(from.bodyAt[2], from.bodyAt[2] + from.bodyLength[2]);
    expect(row.blob.subarray(bodyFrom).toString('latin1'), why).toBe(expected.toString('latin1'));
    expect([row.idHigh, row.idLow, row.smsc], why).toEqual([from.idHigh[2], from.idLow[2], from.smsc[2]]);
  }
});

test('a row says whom the message waits for, and when it is due', () => {
  const table = new MessageTable(2);
  table.account[1] = 40;
  table.smsc[1] = 7;
  table.expiresMs[1] = 5000.25;
  table.dueMs[1] = 3000.75;
  table.smscIdLength[1] = table.text.write('caf\u00e9', TEXT_BYTES + columns.SMSC_ID_AT, 'latin1');
  const waitsFor = (state: number): unknown[] => {
    table.state[1] = state;
    const { kind, key, dueMs, smscId } = packRow(table, 1, undefined);
    return [kind, key, dueMs, smscId];
  };
  // A retry is looked for by its time, the others by the end of theirs, none too early.
  expect(waitsFor(SLOT_QUEUED)).toEqual([KIND_QUEUED, 7, 5001, null]);
  expect(waitsFor(SLOT_IN_FLIGHT)).toEqual([KIND_QUEUED, 7, 5001, null]);
  expect(waitsFor(SLOT_RETRY)).toEqual([KIND_RETRY, 7, 3001, null]);
  expect(waitsFor(SLOT_AWAITING)).toEqual([KIND_AWAITING, 7, 5001, 'caf\u00e9']);
  for (const state of [SLOT_RECEIPT, SLOT_DELIVERING, SLOT_RECEIPT_LATER]) {
    expect(waitsFor(state)).toEqual([KIND_RECEIPT, 40, 5001, null]);
  }
});

test('a message without a body has none in its row', () => {
  const table = new MessageTable(1);
  table.bodyBlock[0] = NO_BLOCK;
  table.bodyLength[0] = 99;
  expect(bodyLengthOf(packRow(table, 0, undefined))).toBe(0);
  expect(bodyLengthOf(packRow(table, 0, bytesWith(Buffer.alloc(200))))).toBe(0);
});

test('flags of this run of the daemon stay out of the row', () => {
  const table = new MessageTable(2);
  const [from, slot] = [table.allocate(), table.allocate()];
  table.flags[from] = columns.FLAG_STORED | columns.FLAG_INDEXED | columns.FLAG_DUPLICATE_RISK;
  unpackRow(table, slot, packRow(table, from, undefined));
  expect(table.flags[slot]).toBe(columns.FLAG_DUPLICATE_RISK);
});

test('a row of another release is refused, not misread', () => {
  const table = new MessageTable(1);
  const row = packRow(table, 0, undefined);
  row.blob[0] = 3;
  expect(() => unpackRow(table, 0, row)).toThrow('another release');
});

test("vendor TLVs stand between the SMSC's id and the body, their length in bytes 70 and 71", () => {
  const table = new MessageTable(2);
  const [from, slot] = [table.allocate(), table.allocate()];
  table.smscIdLength[from] = table.text.write('7f', from * TEXT_BYTES + columns.SMSC_ID_AT, 'latin1');
  const plain = packRow(table, from, undefined).blob;
  expect([plain.length, plain.toString('hex', 70)]).toEqual([78, '0000' + 'ffffffff' + '3766']);
  table.keepReceiptTlvs(from, Buffer.from('1401000161', 'hex'));
  table.bodyBlock[from] = 0;
  table.bodyLength[from] = 3;
  const row = packRow(table, from, bytesWith(Buffer.from('abc')));
  expect(row.blob.toString('hex', 70)).toBe('0500' + 'ffffffff' + '3766' + '1401000161' + '616263');
  expect([row.blob[0], unpackRow(table, slot, row)]).toEqual([2, 83]);
  expect(table.receiptTlvs(slot)?.toString('hex')).toBe('1401000161');
  // A slot that is filled again from a row without them has none.
  table.keepReceiptTlvs(from, undefined);
  unpackRow(table, slot, packRow(table, from, undefined));
  expect(table.receiptTlvs(slot)).toBeUndefined();
});

test('a row of version 2 from before there were TLVs has none', () => {
  const table = new MessageTable(1);
  const slot = table.allocate();
  table.keepReceiptTlvs(slot, Buffer.from('1401000161', 'hex'));
  const blob = Buffer.alloc(76 + 2 + 3);
  blob[0] = 2;
  blob[51] = 2;
  blob.writeUInt32LE(3, 52);
  blob.write('7fabc', 76, 'latin1');
  const row = { idHigh: 1, idLow: 2, kind: KIND_RECEIPT, key: 0, dueMs: 0, smscId: null, smsc: 0, blob };
  expect(unpackRow(table, slot, row)).toBe(78);
  expect([table.smscIdLength[slot], table.receiptTlvs(slot)]).toEqual([2, undefined]);
});

test('a row of the release before is read: it has no bytes 56 to 75', () => {
  const table = new MessageTable(2);
  const [from, slot] = [table.allocate(), table.allocate()];
  table.attempts[from] = 3;
  table.sourceLength[from] = table.text.write('\u0005\u0000Shop\u0000', from * TEXT_BYTES, 'latin1');
  table.toldLow[slot] = 9;
  table.keepReceiptTlvs(slot, Buffer.from('1401000161', 'hex'));
  const row = packRow(table, from, undefined);
  row.blob = Buffer.concat([row.blob.subarray(0, 56), row.blob.subarray(76)]);
  row.blob[0] = 1;
  unpackRow(table, slot, row);
  expect(table.attempts[slot]).toBe(3);
  expect(table.text.toString('latin1', slot * TEXT_BYTES, slot * TEXT_BYTES + 7)).toBe(
    '\u0005\u0000Shop\u0000',
  );
  expect(table.networkErrorType[slot]).toBe(columns.NO_NETWORK_ERROR);
  expect(table.userReference[slot]).toBe(columns.NO_REFERENCE);
  expect(table.flags[slot] & columns.FLAG_TOLD).toBe(0);
  expect(table.receiptTlvs(slot)).toBeUndefined();
});
