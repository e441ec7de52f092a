/** A journal over a directory of its own, with what it told, and what is in its segments. */
import { expect, vi } from 'vitest';
import { BLOCK_FLAG_FOOTER, blockFault } from '../../src/cdr/block.ts';
import { Chunks } from '../../src/cdr/chunks.ts';
import type { Group } from '../../src/cdr/group.ts';
import { Journal } from '../../src/cdr/journal.ts';
import type { JournalSettings } from '../../src/cdr/journal.ts';
import { openSegmentReader } from '../../src/cdr/lmdb.ts';
import { segmentPath } from '../../src/cdr/segments.ts';
import { SEGMENT_EPOCH_S, formatMessageId, shardOf } from '../../src/core/message-id.ts';
import { temporaryDirectory } from '../support/ledger.ts';

export const SHARD = 5;
// The journal reads the clock itself when a commit is done.
export const NOW_MS = Math.floor(Date.now() / 1000) * 1000;
export const FIRST = NOW_MS / 1000 - SEGMENT_EPOCH_S;
const NAMES = '{"nodeId":"n","shard":5,"accounts":[],"smscs":[]}';
export const [TYPE_VOID, TYPE_ACCEPTED, TYPE_SENT, TYPE_NAMES] = [0, 1, 2, 9];

interface Committed {
  segment: number;
  events: number;
  tookMs: number;
  accepted: number;
}

export class Bench {
  readonly dataDir = temporaryDirectory();
  readonly chunks = new Chunks();
  readonly committed: Committed[] = [];
  readonly failed: { group: Group; error: Error }[] = [];
  readonly sealed: number[] = [];
  readonly notOpened: Error[] = [];
  readonly journal: Journal;
  onCommitted: (group: Group) => void = () => undefined;

  constructor(changes: Partial<JournalSettings> = {}) {
    const settings: JournalSettings = {
      dataDir: this.dataDir,
      shard: SHARD,
      unsafe: true,
      segmentBytesMax: 1 << 30,
      segmentAgeMs: Infinity,
      names: NAMES,
      segmentBefore: 0,
      indexNext: 0,
      ...changes,
    };
    this.journal = new Journal(
      settings,
      this.chunks,
      {
        onCommitted: (group, tookMs) => {
          const { segment, events, accepted } = group;
          this.committed.push({ segment, events, tookMs, accepted });
          this.onCommitted(group);
        },
        onFailed: (group, error) => this.failed.push({ group, error }),
        onSealed: (segment, error) => {
          if (error !== undefined) throw error;
          this.sealed.push(segment);
        },
        onNotOpened: (error) => this.notOpened.push(error),
      },
      NOW_MS,
    );
  }

  /** An ACCEPTED event of `length` bytes; returns its id as printed and what is kept of it. */
  accept(length = 80): string {
    const { journal } = this;
    const at = journal.reserve(TYPE_ACCEPTED, length);
    journal.bytes.u8.fill(0, at + 5, at + length);
    const low = journal.takeIndex();
    journal.bytes.u32[(at + 8) >> 2] = low;
    journal.bytes.u32[(at + 12) >> 2] = journal.segment;
    journal.filling.addAccepted(journal.chunk, at, -1, 0);
    expect(shardOf(low)).toBe(SHARD);
    return formatMessageId(journal.segment, low);
  }

  note(): void {
    const { journal } = this;
    const at = journal.reserve(TYPE_SENT, 40);
    journal.bytes.u8.fill(0, at + 5, at + 40);
  }

  async idle(): Promise<void> {
    await vi.waitFor(() => expect(this.journal.isCommitting() || this.failed.length > 0).toBe(false), 5000);
  }

  async commit(nowMs = NOW_MS): Promise<void> {
    this.journal.kick(nowMs);
    await this.idle();
  }

  async stored(segment: number): Promise<Stored> {
    return readSegment(segmentPath(this.dataDir, SHARD, segment), segment);
  }
}

export interface Stored {
  types: number[];
  ids: string[];
  blocks: number;
  footer: { blocks: number; events: number; index: number; first: number } | undefined;
}

export async function readSegment(path: string, segment: number): Promise<Stored> {
  const reader = openSegmentReader(path);
  const stored: Stored = { types: [], ids: [], blocks: 0, footer: undefined };
  try {
    for (const { key, bytes } of reader.blocks(1)) {
      expect(blockFault(bytes, key, segment, SHARD)).toBeUndefined();
      if (bytes.readUInt16LE(22) === BLOCK_FLAG_FOOTER) {
        stored.footer = {
          blocks: bytes.readUInt32LE(32),
          events: bytes.readUInt32LE(36),
          index: bytes.readUInt32LE(40),
          first: bytes.readUInt32LE(44),
        };
        continue;
      }
      stored.blocks++;
      for (let at = 32; at < bytes.length; at += (bytes.readUInt32LE(at) + 7) & ~7) {
        stored.types.push(bytes[at + 4]);
        if (bytes[at + 4] === TYPE_ACCEPTED) {
          stored.ids.push(formatMessageId(bytes.readUInt32LE(at + 12), bytes.readUInt32LE(at + 8)));
        }
      }
    }
  } finally {
    await reader.close();
  }
  return stored;
}
