/** Seeded mutation of PDUs, knowing where their fields are. The same seed and number always make the same PDU. */
import { STANDARD_TAGS } from '../../src/smpp/tags.ts';
import { COMMAND_IDS, COUNT, messageSeeds, NUL, seeds, STRING, TLV, type Place, type Seed } from './seeds.ts';

/** Small, and the same everywhere: the state is mixed from the seed and the number of the PDU. */
export class Dice {
  #state = 0;

  restart(seed: number, index: number): void {
    this.#state = (Math.imul(seed ^ 0x9e37_79b9, 0x85eb_ca6b) ^ Math.imul(index + 1, 0xc2b2_ae35)) | 0;
    this.below(2);
  }

  below(limit: number): number {
    // mulberry32
    this.#state = (this.#state + 0x6d2b_79f5) | 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) % limit;
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)];
  }
}

export const BYTES_MAX = 4096;
const PLACES_MAX = 512;
const EDGES = [0, 1, 2, 0x7f, 0x80, 0xfe, 0xff];
const RUNS = [1, 1, 2, 5, 9, 17, 22, 40, 65, 300];
const TAGS = [...STANDARD_TAGS].map(({ tag }) => tag);

/** Makes one PDU after the other in the same memory. */
export class Mutator {
  readonly b: Buffer = Buffer.alloc(BYTES_MAX);
  length = 0;
  readonly #dice: Dice;
  // Where the places of the PDU are now; they move with what is put in or taken out before them.
  readonly #at = new Int32Array(PLACES_MAX);
  readonly #kind = new Uint8Array(PLACES_MAX);
  #places = 0;

  constructor(dice: Dice) {
    this.#dice = dice;
  }

  /** A mutated PDU is in [0, length) of `b`; its command_length is mostly right. */
  make(): void {
    const dice = this.#dice;
    this.#load(dice.below(3) === 0 ? dice.pick(messageSeeds) : dice.pick(seeds));
    for (let n = 1 + dice.below(3); n > 0; n--) this.#mutate();
    if (this.length >= 4 && dice.below(10) !== 0) this.b.writeUInt32BE(this.length, 0);
  }

  #load({ bytes, places }: Seed): void {
    this.length = bytes.copy(this.b, 0);
    this.#places = 0;
    this.#addPlaces(places, 0);
  }

  #addPlaces(places: readonly Place[], shift: number): void {
    for (const { at, kind } of places) {
      if (this.#places === PLACES_MAX) return;
      this.#at[this.#places] = at + shift;
      this.#kind[this.#places++] = kind;
    }
  }

  /** A place of this kind, or any place of the PDU where it has none. */
  #place(kind: number): number {
    const dice = this.#dice;
    const first = this.#places === 0 ? 0 : dice.below(this.#places);
    for (let i = 0; i < this.#places; i++) {
      const one = (first + i) % this.#places;
      if (this.#kind[one] === kind && this.#at[one] < this.length) return this.#at[one];
    }
    return this.length === 0 ? 0 : dice.below(this.length);
  }

  #mutate(): void {
    if (this.length === 0) return;
    const dice = this.#dice;
    switch (dice.below(16)) {
      case 0:
        this.b[dice.below(this.length)] ^= 1 << dice.below(8);
        return;
      case 1:
        this.b[dice.below(this.length)] = dice.pick(EDGES);
        return;
      case 2:
        this.b[this.#place(COUNT)] += dice.below(2) === 0 ? 1 : 255;
        return;
      case 3:
        this.b[this.#place(COUNT)] = dice.below(256);
        return;
      case 4:
        this.#insert(this.#place(STRING), dice.pick(RUNS), 0x31 + dice.below(2));
        return;
      case 5:
        this.#remove(this.#place(NUL), 1);
        return;
      case 6:
        this.b[this.#place(NUL)] = 0x78;
        return;
      case 7:
        this.#repeatTlv();
        return;
      case 8:
        this.#stretchTlv();
        return;
      case 9:
        this.#appendTlv();
        return;
      case 10:
        this.length = dice.below(2) === 0 ? this.#place(NUL) : dice.below(this.length + 1);
        return;
      case 11:
        this.#splice();
        return;
      case 12:
        this.#swapCommand();
        return;
      case 13:
        this.#insert(dice.below(this.length), dice.pick(RUNS), dice.pick(EDGES));
        return;
      case 14:
        this.#remove(dice.below(this.length), 1 + dice.below(8));
        return;
      default:
        this.#number();
    }
  }

  /** Values of fields and of the status, without harm to the structure. */
  #number(): void {
    const dice = this.#dice;
    const kind = dice.below(3);
    if (kind === 0 && this.length >= 12) this.b.writeUInt32BE(dice.pick([0, 8, 0x58, 0xfe, 0x400]), 8);
    else if (kind === 1 && this.#places > 0) this.b[this.#at[dice.below(this.#places)]] = dice.below(256);
    else if (this.length > 16) this.b[16 + dice.below(this.length - 16)] = dice.below(256);
  }

  /** Puts a copy of one TLV before another: doubled, or, with the first taken out, in another order. */
  #repeatTlv(): void {
    const from = this.#place(TLV);
    if (this.length - from < 4) return;
    const size = 4 + this.b.readUInt16BE(from + 2);
    if (from + size > this.length || size > 600) return;
    const copy = Uint8Array.prototype.slice.call(this.b, from, from + size);
    if (this.#dice.below(2) === 0) this.#remove(from, size);
    const to = this.#place(TLV);
    if (!this.#insert(to, size, 0)) return;
    this.b.set(copy, to);
  }

  #stretchTlv(): void {
    const at = this.#place(TLV);
    if (this.length - at < 4) return;
    const dice = this.#dice;
    const length = this.b.readUInt16BE(at + 2);
    const lengths = [length + 1, Math.max(0, length - 1), 0, 0xffff, this.length - at - 4, dice.below(70)];
    this.b.writeUInt16BE(dice.pick(lengths) & 0xffff, at + 2);
  }

  #appendTlv(): void {
    const dice = this.#dice;
    const size = dice.pick([0, 1, 1, 2, 2, 3, 4, 5, 17, 24, 66]);
    const at = this.length;
    if (!this.#insert(at, 4 + size, dice.pick(EDGES))) return;
    this.b.writeUInt16BE(dice.below(8) === 0 ? dice.below(0x1_0000) : dice.pick(TAGS), at);
    this.b.writeUInt16BE(size, at + 2);
    for (let i = 0; i < size; i++) this.b[at + 4 + i] = dice.below(3) === 0 ? dice.below(256) : 0x31;
    this.#addPlaces([{ at, kind: TLV }], 0);
  }

  /** The head of this one, the rest of another from one of its places on. */
  #splice(): void {
    const dice = this.#dice;
    const other = dice.pick(seeds);
    const from = other.places.length === 0 ? dice.below(other.bytes.length) : dice.pick(other.places).at;
    const to = Math.max(16, this.#place(dice.pick([STRING, TLV, NUL, COUNT])));
    if (to > this.length || to + other.bytes.length - from > BYTES_MAX) return;
    other.bytes.copy(this.b, to, from);
    this.length = to + other.bytes.length - from;
    this.#places = 0;
    this.#addPlaces(
      other.places.filter(({ at }) => at >= from),
      to - from,
    );
  }

  #swapCommand(): void {
    if (this.length < 8) return;
    const dice = this.#dice;
    if (dice.below(4) === 0) this.b[4] ^= 0x80;
    else this.b.writeUInt32BE(dice.pick(COMMAND_IDS), 4);
  }

  #insert(at: number, count: number, octet: number): boolean {
    if (this.length + count > BYTES_MAX) return false;
    this.b.copyWithin(at + count, at, this.length);
    this.b.fill(octet, at, at + count);
    this.length += count;
    for (let i = 0; i < this.#places; i++) if (this.#at[i] >= at) this.#at[i] += count;
    return true;
  }

  #remove(at: number, count: number): void {
    const gone = Math.min(count, this.length - at);
    this.b.copyWithin(at, at + gone, this.length);
    this.length -= gone;
    for (let i = 0; i < this.#places; i++) if (this.#at[i] >= at + gone) this.#at[i] -= gone;
  }
}
