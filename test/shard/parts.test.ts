import { describe, expect, test } from 'vitest';
import { SLOT_AWAITING } from '../../src/core/message-table.ts';
import { makeRoom } from '../../src/shard/spill.ts';
import { KIND_AWAITING, KIND_FOLLOWER, KIND_PART } from '../../src/store/pending.ts';
import { rowOf } from '../../src/shard/spill.ts';
import { forget } from '../../src/shard/events.ts';
import { takeSlots } from './harness.ts';
import { LongScene } from './long-scene.ts';
import type { LongOptions } from './long-scene.ts';

const THREE = { short_message: '', message_payload: Buffer.alloc(400, 0x61) };

async function sentThree(scene: LongScene, fields: object = {}): Promise<string> {
  const sequence = scene.submit({ ...THREE, ...fields });
  await scene.commit();
  await scene.answerAll(({ octets }) => `x${octets[5]}`);
  expect(scene.sent).toHaveLength(3);
  return scene.idOf(sequence);
}

/** All parts leave memory. */
function evict({ shard }: LongScene): void {
  for (let slot = 0; slot < shard.table.capacity; slot++) {
    if (slot === shard.scratch || shard.table.state[slot] < SLOT_AWAITING) continue;
    shard.store.upsert([rowOf(shard, slot)]);
    forget(shard, slot);
  }
}

const MERGED: LongOptions = { account: { receipts: 'merged' } };

describe('parts find each other', () => {
  test.each([
    ['in memory', () => undefined],
    ['in the store', evict],
  ])('%s', async (_where, leave) => {
    const scene = await LongScene.open();
    const id = await sentThree(scene);
    for (const [index, part] of [2, 3, 1].entries()) {
      leave(scene);
      scene.report(`x${part}`, part === 2 ? 'UNDELIV' : 'DELIVRD', '007');
      await scene.commit();
      expect(scene.told).toHaveLength(index === 2 ? 1 : 0);
    }
    expect(scene.told).toEqual([{ id, state: 5, err: '007', submitted: 3, delivered: 2 }]);
    const ends = await scene.ends();
    expect(ends.get(id)).toEqual(['UNDELIVERABLE RECEIPT_TAKEN']);
    expect([...ends.values()].slice(1)).toEqual([['UNDELIVERABLE PART'], ['DELIVERED PART']]);
    expect([scene.shard.table.used, scene.shard.store.keysOf(KIND_PART)]).toEqual([1, []]);
  });

  test('when none of them has room in memory: the SMSC is asked to come again, and then all is told', async () => {
    const scene = await LongScene.open();
    const id = await sentThree(scene);
    for (const part of [1, 2]) scene.report(`x${part}`);
    await scene.commit();
    evict(scene);
    const free = takeSlots(scene.shard);
    const sequence = scene.report('x3');
    await scene.commit();
    // ESME_RX_T_APPN
    expect(scene.acknowledged.get(sequence)).toBe(0x64);
    free();
    scene.report('x3');
    await scene.commit();
    expect(scene.told).toEqual([{ id, state: 2, err: '000', submitted: 3, delivered: 3 }]);
  });

  test.each([false, true])(
    'when the last takes the last slot, with a crash before the commit: %s',
    async (crashes) => {
      const scene = await LongScene.open();
      const id = await sentThree(scene);
      for (const part of [1, 2]) scene.report(`x${part}`);
      await scene.commit();
      // Only the store knows them now.
      await scene.crash();
      await scene.settle();
      const free = takeSlots(scene.shard, 1);
      // The receipt of the first goes by way of the store, as there is no slot for it.
      scene.report('x3');
      expect(scene.shard.table.freeSlots()).toBeLessThanOrEqual(1);
      if (crashes) {
        await scene.crash();
        await scene.pass(1_000);
        expect(scene.told).toEqual([]);
        scene.report('x3');
      } else free();
      await scene.commit();
      await scene.pass(1_000);
      expect(scene.told).toEqual([{ id, state: 2, err: '000', submitted: 3, delivered: 3 }]);
      expect([...(await scene.ends()).values()]).toEqual([
        ['DELIVERED RECEIPT_TAKEN'],
        ['DELIVERED PART'],
        ['DELIVERED PART'],
      ]);
    },
  );

  test.each([
    ['in memory', () => undefined],
    ['in the store', evict],
  ])('one of unknown state is what is told in the end, unless another failed (%s)', async (_where, leave) => {
    for (const [stats, state, delivered, err] of [
      [['DELIVRD', 'RETIRED', 'DELIVRD'], 7, 2, 'NO'],
      [['RETIRED', '', 'DELIVRD'], 7, 1, 'NO'],
      [['RETIRED', 'DELIVRD', 'EXPIRED'], 3, 1, '000'],
    ] as const) {
      const scene = await LongScene.open();
      const id = await sentThree(scene);
      for (const [index, stat] of stats.entries()) {
        if (stat !== '') scene.report(`x${index + 1}`, stat, stat === 'RETIRED' ? 'NO' : '000');
        await scene.commit();
        leave(scene);
      }
      expect(scene.told).toEqual([]);
      await scene.crash();
      await scene.pass(scene.shard.config.receipts.wait_s * 1_000 + 1_000);
      await scene.pass(1_000);
      expect(scene.told).toEqual([{ id, state, err, submitted: 3, delivered }]);
    }
  });

  test('of messages with neighbouring ids are not taken for each other', async () => {
    const scene = await LongScene.open();
    const sequences = [0, 1, 2].map(() => scene.submit(THREE));
    await scene.commit();
    let count = 0;
    await scene.answerAll(() => `y${++count}`);
    // Of the second message all, of its neighbours all but one.
    for (const number of [4, 5, 6, 2, 3, 7, 8]) scene.report(`y${number}`);
    await scene.commit();
    expect(scene.told.map(({ id }) => id)).toEqual([scene.idOf(sequences[1])]);
    scene.report('y1', 'EXPIRED', '042');
    scene.report('y9', 'REJECTD', '043');
    await scene.commit();
    expect(scene.told.slice(1)).toEqual([
      { id: scene.idOf(sequences[0]), state: 3, err: '042', submitted: 3, delivered: 2 },
      { id: scene.idOf(sequences[2]), state: 8, err: '043', submitted: 3, delivered: 2 },
    ]);
  });

  test('and memory that gets short lets them go only to where they are found', async () => {
    const scene = await LongScene.open({ capacity: 1100 });
    const id = await sentThree(scene);
    scene.report('x1');
    await scene.commit();
    const free = takeSlots(scene.shard);
    makeRoom(scene.shard);
    expect(scene.shard.store.keysOf(KIND_PART)).toEqual([0]);
    expect(scene.shard.store.keysOf(KIND_AWAITING)).toEqual([0]);
    free();
    for (const part of [2, 3]) scene.report(`x${part}`);
    await scene.commit();
    expect(scene.told).toMatchObject([{ id, submitted: 3, delivered: 3 }]);
  });
});

test('255 delivered parts are told as so many', async () => {
  const scene = await LongScene.open({ account: { parts_max: 255 } });
  const sequence = scene.submit({ short_message: '', message_payload: Buffer.alloc(255 * 153, 0x61) });
  await scene.commit();
  await scene.answerAll(({ octets }) => `x${octets[5]}`);
  for (let part = 1; part <= 255; part++) scene.report(`x${part}`);
  await scene.commit();
  expect(scene.told).toEqual([
    { id: scene.idOf(sequence), state: 2, err: '000', submitted: 255, delivered: 255 },
  ]);
});

describe('followers', () => {
  test('of two messages whose ids differ in their segment only are told by their own', async () => {
    const scene = await LongScene.open(MERGED);
    scene.isUp = false;
    const first = [1, 2].map((part) => scene.piece(9, part, 2, `first ${part}`));
    await scene.commit();
    const ids = [scene.idOf(first[0])];
    // As after 2^26 other messages.
    await scene.crash(false, 0);
    const second = [1, 2].map((part) => scene.piece(9, part, 2, `second ${part}`));
    await scene.commit();
    ids.push(scene.idOf(second[0]));
    expect(ids[0].slice(8)).toBe(ids[1].slice(8));
    expect(scene.shard.store.count(KIND_FOLLOWER, 0)).toBe(4);
    scene.isUp = true;
    let count = 0;
    await scene.answerAll(() => `z${++count}`);
    const of = (text: string): string =>
      String(scene.sent.find(({ octets }) => octets.toString('latin1').includes(text))?.answered);
    scene.report(of('second 1'), 'UNDELIV', '009');
    await scene.commit();
    expect(scene.told).toMatchObject([{ id: ids[1], state: 5, err: '009' }]);
    scene.report(of('first 1'));
    await scene.commit();
    expect(scene.told.slice(1)).toMatchObject([{ id: ids[0], state: 2 }]);
    expect([...(await scene.ends()).values()].every((ends) => ends.length === 1)).toBe(true);
  });

  test('are found among hundreds with the same low half', async () => {
    const scene = await LongScene.open({ smsc: { long_messages: 'payload' } });
    const sequence = scene.piece(9, 1, 2, 'one, ');
    scene.piece(9, 2, 2, 'two');
    await scene.commit();
    const { store } = scene.shard;
    const mine = [...store.next(KIND_FOLLOWER, 2, -1, -1, 10)];
    expect(mine).toHaveLength(2);
    // Others of earlier segments come first.
    const strangers = Array.from({ length: 600 }, (_, index) => {
      const blob = Buffer.from(mine[0].blob);
      blob.writeUInt32LE(1, 60);
      return { ...mine[0], idHigh: 1, idLow: index, blob };
    });
    store.upsert(strangers);
    await scene.answerAll(() => 'x');
    scene.report('x');
    await scene.commit();
    expect(scene.told.map(({ id }) => id)).toContain(scene.idOf(sequence));
    expect(store.count(KIND_FOLLOWER, 0)).toBe(600);
  });

  test('are told of without a slot in memory, too', async () => {
    const scene = await LongScene.open({ smsc: { long_messages: 'payload' } });
    const sequences = [1, 2, 3].map((part) => scene.piece(9, part, 3, `${part}`));
    await scene.commit();
    await scene.answerAll(() => 'x');
    const free = takeSlots(scene.shard);
    scene.report('x', 'EXPIRED', '005');
    await scene.commit();
    free();
    await scene.pass(1_000);
    expect(scene.told.map(({ id, state, err }) => [id, state, err])).toEqual(
      sequences.map((sequence) => [scene.idOf(sequence), 3, '005']),
    );
    expect([...(await scene.ends()).values()].every((ends) => ends.length === 1)).toBe(true);
  });
});
