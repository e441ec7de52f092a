/**
 * The process that maps segments nobody has looked at yet: a damaged page can end it with SIGABRT, SIGBUS or
 * SIGSEGV, and then its parent lives on and knows which segment it was. Started by verify.ts only.
 *
 * stdin: a JSON array of VerifyJob. stdout: for each job a line `{"start":n}` and then a line with its
 * result, each written synchronously, so that no finished result is lost in the buffers of a process that
 * dies.
 */
import { readFileSync, statSync, writeSync } from 'node:fs';
import { indexOf } from '../core/message-id.ts';
import * as records from '../core/records.ts';
import {
  BLOCK_EVENTS,
  BLOCK_FLAG_FOOTER,
  BLOCK_FLAGS,
  BLOCK_HEADER_BYTES,
  FOOTER_BLOCKS,
  FOOTER_BYTES,
  FOOTER_EVENTS,
  FOOTER_INDEX,
  FOOTER_INDEX_FIRST,
  NO_INDEX,
  blockFault,
} from './block.ts';
import { eventFault } from './decode.ts';
import { openSegmentReader } from './lmdb.ts';
import type { SegmentReader } from './lmdb.ts';
import { emptyResult } from './verify.ts';
import type { VerifyJob, VerifyResult } from './verify.ts';

async function check(job: VerifyJob): Promise<VerifyResult> {
  const result = emptyResult(job);
  let reader: SegmentReader;
  try {
    reader = openSegmentReader(job.path);
    result.bytes = statSync(job.path).size;
  } catch (error) {
    return { ...result, ok: false, fault: `it can not be opened: ${messageOf(error)}` };
  }
  try {
    const blocksMin = reader.blockCount();
    for (const block of reader.blocks(1)) {
      const fault = checkBlock(block.bytes, block.key, job, result);
      if (fault !== undefined) return { ...result, ok: false, fault };
    }
    // A truncated file can end an iteration early without any error.
    if (result.lastKey < blocksMin) {
      return {
        ...result,
        ok: false,
        fault: `${blocksMin} blocks are counted, but ${result.lastKey} are found`,
      };
    }
  } catch (error) {
    return { ...result, ok: false, fault: messageOf(error) };
  } finally {
    await reader.close();
  }
  return result;
}

/** Adds a block to the result, or returns its fault. */
function checkBlock(block: Buffer, key: number, job: VerifyJob, result: VerifyResult): string | undefined {
  if (result.sealed) return `block ${key} comes after the footer`;
  const fault = blockFault(block, key, job.segment, job.shard);
  if (fault !== undefined) return fault;
  result.lastKey = key;
  if ((block.readUInt16LE(BLOCK_FLAGS) & BLOCK_FLAG_FOOTER) !== 0) return checkFooter(block, result);
  result.blocks++;
  let events = 0;
  for (let at = BLOCK_HEADER_BYTES; at < block.length; events++) {
    const wrong = eventFault(block, at);
    if (wrong !== undefined) return `block ${key}, event ${events} at byte ${at}: ${wrong}`;
    const timeMs = block.readDoubleLE(at + records.RECORD_TIME);
    if (result.openedMs === 0) result.openedMs = timeMs;
    const isOurs = block.readUInt32LE(at + records.RECORD_ID_HIGH) === job.segment;
    if (block[at + records.RECORD_TYPE] === records.ACCEPTED && isOurs) {
      const index = indexOf(block.readUInt32LE(at + records.RECORD_ID_LOW));
      result.indexMax = Math.max(result.indexMax, index);
      if (result.indexFirst < 0 || index < result.indexFirst) result.indexFirst = index;
    }
    at += records.align8(block.readUInt32LE(at));
  }
  result.events += events;
  const counted = block.readUInt32LE(BLOCK_EVENTS);
  return events === counted
    ? undefined
    : `block ${key}: ${counted} events are counted, but ${events} are found`;
}

function checkFooter(block: Buffer, result: VerifyResult): string | undefined {
  if (block.length < FOOTER_BYTES) return 'the footer is cut off';
  result.sealed = true;
  const blocks = block.readUInt32LE(FOOTER_BLOCKS);
  const events = block.readUInt32LE(FOOTER_EVENTS);
  const index = block.readUInt32LE(FOOTER_INDEX);
  if (blocks !== result.blocks) return `the footer counts ${blocks} blocks, but there are ${result.blocks}`;
  if (events !== result.events) return `the footer counts ${events} events, but there are ${result.events}`;
  // Indexes of messages whose commit failed were given out but not stored, so the footer may be ahead.
  const indexMax = index === NO_INDEX ? -1 : index;
  if (indexMax < result.indexMax)
    return `the footer ends at index ${indexMax}, the messages at ${result.indexMax}`;
  const indexFirst = index === NO_INDEX ? -1 : block.readUInt32LE(FOOTER_INDEX_FIRST);
  if (indexFirst > result.indexFirst && result.indexFirst >= 0) {
    return `the footer begins at index ${indexFirst}, the messages at ${result.indexFirst}`;
  }
  result.indexFirst = indexFirst;
  result.indexMax = indexMax;
  return undefined;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

const jobs = JSON.parse(readFileSync(0, 'utf8')) as VerifyJob[];
for (let i = 0; i < jobs.length; i++) {
  writeSync(1, `${JSON.stringify({ start: i })}\n`);
  writeSync(1, `${JSON.stringify(await check(jobs[i]))}\n`);
}
