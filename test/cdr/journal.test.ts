import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { RECORD_BYTES_MAX } from '../../src/core/records.ts';
import type { Group } from '../../src/cdr/group.ts';
import { listSegments, segmentPath } from '../../src/cdr/segments.ts';
import { disk } from './faulty-disk.ts';
import {
  Bench,
  FIRST,
  NOW_MS,
  SHARD,
  TYPE_ACCEPTED,
  TYPE_NAMES,
  TYPE_SENT,
  readSegment,
} from './journal-bench.ts';

vi.mock('../../src/cdr/lmdb.ts', async (original) => {
  const { withDisk } = await import('./faulty-disk.ts');
  return withDisk(await original());
});

beforeEach(() => {
  disk.full = false;
  disk.opensNothing = false;
  disk.putDelayMs = 0;
});

test('onCommitted comes when another process can read the block, not before', async () => {
  const bench = new Bench({ unsafe: false });
  const ids = [bench.accept(), bench.accept()];
  let seen = '';
  const lmdb = fileURLToPath(new URL('../../src/cdr/lmdb.ts', import.meta.url));
  const script = `import { openSegmentReader } from ${JSON.stringify(lmdb)};
    const reader = openSegmentReader(process.argv[1]);
    for (const { bytes } of reader.blocks(1)) process.stdout.write(bytes.toString('hex'));
    process.exit(0);`;
  bench.onCommitted = () => {
    const path = segmentPath(bench.dataDir, SHARD, FIRST);
    const options = ['--input-type=module', '-e', script, path];
    seen = execFileSync(process.execPath, options, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  };
  expect(await isEmptySegment(bench)).toBe(true);
  await bench.commit();
  // The low half of the first id as it stands in the event, little-endian.
  for (const id of ids) expect(seen).toContain(Buffer.from(id.slice(8), 'hex').swap32().toString('hex'));
  await bench.journal.close();
});

async function isEmptySegment(bench: Bench): Promise<boolean> {
  return (await bench.stored(FIRST)).blocks === 0;
}

test('a segment begins with the names, and ends with a footer that counts', async () => {
  const bench = new Bench();
  const ids = [bench.accept(), bench.accept(), bench.accept()];
  await bench.commit();
  bench.note();
  await bench.commit();
  await bench.journal.close();
  expect(await bench.stored(FIRST)).toEqual({
    types: [TYPE_NAMES, TYPE_ACCEPTED, TYPE_ACCEPTED, TYPE_ACCEPTED, TYPE_SENT],
    ids,
    blocks: 2,
    footer: { blocks: 2, events: 5, index: 2, first: 0 },
  });
  expect(bench.committed.map(({ events, accepted }) => [events, accepted])).toEqual([
    [4, 3],
    [1, 0],
  ]);
});

test('the footer of a segment without messages says so', async () => {
  const bench = new Bench();
  await bench.commit();
  await bench.journal.close();
  expect((await bench.stored(FIRST)).footer).toEqual({ blocks: 1, events: 1, index: 0xffff_ffff, first: 0 });
});

test('one commit is in flight at a time, and what comes meanwhile goes with the next', async () => {
  const bench = new Bench();
  disk.putDelayMs = 20;
  bench.accept();
  bench.journal.kick(NOW_MS);
  for (let count = 0; count < 10; count++) {
    bench.accept();
    bench.journal.kick(NOW_MS);
  }
  expect(bench.journal.isCommitting()).toBe(true);
  expect(bench.journal.commitAgeMs(NOW_MS + 7)).toBe(7);
  await vi.waitFor(() => expect(bench.committed).toHaveLength(2), 15_000);
  expect(bench.committed.map(({ accepted }) => accepted)).toEqual([1, 10]);
  expect([bench.journal.isCommitting(), bench.journal.commitAgeMs(NOW_MS)]).toEqual([false, 0]);
  expect(bench.journal.commits).toBe(2);
  await bench.journal.close();
});

test('how long a commit took is told also when the next one starts at once', async () => {
  const bench = new Bench();
  disk.putDelayMs = 30;
  bench.accept();
  bench.journal.kick(Date.now());
  bench.accept();
  await vi.waitFor(() => expect(bench.committed).toHaveLength(2), 15_000);
  for (const { tookMs } of bench.committed) expect(tookMs).toBeGreaterThanOrEqual(29);
  await bench.journal.close();
});

test('a group is cleared after its results were dealt with, and serves again', async () => {
  const bench = new Bench();
  const groups = new Set<Group>();
  for (let round = 0; round < 8; round++) {
    bench.accept();
    bench.onCommitted = (group) => {
      groups.add(group);
      expect(group.accepted).toBe(1);
    };
    await bench.commit();
  }
  expect(groups.size).toBeLessThanOrEqual(3);
  for (const group of groups) expect([group.accepted, group.events, group.blocks.length]).toEqual([0, 0, 0]);
  await bench.journal.close();
});

test('events may be appended while the results of a commit are dealt with', async () => {
  const bench = new Bench();
  let left = 5;
  bench.onCommitted = () => {
    if (left-- > 0) bench.note();
    bench.journal.kick(NOW_MS);
  };
  bench.accept();
  bench.journal.kick(NOW_MS);
  await vi.waitFor(() => expect(bench.committed).toHaveLength(6), 15_000);
  await bench.idle();
  await bench.journal.close();
  expect((await bench.stored(FIRST)).types).toEqual([
    TYPE_NAMES,
    TYPE_ACCEPTED,
    ...Array.from({ length: 5 }, () => TYPE_SENT),
  ]);
});

describe('chunks', () => {
  test('go back to the one that is being filled once everything is committed and let go', async () => {
    const bench = new Bench();
    const held: number[] = [];
    for (let count = 0; count < 60; count++) {
      bench.accept(60_000);
      bench.chunks.use(bench.journal.chunk);
      held.push(bench.journal.chunk);
    }
    expect(bench.chunks.inUse).toBeGreaterThan(3);
    await bench.commit();
    for (const chunk of held) bench.chunks.drop(chunk);
    expect(bench.chunks.inUse).toBe(1);
    await bench.journal.close();
    const { ids, footer } = await bench.stored(FIRST);
    expect([ids.length, new Set(ids).size, footer?.events]).toEqual([60, 60, 61]);
  });

  test('an event larger than readers take is a bug and is called one', () => {
    const bench = new Bench();
    expect(() => bench.journal.reserve(TYPE_SENT, RECORD_BYTES_MAX + 1)).toThrow('over RECORD_BYTES_MAX');
  });

  test('an event of any size up to that is whole', async () => {
    const bench = new Bench();
    const largest = RECORD_BYTES_MAX;
    const sizes = [largest, 24, 25, 31, largest, largest, largest, largest - 7, largest, 64];
    for (const size of sizes) bench.accept(size);
    await bench.commit();
    await bench.journal.close();
    expect((await bench.stored(FIRST)).ids).toHaveLength(sizes.length);
  });
});

describe('segments', () => {
  test('end by size between two groups, and an id names the segment that holds its event', async () => {
    const bench = new Bench({ segmentBytesMax: 100_000 });
    const ids: string[] = [];
    for (let round = 0; round < 30; round++) {
      for (let count = 0; count < 10; count++) ids.push(bench.accept(1000));
      await bench.commit();
    }
    await bench.journal.close();
    const segments = listSegments(bench.dataDir, SHARD).map(({ segment }) => segment);
    expect(segments.length).toBeGreaterThanOrEqual(3);
    expect(segments[0]).toBe(FIRST);
    const found: string[] = [];
    for (const segment of segments) {
      const stored = await bench.stored(segment);
      for (const id of stored.ids) expect(Number.parseInt(id.slice(0, 8), 16)).toBe(segment);
      expect(stored.types[0]).toBe(TYPE_NAMES);
      expect(stored.footer).toMatchObject({
        events: stored.types.length,
        // It counts on from the segments before.
        first: found.length,
        index: stored.ids.length === 0 ? 0xffff_ffff : found.length + stored.ids.length - 1,
      });
      found.push(...stored.ids);
    }
    expect(found).toEqual(ids);
    expect(found.map((id) => parseInt(id.slice(8), 16) % 2 ** 26)).toEqual([...found.keys()]);
    await vi.waitFor(() => expect(bench.sealed).toEqual(segments.slice(0, -1)));
  });

  test('end where the index begins anew, a million before its end, so that it only grows within each', async () => {
    const turn = 2 ** 26 - 1 - 2 ** 20;
    const bench = new Bench({ indexNext: turn - 1 });
    const ids: string[] = [];
    for (let group = 0; group < 3; group++) {
      for (let count = 0; count < 3; count++) ids.push(bench.accept());
      await bench.commit();
    }
    await bench.journal.close();
    const indexes = ids.map((id) => parseInt(id.slice(8), 16) % 2 ** 26);
    expect(indexes).toEqual([turn - 1, turn, turn + 1, 0, 1, 2, 3, 4, 5]);
    const [first, second] = listSegments(bench.dataDir, SHARD).map(({ segment }) => segment);
    expect((await bench.stored(first)).ids).toEqual(ids.slice(0, 3));
    expect((await bench.stored(second)).ids).toEqual(ids.slice(3));
  });

  test('begin with the first index, where the one before came too far', async () => {
    for (const indexNext of [2 ** 26 - 2 ** 20, 2 ** 26, 2 ** 26 + 5]) {
      const bench = new Bench({ indexNext });
      expect(bench.journal.indexNext).toBe(0);
      await bench.commit();
      await bench.journal.close();
    }
  });

  test('that can not be opened until the indexes are used up end the shard, not its ids', async () => {
    const bench = new Bench({ indexNext: 2 ** 26 - 2 ** 20 - 1 });
    disk.opensNothing = true;
    for (let count = 0; count < 2 ** 20 - 2 ** 16 - 1; count++) bench.journal.takeIndex();
    bench.accept();
    await bench.commit();
    bench.journal.takeIndex();
    bench.accept();
    expect(() => bench.journal.kick(NOW_MS)).toThrow('used up');
    disk.opensNothing = false;
  });

  test('end by age, but not while they hold nothing but their names', async () => {
    const bench = new Bench({ segmentAgeMs: 60_000 });
    await bench.commit(NOW_MS);
    bench.accept();
    await bench.commit(NOW_MS + 59_000);
    expect(bench.journal.segment).toBe(FIRST);
    bench.note();
    await bench.commit(NOW_MS + 61_000);
    // The group that was due is still the old segment's; then comes the new one with its names.
    expect(bench.committed.map(({ segment }) => segment)).toEqual([FIRST, FIRST, FIRST, FIRST + 61]);
    bench.note();
    await bench.commit(NOW_MS + 90_000);
    expect(bench.journal.segment).toBe(FIRST + 61);
    await bench.journal.close();
    expect(bench.sealed).toEqual([FIRST]);
  });

  test('an old one that holds nothing but its names goes on', async () => {
    const bench = new Bench({ segmentAgeMs: 60_000 });
    await bench.commit(NOW_MS);
    bench.journal.kick(NOW_MS + 3_600_000);
    bench.note();
    await bench.commit(NOW_MS + 3_600_000);
    expect(bench.committed.map(({ segment }) => segment)).toEqual([FIRST, FIRST]);
    await bench.journal.close();
  });

  test('that end while a commit is dealt with are closed after their last commit, once, with a footer', async () => {
    const bench = new Bench({ segmentBytesMax: 2_000 });
    const ids = [bench.accept()];
    bench.journal.kick(NOW_MS);
    // In the next group, whose commit starts in the middle of dealing with the first one's and fills the segment.
    for (let count = 0; count < 30; count++) ids.push(bench.accept());
    await vi.waitFor(() => expect(bench.committed).toHaveLength(3), 15_000);
    // The third is the next segment's, with its names.
    expect(bench.committed.slice(0, 2).map(({ segment }) => segment)).toEqual([FIRST, FIRST]);
    expect(bench.committed[2].segment).toBeGreaterThan(FIRST);
    await bench.idle();
    await vi.waitFor(() => expect(bench.sealed).toEqual([FIRST]), 15_000);
    await bench.journal.close();
    expect(bench.sealed).toEqual([FIRST]);
    const stored = await bench.stored(FIRST);
    expect(stored.ids).toEqual(ids);
    expect(stored.footer).toMatchObject({ blocks: 2, events: 32, index: 30 });
  });

  test('all have their footers when the close is done, also one that ended just before', async () => {
    const bench = new Bench({ segmentAgeMs: 1000 });
    bench.accept();
    await bench.commit();
    bench.accept();
    bench.journal.kick(NOW_MS + 5000);
    await vi.waitFor(() => expect(bench.committed).toHaveLength(3), 15_000);
    await bench.idle();
    disk.putDelayMs = 100;
    await bench.journal.close();
    for (const { segment } of listSegments(bench.dataDir, SHARD)) {
      expect((await bench.stored(segment)).footer, `${segment}`).toBeDefined();
    }
    expect(bench.sealed).toEqual([FIRST]);
  });

  test('go on above the highest number ever used, whatever the clock says', async () => {
    const bench = new Bench({ segmentBefore: FIRST + 1000 });
    expect(bench.journal.segment).toBe(FIRST + 1001);
    await bench.commit();
    await bench.journal.close();
  });

  test('one that was opened ahead and never used is gone after the close', async () => {
    const bench = new Bench();
    await bench.commit();
    bench.journal.prepareNext(NOW_MS);
    expect(listSegments(bench.dataDir, SHARD)).toHaveLength(2);
    await bench.journal.close();
    expect(listSegments(bench.dataDir, SHARD).map(({ segment }) => segment)).toEqual([FIRST]);
  });
});

describe('close', () => {
  test('is refused while something is not committed', async () => {
    const bench = new Bench();
    bench.accept();
    await expect(bench.journal.close()).rejects.toThrow('before it is empty');
    bench.journal.kick(NOW_MS);
    await expect(bench.journal.close()).rejects.toThrow('before it is empty');
    await bench.idle();
    await bench.journal.close();
  });

  test('leaves nothing that another could not open and go on from', async () => {
    const bench = new Bench();
    bench.accept();
    await bench.commit();
    await bench.journal.close();
    const next = new Bench({ dataDir: bench.dataDir, segmentBefore: FIRST });
    const id = next.accept();
    await next.commit();
    await next.journal.close();
    expect((await readSegment(segmentPath(bench.dataDir, SHARD, FIRST + 1), FIRST + 1)).ids).toEqual([id]);
  });
});
