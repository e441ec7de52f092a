/**
 * A block: what one group commit writes as one LMDB value.
 *
 *  0        4        8         12     16       20     22     24      28      32
 *  +--------+--------+---------+------+--------+------+------+-------+-------+------------------------
 *  | magic  | crc32  | length  | key  |segment | shard| flags| events| 0     | events, each 8-aligned
 *  | u32    | u32    | u32     | u32  | u32    | u16  | u16  | u32   |       | (core/records.ts)
 *  +--------+--------+---------+------+--------+------+------+-------+-------+------------------------
 *
 * crc32 covers bytes 8..length, so also the key and the segment: a block can not pass for another one.
 * LMDB has no checksums of its own; one flipped bit would otherwise be sent to a subscriber as a wrong text.
 *
 * The last block of a sealed segment is the footer (BLOCK_FLAG_FOOTER), with no events but a payload:
 *  32 u32 blocks before it  36 u32 events in them  40 u32 highest message index (0xffffffff: none)
 *  44 u32 lowest message index
 */
import { crc32 } from 'node:zlib';

export const BLOCK_MAGIC = 0x3142_4754; // 'TGB1'
export const BLOCK_CRC = 4;
export const BLOCK_LENGTH = 8;
export const BLOCK_KEY = 12;
export const BLOCK_SEGMENT = 16;
export const BLOCK_SHARD = 20;
export const BLOCK_FLAGS = 22;
export const BLOCK_EVENTS = 24;
export const BLOCK_HEADER_BYTES = 32;
export const BLOCK_FLAG_FOOTER = 1;
export const FOOTER_BLOCKS = 32;
export const FOOTER_EVENTS = 36;
export const FOOTER_INDEX = 40;
export const FOOTER_INDEX_FIRST = 44;
/** A footer's highest message index where no message was accepted. */
export const NO_INDEX = 0xffff_ffff;
export const FOOTER_BYTES = 48;

export interface BlockIdentity {
  key: number;
  segment: number;
  shard: number;
  flags: number;
  events: number;
}

/** Fills in the header of a block of `length` bytes and seals it with its checksum. */
export function finishBlock(block: Buffer, length: number, identity: BlockIdentity): void {
  block.writeUInt32LE(BLOCK_MAGIC, 0);
  block.writeUInt32LE(length, BLOCK_LENGTH);
  block.writeUInt32LE(identity.key, BLOCK_KEY);
  block.writeUInt32LE(identity.segment, BLOCK_SEGMENT);
  block.writeUInt16LE(identity.shard, BLOCK_SHARD);
  block.writeUInt16LE(identity.flags, BLOCK_FLAGS);
  block.writeUInt32LE(identity.events, BLOCK_EVENTS);
  block.writeUInt32LE(0, BLOCK_EVENTS + 4);
  block.writeUInt32LE(crc32(block.subarray(BLOCK_LENGTH, length)), BLOCK_CRC);
}

/** What is wrong with a block that was read under `key` of `segment` of `shard`; undefined when it is sound. */
export function blockFault(block: Buffer, key: number, segment: number, shard: number): string | undefined {
  if (block.length < BLOCK_HEADER_BYTES)
    return `block ${key}: ${block.length} bytes, shorter than its header`;
  if (block.readUInt32LE(0) !== BLOCK_MAGIC) return `block ${key}: no block magic`;
  if (block.readUInt32LE(BLOCK_LENGTH) !== block.length) return `block ${key}: length field does not match`;
  if (crc32(block.subarray(BLOCK_LENGTH)) !== block.readUInt32LE(BLOCK_CRC)) {
    return `block ${key}: checksum does not match`;
  }
  if (block.readUInt32LE(BLOCK_KEY) !== key)
    return `block ${key}: written for key ${block.readUInt32LE(BLOCK_KEY)}`;
  if (block.readUInt32LE(BLOCK_SEGMENT) !== segment) return `block ${key}: belongs to another segment`;
  if (block.readUInt16LE(BLOCK_SHARD) !== shard) return `block ${key}: belongs to another shard`;
  return undefined;
}
