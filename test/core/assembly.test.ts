import { describe, expect, test } from 'vitest';
import { Assembly, type AssemblyKey } from '../../src/core/assembly.ts';
import { seeded } from './random.ts';

const KEY: AssemblyKey = { account: 1, source: 'a', dest: 'b', kind: 'udh8', reference: 7, total: 3 };
const LIMITS = { setsMax: 10, partsMax: 100, waitMs: 1_000 };
const fresh = (limits: Partial<typeof LIMITS> = {}) => new Assembly<string>({ ...LIMITS, ...limits });

describe('Assembly', () => {
  test('parts in any order are whole when the last is there', () => {
    const assembly = fresh();
    expect(assembly.add(KEY, 3, 'three', 0)).toEqual({ outcome: 'waiting' });
    expect(assembly.add(KEY, 1, 'one', 5)).toEqual({ outcome: 'waiting' });
    expect([assembly.sets, assembly.partsHeld]).toEqual([1, 2]);
    expect(assembly.add(KEY, 2, 'two', 9)).toEqual({ outcome: 'complete', parts: ['one', 'two', 'three'] });
    expect([assembly.sets, assembly.partsHeld]).toEqual([0, 0]);
  });

  test.each<Partial<AssemblyKey>>([
    { account: 2 },
    { source: 'c' },
    { dest: 'c' },
    { kind: 'udh16' },
    { kind: 'sar' },
    { reference: 8 },
    { total: 2 },
  ])('%o is another message', (other) => {
    const assembly = fresh();
    assembly.add(KEY, 1, 'one', 0);
    expect(assembly.add({ ...KEY, ...other }, 2, 'other', 0)).toEqual({ outcome: 'waiting' });
    expect(assembly.sets).toBe(2);
    assembly.add(KEY, 2, 'two', 0);
    expect(assembly.add(KEY, 3, 'three', 0)).toMatchObject({ parts: ['one', 'two', 'three'] });
  });

  test('addresses do not run into each other', () => {
    const assembly = fresh();
    assembly.add({ ...KEY, total: 2, source: '1', dest: '23' }, 1, 'one', 0);
    expect(assembly.add({ ...KEY, total: 2, source: '12', dest: '3' }, 2, 'two', 0).outcome).toBe('waiting');
  });

  test('the first of two parts with one sequence stays', () => {
    const assembly = fresh();
    assembly.add(KEY, 1, 'one', 0);
    expect(assembly.add(KEY, 1, 'again', 0)).toEqual({ outcome: 'duplicate', held: 'one' });
    assembly.add(KEY, 2, 'two', 0);
    expect(assembly.add(KEY, 3, 'three', 0)).toMatchObject({ parts: ['one', 'two', 'three'] });
  });

  test.each([
    [3, 0],
    [3, 4],
    [0, 0],
    [0, 1],
  ])('of %i parts there is none with the number %i', (total, sequence) => {
    const assembly = fresh();
    expect(assembly.add({ ...KEY, total }, sequence, 'x', 0)).toEqual({ outcome: 'ignored' });
    expect(assembly.sets).toBe(0);
  });

  test('one part is whole at once', () => {
    expect(fresh().add({ ...KEY, total: 1 }, 1, 'all', 0)).toEqual({ outcome: 'complete', parts: ['all'] });
  });

  test('what waits too long comes out in order, gaps closed, the oldest message first', () => {
    const assembly = fresh();
    assembly.add(KEY, 3, 'three', 0);
    assembly.add({ ...KEY, reference: 8 }, 1, 'eight', 10);
    assembly.add(KEY, 1, 'one', 999);
    expect(assembly.takeOverdue(999)).toBeUndefined();
    expect(assembly.takeOverdue(1_010)).toEqual(['one', 'three']);
    expect(assembly.takeOverdue(1_010)).toEqual(['eight']);
    expect(assembly.takeOverdue(1_010)).toBeUndefined();
    expect([assembly.sets, assembly.partsHeld]).toEqual([0, 0]);
    // What comes later begins anew.
    expect(assembly.add(KEY, 2, 'two', 1_011)).toEqual({ outcome: 'waiting' });
  });

  test('one message is taken out by its key', () => {
    const assembly = fresh();
    assembly.add(KEY, 2, 'two', 0);
    assembly.add({ ...KEY, reference: 8 }, 1, 'other', 0);
    expect(assembly.take(KEY)).toEqual(['two']);
    expect(assembly.take(KEY)).toEqual([]);
    expect([assembly.sets, assembly.partsHeld]).toEqual([1, 1]);
  });

  test('one part is taken out by its place, if it is the one that is meant', () => {
    const assembly = fresh();
    assembly.add(KEY, 1, 'one', 0);
    assembly.add(KEY, 2, 'two', 0);
    const take = (key: AssemblyKey, sequence: number, part: string): string | undefined =>
      assembly.takeOne(key, sequence, (held) => held === part);
    expect(take(KEY, 2, 'one')).toBeUndefined();
    expect(take(KEY, 3, 'three')).toBeUndefined();
    expect(take({ ...KEY, reference: 8 }, 2, 'two')).toBeUndefined();
    expect(take(KEY, 2, 'two')).toBe('two');
    expect(take(KEY, 2, 'two')).toBeUndefined();
    expect([assembly.sets, assembly.partsHeld]).toEqual([1, 1]);
    // Its place is free for another.
    assembly.add(KEY, 3, 'three', 1);
    expect(assembly.add(KEY, 2, 'new two', 2)).toMatchObject({ parts: ['one', 'new two', 'three'] });
    assembly.add(KEY, 2, 'alone', 3);
    expect(take(KEY, 2, 'alone')).toBe('alone');
    expect([assembly.sets, assembly.partsHeld]).toEqual([0, 0]);
  });

  test('is bounded in messages and in parts', () => {
    const assembly = fresh({ setsMax: 2 });
    for (let reference = 0; reference < 3; reference++)
      assembly.add({ ...KEY, reference }, 1, `${reference}`, 0);
    expect(assembly.takeOverdue(0)).toEqual(['0']);
    expect(assembly.takeOverdue(0)).toBeUndefined();
    const parts = fresh({ partsMax: 3 });
    parts.add(KEY, 1, 'a1', 0);
    parts.add(KEY, 2, 'a2', 0);
    parts.add({ ...KEY, reference: 8 }, 1, 'b1', 0);
    expect(parts.takeOverdue(0)).toBeUndefined();
    parts.add({ ...KEY, reference: 8 }, 2, 'b2', 0);
    expect(parts.takeOverdue(0)).toEqual(['a1', 'a2']);
    expect(parts.partsHeld).toBe(2);
  });

  test('random parts, repeats and losses: nothing is lost, mixed or counted twice', () => {
    const random = seeded(923);
    const assembly = fresh({ setsMax: 20, partsMax: 50, waitMs: 200 });
    const inside = new Set<string>();
    const leave = (parts: readonly string[]): void => {
      expect(new Set(parts.map((part) => part.split('/')[0])).size, `seed ${random.seed}`).toBe(1);
      for (const part of parts) expect(inside.delete(part), `seed ${random.seed}: ${part}`).toBe(true);
    };
    for (let nowMs = 0; nowMs < 5_000; nowMs++) {
      const reference = random.below(40);
      const total = 1 + random.below(4);
      const sequence = random.below(6);
      const name = `${reference}-${total}/${nowMs}`;
      const result = assembly.add({ ...KEY, reference, total }, sequence, name, nowMs);
      if (result.outcome === 'waiting' || result.outcome === 'complete') inside.add(name);
      if (result.outcome === 'complete') {
        expect(result.parts).toHaveLength(total);
        leave(result.parts);
      }
      for (
        let parts = assembly.takeOverdue(nowMs);
        parts !== undefined;
        parts = assembly.takeOverdue(nowMs)
      ) {
        leave(parts);
      }
      expect(assembly.partsHeld, `seed ${random.seed}`).toBe(inside.size);
      expect(assembly.sets).toBeLessThanOrEqual(20);
    }
  });
});
