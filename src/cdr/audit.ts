/**
 * Reads a whole ledger and says whether it adds up: every accepted message ends exactly once, and what has
 * not ended is still somewhere. Works beside a live daemon, which may write, roll and remove segments
 * meanwhile.
 *
 * Message ids count up in their segment, so what is known of each message is one byte at its index, in pages: a few
 * million messages cost a few megabytes, and no string is made.
 */
import { SHARDS_MAX, formatMessageId, idLowOf, indexOf, shardOf } from '../core/message-id.ts';
import * as records from '../core/records.ts';
import { eventsOf } from './decode.ts';
import { openSegmentIfThere } from './lmdb.ts';
import { listSegments, listShards } from './segments.ts';

/** Ids listed of each kind of fault; the counts go on. */
const LISTED_MAX = 1_000;

const ACCEPTED_ONCE = 1;
const ACCEPTED_TWICE = 2;
const SENT_ONCE = 4;
const SENT_TWICE = 8;
const FINAL_ONCE = 16;
const FINAL_TWICE = 32;
const HAS_RECEIPT = 64;

/** What the pending store knows; it lives in another folder, so the caller lends it. */
export interface PendingLookup {
  settledThrough(): number;
  has(idHigh: number, idLow: number): boolean;
}

export interface LedgerAudit {
  segments: number;
  events: number;
  /** Messages with an ACCEPTED event. */
  accepted: number;
  /** Messages with a FINAL event. */
  final: number;
  /** Accepted and not final. */
  open: number;
  /** Messages with more than one FINAL, and who. */
  finalDouble: number;
  finalDoubleIds: string[];
  acceptedDouble: number;
  /** FINAL without ACCEPTED, though the segment that it would be in is there. */
  finalWithoutAccept: number;
  finalWithoutAcceptIds: string[];
  /** FINAL of a message whose segment was let go: it can not be checked. */
  finalOfRemoved: number;
  /** Messages with a SENT event; with more than one. */
  sent: number;
  sentTwice: number;
  attemptsFailed: number;
  /** RECEIPT events, and messages that have one. */
  receipts: number;
  withReceipt: number;
  parked: number;
  orphaned: number;
  late: number;
  voided: number;
  /** Open messages of settled segments that the pending store does not have; empty when it was not asked. */
  lost: number;
  lostIds: string[];
}

export interface AuditOptions {
  /** The pending store of a shard; undefined when it has none. Without this nothing can be found lost. */
  pendingOf?(shard: number): PendingLookup | undefined;
  /** Paths of segments to leave out: the damaged ones. */
  skip?: ReadonlySet<string>;
  /** Runs between the first reading and the second, which looks for what has ended meanwhile. */
  beforeSecondReading?(): Promise<void>;
}

/** Reads all segments of all shards. Throws when a segment can not be read: verify them first. */
export async function auditLedger(dataDir: string, options: AuditOptions = {}): Promise<LedgerAudit> {
  const fold = new LedgerFold();
  for (const shard of listShards(dataDir)) await readShard(dataDir, shard, fold, options);
  const candidates: number[][] = [];
  for (const shard of listShards(dataDir)) {
    const pending = options.pendingOf?.(shard);
    if (pending !== undefined) candidates.push(...fold.openAndNotIn(shard, pending));
  }
  await options.beforeSecondReading?.();
  // On a live daemon a message may have ended since: its FINAL was durable before the pending store forgot it.
  for (const shard of listShards(dataDir)) await readShard(dataDir, shard, fold, options);
  const audit = fold.result();
  for (const [idHigh, idLow] of candidates) {
    if ((fold.stateOf(idHigh, idLow) & FINAL_ONCE) !== 0) continue;
    audit.lost++;
    if (audit.lostIds.length < LISTED_MAX) audit.lostIds.push(formatMessageId(idHigh, idLow));
  }
  return audit;
}

async function readShard(
  dataDir: string,
  shard: number,
  fold: LedgerFold,
  options: AuditOptions,
): Promise<void> {
  for (const { path, segment } of listSegments(dataDir, shard)) {
    if (options.skip?.has(path) === true) continue;
    const from = fold.nextKeyOf(segment, shard);
    const reader = openSegmentIfThere(path);
    if (reader === undefined) continue;
    try {
      for (const { key, bytes } of reader.blocks(from)) {
        for (const { at, type } of eventsOf(bytes)) fold.take(bytes, at, type);
        fold.read(segment, shard, key);
      }
    } finally {
      await reader.close();
    }
  }
}

/** Messages a page. */
const PAGE = 4_096;

/** What was read so far: the next key of each segment, and the state of each message by segment, page and index. */
class LedgerFold {
  private readonly nextKeys = new Map<number, number>();
  private readonly states = new Map<number, Map<number, Uint8Array<ArrayBuffer>>>();
  private readonly typeCounts = new Float64Array(256);

  nextKeyOf(segment: number, shard: number): number {
    return this.nextKeys.get(stateKey(segment, shard)) ?? 1;
  }

  read(segment: number, shard: number, key: number): void {
    this.nextKeys.set(stateKey(segment, shard), key + 1);
  }

  take(block: Buffer, at: number, type: number): void {
    this.typeCounts[type]++;
    if (
      type !== records.ACCEPTED &&
      type !== records.SENT &&
      type !== records.RECEIPT &&
      type !== records.FINAL
    ) {
      return;
    }
    const idLow = block.readUInt32LE(at + records.RECORD_ID_LOW);
    const states = this.statesFor(block.readUInt32LE(at + records.RECORD_ID_HIGH), idLow);
    const index = indexOf(idLow) % PAGE;
    if (type === records.RECEIPT) states[index] |= HAS_RECEIPT;
    else {
      const once = type === records.ACCEPTED ? ACCEPTED_ONCE : type === records.SENT ? SENT_ONCE : FINAL_ONCE;
      // The bit above each ONCE is its TWICE.
      states[index] |= (states[index] & once) === 0 ? once : once << 1;
    }
  }

  stateOf(idHigh: number, idLow: number): number {
    const index = indexOf(idLow);
    const pages = this.states.get(stateKey(idHigh, shardOf(idLow)));
    return pages?.get(Math.floor(index / PAGE))?.[index % PAGE] ?? 0;
  }

  /** Ids of open messages in settled segments that the shard's pending store does not have. */
  openAndNotIn(shard: number, pending: PendingLookup): number[][] {
    const settled = pending.settledThrough();
    const missing: number[][] = [];
    this.each((state, segment, idLow) => {
      if (shardOf(idLow) !== shard || segment > settled) return;
      const isOpen = (state & (ACCEPTED_ONCE | FINAL_ONCE)) === ACCEPTED_ONCE;
      if (isOpen && !pending.has(segment, idLow)) missing.push([segment, idLow]);
    });
    return missing;
  }

  result(): LedgerAudit {
    const audit = emptyAudit();
    audit.segments = this.nextKeys.size;
    audit.events = this.typeCounts.reduce((sum, count) => sum + count, 0);
    audit.attemptsFailed = this.typeCounts[records.ATTEMPT_FAILED];
    audit.receipts = this.typeCounts[records.RECEIPT];
    audit.parked = this.typeCounts[records.PARKED];
    audit.orphaned = this.typeCounts[records.ORPHANED];
    audit.late = this.typeCounts[records.LATE];
    audit.voided = this.typeCounts[0];
    this.each((state, segment, idLow) => {
      const isHere = this.nextKeys.has(stateKey(segment, shardOf(idLow)));
      countState(audit, state, isHere, segment, idLow);
    });
    return audit;
  }

  /** Every message of which anything is known. */
  private each(take: (state: number, segment: number, idLow: number) => void): void {
    for (const [key, pages] of this.states) {
      const segment = Math.floor(key / SHARDS_MAX);
      for (const [page, states] of pages) {
        for (let index = 0; index < PAGE; index++) {
          if (states[index] !== 0)
            take(states[index], segment, idLowOf(key % SHARDS_MAX, page * PAGE + index));
        }
      }
    }
  }

  private statesFor(idHigh: number, idLow: number): Uint8Array<ArrayBuffer> {
    const key = stateKey(idHigh, shardOf(idLow));
    const page = Math.floor(indexOf(idLow) / PAGE);
    let pages = this.states.get(key);
    if (pages === undefined) this.states.set(key, (pages = new Map()));
    let states = pages.get(page);
    if (states === undefined) pages.set(page, (states = new Uint8Array(PAGE)));
    return states;
  }
}

function countState(audit: LedgerAudit, state: number, isHere: boolean, idHigh: number, idLow: number): void {
  const isAccepted = (state & ACCEPTED_ONCE) !== 0;
  const isFinal = (state & FINAL_ONCE) !== 0;
  if (isAccepted) audit.accepted++;
  if ((state & ACCEPTED_TWICE) !== 0) audit.acceptedDouble++;
  if ((state & SENT_ONCE) !== 0) audit.sent++;
  if ((state & SENT_TWICE) !== 0) audit.sentTwice++;
  if ((state & HAS_RECEIPT) !== 0) audit.withReceipt++;
  if (isAccepted && !isFinal) audit.open++;
  if (!isFinal) return;
  audit.final++;
  if ((state & FINAL_TWICE) !== 0) {
    audit.finalDouble++;
    list(audit.finalDoubleIds, idHigh, idLow);
  }
  if (isAccepted) return;
  if (!isHere) audit.finalOfRemoved++;
  else {
    audit.finalWithoutAccept++;
    list(audit.finalWithoutAcceptIds, idHigh, idLow);
  }
}

function list(ids: string[], idHigh: number, idLow: number): void {
  if (ids.length < LISTED_MAX) ids.push(formatMessageId(idHigh, idLow));
}

function stateKey(segment: number, shard: number): number {
  return segment * SHARDS_MAX + shard;
}

function emptyAudit(): LedgerAudit {
  return {
    segments: 0,
    events: 0,
    accepted: 0,
    final: 0,
    open: 0,
    finalDouble: 0,
    finalDoubleIds: [],
    acceptedDouble: 0,
    finalWithoutAccept: 0,
    finalWithoutAcceptIds: [],
    finalOfRemoved: 0,
    sent: 0,
    sentTwice: 0,
    attemptsFailed: 0,
    receipts: 0,
    withReceipt: 0,
    parked: 0,
    orphaned: 0,
    late: 0,
    voided: 0,
    lost: 0,
    lostIds: [],
  };
}
