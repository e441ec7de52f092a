/** What a shard is made of: its settings, its state at the start, and recovery before anything else. */
import * as fs from 'node:fs';
import { Chunks } from '../cdr/chunks.ts';
import type { Journal } from '../cdr/journal.ts';
import { shardDirectory } from '../cdr/segments.ts';
import type { Config } from '../core/config.ts';
import { Assembly } from '../core/assembly.ts';
import { DueHeap } from '../core/due-heap.ts';
import { IdIndex } from '../core/id-index.ts';
import { MessageTable, NO_BLOCK, SLOT_JOURNAL } from '../core/message-table.ts';
import { RecentFinals } from '../core/recent-finals.ts';
import type { ReferenceNumbers } from '../core/reference-numbers.ts';
import type { CounterPages } from '../core/ring/counters.ts';
import { CELL_QUARANTINED, smscCells } from '../core/ring/counters.ts';
import { PartWays } from '../core/ring/part-ways.ts';
import type { MeshEnds } from '../core/ring/mesh.ts';
import { PriorityQueue } from '../core/slot-queue.ts';
import { TokenBucket } from '../core/throttle.ts';
import { Unreached } from '../core/unreached.ts';
import { PendingStore } from '../store/pending.ts';
import { HELD_LIMITS } from './joining.ts';
import { PartValues } from '../core/part-values.ts';
import { PartSlots } from './part-slots.ts';
import { receiptTagsOf } from '../smpp/receipt-tlvs.ts';
import { profileOf, referenceNumbers } from '../smpp/upstream.ts';
import { Parking } from './parking.ts';
import { ReceiptAlphabets } from '../core/receipt-alphabets.ts';
import { recover } from './recover.ts';
import { SecondIds } from './second-ids.ts';
import type { Recovery } from './recover.ts';
import type { ShardState, Smsc } from './state.ts';

export interface ShardSetup {
  shard: number;
  config: Config;
  dataDir: string;
  /** Permanent indexes: position in the list is the index. A name without a configuration is of the past. */
  smscNames: string[];
  accountNames: string[];
  ends: MeshEnds;
  pages: CounterPages;
  cells: Float64Array;
}

export interface ShardLog {
  debug(message: string, detail?: Record<string, unknown>): void;
  info(message: string, detail?: Record<string, unknown>): void;
  warn(message: string, detail?: Record<string, unknown>): void;
  /** Ends the process at once: the ledger can not be trusted any more. */
  fatal(message: string, detail?: Record<string, unknown>): never;
}

/** Messages whose end query_sm still knows: 8 MB. */
const RECENT_FINALS = 262_144;

/** Which shard owns an SMSC. */
export function shardOfSmsc(smsc: number, shards: number): number {
  return smsc % shards;
}

/** Opens the store and recovers what the ledger holds; the journal is not there yet. */
export async function buildState(
  setup: ShardSetup,
  log: ShardLog,
): Promise<{ state: ShardState; recovery: Recovery }> {
  const { config, dataDir, shard } = setup;
  const nowMs = Date.now();
  fs.mkdirSync(shardDirectory(dataDir, shard), { recursive: true, mode: 0o700 });
  const table = new MessageTable(config.ledger.messages_in_memory_max);
  const smscs = setup.smscNames.map((name, index) => makeSmsc(setup, table, name, index, nowMs));
  const accounts = setup.accountNames.map((account) => config.account.find(({ name }) => name === account));
  const scratch = table.allocate();
  table.state[scratch] = SLOT_JOURNAL;
  const state: ShardState = {
    shard,
    config,
    table,
    index: new IdIndex(table),
    chunks: new Chunks(),
    journal: undefined as unknown as Journal,
    store: PendingStore.open(`${shardDirectory(dataDir, shard)}/pending.sqlite`),
    smscs,
    owned: smscs.filter((smsc) => smsc !== undefined),
    binds: [],
    answersHeld: [],
    desks: [],
    ends: setup.ends,
    cells: setup.cells,
    parking: new Parking(),
    receiptsLater: new DueHeap(),
    loading: { chunk: NO_BLOCK, at: 0 },
    hand: 0,
    expiryHand: 0,
    dataDir,
    scratch,
    spilled: [],
    late: new Map(),
    secondIds: new SecondIds(),
    leaders: new PartValues(true),
    parts: new PartSlots(table),
    held: new Assembly(HELD_LIMITS),
    holding: 0,
    joinable: [],
    references: referencesOf(config, shard, nowMs),
    accounts,
    receiptAlphabets: alphabetsOf(smscs, accounts),
    finals: new RecentFinals(RECENT_FINALS),
    lookups: undefined,
    requestsUntilMs: 0,
    operationAnswers: [],
    forwarded: new Map(),
    groupCancels: { waiting: [], looks: 0, cancelled: 0 },
    unreached: new Unreached(),
    alerts: { second: 0, count: 0 },
    lastToken: 0,
    removedHighs: [],
    removedLows: [],
    deskWork: new Set(),
    refusing: false,
    blocked: false,
    draining: false,
    nowMs,
  };
  return { state, recovery: await recoverInto(state, setup, log) };
}

async function recoverInto(state: ShardState, setup: ShardSetup, log: ShardLog): Promise<Recovery> {
  const warn = (message: string, detail: Record<string, unknown>): void => log.warn(message, detail);
  const recovery = await recover(state, warn, new PartWays(setup.pages));
  setup.cells[CELL_QUARANTINED] = recovery.quarantined.length;
  log.info('ledger recovered', {
    shard: setup.shard,
    events: recovery.events,
    tookMs: recovery.tookMs,
    quarantined: recovery.quarantined.length,
  });
  return recovery;
}

function alphabetsOf(smscs: ShardState['smscs'], accounts: ShardState['accounts']): ReceiptAlphabets {
  return new ReceiptAlphabets(
    smscs.map((smsc) => smsc?.profile.alphabet),
    accounts.map((account) => account?.default_alphabet),
  );
}

/** Every thread has its share of the numbers: the edges first, then the shards. */
function referencesOf({ edge, shards }: Config, shard: number, nowMs: number): ReferenceNumbers {
  return referenceNumbers(edge.threads + shards, edge.threads + shard, nowMs);
}

function makeSmsc(
  setup: ShardSetup,
  table: MessageTable,
  name: string,
  index: number,
  nowMs: number,
): Smsc | undefined {
  const config = setup.config.smsc.find((each) => each.id === name);
  if (config === undefined || shardOfSmsc(index, setup.config.shards) !== setup.shard) return undefined;
  const profile = profileOf(config, setup.config.tlv);
  const tags = setup.config.tlv.map(({ tag }) => tag);
  return {
    index,
    config,
    profile,
    receiptTags: receiptTagsOf(tags, profile.tlvMap),
    queue: new PriorityQueue(table.next),
    bucket: new TokenBucket(config.tps, nowMs),
    binds: [],
    turn: 0,
    cells: smscCells(setup.pages, index),
    retries: new DueHeap(),
    entering: 0,
    spilling: 0,
    spilled: 0,
    answered: 0,
    answeredBefore: 0,
  };
}
