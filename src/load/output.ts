import type { Socket } from 'node:net';

/**
 * Bytes on their way to a socket: filled in place, written once per chunk read. The buffer is used again when
 * the kernel took everything at once (a buffer of this size costs more to allocate than to fill); when it did
 * not, Node still reads from it, so a new one takes its place.
 */
export class Output {
  bytes: Buffer;
  length = 0;
  private readonly socket: Socket;

  constructor(socket: Socket, sizeBytes: number) {
    this.socket = socket;
    this.bytes = Buffer.allocUnsafeSlow(sizeBytes);
  }

  /** Makes room for `count` more bytes; `bytes` may be another buffer afterwards. */
  reserve(count: number): void {
    if (this.length + count <= this.bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(this.bytes.length * 2, this.length + count));
    larger.set(this.bytes.subarray(0, this.length));
    this.bytes = larger;
  }

  append(from: Uint8Array, start: number, end: number): void {
    this.reserve(end - start);
    this.bytes.set(from.subarray(start, end), this.length);
    this.length += end - start;
  }

  flush(): void {
    if (this.length === 0) return;
    if (this.socket.writable) {
      this.socket.write(this.bytes.subarray(0, this.length));
      if (this.socket.writableLength > 0) this.bytes = Buffer.allocUnsafeSlow(this.bytes.length);
    }
    this.length = 0;
  }
}
