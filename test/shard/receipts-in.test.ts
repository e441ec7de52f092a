import { beforeEach, expect, test, vi } from 'vitest';
import { DeliverReader, onDeliver } from '../../src/shard/receipts-in.ts';
import type { ShardState, Smsc } from '../../src/shard/state.ts';
import type { OutboundBind } from '../../src/smpp/client.ts';
import { receiptTagsOf } from '../../src/smpp/receipt-tlvs.ts';
import { disk } from '../cdr/faulty-disk.ts';
import { npm } from '../daemon/esme.ts';
import { seeded } from '../core/random.ts';
import { temporaryDirectory } from '../support/ledger.ts';
import { vectors } from '../support/vectors.ts';
import { makeShard, openJournal } from './harness.ts';
import { ReceiptScene } from './receipt-scene.ts';

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
    faults: { add: () => undefined },
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
  await vi.waitFor(() => expect(answered).toEqual([41]), 15_000);
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
  await vi.waitFor(() => expect(answered).toEqual([42]), 15_000);
});

test('whatever an SMSC sends, in a whole PDU, is answered once and ends no message that it does not name', async () => {
  const random = seeded(7_506);
  const scene = new ReceiptScene();
  // The vectors have them.
  (scene.shard.smscs[0] as Smsc).receiptTags = receiptTagsOf([0x1454, 0x1418, 0x1403], new Map());
  const bodies = vectors
    .filter(({ valid, fields }) => valid && ['deliver_sm', 'data_sm'].includes(fields.command))
    .map(({ bytes }) => bytes);
  expect(bodies.length).toBeGreaterThan(12);
  const bystander = scene.sent('a-name-that-no-mutation-makes', { registeredDelivery: 0x1d });
  const named = ['0123456789', 'ABC123', 'D-42', '77'].map((id) =>
    scene.sent(id, { registeredDelivery: 0x1d }),
  );
  for (let round = 0; round < 12_000; round++) {
    const pdu = Buffer.from(random.pick(bodies));
    for (let count = random.below(4); count > 0; count--) {
      const at = 16 + random.below(pdu.length - 16);
      pdu[at] = random.pick([0, 0xff, random.below(256), pdu[at] ^ (1 << random.below(8))]);
    }
    const cut = random.below(10) === 0 ? pdu.subarray(0, 16 + random.below(pdu.length - 16)) : pdu;
    cut.writeUInt32BE(round + 1, 12);
    const why = `seed ${random.seed}, round ${round}: ${cut.toString('hex')}`;
    // In the middle of a buffer whose other bytes must not matter.
    const chunk = Buffer.concat([
      Buffer.alloc(7, 0xee),
      cut,
      Buffer.from('id:a-name-that-no-mutation-makes stat:DELIVRD'),
    ]);
    expect(
      () => onDeliver(scene.shard, scene.reader, scene.binds[0], chunk, 7, 7 + cut.length),
      why,
    ).not.toThrow();
    if (round % 1000 === 999) await scene.commit();
  }
  await scene.commit();
  const sequences = scene.answered.map(([sequence]) => sequence).sort((a, b) => a - b);
  expect(sequences, `seed ${random.seed}`).toEqual(Array.from({ length: 12_000 }, (_, index) => index + 1));
  expect(await scene.story(bystander), `seed ${random.seed}`).toEqual([]);
  for (const id of named) {
    const story = await scene.story(id);
    expect(story.filter((type) => type.startsWith('RECEIPT')).length, `seed ${random.seed}`).toBe(1);
  }
});
