import { closeSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { PageCache } from '../../src/cdr/page-cache.ts';
import { pause, until } from '../support/daemon.ts';
import { tempDir } from '../support/tmp.ts';
import type { TempDir } from '../support/tmp.ts';

const MIB = 1024 * 1024;
/** So large that what other processes do to the cache meanwhile does not matter. */
const FILE_MIB = 192;
let dir: TempDir;
beforeEach(() => void (dir = tempDir()));
afterEach(() => dir.remove());

/** On disk, and in the cache as it was written. */
function writeFile(path: string): void {
  const descriptor = openSync(path, 'w');
  const piece = Buffer.alloc(MIB, 1);
  for (let count = 0; count < FILE_MIB; count++) writeSync(descriptor, piece);
  fsyncSync(descriptor);
  closeSync(descriptor);
}

/** The whole system's page cache, as the kernel counts it. */
function cachedMib(): number {
  const found = /^Cached:\s+(\d+) kB$/m.exec(readFileSync('/proc/meminfo', 'utf8'));
  return Number(found?.[1]) / 1024;
}

test('what is on disk leaves the page cache, whatever a shell would make of its name', async () => {
  const path = join(dir.path, 'a segment with $HOME "quotes" and \\n.mdb');
  const cache = new PageCache((why) => expect.unreachable(why));
  // Others fill and empty the same cache: once is enough.
  let hasLeft = false;
  for (let round = 0; round < 5 && !hasLeft; round++) {
    writeFile(path);
    const before = cachedMib();
    cache.release(path);
    const deadline = performance.now() + 3_000;
    while (!hasLeft && performance.now() < deadline) {
      hasLeft = cachedMib() < before - FILE_MIB / 2;
      await pause(10);
    }
  }
  expect(hasLeft).toBe(true);
  cache.close();
});

test('a failure is told once, and then nothing is tried any more', async () => {
  const told: string[] = [];
  const cache = new PageCache((why) => told.push(why));
  cache.release(join(dir.path, 'not there'));
  await until(() => told.length > 0, 'the failure is told');
  expect(told[0]).toContain('not there');
  cache.release(join(dir.path, 'not there'));
  await pause(200);
  expect(told).toHaveLength(1);
});

test('the end is no failure', async () => {
  const told: string[] = [];
  const cache = new PageCache((why) => told.push(why));
  cache.close();
  await pause(200);
  expect(told).toEqual([]);
});
