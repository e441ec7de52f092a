/**
 * The memory that journal blocks are written in: chunks of CHUNK_BYTES, used over and over. A message's body is
 * sent from where the journal wrote it, so a chunk counts the messages that still need it (plus one while it is
 * being filled and one for each commit in flight) and goes back to the pool when none does.
 */
import { allocateBytes } from '../core/bytes.ts';
import type { Bytes } from '../core/bytes.ts';

export const CHUNK_BYTES = 1024 * 1024;
/** Free chunks kept for reuse; more are left to the collector after a burst. */
const SPARE_CHUNKS_MAX = 16;

export class Chunks {
  readonly #bytes: (Bytes | undefined)[] = [];
  readonly #uses: number[] = [];
  readonly #freeNumbers: number[] = [];
  readonly #spare: Bytes[] = [];
  /** Chunks in use. */
  inUse = 0;

  /** A chunk with one use, the caller's. Returns its number. */
  take(): number {
    const number = this.#freeNumbers.pop() ?? this.#bytes.length;
    this.#bytes[number] = this.#spare.pop() ?? allocateBytes(CHUNK_BYTES);
    this.#uses[number] = 1;
    this.inUse++;
    return number;
  }

  bytesOf(number: number): Bytes {
    const bytes = this.#bytes[number];
    if (bytes === undefined) throw new Error(`chunk ${number} is not in use`);
    return bytes;
  }

  use(number: number): void {
    this.#uses[number]++;
  }

  drop(number: number): void {
    const uses = --this.#uses[number];
    if (uses > 0) return;
    const bytes = this.#bytes[number];
    if (uses < 0 || bytes === undefined) throw new Error(`chunk ${number} dropped too often`);
    this.#bytes[number] = undefined;
    this.#freeNumbers.push(number);
    this.inUse--;
    if (this.#spare.length < SPARE_CHUNKS_MAX) this.#spare.push(bytes);
  }
}
