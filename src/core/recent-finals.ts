/**
 * What became of the messages that ended last, for query_sm: a ring of rows in one typed array, an entry one stretch of
 * memory. Older messages are not known here any more (v3.4 section 4.8 leaves the time that an SMSC remembers to the
 * SMSC). Where an id is in the ring is kept up only while anybody asks (core/chains.ts).
 *
 *  words  0 idLow  1 idHigh  2 account 16, message_state 8, error_code 8  3 mark of the source address
 *         4 doneMs modulo 2^32  5 doneMs above that
 *         6 part 8, parts 8 (0: it is none), told under an id with others 1
 *         7 hash of the SMSC and its id (core/smsc-id.ts)
 */
import { Chains, NO_PLACE, hashOctets } from './chains.ts';

const NONE = -1;
const WORDS = 8;
const HIGH = 2 ** 32;
const SHARED = 0x1_0000;

export class RecentFinals {
  readonly capacity: number;
  readonly #words: Uint32Array;
  #next = 0;
  #used = 0;
  #byId: Chains | undefined;
  #bySmscId: Chains | undefined;

  constructor(capacity: number) {
    this.capacity = capacity;
    this.#words = new Uint32Array(capacity * WORDS);
  }

  /**
   * `source`: `sourceMark` of the message's source address; `errorCode`: one octet, 0 for none; `share`: what
   * `shareOf` says of a message that has its id not for itself alone; `smscIdHash`: of its id at the SMSC, 0 for
   * none.
   */
  add(
    idHigh: number,
    idLow: number,
    account: number,
    state: number,
    errorCode: number,
    source: number,
    doneMs: number,
    share = 0,
    smscIdHash = 0,
  ): void {
    const words = this.#words;
    const at = this.#next * WORDS;
    words[at] = idLow;
    words[at + 1] = idHigh;
    words[at + 2] = account | (state << 16) | (errorCode << 24);
    words[at + 3] = source;
    const high = Math.floor(doneMs / HIGH);
    words[at + 4] = doneMs - high * HIGH;
    words[at + 5] = high;
    words[at + 6] = share;
    words[at + 7] = smscIdHash;
    if (this.#byId !== undefined) this.#byId.add(this.#next, idLow);
    if (this.#bySmscId !== undefined) this.#bySmscId.add(this.#next, smscIdHash);
    this.#next = this.#next + 1 === this.capacity ? 0 : this.#next + 1;
    if (this.#used < this.capacity) this.#used++;
  }

  /**
   * Place of a message, -1: not known (any more). `idHigh` -1: the latest with this low half of those that `isMeant`
   * says yes to.
   */
  find(idHigh: number, idLow: number, isMeant: (at: number) => boolean = () => true): number {
    const words = this.#words;
    const chains = this.#chains();
    let found = NONE;
    for (let at = chains.first(idLow); at !== NO_PLACE; at = chains.after(at)) {
      if (words[at * WORDS] !== idLow) continue;
      const high = words[at * WORDS + 1];
      if (idHigh !== NONE && high !== idHigh) continue;
      if ((found === NONE || high > words[found * WORDS + 1]) && isMeant(at)) found = at;
    }
    return found;
  }

  #chains(): Chains {
    this.#byId ??= this.#build(0);
    return this.#byId;
  }

  #build(word: number): Chains {
    const chains = new Chains(this.capacity);
    for (let at = 0; at < this.#used; at++) chains.add(at, this.#words[at * WORDS + word]);
    return chains;
  }

  /**
   * Did a message end with this state, between these times (both included), whose id at its SMSC has this hash: is this
   * one, or differs from it in letter case or leading zeros?
   */
  hasEnded(smscIdHash: number, state: number, fromMs: number, toMs: number): boolean {
    this.#bySmscId ??= this.#build(7);
    const chains = this.#bySmscId;
    for (let at = chains.first(smscIdHash); at !== NO_PLACE; at = chains.after(at)) {
      if (this.#words[at * WORDS + 7] !== smscIdHash || this.stateAt(at) !== state) continue;
      const doneMs = this.doneMsAt(at);
      if (doneMs >= fromMs && doneMs <= toMs) return true;
    }
    return false;
  }

  /** Once a while: if nobody asked since the last time, places are not kept up any more. */
  dropUnused(): void {
    this.#byId = stillUsed(this.#byId);
    this.#bySmscId = stillUsed(this.#bySmscId);
  }

  idHighAt(at: number): number {
    return this.#words[at * WORDS + 1];
  }

  idLowAt(at: number): number {
    return this.#words[at * WORDS];
  }

  /** Which part of how many it was; 0: it was none. */
  partAt(at: number): number {
    return this.#words[at * WORDS + 6] & 0xff;
  }

  partsAt(at: number): number {
    return (this.#words[at * WORDS + 6] >>> 8) & 0xff;
  }

  /** Its client knows it under an id that stands for others, too. */
  isSharedAt(at: number): boolean {
    return this.#words[at * WORDS + 6] >= SHARED;
  }

  accountAt(at: number): number {
    return this.#words[at * WORDS + 2] & 0xffff;
  }

  stateAt(at: number): number {
    return (this.#words[at * WORDS + 2] >>> 16) & 0xff;
  }

  errorCodeAt(at: number): number {
    return this.#words[at * WORDS + 2] >>> 24;
  }

  sourceAt(at: number): number {
    return this.#words[at * WORDS + 3];
  }

  doneMsAt(at: number): number {
    return this.#words[at * WORDS + 5] * HIGH + this.#words[at * WORDS + 4];
  }
}

/** `part` of `parts` (0 of 0 for what is no part), and whether it is told under an id with others. */
export function shareOf(part: number, parts: number, isShared: boolean): number {
  return part | (parts << 8) | (isShared ? SHARED : 0);
}

/**
 * All octets of an address (ton npi digits NUL) but ton and npi, which who asks may leave out, in one number: a wrong
 * address passes for another once in four thousand million.
 */
export function sourceMark(b: Uint8Array, at: number, length: number): number {
  return hashOctets(length, b, at + 2, length - 3) >>> 0;
}

function stillUsed(chains: Chains | undefined): Chains | undefined {
  if (chains?.isUsed !== true) return undefined;
  chains.isUsed = false;
  return chains;
}
