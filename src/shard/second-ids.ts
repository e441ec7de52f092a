/**
 * Messages that have two ids at their SMSC: a submit_sm_resp came after its timeout, when the message was on its way
 * again or had been sent again. A receipt may name either id (spec section 6). The LATE event has the id, so it is
 * durable; it is written again when the segment that holds it is let go. Rare, so objects are fine here.
 */
import { IDS_DIFFER, likenessOfIds, normalSmscId } from '../core/smsc-id.ts';
import type { Candidate } from '../core/smsc-id.ts';

export interface SecondId {
  smsc: number;
  smscId: string;
  idHigh: number;
  idLow: number;
  /** Where the message was; it may have moved. */
  slot: number;
  /** The attempt that the late response was for. */
  attempt: number;
  /** Number of the bind that it came on; 0 after a restart. */
  bind: number;
  /** Segment that holds its LATE event. */
  segment: number;
}

export const SECOND_IDS_MAX = 10_000;

export class SecondIds {
  /** In the order of coming. */
  readonly #all = new Set<SecondId>();
  readonly #byMessage = new Map<string, SecondId[]>();
  /** By what similar ids have in common. */
  readonly #alike = new Map<string, SecondId[]>();

  get size(): number {
    return this.#all.size;
  }

  /** The oldest gives way where there are too many. */
  add(second: SecondId): void {
    const known = this.of(second.idHigh, second.idLow);
    if (known.some(({ smscId }) => smscId === second.smscId)) return;
    if (this.#all.size >= SECOND_IDS_MAX) this.remove(this.#all.values().next().value as SecondId);
    this.#all.add(second);
    push(this.#byMessage, messageKey(second.idHigh, second.idLow), second);
    push(this.#alike, idKey(second.smsc, second.smscId), second);
  }

  /** Those of a message, the first attempt's first. */
  of(idHigh: number, idLow: number): readonly SecondId[] {
    return this.#byMessage.get(messageKey(idHigh, idLow)) ?? [];
  }

  /** Those that are this id or differ in letter case or leading zeros. */
  candidates(smsc: number, smscId: string): Candidate<SecondId>[] {
    const id = Buffer.from(smscId, 'latin1');
    const found: Candidate<SecondId>[] = [];
    for (const item of this.#alike.get(idKey(smsc, smscId)) ?? []) {
      const theirs = Buffer.from(item.smscId, 'latin1');
      const likeness = likenessOfIds(theirs, 0, theirs.length, id, 0, id.length);
      if (likeness !== IDS_DIFFER) found.push({ item, likeness });
    }
    return found;
  }

  remove(second: SecondId): void {
    this.#all.delete(second);
    drop(this.#byMessage, messageKey(second.idHigh, second.idLow), second);
    drop(this.#alike, idKey(second.smsc, second.smscId), second);
  }

  all(): Iterable<SecondId> {
    return this.#all.values();
  }
}

function push(map: Map<string, SecondId[]>, key: string, second: SecondId): void {
  const others = map.get(key);
  if (others === undefined) map.set(key, [second]);
  else others.push(second);
}

function drop(map: Map<string, SecondId[]>, key: string, second: SecondId): void {
  const left = (map.get(key) ?? []).filter((each) => each !== second);
  if (left.length === 0) map.delete(key);
  else map.set(key, left);
}

function messageKey(idHigh: number, idLow: number): string {
  return `${idHigh}:${idLow}`;
}

function idKey(smsc: number, smscId: string): string {
  return `${smsc}:${normalSmscId(smscId)}`;
}
