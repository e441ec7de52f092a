/** The sessions of all threads, as the commands of the admin socket see them. */
import type { Worker } from 'node:worker_threads';
import type { Gateway, TraceBatchItem, TraceTarget } from '../admin/command-setup.ts';
import type { SessionInfo } from '../admin/protocol.ts';
import type { TraceBatch } from '../smpp/trace-feed.ts';
import type { Query } from '../threads/protocol.ts';
import type { Supervisor } from './supervisor.ts';

/**
 * Octets of one trace on their way from all threads, and the least and most of it that one thread has: the largest PDU
 * fits, and what one read of a busy session brings. Far below what a client of the admin socket may have waiting.
 */
const ROOM_BYTES = 8 * 1024 * 1024;
const ROOM_BYTES_MIN = 256 * 1024;
const ROOM_BYTES_MAX = 2 * 1024 * 1024;

type OnBatch = (batch: TraceBatchItem) => Promise<void>;

export class Sessions implements Gateway {
  readonly #supervisor: Supervisor;
  readonly #accounts: ReadonlySet<string>;
  readonly #traces = new Map<number, OnBatch>();
  #started = false;

  constructor(supervisor: Supervisor, accounts: readonly string[]) {
    this.#supervisor = supervisor;
    this.#accounts = new Set(accounts);
  }

  /** The threads run. */
  started(): void {
    this.#started = true;
  }

  isRunning(): boolean {
    return this.#started && !this.#supervisor.isStopping;
  }

  hasAccount(name: string): boolean {
    return this.#accounts.has(name);
  }

  #workers(): Worker[] {
    return [...this.#supervisor.workers('edge'), ...this.#supervisor.workers('shard')];
  }

  /** The replies of all threads. */
  #askAll(query: Query): Promise<unknown[]> {
    return Promise.all(this.#workers().map((worker) => this.#supervisor.ask(worker, query)));
  }

  async sessions(): Promise<SessionInfo[]> {
    const lists = (await this.#askAll({ what: 'sessions' })) as SessionInfo[][];
    return lists.flat();
  }

  async closeSession(session: string): Promise<boolean> {
    return (await this.#askAll({ what: 'closeSession', session })).includes(true);
  }

  async startTrace(
    trace: number,
    target: TraceTarget,
    hideText: boolean,
    onBatch: OnBatch,
  ): Promise<boolean> {
    this.#traces.set(trace, onBatch);
    const share = Math.floor(ROOM_BYTES / this.#workers().length);
    const roomBytes = Math.min(ROOM_BYTES_MAX, Math.max(ROOM_BYTES_MIN, share));
    const begun = await this.#askAll({ what: 'startTrace', trace, ...target, hideText, roomBytes });
    return begun.includes(true);
  }

  async stopTrace(trace: number): Promise<void> {
    try {
      // A thread that ended has nothing more to say; all have, once the daemon has stopped.
      if (!this.#supervisor.isStopping) await this.#askAll({ what: 'stopTrace', trace });
    } finally {
      this.#traces.delete(trace);
    }
  }

  /** A worker's batch; the worker may send as much again once the reader has dealt with it. */
  traced(from: Worker, batch: TraceBatch): void {
    const { trace, events, bytes, cost } = batch;
    const dealt = this.#traces.get(trace)?.({ events, bytes }) ?? Promise.resolve();
    void dealt.finally(() => from.postMessage({ kind: 'traceCredit', trace, cost }));
  }
}
