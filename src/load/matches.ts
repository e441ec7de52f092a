const WORDS = 4;
const HASH_A = 0;
const HASH_B = 1;
const STATE = 2;
const RESPONDED = 0x40000000;
const RECEIPTED = 0x80000000 | 0;
const INDEX_MASK = 0x3fffffff;
const SLOTS_MIN = 2 ** 16;
/** 2 M ids, 64 MB: a longer load forgets finished ids, and their late repeats count as unknown instead */
const SLOTS_MAX = 2 ** 22;

/** onResponse: the id was given to another message before. onReceipt: the id had its receipt before. */
export const REPEATED = -1;
/** onReceipt: no response with this id yet (the receipt may have overtaken it). */
export const EARLY = -2;
/** onResponse: new id, no receipt yet. */
export const FRESH = -3;

/**
 * Which message ids were given and which had their receipt. An open-addressing table of four 32-bit words a
 * slot, by a 64-bit hash of the id: no string or object per message.
 *
 *   | hash A, never 0 in use | hash B | RECEIPTED 1 bit, RESPONDED 1 bit, message index 30 bits | unused |
 */
export class MatchTable {
  /** receipts whose response has not come */
  early = 0;
  private table: Int32Array;
  private slots: number;
  private used = 0;
  private hashA = 0;
  private hashB = 0;

  /** Sized and touched before the load: growing under it would show as latency of whatever is measured. */
  constructor(messages: number) {
    let slots = SLOTS_MIN;
    while (slots < SLOTS_MAX && slots < messages * 2.2) slots *= 2;
    this.slots = slots;
    this.table = new Int32Array(slots * WORDS).fill(0);
  }

  /**
   * A message got the id [at, end). Returns FRESH, REPEATED, or the message index when the receipt was there.
   */
  onResponse(b: Uint8Array, at: number, end: number, index: number): number {
    this.hash(b, at, end);
    const word = this.find() * WORDS + STATE;
    const state = this.table[word];
    if ((state & RESPONDED) !== 0) return REPEATED;
    this.table[word] = state | RESPONDED | (index & INDEX_MASK);
    if ((state & RECEIPTED) === 0) return FRESH;
    this.early--;
    return index;
  }

  /** A receipt for the id [at, end). Returns EARLY, REPEATED, or the index of its message. */
  onReceipt(b: Uint8Array, at: number, end: number): number {
    this.hash(b, at, end);
    const word = this.find() * WORDS + STATE;
    const state = this.table[word];
    if ((state & RECEIPTED) !== 0) return REPEATED;
    this.table[word] = state | RECEIPTED;
    if ((state & RESPONDED) !== 0) return state & INDEX_MASK;
    this.early++;
    return EARLY;
  }

  private hash(b: Uint8Array, at: number, end: number): void {
    let a = 0x811c9dc5 | 0;
    let c = 0x2f0b4c47;
    for (let i = at; i < end; i++) {
      a = Math.imul(a ^ b[i], 0x01000193);
      c = Math.imul((c << 5) | (c >>> 27), 0x85ebca6b) ^ b[i];
    }
    a = Math.imul(a ^ (a >>> 15), 0x2c1b3c6d);
    c = Math.imul(c ^ (c >>> 16), 0x297a2d39);
    this.hashA = a === 0 ? 1 : a;
    this.hashB = c ^ (c >>> 15);
  }

  /** Slot of the hashed id, made when there is none. */
  private find(): number {
    const mask = this.slots - 1;
    let slot = (this.hashA ^ (this.hashA >>> 13)) & mask;
    for (;;) {
      const word = slot * WORDS;
      const hashA = this.table[word + HASH_A];
      if (hashA === this.hashA && this.table[word + HASH_B] === this.hashB) return slot;
      if (hashA === 0) break;
      slot = (slot + 1) & mask;
    }
    if (this.used >= this.slots >> 1) {
      this.rebuild();
      return this.find();
    }
    this.used++;
    this.table[slot * WORDS + HASH_A] = this.hashA;
    this.table[slot * WORDS + HASH_B] = this.hashB;
    this.table[slot * WORDS + STATE] = 0;
    return slot;
  }

  private rebuild(): void {
    const old = this.table;
    const forgets = this.slots >= SLOTS_MAX;
    if (!forgets) this.slots *= 2;
    this.table = new Int32Array(this.slots * WORDS);
    this.used = 0;
    const { hashA, hashB } = this;
    for (let word = 0; word < old.length; word += WORDS) {
      if (old[word + HASH_A] === 0) continue;
      const state = old[word + STATE];
      if (forgets && (state & RESPONDED) !== 0 && (state & RECEIPTED) !== 0) continue;
      this.hashA = old[word + HASH_A];
      this.hashB = old[word + HASH_B];
      this.table[this.find() * WORDS + STATE] = state;
    }
    this.hashA = hashA;
    this.hashB = hashB;
    if (this.used >= this.slots >> 1) throw new Error('more than 2 M messages await a receipt');
  }
}
