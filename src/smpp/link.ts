/**
 * One socket's outgoing side: PDUs are written into one buffer and go out in one write. When the kernel took all of
 * it at once, as it nearly always does, the same buffer is used again; so a busy link allocates nothing.
 */
import type { Socket } from 'node:net';

const BUFFER_BYTES = 64 * 1024;

export class LinkWriter {
  readonly #socket: Socket;
  /** Where PDUs are written, from `at` on; reserve first. */
  buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES);
  at = 0;
  /** Sees what is written, on its way to the kernel; valid during the call. For traces: undefined costs nothing. */
  onFlush: ((bytes: Buffer) => void) | undefined = undefined;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** Makes room for `length` bytes at `buffer[at]`; the caller moves `at` on by what it wrote. */
  reserve(length: number): void {
    if (this.at + length <= this.buffer.length) return;
    this.flush();
    if (length > this.buffer.length) this.buffer = Buffer.allocUnsafeSlow(length);
  }

  /** Writes what has gathered. */
  flush(): void {
    if (this.at === 0) return;
    const socket = this.#socket;
    const bytes = this.buffer.subarray(0, this.at);
    this.at = 0;
    if (socket.destroyed || socket.writableEnded) return;
    if (this.onFlush !== undefined) this.onFlush(bytes);
    socket.write(bytes);
    // Not yet with the kernel: the buffer belongs to the socket until it is.
    if (socket.writableLength > 0) this.buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES);
  }

  /** Bytes that the peer has not taken from us yet. */
  backlogBytes(): number {
    return this.#socket.writableLength + this.at;
  }
}
