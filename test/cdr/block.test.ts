import { expect, test } from 'vitest';
import { BLOCK_HEADER_BYTES, blockFault, finishBlock } from '../../src/cdr/block.ts';

const DRAWN =
  '54474231' + // magic 0x31424754, little-endian
  '395d683a' + // crc32 of what is behind it, computed with Python's zlib
  '28000000' + // length 40
  '07000000' + // key 7
  '0a000000' + // segment 10
  '0300' + // shard 3
  '0000' + // flags
  '01000000' + // one event
  '00000000' +
  '1122334455667788';

function drawn(): Buffer {
  return Buffer.from(DRAWN, 'hex');
}

test('a finished block has the drawn bytes', () => {
  const block = Buffer.concat([Buffer.alloc(BLOCK_HEADER_BYTES), Buffer.from('1122334455667788', 'hex')]);
  finishBlock(block, 40, { key: 7, segment: 10, shard: 3, flags: 0, events: 1 });
  expect(block.toString('hex')).toBe(DRAWN);
});

test('a block is faulty under another key, segment, shard or length', () => {
  const block = drawn();
  expect(blockFault(block, 7, 10, 3)).toBeUndefined();
  expect(blockFault(block, 8, 10, 3)).toContain('written for key 7');
  expect(blockFault(block, 7, 11, 3)).toContain('another segment');
  expect(blockFault(block, 7, 10, 4)).toContain('another shard');
  expect(blockFault(block.subarray(0, 39), 7, 10, 3)).toContain('length');
  expect(blockFault(block.subarray(0, 31), 7, 10, 3)).toContain('shorter');
});

test('every single flipped bit is found', () => {
  expect(blockFault(drawn(), 7, 10, 3)).toBeUndefined();
  for (let bit = 0; bit < 40 * 8; bit++) {
    const block = drawn();
    block[bit >> 3] ^= 1 << (bit & 7);
    expect(blockFault(block, 7, 10, 3), `bit ${bit}`).toBeDefined();
  }
});
