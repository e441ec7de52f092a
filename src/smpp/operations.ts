/**
 * Requests in flight that are no messages: query_sm, cancel_sm and the like. They are few, so each is an object; their
 * sequence_numbers come from the session's window, which holds the messages.
 */
import { GENERIC_NACK, responseIdOf } from './constants.ts';

interface Operation {
  token: number;
  /** command_id of its response. */
  response: number;
  sentMs: number;
}

/** More than this many wait for an answer on no session. */
export const OPERATIONS_MAX = 1_000;

export class Operations {
  readonly #bySequence = new Map<number, Operation>();

  get size(): number {
    return this.#bySequence.size;
  }

  /** False: as many as may be are in flight. */
  add(sequence: number, commandId: number, token: number, nowMs: number): boolean {
    if (this.#bySequence.size >= OPERATIONS_MAX || this.#bySequence.has(sequence)) return false;
    this.#bySequence.set(sequence, { token, response: responseIdOf(commandId), sentMs: nowMs });
    return true;
  }

  /** The token of the request that a response with this command_id answers; -1: none. */
  take(sequence: number, responseId: number): number {
    const found = this.#bySequence.get(sequence);
    if (found === undefined || (responseId !== found.response && responseId !== GENERIC_NACK)) return -1;
    this.#bySequence.delete(sequence);
    return found.token;
  }

  /** The sequence_number of the only one in flight; -1: none or several. */
  single(): number {
    if (this.#bySequence.size !== 1) return -1;
    const [sequence] = this.#bySequence.keys();
    return sequence;
  }

  /** Takes out what was sent at or before `sentMsMax`, in the order of sending; returns the tokens. */
  expire(sentMsMax: number): number[] {
    const tokens: number[] = [];
    for (const [sequence, { token, sentMs }] of this.#bySequence) {
      if (sentMs > sentMsMax) continue;
      this.#bySequence.delete(sequence);
      tokens.push(token);
    }
    return tokens;
  }
}
