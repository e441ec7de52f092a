/** Requests of one session that are no plain submit_sm and wait for what their shards say. */
/** A request that is not a plain submit_sm and waits for the answers of shards. */
export interface PendingRequest {
  /** command_id */
  command: number;
  /**
   * The answer to a submit of it: ESME_ROK and its id, or why it was refused. True: it is answered; undefined: it waits
   * for no such answer, a plain submit_sm with the same sequence_number does.
   */
  onAnswer?(shard: number, status: number, idHigh: number, idLow: number): boolean | undefined;
  /** The answer to an operation of it. True: it is answered. */
  onOperation?(answer: OperationAnswer): boolean;
}

export interface OperationAnswer {
  status: number;
  /** message_state, error_code and end (0: none) of a query_sm. */
  state: number;
  errorCode: number;
  doneMs: number;
  /** The SMSC's response body; valid during the call. */
  data: Buffer;
}

export class PendingRequests {
  readonly #bySequence = new Map<number, PendingRequest>();

  has(sequence: number): boolean {
    return this.#bySequence.has(sequence);
  }

  add(sequence: number, request: PendingRequest): void {
    this.#bySequence.set(sequence, request);
  }

  /** The answer to a submit. undefined: no request here waits for it; else whether one is answered now. */
  onAnswer(
    shard: number,
    status: number,
    sequence: number,
    idHigh: number,
    idLow: number,
  ): boolean | undefined {
    const request = this.#bySequence.get(sequence);
    // A client may give one number to two requests: what is no answer to this one is to the other.
    if (request?.onAnswer === undefined) return undefined;
    const isDone = request.onAnswer(shard, status, idHigh, idLow);
    if (isDone === true) this.#bySequence.delete(sequence);
    return isDone;
  }

  /** The answer to an operation; whether its request is answered now. */
  onOperation(sequence: number, answer: OperationAnswer): boolean {
    const request = this.#bySequence.get(sequence);
    if (request?.onOperation === undefined) return false;
    const isDone = request.onOperation(answer);
    if (isDone) this.#bySequence.delete(sequence);
    return isDone;
  }
}
