/** One stretch of memory seen as bytes, words and doubles; records are 8-aligned, so aligned views serve them. */
export interface Bytes {
  readonly u8: Buffer;
  readonly u16: Uint16Array;
  readonly u32: Uint32Array;
  readonly f64: Float64Array;
}

/** Views over `length` bytes of `memory` from `from` (a multiple of 8). */
export function bytesOver(memory: ArrayBufferLike, from: number, length: number): Bytes {
  return {
    u8: Buffer.from(memory, from, length),
    u16: new Uint16Array(memory, from, length >> 1),
    u32: new Uint32Array(memory, from, length >> 2),
    f64: new Float64Array(memory, from, length >> 3),
  };
}

/** Fresh zeroed memory of this thread's own. */
export function allocateBytes(length: number): Bytes {
  return bytesOver(new ArrayBuffer(length), 0, length);
}

/** A copy in memory of its own: one out of Node's pool would keep all that was cut from the same piece. */
export function ownCopy(from: Uint8Array, at: number, end: number): Buffer {
  const copy = Buffer.allocUnsafeSlow(end - at);
  copy.set(from.subarray(at, end));
  return copy;
}

/**
 * Copies a record of `length` bytes between 8-aligned places. Up to some 300 bytes a word loop is faster than the
 * call into the runtime that a Buffer copy is.
 */
export function copyRecord(from: Bytes, fromAt: number, to: Bytes, toAt: number, length: number): void {
  if (length > 320) {
    from.u8.copy(to.u8, toAt, fromAt, fromAt + length);
    return;
  }
  const source = from.u32;
  const target = to.u32;
  const end = (fromAt + length + 3) >> 2;
  let at = toAt >> 2;
  for (let index = fromAt >> 2; index < end; index++) target[at++] = source[index];
}
