/** The one door to better-sqlite3. */
import * as fs from 'node:fs';
import { dirname } from 'node:path';
import Sqlite from 'better-sqlite3';

export type Database = Sqlite.Database;
export type Statement<Parameters extends unknown[], Row> = Sqlite.Statement<Parameters, Row>;

const BUSY_TIMEOUT_MS = 5_000;

/**
 * Opens or creates a database that only its owner can read: WAL, commits survive a kill of the process, and a
 * power cut once a checkpoint or a commit at synchronous=FULL followed them.
 */
export function openDatabase(path: string): Database {
  createPrivateFile(path);
  const database = new Sqlite(path, { timeout: BUSY_TIMEOUT_MS });
  // The page size counts only while the file is empty, so it comes before journal_mode writes the first page.
  database.pragma('page_size = 4096');
  database.pragma('journal_mode = WAL');
  database.pragma('synchronous = NORMAL');
  return database;
}

/** Opens an existing database beside the process that writes it. Throws when there is none. */
export function openReadOnly(path: string): Database {
  return new Sqlite(path, { readonly: true, fileMustExist: true, timeout: BUSY_TIMEOUT_MS });
}

/** Opens a database without WAL that waits for nobody: to hold its lock, not to store. */
export function openLockDatabase(path: string): Database {
  createPrivateFile(path);
  return new Sqlite(path, { timeout: 0 });
}

export function isBusy(error: unknown): boolean {
  return error instanceof Sqlite.SqliteError && error.code.startsWith('SQLITE_BUSY');
}

/** SQLite gives its WAL the mode of the database, and has no option for that of the database. */
function createPrivateFile(path: string): void {
  fs.mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  fs.closeSync(fs.openSync(path, 'a', 0o600));
}
