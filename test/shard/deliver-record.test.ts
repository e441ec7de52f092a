import { expect, test } from 'vitest';
import {
  DEST_AT,
  NO_NETWORK_ERROR,
  SLOT_RECEIPT,
  SOURCE_AT,
  TEXT_AT,
  TEXT_BYTES,
} from '../../src/core/message-table.ts';
import { createMesh, edgeEnds, shardEnds } from '../../src/core/ring/mesh.ts';
import { RING_FULL } from '../../src/core/ring/ring.ts';
import { writeDeliver } from '../../src/shard/deliver-record.ts';
import type { ShardState } from '../../src/shard/state.ts';
import { temporaryDirectory } from '../support/ledger.ts';
import { makeShard } from './harness.ts';

const TLVS = Buffer.from('1401000461626300' + '140200010f', 'hex');

function slotWithReceipt(shard: ShardState): number {
  const { table } = shard;
  const slot = table.allocate();
  const base = slot * TEXT_BYTES;
  table.state[slot] = SLOT_RECEIPT;
  table.networkErrorType[slot] = NO_NETWORK_ERROR;
  table.sourceLength[slot] = table.text.write('\u0005\0Shop\0', base + SOURCE_AT, 'latin1');
  table.destLength[slot] = table.text.write('\u0001\u0001447700900123\0', base + DEST_AT, 'latin1');
  table.textLength[slot] = table.text.write('hello', base + TEXT_AT, 'latin1');
  return slot;
}

/** Records that the shard writes, as the edge reads them. */
function written(tlvs: readonly (Buffer | undefined)[]): Buffer[] {
  const shard = makeShard(temporaryDirectory(), 16);
  const mesh = createMesh(1, 1, 1 << 16);
  const ring = shardEnds(mesh, 0).writers[0];
  const slot = slotWithReceipt(shard);
  for (const each of tlvs) {
    const textAt = slot * TEXT_BYTES + TEXT_AT;
    expect(writeDeliver(shard, ring, slot, shard.table.text, textAt, 5, each)).not.toBe(RING_FULL);
    ring.commit();
  }
  ring.publish();
  const read: Buffer[] = [];
  edgeEnds(mesh, 0).readers[0].read((bytes, at, length) => {
    read.push(Buffer.from(bytes.u8.subarray(at, at + length)));
    return true;
  }, 100);
  return read;
}

test('a record ends with the text; the TLVs of the SMSC, where there are any, come behind it', () => {
  const [plain, whole, last] = written([undefined, TLVS, undefined]);
  // 68 octets, source 7, destination 15, text 5.
  expect([plain.length, plain.toString('latin1', 68)]).toEqual([
    95,
    '\u0005\0Shop\0\u0001\u0001447700900123\0hello',
  ]);
  expect(whole.readUInt32LE(0)).toBe(95 + TLVS.length);
  expect(whole.toString('hex', 95)).toBe(TLVS.toString('hex'));
  expect(whole.subarray(4, 95)).toEqual(plain.subarray(4));
  expect(last).toEqual(plain);
});

test('where they do not fit any more the ring is full, and nothing was written', () => {
  const shard = makeShard(temporaryDirectory(), 16);
  const ring = shardEnds(createMesh(1, 1, 1 << 12), 0).writers[0];
  const slot = slotWithReceipt(shard);
  const lend = (tlvs: Buffer | undefined): number =>
    writeDeliver(shard, ring, slot, shard.table.text, slot * TEXT_BYTES + TEXT_AT, 5, tlvs);
  const largest = Buffer.alloc(255, 0x14);
  while (ring.freeBytes() >= 96 + 256) {
    expect(lend(largest)).not.toBe(RING_FULL);
    ring.commit();
  }
  const free = ring.freeBytes();
  expect([free >= 96, lend(largest), ring.freeBytes()]).toEqual([true, RING_FULL, free]);
  expect(lend(undefined)).not.toBe(RING_FULL);
});
