/** Requests of a library session: those in flight, by sequence_number, and those that wait for room in the window. */
import type { Pdu } from './codec.ts';
import { SEQUENCE_MAX } from './constants.ts';
import { writeU32 } from './cursor.ts';
import { RequestError } from './library-types.ts';

export interface Pending {
  /** The whole PDU; its sequence_number is written when it is sent. */
  readonly bytes: Buffer;
  readonly command: string;
  /** command_id of the response. */
  readonly response: number;
  readonly resolve: (response: Pdu) => void;
  readonly reject: (error: RequestError) => void;
  sentMs: number;
}

export class PendingRequests {
  readonly #windowMax: number;
  readonly #waitingMax: number;
  readonly #inFlight = new Map<number, Pending>();
  readonly #waiting: Pending[] = [];
  #sequence = 0;

  /** At most so many in flight at one time, and so many behind them. */
  constructor(windowMax: number, waitingMax: number) {
    if (!(windowMax >= 1 && waitingMax >= 0)) throw new RangeError(`a window of ${windowMax}`);
    this.#windowMax = windowMax;
    this.#waitingMax = waitingMax;
  }

  get inFlight(): number {
    return this.#inFlight.size;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /** What has no answer yet, sent or not. */
  get open(): number {
    return this.#inFlight.size + this.#waiting.length;
  }

  /** The next sequence_number; after 0x7FFFFFFF comes 1, and one that is in flight is left out. */
  nextSequence(): number {
    do this.#sequence = this.#sequence === SEQUENCE_MAX ? 1 : this.#sequence + 1;
    while (this.#inFlight.has(this.#sequence));
    return this.#sequence;
  }

  /** It is sent with `take`. Throws when too many wait. */
  add(request: Pending): void {
    if (this.#waiting.length >= this.#waitingMax && this.#inFlight.size >= this.#windowMax) {
      throw new RequestError(`${this.#waiting.length} requests wait already`);
    }
    this.#waiting.push(request);
  }

  /** The bytes of the next request that has room in the window; it is in flight now. */
  take(nowMs: number): Buffer | undefined {
    if (this.#inFlight.size >= this.#windowMax) return undefined;
    const request = this.#waiting.shift();
    if (request === undefined) return undefined;
    const sequence = this.nextSequence();
    writeU32(request.bytes, 12, sequence);
    request.sentMs = nowMs;
    this.#inFlight.set(sequence, request);
    return request.bytes;
  }

  /** The request that is answered, taken out; sequence_number 0 is the only one in flight. */
  answered(sequence: number): Pending | undefined {
    const key = sequence === 0 && this.#inFlight.size === 1 ? this.#inFlight.keys().next().value : sequence;
    if (key === undefined) return undefined;
    const request = this.#inFlight.get(key);
    this.#inFlight.delete(key);
    return request;
  }

  /** Whether a response with this sequence_number and command_id is waited for. */
  expects(sequence: number, response: number): boolean {
    return this.#inFlight.get(sequence)?.response === response;
  }

  /** Rejects what was sent `timeoutMs` ago or earlier. */
  expire(nowMs: number, timeoutMs: number): void {
    for (const [sequence, request] of this.#inFlight) {
      if (nowMs - request.sentMs < timeoutMs) continue;
      this.#inFlight.delete(sequence);
      request.reject(new RequestError(`${request.command}: no answer within ${timeoutMs} ms`));
    }
  }

  /** Rejects everything: the session has ended. */
  fail(why: string): void {
    const sent = [...this.#inFlight.values()];
    this.#inFlight.clear();
    for (const request of sent) request.reject(new RequestError(`${request.command}: ${why}`));
    this.failWaiting(why);
  }

  /** Rejects what was not sent. */
  failWaiting(why: string): void {
    for (const request of this.#waiting.splice(0)) {
      request.reject(new RequestError(`${request.command}: ${why}`));
    }
  }
}
