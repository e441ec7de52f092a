/**
 * Receipts that no message is known for yet. An SMSC may send a receipt before its submit_sm_resp; it is parked,
 * durable, answered OK, and matched when the response comes. Not the common way, so objects are fine here.
 */
export interface ParkedReceipt {
  smsc: number;
  smscId: string;
  state: number;
  doneMs: number;
  err: string;
  parkedMs: number;
  /** Segment that holds its PARKED event. */
  segment: number;
}

export const PARKED_MAX = 200_000;

export class Parking {
  readonly #receipts = new Map<string, ParkedReceipt>();

  get size(): number {
    return this.#receipts.size;
  }

  /** Keeps a receipt; false when there is no room (it is then an orphan at once). The first of an id stays. */
  add(receipt: ParkedReceipt): boolean {
    const key = keyOf(receipt.smsc, receipt.smscId);
    const before = this.#receipts.get(key);
    if (before !== undefined) {
      // An intermediate state gives way to a final one.
      if (receipt.state !== before.state) before.state = receipt.state;
      return true;
    }
    if (this.#receipts.size >= PARKED_MAX) return false;
    this.#receipts.set(key, receipt);
    return true;
  }

  /** The receipt that waits for this id, taken out. */
  take(smsc: number, smscId: string): ParkedReceipt | undefined {
    const key = keyOf(smsc, smscId);
    const receipt = this.#receipts.get(key);
    if (receipt !== undefined) this.#receipts.delete(key);
    return receipt;
  }

  /** Takes out those that were parked before `beforeMs`, at most `limit`: in order of parking. */
  expired(beforeMs: number, limit: number): ParkedReceipt[] {
    const old: ParkedReceipt[] = [];
    for (const [key, receipt] of this.#receipts) {
      if (receipt.parkedMs >= beforeMs || old.length >= limit) break;
      this.#receipts.delete(key);
      old.push(receipt);
    }
    return old;
  }

  /** All, for carrying them into a new segment. */
  all(): Iterable<ParkedReceipt> {
    return this.#receipts.values();
  }
}

function keyOf(smsc: number, smscId: string): string {
  return `${smsc}:${smscId}`;
}
