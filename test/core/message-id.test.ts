import { expect, test } from 'vitest';
import {
  SEGMENT_EPOCH_S,
  INDEX_MAX,
  SHARDS_MAX,
  formatMessageId,
  idLowOf,
  indexOf,
  nextSegmentNumber,
  parseMessageId,
  laterIndex,
  shardOf,
} from '../../src/core/message-id.ts';
import { seeded } from './random.ts';

test('a segment is numbered by its second since 2024, and never twice', () => {
  expect(SEGMENT_EPOCH_S * 1000).toBe(Date.UTC(2024, 0, 1));
  expect(nextSegmentNumber(0, Date.UTC(2024, 0, 1, 0, 1, 5, 999))).toBe(65);
  // The same second again, a clock that was set back, and one that jumped far ahead before.
  expect(nextSegmentNumber(65, Date.UTC(2024, 0, 1, 0, 1, 5))).toBe(66);
  expect(nextSegmentNumber(1_000_000, Date.UTC(2024, 0, 1))).toBe(1_000_001);
});

test('the low half is the shard above 26 bits of index, at every bound', () => {
  for (const shard of [0, 1, 31, 32, SHARDS_MAX - 1]) {
    for (const index of [0, 1, 0x2aa_aaaa, INDEX_MAX]) {
      const low = idLowOf(shard, index);
      expect(low).toBe(shard * 2 ** 26 + index);
      expect([shardOf(low), indexOf(low)]).toEqual([shard, index]);
    }
  }
});

test('the printed form is 16 lower-case hexadecimal digits, zeros included', () => {
  expect(formatMessageId(0x00ab_cdef, 0x0400_0001)).toBe('00abcdef04000001');
  expect(formatMessageId(0xffff_ffff, 0xffff_ffff)).toBe('ffffffffffffffff');
  expect(formatMessageId(0, 0)).toBe('0000000000000000');
});

test('ids are read back in either case, and nothing else is taken for one', () => {
  expect(parseMessageId('00ABcdef04000001')).toEqual({ idHigh: 0x00ab_cdef, idLow: 0x0400_0001 });
  for (const text of [
    '',
    '0',
    '00abcdef0400000',
    '00abcdef040000012',
    '00abcdef0400000g',
    ' 0abcdef04000001',
  ]) {
    expect(parseMessageId(text)).toBeUndefined();
  }
});

test('printed ids sort as their segments and indexes do', () => {
  const random = seeded(20_260_201);
  const id = () => [random.below(2 ** 32), idLowOf(3, random.below(2 ** 26))] as const;
  for (let round = 0; round < 2000; round++) {
    const [a, b] = [id(), id()];
    const inOrder = a[0] < b[0] || (a[0] === b[0] && a[1] < b[1]);
    expect(formatMessageId(...a) < formatMessageId(...b), `seed ${random.seed}, round ${round}`).toBe(
      inOrder,
    );
    expect(parseMessageId(formatMessageId(...a))).toEqual({ idHigh: a[0], idLow: a[1] });
  }
});

test('of two message indexes the later one is known, also past the last', () => {
  const end = 2 ** 26;
  expect([laterIndex(5, 9), laterIndex(9, 5), laterIndex(7, 7)]).toEqual([9, 9, 7]);
  expect([laterIndex(end - 3, 2), laterIndex(2, end - 3), laterIndex(0, end / 2 - 1)]).toEqual([
    2,
    2,
    end / 2 - 1,
  ]);
});
