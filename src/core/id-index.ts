/**
 * Finds a message by (SMSC, the SMSC's message id): chained hash over the table's slots, no object an entry.
 * Peers keep this as a linear list and fall to 1 % of their rate with 20,000 receipts that never come.
 *
 * There are about as many chains as entries: heads for all that the table may hold are 4 MB, of which every access is
 * a cache miss (a fifteenth of all that a message costs). It grows and shrinks by one chain an entry (linear hashing),
 * so that no message ever waits for all of them to be placed anew.
 */
import { FLAG_INDEXED, NO_SLOT, SMSC_ID_AT, TEXT_BYTES } from './message-table.ts';
import type { MessageTable } from './message-table.ts';
import { IDS_DIFFER, IdHabits, hashSmscId, likenessOfIds } from './smsc-id.ts';

const CHAINS_MIN = 1024;

/** Several messages have exactly this id. */
export const AMBIGUOUS = -2;

/** A message whose id is this one or a similar one. */
export interface LikeSlot {
  slot: number;
  /** IDS_EQUAL, IDS_SAME_BUT_CASE or IDS_SAME_BUT_ZEROS. */
  likeness: number;
}

export class IdIndex {
  readonly #table: MessageTable;
  /** First slot of each chain; those from #low + #split on are not in use. */
  readonly #heads: Int32Array;
  readonly #chainsMax: number;
  /** A power of two: the chains below #split of a round of so many have been parted in two, the others not yet. */
  #low = CHAINS_MIN;
  #split = 0;
  #used = 0;
  readonly habits = new IdHabits();

  constructor(table: MessageTable) {
    this.#table = table;
    this.#chainsMax = Math.max(CHAINS_MIN, table.capacity);
    this.#heads = new Int32Array(this.#chainsMax).fill(NO_SLOT);
  }

  #chainOf(hash: number): number {
    const chain = hash & (2 * this.#low - 1);
    return chain < this.#low + this.#split ? chain : chain - this.#low;
  }

  /** Adds a slot whose `smsc` and SMSC id are set. */
  add(slot: number): void {
    const table = this.#table;
    const at = slot * TEXT_BYTES + SMSC_ID_AT;
    const hash = hashSmscId(table.smsc[slot], table.text, at, table.smscIdLength[slot]);
    const chain = this.#chainOf(hash);
    table.hash[slot] = hash;
    table.hashNext[slot] = this.#heads[chain];
    table.flags[slot] |= FLAG_INDEXED;
    this.#heads[chain] = slot;
    this.#used++;
    if (this.#used > this.#low + this.#split && this.#low + this.#split < this.#chainsMax) this.#grow();
  }

  /** Parts the next chain in two; both keep their order, the newest first. */
  #grow(): void {
    const { hash, hashNext } = this.#table;
    const heads = this.#heads;
    const [near, far] = [this.#split, this.#low + this.#split];
    let nearEnd = NO_SLOT;
    let farEnd = NO_SLOT;
    let slot = heads[near];
    heads[near] = NO_SLOT;
    heads[far] = NO_SLOT;
    while (slot !== NO_SLOT) {
      if ((hash[slot] & this.#low) === 0) {
        if (nearEnd === NO_SLOT) heads[near] = slot;
        else hashNext[nearEnd] = slot;
        nearEnd = slot;
      } else {
        if (farEnd === NO_SLOT) heads[far] = slot;
        else hashNext[farEnd] = slot;
        farEnd = slot;
      }
      slot = hashNext[slot];
    }
    if (nearEnd !== NO_SLOT) hashNext[nearEnd] = NO_SLOT;
    if (farEnd !== NO_SLOT) hashNext[farEnd] = NO_SLOT;
    this.#split++;
    if (this.#split < this.#low) return;
    this.#low *= 2;
    this.#split = 0;
  }

  /** Hangs the last chain behind the one that it was parted from. */
  #shrink(): void {
    if (this.#split === 0) {
      this.#low /= 2;
      this.#split = this.#low;
    }
    this.#split--;
    const { hashNext } = this.#table;
    const heads = this.#heads;
    const first = heads[this.#low + this.#split];
    heads[this.#low + this.#split] = NO_SLOT;
    if (first === NO_SLOT) return;
    let end = heads[this.#split];
    if (end === NO_SLOT) {
      heads[this.#split] = first;
      return;
    }
    while (hashNext[end] !== NO_SLOT) end = hashNext[end];
    hashNext[end] = first;
  }

  /** The message with exactly this id; NO_SLOT: there is none; AMBIGUOUS: there are several. */
  find(smsc: number, bytes: Uint8Array, at: number, length: number): number {
    const table = this.#table;
    const hash = hashSmscId(smsc, bytes, at, length);
    let slot = this.#heads[this.#chainOf(hash)];
    while (slot !== NO_SLOT) {
      if (table.hash[slot] === hash && table.smsc[slot] === smsc && this.#same(slot, bytes, at, length)) {
        return this.#isOnly(slot, bytes, at, length) ? slot : AMBIGUOUS;
      }
      slot = table.hashNext[slot];
    }
    return NO_SLOT;
  }

  /** Receipts come in the order of sending mostly, and the oldest is the last of its chain: nothing is left to walk. */
  #isOnly(found: number, bytes: Uint8Array, at: number, length: number): boolean {
    const { hash, hashNext, smsc } = this.#table;
    for (let slot = hashNext[found]; slot !== NO_SLOT; slot = hashNext[slot]) {
      if (hash[slot] === hash[found] && smsc[slot] === smsc[found] && this.#same(slot, bytes, at, length)) {
        return false;
      }
    }
    return true;
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

  /** All messages with this id, or one of other letter case or leading zeros; the newest first. */
  alike(smsc: number, bytes: Uint8Array, at: number, length: number): LikeSlot[] {
    const table = this.#table;
    const hash = hashSmscId(smsc, bytes, at, length);
    const found: LikeSlot[] = [];
    for (let slot = this.#heads[this.#chainOf(hash)]; slot !== NO_SLOT; slot = table.hashNext[slot]) {
      if (table.hash[slot] !== hash || table.smsc[slot] !== smsc) continue;
      const likeness = this.#likeness(slot, bytes, at, length);
      if (likeness !== IDS_DIFFER) found.push({ slot, likeness });
    }
    return found;
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
    this.#unlink(slot);
    this.#used--;
    if (this.#used * 4 < this.#low + this.#split && this.#low + this.#split > CHAINS_MIN) this.#shrink();
  }

  #unlink(slot: number): void {
    const { hash, hashNext } = this.#table;
    const chain = this.#chainOf(hash[slot]);
    let at = this.#heads[chain];
    if (at === slot) {
      this.#heads[chain] = hashNext[slot];
      return;
    }
    while (at !== NO_SLOT) {
      const next = hashNext[at];
      if (next === slot) {
        hashNext[at] = hashNext[slot];
        return;
      }
      at = next;
    }
    throw new Error(`slot ${slot} is marked as indexed but stands in no chain`);
  }
}
