/**
 * The pending store of a shard: the messages that outlive memory or their segment. One row a message, changed
 * in place and deleted when it is done, which is what a segment never allows.
 *
 * Everything here can be made again from the segments that are not settled yet, so a commit need not reach
 * the disk by itself (synchronous=NORMAL: it survives a kill). `settle` is the moment when it must: its
 * commit syncs the WAL and with it every commit before, and only then may the segments be let go.
 */
import { NORMAL_ID, schemaOf } from './pending-schema.ts';
import { noteStop, takeStop } from './last-stop.ts';
import { openDatabase } from './sqlite.ts';
import type { Database, Statement } from './sqlite.ts';

/** Waits to be sent; key = smsc. */
export const KIND_QUEUED = 1;
/** Sent, its receipt is awaited; key = smsc, and smscId is set. */
export const KIND_AWAITING = 2;
/** A receipt that waits for its ESME; key = account. */
export const KIND_RECEIPT = 3;
/** Will be sent again at dueMs; key = smsc. */
export const KIND_RETRY = 4;
/** A part that has ended and waits for the others of its message; key = smsc. */
export const KIND_PART = 5;
/** A part that waits to be joined with the others of its message; key = smsc. */
export const KIND_HELD = 6;
/** A part that was joined: waits for the end of what it was joined into; key = low half of that one's id. */
export const KIND_FOLLOWER = 7;
export const KINDS = [
  KIND_QUEUED,
  KIND_AWAITING,
  KIND_RECEIPT,
  KIND_RETRY,
  KIND_PART,
  KIND_HELD,
  KIND_FOLLOWER,
] as const;

/**
 * Added to a row's kind while its message is in memory too: such a row is kept for a crash only, and neither
 * counted nor found under its plain kind. Opening the store takes it off again.
 */
export const KIND_LOADED = 16;

export interface PendingRow {
  /** The message id: its segment ... */
  idHigh: number;
  /** ... and its shard and index. */
  idLow: number;
  kind: number;
  /** Whom it waits for: an smsc or an account, as the kind says. */
  key: number;
  /** Milliseconds since 1970; 0: never due, which costs no index entry. */
  dueMs: number;
  /** The SMSC's message id, bytes as Latin-1. */
  smscId: string | null;
  smsc: number;
  blob: Buffer;
}

/** A row as SQLite's raw mode returns it, in the order of COLUMNS. */
type RawRow = [number, number, number, number, number, Buffer | null, number, Buffer];

const COLUMNS = 'id_high, id_low, kind, key, due, smsc_id, smsc, blob';
const CACHE_KIB = 8 * 1024;
/**
 * Pages between two checkpoints, 2 MiB. Measured with batches of 1,000 rows: the batch that hits the
 * checkpoint takes 8 to 12 ms at 512 pages, 12 to 18 ms at 1,024, for the same throughput.
 */
const CHECKPOINT_PAGES = 512;
const HIGH = 2 ** 32;

/** Rows of similar ids that are looked at: more than two different ones are as good as two. */
const SIMILAR_MAX = 8;

export class PendingStore {
  private readonly database: Database;
  private readonly statements: Statements;
  /** Rows by kind and key, so that no count walks an index while messages flow. */
  private readonly counts = new Map<number, number>();
  /** What the running transaction changes of the counts; they are added only once it is committed. */
  private readonly changes = new Map<number, number>();
  /** Messages to be sent that were in memory when the store was not closed the last time, as [idHigh, idLow]. */
  readonly wereLoaded: readonly [number, number][];
  /** Rows of messages that await their receipt and are not in memory, of all SMSCs: a field, for each receipt asks. */
  awaitingRows = 0;
  /** The segment that was open at an orderly stop; 0: the last end was none. */
  readonly stoppedAt: number;
  /** No row has a higher id: what comes above it is new and needs no look-up. */
  private idMax = -1;

  /** Opens or creates the store. Throws, with the path, when the file is no database or the disk fails. */
  static open(path: string): PendingStore {
    try {
      return new PendingStore(openDatabase(path));
    } catch (error) {
      throw new Error(`${path}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
    }
  }

  private constructor(database: Database) {
    this.database = database;
    database.pragma(`cache_size = -${CACHE_KIB}`);
    database.pragma('mmap_size = 0');
    database.pragma(`wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
    database.pragma('temp_store = MEMORY');
    database.exec(schemaOf(KIND_AWAITING));
    const loaded = database.prepare<[number, number], [number, number]>(
      'SELECT id_high, id_low FROM pending WHERE kind = ? OR kind = ?',
    );
    this.wereLoaded = loaded.raw().all(KIND_QUEUED + KIND_LOADED, KIND_RETRY + KIND_LOADED);
    database.exec(`UPDATE pending SET kind = kind - ${KIND_LOADED} WHERE kind > ${KIND_LOADED}`);
    this.stoppedAt = takeStop(database);
    this.statements = prepare(database);
    const groups = database.prepare<[], [number, number, number]>(
      'SELECT kind, key, COUNT(*) FROM pending GROUP BY kind, key',
    );
    for (const [kind, key, count] of groups.raw().iterate() as Iterable<[number, number, number]>) {
      const packed = countKey(kind, key);
      this.addCount(packed, count);
    }
    const last = 'SELECT id_high, id_low FROM pending ORDER BY id_high DESC, id_low DESC LIMIT 1';
    const highest = database.prepare(last).raw().get() as [number, number] | undefined;
    if (highest !== undefined) this.idMax = idNumber(highest[0], highest[1]);
  }

  /** Inserts rows, or replaces those of the same ids, in one transaction. */
  upsert(rows: readonly PendingRow[]): void {
    this.transact(() => {
      for (const row of rows) this.upsertOne(row);
    });
  }

  /** Deletes rows by id in one transaction; ids that are not there are fine. */
  remove(idHighs: readonly number[], idLows: readonly number[]): void {
    this.transact(() => {
      for (let i = 0; i < idHighs.length; i++) {
        const removed = this.statements.remove.get(idHighs[i], idLows[i]);
        if (removed !== undefined) this.change(removed[0], removed[1], -1);
      }
    });
  }

  /** Rows of a kind and key with an id after the one given, ascending by id. */
  next(kind: number, key: number, afterHigh: number, afterLow: number, limit: number): PendingRow[] {
    return this.statements.next.all(kind, key, afterHigh, afterLow, limit).map(rowOf);
  }

  /** Rows of a kind and key that are due by now, ascending by due time, then id. */
  due(kind: number, key: number, nowMs: number, limit: number): PendingRow[] {
    return this.statements.due.all(kind, key, nowMs, limit).map(rowOf);
  }

  /** Takes the next rows of a kind and key into memory: they are marked as loaded. Ascending by id. */
  take(kind: number, key: number, limit: number): PendingRow[] {
    return this.markLoaded(this.next(kind, key, -1, -1, limit));
  }

  /** Takes the rows that are due by now into memory, as `take` does; ascending by due time. */
  takeDue(kind: number, key: number, nowMs: number, limit: number): PendingRow[] {
    return this.markLoaded(this.due(kind, key, nowMs, limit));
  }

  /** Takes rows that were read into memory, in one transaction. */
  claim(...rows: PendingRow[]): void {
    this.markLoaded(rows);
  }

  private markLoaded(rows: PendingRow[]): PendingRow[] {
    if (rows.length === 0) return rows;
    this.transact(() => {
      for (const row of rows) {
        this.statements.load.run(row.idHigh, row.idLow);
        this.change(row.kind, row.key, -1);
        this.change(row.kind + KIND_LOADED, row.key, 1);
      }
    });
    return rows;
  }

  /**
   * Ids of all rows of a segment and later, ascending, with their kind: what recovery need not write again.
   */
  *idsFrom(idHigh: number): Generator<[number, number, number]> {
    yield* this.statements.ids.iterate(idHigh) as Iterable<[number, number, number]>;
  }

  /**
   * Messages that await their receipt, and whose id at that SMSC is this one or differs in letter case or leading zeros
   * only; newest first, 8 at most.
   */
  awaiting(smsc: number, smscId: string): PendingRow[] {
    return this.statements.awaiting.all(smsc, Buffer.from(smscId, 'latin1')).map(rowOf);
  }

  get(idHigh: number, idLow: number): PendingRow | undefined {
    const row = this.statements.get.get(idHigh, idLow);
    return row === undefined ? undefined : rowOf(row);
  }

  /** The latest row that is meant of those with this low half, which ids of 3.3 are; a look-up a segment with rows. */
  latestOf(idLow: number, isMeant: (row: PendingRow) => boolean): PendingRow | undefined {
    let below = HIGH;
    for (;;) {
      const segment = this.statements.segmentBelow.get(below)?.[0] ?? null;
      if (segment === null) return undefined;
      const row = this.get(segment, idLow);
      if (row !== undefined && isMeant(row)) return row;
      below = segment;
    }
  }

  /** Rows of parts (octet 65 of the blob says of how many) with ids from those of `fromHigh` on, the latest first. */
  parts(fromHigh: number, belowHigh: number, limit: number): PendingRow[] {
    return this.statements.parts.all(fromHigh, belowHigh, limit).map(rowOf);
  }

  /** Of KIND_FOLLOWER: those of all keys. */
  count(kind: number, key: number): number {
    return this.counts.get(countKey(kind, key)) ?? 0;
  }

  hasAwaiting(smsc: number): boolean {
    return this.count(KIND_AWAITING, smsc) > 0;
  }

  /** The keys that have rows of a kind, ascending; 0 where there are followers. */
  keysOf(kind: number): number[] {
    const keys: number[] = [];
    for (const [packed, count] of this.counts) {
      if (count > 0 && Math.floor(packed / HIGH) === kind) keys.push(packed % HIGH);
    }
    return keys.sort((a, b) => a - b);
  }

  /** Rows of a kind, any key, whose segment is below the one given; ascending by key, then id. */
  olderThan(kind: number, idHigh: number, limit: number): PendingRow[] {
    const rows: PendingRow[] = [];
    for (const key of this.keysOf(kind)) {
      if (rows.length >= limit) break;
      rows.push(...this.statements.older.all(kind, key, idHigh, limit - rows.length).map(rowOf));
    }
    return rows;
  }

  /** The highest segment that recovery does not need any more; 0 when none was settled. */
  settledThrough(): number {
    const row = this.statements.settled.get();
    if (row === undefined) throw new Error('the pending store has lost its progress row');
    return row[0];
  }

  /** Index of the next message as far as settled segments go: they may be gone when the next start looks. */
  indexNext(): number {
    return this.statements.indexNext.get()?.[0] ?? 0;
  }

  /** On disk with the next `settle`. */
  keepIndexNext(index: number): void {
    this.statements.keepIndexNext.run(index);
  }

  /**
   * Records that all of the shard's segments up to this one are not needed for recovery. On disk, with
   * everything written before, when it returns. Going back is refused: those segments may be gone.
   */
  settle(segment: number): void {
    if (segment < this.settledThrough()) throw new Error(`segments are settled beyond ${segment} already`);
    this.database.pragma('synchronous = FULL');
    try {
      this.statements.settle.run(segment);
    } finally {
      this.database.pragma('synchronous = NORMAL');
    }
  }

  /** `stoppedAt`: the open segment, where nothing is on its way to an SMSC (store/last-stop). */
  close(stoppedAt = 0): void {
    if (stoppedAt > 0) noteStop(this.database, stoppedAt);
    this.database.close();
  }

  private upsertOne(row: PendingRow): void {
    const id = idNumber(row.idHigh, row.idLow);
    if (id <= this.idMax) {
      const before = this.statements.kindOf.get(row.idHigh, row.idLow);
      if (before !== undefined) this.change(before[0], before[1], -1);
    } else {
      // Stays when the transaction is rolled back: too high only costs look-ups.
      this.idMax = id;
    }
    const smscId = row.smscId === null ? null : Buffer.from(row.smscId, 'latin1');
    const { idHigh, idLow, kind, key, dueMs, smsc, blob } = row;
    this.statements.upsert.run(idHigh, idLow, kind, key, dueMs, smscId, smsc, blob);
    this.change(kind, key, 1);
  }

  private change(kind: number, key: number, by: number): void {
    const packed = countKey(kind, key);
    this.changes.set(packed, (this.changes.get(packed) ?? 0) + by);
  }

  private addCount(packed: number, by: number): void {
    this.counts.set(packed, (this.counts.get(packed) ?? 0) + by);
    if (Math.floor(packed / HIGH) === KIND_AWAITING) this.awaitingRows += by;
  }

  private transact(work: () => void): void {
    this.changes.clear();
    this.statements.begin.run();
    try {
      work();
      this.statements.commit.run();
    } catch (error) {
      // A full disk ends the transaction by itself, and then there is nothing left to roll back.
      if (this.database.inTransaction) this.statements.rollback.run();
      throw error;
    }
    for (const [packed, by] of this.changes) this.addCount(packed, by);
  }
}

interface Statements {
  begin: Statement<[], unknown>;
  commit: Statement<[], unknown>;
  rollback: Statement<[], unknown>;
  upsert: Statement<unknown[], unknown>;
  kindOf: Statement<[number, number], [number, number]>;
  remove: Statement<[number, number], [number, number]>;
  get: Statement<[number, number], RawRow>;
  next: Statement<[number, number, number, number, number], RawRow>;
  due: Statement<[number, number, number, number], RawRow>;
  older: Statement<[number, number, number, number], RawRow>;
  awaiting: Statement<[number, Buffer], RawRow>;
  parts: Statement<[number, number, number], RawRow>;
  segmentBelow: Statement<[number], [number | null]>;
  load: Statement<[number, number], unknown>;
  ids: Statement<[number], [number, number, number]>;
  settled: Statement<[], [number]>;
  settle: Statement<[number], unknown>;
  indexNext: Statement<[], [number]>;
  keepIndexNext: Statement<[number], unknown>;
}

function prepare(database: Database): Statements {
  // Rows as arrays: an object with names a row costs a third of the reading time.
  const raw = <P extends unknown[], R>(sql: string) => database.prepare<P, R>(sql).raw() as Statement<P, R>;
  return {
    begin: database.prepare('BEGIN IMMEDIATE'),
    commit: database.prepare('COMMIT'),
    rollback: database.prepare('ROLLBACK'),
    upsert: database.prepare(`INSERT OR REPLACE INTO pending (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`),
    kindOf: raw('SELECT kind, key FROM pending WHERE id_high = ? AND id_low = ?'),
    remove: raw('DELETE FROM pending WHERE id_high = ? AND id_low = ? RETURNING kind, key'),
    get: raw(`SELECT ${COLUMNS} FROM pending WHERE id_high = ? AND id_low = ?`),
    next: raw(`SELECT ${COLUMNS} FROM pending INDEXED BY pending_order
      WHERE kind = ? AND key = ? AND (id_high, id_low) > (?, ?) ORDER BY id_high, id_low LIMIT ?`),
    due: raw(`SELECT ${COLUMNS} FROM pending INDEXED BY pending_due
      WHERE kind = ? AND key = ? AND due <= ? AND due > 0 ORDER BY due, id_high, id_low LIMIT ?`),
    older: raw(`SELECT ${COLUMNS} FROM pending INDEXED BY pending_order
      WHERE kind = ? AND key = ? AND id_high < ? ORDER BY id_high, id_low LIMIT ?`),
    awaiting: raw(`SELECT ${COLUMNS} FROM pending INDEXED BY pending_similar
      WHERE smsc = ? AND ${NORMAL_ID} = ltrim(lower(?), '0') AND kind = ${KIND_AWAITING}
      ORDER BY id_high DESC, id_low DESC LIMIT ${SIMILAR_MAX}`),
    parts: raw(`SELECT ${COLUMNS} FROM pending WHERE id_high >= ? AND id_high < ?
      AND substr(blob, 66, 1) > x'01' ORDER BY id_high DESC, id_low DESC LIMIT ?`),
    segmentBelow: raw('SELECT MAX(id_high) FROM pending WHERE id_high < ?'),
    load: database.prepare(
      `UPDATE pending SET kind = kind + ${KIND_LOADED} WHERE id_high = ? AND id_low = ?`,
    ),
    ids: raw('SELECT id_high, id_low, kind FROM pending WHERE id_high >= ? ORDER BY id_high, id_low'),
    settled: raw('SELECT settled FROM progress WHERE one = 1'),
    settle: database.prepare('UPDATE progress SET settled = ? WHERE one = 1'),
    indexNext: raw('SELECT next FROM indexes WHERE one = 1'),
    keepIndexNext: database.prepare('UPDATE indexes SET next = ? WHERE one = 1'),
  };
}

function rowOf(raw: RawRow): PendingRow {
  return {
    idHigh: raw[0],
    idLow: raw[1],
    kind: raw[2],
    key: raw[3],
    dueMs: raw[4],
    smscId: raw[5] === null ? null : raw[5].toString('latin1'),
    smsc: raw[6],
    blob: raw[7],
  };
}

function countKey(kind: number, key: number): number {
  // Followers have as many keys as there are messages that they follow: those are counted together, under 0.
  return kind % KIND_LOADED === KIND_FOLLOWER ? kind * HIGH : kind * HIGH + key;
}

/** Ids in their order as one number: exact to 2^53, and above it never smaller than an id before it. */
function idNumber(idHigh: number, idLow: number): number {
  return idHigh * HIGH + idLow;
}
