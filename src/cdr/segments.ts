/**
 * Where the ledger's files are:
 *
 *   <dataDir>/shard-07/0a1b2c3d.mdb        a segment, named by its number
 *   <dataDir>/shard-07/0a1b2c3d.mdb-lock   LMDB's table of readers beside it
 *   <dataDir>/shard-07/quarantine/         damaged segments, each with a .reason text
 *
 * A file system may keep a synced file and yet forget its name in a power cut, so whoever creates, moves or
 * removes a segment syncs the directory too.
 */
import * as fs from 'node:fs';
import { join } from 'node:path';

export interface SegmentFile {
  segment: number;
  path: string;
  bytes: number;
}

const SEGMENT_NAME = /^([0-9a-f]{8})\.mdb$/;
const SHARD_NAME = /^shard-(\d\d)$/;
const QUARANTINE = 'quarantine';

export function shardDirectory(dataDir: string, shard: number): string {
  return join(dataDir, `shard-${String(shard).padStart(2, '0')}`);
}

export function segmentPath(dataDir: string, shard: number, segment: number): string {
  return join(shardDirectory(dataDir, shard), `${segment.toString(16).padStart(8, '0')}.mdb`);
}

/** The shards that have a directory, ascending; empty when there is no data directory yet. */
export function listShards(dataDir: string): number[] {
  return namesIn(dataDir)
    .map((name) => SHARD_NAME.exec(name))
    .filter((match) => match !== null)
    .map((match) => Number(match[1]))
    .sort((a, b) => a - b);
}

/** The segments of a shard in the order they were written; empty when it has no directory yet. */
export function listSegments(dataDir: string, shard: number): SegmentFile[] {
  const directory = shardDirectory(dataDir, shard);
  const files: SegmentFile[] = [];
  for (const name of namesIn(directory)) {
    const match = SEGMENT_NAME.exec(name);
    if (match === null) continue;
    const path = join(directory, name);
    const stat = fs.statSync(path, { throwIfNoEntry: false });
    // A segment may be let go by the daemon while a reader lists them.
    if (stat !== undefined) files.push({ segment: Number.parseInt(match[1], 16), path, bytes: stat.size });
  }
  return files.sort((a, b) => a.segment - b.segment);
}

/**
 * Moves a damaged segment aside, writes why beside it, and returns where it is now. Nothing is overwritten:
 * what was quarantined before under the same number keeps its name, and this one gets a number after it.
 */
export function quarantineSegment(dataDir: string, shard: number, segment: number, reason: string): string {
  const from = segmentPath(dataDir, shard, segment);
  const directory = shardDirectory(dataDir, shard);
  const quarantine = join(directory, QUARANTINE);
  fs.mkdirSync(quarantine, { recursive: true, mode: 0o700 });
  const stem = join(quarantine, segment.toString(16).padStart(8, '0'));
  let target = stem;
  for (let copy = 1; fs.existsSync(`${target}.mdb`) || fs.existsSync(`${target}.reason`); copy++) {
    target = `${stem}.${copy}`;
  }
  // The reason first: a crash between the two leaves a text that points at the segment, not a file without one.
  fs.writeFileSync(`${target}.reason`, `${reason}\n`, { flag: 'wx', mode: 0o600, flush: true });
  fs.renameSync(from, `${target}.mdb`);
  if (fs.existsSync(`${from}-lock`)) fs.renameSync(`${from}-lock`, `${target}.mdb-lock`);
  syncDirectory(quarantine);
  syncDirectory(directory);
  return `${target}.mdb`;
}

/** Unlinks a segment; its space is free once no process maps it any more. Already gone is fine. */
export function removeSegment(dataDir: string, shard: number, segment: number): void {
  const path = segmentPath(dataDir, shard, segment);
  fs.rmSync(path, { force: true });
  fs.rmSync(`${path}-lock`, { force: true });
  syncDirectory(shardDirectory(dataDir, shard));
}

/** Makes the names in a directory survive a power cut. */
export function syncDirectory(directory: string): void {
  const descriptor = fs.openSync(directory, 'r');
  try {
    fs.fsyncSync(descriptor);
  } finally {
    fs.closeSync(descriptor);
  }
}

function namesIn(directory: string): string[] {
  try {
    return fs.readdirSync(directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
