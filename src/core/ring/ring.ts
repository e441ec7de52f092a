/**
 * Single-producer single-consumer ring of variable-length records, written and read in place.
 * Contract: claim, write, commit (or simply do not commit: an abort); publish makes all that was committed visible;
 * a full ring is a return value. The consumer's read is bounded and may stop in front of a record.
 */
import { align8 } from '../records.ts';
import { bytesOver } from '../bytes.ts';
import type { Bytes } from '../bytes.ts';
import { HEAD_INDEX, RING_HEADER_BYTES, SKIP, TAIL_INDEX } from './layout.ts';
import type { Doorbell } from './idle.ts';

export const RING_FULL = -1;

export class RingWriter {
  readonly bytes: Bytes;
  readonly capacity: number;
  readonly #control: Int32Array;
  readonly #bell: Doorbell;
  #head = 0;
  #published = 0;
  #tailSeen = 0;
  #claimedHead = 0;

  constructor(memory: SharedArrayBuffer, bell: Doorbell) {
    this.capacity = memory.byteLength - RING_HEADER_BYTES;
    this.bytes = bytesOver(memory, RING_HEADER_BYTES, this.capacity);
    this.#control = new Int32Array(memory, 0, RING_HEADER_BYTES >> 2);
    this.#bell = bell;
  }

  /**
   * Room for a record of `length` bytes (its length field is filled in); returns where it starts in `bytes`,
   * or RING_FULL. A second claim without a commit replaces the first.
   */
  claim(length: number): number {
    const need = align8(length);
    let at = this.#head & (this.capacity - 1);
    const toEnd = this.capacity - at;
    const skip = toEnd < need ? toEnd : 0;
    if (!this.#hasRoom(skip + need)) return RING_FULL;
    if (skip > 0) {
      this.bytes.u32[at >> 2] = SKIP;
      at = 0;
    }
    this.bytes.u32[at >> 2] = length;
    this.#claimedHead = (this.#head + skip + need) | 0;
    return at;
  }

  #hasRoom(bytes: number): boolean {
    if (((this.#head - this.#tailSeen) | 0) + bytes <= this.capacity) return true;
    this.#tailSeen = Atomics.load(this.#control, TAIL_INDEX);
    return ((this.#head - this.#tailSeen) | 0) + bytes <= this.capacity;
  }

  /** Bytes that are free at least; what the consumer has freed since may be more. */
  freeBytes(): number {
    this.#tailSeen = Atomics.load(this.#control, TAIL_INDEX);
    return this.capacity - ((this.#head - this.#tailSeen) | 0);
  }

  commit(): void {
    this.#head = this.#claimedHead;
  }

  /** Shows the consumer everything committed so far, and wakes it if it sleeps. */
  publish(): void {
    if (this.#head === this.#published) return;
    this.#published = this.#head;
    Atomics.store(this.#control, HEAD_INDEX, this.#head);
    this.#bell.ring();
  }
}

/** Takes one record; false leaves it in the ring and ends the read. `bytes` may be used during the call only. */
export type RecordHandler = (bytes: Bytes, at: number, length: number) => boolean;

export class RingReader {
  readonly bytes: Bytes;
  readonly #control: Int32Array;
  readonly #mask: number;
  #tail = 0;

  constructor(memory: SharedArrayBuffer) {
    const capacity = memory.byteLength - RING_HEADER_BYTES;
    this.bytes = bytesOver(memory, RING_HEADER_BYTES, capacity);
    this.#control = new Int32Array(memory, 0, RING_HEADER_BYTES >> 2);
    this.#mask = capacity - 1;
  }

  isEmpty(): boolean {
    return Atomics.load(this.#control, HEAD_INDEX) === this.#tail;
  }

  /** Hands out at most `limit` records; returns how many the handler took. */
  read(handler: RecordHandler, limit: number): number {
    const head = Atomics.load(this.#control, HEAD_INDEX);
    const lengths = this.bytes.u32;
    let taken = 0;
    while (this.#tail !== head && taken < limit) {
      const at = this.#tail & this.#mask;
      const length = lengths[at >> 2];
      if (length === SKIP) {
        this.#tail = (this.#tail + this.#mask + 1 - at) | 0;
        continue;
      }
      if (!handler(this.bytes, at, length)) break;
      this.#tail = (this.#tail + align8(length)) | 0;
      taken++;
    }
    Atomics.store(this.#control, TAIL_INDEX, this.#tail);
    return taken;
  }
}
