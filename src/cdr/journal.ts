/**
 * The journal of one shard: events are appended to the group that fills, and a group is committed as a whole, one
 * commit in flight at a time. While it is, the next group fills; so the batches form by themselves, as large as the
 * disk makes them, and nothing waits for a timer.
 *
 * A segment ends between two groups, so a group lies in one segment and a message's id names the segment that holds
 * its ACCEPTED event.
 */
import type { Bytes } from '../core/bytes.ts';
import { INDEX_MAX, INDEX_TURN, idLowOf, nextSegmentNumber } from '../core/message-id.ts';
import {
  ACCEPTED,
  JOINED,
  NAMES,
  RECORD_BYTES_MAX,
  RECORD_HEADER_BYTES,
  RECORD_LENGTH,
  RECORD_TYPE,
  REPLACED,
  align8,
} from '../core/records.ts';
import { BLOCK_HEADER_BYTES } from './block.ts';
import { CHUNK_BYTES } from './chunks.ts';
import type { Chunks } from './chunks.ts';
import { GROUP_ACTIONS_MAX, Group } from './group.ts';
import { SegmentFile } from './segment-file.ts';

export interface JournalSettings {
  dataDir: string;
  shard: number;
  unsafe: boolean;
  segmentBytesMax: number;
  segmentAgeMs: number;
  /** JSON of the NAMES event that each segment begins with. */
  names: string;
  /** Highest segment number that was ever used. */
  segmentBefore: number;
  /** Index of the next message of the shard (core/message-id.ts). */
  indexNext: number;
}

export interface JournalEvents {
  /** The group is durable. It is cleared when this returns. */
  onCommitted(group: Group, tookMs: number): void;
  /** The commit failed; nothing of the group may count as stored, nor as not stored. */
  onFailed(group: Group, error: Error): void;
  /** Nothing more is written to a segment. With an error it got no footer: it is read as one that a crash ended. */
  onSealed(segment: number, error?: Error): void;
  /** Some more of the segment at `path` is on disk, and nobody reads it soon. */
  onWritten?(path: string): void;
  /** The next segment could not be opened; the present one goes on, and it is tried again. */
  onNotOpened?(error: Error): void;
}

/** So much is written between two calls of onWritten: much less than a cache, much more than a call costs. */
const WRITTEN_BYTES = 16 * 1024 * 1024;

/** Between two tries to open the next segment. */
const OPEN_AGAIN_MS = 1_000;

/** A reserved message index that can not be had: the group's segment is full, commit first. */
export const NO_INDEX = -1;

export class Journal {
  readonly #settings: JournalSettings;
  readonly #events: JournalEvents;
  readonly #chunks: Chunks;
  filling = new Group();
  #committing: Group | undefined;
  /** The file that the commit in flight is written to. */
  #committingFile: SegmentFile | undefined;
  /** Two more groups: one whose results are being dealt with while the next commit is in flight already. */
  readonly #spares = [new Group(), new Group()];
  #file: SegmentFile;
  #nextFile: SegmentFile | undefined;
  #chunk: number;
  /** The chunk that is being filled. */
  bytes: Bytes;
  #at = 0;
  #blockFrom = 0;
  #blockEvents = 0;
  #blockOpen = false;
  #commitStartedMs = 0;
  #openAgainMs = 0;
  #closed = false;
  /** The disk is short: no segment is opened for its age's sake. */
  holdsRoll = false;
  /** Commits finished. */
  commits = 0;

  constructor(settings: JournalSettings, chunks: Chunks, events: JournalEvents, nowMs: number) {
    this.#settings = settings;
    this.#events = events;
    this.#chunks = chunks;
    this.#file = this.#openFile(settings.segmentBefore, nowMs);
    this.#file.startAt(settings.indexNext > INDEX_TURN ? 0 : settings.indexNext);
    this.filling.segment = this.#file.segment;
    this.#chunk = chunks.take();
    this.bytes = chunks.bytesOf(this.#chunk);
    this.#appendNames();
  }

  #openFile(after: number, nowMs: number): SegmentFile {
    return new SegmentFile(this.#settings, nextSegmentNumber(after, nowMs), nowMs);
  }

  /** Number of the chunk that the last reserved event is in. */
  get chunk(): number {
    return this.#chunk;
  }

  get segment(): number {
    return this.filling.segment;
  }

  /**
   * Room for an event of `length` bytes in `bytes` (which may be another chunk than before); its length and type
   * are filled in. Valid until the next call of anything here.
   */
  reserve(type: number, length: number): number {
    if (length > RECORD_BYTES_MAX) throw new Error(`an event of ${length} bytes, over RECORD_BYTES_MAX`);
    const need = align8(length);
    if (this.#at + need + (this.#blockOpen ? 0 : BLOCK_HEADER_BYTES) > CHUNK_BYTES) this.#nextChunk(need);
    if (!this.#blockOpen) {
      this.#blockOpen = true;
      this.#blockFrom = this.#at;
      this.#blockEvents = 0;
      this.#at += BLOCK_HEADER_BYTES;
    }
    const at = this.#at;
    this.bytes.u32[(at + RECORD_LENGTH) >> 2] = length;
    this.bytes.u8[at + RECORD_TYPE] = type;
    this.#at += need;
    this.#blockEvents++;
    this.filling.events++;
    this.filling.bytes += need;
    return at;
  }

  /** A message's low id half. */
  takeIndex(): number {
    return idLowOf(this.#settings.shard, this.#file.indexNext++);
  }

  /** What `takeIndex` will give next. */
  peekIndex(): number {
    return idLowOf(this.#settings.shard, this.#file.indexNext);
  }

  /** Index of the next message. */
  get indexNext(): number {
    return this.#file.indexNext;
  }

  #nextChunk(need: number): void {
    if (need + BLOCK_HEADER_BYTES > CHUNK_BYTES)
      throw new Error(`an event of ${need} bytes does not fit a chunk`);
    this.#closeBlock();
    this.#chunks.drop(this.#chunk);
    this.#chunk = this.#chunks.take();
    this.bytes = this.#chunks.bytesOf(this.#chunk);
    this.#at = 0;
  }

  #closeBlock(): void {
    if (!this.#blockOpen) return;
    this.#blockOpen = false;
    this.#chunks.use(this.#chunk);
    this.filling.blocks.push({
      chunk: this.#chunk,
      from: this.#blockFrom,
      to: this.#at,
      events: this.#blockEvents,
    });
  }

  isCommitting(): boolean {
    return this.#committing !== undefined;
  }

  /** How long the commit in flight has taken; 0 when there is none. */
  commitAgeMs(nowMs: number): number {
    return this.#committing === undefined ? 0 : nowMs - this.#commitStartedMs;
  }

  /** Starts the next commit when there is something to commit and none is in flight. */
  kick(nowMs: number): void {
    if (this.#committing !== undefined || this.filling.isEmpty() || this.#closed) return;
    this.#closeBlock();
    const group = this.filling;
    this.#committing = group;
    const spare = this.#spares.pop();
    if (spare === undefined) throw new Error('a commit group was not given back');
    this.filling = spare;
    const file = this.#file;
    this.#rollIfDue(group.bytes, nowMs);
    this.filling.segment = this.#file.segment;
    if (this.#file !== file) this.#appendNames();
    this.#write(group, file, nowMs);
  }

  #write(group: Group, file: SegmentFile, nowMs: number): void {
    this.#commitStartedMs = nowMs;
    this.#committingFile = file;
    file.write(group, this.#chunks).then(
      () => this.#finish(group, file),
      (error: unknown) =>
        this.#events.onFailed(group, error instanceof Error ? error : new Error(String(error))),
    );
  }

  #finish(group: Group, file: SegmentFile): void {
    const nowMs = Date.now();
    const tookMs = nowMs - this.#commitStartedMs;
    this.#committing = undefined;
    this.#committingFile = undefined;
    this.commits++;
    // The next commit starts before the results of this one are dealt with: the disk is never idle under load.
    this.kick(nowMs);
    this.#events.onCommitted(group, tookMs);
    this.#clear(group);
    if (file.bytes - file.bytesTold >= WRITTEN_BYTES) this.#tellWritten(file);
    // The next commit may have been the one that rolled: then it is this file's last, and the file ends after it.
    if (file !== this.#file && file !== this.#committingFile) this.#seal(file);
  }

  #tellWritten(file: SegmentFile): void {
    file.bytesTold = file.bytes;
    this.#events.onWritten?.(file.path);
  }

  #clear(group: Group): void {
    for (const block of group.blocks) this.#chunks.drop(block.chunk);
    group.clear();
    this.#spares.push(group);
  }

  /** Takes the ACCEPTED events of the group that fills out again: they were refused while the disk had no room. */
  voidFilling(): void {
    this.#closeBlock();
    const { filling } = this;
    for (const { chunk, from, to } of filling.blocks) voidAccepted(this.#chunks.bytesOf(chunk), from, to);
    filling.accepted = 0;
  }

  /** Tries the failed commit again, with every ACCEPTED event voided: those were refused, the rest must not be lost. */
  retryFailed(nowMs: number): void {
    const group = this.#committing;
    if (group === undefined) throw new Error('no failed commit to try again');
    for (const block of group.blocks) voidAccepted(this.#chunks.bytesOf(block.chunk), block.from, block.to);
    group.accepted = 0;
    this.#write(group, this.#file.segment === group.segment ? this.#file : this.#rolledFrom(group), nowMs);
  }

  #rolledFrom(group: Group): SegmentFile {
    if (this.#previousFile?.segment !== group.segment)
      throw new Error('the segment of a failed commit is gone');
    return this.#previousFile;
  }

  #previousFile: SegmentFile | undefined;
  /** The segment that ended last gets its footer. */
  #sealing: Promise<void> | undefined;

  #rollIfDue(groupBytes: number, nowMs: number): void {
    const file = this.#file;
    const { segmentBytesMax, segmentAgeMs } = this.#settings;
    const bytes = file.bytes + groupBytes;
    const isOld = nowMs - file.openedMs > segmentAgeMs && file.messages + file.blocks > 1;
    const isFull = bytes > segmentBytesMax || file.indexNext > INDEX_TURN;
    // No new segment for a million messages. The next index would be another shard's.
    if (file.indexNext > INDEX_MAX - 2 * GROUP_ACTIONS_MAX) throw new Error('message indexes are used up');
    if (this.holdsRoll && !isFull) return;
    // Opening a segment costs some milliseconds of directory syncs: do it before it is needed.
    if (!isOld && !isFull && bytes <= segmentBytesMax / 2) return;
    if (!this.#tryPrepareNext(nowMs) || (!isOld && !isFull)) return;
    this.#previousFile = file;
    this.#file = this.#nextFile as SegmentFile;
    this.#nextFile = undefined;
    this.#file.openedMs = nowMs;
    this.#file.startAt(file.indexNext > INDEX_TURN ? 0 : file.indexNext);
  }

  /** False: not now. A disk that is just full must not end the process; LMDB's map is much larger than a segment. */
  #tryPrepareNext(nowMs: number): boolean {
    if (nowMs < this.#openAgainMs) return this.#nextFile !== undefined;
    try {
      this.prepareNext(nowMs);
      return true;
    } catch (error) {
      this.#openAgainMs = nowMs + OPEN_AGAIN_MS;
      this.#events.onNotOpened?.(error instanceof Error ? error : new Error(String(error)));
      return false;
    }
  }

  prepareNext(nowMs: number): void {
    this.#nextFile ??= this.#openFile(this.#file.segment, nowMs);
  }

  #appendNames(): void {
    const names = Buffer.from(this.#settings.names);
    const at = this.reserve(NAMES, RECORD_HEADER_BYTES + names.length);
    this.bytes.u8.fill(0, at + RECORD_TYPE + 1, at + RECORD_HEADER_BYTES);
    this.bytes.f64[(at + 16) >> 3] = Date.now();
    names.copy(this.bytes.u8, at + RECORD_HEADER_BYTES);
  }

  #seal(file: SegmentFile): void {
    // One after the other: a segment may be settled only after those before it.
    this.#sealing = (this.#sealing ?? Promise.resolve())
      .then(() => file.seal())
      .then(
        () => {
          if (this.#previousFile === file) this.#previousFile = undefined;
          this.#tellWritten(file);
          this.#events.onSealed(file.segment);
        },
        (error: unknown) =>
          this.#events.onSealed(file.segment, error instanceof Error ? error : new Error(String(error))),
      );
  }

  /** After the last commit: footer, and every environment closed in order. */
  async close(): Promise<void> {
    if (this.#committing !== undefined || !this.filling.isEmpty())
      throw new Error('journal closed before it is empty');
    this.#closed = true;
    await this.#sealing;
    // Without room for its footer a segment is read as one that a crash ended: whole all the same.
    await this.#file.seal().catch(() => undefined);
    if (this.#nextFile !== undefined) await this.#nextFile.discard();
  }
}

/** Turns what was refused with its group (ACCEPTED and what goes with it) into void events, which readers skip. */
function voidAccepted(bytes: Bytes, from: number, to: number): void {
  let at = from + BLOCK_HEADER_BYTES;
  while (at < to) {
    const type = bytes.u8[at + RECORD_TYPE];
    if (type === ACCEPTED || type === REPLACED || type === JOINED) bytes.u8[at + RECORD_TYPE] = 0;
    at += align8(bytes.u32[at >> 2]);
  }
}
