/**
 * How a session ends in order (v3.4 section 4.2; reference section 7.1): nothing new is sent, what is open between both
 * sides is answered, then comes the unbind or its response.
 */

/** What is open has so long to be answered. */
const OPEN_MS = 5_000;

export class Leave {
  /** sequence_number of the peer's unbind that waits for its response. */
  asked: number | undefined = undefined;
  /** Our unbind waits to be sent. */
  wanted = false;
  /** It was sent. */
  sent = false;
  readonly #openMs: number;
  #deadlineMs = 0;

  constructor(openMs: number = OPEN_MS) {
    this.#openMs = openMs;
  }

  /** The peer goes. */
  onUnbind(sequence: number, nowMs: number): void {
    this.asked = sequence;
    this.#deadlineMs = nowMs + this.#openMs;
  }

  /** We go. */
  want(nowMs: number): void {
    this.wanted = true;
    this.#deadlineMs = nowMs + this.#openMs;
  }

  /** Whether the next step may be done: there is one, and nothing is open, or it was open for too long. */
  isDue(isQuiet: boolean, nowMs: number): boolean {
    return (this.asked !== undefined || this.wanted) && (isQuiet || nowMs >= this.#deadlineMs);
  }

  /** Another connection. */
  restart(): void {
    this.asked = undefined;
    this.wanted = false;
    this.sent = false;
  }
}
