import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { lockDataDirectory } from '../../src/store/data-lock.ts';
import { temporaryDirectory } from '../support/ledger.ts';

const LOCK = fileURLToPath(new URL('../../src/store/data-lock.ts', import.meta.url));

test('a second daemon is refused with the process that has the data directory', () => {
  const dataDir = temporaryDirectory();
  const lock = lockDataDirectory(dataDir);
  expect(() => lockDataDirectory(dataDir)).toThrow(
    `the data directory ${dataDir} is in use by another tollgate (process ${process.pid})`,
  );
  lock.release();
  lockDataDirectory(dataDir).release();
});

test('the lock of a killed process is gone with it', async () => {
  const dataDir = temporaryDirectory();
  const script = `
    const { lockDataDirectory } = await import(process.argv[1]);
    globalThis.lock = lockDataDirectory(process.argv[2]);
    console.log('locked');
    setInterval(() => undefined, 1_000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script, LOCK, dataDir], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await new Promise((resolve) => child.stdout.once('data', resolve));
  expect(() => lockDataDirectory(dataDir)).toThrow(`(process ${child.pid})`);
  child.kill('SIGKILL');
  await new Promise((resolve) => child.once('close', resolve));
  lockDataDirectory(dataDir).release();
}, 30_000);
