import { expect, test } from 'vitest';
import { IDS_EQUAL, IDS_SAME_BUT_CASE } from '../../src/core/smsc-id.ts';
import { SECOND_IDS_MAX, SecondIds } from '../../src/shard/second-ids.ts';
import type { SecondId } from '../../src/shard/second-ids.ts';

function second(smscId: string, idLow: number, changes: Partial<SecondId> = {}): SecondId {
  return { smsc: 1, smscId, idHigh: 7, idLow, slot: 0, attempt: 1, bind: 0, segment: 5, ...changes };
}

test('an id is found by its SMSC and by its message, and once', () => {
  const ids = new SecondIds();
  for (const each of [second('a', 1), second('A', 2), second('b', 1), second('a', 1, { attempt: 2 })])
    ids.add(each);
  ids.add(second('a', 3, { smsc: 2 }));
  const found = ids.candidates(1, 'a').map(({ item, likeness }) => [item.idLow, likeness]);
  expect(found).toEqual([
    [1, IDS_EQUAL],
    [2, IDS_SAME_BUT_CASE],
  ]);
  expect(ids.of(7, 1).map(({ smscId, attempt }) => [smscId, attempt])).toEqual([
    ['a', 1],
    ['b', 1],
  ]);
  expect([ids.of(8, 1), ids.size]).toEqual([[], 4]);
  ids.remove(ids.of(7, 1)[0]);
  expect(ids.candidates(1, 'a').map(({ item }) => item.idLow)).toEqual([2]);
  expect(ids.of(7, 1).map(({ smscId }) => smscId)).toEqual(['b']);
});

test('there is an end to them: the oldest gives way', () => {
  const ids = new SecondIds();
  for (let number = 0; number <= SECOND_IDS_MAX; number++) ids.add(second(`x${number}`, number));
  expect([ids.size, ids.of(7, 0), ids.candidates(1, 'x0')]).toEqual([SECOND_IDS_MAX, [], []]);
  expect(ids.of(7, SECOND_IDS_MAX)).toHaveLength(1);
});
