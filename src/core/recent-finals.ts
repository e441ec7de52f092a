/**
 * What became of the messages that ended last, for query_sm: a ring over typed arrays. An entry costs some stores, a
 * look-up one pass over the ids; older messages are not known here any more (v3.4 section 4.8 leaves the time that an
 * SMSC remembers to the SMSC).
 */
const NONE = -1;

export class RecentFinals {
  readonly capacity: number;
  readonly #idLow: Uint32Array;
  readonly #idHigh: Uint32Array;
  readonly #account: Uint16Array;
  readonly #state: Uint8Array;
  readonly #errorCode: Uint8Array;
  readonly #source: Uint32Array;
  readonly #doneMs: Float64Array;
  #next = 0;
  #used = 0;

  constructor(capacity: number) {
    this.capacity = capacity;
    this.#idLow = new Uint32Array(capacity);
    this.#idHigh = new Uint32Array(capacity);
    this.#account = new Uint16Array(capacity);
    this.#state = new Uint8Array(capacity);
    this.#errorCode = new Uint8Array(capacity);
    this.#source = new Uint32Array(capacity);
    this.#doneMs = new Float64Array(capacity);
  }

  /** `source`: `sourceMark` of the message's source address; `errorCode`: one octet, 0 for none. */
  add(
    idHigh: number,
    idLow: number,
    account: number,
    state: number,
    errorCode: number,
    source: number,
    doneMs: number,
  ): void {
    const at = this.#next;
    this.#idLow[at] = idLow;
    this.#idHigh[at] = idHigh;
    this.#account[at] = account;
    this.#state[at] = state;
    this.#errorCode[at] = errorCode;
    this.#source[at] = source;
    this.#doneMs[at] = doneMs;
    this.#next = at + 1 === this.capacity ? 0 : at + 1;
    if (this.#used < this.capacity) this.#used++;
  }

  /** Place of a message, -1: not known (any more). `idHigh` -1: the latest with this low half. */
  find(idHigh: number, idLow: number): number {
    let found = NONE;
    for (let at = this.#idLow.indexOf(idLow); at !== NONE; at = this.#idLow.indexOf(idLow, at + 1)) {
      if (at >= this.#used) break;
      if (this.#idHigh[at] === idHigh) return at;
      if (idHigh === NONE && (found === NONE || this.#idHigh[at] > this.#idHigh[found])) found = at;
    }
    return found;
  }

  accountAt(at: number): number {
    return this.#account[at];
  }

  stateAt(at: number): number {
    return this.#state[at];
  }

  errorCodeAt(at: number): number {
    return this.#errorCode[at];
  }

  sourceAt(at: number): number {
    return this.#source[at];
  }

  doneMsAt(at: number): number {
    return this.#doneMs[at];
  }
}

/** The last octets of an address and its length in one number: enough to tell a client's own addresses apart. */
export function sourceMark(b: Uint8Array, at: number, length: number): number {
  let mark = length;
  // From the NUL backwards: numbers of one client differ at their ends.
  for (let i = Math.max(0, length - 5); i < length - 1; i++) mark = (mark << 6) ^ b[at + i];
  return mark >>> 0;
}
