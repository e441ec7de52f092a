/**
 * The one door to LMDB. A segment is one environment file with one database in its root: keys are block
 * numbers from 1, values are blocks; blocks are only ever appended.
 *
 * What lmdb-js does that this file must know (read in its write.js and writer.cpp, 3.5.6):
 * - Puts of one event-loop turn go into one transaction, which starts in the next setImmediate phase (no timer),
 *   as long as they are no more than txnStartThreshold. Its own way to batch a turn, eventTurnBatching, opens each
 *   transaction with a write of its own; when the commit fails, that write's promise is rejected, nobody has it,
 *   and the process ends with an unhandled rejection. So it is off.
 * - With overlappingSync off, mdb_txn_commit runs the fdatasync of the pages and the synchronous write of the
 *   meta page, and only then is the put resolved. With it on, a failed meta write resolves all the same: a
 *   false answer.
 * - A put with `append` has a promise of its own, and one whose key does not ascend *resolves* with false.
 * - A failed commit rejects with an error whose `commitError` is a second promise that rejects with the
 *   cause.
 * - After a commit that cannot begin (MDB_PANIC), a put stays pending for ever: the caller needs its own
 *   deadline.
 */
import * as fs from 'node:fs';
import { dirname } from 'node:path';
import { open } from 'lmdb';
import { syncDirectory } from './segments.ts';

/** Address space, not disk: larger than any segment, so that the map is never moved while it is in use. */
const MAP_BYTES = 2 * 1024 * 1024 * 1024;

/** Of a file that LMDB has begun: its two meta pages. */
const META_BYTES = 8192;

/** More puts than a turn ever has: with fewer, one group's blocks could end up in two transactions. */
const PUTS_A_TURN_MAX = 1_000_000;

export interface SegmentWriter {
  readonly path: string;
  /**
   * Appends a block; resolves after its flush to disk. Keys ascend. The bytes of `block` must not change
   * before that. Rejects with the cause when the commit failed: with overlappingSync off none of the
   * transaction's blocks is visible then, but what the disk did with the bytes is unknown.
   */
  put(key: number, block: Buffer): Promise<void>;
  close(): Promise<void>;
}

export interface SegmentReader {
  blockCount(): number;
  /** Blocks from a key on, as committed at this moment; a block's bytes are valid until the next step. */
  blocks(fromKey: number): Iterable<SegmentBlock>;
  close(): Promise<void>;
}

export interface SegmentBlock {
  key: number;
  bytes: Buffer;
}

/** The part of an lmdb-js database that a segment needs. */
interface Database {
  put(key: number, value: Buffer, options: { append: true }): Promise<boolean>;
  getBinaryFast(key: number): Uint8Array | undefined;
  getKeys(options: { start: number; limit: number }): Iterable<number>;
  getStats(): { entryCount: number };
  resetReadTxn(): void;
  close(): Promise<void>;
  readonly lastSize: number;
}

/**
 * Creates the segment and its directory, durable by name before it returns. Throws when the file exists: a
 * segment is written by one run of the daemon only.
 * @param options.unsafe leaves the flushing to the kernel: a power cut may lose or corrupt the segment.
 */
export function createSegment(path: string, options: { unsafe: boolean }): SegmentWriter {
  const directory = dirname(path);
  fs.mkdirSync(directory, { recursive: true, mode: 0o700 });
  if (fs.existsSync(path)) throw new Error(`the segment ${path} exists already`);
  const database = openNew(path, options.unsafe);
  syncDirectory(directory);
  syncDirectory(dirname(directory));
  return {
    path,
    put: (key, block) => database.put(key, block, { append: true }).then(requireAppended, rejectWithCause),
    close: () => database.close(),
  };
}

/** A file that was begun and could not be finished would pass for a damaged segment at the next start. */
function openNew(path: string, unsafe: boolean): Database {
  try {
    return openDatabase(path, { readOnly: false, noSync: unsafe });
  } catch (error) {
    fs.rmSync(path, { force: true });
    fs.rmSync(`${path}-lock`, { force: true });
    throw error;
  }
}

/** Opens a segment to read, also beside its writer in another process. Throws when there is none to read. */
export function openSegmentReader(path: string): SegmentReader {
  // lmdb-js creates the directory of a path that it can not find, even to read.
  const stat = fs.statSync(path, { throwIfNoEntry: false });
  // LMDB writes the first pages a moment after it has created the file; until then, reading it ends the process.
  if (stat === undefined || stat.size < META_BYTES) {
    throw new Error(`there is no segment ${path}${stat === undefined ? '' : ' yet: the file is empty'}`);
  }
  const database = openDatabase(path, { readOnly: true, noSync: false });
  return {
    blockCount() {
      database.resetReadTxn();
      return database.getStats().entryCount;
    },
    blocks: (fromKey) => blocksOf(database, fromKey),
    close: () => database.close(),
  };
}

/** undefined: the daemon has just let it go, or is just creating it. */
export function openSegmentIfThere(path: string): SegmentReader | undefined {
  try {
    return openSegmentReader(path);
  } catch (error) {
    if ((error as Error).message.startsWith('there is no segment')) return undefined;
    throw error;
  }
}

/**
 * Looks keys up one by one: a cursor would hold its snapshot for as long as the consumer takes, and copy each
 * value. A gap is damage, so it throws.
 */
function* blocksOf(database: Database, fromKey: number): Generator<SegmentBlock> {
  database.resetReadTxn();
  const block = { key: fromKey, bytes: Buffer.alloc(0) };
  for (;;) {
    const value = database.getBinaryFast(block.key);
    if (value === undefined) {
      for (const next of database.getKeys({ start: block.key, limit: 1 })) {
        if (next > block.key) throw new Error(`block ${block.key} is missing, but there is a block ${next}`);
      }
      return;
    }
    // lmdb-js hands out its own buffer, larger than the value and with its length overwritten.
    block.bytes = Buffer.from(value.buffer as ArrayBuffer, value.byteOffset, database.lastSize);
    yield block;
    block.key++;
  }
}

function openDatabase(path: string, options: { readOnly: boolean; noSync: boolean }): Database {
  return open({
    path,
    ...options,
    noSubdir: true,
    encoding: 'binary',
    keyEncoding: 'uint32',
    overlappingSync: false,
    eventTurnBatching: false,
    txnStartThreshold: PUTS_A_TURN_MAX,
    mapSize: MAP_BYTES,
    maxDbs: 1,
    permissionsMode: 0o600,
  } as Parameters<typeof open>[0]) as unknown as Database;
}

function requireAppended(stored: boolean): void {
  if (!stored) throw new Error('the block was not stored: its key does not follow the last one');
}

async function rejectWithCause(error: Error & { commitError?: Promise<never> }): Promise<never> {
  let cause: unknown = error;
  try {
    await error.commitError;
  } catch (commitError) {
    cause = commitError;
  }
  throw new Error(`the commit failed: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
}
