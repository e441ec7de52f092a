import * as fs from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  listSegments,
  listShards,
  quarantineSegment,
  removeSegment,
  segmentPath,
  shardDirectory,
} from '../../src/cdr/segments.ts';
import { temporaryDirectory } from '../support/ledger.ts';

function write(dataDir: string, shard: number, segment: number, text: string): void {
  fs.mkdirSync(shardDirectory(dataDir, shard), { recursive: true });
  fs.writeFileSync(segmentPath(dataDir, shard, segment), text);
  fs.writeFileSync(`${segmentPath(dataDir, shard, segment)}-lock`, '');
}

test('paths are shard-NN and eight hexadecimal digits', () => {
  expect(segmentPath('/d', 3, 0x3a1b2c)).toBe('/d/shard-03/003a1b2c.mdb');
  expect(segmentPath('/d', 15, 0xffff_ffff)).toBe('/d/shard-15/ffffffff.mdb');
});

test('segments are listed by number, and nothing else is taken for one', () => {
  const dataDir = temporaryDirectory();
  write(dataDir, 0, 0x100, 'bbb');
  write(dataDir, 0, 0xff, 'aa');
  fs.writeFileSync(join(shardDirectory(dataDir, 0), 'pending.sqlite'), '');
  fs.writeFileSync(join(shardDirectory(dataDir, 0), '0000ff.mdb'), '');
  expect(listSegments(dataDir, 0).map(({ segment, bytes }) => [segment, bytes])).toEqual([
    [0xff, 2],
    [0x100, 3],
  ]);
  expect(listSegments(dataDir, 1)).toEqual([]);
  expect(listShards(dataDir)).toEqual([0]);
  expect(listShards(join(dataDir, 'none'))).toEqual([]);
});

test('quarantine keeps the bytes, the lock and a reason, and never overwrites an earlier one', () => {
  const dataDir = temporaryDirectory();
  write(dataDir, 2, 0xab, 'first');
  const first = quarantineSegment(dataDir, 2, 0xab, 'block 7: checksum does not match');
  write(dataDir, 2, 0xab, 'second');
  const second = quarantineSegment(dataDir, 2, 0xab, 'again');
  expect(first).toBe(join(shardDirectory(dataDir, 2), 'quarantine', '000000ab.mdb'));
  expect(fs.readFileSync(first, 'utf8')).toBe('first');
  expect(fs.existsSync(`${first}-lock`)).toBe(true);
  expect(fs.readFileSync(first.replace('.mdb', '.reason'), 'utf8')).toBe(
    'block 7: checksum does not match\n',
  );
  expect(second).not.toBe(first);
  expect(fs.readFileSync(second, 'utf8')).toBe('second');
  expect(fs.readFileSync(second.replace('.mdb', '.reason'), 'utf8')).toBe('again\n');
  expect(listSegments(dataDir, 2)).toEqual([]);
});

test('removing takes the lock too, and twice is fine', () => {
  const dataDir = temporaryDirectory();
  write(dataDir, 0, 1, 'x');
  removeSegment(dataDir, 0, 1);
  removeSegment(dataDir, 0, 1);
  expect(fs.readdirSync(shardDirectory(dataDir, 0))).toEqual([]);
});
