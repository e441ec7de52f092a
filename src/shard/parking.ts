/**
 * Receipts that no message is known for yet. An SMSC may send a receipt before its submit_sm_resp; it is parked,
 * durable, answered OK, and matched when the response comes. Not the common way, so objects are fine here.
 */
import { SEVERAL, normalSmscId } from '../core/smsc-id.ts';

export interface ParkedReceipt {
  smsc: number;
  smscId: string;
  state: number;
  doneMs: number;
  err: string;
  /** NO_NETWORK_ERROR: none was told. */
  networkErrorType: number;
  networkErrorCode: number;
  /** Vendor TLVs for the client, as in a PDU. */
  tlvs: Buffer | undefined;
  parkedMs: number;
  /** Segment that holds its PARKED event. */
  segment: number;
}

export const PARKED_MAX = 200_000;

export class Parking {
  readonly #receipts = new Map<string, ParkedReceipt>();
  /** The same ones by what similar ids have in common. */
  readonly #alike = new Map<string, ParkedReceipt[]>();

  get size(): number {
    return this.#receipts.size;
  }

  /** Keeps a receipt; false when there is no room (it is then an orphan at once). The first of an id stays. */
  add(receipt: ParkedReceipt): boolean {
    const key = keyOf(receipt.smsc, receipt.smscId);
    if (this.#receipts.has(key)) return true;
    if (this.#receipts.size >= PARKED_MAX) return false;
    this.#receipts.set(key, receipt);
    const alike = keyOf(receipt.smsc, normalSmscId(receipt.smscId));
    const others = this.#alike.get(alike);
    if (others === undefined) this.#alike.set(alike, [receipt]);
    else others.push(receipt);
    return true;
  }

  /** The receipt that waits for exactly this id, else the one for an id of other case or leading zeros. */
  find(smsc: number, smscId: string): ParkedReceipt | undefined | typeof SEVERAL {
    const exact = this.#receipts.get(keyOf(smsc, smscId));
    if (exact !== undefined) return exact;
    const alike = this.#alike.get(keyOf(smsc, normalSmscId(smscId)));
    if (alike === undefined) return undefined;
    if (alike.length === 1) return alike[0];
    const sameLength = alike.filter((each) => each.smscId.length === smscId.length);
    return sameLength.length === 1 ? sameLength[0] : SEVERAL;
  }

  /** Takes out a receipt that was found. */
  remove(receipt: ParkedReceipt): void {
    this.#receipts.delete(keyOf(receipt.smsc, receipt.smscId));
    const alike = keyOf(receipt.smsc, normalSmscId(receipt.smscId));
    const others = (this.#alike.get(alike) ?? []).filter((each) => each !== receipt);
    if (others.length === 0) this.#alike.delete(alike);
    else this.#alike.set(alike, others);
  }

  /** Takes out the receipt of exactly this id. */
  take(smsc: number, smscId: string): ParkedReceipt | undefined {
    const receipt = this.#receipts.get(keyOf(smsc, smscId));
    if (receipt !== undefined) this.remove(receipt);
    return receipt;
  }

  /** Takes out those that were parked before `beforeMs`, at most `limit`: in order of parking. */
  expired(beforeMs: number, limit: number): ParkedReceipt[] {
    const old: ParkedReceipt[] = [];
    for (const receipt of this.#receipts.values()) {
      if (receipt.parkedMs >= beforeMs || old.length >= limit) break;
      this.remove(receipt);
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
