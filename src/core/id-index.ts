/**
 * Finds a message by (SMSC, the SMSC's message id): chained hash over the table's slots, no object an entry.
 * Peers keep this as a linear list and fall to 1 % of their rate with 20,000 receipts that never come.
 */
import { FLAG_INDEXED, NO_SLOT, SMSC_ID_AT, TEXT_BYTES } from './message-table.ts';
import type { MessageTable } from './message-table.ts';

/** FNV-1a over the id's bytes and the SMSC, mixed; unsigned 32 bits. */
export function hashSmscId(smsc: number, bytes: Uint8Array, at: number, length: number): number {
  let hash = 0x811c_9dc5 ^ smsc;
  for (let index = 0; index < length; index++) hash = Math.imul(hash ^ bytes[at + index], 0x0100_0193);
  hash ^= hash >>> 15;
  hash = Math.imul(hash, 0x2c1b_3c6d);
  return (hash ^ (hash >>> 13)) >>> 0;
}

export class IdIndex {
  readonly #table: MessageTable;
  readonly #heads: Int32Array;
  readonly #mask: number;

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

  find(smsc: number, bytes: Uint8Array, at: number, length: number): number {
    const table = this.#table;
    const hash = hashSmscId(smsc, bytes, at, length);
    let slot = this.#heads[hash & this.#mask];
    while (slot !== NO_SLOT) {
      if (table.hash[slot] === hash && table.smsc[slot] === smsc && this.#same(slot, bytes, at, length))
        return slot;
      slot = table.hashNext[slot];
    }
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
