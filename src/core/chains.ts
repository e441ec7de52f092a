/**
 * Finds places (slots of a table, rows of a ring) by a hash: doubly linked chains, each in the order of adding. They
 * are not kept up while nobody asks: 5 MB and some cache misses a message are for whoever wants look-ups, so the owner
 * builds them at the first question and drops them when none has come for a while.
 *
 * A place that is added again moves from where it was. Nothing need be taken out when what is at a place is gone: who
 * looks something up checks what it finds.
 *
 *   links    0 .. places-1: of the places    from `places` on: of the chains, each a ring through its own end
 *   next     the place behind, at the end the chain itself; NOT_LINKED: in no chain
 */
const NOT_LINKED = -1;
export const NO_PLACE = -1;

export class Chains {
  readonly #places: number;
  readonly #mask: number;
  readonly #next: Int32Array;
  readonly #previous: Int32Array;
  /** Set by every question; for the owner to see that there was none. */
  isUsed = true;

  /** For places 0 to `places` - 1; there are as many chains or up to twice as many. */
  constructor(places: number) {
    const chains = 2 ** Math.ceil(Math.log2(Math.max(2, places)));
    this.#places = places;
    this.#mask = chains - 1;
    this.#next = new Int32Array(places + chains).fill(NOT_LINKED);
    this.#previous = new Int32Array(places + chains);
    for (let chain = places; chain < places + chains; chain++) {
      this.#next[chain] = chain;
      this.#previous[chain] = chain;
    }
  }

  /** The place is the last of its chain from now on. */
  add(place: number, hash: number): void {
    this.remove(place);
    const chain = this.#places + ((hash ^ (hash >>> 15)) & this.#mask);
    const last = this.#previous[chain];
    this.#next[place] = chain;
    this.#previous[place] = last;
    this.#next[last] = place;
    this.#previous[chain] = place;
  }

  /** Out of its chain, if it is in one. */
  remove(place: number): void {
    const next = this.#next[place];
    if (next === NOT_LINKED) return;
    const previous = this.#previous[place];
    this.#next[previous] = next;
    this.#previous[next] = previous;
    this.#next[place] = NOT_LINKED;
  }

  /** The place that was added first of those with this hash (and of others: compare); NO_PLACE: there is none. */
  first(hash: number): number {
    this.isUsed = true;
    return this.#placeOf(this.#next[this.#places + ((hash ^ (hash >>> 15)) & this.#mask)]);
  }

  /** The one after it; NO_PLACE: it is the last. */
  after(place: number): number {
    return this.#placeOf(this.#next[place]);
  }

  #placeOf(link: number): number {
    return link < this.#places ? link : NO_PLACE;
  }
}

/** FNV-1a (public domain) over some octets, going on from `hash`. */
export function hashOctets(hash: number, b: Uint8Array, at: number, length: number): number {
  let mixed = hash;
  for (let index = at; index < at + length; index++) mixed = Math.imul(mixed ^ b[index], 0x0100_0193);
  return mixed;
}
