/**
 * What the parts of one long message share while they pass one by one: the way that the first took, the name of the
 * first. Kept until all of them have passed; after that their reference number may mean another message. Two
 * generations of a map, so that forgetting the incomplete costs nothing.
 */

/** The parts of one message come in one go; after this a reference number may mean another message. */
const FORGET_MS = 300_000;
const ENTRIES_MAX = 50_000;

interface Passing<Value> {
  value: Value;
  seen: Set<number>;
}

export class PartValues<Key, Value> {
  /** Whether a part that comes a second time is the beginning of another message. */
  readonly #repeatBegins: boolean;
  #young = new Map<Key, Passing<Value>>();
  #old = new Map<Key, Passing<Value>>();
  #turnedMs = 0;

  constructor(repeatBegins: boolean) {
    this.#repeatBegins = repeatBegins;
  }

  /** The value of the message with this key, of which part `sequence` of `total` passes; `first` makes it. */
  of(key: Key, sequence: number, total: number, nowMs: number, first: () => Value): Value {
    if (nowMs - this.#turnedMs > FORGET_MS || nowMs < this.#turnedMs || this.#young.size >= ENTRIES_MAX) {
      this.#old = this.#young;
      this.#young = new Map();
      this.#turnedMs = nowMs;
    }
    let passing = this.#young.get(key) ?? this.#old.get(key);
    if (passing === undefined || (this.#repeatBegins && passing.seen.has(sequence))) {
      passing = { value: first(), seen: new Set() };
    }
    passing.seen.add(sequence);
    this.#old.delete(key);
    if (passing.seen.size < total) this.#young.set(key, passing);
    else this.#young.delete(key);
    return passing.value;
  }
}
