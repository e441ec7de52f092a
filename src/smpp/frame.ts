import { HEADER_BYTES, isKnownCommand } from './constants.ts';
import { readU32 } from './cursor.ts';

/** Takes the PDUs that a FrameReader cuts. */
export interface PduSink {
  /**
   * One whole PDU, [start, end) of `bytes`; valid only during the call. False stops the reading: what follows
   * is kept until `resume`.
   */
  onPdu(bytes: Buffer, start: number, end: number): boolean;
}

/** A held buffer larger than this is given back once it is empty, so that idle sessions stay small. */
const HELD_BYTES_KEPT = 8192;
const HELD_BYTES_FIRST = 256;
const NOTHING = Buffer.alloc(0);

const FIT = 0;
const WAIT = 1;
const BROKEN = 2;

/**
 * Cuts a TCP stream into PDUs. Whole PDUs are handed out in place from the chunk they arrived in; only the bytes
 * of an unfinished PDU, or what a stopped sink did not take, are copied. Three bad inputs are told apart: not
 * whole yet (wait), framed but unreadable (the scanners' business), stream broken (`feed` returns false, and
 * `badLength` and `badSequence` say what a generic_nack should tell before the connection is closed).
 */
export class FrameReader {
  /** Largest command_length taken; may change between PDUs (a bind raises it). */
  lengthMax: number;
  /** sequence_number to answer a broken stream with: 0 unless a plausible header was readable. */
  badSequence = 0;
  badLength = 0;
  private held: Buffer = NOTHING;
  private heldAt = 0;
  private heldEnd = 0;
  private stopped = false;
  private broken = false;

  constructor(lengthMax: number) {
    this.lengthMax = lengthMax;
  }

  /**
   * Takes the next bytes of the stream. False: command_length was below 16 or above `lengthMax`, nothing more can
   * be read. Where it is above, the verdict waits until the header is whole (at most 16 bytes are held), so that
   * the sequence_number can be echoed.
   */
  feed(chunk: Buffer, sink: PduSink): boolean {
    if (this.broken) return false;
    if (this.stopped) {
      this.hold(chunk, 0, chunk.length);
      return true;
    }
    let at = 0;
    while (this.heldEnd > this.heldAt) {
      at += this.fillHeld(chunk, at);
      if (!this.drainHeld(sink)) return false;
      if (this.stopped) {
        this.hold(chunk, at, chunk.length);
        return true;
      }
      if (at === chunk.length) return true;
    }
    return this.cut(chunk, at, sink);
  }

  /** After the sink stopped the reading: hands out what was kept. False as for `feed`. */
  resume(sink: PduSink): boolean {
    if (this.broken) return false;
    if (!this.stopped) return true;
    this.stopped = false;
    return this.drainHeld(sink);
  }

  /** Bytes of an unfinished PDU are held: the time to complete it is running. */
  hasPartial(): boolean {
    return !this.stopped && this.heldEnd > this.heldAt;
  }

  /** The sink stopped the reading and `resume` is due. */
  isStopped(): boolean {
    return this.stopped;
  }

  /** What arrived and was not handed out yet; valid until the next call. For a trace that begins in mid-stream. */
  heldBytes(): Buffer {
    return this.held.subarray(this.heldAt, this.heldEnd);
  }

  private cut(chunk: Buffer, from: number, sink: PduSink): boolean {
    const end = chunk.length;
    let at = from;
    while (end - at >= HEADER_BYTES) {
      const length = readU32(chunk, at);
      if (length < HEADER_BYTES || length > this.lengthMax) break;
      if (length > end - at) break;
      at += length;
      if (!sink.onPdu(chunk, at - length, at)) {
        this.stopped = true;
        break;
      }
    }
    if (!this.stopped && this.judge(chunk, at, end) === BROKEN) return false;
    if (at < end) this.hold(chunk, at, end);
    return true;
  }

  /** Hands out every whole PDU among the held bytes. */
  private drainHeld(sink: PduSink): boolean {
    while (!this.stopped) {
      const verdict = this.judge(this.held, this.heldAt, this.heldEnd);
      if (verdict === BROKEN) return false;
      if (verdict === WAIT) return true;
      const start = this.heldAt;
      const end = start + readU32(this.held, start);
      this.stopped = !sink.onPdu(this.held, start, end);
      this.heldAt = end;
      if (end === this.heldEnd) this.letGo();
    }
    return true;
  }

  /** Moves into `held` what the unfinished PDU there still needs from the chunk; returns the bytes taken. */
  private fillHeld(chunk: Buffer, at: number): number {
    const have = this.heldEnd - this.heldAt;
    let need = HEADER_BYTES - have;
    if (have >= 4) {
      const length = readU32(this.held, this.heldAt);
      if (length <= this.lengthMax) need = length - have;
    } else {
      need = 4 - have;
    }
    // Below 0 when lengthMax was lowered under a PDU that is already longer: the judge will refuse it.
    const taken = Math.max(0, Math.min(need, chunk.length - at));
    if (taken > 0) this.hold(chunk, at, at + taken);
    return taken;
  }

  private judge(b: Buffer, at: number, end: number): number {
    const have = end - at;
    if (have < 4) return WAIT;
    const length = readU32(b, at);
    if (length < HEADER_BYTES) return this.fail(length, 0);
    if (length <= this.lengthMax) return length <= have ? FIT : WAIT;
    if (have >= 8 && !isKnownCommand(readU32(b, at + 4))) return this.fail(length, 0);
    if (have < HEADER_BYTES) return WAIT;
    return this.fail(length, readU32(b, at + 12));
  }

  private fail(length: number, sequence: number): number {
    this.broken = true;
    this.badLength = length;
    this.badSequence = sequence;
    this.held = NOTHING;
    this.heldAt = 0;
    this.heldEnd = 0;
    return BROKEN;
  }

  /** Grows by what has arrived, never by what a peer announces. */
  private hold(chunk: Buffer, from: number, to: number): void {
    const have = this.heldEnd - this.heldAt;
    const need = have + to - from;
    if (this.heldAt + need > this.held.length) {
      const target =
        need > this.held.length
          ? Buffer.allocUnsafeSlow(Math.max(need, this.held.length * 2, HELD_BYTES_FIRST))
          : this.held;
      this.held.copy(target, 0, this.heldAt, this.heldEnd);
      this.held = target;
      this.heldAt = 0;
      this.heldEnd = have;
    }
    chunk.copy(this.held, this.heldEnd, from, to);
    this.heldEnd += to - from;
  }

  private letGo(): void {
    this.heldAt = 0;
    this.heldEnd = 0;
    if (this.held.length > HELD_BYTES_KEPT) this.held = NOTHING;
  }
}
