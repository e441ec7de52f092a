/**
 * Who sent what a handset may not have got: should the SMSC say that it can be reached again, that is the one to tell.
 * A table of two hashes of the addresses, without an index: an entry is in one of the eight places from its own on, the
 * one that was noted longest ago gives way.
 */
import { hashOctets } from './chains.ts';

const PLACES = 65_536;
const PROBES = 8;
const BASIS = 0x811c_9dc5;
const OTHER_BASIS = 0x050c_5d1f;

export class Unreached {
  readonly #tags = new Uint32Array(PLACES);
  readonly #accounts = new Uint16Array(PLACES);
  /** 0: the place is free. */
  readonly #acceptedMs = new Float64Array(PLACES);
  #place = 0;
  #tag = 0;

  /**
   * The addresses without ton and npi: octets at these places, a NUL at their ends counted or not, but always alike.
   * What was noted between them before gives way to what was accepted later.
   */
  note(
    b: Uint8Array,
    sourceAt: number,
    sourceLength: number,
    destAt: number,
    destLength: number,
    account: number,
    acceptedMs: number,
  ): void {
    this.#hash(b, sourceAt, sourceLength, b, destAt, destLength);
    let to = this.#find();
    if (to >= 0 && this.#acceptedMs[to] > acceptedMs) return;
    if (to < 0) to = this.#oldest();
    this.#tags[to] = this.#tag;
    this.#accounts[to] = account;
    this.#acceptedMs[to] = acceptedMs;
  }

  /** The place of what is known between these addresses; -1: nothing. */
  find(source: Uint8Array, dest: Uint8Array): number {
    this.#hash(source, 0, source.length, dest, 0, dest.length);
    return this.#find();
  }

  accountAt(place: number): number {
    return this.#accounts[place];
  }

  acceptedMsAt(place: number): number {
    return this.#acceptedMs[place];
  }

  #hash(
    sources: Uint8Array,
    sourceAt: number,
    sourceLength: number,
    dests: Uint8Array,
    destAt: number,
    destLength: number,
  ): void {
    const place = hashOctets(hashOctets(BASIS, sources, sourceAt, sourceLength), dests, destAt, destLength);
    const tag = hashOctets(
      hashOctets(OTHER_BASIS, dests, destAt, destLength),
      sources,
      sourceAt,
      sourceLength,
    );
    this.#place = (place ^ (place >>> 16)) & (PLACES - 1);
    this.#tag = tag >>> 0;
  }

  #find(): number {
    for (let probe = 0; probe < PROBES; probe++) {
      const at = (this.#place + probe) & (PLACES - 1);
      if (this.#tags[at] === this.#tag && this.#acceptedMs[at] > 0) return at;
    }
    return -1;
  }

  #oldest(): number {
    let oldest = this.#place;
    for (let probe = 1; probe < PROBES; probe++) {
      const at = (this.#place + probe) & (PLACES - 1);
      if (this.#acceptedMs[at] < this.#acceptedMs[oldest]) oldest = at;
    }
    return oldest;
  }
}
