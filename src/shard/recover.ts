/**
 * Start-up is recovery. The segments that are not settled yet are verified in a child process, what is damaged is
 * set aside, and the rest is folded into the pending store: afterwards the store alone says what is open, and
 * memory fills from it as it does after any shortage.
 *
 * Two passes over the young segments. The first finds which messages are final, in one byte a message; the second
 * rebuilds the others. Applying an event twice does no harm, so a store that already knows later things is fine.
 */
import {
  ACCEPTED,
  ACCEPTED_BODY,
  FINAL,
  RECORD_ID_HIGH,
  RECORD_ID_LOW,
  RECORD_TYPE,
  align8,
} from '../core/records.ts';
import { indexOf, laterIndex } from '../core/message-id.ts';
import type { Bytes } from '../core/bytes.ts';
import { allocateBytes } from '../core/bytes.ts';
import { BLOCK_HEADER_BYTES } from '../cdr/block.ts';
import { CHUNK_BYTES } from '../cdr/chunks.ts';
import { openSegmentReader } from '../cdr/lmdb.ts';
import { listSegments, quarantineSegment } from '../cdr/segments.ts';
import { verifySegments } from '../cdr/verify.ts';
import { WAY_MS } from '../core/ring/part-ways.ts';
import type { PartWays } from '../core/ring/part-ways.ts';
import { KIND_QUEUED, KIND_RETRY } from '../store/pending.ts';
import type { PendingRow } from '../store/pending.ts';
import { Rebuilder } from './rebuild.ts';
import { WaysFound } from './recover-ways.ts';
import { markRowUncertain } from './row.ts';
import type { ShardState } from './state.ts';

const VERIFY_MS_MAX = 120_000;
const BATCH = 2000;

const SEEN_ACCEPTED = 1;
const SEEN_MORE = 2;
const SEEN_FINAL = 3;
/** Nothing but ACCEPTED, and the store has its row already. */
const SEEN_STORED = 4;

interface YoungSegment {
  segment: number;
  path: string;
  /** SEEN_* by message index, from `indexFirst` on. */
  seen: Uint8Array;
  indexFirst: number;
}

export interface Recovery {
  /** Highest segment number found; 0: none. */
  segmentLast: number;
  /** Index of the next message: behind all that clients may have been told. */
  indexNext: number;
  /** Segments whose parked receipts were brought back; they settle once those are journalled anew. */
  events: number;
  quarantined: string[];
  tookMs: number;
}

export type WarnFunction = (message: string, detail: Record<string, unknown>) => void;

/** `ways`: the table of the edges, which gets those that the parts of messages took last. */
export async function recover(shard: ShardState, warn: WarnFunction, ways?: PartWays): Promise<Recovery> {
  const startedMs = Date.now();
  const { store, dataDir } = shard;
  const files = listSegments(dataDir, shard.shard);
  const settled = store.settledThrough();
  const young = files.filter((file) => file.segment > settled);
  const recovery: Recovery = {
    segmentLast: settled,
    indexNext: store.indexNext(),
    events: 0,
    quarantined: [],
    tookMs: 0,
  };
  const jobs = young.map((file) => ({ path: file.path, segment: file.segment, shard: shard.shard }));
  const results = jobs.length === 0 ? [] : await verifySegments(jobs, VERIFY_MS_MAX);
  const sound: YoungSegment[] = [];
  for (const [index, result] of results.entries()) {
    const { segment, path } = young[index];
    recovery.segmentLast = Math.max(recovery.segmentLast, segment);
    if (result.indexMax >= 0) recovery.indexNext = laterIndex(recovery.indexNext, result.indexMax + 1);
    if (result.ok) {
      const { indexFirst, indexMax } = result;
      sound.push({
        segment,
        path,
        indexFirst,
        seen: new Uint8Array(indexMax < 0 ? 0 : indexMax - indexFirst + 1),
      });
      continue;
    }
    recovery.indexNext += Math.ceil(young[index].bytes / ACCEPTED_BODY);
    const fault = result.fault ?? 'unreadable';
    const movedTo = quarantineSegment(dataDir, shard.shard, segment, fault);
    recovery.quarantined.push(movedTo);
    warn('LEDGER SEGMENT DAMAGED: set aside, its messages are not recovered', {
      segment: path,
      fault,
      movedTo,
    });
  }
  // The next start sees no more of a damaged segment than this one has left.
  if (recovery.quarantined.length > 0) store.keepIndexNext(recovery.indexNext);
  const found = new WaysFound(shard);
  const firstYoung = Math.min(Infinity, ...sound.map(({ segment }) => segment));
  found.seeRows(recovery.segmentLast - segmentsOfWays(shard), firstYoung);
  // A release that does not know of stops may have run since: its segments are later.
  const isOrderly = store.stoppedAt > 0 && recovery.segmentLast <= store.stoppedAt;
  recovery.events = await fold(shard, sound, found, isOrderly);
  if (ways !== undefined) found.fill(ways, Date.now());
  if (!isOrderly) markUncertain(shard);
  recovery.tookMs = Date.now() - startedMs;
  return recovery;
}

/** What was in memory to be sent may have been on its way when the daemon died: it may be sent twice. */
function markUncertain(shard: ShardState): void {
  const { store, nowMs } = shard;
  for (let from = 0; from < store.wereLoaded.length; from += BATCH) {
    const rows: PendingRow[] = [];
    for (const [idHigh, idLow] of store.wereLoaded.slice(from, from + BATCH)) {
      const row = store.get(idHigh, idLow);
      const isDue = row?.kind === KIND_RETRY && row.dueMs <= nowMs;
      if (row === undefined || !(isDue || row.kind === KIND_QUEUED)) continue;
      markRowUncertain(row);
      rows.push(row);
    }
    store.upsert(rows);
  }
}

/** By how much the number of a segment with the last minute's messages may be below the last: it is a second. */
function segmentsOfWays({ config }: ShardState): number {
  return WAY_MS / 1000 + 2 * config.ledger.segment_age_s;
}

async function fold(
  shard: ShardState,
  segments: YoungSegment[],
  ways: WaysFound,
  isOrderly: boolean,
): Promise<number> {
  const bySegment = new Map(segments.map((young) => [young.segment, young]));
  const finalBefore = { highs: [] as number[], lows: [] as number[] };
  let events = 0;
  await eachEvent(segments, (bytes, at, length) => {
    events++;
    ways.see(bytes, at, length);
    firstPass(bySegment, bytes, at, finalBefore);
  });
  removeFinal(shard, bySegment, finalBefore);
  const rebuilder = new Rebuilder(shard, isOrderly);
  await eachEvent(segments, (bytes, at, length) => {
    const idHigh = bytes.u32[(at + RECORD_ID_HIGH) >> 2];
    const young = bySegment.get(idHigh);
    const seen = young?.seen[indexOf(bytes.u32[(at + RECORD_ID_LOW) >> 2]) - young.indexFirst];
    if (seen === SEEN_FINAL || seen === SEEN_STORED) rebuilder.pass(bytes, at);
    else rebuilder.apply(bytes, at, length, seen === SEEN_ACCEPTED);
  });
  rebuilder.finish();
  return events;
}

function firstPass(
  bySegment: Map<number, YoungSegment>,
  bytes: Bytes,
  at: number,
  finalBefore: { highs: number[]; lows: number[] },
): void {
  const type = bytes.u8[at + RECORD_TYPE];
  const idHigh = bytes.u32[(at + RECORD_ID_HIGH) >> 2];
  const idLow = bytes.u32[(at + RECORD_ID_LOW) >> 2];
  if (idHigh === 0 || type === 0) return;
  const young = bySegment.get(idHigh);
  if (young === undefined) {
    if (type !== FINAL) return;
    finalBefore.highs.push(idHigh);
    finalBefore.lows.push(idLow);
    return;
  }
  const index = indexOf(idLow) - young.indexFirst;
  if (type === FINAL) young.seen[index] = SEEN_FINAL;
  else if (type === ACCEPTED) young.seen[index] = SEEN_ACCEPTED;
  else if (young.seen[index] === SEEN_ACCEPTED) young.seen[index] = SEEN_MORE;
}

/** Rows of messages that are final leave the store; rows that are as good as their event are left as they are. */
function removeFinal(
  shard: ShardState,
  bySegment: Map<number, YoungSegment>,
  gone: { highs: number[]; lows: number[] },
): void {
  const first = Math.min(...bySegment.keys());
  if (bySegment.size > 0) {
    for (const [idHigh, idLow] of shard.store.idsFrom(first)) {
      const young = bySegment.get(idHigh);
      if (young === undefined) continue;
      const index = indexOf(idLow) - young.indexFirst;
      if (young.seen[index] === SEEN_FINAL) {
        gone.highs.push(idHigh);
        gone.lows.push(idLow);
      } else if (young.seen[index] === SEEN_ACCEPTED) young.seen[index] = SEEN_STORED;
    }
  }
  for (let from = 0; from < gone.highs.length; from += BATCH) {
    shard.store.remove(gone.highs.slice(from, from + BATCH), gone.lows.slice(from, from + BATCH));
  }
}

async function eachEvent(
  segments: YoungSegment[],
  take: (bytes: Bytes, at: number, length: number) => void,
): Promise<void> {
  // LMDB hands out values at any address; the views that the rest of the shard reads with want them aligned.
  const aligned = allocateBytes(CHUNK_BYTES);
  for (const { path } of segments) {
    const reader = openSegmentReader(path);
    try {
      for (const block of reader.blocks(1)) {
        block.bytes.copy(aligned.u8);
        if (aligned.u32[6] === 0) continue;
        for (let at = BLOCK_HEADER_BYTES; at < block.bytes.length;) {
          const length = aligned.u32[at >> 2];
          take(aligned, at, length);
          at += align8(length);
        }
      }
    } finally {
      await reader.close();
    }
  }
}
