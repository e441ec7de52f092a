import { expect, test } from 'vitest';
import { NO_SLOT } from '../../src/core/message-table.ts';
import { PRIORITIES, PriorityQueue, SlotQueue } from '../../src/core/slot-queue.ts';
import { seeded } from './random.ts';

const links = () => new Int32Array(64).fill(NO_SLOT);

test('first in, first out; what comes back stands before the rest', () => {
  const queue = new SlotQueue(links());
  expect([queue.peek(), queue.shift()]).toEqual([NO_SLOT, NO_SLOT]);
  for (const slot of [5, 0, 63]) queue.push(slot);
  queue.unshift(9);
  expect(queue.length).toBe(4);
  expect(queue.peek()).toBe(9);
  expect([queue.shift(), queue.shift(), queue.shift(), queue.shift(), queue.shift()]).toEqual([
    9,
    5,
    0,
    63,
    NO_SLOT,
  ]);
  expect(queue.length).toBe(0);
});

test('an empty queue that gets its first by unshift goes on at its end', () => {
  const queue = new SlotQueue(links());
  queue.unshift(1);
  queue.push(2);
  expect([queue.shift(), queue.shift(), queue.shift()]).toEqual([1, 2, NO_SLOT]);
  queue.push(3);
  expect(queue.shift()).toBe(3);
});

test('any sequence of calls does what a list would do', () => {
  const random = seeded(7_002);
  const queue = new SlotQueue(links());
  const model: number[] = [];
  const free = new Set(Array.from({ length: 64 }, (_, slot) => slot));
  for (let round = 0; round < 30_000; round++) {
    const why = `seed ${random.seed}, round ${round}`;
    const what = random.below(4);
    if (what < 2 && free.size > 0) {
      const slot = random.pick([...free]);
      free.delete(slot);
      if (what === 0) {
        queue.push(slot);
        model.push(slot);
      } else {
        queue.unshift(slot);
        model.unshift(slot);
      }
    } else {
      const slot = queue.shift();
      expect(slot, why).toBe(model.shift() ?? NO_SLOT);
      if (slot !== NO_SLOT) free.add(slot);
    }
    expect(queue.length, why).toBe(model.length);
    expect(queue.peek(), why).toBe(model[0] ?? NO_SLOT);
  }
});

// 0 to 3 rise; 4, of 5.0 alone, is the background of cell broadcast.
test('priority_flag 3 goes first and 4 last, equal ones by arrival, and one that comes back before its equals', () => {
  const queue = new PriorityQueue(links());
  queue.push(10, 0);
  queue.push(11, 4);
  queue.push(12, 0);
  queue.push(13, 3);
  queue.push(14, 2);
  queue.push(16, 1);
  queue.push(17, 3);
  queue.unshift(15, 3);
  queue.unshift(18, 4);
  expect(queue.length).toBe(9);
  const order: number[] = [];
  while (queue.length > 0) {
    expect(queue.peek()).toBe(queue.peek());
    const next = queue.peek();
    expect(queue.shift()).toBe(next);
    order.push(next);
  }
  expect(order).toEqual([15, 13, 17, 14, 16, 10, 12, 18, 11]);
  expect([queue.peek(), queue.shift()]).toEqual([NO_SLOT, NO_SLOT]);
});

test('sifting shows every slot of every level once, and keeps the order of those that stay', () => {
  const queue = new PriorityQueue(links());
  for (const [slot, priority] of [
    [1, 0],
    [2, 0],
    [3, 0],
    [4, 4],
    [5, 4],
  ])
    queue.push(slot, priority);
  const seen: number[] = [];
  queue.sift((slot) => {
    seen.push(slot);
    return slot !== 2 && slot !== 4;
  });
  expect(seen.toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4, 5]);
  expect(queue.length).toBe(3);
  expect([queue.shift(), queue.shift(), queue.shift(), queue.shift()]).toEqual([1, 3, 5, NO_SLOT]);
});

test('every priority_flag of any version has a queue', () => {
  // SMPP 3.4 knows 0 to 3, 5.0 adds 4 (for ANSI-136 and CBS).
  expect(PRIORITIES).toBe(5);
});
