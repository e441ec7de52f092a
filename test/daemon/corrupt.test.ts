/** A daemon that was killed comes back over a ledger with a damaged segment, or a damaged pending store. */
import { createHash } from 'node:crypto';
import { cpSync, readFileSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { listSegments } from '../../src/cdr/segments.ts';
import type { SegmentFile } from '../../src/cdr/segments.ts';
import { pause, runCommand } from '../support/daemon.ts';
import { freePort } from '../support/ports.ts';
import { Stage } from './stage.ts';

const stage = new Stage();
/** More than may wait to be settled (WAITING_MAX of shard/settle.ts), so the first segment is settled at the end. */
const ROUNDS = 7;
const MESSAGES_A_ROUND = 60;
/** Of messages that nobody has taken yet: some in the store, some in segments only. */
const ids: string[] = [];

/** The data directory as the killed daemon left it. */
const template = (): string => join(stage.path, 'template');

/** Its segment is the upper half of a message id. */
const segmentOf = (id: string): number => Number.parseInt(id.slice(0, 8), 16);

beforeAll(async () => {
  const port = await freePort();
  const ledger = { segment_age_s: 1, settle_age_s: 600, segment_bytes_max: 1_048_576 };
  await stage.serve({ ledger, smsc: [{ port, window: 500 }] }, false);
  const esme = await stage.esme();
  for (let round = 0; round < ROUNDS; round++) {
    ids.push(...(await esme.sendMany(MESSAGES_A_ROUND)));
    await pause(1_100);
  }
  const first = Math.min(...ids.map(segmentOf));
  await stage.daemon.untilMetric('segment_settled', (segment) => segment >= first);
  await stage.daemon.kill();
  cpSync(stage.site.dataDir, template(), { recursive: true });
  await stage.simulator({ port });
});
afterEach(async () => {
  if (stage.daemon.command.isRunning) await stage.daemon.kill();
});
afterAll(() => stage.clear());

/** Puts the data directory back as it was. */
function restore(): void {
  rmSync(stage.site.dataDir, { recursive: true });
  cpSync(template(), stage.site.dataDir, { recursive: true });
}

/** The last segment but one that has messages: sealed, and not settled yet. */
function sealedSegment(): SegmentFile {
  const numbers = [...new Set(ids.map(segmentOf))].toSorted((a, b) => a - b);
  const number = numbers.at(-2);
  const found = listSegments(stage.site.dataDir, 0).find(({ segment }) => segment === number);
  if (found === undefined) throw new Error(`no segment ${number} among ${numbers.join(' ')}`);
  return found;
}

/** Deterministic garbage: the same in every run. */
function garbage(bytes: number): Buffer {
  let state = 0x2545_f491;
  return Buffer.from(
    Array.from({ length: bytes }, () => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return state >>> 24;
    }),
  );
}

function overwrite(path: string, at: number, bytes: Buffer): void {
  const whole = readFileSync(path);
  bytes.copy(whole, at);
  writeFileSync(path, whole);
}

/** Wherever they are: which pages of the file are in use is not to be seen from outside. */
function overwriteMessages(path: string): void {
  const whole = readFileSync(path);
  const number = '962790000001';
  let count = 0;
  for (let at = whole.indexOf(number); at >= 0; at = whole.indexOf(number, at), count++) {
    garbage(number.length).copy(whole, at);
  }
  expect(count).toBeGreaterThan(0);
  writeFileSync(path, whole);
}

const DAMAGES: [string, (file: SegmentFile) => void][] = [
  ['cut to its half', ({ path, bytes }) => truncateSync(path, Math.floor(bytes / 2))],
  ['emptied', ({ path }) => truncateSync(path, 0)],
  ['all garbage', ({ path, bytes }) => writeFileSync(path, garbage(bytes))],
  ['garbage in place of both meta pages', ({ path }) => overwrite(path, 0, garbage(8192))],
  ['garbage behind both meta pages', ({ path, bytes }) => overwrite(path, 8192, garbage(bytes - 8192))],
  ['garbage in each of its messages', ({ path }) => overwriteMessages(path)],
  ['another kind of file', ({ path }) => writeFileSync(path, 'SQLite format 3\0'.padEnd(4096, '\0'))],
];

describe('a damaged segment is set aside as it is, and the others are recovered', () => {
  test.each(DAMAGES)('%s', async (_what, damage) => {
    restore();
    const file = sealedSegment();
    damage(file);
    const damaged = readFileSync(file.path);
    const lost = ids.filter((id) => segmentOf(id) === file.segment);
    // Not always a whole round: a slow commit may have part of it in the segment before.
    expect(lost.length).toBeGreaterThan(0);
    await stage.start();
    expect(stage.daemon.log).toContain('LEDGER SEGMENT DAMAGED');
    expect(stage.daemon.log).toContain(file.path);
    expect(await stage.daemon.metric('segments_quarantined')).toBe(1);
    const quarantine = join(stage.site.dataDir, 'shard-00', 'quarantine');
    const [name] = readdirSync(quarantine).filter((each) => each.endsWith('.mdb'));
    // To the byte: nothing was changed, nothing deleted.
    expect(readFileSync(join(quarantine, name)).equals(damaged)).toBe(true);
    expect(readdirSync(quarantine).filter((each) => each.endsWith('.reason'))).toHaveLength(1);

    const esme = await stage.esme();
    await esme.receiptsOf(ids.filter((id) => !lost.includes(id)));
    await esme.receipt(await esme.send());
    expect(esme.receipts.filter(({ id }) => lost.includes(id))).toEqual([]);
    // What is aside stays aside: the next start has nothing to say about it.
    await stage.daemon.kill();
    await stage.start();
    expect(stage.daemon.log).not.toContain('LEDGER SEGMENT DAMAGED');
  });
});

test('a segment that is settled already may be damaged: no message is lost', async () => {
  restore();
  const first = Math.min(...ids.map(segmentOf));
  const file = listSegments(stage.site.dataDir, 0).find(({ segment }) => segment === first) as SegmentFile;
  writeFileSync(file.path, garbage(file.bytes));
  await stage.start();
  const esme = await stage.esme();
  await esme.receiptsOf(ids);
});

/** Without its log, out of which SQLite would make it whole again. */
function destroyStore(path: string): void {
  writeFileSync(path, garbage(65_536));
  for (const suffix of ['-wal', '-shm']) rmSync(path + suffix, { force: true });
}

/** Digests of all files below a directory, but for those of the lock. */
function tree(directory: string): Map<string, string> {
  const files = new Map<string, string>();
  for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (!entry.isFile() || /\/(lock\.sqlite(-journal)?|daemon\.pid)$/.test(path)) continue;
    files.set(path, createHash('sha256').update(readFileSync(path)).digest('hex'));
  }
  return files;
}

describe('what can not be recovered from is refused in one line, and left as it is', () => {
  const FAULTS: [string, string, (path: string) => void][] = [
    ['the pending store is garbage', 'shard-00/pending.sqlite', destroyStore],
    ['names.json is no JSON', 'names.json', (path) => writeFileSync(path, '{"nodeId": "toll')],
    ['names.json is of another form', 'names.json', (path) => writeFileSync(path, '{"nodeId":"x"}')],
    ['the lock file is garbage', 'lock.sqlite', (path) => writeFileSync(path, garbage(8192))],
  ];

  test.each(FAULTS)('%s', async (_what, name, damage) => {
    restore();
    const path = join(stage.site.dataDir, name);
    damage(path);
    const before = tree(stage.site.dataDir);
    const { code, stderr } = await runCommand(['serve', '--config', stage.site.configPath]);
    const lines = stderr.trim().split('\n');
    expect(code).not.toBe(0);
    expect(lines.at(-1)).toContain(path);
    expect(lines, stderr).toHaveLength(1);
    expect(tree(stage.site.dataDir)).toEqual(before);
  });
});
