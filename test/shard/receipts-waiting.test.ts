import { expect, test } from 'vitest';
import type { Config } from '../../src/core/config.ts';
import { edgeEnds, createMesh, shardEnds } from '../../src/core/ring/mesh.ts';
import type { Mesh } from '../../src/core/ring/mesh.ts';
import { WaitingNotices } from '../../src/shard/receipts-waiting.ts';
import type { ReceiptDesk, ShardState } from '../../src/shard/state.ts';

const START = 1_767_225_600_000;
const NAMES = ['quiet', 'called', 'gone'];
const CALLED = 1;

interface Scene {
  shard: ShardState;
  notices: WaitingNotices;
  /** Takes what edge 0 was told: the accounts. */
  told: () => number[];
}

function scene(windows: number[], queued: number, stored = 0): Scene {
  const mesh: Mesh = createMesh(2, 1, 1 << 12);
  const desk = (account: number): ReceiptDesk =>
    ({ account, queue: { length: queued }, window: Int32Array.from(windows) }) as unknown as ReceiptDesk;
  const shard = {
    nowMs: START,
    ends: shardEnds(mesh, 0),
    desks: [desk(0), desk(CALLED)],
    store: { count: (_kind: number, key: number) => (key === CALLED ? stored : 0) },
  } as unknown as ShardState;
  const config = { account: [{ name: 'quiet' }, { name: 'called', outbind: '127.0.0.1:1' }] };
  const [reader] = edgeEnds(mesh, 0).readers;
  const told = (): number[] => {
    shard.ends.writers[0].publish();
    const accounts: number[] = [];
    reader.read((bytes, at) => {
      // Type 83, account at offset 6; 24 bytes.
      expect([bytes.u8[at + 4], bytes.u32[at >> 2]]).toEqual([83, 24]);
      accounts.push(bytes.u16[(at + 6) >> 1]);
      return true;
    }, 100);
    return accounts;
  };
  return { shard, notices: new WaitingNotices(config as unknown as Config, NAMES), told };
}

test('receipts wait and nobody takes them: edge 0 is told, at most once in 10 s', () => {
  const { shard, notices, told } = scene([0, 0], 3);
  notices.tell(shard);
  expect(told()).toEqual([CALLED]);
  for (const seconds of [1, 5, 9.999]) {
    shard.nowMs = START + seconds * 1000;
    notices.tell(shard);
  }
  expect(told()).toEqual([]);
  shard.nowMs = START + 10_000;
  notices.tell(shard);
  expect(told()).toEqual([CALLED]);
});

test('receipts that are only in the store count too', () => {
  const { shard, notices, told } = scene([0, 0], 0, 5);
  shard.desks = [];
  notices.tell(shard);
  expect(told()).toEqual([CALLED]);
});

test.each([
  ['a receiver on any edge', [0, 100], 3],
  ['nothing that waits', [0, 0], 0],
])('%s: nobody is told', (_name, windows, queued) => {
  const { shard, notices, told } = scene(windows, queued);
  notices.tell(shard);
  expect(told()).toEqual([]);
});

test('a clock that is set back does not silence it', () => {
  const { shard, notices, told } = scene([0, 0], 3);
  notices.tell(shard);
  shard.nowMs -= 3_600_000;
  notices.tell(shard);
  expect(told()).toEqual([CALLED, CALLED]);
});

test('a full ring is tried again the next second', () => {
  const { shard, notices, told } = scene([0, 0], 3);
  const [ring] = shard.ends.writers;
  const claims: number[] = [];
  const claim = ring.claim.bind(ring);
  ring.claim = (length) => {
    claims.push(length);
    return claims.length === 1 ? -1 : claim(length);
  };
  notices.tell(shard);
  expect(told()).toEqual([]);
  shard.nowMs += 1000;
  notices.tell(shard);
  expect(told()).toEqual([CALLED]);
});
