/**
 * Shared counters: plain cells in shared memory, one writer each, read by the control thread at scrape time and by
 * other threads where a decision needs a hint (a queue's depth, whether an SMSC is bound). A scrape costs the
 * writers nothing. Doubles are used: exact to 2^53, and an aligned double is read and written whole on the
 * machines we run on.
 *
 * The exceptions with several writers are the rate cell of an account (see `RateCells`) and the ways of the parts of
 * long messages (see `PartWays`): compare-and-swap.
 */
import { PART_WAYS } from './part-ways.ts';

export const THREAD_CELLS = 64;
export const SMSC_CELLS = 16;

/** Cells of a thread (edge or shard); a counter is named once here and once in the metrics table. */
export const CELL_HEARTBEAT_MS = 0;
export const CELL_SUBMIT_OK = 1;
export const CELL_SUBMIT_REFUSED = 2;
export const CELL_SUBMIT_THROTTLED = 3;
export const CELL_RECEIPTS_DELIVERED = 4;
export const CELL_RECEIPTS_LATER = 5;
export const CELL_SESSIONS = 6;
export const CELL_BINDS_OK = 7;
export const CELL_BINDS_REFUSED = 8;
export const CELL_MALFORMED = 9;
export const CELL_BROKEN_STREAMS = 10;
export const CELL_HTTP_REQUESTS = 11;
export const CELL_CONNECTIONS_REFUSED = 12;
export const CELL_QUEUE_FULL = 13;
export const CELL_STALLED = 14;
export const CELL_ACCEPTED = 20;
export const CELL_FINAL = 21;
export const CELL_PENDING = 22;
export const CELL_COMMITS = 23;
export const CELL_COMMIT_MS_LAST = 24;
export const CELL_COMMIT_MS_MAX = 25;
export const CELL_COMMITTED_BYTES = 26;
export const CELL_PARKED = 27;
export const CELL_ORPHANED = 28;
export const CELL_SLOTS_USED = 29;
export const CELL_STORED = 30;
export const CELL_DISK_REFUSING = 31;
export const CELL_COMMIT_FAILURES = 32;
export const CELL_LATE = 33;
export const CELL_SEGMENT = 34;
export const CELL_SETTLED = 35;
export const CELL_QUARANTINED = 36;
export const CELL_READY = 37;
export const CELL_MO_REFUSED = 38;
export const CELL_RECEIPTS_WAITING = 39;
export const CELL_RECOVERED = 40;
export const CELL_ERROR_BUDGETS = 41;

/** Cells of an SMSC, written by its shard. */
export const SMSC_BOUND = 0;
export const SMSC_QUEUED = 1;
export const SMSC_IN_FLIGHT = 2;
export const SMSC_SENT = 3;
export const SMSC_FAILED = 4;
export const SMSC_THROTTLED = 5;
export const SMSC_TIMEOUTS = 6;
export const SMSC_RECEIPTS = 7;
export const SMSC_RETRIES = 8;
export const SMSC_CONNECTS = 9;
export const SMSC_UNMATCHED = 10;
export const SMSC_EXPIRED = 11;
export const SMSC_CONGESTION = 12;
export const SMSC_RECEIPT_TLVS_LEFT_OUT = 13;
/** What its binds speak (`spokenOf` in smpp/upstream.ts); 0: it was never bound. */
export const SMSC_SPOKEN = 14;
export const SMSC_MALFORMED = 15;

export interface CounterPages {
  readonly threads: SharedArrayBuffer[];
  readonly smscs: SharedArrayBuffer;
  readonly rates: SharedArrayBuffer;
  /** See PartWays. */
  readonly ways: SharedArrayBuffer;
}

/** Pages for so many threads, and for the SMSCs and accounts with permanent indexes below the numbers given. */
export function createCounterPages(threads: number, smscs: number, accounts: number): CounterPages {
  return {
    threads: Array.from({ length: threads }, () => new SharedArrayBuffer(THREAD_CELLS * 8)),
    smscs: new SharedArrayBuffer(Math.max(1, smscs) * SMSC_CELLS * 8),
    rates: new SharedArrayBuffer(Math.max(1, accounts) * 4),
    ways: new SharedArrayBuffer(PART_WAYS * 8),
  };
}

export function threadCells(pages: CounterPages, thread: number): Float64Array {
  return new Float64Array(pages.threads[thread]);
}

/** The cells of one SMSC, as a view of its own. */
export function smscCells(pages: CounterPages, smsc: number): Float64Array {
  return new Float64Array(pages.smscs, smsc * SMSC_CELLS * 8, SMSC_CELLS);
}

/**
 * One rate for an account across all edge threads: its GCRA state (theoretical arrival time) is one shared word in
 * ticks of 1/16 microsecond, modulo 2^32, moved on by compare-and-swap. Two seconds of idleness are far inside the
 * 134 s after which a tick count would look like the future; `refresh` keeps idle cells from getting that old.
 */
export const TICKS_PER_MS = 16_000;
const UNUSED = 0;
const AHEAD_TICKS_MAX = 8000 * TICKS_PER_MS;
/** Most that the parts of messages may put an account ahead by: 20 of them at 3 a second. */
const SPENT_TICKS_MAX = 7500 * TICKS_PER_MS;

export class RateCells {
  readonly #cells: Int32Array;

  constructor(pages: CounterPages) {
    this.#cells = new Int32Array(pages.rates);
  }

  /**
   * May one more message of this account pass now? `nowTicks`: monotonic time of all threads, as an int32.
   * `intervalTicks` between two messages at the account's rate; `burstTicks` how far ahead it may run.
   */
  take(account: number, nowTicks: number, intervalTicks: number, burstTicks: number): boolean {
    for (;;) {
      const arrival = Atomics.load(this.#cells, account);
      const ahead = (arrival - nowTicks) | 0;
      if (ahead > burstTicks) return false;
      const next = ((ahead > 0 ? arrival : nowTicks) + intervalTicks) | 0;
      if (Atomics.compareExchange(this.#cells, account, arrival, next) === arrival) return true;
    }
  }

  /** The further parts of a message that `take` let pass: what follows waits for them, for 7.5 s at most. */
  spend(account: number, nowTicks: number, intervalTicks: number, count: number): void {
    this.charge(account, nowTicks, intervalTicks * count);
  }

  /**
   * Puts an account ahead by so many ticks, but by no more than 7.5 s in all; returns the ticks that there was no room
   * for: who is to pay them all asks again.
   */
  charge(account: number, nowTicks: number, ticks: number): number {
    for (;;) {
      const arrival = Atomics.load(this.#cells, account);
      const ahead = Math.max(0, (arrival - nowTicks) | 0);
      const charged = Math.min(ticks, Math.max(0, SPENT_TICKS_MAX - ahead));
      const next = (nowTicks + ahead + charged) | 0;
      if (Atomics.compareExchange(this.#cells, account, arrival, next) === arrival) return ticks - charged;
    }
  }

  /**
   * Brings a cell that fell behind up to now; called before the first message and then at least once a minute for
   * every account. No account runs ahead by more than SPENT_TICKS_MAX, or its burst and one interval: a cell that is
   * further ahead was never used, or is so old (a stopped process) that it came round to the future.
   */
  refresh(account: number, nowTicks: number): void {
    const arrival = Atomics.load(this.#cells, account);
    const ahead = (arrival - nowTicks) | 0;
    if (arrival !== UNUSED && ahead >= 0 && ahead < AHEAD_TICKS_MAX) return;
    Atomics.compareExchange(this.#cells, account, arrival, nowTicks);
  }
}
