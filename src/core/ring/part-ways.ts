/**
 * The ways that the parts of long messages took, known to all edge threads: sessions of one client may be on several of
 * them. Shards write into it what the ledger has, before there is an edge. A table in shared memory, an entry a word,
 * written by compare-and-swap: nobody waits for anybody.
 *
 *   bits 63-32 the rest of the message's hash   31-16 index of the SMSC plus 1   15-0 time in steps of 4 s
 *
 * The place follows from 16 more bits of the hash; an entry is in the first of eight places that was free. Two
 * messages of one hash go one way, which 48 bits make rare enough.
 */
export const PART_WAYS = 1 << 16;
const PROBES = 8;
const STEP_MS = 4_000;
const STEPS_MASK = 0xffff;
/** A client sends the parts of a message in one go: after a minute without one the others are not coming. */
const STEPS_MAX = 15;
/** A way is known for so long after the last part that took it. */
export const WAY_MS = STEPS_MAX * STEP_MS;

export class PartWays {
  readonly #words: BigInt64Array;

  constructor({ ways }: { readonly ways: SharedArrayBuffer }) {
    this.#words = new BigInt64Array(ways);
  }

  /**
   * Index of the SMSC that the message takes; `first` chooses it, and what another edge chose meanwhile goes before.
   * `place` and `tag`: two hashes of what its parts have in common, 32 bits each.
   */
  of(place: number, tag: number, nowMs: number, first: () => number): number {
    const step = stepAt(nowMs);
    const known = this.#find(place, tag, step);
    if (known >= 0) return known;
    const own = first();
    const word = pack(tag, own, step);
    while (!this.#put(place, word, step)) {
      const other = this.#find(place, tag, step);
      if (other >= 0) return other;
    }
    return this.#find(place, tag, step);
  }

  /** As `of`, where another part was before; -1: none was. */
  known(place: number, tag: number, nowMs: number): number {
    return this.#find(place, tag, stepAt(nowMs));
  }

  /** No part of any message was ever here. */
  isEmpty(): boolean {
    return this.#words.every((word) => word === 0n);
  }

  #find(place: number, tag: number, step: number): number {
    for (let probe = 0; probe < PROBES; probe++) {
      const at = (place + probe) & (PART_WAYS - 1);
      const word = Atomics.load(this.#words, at);
      if (Number(word >> 32n) !== (tag | 0) || isOver(word, step)) continue;
      const smsc = smscOf(word);
      // The minute is counted from the last part; should another edge be quicker, it has done that.
      if (stepOf(word) !== step) Atomics.compareExchange(this.#words, at, word, pack(tag, smsc, step));
      return smsc;
    }
    return -1;
  }

  /** Into the first free place, or in place of the entry that was used longest ago. False: another edge was first. */
  #put(place: number, word: bigint, step: number): boolean {
    let to = -1;
    let seen = 0n;
    let oldest = -1;
    for (let probe = 0; probe < PROBES; probe++) {
      const at = (place + probe) & (PART_WAYS - 1);
      const there = Atomics.load(this.#words, at);
      const age = isOver(there, step) ? Infinity : ageOf(there, step);
      if (age <= oldest) continue;
      [to, seen, oldest] = [at, there, age];
    }
    return Atomics.compareExchange(this.#words, to, seen, word) === seen;
  }
}

function stepAt(nowMs: number): number {
  return Math.floor(nowMs / STEP_MS) & STEPS_MASK;
}

function pack(tag: number, smsc: number, step: number): bigint {
  return (BigInt(tag | 0) << 32n) | BigInt((smsc + 1) * 2 ** 16 + step);
}

function smscOf(word: bigint): number {
  return Number((word >> 16n) & 0xffffn) - 1;
}

function stepOf(word: bigint): number {
  return Number(word & 0xffffn);
}

/** Steps since; an entry of three days ago looks young again, and is then one hash among 2^48. */
function ageOf(word: bigint, step: number): number {
  const age = (step - stepOf(word)) & STEPS_MASK;
  // Another edge read the clock a moment later.
  return age === STEPS_MASK ? 0 : age;
}

function isOver(word: bigint, step: number): boolean {
  return smscOf(word) < 0 || ageOf(word, step) > STEPS_MAX;
}
