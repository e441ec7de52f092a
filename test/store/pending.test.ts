import { spawn } from 'node:child_process';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { openPendingView } from '../../src/store/pending-view.ts';
import {
  KIND_AWAITING,
  KIND_FOLLOWER,
  KIND_QUEUED,
  KIND_RECEIPT,
  KIND_RETRY,
  PendingStore,
} from '../../src/store/pending.ts';
import type { PendingRow } from '../../src/store/pending.ts';
import { openDatabase } from '../../src/store/sqlite.ts';
import { temporaryDirectory } from '../support/ledger.ts';

const PENDING = fileURLToPath(new URL('../../src/store/pending.ts', import.meta.url));
const HIGHEST = 0xffff_ffff;

function row(idHigh: number, idLow: number, changes: Partial<PendingRow> = {}): PendingRow {
  return {
    idHigh,
    idLow,
    kind: KIND_QUEUED,
    key: 0,
    dueMs: 0,
    smscId: null,
    smsc: 0,
    blob: Buffer.from(`${idHigh}/${idLow}`),
    ...changes,
  };
}

function open(path = join(temporaryDirectory(), 'shard-00', 'pending.sqlite')): [PendingStore, string] {
  return [PendingStore.open(path), path];
}

const counts = (one: PendingStore) => [
  one.count(KIND_QUEUED, 0),
  one.count(KIND_QUEUED, 7),
  one.count(KIND_RECEIPT, 0),
];

const ids = (rows: readonly PendingRow[]) => rows.map(({ idHigh, idLow }) => [idHigh, idLow]);

test('a row comes back as it went in, at the bounds of every field', () => {
  const [store] = open();
  const rows = [
    row(HIGHEST, HIGHEST, {
      kind: KIND_AWAITING,
      key: 65_535,
      dueMs: 4_102_444_800_000,
      smscId: 'caf\u00e9\u0000\u00ff',
      smsc: 65_535,
      blob: Buffer.alloc(70_000, 0xa7),
    }),
    row(0, 0, { blob: Buffer.alloc(0) }),
  ];
  store.upsert(rows);
  for (const one of rows) expect(store.get(one.idHigh, one.idLow)).toEqual(one);
  expect(store.get(1, 1)).toBeUndefined();
});

test('next gives the rows of one kind and key by id, in pages without gap or repeat', () => {
  const [store] = open();
  const rows: PendingRow[] = [];
  for (const high of [3, 1, HIGHEST, 2]) for (const low of [HIGHEST, 0, 5]) rows.push(row(high, low));
  store.upsert([...rows, row(1, 1, { key: 1 }), row(1, 2, { kind: KIND_RETRY, dueMs: 1 })]);
  const seen: number[][] = [];
  let after = [0, 0];
  for (let page = store.next(KIND_QUEUED, 0, 0, 0, 5); page.length > 0;) {
    seen.push(...ids(page));
    after = seen[seen.length - 1];
    page = store.next(KIND_QUEUED, 0, after[0], after[1], 5);
  }
  const sorted = rows.map(({ idHigh, idLow }) => [idHigh, idLow]).sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  expect(seen).toEqual(sorted);
});

test('due gives what is due by now, earliest first', () => {
  const [store] = open();
  const retry = { kind: KIND_RETRY };
  store.upsert([
    row(1, 1, { ...retry, dueMs: 3_000_000_000_000 }),
    row(1, 2, { ...retry, dueMs: 2_000_000_000_000 }),
    row(1, 3, { ...retry, dueMs: 2_000_000_000_000 }),
    row(1, 4, { ...retry, dueMs: 3_000_000_000_001 }),
    row(1, 5, { ...retry, dueMs: 0 }),
    row(1, 6, { ...retry, dueMs: 1, key: 9 }),
  ]);
  expect(ids(store.due(KIND_RETRY, 0, 3_000_000_000_000, 10))).toEqual([
    [1, 2],
    [1, 3],
    [1, 1],
  ]);
  expect(ids(store.due(KIND_RETRY, 0, 3_000_000_000_000, 1))).toEqual([[1, 2]]);
});

test('an awaiting message is found by its SMSC and its id there, and only while it awaits', () => {
  const [store] = open();
  const awaiting = { kind: KIND_AWAITING, smscId: '0A', smsc: 2 };
  store.upsert([row(1, 1, { ...awaiting, smsc: 1 }), row(1, 3, awaiting), row(1, 2, awaiting)]);
  expect(ids(store.awaiting(2, '0A'))).toEqual([
    [1, 3],
    [1, 2],
  ]);
  expect(ids(store.awaiting(1, '0A'))).toEqual([[1, 1]]);
  expect(store.awaiting(2, '0B')).toEqual([]);
  store.upsert([row(1, 2, { ...awaiting, kind: KIND_RECEIPT })]);
  expect(ids(store.awaiting(2, '0A'))).toEqual([[1, 3]]);
});

test('awaiting messages are found by ids that differ in case and leading zeros, newest first', () => {
  const [store] = open();
  const rows = ['0a', '000A', 'A', 'a1', '\u00e4', '0a'].map((smscId, index) =>
    row(1, index, { kind: KIND_AWAITING, smscId, smsc: index === 5 ? 3 : 2 }),
  );
  store.upsert(rows);
  const found = (smscId: string) => store.awaiting(2, smscId).map(({ smscId: id }) => id);
  for (const id of ['a', '0A', '00a']) expect(found(id)).toEqual(['A', '000A', '0a']);
  expect([found('a1'), found('\u00e4'), found('\u00c4'), found('b')]).toEqual([['a1'], ['\u00e4'], [], []]);
  store.claim(rows[1]);
  expect(found('a')).toEqual(['A', '0a']);
  store.upsert(Array.from({ length: 20 }, (_, n) => row(2, n, { ...rows[0], idHigh: 2, idLow: n })));
  expect(found('a')).toHaveLength(8);
});

test('a store of the release before gets the index that it lacks', () => {
  const [store, path] = open();
  const awaiting = row(1, 1, { kind: KIND_AWAITING, smscId: '00Ab', smsc: 2 });
  store.upsert([awaiting]);
  store.close();
  const database = openDatabase(path);
  database.exec(
    'DROP INDEX pending_similar; CREATE INDEX pending_awaiting ON pending (smsc, smsc_id) WHERE kind = 2',
  );
  database.close();
  const [again] = open(path);
  expect(again.awaiting(2, 'aB')).toEqual([awaiting]);
  again.close();
});

test('counts stay exact through inserts, moves, repeats and removals', () => {
  const [store, path] = open();
  store.upsert([row(1, 1), row(1, 2), row(1, 3, { key: 7 })]);
  expect(counts(store)).toEqual([2, 1, 0]);
  // A new row, a repeat, a move, and one id twice in the same call.
  store.upsert([row(2, 1), row(1, 1), row(1, 2, { kind: KIND_RECEIPT }), row(2, 2), row(2, 2, { key: 7 })]);
  expect(counts(store)).toEqual([2, 2, 1]);
  store.remove([1, 1, 9, 1], [1, 3, 9, 1]);
  expect(counts(store)).toEqual([1, 1, 1]);
  expect(store.keysOf(KIND_QUEUED)).toEqual([0, 7]);
  store.remove([2], [2]);
  expect(store.keysOf(KIND_QUEUED)).toEqual([0]);
  expect(store.keysOf(KIND_RETRY)).toEqual([]);
  store.close();
  const [again] = open(path);
  expect(counts(again)).toEqual([1, 0, 1]);
  again.upsert([row(2, 1), row(1, 2)]);
  expect(counts(again)).toEqual([2, 0, 0]);
});

test('a failed batch leaves nothing behind, and the store works on', () => {
  const [store] = open();
  store.upsert([row(1, 1)]);
  const broken = row(1, 3, { blob: null as unknown as Buffer });
  expect(() => store.upsert([row(1, 2), row(1, 1, { key: 5 }), broken])).toThrow('NOT NULL');
  expect(store.get(1, 2)).toBeUndefined();
  expect([store.count(KIND_QUEUED, 0), store.count(KIND_QUEUED, 5)]).toEqual([1, 0]);
  store.upsert([row(1, 2)]);
  expect(store.count(KIND_QUEUED, 0)).toBe(2);
});

test('followers of as many messages as there may be are found by theirs and counted together', () => {
  const [store, path] = open();
  const follower = (idLow: number, key: number): PendingRow => row(1, idLow, { kind: KIND_FOLLOWER, key });
  store.upsert(Array.from({ length: 600 }, (_, index) => follower(index, Math.floor(index / 2))));
  expect(ids(store.next(KIND_FOLLOWER, 17, -1, -1, 9))).toEqual([
    [1, 34],
    [1, 35],
  ]);
  // One entry for all of them: whoever goes through the counts goes through no messages.
  expect([store.keysOf(KIND_FOLLOWER), store.count(KIND_FOLLOWER, 0)]).toEqual([[0], 600]);
  store.claim(follower(34, 17));
  store.upsert([row(1, 35, { kind: KIND_RECEIPT, key: 4 })]);
  store.remove([1], [36]);
  expect([store.count(KIND_FOLLOWER, 0), store.keysOf(KIND_RECEIPT)]).toEqual([597, [4]]);
  store.close();
  const [again] = open(path);
  expect([again.count(KIND_FOLLOWER, 0), again.keysOf(KIND_FOLLOWER)]).toEqual([598, [0]]);
});

test('rows taken into memory are handed out once, and again after a restart', () => {
  const [store, path] = open();
  const retry = { kind: KIND_RETRY, dueMs: 5_000 };
  const awaiting = { kind: KIND_AWAITING, smscId: 'a', smsc: 3 };
  store.upsert([row(1, 1), row(1, 2), row(1, 3), row(1, 4, retry), row(1, 5, awaiting)]);
  expect(ids(store.take(KIND_QUEUED, 0, 2))).toEqual([
    [1, 1],
    [1, 2],
  ]);
  expect(ids(store.take(KIND_QUEUED, 0, 2))).toEqual([[1, 3]]);
  expect(ids(store.takeDue(KIND_RETRY, 0, 4_999, 9))).toEqual([]);
  expect(ids(store.takeDue(KIND_RETRY, 0, 5_000, 9))).toEqual([[1, 4]]);
  expect(store.takeDue(KIND_RETRY, 0, 5_000, 9)).toEqual([]);
  const [found] = store.awaiting(3, 'a');
  expect(found.idLow).toBe(5);
  store.claim(found);
  expect(store.awaiting(3, 'a')).toEqual([]);
  expect([store.count(KIND_QUEUED, 0), store.count(KIND_RETRY, 0), store.hasAwaiting(0)]).toEqual([
    0,
    0,
    false,
  ]);
  // Changed while in memory, it waits again as what it is now; done, it is gone.
  store.upsert([row(1, 1, retry)]);
  store.remove([1], [2]);
  expect(store.count(KIND_RETRY, 0)).toBe(1);
  store.close();
  const [again] = open(path);
  expect(ids(again.take(KIND_QUEUED, 0, 9))).toEqual([[1, 3]]);
  expect(ids(again.takeDue(KIND_RETRY, 0, 5_000, 9))).toEqual([
    [1, 1],
    [1, 4],
  ]);
  expect(again.awaiting(3, 'a')).toMatchObject([{ kind: KIND_AWAITING }]);
  expect(Array.from(again.idsFrom(1), (one) => one.slice(0, 2))).toEqual([
    [1, 1],
    [1, 3],
    [1, 4],
    [1, 5],
  ]);
  expect(Array.from(again.idsFrom(2))).toEqual([]);
});

test('olderThan gives every key of a kind below a segment', () => {
  const [store] = open();
  store.upsert([row(5, 1, { key: 3 }), row(6, 1), row(4, 9), row(7, 1), row(4, 8, { kind: KIND_RECEIPT })]);
  expect(ids(store.olderThan(KIND_QUEUED, 7, 10))).toEqual([
    [4, 9],
    [6, 1],
    [5, 1],
  ]);
  expect(ids(store.olderThan(KIND_QUEUED, 7, 2))).toEqual([
    [4, 9],
    [6, 1],
  ]);
  expect(store.olderThan(KIND_QUEUED, 4, 10)).toEqual([]);
});

test('what is settled only goes up, and is still known after a reopen', () => {
  const [store, path] = open();
  expect(store.settledThrough()).toBe(0);
  store.settle(HIGHEST);
  expect(() => store.settle(4)).toThrow('settled beyond');
  store.close();
  expect(open(path)[0].settledThrough()).toBe(HIGHEST);
});

test('everything that returned is there after kill -9', async () => {
  const script = `
    import { writeSync } from 'node:fs';
    const { PendingStore } = await import(process.argv[1]);
    const store = PendingStore.open(process.argv[2]);
    for (let segment = 1; ; segment++) {
      const rows = [];
      for (let i = 0; i < 500; i++) {
        rows.push({ idHigh: segment, idLow: i, kind: 2, key: 0, dueMs: 0, smscId: segment + '-' + i, smsc: 0,
          blob: Buffer.alloc(300) });
      }
      store.upsert(rows);
      store.remove([segment], [0]);
      store.settle(segment);
      if (segment === 20) writeSync(1, 'done\\n');
    }`;
  const path = join(temporaryDirectory(), 'pending.sqlite');
  const child = spawn(process.execPath, ['--input-type=module', '-e', script, PENDING, path], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  child.stdout.once('data', () => child.kill('SIGKILL'));
  await new Promise((resolve) => child.on('close', resolve));
  const store = PendingStore.open(path);
  const settled = store.settledThrough();
  expect(settled).toBeGreaterThanOrEqual(20);
  for (let segment = 1; segment <= settled; segment++) {
    expect(store.get(segment, 0)).toBeUndefined();
    expect(store.awaiting(0, `${segment}-499`)).toMatchObject([{ idHigh: segment }]);
  }
  // A batch is whole or not there.
  expect([0, 499, 500]).toContain(store.count(KIND_AWAITING, 0) - settled * 499);
  store.close();
}, 30_000);

test('its files are the owner’s alone, and another process can look in', () => {
  const [store, path] = open();
  store.upsert([row(4, 2), row(4, 3, { kind: KIND_RECEIPT })]);
  store.settle(9);
  expect(fs.statSync(path).mode & 0o777).toBe(0o600);
  expect(fs.statSync(`${path}-wal`).mode & 0o777).toBe(0o600);
  const view = openPendingView(path);
  expect([view?.settledThrough(), view?.has(4, 2), view?.has(2, 4)]).toEqual([9, true, false]);
  expect(view?.countsByKind()).toEqual(
    new Map([
      [KIND_QUEUED, 1],
      [KIND_RECEIPT, 1],
    ]),
  );
  view?.close();
  expect(openPendingView(`${path}.none`)).toBeUndefined();
});

test('the write-ahead log stays bounded while rows keep coming', () => {
  const [store, path] = open();
  for (let batch = 0; batch < 60; batch++) {
    const rows: PendingRow[] = [];
    for (let i = 0; i < 500; i++) rows.push(row(1, batch * 500 + i, { blob: Buffer.alloc(300, i) }));
    store.upsert(rows);
  }
  expect(fs.statSync(`${path}-wal`).size).toBeLessThan(8 * 1024 * 1024);
  store.close();
});
