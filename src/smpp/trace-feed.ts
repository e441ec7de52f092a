/**
 * What one trace gets of the sessions of one thread, on its way to the control thread: PDUs are copied, masked and
 * gathered, and go out in one message a turn of the event loop. So much and no more may be on its way at one time:
 * what a slow reader has no room for is counted and dropped. A trace never holds up the session that it shows.
 */
import { maskPdu } from './mask.ts';

export type TraceDirection = 'in' | 'out';

/** In the order in which it happened; times are milliseconds of the epoch. */
export type TraceEvent =
  | { kind: 'session'; session: string; name: string; local: string; remote: string; timeMs: number }
  /** `length` octets of the batch's bytes, which are in the order of these events. `in`: from the peer to us. */
  | {
      kind: 'pdu';
      session: string;
      direction: TraceDirection;
      timeMs: number;
      version: number;
      length: number;
    }
  /** PDUs that are missing here, and their octets. */
  | { kind: 'dropped'; session: string; direction: TraceDirection; pdus: number; bytes: number }
  /** The framing is lost: nothing more of this direction can be read. */
  | { kind: 'broken'; session: string; direction: TraceDirection; timeMs: number; commandLength: number }
  | { kind: 'ended'; session: string; timeMs: number };

/** What control orders of a thread: one session by its id, or all of an account, also those that come later. */
export interface TraceOrder {
  trace: number;
  session?: string | undefined;
  account?: string | undefined;
  hideText: boolean;
  /** So many octets may be on their way from this thread; the largest PDU has to fit. */
  roomBytes: number;
}

export interface TraceBatch {
  trace: number;
  events: TraceEvent[];
  bytes: Uint8Array<ArrayBuffer>;
  /** What the reader gives back with `credit` once it has dealt with the batch. */
  cost: number;
}

/** What an event costs of that room beside its octets, so that small PDUs are bounded too. */
const EVENT_COST = 256;

export class TraceFeed {
  readonly trace: number;
  readonly #hideText: boolean;
  readonly #post: (batch: TraceBatch) => void;
  #room: number;
  #events: TraceEvent[] = [];
  #copies: Buffer[] = [];
  #cost = 0;
  #isScheduled = false;
  readonly #dropped = new Map<string, TraceEvent & { kind: 'dropped' }>();

  constructor({ trace, hideText, roomBytes }: TraceOrder, post: (batch: TraceBatch) => void) {
    this.trace = trace;
    this.#hideText = hideText;
    this.#post = post;
    this.#room = roomBytes;
  }

  /** A session is shown from here on. */
  session(session: string, name: string, local: string, remote: string, timeMs: number): void {
    this.#add({ kind: 'session', session, name, local, remote, timeMs }, 0);
  }

  ended(session: string, timeMs: number): void {
    this.#tellDropped();
    this.#add({ kind: 'ended', session, timeMs }, 0);
  }

  broken(session: string, direction: TraceDirection, timeMs: number, commandLength: number): void {
    this.#add({ kind: 'broken', session, direction, timeMs, commandLength }, 0);
  }

  /** The PDU [start, end) of `b`, which is copied. */
  pdu(
    session: string,
    direction: TraceDirection,
    timeMs: number,
    version: number,
    b: Buffer,
    start: number,
    end: number,
  ): void {
    const length = end - start;
    if (this.#cost + length + EVENT_COST > this.#room) {
      this.drop(session, direction, 1, length);
      return;
    }
    this.#tellDropped();
    const copy = Buffer.from(b.subarray(start, end));
    maskPdu(copy, 0, length, this.#hideText);
    this.#copies.push(copy);
    this.#add({ kind: 'pdu', session, direction, timeMs, version, length }, length);
  }

  /** So many PDUs are not shown. */
  drop(session: string, direction: TraceDirection, pdus: number, bytes: number): void {
    const key = `${direction} ${session}`;
    const dropped = this.#dropped.get(key) ?? { kind: 'dropped', session, direction, pdus: 0, bytes: 0 };
    dropped.pdus += pdus;
    dropped.bytes += bytes;
    this.#dropped.set(key, dropped);
  }

  #tellDropped(): void {
    if (this.#dropped.size === 0) return;
    for (const dropped of this.#dropped.values()) this.#add(dropped, 0);
    this.#dropped.clear();
  }

  #add(event: TraceEvent, bytes: number): void {
    this.#events.push(event);
    this.#cost += EVENT_COST + bytes;
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      this.#flush();
    });
  }

  #flush(): void {
    if (this.#events.length === 0) return;
    const bytes = new Uint8Array(this.#copies.reduce((sum, copy) => sum + copy.length, 0));
    let at = 0;
    for (const copy of this.#copies) {
      bytes.set(copy, at);
      at += copy.length;
    }
    const batch: TraceBatch = { trace: this.trace, events: this.#events, bytes, cost: this.#cost };
    this.#room -= this.#cost;
    this.#events = [];
    this.#copies = [];
    this.#cost = 0;
    this.#post(batch);
  }

  /** The reader has dealt with a batch of this cost. */
  credit(cost: number): void {
    this.#room += cost;
    this.#tellDropped();
  }

  /** The last that there is goes out. */
  stop(): void {
    this.#tellDropped();
    this.#flush();
  }
}
