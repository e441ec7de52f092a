/** What a campaign does, drawn from its seed: legs with a daemon each, and the moments at which it is killed. */
import { Random } from '../../src/sim/random.ts';
import type { ConfigTables } from '../support/daemon.ts';

const KILL_MS_MIN = 50;
const KILL_MS_MAX = 1_500;
const STARTUP_KILL_MS_MIN = 20;
const STARTUP_KILL_MS_MAX = 700;
/** One kill in so many hits a start instead of a daemon at work. */
const STARTUP_KILL_EVERY = 5;

export interface Kill {
  /** From the start of the process, or from its "ready". */
  from: 'start' | 'ready';
  afterMs: number;
}

/** One leg: a data directory with its daemon, its simulators and its load. */
export interface Leg {
  name: string;
  kills: Kill[];
  shards: number;
  edges: number;
  binds: number;
  window: number;
  /** Flags of one simulator each. */
  simulators: string[][];
  loadBinds: number;
  /** Above the ledger's own tables; by default segments end and settle all the time. */
  ledger?: Record<string, number>;
}

const VARIANTS: Omit<Leg, 'kills'>[] = [
  {
    name: 'one shard, quick SMSC',
    shards: 1,
    edges: 1,
    binds: 1,
    window: 100,
    loadBinds: 1,
    simulators: [['--latency-ms', '0-5', '--receipt-delay-ms', '0-300']],
  },
  {
    name: 'two shards, two edges, temporary errors, slow receipts',
    shards: 2,
    edges: 2,
    binds: 2,
    window: 50,
    loadBinds: 3,
    simulators: [
      ['--latency-ms', '5-30', '--receipt-delay-ms', '100-2500', '--error-rate', '0.02'],
      ['--latency-ms', '0-2', '--receipt-delay-ms', '-1', '--throttle-rate', '0.0005'],
    ],
  },
  {
    name: 'one shard, receipts before responses, out of order',
    shards: 1,
    edges: 2,
    binds: 3,
    window: 20,
    loadBinds: 2,
    simulators: [['--latency-ms', '0-20', '--receipt-delay-ms', '-1', '--out-of-order']],
  },
  {
    name: 'two shards, slow SMSC with a full queue at times, rare receipts',
    shards: 2,
    edges: 1,
    binds: 1,
    window: 300,
    loadBinds: 1,
    simulators: [
      ['--latency-ms', '20-60', '--receipt-delay-ms', '500-1500', '--error-rate', '0.005'],
      ['--latency-ms', '1', '--receipt-delay-ms', '0'],
    ],
  },
  {
    name: 'more messages than memory holds, an SMSC slower than the load',
    shards: 1,
    edges: 2,
    binds: 2,
    window: 50,
    loadBinds: 2,
    ledger: { messages_in_memory_max: 4_096 },
    simulators: [
      ['--latency-ms', '5-15', '--receipt-delay-ms', '0-3000', '--tps', '1500', '--error-rate', '0.01'],
    ],
  },
];

export function planCampaign(rounds: number, seed: number): Leg[] {
  const random = new Random(seed);
  const count = rounds >= 20 ? VARIANTS.length : Math.min(2, rounds);
  // A short campaign takes different variants with different seeds.
  const first = rounds >= 20 ? 0 : Math.floor(random.next() * VARIANTS.length);
  const chosen = Array.from({ length: count }, (_, index) => VARIANTS[(first + index) % VARIANTS.length]);
  const legs: Leg[] = chosen.map((variant) => ({ ...variant, kills: [] }));
  for (let round = 0; round < rounds; round++) {
    const { kills } = legs[Math.floor((round * count) / rounds)];
    // The first kill of a leg finds it at work: there is nothing to recover before it.
    const atStart = kills.length > 0 && random.hits(1 / STARTUP_KILL_EVERY);
    const [min, max] = atStart ? [STARTUP_KILL_MS_MIN, STARTUP_KILL_MS_MAX] : [KILL_MS_MIN, KILL_MS_MAX];
    const afterMs = Math.round(min + random.next() * (max - min));
    kills.push({ from: atStart ? 'start' : 'ready', afterMs });
  }
  return legs;
}

export function tablesOf(leg: Leg, ports: readonly number[]): ConfigTables {
  return {
    shards: leg.shards,
    edge: { threads: leg.edges },
    // Segments end and settle all the time, so that kills hit that too.
    ledger: { segment_age_s: 2, settle_age_s: 1, ...leg.ledger },
    account: [{ submit_window: 500, receipt_window: RECEIPT_WINDOW, sessions_max: 10 }],
    smsc: ports.map((port) => ({
      port,
      binds: leg.binds,
      window: leg.window,
      retry_attempts_max: 255,
    })),
  };
}

/** Receipts of one session that may be unanswered: what a kill may repeat. */
export const RECEIPT_WINDOW = 200;
