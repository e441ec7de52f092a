import { expect, test } from 'vitest';
import { AMBIGUOUS, IdIndex } from '../../src/core/id-index.ts';
import { IDS_EQUAL, IDS_SAME_BUT_CASE, IDS_SAME_BUT_ZEROS } from '../../src/core/smsc-id.ts';
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
  expect(find(index, 0, same)).toBe(AMBIGUOUS);
  index.remove(slots[0]);
  expect(find(index, 0, same)).toBe(slots[2]);
  index.remove(slots[2]);
  expect(find(index, 0, same)).toBe(NO_SLOT);
});

test('while its chains grow and shrink, every id is found, and a repeated one is known to be one', () => {
  const random = seeded(7_004);
  const table = new MessageTable(CAPACITY);
  const index = new IdIndex(table);
  const twice = Buffer.from('twice');
  const older = withId(table, 1, twice);
  const newer = withId(table, 1, twice);
  index.add(older);
  index.add(newer);
  const idOf = (number: number): Buffer => Buffer.from(`id-${number}`);
  const slots = new Map<number, number>();
  // Up to four times as many as there are chains at first, and down again, twice.
  for (const goal of [CAPACITY - 2, 3, CAPACITY - 2, 0]) {
    while (slots.size !== goal) {
      const number = goal > slots.size ? slots.size + 10_000 * goal : random.pick([...slots.keys()]);
      const slot = slots.get(number);
      if (slot === undefined) {
        const fresh = withId(table, 1, idOf(number));
        index.add(fresh);
        slots.set(number, fresh);
      } else {
        index.remove(slot);
        table.release(slot);
        slots.delete(number);
      }
      if (slots.size % 512 !== 0) continue;
      expect(find(index, 1, twice), `seed ${random.seed}`).toBe(AMBIGUOUS);
      const both = index.alike(1, twice, 0, twice.length).map(({ slot }) => slot);
      expect(both, `seed ${random.seed}`).toEqual([newer, older]);
      for (const [each, at] of slots) expect(find(index, 1, idOf(each)), `seed ${random.seed}`).toBe(at);
    }
  }
  index.remove(newer);
  expect(find(index, 1, twice)).toBe(older);
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

test.each([
  ['0a', ['0A'], [['0A', IDS_SAME_BUT_CASE]]],
  ['0a', ['a'], [['a', IDS_SAME_BUT_ZEROS]]],
  ['7', ['0000000007'], [['0000000007', IDS_SAME_BUT_ZEROS]]],
  [
    '0a',
    ['a', '0A', '0a', '00A'],
    [
      ['00A', IDS_SAME_BUT_ZEROS],
      ['0a', IDS_EQUAL],
      ['0A', IDS_SAME_BUT_CASE],
      ['a', IDS_SAME_BUT_ZEROS],
    ],
  ],
  [
    '7',
    ['7', '7'],
    [
      ['7', IDS_EQUAL],
      ['7', IDS_EQUAL],
    ],
  ],
  ['7', ['8', '70'], []],
])('messages whose ids are like %s among %j, the newest first', (id, ids, expected) => {
  const table = new MessageTable(16);
  const index = new IdIndex(table);
  const slots = ids.map((each) => withId(table, 0, Buffer.from(each)));
  for (const slot of slots) index.add(slot);
  index.add(withId(table, 1, Buffer.from(id)));
  const alike = index.alike(0, Buffer.from(id), 0, id.length);
  expect(alike.map(({ slot, likeness }) => [ids[slots.indexOf(slot)], likeness])).toEqual(expected);
});
