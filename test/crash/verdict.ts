/** What the two ends and the ledger say of a leg, read from their records when everything is over. */
import { existsSync, readFileSync } from 'node:fs';
import { eventsOf, decodeEvent } from '../../src/cdr/decode.ts';
import { openSegmentReader } from '../../src/cdr/lmdb.ts';
import { listSegments, listShards } from '../../src/cdr/segments.ts';

const RECORD_OK = '00000000';
const FINAL = 5;

/** What the client knows. */
export interface ClientRecord {
  /** Message id by the key of every message that was answered with ESME_ROK. */
  acked: Map<string, string>;
  /** Ids given to more than one message. */
  idsRepeated: number;
  /** Receipts by message id: how many, and with which states. */
  receipts: Map<string, { count: number; states: Set<string> }>;
}

export function readClientRecords(paths: readonly string[]): ClientRecord {
  const record: ClientRecord = { acked: new Map(), idsRepeated: 0, receipts: new Map() };
  const ids = new Set<string>();
  for (const line of linesOf(paths)) {
    const [kind, first, second, status] = line.split(' ');
    if (kind === 'R') addReceipt(record, first, second);
    if (kind !== 'A' || status !== RECORD_OK) continue;
    record.acked.set(first, second);
    if (ids.has(second)) record.idsRepeated++;
    ids.add(second);
  }
  return record;
}

export function addReceipt({ receipts }: ClientRecord, messageId: string, state: string): void {
  const seen = receipts.get(messageId) ?? { count: 0, states: new Set() };
  seen.count++;
  seen.states.add(state);
  receipts.set(messageId, seen);
}

/** How often each key was taken (not refused) by the simulators. */
export function readTaken(paths: readonly string[]): Map<string, number> {
  const taken = new Map<string, number>();
  for (const line of linesOf(paths)) {
    const [key, status] = line.split(' ');
    if (status === undefined) taken.set(key, (taken.get(key) ?? 0) + 1);
  }
  return taken;
}

/** Submits that the simulators have taken down so far. */
export function countLines(paths: readonly string[]): number {
  let count = 0;
  for (const path of paths) {
    if (!existsSync(path)) continue;
    for (const byte of readFileSync(path)) if (byte === 0x0a) count++;
  }
  return count;
}

function* linesOf(paths: readonly string[]): Generator<string> {
  for (const path of paths) {
    for (const line of readFileSync(path, 'latin1').split('\n')) if (line !== '') yield line;
  }
}

/** FINAL events of the whole ledger by message id. Segments set aside as damaged do not count. */
export async function readFinals(dataDir: string): Promise<Map<string, number>> {
  const finals = new Map<string, number>();
  for (const shard of listShards(dataDir)) {
    for (const { path } of listSegments(dataDir, shard)) {
      const reader = openSegmentReader(path);
      for (const { bytes } of reader.blocks(1)) {
        for (const { at, type } of eventsOf(bytes)) {
          if (type !== FINAL) continue;
          const { messageId } = decodeEvent(bytes, at);
          finals.set(messageId, (finals.get(messageId) ?? 0) + 1);
        }
      }
      await reader.close();
    }
  }
  return finals;
}

export interface Verdict {
  acked: number;
  /** Acknowledged, and never at an SMSC. */
  lost: number;
  /** Taken by an SMSC again, each time counted. */
  dup: number;
  /** Acknowledged messages without a FINAL event; with more than one. */
  cdrMissing: number;
  cdrDouble: number;
  /** Acknowledged messages without a receipt at the client. */
  receiptsLost: number;
  /** Copies of receipts after the first. */
  receiptsRepeated: number;
  /** Messages whose receipts name different states. */
  receiptsContradictory: number;
  idsRepeated: number;
}

export function judge(
  client: ClientRecord,
  taken: ReadonlyMap<string, number>,
  finals: ReadonlyMap<string, number>,
): Verdict {
  const verdict: Verdict = {
    acked: client.acked.size,
    lost: 0,
    dup: 0,
    cdrMissing: 0,
    cdrDouble: 0,
    receiptsLost: 0,
    receiptsRepeated: 0,
    receiptsContradictory: 0,
    idsRepeated: client.idsRepeated,
  };
  for (const [key, id] of client.acked) {
    if (!taken.has(key)) verdict.lost++;
    if (!finals.has(id)) verdict.cdrMissing++;
    if (!client.receipts.has(id)) verdict.receiptsLost++;
  }
  for (const count of taken.values()) verdict.dup += count - 1;
  for (const count of finals.values()) if (count > 1) verdict.cdrDouble++;
  for (const { count, states } of client.receipts.values()) {
    verdict.receiptsRepeated += count - 1;
    if (states.size > 1) verdict.receiptsContradictory++;
  }
  return verdict;
}
