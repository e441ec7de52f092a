import * as fs from 'node:fs';
import { expect, test } from 'vitest';
import { createSegment } from '../../src/cdr/lmdb.ts';
import { segmentPath } from '../../src/cdr/segments.ts';
import { verifySegments } from '../../src/cdr/verify.ts';
import {
  accepted,
  block,
  buildSegment,
  final,
  footer,
  names,
  sent,
  temporaryDirectory,
} from '../support/ledger.ts';

const TIMEOUT_MS = 20_000;

/** 40 blocks of some 50 kB, so that there are pages of every kind to damage. */
async function largeSegment(dataDir: string, segment: number): Promise<string> {
  const blocks = [[names()]];
  for (let i = 0; i < 40; i++) {
    const events: Buffer[] = [];
    for (let j = 0; j < 200; j++) events.push(accepted({ idHigh: segment, idLow: i * 200 + j }));
    blocks.push(events);
  }
  return buildSegment(dataDir, 0, segment, blocks, { sealedAt: 7_999 });
}

test('what a sound segment holds is counted', async () => {
  const dataDir = temporaryDirectory();
  const open = await buildSegment(dataDir, 1, 5, [
    [names()],
    [accepted({ idHigh: 5, idLow: (1 << 26) | 3 }), sent({ idHigh: 5, idLow: (1 << 26) | 3 })],
  ]);
  const sealed = await largeSegment(dataDir, 6);
  const empty = await buildSegment(dataDir, 0, 7, []);
  const results = await verifySegments(
    [
      { path: open, segment: 5, shard: 1 },
      { path: sealed, segment: 6, shard: 0 },
      { path: empty, segment: 7, shard: 0 },
    ],
    TIMEOUT_MS,
  );
  expect(results).toMatchObject([
    { ok: true, sealed: false, blocks: 2, events: 3, lastKey: 2, indexFirst: 3, indexMax: 3 },
    { ok: true, sealed: true, blocks: 41, events: 8_001, lastKey: 42, indexFirst: 0, indexMax: 7_999 },
    { ok: true, sealed: false, blocks: 0, events: 0, lastKey: 0, indexFirst: -1, indexMax: -1 },
  ]);
});

test('damaged segments are faulty with a reason, and those around them are verified', async () => {
  const dataDir = temporaryDirectory();
  const good = await largeSegment(dataDir, 1);
  const damages: [string, (bytes: Buffer) => Buffer][] = [
    ['flipped bit', (bytes) => ((bytes[bytes.indexOf('962790000001', 600_000) + 4] ^= 4), bytes)],
    ['truncated', (bytes) => bytes.subarray(0, bytes.length / 2)],
    ['zeroed pages', (bytes) => bytes.fill(0, 8_192)],
    ['random meta pages', (bytes) => bytes.fill(0xa7, 0, 8_192)],
    ['random everywhere', (bytes) => bytes.fill(0x5c, 16)],
    ['no bytes of LMDB', () => Buffer.from('this is no ledger')],
  ];
  const jobs = [{ path: good, segment: 1, shard: 0 }];
  for (const [i, [, damage]] of damages.entries()) {
    const path = segmentPath(dataDir, 0, 100 + i);
    fs.writeFileSync(path, damage(fs.readFileSync(good)));
    jobs.push({ path, segment: 1, shard: 0 }, { path: good, segment: 1, shard: 0 });
  }
  const results = await verifySegments(jobs, TIMEOUT_MS);
  expect(results.map(({ path }) => path)).toEqual(jobs.map(({ path }) => path));
  for (const [i, result] of results.entries()) {
    const name = i % 2 === 0 ? 'the good one' : damages[(i - 1) / 2][0];
    expect(result.ok, `${name}: ${result.fault}`).toBe(i % 2 === 0);
    if (!result.ok) expect(result.fault, name).toMatch(/\w{4}/);
  }
}, 60_000);

test('a flipped bit is named with its block', async () => {
  const dataDir = temporaryDirectory();
  const path = await largeSegment(dataDir, 1);
  const bytes = fs.readFileSync(path);
  bytes[bytes.indexOf('hello', 600_000)] ^= 1;
  fs.writeFileSync(path, bytes);
  const [result] = await verifySegments([{ path, segment: 1, shard: 0 }], TIMEOUT_MS);
  expect(result.fault).toMatch(/^block \d+: checksum does not match$/);
});

test('a segment that is not what its name says, or does not add up, is faulty', async () => {
  const dataDir = temporaryDirectory();
  const write = async (segment: number, blocks: readonly Buffer[]): Promise<string> => {
    const writer = createSegment(segmentPath(dataDir, 0, segment), { unsafe: false });
    for (const [i, bytes] of blocks.entries()) await writer.put(i + 1, bytes);
    await writer.close();
    return segmentPath(dataDir, 0, segment);
  };
  const one = block(1, 9, 0, [final()]);
  const faults = [
    [await write(1, [one]), 'another segment'],
    [await write(2, [block(1, 2, 3, [final()])]), 'another shard'],
    [await write(3, [block(1, 3, 0, [final()]), footer(2, 3, 0, 2, -1)]), 'counts 2 events, but there are 1'],
    [await write(4, [footer(1, 4, 0, 0, -1), block(2, 4, 0, [final()])]), 'comes after the footer'],
    [await write(5, [block(1, 5, 0, [final().fill(99, 4, 5)])]), 'type 99'],
    [
      await write(6, [block(1, 6, 0, [accepted({ idHigh: 6, idLow: 8 })]), footer(2, 6, 0, 1, 7)]),
      'the footer ends at index 7, the messages at 8',
    ],
    [
      await write(7, [block(1, 7, 0, [accepted({ idHigh: 7, idLow: 8 })]), footer(2, 7, 0, 1, 9, 9)]),
      'the footer begins at index 9, the messages at 8',
    ],
  ] as const;
  const jobs = faults.map(([path], i) => ({ path, segment: i + 1, shard: 0 }));
  const results = await verifySegments(jobs, TIMEOUT_MS);
  for (const [i, [, fault]] of faults.entries()) expect(results[i].fault).toContain(fault);
});

test('a segment that takes too long is faulty, and the next one is verified', async () => {
  const dataDir = temporaryDirectory();
  const good = await buildSegment(dataDir, 0, 1, [[names()]]);
  // A fifo blocks whoever opens it.
  const fifo = segmentPath(dataDir, 0, 2);
  const { spawnSync } = await import('node:child_process');
  spawnSync('mkfifo', [fifo]);
  const jobs = [
    { path: fifo, segment: 2, shard: 0 },
    { path: good, segment: 1, shard: 0 },
  ];
  const results = await verifySegments(jobs, 10_000);
  expect(results.map(({ ok }) => ok)).toEqual([false, true]);
}, 30_000);

test('nothing to verify', async () => {
  expect(await verifySegments([], TIMEOUT_MS)).toEqual([]);
});
