import { expect, test } from 'vitest';
import { ERR_AT, SLOT_AWAITING, TEXT_BYTES } from '../../src/core/message-table.ts';
import { appendOrphaned, appendParked, appendReceipt } from '../../src/shard/events.ts';
import type { ParkedReceipt } from '../../src/shard/parking.ts';
import type { ShardState } from '../../src/shard/state.ts';
import { temporaryDirectory } from '../support/ledger.ts';
import { makeShard, openJournal } from './harness.ts';

const TLVS = Buffer.from('1401000461626300' + '140200010f', 'hex');

/** What `append` adds to the journal's memory: the whole event, padding left out. */
function appended(shard: ShardState, append: () => void): Buffer {
  const { journal } = shard;
  const before = journal.filling.bytes;
  // An event of a header only tells where the next one begins.
  const at = journal.reserve(0, 24) + 24;
  append();
  const bytes = journal.bytes.u8;
  const length = bytes.readUInt32LE(at);
  expect(journal.filling.bytes).toBe(before + 24 + Math.ceil(length / 8) * 8);
  return Buffer.from(bytes.subarray(at, at + length));
}

function openShard(): ShardState {
  const shard = makeShard(temporaryDirectory(), 16);
  openJournal(shard);
  return shard;
}

test('RECEIPT ends with the TLVs of the receipt, and without them is 48 octets as ever', () => {
  const shard = openShard();
  const { table } = shard;
  const slot = table.allocate();
  table.state[slot] = SLOT_AWAITING;
  table.idHigh[slot] = 0x0a;
  table.idLow[slot] = 0xdead_beef;
  table.finalState[slot] = 5;
  table.doneMs[slot] = 1_716_500_000_000;
  table.networkErrorType[slot] = 3;
  table.networkErrorCode[slot] = 27;
  table.errLength[slot] = table.text.write('027', slot * TEXT_BYTES + ERR_AT, 'latin1');
  const done = Buffer.alloc(8);
  done.writeDoubleLE(1_716_500_000_000);
  const now = Buffer.alloc(8);
  now.writeDoubleLE(shard.nowMs);
  // RECEIPT (4), state 5, SMSC 1; id; time; done date; err of 3; command_status; network type 3 plus 1, its code.
  const drawn = (length: string): string =>
    `${length}000000` +
    '04050100' +
    'efbeadde0a000000' +
    now.toString('hex') +
    done.toString('hex') +
    '0330323700000000' +
    '00000000' +
    '04001b00';
  const plain = appended(shard, () => appendReceipt(shard, slot, 1));
  expect(plain.toString('hex')).toBe(drawn('30'));
  table.keepReceiptTlvs(slot, TLVS);
  const whole = appended(shard, () => appendReceipt(shard, slot, 1));
  expect(whole.toString('hex')).toBe(drawn('3d') + TLVS.toString('hex'));
});

test('PARKED and ORPHANED end with them, behind the id', () => {
  const shard = openShard();
  const receipt = (tlvs: Buffer | undefined): ParkedReceipt => ({
    smsc: 1,
    smscId: '7f1',
    state: 2,
    doneMs: 1_716_500_000_000,
    err: '000',
    networkErrorType: 255,
    networkErrorCode: 0,
    tlvs,
    way: undefined,
    parkedMs: shard.nowMs,
    segment: 1,
  });
  for (const append of [appendParked, appendOrphaned]) {
    const plain = appended(shard, () => append(shard, receipt(undefined)));
    expect([plain.length, plain.toString('latin1', 44)]).toEqual([47, '7f1']);
    const whole = appended(shard, () => append(shard, receipt(TLVS)));
    expect([whole.length, whole[40], whole.toString('hex', 44)]).toEqual([
      60,
      3,
      `376631${TLVS.toString('hex')}`,
    ]);
  }
});
