import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { cachedBinary, openCacheFolder, servesRequests } from '../../src/http/native-cache.ts';

let folder: string;

beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'tollgate-cache-'))));
afterEach(() => rmSync(folder, { recursive: true }));

test('the folder is ours alone', () => {
  const made = openCacheFolder({ XDG_CACHE_HOME: folder });
  expect(made).toBe(join(folder, 'tollgate'));
  chmodSync(made, 0o777);
  expect(() => openCacheFolder({ XDG_CACHE_HOME: folder })).toThrow('no one else can write to');
  mkdirSync(join(folder, 'named'), { mode: 0o700 });
  expect(openCacheFolder({ CACHE_DIRECTORY: join(folder, 'named') })).toBe(join(folder, 'named'));
});

test('a binary that was changed on disk is written anew', () => {
  const bytes = Buffer.from('the right bytes');
  const path = cachedBinary(folder, bytes);
  writeFileSync(path, 'other bytes');
  expect(cachedBinary(folder, bytes)).toBe(path);
  expect(readFileSync(path, 'utf8')).toBe('the right bytes');
  expect(readdirSync(folder)).toHaveLength(1);
});

test('a binary that ends the process is found out, once', async () => {
  const bytes = Buffer.from('not a binary');
  const path = cachedBinary(folder, bytes);
  expect(await servesRequests(folder, path, bytes)).toBe(false);
  const verdict = readdirSync(folder).find((name) => name.endsWith('.verdict')) ?? '';
  expect(readFileSync(join(folder, verdict), 'utf8')).toBe('fails\n');
  // The kept verdict is believed.
  writeFileSync(join(folder, verdict), 'serves\n');
  expect(await servesRequests(folder, path, bytes)).toBe(true);
});
