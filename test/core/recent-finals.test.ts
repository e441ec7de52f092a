import { expect, test } from 'vitest';
import { RecentFinals, sourceMark } from '../../src/core/recent-finals.ts';

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

test('source addresses that differ at their ends or in length have different marks', () => {
  const mark = (text: string): number => {
    const bytes = Buffer.from(`\u0001\u0001${text}\0`, 'latin1');
    return sourceMark(bytes, 0, bytes.length);
  };
  const marks = ['447700900001', '447700900002', '44770090000', 'Shop', 'Shoq'].map(mark);
  expect(new Set(marks).size).toBe(5);
  expect(mark('447700900001')).toBe(marks[0]);
});
