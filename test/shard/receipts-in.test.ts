import { beforeEach, expect, test, vi } from 'vitest';
import { DeliverReader, onDeliver } from '../../src/shard/receipts-in.ts';
import type { ShardState } from '../../src/shard/state.ts';
import type { OutboundBind } from '../../src/smpp/client.ts';
import { disk } from '../cdr/faulty-disk.ts';
import { npm } from '../daemon/esme.ts';
import { temporaryDirectory } from '../support/ledger.ts';
import { makeShard, openJournal } from './harness.ts';

vi.mock('../../src/cdr/lmdb.ts', async (original) => {
  const { withDisk } = await import('../cdr/faulty-disk.ts');
  return withDisk(await original());
});

const TICKET = 0;
const HELD_MS = 300;

/** deliver_sm as the npm package smpp writes it. */
function receiptPdu(sequence: number, id: string): Buffer {
  const text = `id:${id} sub:001 dlvrd:001 submit date:2601010000 done date:2601010000 stat:DELIVRD err:000 text:x`;
  return new npm.PDU('deliver_sm', {
    sequence_number: sequence,
    esm_class: 4,
    source_addr: '962790000001',
    destination_addr: 'Shop',
    short_message: text,
  }).toBuffer();
}

function run(answered: number[]): { shard: ShardState; bind: OutboundBind } {
  const dataDir = temporaryDirectory();
  const shard = makeShard(dataDir);
  const bind = {
    smsc: 0,
    ticket: () => TICKET,
    answerDeliver: (_ticket: number, sequence: number) => answered.push(sequence),
    flush: () => undefined,
    resume: () => undefined,
  } as unknown as OutboundBind;
  shard.binds.push(bind);
  shard.owned = [];
  openJournal(shard, () => undefined);
  return { shard, bind };
}

beforeEach(() => {
  disk.full = false;
  disk.putDelayMs = 0;
});

test('a receipt is answered when it is on disk and not before', async () => {
  const answered: number[] = [];
  const { shard, bind } = run(answered);
  disk.putDelayMs = HELD_MS;
  const pdu = receiptPdu(41, 'unknown-1');
  expect(onDeliver(shard, new DeliverReader(), bind, pdu, 0, pdu.length)).toBe(true);
  shard.journal.kick(shard.nowMs);
  expect(shard.journal.isCommitting()).toBe(true);
  await new Promise((resolve) => setTimeout(resolve, HELD_MS / 3));
  expect(answered).toEqual([]);
  await vi.waitFor(() => expect(answered).toEqual([41]));
});

test('a receipt whose commit failed is not answered, so the SMSC keeps it', async () => {
  const answered: number[] = [];
  const { shard, bind } = run(answered);
  disk.full = true;
  const pdu = receiptPdu(42, 'unknown-2');
  onDeliver(shard, new DeliverReader(), bind, pdu, 0, pdu.length);
  shard.journal.kick(shard.nowMs);
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(answered).toEqual([]);
  disk.full = false;
  shard.journal.retryFailed(shard.nowMs);
  await vi.waitFor(() => expect(answered).toEqual([42]));
});
