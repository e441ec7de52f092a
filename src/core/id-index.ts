/**
 * Finds a message by (SMSC, the SMSC's message id): chained hash over the table's slots, no object an entry.
 * Peers keep this as a linear list and fall to 1 % of their rate with 20,000 receipts that never come.
 */
import { FLAG_INDEXED, NO_SLOT, SMSC_ID_AT, TEXT_BYTES } from './message-table.ts';
import type { MessageTable } from './message-table.ts';
import { IDS_DIFFER, IDS_EQUAL, IdHabits, hashSmscId, likenessOfIds } from './smsc-id.ts';

/** Several messages are as similar to the id as each other, under different ids. */
export const AMBIGUOUS = -2;

export class IdIndex {
  readonly #table: MessageTable;
  readonly #heads: Int32Array;
  readonly #mask: number;
  /**
   * After a `find` that found nothing: the message whose id differs in letter case or leading zeros only, NO_SLOT, or
   * AMBIGUOUS; and how alike it is (IDS_*).
   */
  similar = NO_SLOT;
  similarity = IDS_DIFFER;
  readonly habits = new IdHabits();

  constructor(table: MessageTable) {
    let buckets = 1024;
    while (buckets < table.capacity) buckets *= 2;
    this.#table = table;
    this.#heads = new Int32Array(buckets).fill(NO_SLOT);
    this.#mask = buckets - 1;
  }

  /** Adds a slot whose `smsc` and SMSC id are set. */
  add(slot: number): void {
    const table = this.#table;
    const at = slot * TEXT_BYTES + SMSC_ID_AT;
    const hash = hashSmscId(table.smsc[slot], table.text, at, table.smscIdLength[slot]);
    const bucket = hash & this.#mask;
    table.hash[slot] = hash;
    table.hashNext[slot] = this.#heads[bucket];
    table.flags[slot] |= FLAG_INDEXED;
    this.#heads[bucket] = slot;
  }

  /** The message with exactly this id, the newest should there be several; NO_SLOT: none, but see `similar`. */
  find(smsc: number, bytes: Uint8Array, at: number, length: number): number {
    const table = this.#table;
    const hash = hashSmscId(smsc, bytes, at, length);
    let slot = this.#heads[hash & this.#mask];
    let isLike = false;
    while (slot !== NO_SLOT) {
      if (table.hash[slot] === hash && table.smsc[slot] === smsc) {
        if (this.#same(slot, bytes, at, length)) return slot;
        isLike = true;
      }
      slot = table.hashNext[slot];
    }
    this.similar = NO_SLOT;
    this.similarity = IDS_DIFFER;
    if (isLike) this.#findSimilar(smsc, hash, bytes, at, length);
    return NO_SLOT;
  }

  #same(slot: number, bytes: Uint8Array, at: number, length: number): boolean {
    const table = this.#table;
    if (table.smscIdLength[slot] !== length) return false;
    const base = slot * TEXT_BYTES + SMSC_ID_AT;
    for (let index = 0; index < length; index++) {
      if (table.text[base + index] !== bytes[at + index]) return false;
    }
    return true;
  }

  #findSimilar(smsc: number, hash: number, bytes: Uint8Array, at: number, length: number): void {
    const table = this.#table;
    let first = NO_SLOT;
    for (let slot = this.#heads[hash & this.#mask]; slot !== NO_SLOT; slot = table.hashNext[slot]) {
      if (table.hash[slot] !== hash || table.smsc[slot] !== smsc) continue;
      const likeness = this.#likeness(slot, bytes, at, length);
      if (likeness === IDS_DIFFER || likeness < this.similarity) continue;
      if (likeness > this.similarity) {
        this.similarity = likeness;
        first = slot;
        this.similar = slot;
      } else if (
        this.#likeness(slot, table.text, first * TEXT_BYTES + SMSC_ID_AT, table.smscIdLength[first]) <
        IDS_EQUAL
      ) {
        this.similar = AMBIGUOUS;
      }
    }
  }

  #likeness(slot: number, bytes: Uint8Array, at: number, length: number): number {
    const table = this.#table;
    const base = slot * TEXT_BYTES + SMSC_ID_AT;
    return likenessOfIds(table.text, base, table.smscIdLength[slot], bytes, at, length);
  }

  /** Takes the slot out, if it is in. */
  remove(slot: number): void {
    const table = this.#table;
    if ((table.flags[slot] & FLAG_INDEXED) === 0) return;
    table.flags[slot] &= ~FLAG_INDEXED;
    const bucket = table.hash[slot] & this.#mask;
    let at = this.#heads[bucket];
    if (at === slot) {
      this.#heads[bucket] = table.hashNext[slot];
      return;
    }
    while (at !== NO_SLOT) {
      const next = table.hashNext[at];
      if (next === slot) {
        table.hashNext[at] = table.hashNext[slot];
        return;
      }
      at = next;
    }
    throw new Error(`slot ${slot} is marked as indexed but stands in no chain`);
  }
}
