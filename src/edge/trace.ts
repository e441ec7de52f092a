/** The traces of one edge: which sessions they show, and the taps on these sessions. */
import { Tap } from '../smpp/tap.ts';
import { TraceFeed } from '../smpp/trace-feed.ts';
import type { TraceBatch, TraceOrder } from '../smpp/trace-feed.ts';
import { sessionId } from './sessions.ts';
import type { EdgeState, Session } from './state.ts';

interface EdgeTrace {
  feed: TraceFeed;
  account: string | undefined;
}

export class EdgeTraces {
  readonly #edge: EdgeState;
  readonly #post: (batch: TraceBatch) => void;
  readonly #traces = new Map<number, EdgeTrace>();

  constructor(edge: EdgeState, post: (batch: TraceBatch) => void) {
    this.#edge = edge;
    this.#post = post;
  }

  /** False: one session was meant, and this edge has none of that id. */
  start(order: TraceOrder): boolean {
    const { trace, session: id, account } = order;
    const sessions = this.#edge.sessions.filter((session) => session !== undefined);
    const wanted = account === undefined ? sessions.filter((each) => sessionId(each) === id) : [];
    if (account === undefined && wanted.length === 0) return false;
    const feed = new TraceFeed(order, this.#post);
    this.#traces.set(trace, { feed, account });
    for (const session of wanted) this.#tapOf(session).add(feed);
    if (account === undefined) return true;
    for (const session of sessions) {
      if (session.account === undefined) this.#tapOf(session).hold();
      else if (session.account.name === account) this.#tapOf(session).add(feed);
    }
    return true;
  }

  stop(trace: number): void {
    const found = this.#traces.get(trace);
    if (found === undefined) return;
    this.#traces.delete(trace);
    const isHolding = this.#isHolding();
    for (const session of this.#edge.sessions) {
      session?.tap?.remove(found.feed);
      if (!isHolding) session?.tap?.letGo();
      if (session !== undefined) untapUnused(session);
    }
    found.feed.stop();
  }

  credit(trace: number, cost: number): void {
    this.#traces.get(trace)?.feed.credit(cost);
  }

  /** A connection came. Whose it is shows only later, so while an account is traced it is watched from the start. */
  opened(session: Session): void {
    if (this.#traces.size > 0 && this.#isHolding()) this.#tapOf(session).hold();
  }

  closed(session: Session): void {
    session.tap?.ended();
    session.tap = undefined;
  }

  #isHolding(): boolean {
    return [...this.#traces.values()].some(({ account }) => account !== undefined);
  }

  #tapOf(session: Session): Tap {
    if (session.tap !== undefined) return session.tap;
    const edge = this.#edge;
    const tap = new Tap(
      {
        id: sessionId(session),
        ...session.endpoints(),
        name: () => session.account?.name ?? '',
        version: () => session.version,
        nowMs: () => edge.nowMs,
      },
      (account) => this.#claimed(session, account),
    );
    // The stream may stand in the middle of a PDU.
    tap.received(session.unread());
    session.tap = tap;
    session.writer.onFlush = (bytes) => tap.sent(bytes);
    return tap;
  }

  /** The session said whose it is, right or wrong. */
  #claimed(session: Session, account: string): void {
    const { tap } = session;
    if (tap?.isHolding !== true) return;
    for (const trace of this.#traces.values()) if (trace.account === account) tap.add(trace.feed);
    tap.letGo();
    untapUnused(session);
  }
}

function untapUnused(session: Session): void {
  if (session.tap === undefined || session.tap.isUsed) return;
  session.tap = undefined;
  session.writer.onFlush = undefined;
}
