import { expect, test } from 'vitest';
import { RecentFinals, sourceMark } from '../../src/core/recent-finals.ts';
import { seeded } from './random.ts';

const random = seeded(15);

test('what ended is known until as many others ended', () => {
  const finals = new RecentFinals(3);
  for (let index = 0; index < 3; index++)
    finals.add(7, index, 40 + index, 2 + index, 200, 5, 1_795_000_000_000 + index);
  const at = finals.find(7, 1);
  expect([finals.accountAt(at), finals.stateAt(at), finals.errorCodeAt(at)]).toEqual([41, 3, 200]);
  expect([finals.sourceAt(at), finals.doneMsAt(at)]).toEqual([5, 1_795_000_000_001]);
  finals.add(7, 3, 43, 5, 0, 5, 1003);
  expect(finals.find(7, 0)).toBe(-1);
  expect(finals.accountAt(finals.find(7, 3))).toBe(43);
  expect(finals.find(8, 1)).toBe(-1);
});

test('an empty ring knows no message, not even that of id 0', () => {
  expect(new RecentFinals(4).find(0, 0)).toBe(-1);
});

test('the short id of 3.3 means the latest message with that low half', () => {
  const finals = new RecentFinals(8);
  for (const segment of [5, 9, 7]) finals.add(segment, 0xffff_fff0, segment, 2, 0, 0, 0);
  expect(finals.accountAt(finals.find(-1, 0xffff_fff0))).toBe(9);
  expect(finals.find(-1, 1)).toBe(-1);
});

test('source addresses that differ anywhere have different marks, whatever their ton and npi', () => {
  const mark = (text: string, kind = '\u0001\u0001'): number => {
    const bytes = Buffer.from(`${kind}${text}\0`, 'latin1');
    return sourceMark(bytes, 0, bytes.length);
  };
  const own = '447700900001';
  const others = [...own].map(
    (digit, at) => own.slice(0, at) + (digit === '9' ? '8' : '9') + own.slice(at + 1),
  );
  const more = ['449999990001', '44770090000', '4477009000011', '', 'Shop', 'Shoq', 'shop'];
  const all = [own, ...others, ...more];
  expect(new Set(all.map((text) => mark(text))).size).toBe(new Set(all).size);
  expect(mark(own, '\u0005\u0000')).toBe(mark(own));
  // An offset is not part of it.
  const shifted = Buffer.from(`xx\u0001\u0001${own}\0yy`, 'latin1');
  expect(sourceMark(shifted, 2, own.length + 3)).toBe(mark(own));
});

test(`what ended while places are kept up is found as well (seed ${random.seed})`, () => {
  const finals = new RecentFinals(16);
  const ended: number[] = [];
  for (let index = 0; index < 500; index++) {
    if (random.below(20) === 0) finals.dropUnused();
    finals.add(7, index, index, 2, 0, 0, 0);
    ended.push(index);
    const asked = random.below(index + 1);
    if (random.below(3) > 0) continue;
    const at = finals.find(7, asked);
    expect([index, asked, at < 0 ? -1 : finals.accountAt(at)]).toEqual([
      index,
      asked,
      ended.slice(-16).includes(asked) ? asked : -1,
    ]);
  }
});

test('of several with a short id the latest that is meant is found', () => {
  const finals = new RecentFinals(8);
  for (const segment of [5, 9, 7]) finals.add(segment, 3, segment, 2, 0, 0, 0);
  expect(finals.accountAt(finals.find(-1, 3, (at) => finals.accountAt(at) !== 9))).toBe(7);
  expect(finals.find(9, 3, () => false)).toBe(-1);
});

test('whether a message with an id at its SMSC ended so, before and after the first question', () => {
  const finals = new RecentFinals(4);
  const add = (hash: number, state: number, doneMs: number): void =>
    finals.add(7, doneMs % 1000, 1, state, 0, 0, doneMs, 0, hash);
  const at = 1_767_225_600_000;
  add(0xffff_fff1, 2, at);
  expect(finals.hasEnded(0xffff_fff1, 2, at, at)).toBe(true);
  expect(finals.hasEnded(0xffff_fff1, 5, at, at)).toBe(false);
  expect(finals.hasEnded(0xffff_fff1, 2, at + 1, at + 9)).toBe(false);
  expect(finals.hasEnded(0xffff_fff1, 2, at - 9, at - 1)).toBe(false);
  expect(finals.hasEnded(0xffff_fff2, 2, at, at)).toBe(false);
  for (let count = 1; count <= 3; count++) add(5, 2, at + count);
  expect(finals.hasEnded(5, 2, at + 3, at + 3)).toBe(true);
  expect(finals.hasEnded(0xffff_fff1, 2, at, at)).toBe(true);
  add(6, 2, at);
  expect(finals.hasEnded(0xffff_fff1, 2, at, at)).toBe(false);
  // Not kept up for a while, and then asked for again.
  finals.dropUnused();
  finals.dropUnused();
  add(8, 2, at);
  expect([finals.hasEnded(8, 2, at, at), finals.hasEnded(6, 2, at, at)]).toEqual([true, true]);
});
