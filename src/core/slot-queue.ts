/** First-in first-out list of slots through the table's own links: a slot is in one queue at a time. */
import { NO_SLOT } from './message-table.ts';

export class SlotQueue {
  readonly #next: Int32Array;
  #first = NO_SLOT;
  #last = NO_SLOT;
  length = 0;

  constructor(next: Int32Array) {
    this.#next = next;
  }

  push(slot: number): void {
    this.#next[slot] = NO_SLOT;
    if (this.#last === NO_SLOT) this.#first = slot;
    else this.#next[this.#last] = slot;
    this.#last = slot;
    this.length++;
  }

  /** Back to the head, before everything that waits. */
  unshift(slot: number): void {
    this.#next[slot] = this.#first;
    this.#first = slot;
    if (this.#last === NO_SLOT) this.#last = slot;
    this.length++;
  }

  peek(): number {
    return this.#first;
  }

  shift(): number {
    const slot = this.#first;
    if (slot === NO_SLOT) return NO_SLOT;
    this.#first = this.#next[slot];
    if (this.#first === NO_SLOT) this.#last = NO_SLOT;
    this.length--;
    return slot;
  }
}

/**
 * One queue for each priority_flag 0..4: 3 goes first, then 2, 1 and 0, and last 4, which 5.0 added for what is sent in
 * the background; equal ones in order of arrival.
 */
export class PriorityQueue {
  /** By priority_flag. */
  readonly #levels: SlotQueue[];
  /** The same in the order in which they are sent. */
  readonly #order: SlotQueue[];
  length = 0;

  constructor(next: Int32Array) {
    this.#levels = Array.from({ length: PRIORITIES }, () => new SlotQueue(next));
    this.#order = [3, 2, 1, 0, BACKGROUND].map((priority) => this.#levels[priority]);
  }

  push(slot: number, priority: number): void {
    this.#levels[priority].push(slot);
    this.length++;
  }

  unshift(slot: number, priority: number): void {
    this.#levels[priority].unshift(slot);
    this.length++;
  }

  shift(): number {
    const order = this.#order;
    for (let turn = 0; turn < PRIORITIES; turn++) {
      const slot = order[turn].shift();
      if (slot === NO_SLOT) continue;
      this.length--;
      return slot;
    }
    return NO_SLOT;
  }

  /** Shows every slot to `keep`, level by level in order of arrival; those it returns false for leave the queue. */
  sift(keep: (slot: number) => boolean): void {
    for (const level of this.#levels) {
      for (let count = level.length; count > 0; count--) {
        const slot = level.shift();
        this.length--;
        if (!keep(slot)) continue;
        level.push(slot);
        this.length++;
      }
    }
  }

  peek(): number {
    const order = this.#order;
    for (let turn = 0; turn < PRIORITIES; turn++) {
      const slot = order[turn].peek();
      if (slot !== NO_SLOT) return slot;
    }
    return NO_SLOT;
  }
}

export const PRIORITIES = 5;
const BACKGROUND = 4;
