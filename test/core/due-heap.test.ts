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

test('any sequence of pushing and taking does what a sorted list does', () => {
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
