/**
 * How a session ends in order (v3.4 section 4.2; reference section 7.1): no new requests, the answers to those that
 * came before, then the answer to the unbind, or behind the answer to ours the end.
 */
import { ESME_ROK, UNBIND, UNBIND_RESP } from '../smpp/constants.ts';
import { CLOSED, UNBOUND, isBound } from '../smpp/session.ts';
import { stopReceipts } from './receipts.ts';
import type { Session } from './state.ts';

/** Requests under way have so long to be answered: longer than a commit may take. */
const ANSWERS_MS = 5_000;
/** The peer closes behind our unbind_resp; one that does not is closed. */
const UNBOUND_MS = 5_000;

export class Leaving {
  readonly #session: Session;
  /** sequence_number of the peer's unbind, which waits for its answer. */
  #asked: number | undefined;
  /** We sent an unbind. */
  #unbinding = false;
  /** It was answered. */
  #answered = false;

  constructor(session: Session) {
    this.#session = session;
  }

  /** Tells the ESME that we go. */
  unbind(): void {
    const session = this.#session;
    if (!isBound(session.state)) {
      session.end();
      return;
    }
    this.#unbinding = true;
    stopReceipts(session);
    session.headerOnly(UNBIND, ESME_ROK, session.window.nextSequence());
  }

  /** The ESME goes. One that says so again waits no longer. */
  onUnbind(sequence: number): void {
    const session = this.#session;
    if (session.state === UNBOUND) {
      if (this.#asked !== undefined) this.#answer(this.#asked);
      session.headerOnly(UNBIND_RESP, ESME_ROK, sequence);
      return;
    }
    session.state = UNBOUND;
    stopReceipts(session);
    session.edge.log.info('esme unbound', session.describe());
    if (session.inFlight === 0) {
      this.#answer(sequence);
      return;
    }
    this.#asked = sequence;
    setTimeout(() => {
      if (this.#asked !== sequence || session.state === CLOSED) return;
      this.#answer(sequence);
      session.flush(session.edge.nowMs);
    }, ANSWERS_MS).unref();
  }

  /** unbind_resp. */
  onAnswer(): void {
    const session = this.#session;
    if (!this.#unbinding || this.#answered) return;
    this.#answered = true;
    session.state = UNBOUND;
    if (session.inFlight === 0) session.end();
    else setTimeout(() => session.end(), ANSWERS_MS).unref();
  }

  /** Nothing is in flight any more. */
  onIdle(): void {
    const session = this.#session;
    if (session.state === CLOSED) return;
    if (this.#asked !== undefined) this.#answer(this.#asked);
    if (this.#answered) session.end();
  }

  #answer(sequence: number): void {
    const session = this.#session;
    this.#asked = undefined;
    session.headerOnly(UNBIND_RESP, ESME_ROK, sequence);
    setTimeout(() => session.end(), UNBOUND_MS).unref();
  }
}
