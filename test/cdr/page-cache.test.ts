import { execFileSync, spawnSync } from 'node:child_process';
import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { PageCache } from '../../src/cdr/page-cache.ts';
import { pause, until } from '../support/daemon.ts';
import { tempDir } from '../support/tmp.ts';
import type { TempDir } from '../support/tmp.ts';

/** Looks into the page cache; not every system has it. */
const hasFincore = spawnSync('fincore', ['--version']).status === 0;
if (!hasFincore)
  console.warn('util-linux fincore is not installed: what is in the page cache is not looked at');
const FILE_BYTES = 8 * 1024 * 1024;
let dir: TempDir;
beforeEach(() => void (dir = tempDir()));
afterEach(() => dir.remove());

/** On disk, and in the cache as it was written. The name has what a shell might trip over. */
function writeFile(): string {
  const path = join(dir.path, 'a segment with $HOME "quotes" and \\n.mdb');
  const descriptor = openSync(path, 'w');
  writeSync(descriptor, Buffer.alloc(FILE_BYTES, 1));
  fsyncSync(descriptor);
  closeSync(descriptor);
  return path;
}

/** As util-linux's fincore counts them. */
function bytesInCache(path: string): number {
  return Number(
    execFileSync('fincore', ['--bytes', '--noheadings', '--output', 'RES', path], { encoding: 'utf8' }),
  );
}

test.runIf(hasFincore)('what is on disk leaves the page cache', async () => {
  const path = writeFile();
  expect(bytesInCache(path)).toBe(FILE_BYTES);
  const cache = new PageCache((why) => expect.unreachable(why));
  cache.release(path);
  await until(() => bytesInCache(path) < FILE_BYTES / 8, 'the file leaves the cache');
  cache.close();
});

test.runIf(hasFincore)('a failure is told once, and then nothing is tried any more', async () => {
  const told: string[] = [];
  const cache = new PageCache((why) => told.push(why));
  cache.release(join(dir.path, 'not there'));
  await until(() => told.length > 0, 'the failure is told');
  expect(told[0]).toContain('not there');
  const path = writeFile();
  cache.release(path);
  await pause(200);
  expect(bytesInCache(path)).toBe(FILE_BYTES);
  expect(told).toHaveLength(1);
});

test('the end is no failure', async () => {
  const told: string[] = [];
  const cache = new PageCache((why) => told.push(why));
  cache.close();
  await pause(200);
  expect(told).toEqual([]);
});
