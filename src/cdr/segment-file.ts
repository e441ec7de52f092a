/** One segment that is being written: its LMDB environment, the next block's key, and the counts for its footer. */
import {
  BLOCK_FLAG_FOOTER,
  FOOTER_BLOCKS,
  FOOTER_BYTES,
  FOOTER_EVENTS,
  FOOTER_INDEX,
  FOOTER_INDEX_FIRST,
  NO_INDEX,
  finishBlock,
} from './block.ts';
import type { Chunks } from './chunks.ts';
import type { Group } from './group.ts';
import { createSegment } from './lmdb.ts';
import type { SegmentWriter } from './lmdb.ts';
import { removeSegment, segmentPath } from './segments.ts';

export interface SegmentPlace {
  dataDir: string;
  shard: number;
  unsafe: boolean;
}

export class SegmentFile {
  readonly segment: number;
  readonly #place: SegmentPlace;
  readonly #writer: SegmentWriter;
  openedMs: number;
  bytes = 0;
  /** Of these, how many the journal's owner was told of. */
  bytesTold = 0;
  blocks = 0;
  events = 0;
  /** Message indexes given out so far: from the first to before the next. */
  indexFirst = 0;
  indexNext = 0;

  constructor(place: SegmentPlace, segment: number, nowMs: number) {
    this.segment = segment;
    this.#place = place;
    this.#writer = createSegment(segmentPath(place.dataDir, place.shard, segment), { unsafe: place.unsafe });
    this.openedMs = nowMs;
  }

  /** Before the first message. */
  startAt(index: number): void {
    this.indexFirst = index;
    this.indexNext = index;
  }

  /** How many messages were accepted into it. */
  get messages(): number {
    return this.indexNext - this.indexFirst;
  }

  get path(): string {
    return this.#writer.path;
  }

  /** Appends the group's blocks in one transaction; resolves once they are flushed. */
  async write(group: Group, chunks: Chunks): Promise<void> {
    const puts: Promise<void>[] = [];
    let key = this.blocks;
    for (const block of group.blocks) {
      const bytes = chunks.bytesOf(block.chunk).u8.subarray(block.from, block.to);
      key++;
      finishBlock(bytes, bytes.length, {
        key,
        segment: this.segment,
        shard: this.#place.shard,
        flags: 0,
        events: block.events,
      });
      puts.push(this.#writer.put(key, bytes));
    }
    // All are waited for, also after one failed: none may be rejected with nobody listening.
    const outcomes = await Promise.allSettled(puts);
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
    for (const block of group.blocks) {
      this.blocks++;
      this.events += block.events;
      this.bytes += block.to - block.from;
    }
  }

  /** Writes the footer and closes the environment. */
  async seal(): Promise<void> {
    const footer = Buffer.alloc(FOOTER_BYTES);
    footer.writeUInt32LE(this.blocks, FOOTER_BLOCKS);
    footer.writeUInt32LE(this.events, FOOTER_EVENTS);
    footer.writeUInt32LE(this.messages === 0 ? NO_INDEX : this.indexNext - 1, FOOTER_INDEX);
    footer.writeUInt32LE(this.indexFirst, FOOTER_INDEX_FIRST);
    const key = this.blocks + 1;
    const { shard } = this.#place;
    finishBlock(footer, FOOTER_BYTES, {
      key,
      segment: this.segment,
      shard,
      flags: BLOCK_FLAG_FOOTER,
      events: 0,
    });
    try {
      await this.#writer.put(key, footer);
    } finally {
      await this.#writer.close();
    }
  }

  /** Closes and removes a segment that nothing was written to. */
  async discard(): Promise<void> {
    await this.#writer.close();
    removeSegment(this.#place.dataDir, this.#place.shard, this.segment);
  }
}
