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
    let at = this.length++;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (this.#dueMs[parent] <= dueMs) break;
      this.#move(parent, at);
      at = parent;
    }
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
    const dueMs = this.#dueMs[last];
    const slot = this.#slots[last];
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= last) break;
      if (child + 1 < last && this.#dueMs[child + 1] < this.#dueMs[child]) child++;
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
