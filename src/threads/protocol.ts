/**
 * What the control thread and its workers say to each other: settings, questions and orders. Messages of the data
 * path never go this way; they cross the rings.
 */
import type { Config } from '../core/config.ts';
import type { CounterPages } from '../core/ring/counters.ts';
import type { Mesh } from '../core/ring/mesh.ts';
import type { TraceBatch, TraceOrder } from '../smpp/trace-feed.ts';

export interface WorkerSetup {
  index: number;
  config: Config;
  dataDir: string;
  accountNames: string[];
  smscNames: string[];
  mesh: Mesh;
  pages: CounterPages;
}

/** From a worker. */
export type WorkerMessage =
  | { kind: 'ready'; detail: Record<string, unknown> }
  /** Start-up failed for a reason that the operator can mend: one line. */
  | { kind: 'failed'; message: string }
  | { kind: 'done'; order: Order; clean: boolean }
  | { kind: 'ask'; id: number; question: Question }
  | { kind: 'sessionEnded'; account: string }
  | { kind: 'reply'; id: number; value: unknown }
  /** What a trace brings; its cost comes back with `traceCredit`. */
  | { kind: 'traced'; batch: TraceBatch };

export type Question =
  | { what: 'authenticate'; account: string; password: string; address: string; session: boolean }
  | { what: 'metrics' }
  | { what: 'readiness' };

/** To a worker. `deadlineMs`: epoch time by which it gives up waiting. */
export type Order = 'refuse' | 'drain' | 'unbind' | 'stop';

export type ControlMessage =
  | { kind: 'order'; order: Order; deadlineMs: number }
  | { kind: 'answer'; id: number; value: unknown }
  | { kind: 'query'; id: number; query: Query }
  | { kind: 'traceCredit'; trace: number; cost: number };

/** What control asks a worker; each is replied to, `sessions` with SessionInfo[], the others with true or false. */
export type Query =
  | { what: 'sessions' }
  | { what: 'closeSession'; session: string }
  | ({ what: 'startTrace' } & TraceOrder)
  | { what: 'stopTrace'; trace: number };
