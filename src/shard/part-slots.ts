/**
 * Where the parts of long messages are in memory, by id: the parts of one message look for each other when one of them
 * ends. Only parts are in here, so a short message costs nothing.
 */
import { INDEX_BITS, indexOf } from '../core/message-id.ts';
import { NO_SLOT } from '../core/message-table.ts';
import type { MessageTable } from '../core/message-table.ts';

export class PartSlots {
  readonly #table: MessageTable;
  readonly #slots = new Map<number, number>();

  constructor(table: MessageTable) {
    this.#table = table;
  }

  add(slot: number): void {
    this.#slots.set(keyOf(this.#table.idHigh[slot], this.#table.idLow[slot]), slot);
  }

  remove(slot: number): void {
    const key = keyOf(this.#table.idHigh[slot], this.#table.idLow[slot]);
    if (this.#slots.get(key) === slot) this.#slots.delete(key);
  }

  find(idHigh: number, idLow: number): number {
    return this.#slots.get(keyOf(idHigh, idLow)) ?? NO_SLOT;
  }
}

/** 53 bits hold the index and 27 bits of the segment's number: four years of seconds, far beyond any wait. */
function keyOf(idHigh: number, idLow: number): number {
  return (idHigh % 2 ** 27) * 2 ** INDEX_BITS + indexOf(idLow);
}
