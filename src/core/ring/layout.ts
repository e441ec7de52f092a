/**
 * A ring's shared memory. Head and tail stand on cache lines of their own, so that the producer's and the
 * consumer's stores do not chase one line between the cores.
 *
 *   0        64       128      256                                    256 + capacity
 *  +--------+--------+--------+--------------------------------------+
 *  | head   | tail   | unused | records, each 8-aligned              |
 *  +--------+--------+--------+--------------------------------------+
 *
 *  head: bytes ever committed, modulo 2^32, written by the producer only
 *  tail: bytes ever consumed, modulo 2^32, written by the consumer only
 *
 *  record: u32 length, then its bytes (core/records.ts). A length of SKIP means: nothing more up to the end of the
 *  memory, go on at its start. The capacity is a power of two, so positions wrap without a division.
 */
export const HEAD_INDEX = 0;
export const TAIL_INDEX = 16;
export const RING_HEADER_BYTES = 256;
export const SKIP = 0xffff_ffff;
export const RING_CAPACITY_MIN = 4096;
export const RING_CAPACITY_MAX = 2 ** 30;

/** Shared memory for one ring. `capacity` in bytes: a power of two. */
export function createRing(capacity: number): SharedArrayBuffer {
  const isPowerOfTwo = (capacity & (capacity - 1)) === 0;
  if (!isPowerOfTwo || capacity < RING_CAPACITY_MIN || capacity > RING_CAPACITY_MAX) {
    throw new Error(`ring capacity ${capacity} is not a power of two in bounds`);
  }
  return new SharedArrayBuffer(RING_HEADER_BYTES + capacity);
}
