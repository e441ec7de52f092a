/** Starts the threads, answers their questions, watches their heartbeats, and stops them in reverse. */
import type { Worker } from 'node:worker_threads';
import type { Logger } from '../admin/log.ts';
import type { Config } from '../core/config.ts';
import type { CounterPages } from '../core/ring/counters.ts';
import { CELL_HEARTBEAT_MS, SMSC_BOUND, smscCells, threadCells } from '../core/ring/counters.ts';
import type { Order, Query, Question, WorkerMessage, WorkerSetup } from '../threads/protocol.ts';
import type { TraceBatch } from '../smpp/trace-feed.ts';
import type { Knock } from './gatekeeper.ts';

export interface Answers {
  authenticate(knock: Knock): Promise<unknown>;
  sessionEnded(account: string): void;
  metrics(): Promise<string>;
  /** What a trace brings from this worker. */
  traced(from: Worker, batch: TraceBatch): void;
}

type Spawn = (kind: 'edge' | 'shard', setup: WorkerSetup) => Worker;

const WATCH_MS = 1_000;
const HEARTBEAT_MS_MAX = 15_000;
/** After the last order nothing may hang: the process then ends itself, and start-up recovers. */
const STOP_MS_MAX = 10_000;
const SAME_SIGNAL_MS = 1_000;
/** A worker that is asked something replies within this, or its reply is not waited for. */
const REPLY_MS_MAX = 10_000;

export class Supervisor {
  readonly #config: Config;
  readonly #pages: CounterPages;
  readonly #log: Logger;
  readonly #edges: Worker[] = [];
  readonly #shards: Worker[] = [];
  #answers: Answers | undefined;
  #stopping = false;
  #stopped: (clean: boolean) => void = () => undefined;
  readonly #untilStopped = new Promise<boolean>((resolve) => (this.#stopped = resolve));
  #watch: NodeJS.Timeout | undefined;
  #watchedMs = 0;
  #signalledMs = 0;
  readonly #replies = new Map<number, (value: unknown) => void>();
  #lastQuery = 0;

  constructor(config: Config, pages: CounterPages, log: Logger) {
    this.#config = config;
    this.#pages = pages;
    this.#log = log;
  }

  answerWith(answers: Answers): void {
    this.#answers = answers;
  }

  /** Shards first: an edge takes messages only when there is a ledger for them. Rejects with one line. */
  async start(setup: Omit<WorkerSetup, 'index'>, spawn: Spawn): Promise<Record<string, unknown>> {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => this.#onSignal(signal));
    const shards = range(this.#config.shards).map((index) => {
      const worker = spawn('shard', { ...setup, index });
      this.#shards.push(worker);
      return this.#ready(worker);
    });
    await Promise.all(shards);
    const edges = range(this.#config.edge.threads).map((index) => {
      const worker = spawn('edge', { ...setup, index });
      this.#edges.push(worker);
      return this.#ready(worker);
    });
    const [detail] = await Promise.all(edges);
    this.#watchedMs = Date.now();
    this.#watch = setInterval(() => this.#onWatch(), WATCH_MS);
    return detail;
  }

  #ready(worker: Worker): Promise<Record<string, unknown>> {
    return new Promise((resolve, reject) => {
      worker.on('error', (error) => this.#die('a thread failed', { err: error }));
      worker.on('exit', (code) => {
        if (!this.#stopping) this.#die('a thread ended', { code });
      });
      worker.on('message', (message: WorkerMessage) => {
        if (message.kind === 'ready') resolve(message.detail);
        else if (message.kind === 'failed') {
          this.#stopping = true;
          reject(new Error(message.message));
        } else if (message.kind === 'ask') void this.#answer(worker, message.id, message.question);
        else if (message.kind === 'sessionEnded') this.#answers?.sessionEnded(message.account);
        else if (message.kind === 'traced') this.#answers?.traced(worker, message.batch);
        else if (message.kind === 'reply') this.#replies.get(message.id)?.(message.value);
      });
    });
  }

  async #answer(worker: Worker, id: number, question: Question): Promise<void> {
    const answers = this.#answers as Answers;
    let value: unknown;
    if (question.what === 'authenticate') value = await answers.authenticate(question);
    else if (question.what === 'metrics') value = await answers.metrics();
    else value = this.#readiness();
    worker.postMessage({ kind: 'answer', id, value });
  }

  /** Ready: not stopping, and at least one SMSC of the route is bound. */
  #readiness(): { ready: boolean; reasons: string[] } {
    const reasons: string[] = [];
    if (this.#stopping) reasons.push('stopping');
    const count = this.#pages.smscs.byteLength / (16 * 8);
    const bound = range(count).some((index) => smscCells(this.#pages, index)[SMSC_BOUND] > 0);
    if (!bound) reasons.push('no SMSC is bound');
    return { ready: reasons.length === 0, reasons };
  }

  /** A thread that shows no life holds messages that nobody sends: ending the process gets them moving again. */
  #onWatch(): void {
    const nowMs = Date.now();
    // We were not running ourselves (a stopped process, a suspended machine): the threads were not either.
    const wasAsleep = nowMs - this.#watchedMs > 5 * WATCH_MS;
    this.#watchedMs = nowMs;
    if (wasAsleep) return;
    for (const index of range(this.#edges.length + this.#shards.length)) {
      const heartbeat = threadCells(this.#pages, index)[CELL_HEARTBEAT_MS];
      if (heartbeat > 0 && nowMs - heartbeat > HEARTBEAT_MS_MAX && !this.#stopping) {
        this.#die('a thread shows no life', { thread: index, silentMs: nowMs - heartbeat });
      }
    }
  }

  #die(what: string, detail: Record<string, unknown>): void {
    this.#log.fatal(detail, `${what}: the process ends itself`);
    process.kill(process.pid, 'SIGKILL');
  }

  get isStopping(): boolean {
    return this.#stopping;
  }

  workers(kind: 'edge' | 'shard'): readonly Worker[] {
    return kind === 'edge' ? this.#edges : this.#shards;
  }

  /** Resolves with the worker's reply; rejects when there is none in time. */
  ask(worker: Worker, query: Query): Promise<unknown> {
    const id = ++this.#lastQuery;
    return new Promise((resolve, reject) => {
      const done = (): void => {
        clearTimeout(timer);
        worker.off('exit', silent);
        this.#replies.delete(id);
      };
      const silent = (): void => {
        done();
        reject(new Error(`a thread does not reply to "${query.what}"`));
      };
      const timer = setTimeout(silent, REPLY_MS_MAX);
      worker.once('exit', silent);
      this.#replies.set(id, (value) => {
        done();
        resolve(value);
      });
      worker.postMessage({ kind: 'query', id, query });
    });
  }

  /** Resolves once everything is stopped; whether every window emptied in time. */
  untilStopped(): Promise<boolean> {
    return this.#untilStopped;
  }

  #onSignal(signal: string): void {
    // npm hands a signal on to us that the terminal gave to us already: that is one wish, not two.
    if (this.#stopping && Date.now() - this.#signalledMs < SAME_SIGNAL_MS) return;
    this.#signalledMs = this.#signalledMs || Date.now();
    if (this.#stopping) {
      this.#log.warn({ signal }, 'second signal: ending now, without draining');
      process.kill(process.pid, 'SIGKILL');
      return;
    }
    this.#log.info({ signal, graceS: this.#config.shutdown.grace_s }, 'stopping');
    this.#stop().then(this.#stopped, (error: unknown) => this.#die('the stop failed', { err: error }));
  }

  async #stop(): Promise<boolean> {
    this.#stopping = true;
    clearInterval(this.#watch);
    const deadlineMs = Date.now() + this.#config.shutdown.grace_s * 1000;
    const limit = setTimeout(() => this.#die('the stop hangs', {}), deadlineMs + STOP_MS_MAX - Date.now());
    await this.#order(this.#edges, 'refuse', deadlineMs);
    const drained = await this.#order(this.#shards, 'drain', deadlineMs);
    const answered = await this.#order(this.#edges, 'drain', Math.min(deadlineMs, Date.now() + 2_000));
    await this.#order(this.#edges, 'stop', deadlineMs);
    await this.#order(this.#shards, 'stop', Date.now() + 5_000);
    clearTimeout(limit);
    return drained && answered;
  }

  async #order(workers: Worker[], order: Order, deadlineMs: number): Promise<boolean> {
    const done = workers.map(
      (worker) =>
        new Promise<boolean>((resolve) => {
          const listen = (message: WorkerMessage): void => {
            if (message.kind !== 'done' || message.order !== order) return;
            worker.off('message', listen);
            resolve(message.clean);
          };
          worker.on('message', listen);
          worker.postMessage({ kind: 'order', order, deadlineMs });
        }),
    );
    return (await Promise.all(done)).every(Boolean);
  }
}

function range(count: number): number[] {
  return [...Array.from({ length: count }).keys()];
}
