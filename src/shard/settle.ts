/**
 * Settling: what a sealed segment still has open is written to the pending store, and then recovery needs that
 * segment no more. It begins soon after a segment is sealed, so that at start-up there is little to replay; the work
 * is done in small batches between other things.
 */
import { FLAG_STORED, SLOT_FREE, SLOT_JOURNAL } from '../core/message-table.ts';
import { CELL_SETTLED } from '../core/ring/counters.ts';
import type { PendingRow } from '../store/pending.ts';
import { carrySecondIds } from './late.ts';
import { carryParked } from './parked.ts';
import { flushStore, loadedRowOf } from './spill.ts';
import type { ShardState } from './state.ts';

const BATCH_ROWS = 400;
const BATCH_SLOTS = 32_768;
/**
 * Sealed segments that may wait; more are settled at once, whatever their age. Some patience saves nearly all of the
 * work: at full speed a segment fills in a second, and of what it has open at its end almost all is final a few
 * seconds later. Settled at once, that was 20,000 rows written and deleted again each second, a quarter of a core.
 */
const WAITING_MAX = 4;

interface Sealed {
  segment: number;
  sealedMs: number;
  /** The commit after which its parked receipts stand in a later segment; 0: not carried yet. */
  carriedBy: number;
}

export class Settler {
  readonly #shard: ShardState;
  readonly #ageMs: number;
  readonly #sealed: Sealed[] = [];
  #scanning = 0;
  #at = 0;
  /** The commit after which the segment that was scanned may be settled; 0: not scanned to its end yet. */
  #durableBy = 0;

  /** `ageMs`: how long after its sealing a segment is settled, unless others press. */
  constructor(shard: ShardState, ageMs: number) {
    this.#shard = shard;
    this.#ageMs = ageMs;
  }

  onSealed(segment: number, nowMs: number): void {
    this.#sealed.push({ segment, sealedMs: nowMs, carriedBy: 0 });
  }

  /** A bounded piece of work, if any is due; false: nothing to do. */
  step(nowMs: number): boolean {
    if (this.#scanning === 0 && !this.#begin(nowMs)) return false;
    if (this.#durableBy === 0) {
      if (this.#scan()) return true;
      // A message that the scan did not find any more has its FINAL in a group that may not be on disk yet.
      this.#durableBy = this.#commitsOfNow();
    }
    if (this.#shard.journal.commits < this.#durableBy) return false;
    this.#durableBy = 0;
    const segment = this.#scanning;
    this.#scanning = 0;
    flushStore(this.#shard);
    this.#shard.store.keepIndexNext(this.#shard.journal.indexNext);
    this.#shard.store.settle(segment);
    this.#shard.cells[CELL_SETTLED] = segment;
    return true;
  }

  #begin(nowMs: number): boolean {
    const first = this.#sealed[0];
    if (first === undefined || this.#shard.blocked) return false;
    if (this.#sealed.length <= WAITING_MAX && nowMs - first.sealedMs < this.#ageMs) return false;
    const { journal } = this.#shard;
    if (first.carriedBy === 0) {
      carryParked(this.#shard, first.segment);
      carrySecondIds(this.#shard, first.segment);
      first.carriedBy = this.#commitsOfNow();
      journal.kick(nowMs);
    }
    if (journal.commits < first.carriedBy) return false;
    this.#sealed.shift();
    this.#scanning = first.segment;
    this.#at = 0;
    return true;
  }

  /** How many commits there will be when all that was appended so far is on disk. */
  #commitsOfNow(): number {
    const { journal } = this.#shard;
    // The group that fills now is committed after the one in flight, if there is one.
    return journal.commits + (journal.filling.isEmpty() ? 0 : 1) + (journal.isCommitting() ? 1 : 0);
  }

  /** Looks at the next slots; false once all were looked at. */
  #scan(): boolean {
    const shard = this.#shard;
    const { table } = shard;
    const rows: PendingRow[] = [];
    const end = Math.min(table.capacity, this.#at + BATCH_SLOTS);
    let slot = this.#at;
    for (; slot < end && rows.length < BATCH_ROWS; slot++) {
      const dirty = table.dirtySegment[slot];
      if (dirty === 0 || dirty > this.#scanning) continue;
      // A slot that waits for its commit belongs to a later segment than any sealed one.
      if (table.state[slot] === SLOT_FREE || table.state[slot] === SLOT_JOURNAL || slot === shard.scratch)
        continue;
      rows.push(loadedRowOf(shard, slot));
      table.dirtySegment[slot] = 0;
      table.flags[slot] |= FLAG_STORED;
    }
    this.#at = slot;
    if (rows.length > 0) shard.store.upsert(rows);
    return slot < table.capacity;
  }
}
