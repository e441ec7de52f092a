/** A shard's state without binds, edges and threads: what recovery and settling need. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { Chunks } from '../../src/cdr/chunks.ts';
import { Journal } from '../../src/cdr/journal.ts';
import type { JournalEvents } from '../../src/cdr/journal.ts';
import { shardDirectory } from '../../src/cdr/segments.ts';
import type { Config } from '../../src/core/config.ts';
import { checkConfig } from '../../src/core/config.ts';
import { DueHeap } from '../../src/core/due-heap.ts';
import { IdIndex } from '../../src/core/id-index.ts';
import { MessageTable, NO_BLOCK, SLOT_JOURNAL } from '../../src/core/message-table.ts';
import { createCounterPages, smscCells, threadCells } from '../../src/core/ring/counters.ts';
import { createMesh, shardEnds } from '../../src/core/ring/mesh.ts';
import { PriorityQueue } from '../../src/core/slot-queue.ts';
import { TokenBucket } from '../../src/core/throttle.ts';
import { Unreached } from '../../src/core/unreached.ts';
import { RecentFinals } from '../../src/core/recent-finals.ts';
import { profileOf, referenceNumbers } from '../../src/smpp/upstream.ts';
import { onCommitted } from '../../src/shard/commit.ts';
import { HELD_LIMITS } from '../../src/shard/joining.ts';
import { Assembly } from '../../src/core/assembly.ts';
import { PartValues } from '../../src/core/part-values.ts';
import { PartSlots } from '../../src/shard/part-slots.ts';
import { Parking } from '../../src/shard/parking.ts';
import { SecondIds } from '../../src/shard/second-ids.ts';
import { ReceiptAlphabets } from '../../src/core/receipt-alphabets.ts';
import type { ShardState, Smsc } from '../../src/shard/state.ts';
import { PendingStore } from '../../src/store/pending.ts';
import { TIME_MS } from '../support/ledger.ts';

export const SMSC_COUNT = 3;

export function testConfig(): Config {
  const smsc = Array.from({ length: SMSC_COUNT }, (_, index) => ({
    id: `smsc-${index}`,
    host: '127.0.0.1',
    port: 2775,
    system_id: 'us',
    password: 'secret',
  }));
  const result = checkConfig({ smsc, route: { smscs: ['smsc-0'] } });
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result.config;
}

/** Opens the pending store of shard 0; it is closed after the test unless the test does so itself. */
export function makeShard(dataDir: string, capacity = 2048): ShardState {
  mkdirSync(shardDirectory(dataDir, 0), { recursive: true });
  const config = testConfig();
  const table = new MessageTable(capacity);
  const scratch = table.allocate();
  table.state[scratch] = SLOT_JOURNAL;
  const store = PendingStore.open(join(shardDirectory(dataDir, 0), 'pending.sqlite'));
  onTestFinished(() => store.close());
  const pages = createCounterPages(2, SMSC_COUNT, 4);
  const smscs: Smsc[] = config.smsc.map((one, index) => ({
    index,
    config: one,
    profile: profileOf(one, config.tlv),
    receiptTags: undefined,
    queue: new PriorityQueue(table.next),
    bucket: new TokenBucket(0, TIME_MS),
    binds: [],
    turn: 0,
    cells: smscCells(pages, index),
    retries: new DueHeap(),
    entering: 0,
    spilling: 0,
    spilled: 0,
    answered: 0,
    answeredBefore: 0,
  }));
  return {
    shard: 0,
    config,
    table,
    index: new IdIndex(table),
    chunks: new Chunks(),
    journal: undefined as unknown as ShardState['journal'],
    store,
    smscs,
    owned: smscs,
    binds: [],
    answersHeld: [],
    desks: [],
    ends: shardEnds(createMesh(1, 1, 1 << 16), 0),
    cells: threadCells(pages, 1),
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
    references: referenceNumbers(1, 0, TIME_MS),
    accounts: [],
    receiptAlphabets: new ReceiptAlphabets([], []),
    finals: new RecentFinals(4096),
    lookups: undefined,
    requestsUntilMs: Infinity,
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
    nowMs: TIME_MS + 3_600_000,
  };
}

/** Gives the shard a journal of one endless segment; a commit that fails throws unless `onFailed` says otherwise. */
export function openJournal(
  shard: ShardState,
  onFailed: JournalEvents['onFailed'] = (_group, error) => {
    throw error;
  },
  segmentBefore = 0,
  indexNext = 0,
): void {
  const settings = {
    dataDir: shard.dataDir,
    shard: 0,
    unsafe: true,
    segmentBytesMax: 1 << 30,
    segmentAgeMs: Infinity,
    names: '{"nodeId":"n","shard":0,"accounts":[],"smscs":[]}',
    segmentBefore,
    indexNext,
  };
  shard.journal = new Journal(
    settings,
    shard.chunks,
    {
      onCommitted: (group, tookMs) => onCommitted(shard, group, tookMs),
      onFailed,
      onSealed: () => undefined,
    },
    shard.nowMs,
  );
}

/** Others take all slots but `left`; calling what it returns gives them back. */
export function takeSlots({ table }: ShardState, left = 0): () => void {
  const taken: number[] = [];
  while (table.freeSlots() > left) taken.push(table.allocate());
  return () => {
    for (const slot of taken) table.release(slot);
  };
}
