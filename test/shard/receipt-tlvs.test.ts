/** Vendor TLVs of an SMSC's receipt on their way to the client. */
import { describe, expect, test } from 'vitest';
import { SMSC_RECEIPT_TLVS_LEFT_OUT } from '../../src/core/ring/counters.ts';
import { onSecond } from '../../src/shard/housekeeping.ts';
import { matchParked } from '../../src/shard/parked.ts';
import { queueReceipt, serveDesks } from '../../src/shard/receipts-out.ts';
import { appendSent, forget } from '../../src/shard/events.ts';
import { loadRow, rowOf } from '../../src/shard/spill.ts';
import { KIND_RECEIPT } from '../../src/store/pending.ts';
import { SLOT_RECEIPT } from '../../src/core/message-table.ts';
import type { Smsc } from '../../src/shard/state.ts';
import { receiptTagsOf } from '../../src/smpp/receipt-tlvs.ts';
import { LongScene } from './long-scene.ts';
import { ReceiptScene } from './receipt-scene.ts';

const OURS = '1401000461626300';
const OTHERS = '149900020007';
const TAGS = [0x1401, 0x1402];

function scene(tags = TAGS): ReceiptScene {
  const made = new ReceiptScene();
  (made.shard.smscs[0] as Smsc).receiptTags = receiptTagsOf(tags, new Map());
  return made;
}

const textOf = (id: string, stat = 'DELIVRD') => ({ short_message: `id:${id} stat:${stat} err:000 text:x` });

/** [message, TLVs] of what was handed to the edge. */
const told = (one: ReceiptScene): [number, string][] => one.offered().map(({ idLow, tlvs }) => [idLow, tlvs]);

describe('those that the configuration names are handed on, others are not', () => {
  test.each([
    ['in a deliver_sm', 'deliver_sm', false],
    ['in a data_sm', 'data_sm', false],
    ['of a message in the store', 'deliver_sm', true],
  ])('%s', async (_where, command, stored) => {
    const one = scene();
    const [with_, without] = [one.sent('a', { stored }), one.sent('b', { stored })];
    const fields = command === 'data_sm' ? { message_payload: textOf('a').short_message } : textOf('a');
    const sequence = one.deliver(fields, command, 0, OTHERS + OURS + OTHERS);
    await one.commit();
    const plain = one.deliver(textOf('b'), 'deliver_sm', 0, OTHERS);
    await one.commit();
    expect([one.statusOf(sequence), one.statusOf(plain)]).toEqual([0, 0]);
    serveDesks(one.shard);
    expect(told(one)).toEqual([
      [with_, OURS],
      [without, ''],
    ]);
    const [event] = (await one.events(with_)).filter(({ type }) => type === 'RECEIPT');
    expect('tlvs' in event && event.tlvs.toString('hex')).toBe(OURS);
  });

  test('without any in the configuration nothing is', async () => {
    const one = scene([]);
    const id = one.sent('a');
    one.deliver(textOf('a'), 'deliver_sm', 0, OURS);
    await one.commit();
    serveDesks(one.shard);
    expect(told(one)).toEqual([[id, '']]);
  });

  test('the TLVs of one receipt are never those of the next, from whatever SMSC', async () => {
    const one = scene();
    const ids = [one.sent('a'), one.sent('b', { smsc: 1 }), one.sent('c')];
    one.deliver(textOf('a'), 'deliver_sm', 0, OURS);
    one.deliver(textOf('b'), 'deliver_sm', 1, OURS);
    one.deliver(textOf('c'), 'deliver_sm', 0);
    await one.commit();
    serveDesks(one.shard);
    expect(told(one)).toEqual([
      [ids[0], OURS],
      [ids[1], ''],
      [ids[2], ''],
    ]);
  });

  test('what is too long is left out and counted, for its SMSC', async () => {
    const one = scene();
    const id = one.sent('a');
    const long = Buffer.concat([Buffer.from('1402fff0', 'hex'), Buffer.alloc(0xfff0)]).toString('hex');
    const sequence = one.deliver(textOf('a'), 'deliver_sm', 0, long + OURS + long);
    await one.commit();
    serveDesks(one.shard);
    expect([one.statusOf(sequence), told(one)]).toEqual([0, [[id, OURS]]]);
    const counts = one.shard.smscs.map((smsc) => smsc?.cells[SMSC_RECEIPT_TLVS_LEFT_OUT]);
    expect(counts).toEqual([2, 0, 0]);
  });
});

describe('they wait with the receipt', () => {
  test('that overtook its submit_sm_resp', async () => {
    const one = scene();
    one.deliver(textOf('a'), 'deliver_sm', 0, OURS);
    one.deliver(textOf('b'), 'deliver_sm', 0, OTHERS);
    await one.commit();
    const events = (await one.events()).filter(({ type }) => type === 'PARKED');
    expect(events.map((event) => 'tlvs' in event && event.tlvs.toString('hex'))).toEqual([OURS, '']);
    const ids = [one.sent('a'), one.sent('b')];
    const { table } = one.shard;
    for (const id of ids) {
      const slot = table.idLow.indexOf(id);
      appendSent(one.shard, slot, 0);
      matchParked(one.shard, slot, 0);
    }
    await one.commit();
    serveDesks(one.shard);
    expect(told(one)).toEqual([
      [ids[0], OURS],
      [ids[1], ''],
    ]);
    const receipts = (await one.events()).filter(({ type }) => type === 'RECEIPT');
    expect(receipts.map((event) => 'tlvs' in event && event.tlvs.toString('hex'))).toEqual([OURS, '']);
  });

  test('in the store, and come back with it', async () => {
    const one = scene();
    one.shard.desks[0]?.window.fill(0);
    const id = one.sent('a');
    one.deliver(textOf('a'), 'deliver_sm', 0, OURS);
    await one.commit();
    const { shard } = one;
    const slot = shard.table.idLow.indexOf(id);
    const row = rowOf(shard, slot);
    forget(shard, slot);
    expect([row.kind, shard.table.receiptTlvs(slot)]).toEqual([KIND_RECEIPT, undefined]);
    // In the way of the old slot's successor.
    const again = loadRow(shard, row, SLOT_RECEIPT);
    shard.desks[0]?.window.fill(10);
    shard.desks[0]?.queue.shift();
    queueReceipt(shard, again);
    serveDesks(shard);
    expect(told(one)).toEqual([[id, OURS]]);
  });

  test('where memory is full: in the row that is changed', async () => {
    const one = scene();
    const id = one.sent('a', { stored: true });
    const taken = one.fillMemory();
    one.deliver(textOf('a'), 'deliver_sm', 0, OURS);
    await one.commit();
    for (const slot of taken) one.shard.table.release(slot);
    expect(one.shard.store.get(7, id)?.kind).toBe(KIND_RECEIPT);
    one.shard.deskWork.add(one.shard.desks[0] ?? expect.fail('no desk'));
    serveDesks(one.shard);
    expect(told(one)).toEqual([[id, OURS]]);
  });

  test.each([false, true])(
    'of an unknown state, until nothing follows any more; stored: %s',
    async (stored) => {
      const one = scene();
      const [unknown, known] = [one.sent('a', { stored }), one.sent('b', { stored })];
      for (const id of ['a', 'b']) one.deliver(textOf(id, 'RETIRED'), 'deliver_sm', 0, OURS);
      one.deliver(textOf('b'), 'deliver_sm', 0);
      await one.commit();
      one.shard.nowMs += one.shard.config.receipts.wait_s * 1000 + 1_000;
      one.shard.owned = one.shard.smscs.filter((smsc) => smsc !== undefined);
      onSecond(one.shard);
      one.shard.owned = [];
      await one.commit();
      serveDesks(one.shard);
      expect(told(one).toSorted(([a], [b]) => a - b)).toEqual([
        [unknown, OURS],
        [known, ''],
      ]);
    },
  );
});

test('an intermediate notification has its own', async () => {
  const one = scene();
  const id = one.sent('a', { registeredDelivery: 0x11 });
  one.deliver({ ...textOf('a', 'ENROUTE'), esm_class: 0x20 }, 'deliver_sm', 0, OURS);
  await one.commit();
  one.deliver(textOf('a'), 'deliver_sm', 0, OTHERS);
  await one.commit();
  serveDesks(one.shard);
  expect(told(one)).toEqual([
    [id, OURS],
    [id, ''],
  ]);
  const [event] = (await one.events(id)).filter(({ type }) => type === 'INTERMEDIATE');
  expect('tlvs' in event && event.tlvs.toString('hex')).toBe(OURS);
});

test('an acknowledgement has them behind the words of its recipient', async () => {
  const one = scene();
  const id = one.sent('a', { registeredDelivery: 0x09 });
  const ack = { esm_class: 0x10, short_message: 'Yes', receipted_message_id: 'a', user_response_code: 2 };
  one.deliver(ack, 'deliver_sm', 0, OURS);
  await one.commit();
  expect(one.offered()).toMatchObject([{ idLow: id, text: 'Yes', responseCode: 2, tlvs: OURS }]);
  const [event] = await one.events(id);
  expect(event).toMatchObject({ type: 'INTERMEDIATE', text: Buffer.from('Yes') });
  expect('tlvs' in event && event.tlvs.toString('hex')).toBe(OURS);
});

describe('of several parts that one receipt speaks for', () => {
  const THREE = { short_message: '', message_payload: Buffer.alloc(400, 0x61) };
  const tlvOf = (part: number): string => `140200010${part}`;

  test.each([
    ['all were delivered: those of the first', ['DELIVRD', 'DELIVRD', 'DELIVRD'], 2, 1],
    ['some failed: those of the first that did', ['DELIVRD', 'UNDELIV', 'EXPIRED'], 5, 2],
  ] as const)('%s, after a crash too', async (_which, stats, state, from) => {
    for (const crashes of [false, true]) {
      const one = await LongScene.open({ tags: TAGS });
      const sequence = one.submit(THREE);
      await one.commit();
      await one.answerAll(({ octets }) => `x${octets[5]}`);
      for (const part of [3, 1, 2]) {
        one.report(`x${part}`, stats[part - 1], '000', tlvOf(part));
        await one.commit();
        if (crashes && part !== 2) await one.crash();
      }
      expect(one.told).toMatchObject([{ id: one.idOf(sequence), state, tlvs: tlvOf(from) }]);
      const receipts = (await one.events()).filter((event) => event.type === 'RECEIPT');
      expect(receipts.map(({ tlvs }) => tlvs.toString('hex'))).toEqual([
        tlvOf(3),
        tlvOf(1),
        tlvOf(2),
        tlvOf(from),
      ]);
    }
  });

  test('parts of the client that were joined: each has those of the whole', async () => {
    const one = await LongScene.open({ tags: TAGS, smsc: { long_messages: 'payload' } });
    const sequences = [1, 2].map((part) => one.piece(9, part, 2, `part ${part}`));
    await one.commit();
    await one.answerAll(() => 'x');
    one.report('x', 'DELIVRD', '000', OURS + OTHERS);
    await one.commit();
    const ids = sequences.map((sequence) => one.idOf(sequence));
    expect(one.told).toHaveLength(2);
    expect(new Map(one.told.map(({ id, tlvs }) => [id, tlvs]))).toEqual(new Map(ids.map((id) => [id, OURS])));
  });

  test('parts of the client that passed as they came: each has its own', async () => {
    const one = await LongScene.open({ tags: TAGS });
    const sequences = [1, 2].map((part) => one.piece(9, part, 2, `part ${part}`));
    await one.commit();
    await one.answerAll(({ octets }) => `x${octets[5]}`);
    for (const part of [2, 1]) one.report(`x${part}`, 'DELIVRD', '000', part === 1 ? tlvOf(1) : OTHERS);
    await one.commit();
    const byId = new Map(one.told.map(({ id, tlvs }) => [id, tlvs]));
    expect(sequences.map((sequence) => byId.get(one.idOf(sequence)))).toEqual([tlvOf(1), undefined]);
  });
});
