/**
 * One connection whose other side is an SMSC, or an ESME of the library's server: its socket, what is written to it,
 * and the PDUs that it brings. What they mean is the owner's business.
 */
import * as net from 'node:net';
import { HEADER_BYTES } from './constants.ts';
import { FrameReader } from './frame.ts';
import { LinkWriter } from './link.ts';
import { writeHeaderOnly } from './pdu/header-only.ts';

export interface LinkOwner {
  /** The connection stands (after the TLS handshake, where there is one). */
  onOpen(): void;
  /** A chunk as it was read, before its PDUs; valid during the call. */
  onBytesIn(chunk: Buffer): void;
  /** A whole PDU, valid during the call; false stops the reading until `resume`. */
  onPdu(bytes: Buffer, start: number, end: number): boolean;
  /** A chunk was read to its end; `partial`: the beginning of a PDU is held. */
  onRead(partial: boolean): void;
  /** The framing is broken (command_length); `sequence` is the one to answer generic_nack with. */
  onBroken(length: number, sequence: number): void;
  /** The peer or the network ended the connection; not called after `end`. */
  onClosed(why: string): void;
}

const READ_BYTES = 256 * 1024;
/** A peer that does not take what is written is cut after this. */
const LINGER_MS = 500;

export class SocketLink {
  readonly writer: LinkWriter;
  readonly socket: net.Socket;
  readonly openedMs = Date.now();
  readonly #reader: FrameReader;
  readonly #owner: LinkOwner;
  #open = true;
  #error = '';

  private constructor(socket: net.Socket, owner: LinkOwner, pduBytesMax: number) {
    this.socket = socket;
    this.#owner = owner;
    this.writer = new LinkWriter(socket);
    this.#reader = new FrameReader(pduBytesMax);
    socket.on('error', (error) => (this.#error = error.message));
    socket.on('close', () => this.#onClose());
  }

  /** Connects; the owner hears `onOpen` or `onClosed`. */
  static dial(address: { host: string; port: number }, owner: LinkOwner, pduBytesMax: number): SocketLink {
    const socket = net.connect({
      ...address,
      noDelay: true,
      // One buffer for all that is read: a fresh one a chunk keeps the collector busy with memory outside its heap.
      onread: {
        buffer: Buffer.allocUnsafeSlow(READ_BYTES),
        callback: (length, buffer) => {
          link.#onData((buffer as Buffer).subarray(0, length));
          return true;
        },
      },
    });
    const link = new SocketLink(socket, owner, pduBytesMax);
    socket.on('connect', () => link.#onOpen());
    return link;
  }

  /** A connection that stands already; `opened`: the event after which it may be used, where it does not yet. */
  static adopt(socket: net.Socket, owner: LinkOwner, pduBytesMax: number, opened?: string): SocketLink {
    const link = new SocketLink(socket, owner, pduBytesMax);
    socket.on('data', (chunk: Buffer) => link.#onData(chunk));
    if (opened !== undefined) socket.once(opened, () => link.#onOpen());
    return link;
  }

  /** Largest PDU taken from here on. */
  set pduBytesMax(bytes: number) {
    this.#reader.lengthMax = bytes;
  }

  /** What was read and not handed out yet; valid until more is read. */
  unread(): Buffer {
    return this.#reader.heldBytes();
  }

  get isOpen(): boolean {
    return this.#open;
  }

  /** Reads bytes that came before this link took the socket over. */
  feed(chunk: Buffer): void {
    if (chunk.length > 0) this.#onData(chunk);
  }

  /** Writes a PDU without a body; it goes out with the next flush. */
  headerOnly(command: number, status: number, sequence: number): void {
    this.writer.reserve(HEADER_BYTES);
    this.writer.at += writeHeaderOnly(this.writer.buffer, this.writer.at, command, status, sequence);
  }

  #onOpen(): void {
    if (this.#open) this.#owner.onOpen();
  }

  #onData(chunk: Buffer): void {
    if (!this.#open) return;
    this.#owner.onBytesIn(chunk);
    this.#read(this.#reader.feed(chunk, this.#owner));
  }

  /** Goes on reading after the owner stopped it. */
  resume(): void {
    if (this.#open && this.#reader.isStopped()) this.#read(this.#reader.resume(this.#owner));
  }

  #read(sound: boolean): void {
    // A PDU of this chunk may have ended the link already.
    if (!this.#open) return;
    if (!sound) {
      this.#owner.onBroken(this.#reader.badLength, this.#reader.badSequence);
      return;
    }
    if (this.#reader.isStopped()) this.socket.pause();
    else if (this.socket.isPaused()) this.socket.resume();
    this.#owner.onRead(this.#reader.hasPartial());
  }

  #onClose(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#owner.onClosed(this.#error);
  }

  /** Ends the connection: what is written goes out if the peer still reads. */
  end(): void {
    if (!this.#open) return;
    this.#open = false;
    this.writer.flush();
    this.socket.end();
    setTimeout(() => this.socket.destroy(), LINGER_MS).unref();
  }
}
