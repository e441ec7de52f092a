/**
 * Receipts that no message is known for yet. An SMSC may send a receipt before its submit_sm_resp; it is parked,
 * durable, answered OK, and matched when the response comes. Not the common way, so objects are fine here.
 */
import { IDS_DIFFER, likenessOfIds, normalSmscId } from '../core/smsc-id.ts';
import type { Candidate } from '../core/smsc-id.ts';

/** Where a PDU came from and goes to: octets without ton, npi and NUL. */
export interface Way {
  source: Uint8Array;
  dest: Uint8Array;
}

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
  /**
   * undefined: read from the ledger, which does not tell. The response that it waited for was lost with the process, so
   * this is hardly ever missed.
   */
  way: Way | undefined;
  parkedMs: number;
  /** Segment that holds its PARKED event. */
  segment: number;
}

export const PARKED_MAX = 200_000;
/** Different ones of one id. More than one is rare already: an SMSC that counts anew. */
const OF_ONE_ID_MAX = 4;

export class Parking {
  /** In the order of parking. */
  readonly #receipts = new Set<ParkedReceipt>();
  /** The same ones by what similar ids have in common. */
  readonly #alike = new Map<string, ParkedReceipt[]>();

  get size(): number {
    return this.#receipts.size;
  }

  /** Keeps a receipt, of a repeated one the first; false when there is no room (it is then an orphan at once). */
  add(receipt: ParkedReceipt): boolean {
    const key = keyOf(receipt.smsc, receipt.smscId);
    const others = this.#alike.get(key) ?? [];
    const ofThisId = others.filter(({ smscId }) => smscId === receipt.smscId);
    if (ofThisId.some((each) => isRepeat(each, receipt))) return true;
    if (this.#receipts.size >= PARKED_MAX || ofThisId.length >= OF_ONE_ID_MAX) return false;
    this.#receipts.add(receipt);
    others.push(receipt);
    this.#alike.set(key, others);
    return true;
  }

  /** Those for this id or one of other letter case or leading zeros, in the order of parking. */
  candidates(smsc: number, smscId: string): Candidate<ParkedReceipt>[] {
    const id = Buffer.from(smscId, 'latin1');
    const found: Candidate<ParkedReceipt>[] = [];
    for (const item of this.#alike.get(keyOf(smsc, smscId)) ?? []) {
      const theirs = Buffer.from(item.smscId, 'latin1');
      const likeness = likenessOfIds(theirs, 0, theirs.length, id, 0, id.length);
      if (likeness !== IDS_DIFFER) found.push({ item, likeness });
    }
    return found;
  }

  /** Takes out a receipt that was found. */
  remove(receipt: ParkedReceipt): void {
    this.#receipts.delete(receipt);
    const key = keyOf(receipt.smsc, receipt.smscId);
    const others = (this.#alike.get(key) ?? []).filter((each) => each !== receipt);
    if (others.length === 0) this.#alike.delete(key);
    else this.#alike.set(key, others);
  }

  /** Takes out the first receipt of exactly this id. */
  take(smsc: number, smscId: string): ParkedReceipt | undefined {
    const receipt = this.#alike.get(keyOf(smsc, smscId))?.find((each) => each.smscId === smscId);
    if (receipt !== undefined) this.remove(receipt);
    return receipt;
  }

  /** Takes out those that were parked before `beforeMs`, at most `limit`: in order of parking. */
  expired(beforeMs: number, limit: number): ParkedReceipt[] {
    const old: ParkedReceipt[] = [];
    for (const receipt of this.#receipts) {
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

function isRepeat(a: ParkedReceipt, b: ParkedReceipt): boolean {
  return a.state === b.state && a.doneMs === b.doneMs && a.err === b.err && isSameWay(a.way, b.way);
}

function isSameWay(a: Way | undefined, b: Way | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return Buffer.compare(a.source, b.source) === 0 && Buffer.compare(a.dest, b.dest) === 0;
}

function keyOf(smsc: number, smscId: string): string {
  return `${smsc}:${normalSmscId(smscId)}`;
}
