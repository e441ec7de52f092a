import { expect, test } from 'vitest';
import { DueHeap } from '../../src/core/due-heap.ts';
import { NO_SLOT } from '../../src/core/message-table.ts';
import { seeded } from './random.ts';

test('says when the first is due, and gives nothing before', () => {
  const heap = new DueHeap();
  expect(heap.nextDueMs()).toBe(Infinity);
  expect(heap.takeDue(Infinity)).toBe(NO_SLOT);
  heap.push(7, 2000);
  heap.push(8, 1000.5);
  expect(heap.nextDueMs()).toBe(1000.5);
  expect(heap.takeDue(1000)).toBe(NO_SLOT);
  expect(heap.takeDue(1000.5)).toBe(8);
  expect(heap.takenDueMs).toBe(1000.5);
  expect(heap.takeDue(1999)).toBe(NO_SLOT);
  expect(heap.takeDue(2000)).toBe(7);
  expect(heap.length).toBe(0);
});

test('the same slot may stand in it twice: each entry keeps its own time', () => {
  const heap = new DueHeap();
  heap.push(1, 20);
  heap.push(1, 10);
  expect([heap.takeDue(99), heap.takenDueMs, heap.takeDue(99), heap.takenDueMs]).toEqual([1, 10, 1, 20]);
});

test('an entry that is taken out is gone, and only that one', () => {
  const heap = new DueHeap();
  for (const dueMs of [30, 10, 20]) heap.push(1, dueMs);
  heap.push(2, 10);
  expect([heap.remove(1, 10), heap.remove(1, 10), heap.remove(2, 20), heap.remove(3, 10)]).toEqual([
    true,
    false,
    false,
    false,
  ]);
  expect(heap.length).toBe(3);
  expect([heap.takeDue(99), heap.takeDue(99), heap.takenDueMs, heap.takeDue(99)]).toEqual([2, 1, 20, 1]);
  // What was taken is not found again behind the end.
  expect([heap.remove(1, 30), heap.length]).toEqual([false, 0]);
});

test('what is sifted out is gone, the rest comes in its order', () => {
  const heap = new DueHeap();
  for (let slot = 0; slot < 200; slot++) heap.push(slot, (slot * 77) % 200);
  heap.sift((slot) => slot % 3 === 0);
  const left: number[] = [];
  while (heap.length > 0) left.push(heap.takeDue(Infinity));
  const kept = Array.from({ length: 67 }, (_, index) => index * 3);
  expect(left).toEqual(kept.toSorted((a, b) => ((a * 77) % 200) - ((b * 77) % 200)));
});

test('any sequence of pushing, taking and taking out does what a sorted list does', () => {
  const random = seeded(7_004);
  const heap = new DueHeap();
  let model: { slot: number; dueMs: number }[] = [];
  let nowMs = 1_767_225_600_000;
  for (let round = 0; round < 20_000; round++) {
    const why = `seed ${random.seed}, round ${round}`;
    // Grows over its first 64 entries, and runs empty at times.
    if (random.below(100) < (round % 4000 < 2500 ? 60 : 30)) {
      const entry = { slot: random.below(1_000_000), dueMs: nowMs + random.below(500) };
      heap.push(entry.slot, entry.dueMs);
      model.push(entry);
    } else if (random.below(5) === 0 && model.length > 0) {
      const at = random.below(model.length);
      const { slot, dueMs } = model[at];
      expect(heap.remove(slot, dueMs), why).toBe(true);
      model = model.toSpliced(at, 1);
    } else {
      nowMs += random.below(10);
      const first = Math.min(...model.map(({ dueMs }) => dueMs));
      expect(heap.nextDueMs(), why).toBe(first);
      const slot = heap.takeDue(nowMs);
      if (first > nowMs) expect(slot, why).toBe(NO_SLOT);
      else {
        expect(heap.takenDueMs, why).toBe(first);
        const at = model.findIndex((entry) => entry.slot === slot && entry.dueMs === first);
        expect(at, why).toBeGreaterThanOrEqual(0);
        model = model.toSpliced(at, 1);
      }
    }
    expect(heap.length, why).toBe(model.length);
  }
});
