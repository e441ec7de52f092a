import { expect, test, vi } from 'vitest';
import { Journal } from '../../src/cdr/journal.ts';
import { listSegments, removeSegment } from '../../src/cdr/segments.ts';
import { NO_BLOCK, SLOT_AWAITING, SLOT_IN_FLIGHT } from '../../src/core/message-table.ts';
import { FINAL_SENT, SMSC_NONE } from '../../src/core/records.ts';
import { onCommitted } from '../../src/shard/commit.ts';
import { appendReceipt, appendSent, dropBody, finish } from '../../src/shard/events.ts';
import { takeRecord } from '../../src/shard/intake.ts';
import { park } from '../../src/shard/parked.ts';
import { recover } from '../../src/shard/recover.ts';
import { Settler } from '../../src/shard/settle.ts';
import type { ShardState } from '../../src/shard/state.ts';
import * as store from '../../src/store/pending.ts';
import { bytesWith } from '../core/memory.ts';
import { seeded } from '../core/random.ts';
import { accepted, temporaryDirectory } from '../support/ledger.ts';
import { makeShard } from './harness.ts';

interface Running {
  shard: ShardState;
  settler: Settler;
  sealed: number[];
}

/** A shard with a journal that ends its segment with every group of more than `segmentBytesMax`. */
function run(dataDir: string, segmentBytesMax: number): Running {
  const shard = makeShard(dataDir);
  shard.nowMs = Date.now();
  const settler = new Settler(shard, 0);
  const sealed: number[] = [];
  shard.journal = new Journal(
    {
      dataDir,
      shard: 0,
      unsafe: true,
      segmentBytesMax,
      segmentAgeMs: Infinity,
      names: '{"nodeId":"n","shard":0,"accounts":[],"smscs":[]}',
      segmentBefore: 0,
      indexNext: 0,
    },
    shard.chunks,
    {
      onCommitted: (group, tookMs) => onCommitted(shard, group, tookMs),
      onFailed: (_group, error) => {
        throw error;
      },
      onSealed: (segment) => {
        sealed.push(segment);
        settler.onSealed(segment, 0);
      },
    },
    shard.nowMs,
  );
  return { shard, settler, sealed };
}

async function commit({ shard }: Running): Promise<void> {
  shard.journal.kick(shard.nowMs);
  await vi.waitFor(() => expect(shard.journal.isCommitting()).toBe(false), 5000);
}

/** Takes submits in and commits them; returns the slots they have. */
async function acceptAndCommit(running: Running, count: number): Promise<number[]> {
  const { shard } = running;
  for (let number = 0; number < count; number++) {
    const event = accepted({ smsc: 0, text: Buffer.from(`message ${number}`) });
    expect(takeRecord(shard, 0, bytesWith(event), 0, event.readUInt32LE(0))).toBe(true);
  }
  await commit(running);
  const queue = shard.smscs[0]?.queue;
  const slots: number[] = [];
  for (let slot = queue?.shift() ?? -1; slot >= 0; slot = queue?.shift() ?? -1) slots.push(slot);
  return slots;
}

/** The SMSC took it. */
function send(shard: ShardState, slot: number, smscId: string): void {
  const { table } = shard;
  table.state[slot] = SLOT_IN_FLIGHT;
  table.attempts[slot]++;
  table.smscIdLength[slot] = table.text.write(smscId, slot * 144 + 73, 'latin1');
  appendSent(shard, slot, 0);
  dropBody(shard, slot);
  table.state[slot] = SLOT_AWAITING;
  shard.index.add(slot);
}

async function settleAll(running: Running): Promise<void> {
  const { settler, shard, sealed } = running;
  await vi.waitFor(() => {
    settler.step(Number.MAX_SAFE_INTEGER);
    shard.journal.kick(shard.nowMs);
    expect(shard.store.settledThrough()).toBe(sealed.at(-1));
  }, 5000);
}

const idOf = (shard: ShardState, slot: number): string =>
  `${shard.table.idHigh[slot]}/${shard.table.idLow[slot]}`;

/** What a daemon that starts in this directory finds open, and the kind of each. */
async function openAfterCrash(dataDir: string): Promise<Map<string, number>> {
  const shard = makeShard(dataDir);
  const { quarantined } = await recover(shard, () => undefined);
  expect(quarantined).toEqual([]);
  const open = new Map<string, number>();
  for (const [high, low, kind] of shard.store.idsFrom(0)) open.set(`${high}/${low}`, kind);
  shard.store.close();
  return open;
}

test('after a segment is settled and gone, recovery finds the same open messages', async () => {
  const random = seeded(8_101);
  const dataDir = temporaryDirectory();
  const running = run(dataDir, 2000);
  const { shard } = running;
  const expected = new Map<string, number>();
  for (let round = 0; round < 8; round++) {
    for (const slot of await acceptAndCommit(running, 30)) {
      const id = idOf(shard, slot);
      const fate = random.below(4);
      if (fate === 0) expected.set(id, store.KIND_QUEUED);
      else if (fate === 1) {
        send(shard, slot, `id-${id}`);
        expected.set(id, store.KIND_AWAITING);
      } else if (fate === 2) {
        shard.table.finalState[slot] = 5;
        shard.table.state[slot] = 6;
        appendReceipt(shard, slot, SMSC_NONE);
        dropBody(shard, slot);
        expected.set(id, store.KIND_RECEIPT);
      } else finish(shard, slot, 6, FINAL_SENT);
    }
    await commit(running);
    if (round % 3 === 2) await settleAll(running);
  }
  await settleAll(running);
  const settled = shard.store.settledThrough();
  const segments = listSegments(dataDir, 0).map(({ segment }) => segment);
  expect(segments.filter((segment) => segment <= settled).length, `seed ${random.seed}`).toBeGreaterThan(3);
  for (const segment of segments) if (segment <= settled) removeSegment(dataDir, 0, segment);
  await shard.journal.close();
  shard.store.close();
  const open = await openAfterCrash(dataDir);
  expect(open, `seed ${random.seed}`).toEqual(expected);
});

test('a parked receipt outlives its segment: it is written again before that is settled', async () => {
  const dataDir = temporaryDirectory();
  const running = run(dataDir, 1000);
  const { shard } = running;
  park(shard, {
    smsc: 1,
    smscId: 'early',
    state: 2,
    doneMs: 5,
    err: '000',
    networkErrorType: 255,
    networkErrorCode: 0,
    tlvs: Buffer.from('14010001ff', 'hex'),
    way: undefined,
    parkedMs: shard.nowMs,
    segment: 0,
  });
  await acceptAndCommit(running, 20);
  await acceptAndCommit(running, 1);
  await settleAll(running);
  const settled = shard.store.settledThrough();
  for (const { segment } of listSegments(dataDir, 0))
    if (segment <= settled) removeSegment(dataDir, 0, segment);
  await commit(running);
  await shard.journal.close();
  shard.store.close();
  const next = makeShard(dataDir);
  await recover(next, () => undefined);
  const left = [...next.parking.all()];
  expect(left.map(({ smsc, smscId, state, tlvs }) => [smsc, smscId, state, tlvs?.toString('hex')])).toEqual([
    [1, 'early', 2, '14010001ff'],
  ]);
});

test('a message that ends while its segment is settled is not gone before its FINAL is on disk', async () => {
  const dataDir = temporaryDirectory();
  const running = run(dataDir, 1000);
  const { shard, settler, sealed } = running;
  const slots = await acceptAndCommit(running, 20);
  const [slot] = slots;
  const id = idOf(shard, slot);
  await acceptAndCommit(running, 1);
  await vi.waitFor(() => expect(sealed).toHaveLength(1), 15_000);
  const event = accepted({ smsc: 0 });
  takeRecord(shard, 0, bytesWith(event), 0, event.readUInt32LE(0));
  settler.step(Number.MAX_SAFE_INTEGER);
  expect(shard.journal.isCommitting()).toBe(true);
  // Its last event stands in the group that fills, and the process is killed before that is committed.
  finish(shard, slot, 6, FINAL_SENT);
  shard.journal.kick = () => undefined;
  await vi.waitFor(() => expect(shard.journal.isCommitting()).toBe(false), 5000);
  for (let turn = 0; turn < 20; turn++) settler.step(Number.MAX_SAFE_INTEGER);
  const settled = shard.store.settledThrough();
  for (const { segment } of listSegments(dataDir, 0))
    if (segment <= settled) removeSegment(dataDir, 0, segment);
  shard.store.close();
  expect((await openAfterCrash(dataDir)).has(id)).toBe(true);
});

test('a row goes with the commit of its message, not before', async () => {
  const dataDir = temporaryDirectory();
  const running = run(dataDir, 1000);
  const { shard } = running;
  const [slot] = await acceptAndCommit(running, 20);
  const [idHigh, idLow] = [shard.table.idHigh[slot], shard.table.idLow[slot]];
  await acceptAndCommit(running, 1);
  await settleAll(running);
  finish(shard, slot, 6, FINAL_SENT);
  expect(shard.store.get(idHigh, idLow)).toBeDefined();
  await commit(running);
  expect(shard.store.get(idHigh, idLow)).toBeUndefined();
  await shard.journal.close();
});

test('memory that was emptied into the store holds no chunk', async () => {
  const running = run(temporaryDirectory(), 1 << 30);
  const { shard } = running;
  for (const slot of await acceptAndCommit(running, 50)) finish(shard, slot, 6, FINAL_SENT);
  await commit(running);
  expect([shard.chunks.inUse, shard.table.used]).toEqual([1, 1]);
  expect(shard.table.bodyBlock[shard.scratch]).toBe(NO_BLOCK);
  await shard.journal.close();
});
