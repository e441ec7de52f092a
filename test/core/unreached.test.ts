import { expect, test } from 'vitest';
import { Unreached } from '../../src/core/unreached.ts';
import { seeded } from './random.ts';

const text = (value: string): Buffer => Buffer.from(`${value}\0`, 'latin1');

function note(unreached: Unreached, source: string, dest: string, account: number, ms: number): void {
  const [from, to] = [text(source), text(dest)];
  // Somewhere in a greater memory, as in the message table.
  const memory = Buffer.concat([Buffer.alloc(5), from, Buffer.alloc(3), to, Buffer.alloc(2)]);
  unreached.note(memory, 5, from.length, 8 + from.length, to.length, account, ms);
}

function accountOf(unreached: Unreached, source: string, dest: string): number {
  const place = unreached.find(text(source), text(dest));
  return place < 0 ? -1 : unreached.accountAt(place);
}

test('what is known is found by both addresses, and the one that was accepted last counts', () => {
  const unreached = new Unreached();
  expect(accountOf(unreached, 'Shop', '4477')).toBe(-1);
  note(unreached, 'Shop', '4477', 3, 1_000);
  note(unreached, 'Shop', '4478', 4, 1_000);
  note(unreached, 'Sho', 'p4477', 5, 1_000);
  expect(accountOf(unreached, 'Shop', '4477')).toBe(3);
  expect(accountOf(unreached, 'Shop', '4478')).toBe(4);
  expect(accountOf(unreached, 'Sho', 'p4477')).toBe(5);
  expect(accountOf(unreached, '4477', 'Shop')).toBe(-1);
  note(unreached, 'Shop', '4477', 6, 2_000);
  note(unreached, 'Shop', '4477', 7, 1_500);
  expect(accountOf(unreached, 'Shop', '4477')).toBe(6);
  expect(unreached.acceptedMsAt(unreached.find(text('Shop'), text('4477')))).toBe(2_000);
});

test('many are known at once, and of too many the latest', () => {
  const random = seeded(20_261_125);
  console.log(`unreached: seed ${random.seed}`);
  const unreached = new Unreached();
  const dests = Array.from({ length: 200_000 }, (_, index) => String(447_700_000_000 + index * 7));
  const foundOf = (from: number, to: number): number => {
    let found = 0;
    let wrong = 0;
    for (let index = from; index < to; index++) {
      const account = accountOf(unreached, 'Shop', dests[index]);
      if (account === index % 1_000) found++;
      else if (account >= 0) wrong++;
    }
    expect(wrong).toBe(0);
    return found;
  };
  const noteAll = (from: number, to: number): void => {
    for (let index = from; index < to; index++)
      note(unreached, 'Shop', dests[index], index % 1_000, 1 + index);
  };
  noteAll(0, 30_000);
  expect(foundOf(0, 30_000)).toBeGreaterThan(29_900);
  noteAll(30_000, 200_000);
  expect(foundOf(170_000, 200_000)).toBeGreaterThan(29_900);
  const strangers = Array.from({ length: 10_000 }, () =>
    String(33_600_000_000 + random.below(1_000_000_000)),
  );
  expect(strangers.filter((dest) => accountOf(unreached, 'Shop', dest) >= 0)).toEqual([]);
});
