import { expect, test } from 'vitest';
import { IdIndex, hashSmscId } from '../../src/core/id-index.ts';
import {
  FLAG_INDEXED,
  MessageTable,
  NO_SLOT,
  SLOT_AWAITING,
  SMSC_ID_AT,
  TEXT_BYTES,
} from '../../src/core/message-table.ts';
import { seeded } from './random.ts';

const CAPACITY = 4096;

function withId(table: MessageTable, smsc: number, id: Buffer): number {
  const slot = table.allocate();
  table.state[slot] = SLOT_AWAITING;
  table.smsc[slot] = smsc;
  table.smscIdLength[slot] = id.copy(table.text, slot * TEXT_BYTES + SMSC_ID_AT);
  return slot;
}

const find = (index: IdIndex, smsc: number, id: Buffer): number => index.find(smsc, id, 0, id.length);

test('finds by SMSC and whole id, at any place of the bytes', () => {
  const table = new MessageTable(16);
  const index = new IdIndex(table);
  const slot = withId(table, 3, Buffer.from('0a1b2c'));
  index.add(slot);
  expect(find(index, 3, Buffer.from('0a1b2c'))).toBe(slot);
  expect(index.find(3, Buffer.from('id:0a1b2c sub'), 3, 6)).toBe(slot);
  for (const other of ['0a1b2', '0a1b2c0', '0A1B2C', '']) {
    expect(find(index, 3, Buffer.from(other)), other).toBe(NO_SLOT);
  }
  expect(find(index, 4, Buffer.from('0a1b2c'))).toBe(NO_SLOT);
});

test('removing is fine when it is not in, and leaves the others in its chain', () => {
  const table = new MessageTable(16);
  const index = new IdIndex(table);
  const same = Buffer.from('same');
  // An SMSC that gives an id twice: three entries of one chain.
  const slots = [1, 2, 3].map(() => withId(table, 0, same));
  index.remove(slots[0]);
  for (const slot of slots) index.add(slot);
  index.remove(slots[1]);
  index.remove(slots[1]);
  expect(table.flags[slots[1]] & FLAG_INDEXED).toBe(0);
  const left = [find(index, 0, same)];
  index.remove(left[0]);
  left.push(find(index, 0, same));
  index.remove(left[1]);
  expect(new Set(left)).toEqual(new Set([slots[0], slots[2]]));
  expect(find(index, 0, same)).toBe(NO_SLOT);
});

test('any sequence of adding, finding and removing does what a Map does', () => {
  const random = seeded(7_003);
  const table = new MessageTable(CAPACITY);
  const index = new IdIndex(table);
  const model = new Map<string, number>();
  const key = (smsc: number, id: Buffer): string => `${smsc}:${id.toString('latin1')}`;
  // Ids as SMSCs give them: counted, padded, in hexadecimal; few enough that they are met again.
  const makeId = (): Buffer => {
    const number = random.below(6000);
    return Buffer.from(random.pick([String(number), number.toString(16), String(number).padStart(10, '0')]));
  };
  for (let round = 0; round < 60_000; round++) {
    const smsc = random.below(3);
    const id = makeId();
    const known = model.get(key(smsc, id));
    expect(find(index, smsc, id), `seed ${random.seed}, round ${round}`).toBe(known ?? NO_SLOT);
    if (known !== undefined && random.below(3) === 0) {
      index.remove(known);
      table.release(known);
      model.delete(key(smsc, id));
    } else if (known === undefined && table.freeSlots() > 0) {
      const slot = withId(table, smsc, id);
      index.add(slot);
      model.set(key(smsc, id), slot);
    }
  }
  for (const slot of model.values()) index.remove(slot);
  for (const name of model.keys()) {
    const [smsc, id] = name.split(':');
    expect(find(index, Number(smsc), Buffer.from(id))).toBe(NO_SLOT);
  }
});

test('ids that count up do not fall into few chains', () => {
  const used = new Set<number>();
  for (let number = 0; number < 1024; number++) {
    const id = Buffer.from(number.toString().padStart(10, '0'));
    used.add(hashSmscId(1, id, 0, id.length) & 1023);
  }
  // 1,024 balls in 1,024 boxes at random leave some 647 boxes with one or more.
  expect(used.size).toBeGreaterThan(550);
});
