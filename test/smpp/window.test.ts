import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SEQUENCE_MAX } from '../../src/smpp/constants.ts';
import { Window } from '../../src/smpp/window.ts';

/** A window whose next sequence_number is `sequence`, by the public way round would be 2^31 calls. */
function windowAt(sequence: number, limit: number): Window {
  const window = new Window(limit);
  (window as unknown as { next: number }).next = sequence;
  return window;
}

function drained(window: Window): [number, number][] {
  const entries: [number, number][] = [];
  window.forEach((sequence, value) => entries.push([sequence, value]));
  return entries;
}

describe('the window', () => {
  it('counts from 1 and is full at its limit', () => {
    const window = new Window(2);
    expect(window.nextSequence()).toBe(1);
    expect(window.add(1, 10, 0)).toBe(true);
    expect(window.add(window.nextSequence(), 20, 0)).toBe(true);
    expect(window.add(window.nextSequence(), 30, 0)).toBe(false);
    expect([window.size, window.isFull()]).toEqual([2, true]);
    expect(window.take(1)).toBe(10);
    expect([window.size, window.isFull()]).toEqual([1, false]);
  });

  it('gives each entry once and nothing for what it never had', () => {
    const window = new Window(4);
    window.add(window.nextSequence(), 7, 5);
    expect(window.take(1 + 8)).toBe(-1);
    expect(window.take(0)).toBe(-1);
    expect(window.take(0xffff_ffff)).toBe(-1);
    expect(window.take(1)).toBe(7);
    expect(window.takenSentMs).toBe(5);
    expect(window.take(1)).toBe(-1);
    expect(window.size).toBe(0);
  });

  it('wraps from 0x7FFFFFFF to 1 and keeps the order of sending', () => {
    const window = windowAt(SEQUENCE_MAX - 1, 8);
    const sequences = [1, 2, 3, 4].map((value) => {
      const sequence = window.nextSequence();
      window.add(sequence, value, 0);
      return sequence;
    });
    expect(sequences).toEqual([SEQUENCE_MAX - 1, SEQUENCE_MAX, 1, 2]);
    expect(drained(window).map(([, value]) => value)).toEqual([1, 2, 3, 4]);
  });

  it('goes round an old entry for ever', () => {
    const window = new Window(3);
    window.add(window.nextSequence(), 99, 0);
    const used = new Set([1]);
    for (let i = 0; i < 1000; i++) {
      const sequence = window.nextSequence();
      expect(used.has(sequence)).toBe(false);
      used.add(sequence);
      expect(window.add(sequence, i, i)).toBe(true);
      expect(window.take(sequence)).toBe(i);
    }
    expect(drained(window)).toEqual([[1, 99]]);
  });

  it('tells the only one', () => {
    const window = new Window(4);
    expect(window.single()).toBe(-1);
    window.add(window.nextSequence(), 1, 0);
    expect(window.single()).toBe(1);
    window.add(window.nextSequence(), 1, 0);
    expect(window.single()).toBe(-1);
  });

  it('refuses a sequence_number that is in flight', () => {
    const window = new Window(4);
    window.add(window.nextSequence(), 1, 0);
    expect(() => window.add(1, 2, 0)).toThrow('taken');
  });

  it('does not hang when the limit is raised above what it was made for', () => {
    const window = new Window(2);
    window.limit = 1000;
    let added = 0;
    while (window.add(window.nextSequence(), 0, 0)) added++;
    expect(added).toBe(3);
    expect(window.isFull()).toBe(true);
  });
});

describe('expiry', () => {
  it('takes what is due, oldest first, and leaves the rest', () => {
    const window = new Window(8);
    for (let i = 0; i < 6; i++) window.add(window.nextSequence(), i, i * 100);
    window.take(2);
    const expired: number[] = [];
    expect(window.expire(1000, 600, (_sequence, value) => expired.push(value))).toBe(4);
    expect(expired).toEqual([0, 2, 3, 4]);
    expect(window.size).toBe(1);
    expect(window.expire(1000, 600, () => expired.push(-1))).toBe(0);
    expect(window.expire(1100, 600, (_sequence, value) => expired.push(value))).toBe(1);
    expect(expired.at(-1)).toBe(5);
  });

  it('lets the callback send again', () => {
    const window = new Window(2);
    for (let i = 0; i < 2; i++) window.add(window.nextSequence(), i, 0);
    const expired: number[] = [];
    window.expire(1000, 500, (_sequence, value) => {
      expired.push(value);
      window.add(window.nextSequence(), value + 10, 1000);
    });
    expect(expired).toEqual([0, 1]);
    expect(drained(window).map(([, value]) => value)).toEqual([10, 11]);
  });
});

describe('against a map', () => {
  it('holds the same through any order of answers and timeouts', () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant('send' as const) }),
      fc.record({ kind: fc.constant('answer' as const), pick: fc.nat(1000) }),
      fc.record({ kind: fc.constant('late' as const), sequence: fc.nat(200) }),
      fc.record({ kind: fc.constant('expire' as const), timeoutMs: fc.nat(40) }),
    );
    const property = fc.property(
      fc.integer({ min: 1, max: 9 }),
      fc.constantFrom(1, SEQUENCE_MAX - 20),
      fc.array(step, { maxLength: 200 }),
      (limit, first, steps) => {
        const window = windowAt(first, limit);
        const model = new Map<number, { value: number; sentMs: number }>();
        steps.forEach((s, nowMs) => {
          if (s.kind === 'send') {
            const sequence = window.nextSequence();
            expect(model.has(sequence)).toBe(false);
            const fits = model.size < limit;
            expect(window.add(sequence, nowMs, nowMs)).toBe(fits);
            if (fits) model.set(sequence, { value: nowMs, sentMs: nowMs });
          } else if (s.kind === 'expire') {
            const due = [...model].filter(([, entry]) => entry.sentMs <= nowMs - s.timeoutMs);
            const expired: number[] = [];
            window.expire(nowMs, s.timeoutMs, (sequence) => expired.push(sequence));
            expect(expired).toEqual(due.map(([sequence]) => sequence));
            for (const [sequence] of due) model.delete(sequence);
          } else {
            const keys = [...model.keys()];
            const sequence = s.kind === 'late' ? s.sequence : (keys[s.pick % Math.max(1, keys.length)] ?? 5);
            expect(window.take(sequence)).toBe(model.get(sequence)?.value ?? -1);
            model.delete(sequence);
          }
          expect(window.size).toBe(model.size);
        });
        expect(drained(window)).toEqual([...model].map(([sequence, { value }]) => [sequence, value]));
      },
    );
    fc.assert(property, { numRuns: 300, seed: 20_260_103 });
  });
});
