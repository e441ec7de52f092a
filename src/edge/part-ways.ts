/**
 * Which way the first part of a long message took: the others follow it, whatever was bound or lost in between, for an
 * SMSC can only put together what it has. Two generations of a map, so that forgetting costs nothing.
 */
/** The parts of one message come in one go; after this a reference number may mean another message. */
const FORGET_MS = 300_000;
const ENTRIES_MAX = 50_000;

export class PartWays<Way> {
  #young = new Map<string, Way>();
  #old = new Map<string, Way>();
  #turnedMs = 0;

  /** The way of the message with this key; `choose` decides for its first part. */
  of(key: string, nowMs: number, choose: () => Way): Way {
    if (nowMs - this.#turnedMs > FORGET_MS || nowMs < this.#turnedMs || this.#young.size >= ENTRIES_MAX) {
      this.#old = this.#young;
      this.#young = new Map();
      this.#turnedMs = nowMs;
    }
    const known = this.#young.get(key) ?? this.#old.get(key);
    const smsc = known ?? choose();
    this.#young.set(key, smsc);
    return smsc;
  }
}
