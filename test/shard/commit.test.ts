import { beforeEach, expect, test, vi } from 'vitest';
import { createMesh, edgeEnds, shardEnds } from '../../src/core/ring/mesh.ts';
import { CELL_ACCEPTED, CELL_FINAL } from '../../src/core/ring/counters.ts';
import { FINAL_SENT } from '../../src/core/records.ts';
import { onNoRoom } from '../../src/shard/commit.ts';
import { finish } from '../../src/shard/events.ts';
import { takeRecord } from '../../src/shard/intake.ts';
import { STATE_DELIVERED } from '../../src/smpp/constants.ts';
import { bytesWith } from '../core/memory.ts';
import { disk } from '../cdr/faulty-disk.ts';
import { accepted, temporaryDirectory } from '../support/ledger.ts';
import { makeShard, openJournal } from './harness.ts';

vi.mock('../../src/cdr/lmdb.ts', async (original) => {
  const { withDisk } = await import('../cdr/faulty-disk.ts');
  return withDisk(await original());
});

const ROK = 0;
const RSYSERR = 8;
const STATUS_AT = 6;

beforeEach(() => {
  disk.full = false;
  disk.putDelayMs = 0;
});

test('a message counts as ended once its FINAL is on disk, not before', async () => {
  const shard = makeShard(temporaryDirectory());
  shard.ends = shardEnds(createMesh(1, 1, 1 << 16), 0);
  openJournal(shard);
  const record = accepted();
  takeRecord(shard, 0, bytesWith(record), 0, record.length);
  shard.journal.kick(shard.nowMs);
  await vi.waitFor(() => expect(shard.cells[CELL_ACCEPTED]).toBe(1), 15_000);
  await vi.waitFor(() => expect(shard.journal.isCommitting()).toBe(false), 15_000);
  disk.putDelayMs = 50;
  const slot = shard.owned[0].queue.shift();
  finish(shard, slot, STATE_DELIVERED, FINAL_SENT);
  shard.journal.kick(shard.nowMs);
  expect(shard.journal.isCommitting()).toBe(true);
  expect(shard.cells[CELL_FINAL]).toBe(0);
  await vi.waitFor(() => expect(shard.journal.isCommitting()).toBe(false), 15_000);
  expect(shard.cells[CELL_FINAL]).toBe(1);
  expect(shard.cells[CELL_ACCEPTED]).toBe(1);
});

test('a commit that fails refuses its submits and those that came meanwhile; later ones are accepted', async () => {
  const dataDir = temporaryDirectory();
  const shard = makeShard(dataDir);
  const mesh = createMesh(1, 1, 1 << 16);
  shard.ends = shardEnds(mesh, 0);
  const [answers] = edgeEnds(mesh, 0).readers;
  openJournal(shard, (group) => onNoRoom(shard, group));
  const submit = (): void => {
    const record = accepted();
    expect(takeRecord(shard, 0, bytesWith(record), 0, record.length)).toBe(true);
  };
  const statuses = (): number[] => {
    const found: number[] = [];
    answers.read((bytes, at) => {
      found.push(bytes.u16[(at + STATUS_AT) >> 1]);
      return true;
    }, 1000);
    return found;
  };
  const free = shard.table.freeSlots();
  disk.full = true;
  submit();
  shard.journal.kick(shard.nowMs);
  submit();
  submit();
  await vi.waitFor(() => expect(shard.blocked).toBe(true), 15_000);
  expect(statuses()).toEqual([RSYSERR, RSYSERR, RSYSERR]);
  expect(shard.table.freeSlots()).toBe(free);
  disk.full = false;
  shard.blocked = false;
  shard.journal.retryFailed(shard.nowMs);
  await vi.waitFor(() => expect(shard.journal.isCommitting()).toBe(false), 15_000);
  expect(statuses()).toEqual([]);
  submit();
  shard.journal.kick(shard.nowMs);
  await vi.waitFor(() => expect(shard.journal.isCommitting()).toBe(false), 15_000);
  expect(statuses()).toEqual([ROK]);
  expect(shard.table.used).toBe(2);
});
