/**
 * Which part of a message came first, for parts that pass as they come: the others name it in their CDRs. Two
 * generations of a map, so that forgetting costs nothing; a part whose first is forgotten leads anew.
 */
interface PartId {
  idHigh: number;
  idLow: number;
}

const FORGET_MS = 300_000;
const ENTRIES_MAX = 50_000;

export class PartLeaders {
  #young = new Map<number, PartId>();
  #old = new Map<number, PartId>();
  #turnedMs = 0;

  /** The first part with this key (32 bits); the one given, if it is the first. */
  of(account: number, key: number, idHigh: number, idLow: number, nowMs: number): PartId {
    if (nowMs - this.#turnedMs > FORGET_MS || this.#young.size >= ENTRIES_MAX) {
      this.#old = this.#young;
      this.#young = new Map();
      this.#turnedMs = nowMs;
    }
    const full = account * 2 ** 32 + key;
    const leader = this.#young.get(full) ?? this.#old.get(full) ?? { idHigh, idLow };
    this.#young.set(full, leader);
    return leader;
  }
}
