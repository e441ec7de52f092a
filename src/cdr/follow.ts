/**
 * Reads a ledger in order: all events of a shard from a segment on, and then what is committed while it
 * watches.
 */
import * as records from '../core/records.ts';
import { BLOCK_FLAGS, BLOCK_FLAG_FOOTER, blockFault } from './block.ts';
import { decodeEvent, eventsOf } from './decode.ts';
import type { LedgerEvent } from './event.ts';
import { openSegmentIfThere } from './lmdb.ts';
import type { SegmentReader } from './lmdb.ts';
import type { Names } from './merge.ts';
import { listSegments } from './segments.ts';

export interface PlacedEvent {
  event: LedgerEvent;
  names: Names;
}

const NO_NAMES: Names = { accounts: [], smscs: [] };

/**
 * Hands out every block of a shard's segments from one on, in order. Throws when one of them is damaged.
 */
export async function eachBlock(
  dataDir: string,
  shard: number,
  fromSegment: number,
  take: (bytes: Buffer) => void,
): Promise<void> {
  for (const { path, segment } of listSegments(dataDir, shard)) {
    if (segment < fromSegment) continue;
    const reader = openSegmentIfThere(path);
    if (reader === undefined) continue;
    try {
      for (const { key, bytes } of reader.blocks(1)) {
        throwIfFaulty(bytes, key, segment, shard);
        take(bytes);
      }
    } finally {
      await reader.close();
    }
  }
}

/** Watches one shard; `poll` hands out what was committed since the last one. */
export class ShardFollower {
  private readonly dataDir: string;
  private readonly shard: number;
  private segment: number;
  private nextKey = 1;
  private reader: SegmentReader | undefined;
  private names = NO_NAMES;
  /** The reader's segment has its footer. */
  private ended = false;

  /** @param fromStart begins with the oldest segment instead of with what is committed after this moment. */
  constructor(dataDir: string, shard: number, fromStart: boolean) {
    this.dataDir = dataDir;
    this.shard = shard;
    const files = listSegments(dataDir, shard);
    this.segment = files[0]?.segment ?? 0;
    if (fromStart || files.length === 0) return;
    // The last segment that has blocks: the journal opens the next one before it is needed.
    for (const file of files.toReversed()) {
      this.segment = file.segment;
      this.reader = openSegmentIfThere(file.path);
      this.nextKey = (this.reader?.blockCount() ?? 0) + 1;
      if (this.nextKey > 1) break;
    }
    if (this.nextKey === 1) return;
    for (const { bytes } of this.reader?.blocks(1) ?? []) {
      for (const { at, type } of eventsOf(bytes)) if (type === records.NAMES) this.names = namesAt(bytes, at);
      break;
    }
  }

  /** Hands each new event to `onEvent`, decoded, in the order of the ledger. */
  async poll(onEvent: (placed: PlacedEvent) => void): Promise<void> {
    for (;;) {
      this.reader ??= this.openCurrent();
      if (this.reader !== undefined) this.readNew(this.reader, onEvent);
      const next = listSegments(this.dataDir, this.shard).find((file) => file.segment > this.segment);
      if (next === undefined) return;
      // A segment without a footer may still be written to, as long as the one after it is empty.
      if (!this.ended && this.reader !== undefined && !(await hasBlocks(next.path))) return;
      if (!this.ended && this.reader !== undefined) this.readNew(this.reader, onEvent);
      await this.reader?.close();
      this.reader = undefined;
      this.segment = next.segment;
      this.nextKey = 1;
      this.names = NO_NAMES;
      this.ended = false;
    }
  }

  async close(): Promise<void> {
    await this.reader?.close();
    this.reader = undefined;
  }

  private openCurrent(): SegmentReader | undefined {
    const file = listSegments(this.dataDir, this.shard).find(({ segment }) => segment === this.segment);
    return file === undefined ? undefined : openSegmentIfThere(file.path);
  }

  private readNew(reader: SegmentReader, onEvent: (placed: PlacedEvent) => void): void {
    for (const { key, bytes } of reader.blocks(this.nextKey)) {
      throwIfFaulty(bytes, key, this.segment, this.shard);
      this.ended = (bytes.readUInt16LE(BLOCK_FLAGS) & BLOCK_FLAG_FOOTER) !== 0;
      for (const { at, type } of eventsOf(bytes)) {
        if (type === records.NAMES) this.names = namesAt(bytes, at);
        onEvent({ event: decodeEvent(bytes, at), names: this.names });
      }
      this.nextKey = key + 1;
    }
  }
}

async function hasBlocks(path: string): Promise<boolean> {
  const reader = openSegmentIfThere(path);
  try {
    return reader !== undefined && reader.blockCount() > 0;
  } finally {
    await reader?.close();
  }
}

export function namesAt(block: Buffer, at: number): Names {
  const event = decodeEvent(block, at);
  if (event.type !== 'NAMES') throw new Error(`the event at byte ${at} is not NAMES`);
  return event;
}

function throwIfFaulty(block: Buffer, key: number, segment: number, shard: number): void {
  const fault = blockFault(block, key, segment, shard);
  if (fault !== undefined) throw new Error(`segment ${segment.toString(16)} of shard ${shard}: ${fault}`);
}
