/**
 * A request body as it comes in. What is over the limit is counted and thrown away, so that a client that
 * only reads its answer after writing gets one; a body of `drainBytesMax` more than that is not worth
 * reading.
 */
export class BodyCollector {
  readonly #bytesMax: number;
  #chunks: Buffer[] = [];
  #bytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** Takes a chunk, which must not be reused by the caller. */
  push(chunk: Buffer): void {
    this.#bytes += chunk.length;
    if (this.tooLarge) this.#chunks = [];
    else this.#chunks.push(chunk);
  }

  get tooLarge(): boolean {
    return this.#bytes > this.#bytesMax;
  }

  get hopeless(): boolean {
    return this.#bytes > this.#bytesMax + DRAIN_BYTES_MAX;
  }

  /** The whole body. */
  take(): Buffer {
    return this.#chunks.length === 1 ? this.#chunks[0] : Buffer.concat(this.#chunks);
  }
}

const DRAIN_BYTES_MAX = 1_048_576;

/** Whether a declared content-length is so far over the limit that the body is not read at all. */
export function declaredHopeless(contentLength: string | undefined, bytesMax: number): boolean {
  return contentLength !== undefined && Number(contentLength) > bytesMax + DRAIN_BYTES_MAX;
}
