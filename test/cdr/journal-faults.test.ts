import { readdirSync } from 'node:fs';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { disk } from './faulty-disk.ts';
import { Bench, FIRST, NOW_MS, TYPE_ACCEPTED, TYPE_NAMES, TYPE_SENT, TYPE_VOID } from './journal-bench.ts';

vi.mock('../../src/cdr/lmdb.ts', async (original) => {
  const { withDisk } = await import('./faulty-disk.ts');
  return withDisk(await original());
});

beforeEach(() => {
  disk.full = false;
  disk.putDelayMs = 0;
  disk.opensNothing = false;
});

describe('a commit that fails', () => {
  test('is told, stays in flight, and is written without its submits when there is room again', async () => {
    const bench = new Bench();
    await bench.commit();
    const before = bench.accept();
    await bench.commit();
    disk.full = true;
    bench.accept();
    bench.note();
    bench.accept();
    bench.journal.kick(NOW_MS);
    await vi.waitFor(() => expect(bench.failed).toHaveLength(1), 15_000);
    expect(bench.failed[0].error.message).toContain('No space left');
    expect(bench.failed[0].group.accepted).toBe(2);
    expect([bench.journal.isCommitting(), bench.committed.length]).toEqual([true, 2]);
    // What comes meanwhile waits; the journal starts nothing by itself.
    bench.note();
    bench.journal.kick(NOW_MS);
    expect((await bench.stored(FIRST)).types).toEqual([TYPE_NAMES, TYPE_ACCEPTED]);
    // Still full: told again.
    bench.journal.retryFailed(NOW_MS);
    await vi.waitFor(() => expect(bench.failed).toHaveLength(2), 15_000);
    disk.full = false;
    bench.failed.length = 0;
    bench.journal.retryFailed(NOW_MS);
    await vi.waitFor(() => expect(bench.committed).toHaveLength(4), 15_000);
    expect(bench.committed.slice(2).map(({ events, accepted }) => [events, accepted])).toEqual([
      [3, 0],
      [1, 0],
    ]);
    const after = bench.accept();
    await bench.commit();
    await bench.journal.close();
    const stored = await bench.stored(FIRST);
    expect(stored.types).toEqual([
      TYPE_NAMES,
      TYPE_ACCEPTED,
      TYPE_VOID,
      TYPE_SENT,
      TYPE_VOID,
      TYPE_SENT,
      TYPE_ACCEPTED,
    ]);
    expect(stored.ids).toEqual([before, after]);
    // The indexes of the refused ones were given out and are not given again.
    expect(stored.footer).toMatchObject({ blocks: 5, events: 7, index: 3 });
  });

  test('in the last group of a segment is written to that segment, although the next is filling', async () => {
    const bench = new Bench({ segmentAgeMs: 1000 });
    bench.accept();
    await bench.commit();
    disk.full = true;
    bench.accept();
    bench.note();
    bench.journal.kick(NOW_MS + 5000);
    await vi.waitFor(() => expect(bench.failed).toHaveLength(1), 15_000);
    expect(bench.journal.segment).toBe(FIRST + 5);
    const later = bench.accept();
    disk.full = false;
    bench.failed.length = 0;
    bench.journal.retryFailed(NOW_MS + 6000);
    await vi.waitFor(() => expect(bench.committed).toHaveLength(3), 15_000);
    expect(bench.committed.map(({ segment }) => segment)).toEqual([FIRST, FIRST, FIRST + 5]);
    await vi.waitFor(() => expect(bench.sealed).toEqual([FIRST]), 15_000);
    await bench.journal.close();
    expect((await bench.stored(FIRST)).types).toEqual([TYPE_NAMES, TYPE_ACCEPTED, TYPE_VOID, TYPE_SENT]);
    expect((await bench.stored(FIRST + 5)).ids).toEqual([later]);
  });

  test('without any there is nothing to try again', () => {
    expect(() => new Bench().journal.retryFailed(NOW_MS)).toThrow('no failed commit');
  });
});

test('while no segment can be opened the present one goes on, also past its age; then the next one comes', async () => {
  const bench = new Bench({ segmentAgeMs: 1000 });
  const ids = [bench.accept()];
  await bench.commit();
  disk.opensNothing = true;
  for (const laterMs of [5_000, 5_010, 7_000]) {
    ids.push(bench.accept());
    const before = bench.committed.length;
    bench.journal.kick(NOW_MS + laterMs);
    await vi.waitFor(() => expect(bench.committed).toHaveLength(before + 1), 15_000);
  }
  expect(bench.committed.map(({ segment }) => segment)).toEqual([FIRST, FIRST, FIRST, FIRST]);
  // Tried once a second, not once a commit.
  expect(bench.notOpened.map(({ message }) => message)).toEqual([
    'No space left on device',
    'No space left on device',
  ]);
  disk.opensNothing = false;
  ids.push(bench.accept());
  bench.journal.kick(NOW_MS + 9_000);
  await vi.waitFor(() => expect(bench.sealed).toEqual([FIRST]), 15_000);
  expect(bench.journal.segment).toBe(FIRST + 9);
  const files = readdirSync(bench.dataDir, { recursive: true }).filter((name) =>
    String(name).endsWith('.mdb'),
  );
  expect(files).toHaveLength(2);
  expect((await bench.stored(FIRST)).ids).toEqual(ids);
});
