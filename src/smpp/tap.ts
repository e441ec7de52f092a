/**
 * The tap of one traced session: bytes as they were read and as they were written come in here, beside the session's
 * own work, and are cut into PDUs once more by readers of the tap's own. A session that nobody traces has no tap.
 */
import { PDU_BYTES_MAX } from '../core/limits.ts';
import { FrameReader } from './frame.ts';
import type { PduSink } from './frame.ts';
import type { TraceDirection, TraceFeed } from './trace-feed.ts';

/** The session as a trace names it. */
export interface TapSource {
  readonly id: string;
  /** `127.0.0.1:2775`, `[::1]:2775`; ours and the peer's. */
  readonly local: string;
  readonly remote: string;
  /** The account or SMSC; '' where it is not known yet. */
  name(): string;
  version(): number;
  nowMs(): number;
}

interface HeldPdu {
  direction: TraceDirection;
  timeMs: number;
  version: number;
  bytes: Buffer;
}

/**
 * A session that has not said who it is: so much of it is kept, the latest, in case that somebody traces its account.
 * Thousands may connect and never bind, so it is little; a PDU costs more than its octets.
 */
const HELD_BYTES_MAX = 16 * 1024;
const HELD_PDU_COST = 128;

export class Tap {
  /** The session names its account, before anybody knows whether it is right. */
  readonly claim: (name: string) => void;
  readonly #source: TapSource;
  readonly #feeds = new Set<TraceFeed>();
  readonly #readers: Record<TraceDirection, FrameReader> = {
    in: new FrameReader(PDU_BYTES_MAX),
    out: new FrameReader(PDU_BYTES_MAX),
  };
  readonly #sinks: Record<TraceDirection, PduSink> = {
    in: { onPdu: (b, start, end) => this.#onPdu('in', b, start, end) },
    out: { onPdu: (b, start, end) => this.#onPdu('out', b, start, end) },
  };
  readonly #isBroken: Record<TraceDirection, boolean> = { in: false, out: false };
  #held: HeldPdu[] | undefined;
  #heldBytes = 0;
  /** What was let go of that for want of room. */
  #missed = { in: { pdus: 0, bytes: 0 }, out: { pdus: 0, bytes: 0 } };

  /** `onClaim` hears whose the session says that it is. */
  constructor(source: TapSource, onClaim: (name: string) => void = () => undefined) {
    this.#source = source;
    this.claim = onClaim;
  }

  /** Somebody is shown this session, or may be. */
  get isUsed(): boolean {
    return this.#feeds.size > 0 || this.#held !== undefined;
  }

  get isHolding(): boolean {
    return this.#held !== undefined;
  }

  has(feed: TraceFeed): boolean {
    return this.#feeds.has(feed);
  }

  /** Keeps what passes from here on until `add` shows it to a feed or `letGo` forgets it. */
  hold(): void {
    this.#held ??= [];
  }

  letGo(): void {
    this.#held = undefined;
    this.#heldBytes = 0;
    this.#missed = { in: { pdus: 0, bytes: 0 }, out: { pdus: 0, bytes: 0 } };
  }

  /** Shows the session to this feed, what was held first. */
  add(feed: TraceFeed): void {
    if (this.#feeds.has(feed)) return;
    this.#feeds.add(feed);
    const { id, local, remote } = this.#source;
    const since = this.#held?.[0]?.timeMs ?? this.#source.nowMs();
    feed.session(id, this.#source.name(), local, remote, since);
    for (const direction of ['in', 'out'] as const) {
      const { pdus, bytes } = this.#missed[direction];
      if (pdus > 0) feed.drop(id, direction, pdus, bytes);
    }
    for (const { direction, timeMs, version, bytes } of this.#held ?? []) {
      feed.pdu(id, direction, timeMs, version, bytes, 0, bytes.length);
    }
  }

  remove(feed: TraceFeed): void {
    this.#feeds.delete(feed);
  }

  /** The next bytes from the peer; only valid during the call. */
  received(chunk: Buffer): void {
    this.#cut('in', chunk);
  }

  /** The next bytes to the peer; only valid during the call. */
  sent(chunk: Buffer): void {
    this.#cut('out', chunk);
  }

  #cut(direction: TraceDirection, chunk: Buffer): void {
    const reader = this.#readers[direction];
    if (this.#isBroken[direction] || reader.feed(chunk, this.#sinks[direction])) return;
    this.#isBroken[direction] = true;
    const { id } = this.#source;
    for (const feed of this.#feeds) feed.broken(id, direction, this.#source.nowMs(), reader.badLength);
  }

  #onPdu(direction: TraceDirection, b: Buffer, start: number, end: number): boolean {
    const { id } = this.#source;
    const timeMs = this.#source.nowMs();
    const version = this.#source.version();
    for (const feed of this.#feeds) feed.pdu(id, direction, timeMs, version, b, start, end);
    if (this.#held !== undefined) {
      this.#keep(this.#held, { direction, timeMs, version, bytes: Buffer.from(b.subarray(start, end)) });
    }
    return true;
  }

  #keep(held: HeldPdu[], pdu: HeldPdu): void {
    held.push(pdu);
    this.#heldBytes += pdu.bytes.length + HELD_PDU_COST;
    while (this.#heldBytes > HELD_BYTES_MAX) {
      const { direction, bytes } = held.shift() as HeldPdu;
      this.#heldBytes -= bytes.length + HELD_PDU_COST;
      this.#missed[direction].pdus++;
      this.#missed[direction].bytes += bytes.length;
    }
  }

  /** The session is gone. */
  ended(): void {
    for (const feed of this.#feeds) feed.ended(this.#source.id, this.#source.nowMs());
    this.#feeds.clear();
    this.letGo();
  }
}
