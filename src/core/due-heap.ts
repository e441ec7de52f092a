/** Slots by the time they are due: a binary heap over typed arrays that grow. */
import { NO_SLOT } from './message-table.ts';

export class DueHeap {
  #dueMs = new Float64Array(64);
  #slots = new Int32Array(64);
  length = 0;
  /** When the slot that `takeDue` gave last was due: tells an entry that was overtaken by another event. */
  takenDueMs = 0;

  push(slot: number, dueMs: number): void {
    if (this.length === this.#slots.length) this.#grow();
    const at = this.#raise(this.length++, dueMs);
    this.#dueMs[at] = dueMs;
    this.#slots[at] = slot;
  }

  /** When the first one is due; Infinity when there is none. */
  nextDueMs(): number {
    return this.length === 0 ? Number.POSITIVE_INFINITY : this.#dueMs[0];
  }

  /** Takes the first slot if it is due, else NO_SLOT. */
  takeDue(nowMs: number): number {
    if (this.length === 0 || this.#dueMs[0] > nowMs) return NO_SLOT;
    const slot = this.#slots[0];
    this.takenDueMs = this.#dueMs[0];
    this.#dropFirst();
    return slot;
  }

  /**
   * Takes out an entry before it is due; false: there is none. What is replaced or cancelled over and over would
   * otherwise stay until its time, which may be months away.
   */
  remove(slot: number, dueMs: number): boolean {
    let at = this.#slots.indexOf(slot);
    while (at >= 0 && at < this.length && this.#dueMs[at] !== dueMs) at = this.#slots.indexOf(slot, at + 1);
    if (at < 0 || at >= this.length) return false;
    const last = --this.length;
    const [lastDueMs, lastSlot] = [this.#dueMs[last], this.#slots[last]];
    if (at === last) return true;
    this.#settle(this.#raise(at, lastDueMs), lastDueMs, lastSlot);
    return true;
  }

  /** Shows every entry to `keep`; those it returns false for are taken out. */
  sift(keep: (slot: number) => boolean): void {
    const count = this.length;
    this.length = 0;
    // What is kept goes to places that were looked at already.
    for (let at = 0; at < count; at++) {
      const slot = this.#slots[at];
      if (keep(slot)) this.push(slot, this.#dueMs[at]);
    }
  }

  #grow(): void {
    const dueMs = new Float64Array(this.length * 2);
    const slots = new Int32Array(this.length * 2);
    dueMs.set(this.#dueMs);
    slots.set(this.#slots);
    this.#dueMs = dueMs;
    this.#slots = slots;
  }

  #dropFirst(): void {
    const last = --this.length;
    this.#settle(0, this.#dueMs[last], this.#slots[last]);
  }

  /** Moves down what is due later than `dueMs` above the free place `at`; returns the place that is free then. */
  #raise(from: number, dueMs: number): number {
    let at = from;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (this.#dueMs[parent] <= dueMs) break;
      this.#move(parent, at);
      at = parent;
    }
    return at;
  }

  /** Puts an entry into the free place `from`, or further down where something below it is due earlier. */
  #settle(from: number, dueMs: number, slot: number): void {
    let at = from;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= this.length) break;
      if (child + 1 < this.length && this.#dueMs[child + 1] < this.#dueMs[child]) child++;
      if (this.#dueMs[child] >= dueMs) break;
      this.#move(child, at);
      at = child;
    }
    this.#dueMs[at] = dueMs;
    this.#slots[at] = slot;
  }

  #move(from: number, to: number): void {
    this.#dueMs[to] = this.#dueMs[from];
    this.#slots[to] = this.#slots[from];
  }
}
