/**
 * Reference numbers of long messages: a phone joins the parts that have sender, reference and total alike, so no two
 * messages from one sender to one destination may share a number while parts of the first may still arrive.
 *
 * Each pair of addresses counts for itself, so that a number comes again only when all others were used: after 256 or
 * 65,536 messages of the pair. Memory is a fixed table of WAYS places a row; a row is found by a hash of the pair, a
 * place in it by another. A pair that finds no place takes that of the one which was silent for longest, and goes on
 * counting where that one stopped. A silent pair's return then begins elsewhere, which is safe once the window of
 * reassembly has passed since, and unlikely to clash before.
 */
const WAYS = 4;

export interface ReferenceOptions {
  /** Pairs that have a place of their own; rounded up to a power of two. */
  pairs: number;
  /** For how long a part may still arrive. */
  windowMs: number;
  /** Where counting begins: another one after each start, so that numbers given just before it do not come again. */
  seed: number;
  /** Threads that number side by side, and which of them this is: thread i gives the numbers i modulo `threads`. */
  threads: number;
  thread: number;
}

/** One thread; a part may come a day late. */
const ALONE: ReferenceOptions = { pairs: 65_536, windowMs: 86_400_000, seed: 0, threads: 1, thread: 0 };

export class ReferenceNumbers {
  readonly #prints: Uint32Array;
  readonly #counts: Uint16Array;
  readonly #usedMs: Float64Array;
  readonly #rowMask: number;
  readonly #options: ReferenceOptions;

  constructor(given: Partial<ReferenceOptions> = {}) {
    const options = { ...ALONE, ...given };
    const { threads, thread } = options;
    if (!(Number.isInteger(threads) && threads >= 1 && threads <= 128 && thread >= 0 && thread < threads)) {
      throw new RangeError(`thread ${thread} of ${threads}`);
    }
    let rows = 1;
    while (rows * WAYS < options.pairs) rows *= 2;
    this.#options = options;
    this.#rowMask = rows - 1;
    this.#prints = new Uint32Array(rows * WAYS);
    this.#counts = new Uint16Array(rows * WAYS);
    this.#usedMs = new Float64Array(rows * WAYS);
  }

  /** The next number of that pair: 0 to 255 (`wide` false) or 0 to 65,535. */
  next(source: string, dest: string, wide: boolean, nowMs: number): number {
    const { threads, thread } = this.#options;
    const at = this.#placeOf(source, dest, nowMs);
    // Both widths count in the same place, so the wide turn is made of whole narrow ones: neither repeats early.
    const narrowTurn = Math.floor(0x100 / threads);
    const wideTurn = narrowTurn * Math.floor(0x1_0000 / threads / narrowTurn);
    const count = this.#counts[at] % wideTurn;
    this.#counts[at] = (count + 1) % wideTurn;
    this.#usedMs[at] = nowMs;
    return (count % (wide ? wideTurn : narrowTurn)) * threads + thread;
  }

  #placeOf(source: string, dest: string, nowMs: number): number {
    const print = (mixed(`${source}\0${dest}`, 0) | 1) >>> 0;
    const row = (mixed(`${dest}\0${source}`, print) & this.#rowMask) * WAYS;
    let oldest = row;
    for (let at = row; at < row + WAYS; at++) {
      if (this.#prints[at] === print) return at;
      if (this.#prints[at] === 0) return this.#begin(at, print, mixed(dest, this.#options.seed));
      if (this.#usedMs[at] < this.#usedMs[oldest]) oldest = at;
    }
    const silent = nowMs - this.#usedMs[oldest] >= this.#options.windowMs;
    return this.#begin(oldest, print, silent ? mixed(dest, this.#options.seed) : this.#counts[oldest]);
  }

  #begin(at: number, print: number, count: number): number {
    this.#prints[at] = print;
    this.#counts[at] = count;
    return at;
  }
}

/** 32 bits of the text and the seed: FNV-1a, then stirred so that its low bits depend on all of it. */
function mixed(text: string, seed: number): number {
  let hash = 0x811c_9dc5 ^ seed;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x0100_0193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85eb_ca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2_ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
