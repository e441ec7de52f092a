import { decodeEvent, eventsOf } from '../../src/cdr/decode.ts';
import type { LedgerEvent } from '../../src/cdr/event.ts';
import { openSegmentReader } from '../../src/cdr/lmdb.ts';
import { listSegments } from '../../src/cdr/segments.ts';

const NAMES = 9;

/** All events of the ledger of shard 0, in order. */
export async function eventsIn(dataDir: string): Promise<LedgerEvent[]> {
  const events: LedgerEvent[] = [];
  for (const { path } of listSegments(dataDir, 0)) {
    const reader = openSegmentReader(path);
    for (const { bytes } of reader.blocks(1)) {
      for (const { at, type } of eventsOf(bytes))
        if (type !== NAMES && type !== 0) events.push(decodeEvent(bytes, at));
    }
    await reader.close();
  }
  return events;
}

/** RECEIPT_RESULT that says RESULT_TAKEN of the slot's own message, in answer to the DELIVER record `b`. */
export function takenResult(b: Buffer): Buffer {
  const result = Buffer.alloc(24);
  result.writeUInt32LE(24, 0);
  result[4] = 64;
  result[5] = 1;
  b.copy(result, 6, 6, 8);
  b.copy(result, 8, 48, 56);
  b.copy(result, 16, 40, 44);
  return result;
}
