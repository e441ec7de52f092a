/**
 * One daemon a data directory. Node has no flock, so the lock is a SQLite transaction that is never ended:
 * the kernel lets go of it when the process dies, however it dies, and nothing stale is left to clean up.
 */
import * as fs from 'node:fs';
import { join } from 'node:path';
import { isBusy, openLockDatabase } from './sqlite.ts';

export interface DataLock {
  release(): void;
}

/**
 * Takes the data directory for this process, creating it (mode 0700) if needed. Throws an error that names
 * the other process when one has it. The caller keeps the lock referenced for as long as it runs.
 */
export function lockDataDirectory(dataDir: string): DataLock {
  const path = join(dataDir, 'lock.sqlite');
  const pidPath = join(dataDir, 'daemon.pid');
  const database = openLock(path, dataDir);
  try {
    database.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    if (!isBusy(error)) throw new Error(`${path}: ${messageOf(error)}`, { cause: error });
    const holder = fs.existsSync(pidPath) ? fs.readFileSync(pidPath, 'utf8').trim() : '';
    throw new Error(
      `the data directory ${dataDir} is in use by another tollgate${holder === '' ? '' : ` (process ${holder})`}`,
      { cause: error },
    );
  }
  fs.writeFileSync(pidPath, `${process.pid}\n`, { mode: 0o600 });
  return {
    release() {
      fs.rmSync(pidPath, { force: true });
      database.close();
    },
  };
}

function openLock(path: string, dataDir: string): ReturnType<typeof openLockDatabase> {
  try {
    return openLockDatabase(path);
  } catch (error) {
    throw new Error(`data_dir ${dataDir} can not be used: ${messageOf(error)}`, { cause: error });
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
