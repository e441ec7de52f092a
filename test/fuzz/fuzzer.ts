/** Runs mutated PDUs through the framing and everything behind it; counts and keeps what breaks a promise. */
import * as smpp from '../../src/smpp/constants.ts';
import { FrameReader, type PduSink } from '../../src/smpp/frame.ts';
import { Dice, Mutator } from './mutator.ts';
import { Promises } from './promises.ts';

const VERSIONS = [smpp.VERSION_33, smpp.VERSION_34, smpp.VERSION_50];
export const LENGTH_MAX = 8192;
/** Every so often several PDUs are one stream, cut anywhere. */
const STREAM_EVERY = 8;
const STREAM_PDUS = 4;
const KEPT_MAX = 10;

export interface Broken {
  /** The number of the PDU: with the seed it makes the same one again. */
  index: number;
  reason: string;
  hex: string;
}

/** Where the PDUs of a stream begin and end, and what a broken one says: to compare the whole with its pieces. */
class Ends implements PduSink {
  readonly lengths: number[] = [];

  onPdu(_b: Buffer, start: number, end: number): boolean {
    this.lengths.push(end - start);
    return true;
  }
}

export class Fuzzer {
  readonly seed: number;
  readonly promises = new Promises();
  readonly broken: Broken[] = [];
  throws = 0;
  readonly #dice = new Dice();
  readonly #mutator = new Mutator(this.#dice);
  readonly #stream = Buffer.alloc(STREAM_PDUS * LENGTH_MAX);

  constructor(seed: number) {
    this.seed = seed;
  }

  /** The PDUs with the numbers [from, to); `onIndex` hears of every PDU before it is tried. */
  run(from: number, to: number, onIndex: (index: number) => void = () => undefined): void {
    for (let index = from; index < to; index++) {
      onIndex(index);
      let bytes: Buffer = this.#mutator.b;
      try {
        bytes = this.#make(index);
        this.#feed(bytes, index % STREAM_EVERY === 0);
      } catch (error) {
        this.throws++;
        if (this.broken.length === KEPT_MAX) continue;
        const reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
        this.broken.push({ index, reason, hex: bytes.toString('hex') });
      }
    }
  }

  /** One mutated PDU, or a stream of several. */
  #make(index: number): Buffer {
    const dice = this.#dice;
    dice.restart(this.seed, index);
    this.promises.version = VERSIONS[dice.below(3)];
    this.#mutator.make();
    if (index % STREAM_EVERY !== 0) return this.#mutator.b.subarray(0, this.#mutator.length);
    let length = 0;
    for (let n = 0; n < STREAM_PDUS; n++) {
      this.#mutator.b.copy(this.#stream, length, 0, this.#mutator.length);
      length += this.#mutator.length;
      this.#mutator.make();
    }
    return this.#stream.subarray(0, length);
  }

  #feed(bytes: Buffer, isStream: boolean): void {
    const whole = new FrameReader(LENGTH_MAX);
    const intact = whole.feed(bytes, this.promises);
    if (!isStream) return;
    const expected = new Ends();
    new FrameReader(LENGTH_MAX).feed(bytes, expected);
    const found = new Ends();
    const pieces = new FrameReader(LENGTH_MAX);
    let same = true;
    for (let at = 0, next = 0; at < bytes.length; at = next) {
      next = Math.min(bytes.length, at + 1 + this.#dice.below(50));
      same = pieces.feed(Buffer.from(bytes.subarray(at, next)), found);
    }
    if (same !== intact || pieces.badSequence !== whole.badSequence || pieces.badLength !== whole.badLength) {
      throw new Error('pieces are judged unlike the whole');
    }
    if (found.lengths.join() !== expected.lengths.join()) throw new Error('other PDUs out of pieces');
  }
}
