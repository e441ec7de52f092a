import { describe, expect, test } from 'vitest';
import { Assembly } from '../../src/core/assembly.ts';
import { PAYLOAD, partOf } from '../daemon/octet-smsc.ts';
import { LongScene } from './long-scene.ts';
import type { LongOptions } from './long-scene.ts';

const PAYLOAD_STYLE: LongOptions = { smsc: { long_messages: 'payload' } };

function texts(scene: LongScene): string[] {
  return scene.sent.map(({ octets, tlvs }) => (tlvs.get(PAYLOAD) ?? octets).toString('latin1'));
}

describe('parts that wait for the others', () => {
  test('are answered at once, and go together when the last is there', async () => {
    const scene = await LongScene.open(PAYLOAD_STYLE);
    const sequences = [3, 1, 2].map((part) => scene.piece(9, part, 3, `part ${part}.`));
    await scene.commit();
    expect(sequences.map((sequence) => scene.answers.get(sequence)?.status)).toEqual([0, 0, 0]);
    expect(texts(scene)).toEqual(['part 1.part 2.part 3.']);
  });

  test('go as they came when the others have not come in a minute', async () => {
    const scene = await LongScene.open(PAYLOAD_STYLE);
    const [first, third] = [scene.piece(9, 1, 3, 'one'), scene.piece(9, 3, 3, 'three')];
    await scene.commit();
    await scene.pass(59_000);
    expect(scene.sent).toEqual([]);
    await scene.pass(2_000);
    await scene.pass(100);
    expect(scene.sent.map((sms) => [partOf(sms).sequence, partOf(sms).text.toString()])).toEqual([
      [1, 'one'],
      [3, 'three'],
    ]);
    // The one that comes too late waits for itself alone.
    scene.piece(9, 2, 3, 'two');
    await scene.commit();
    expect(scene.sent).toHaveLength(2);
    await scene.pass(61_000);
    await scene.pass(100);
    expect(scene.sent.map((sms) => partOf(sms).sequence)).toEqual([1, 3, 2]);
    // Each is told for itself.
    await scene.answerAll(({ id }) => `x${id}`);
    for (const { id } of scene.sent) scene.report(`x${id}`);
    await scene.commit();
    expect(scene.told.map(({ id, submitted }) => [id, submitted])).toEqual([
      [scene.idOf(first), 0],
      [scene.idOf(third), 0],
      [expect.any(String), 0],
    ]);
    expect([...(await scene.ends()).values()]).toEqual(
      Array.from({ length: 3 }, () => ['DELIVERED RECEIPT_TAKEN']),
    );
  });

  test('are not mixed with those of a message that has the same number after them', async () => {
    const scene = await LongScene.open(PAYLOAD_STYLE);
    // The second part of the first message was refused, and its client gave it up.
    scene.piece(9, 1, 2, 'old one');
    await scene.commit();
    scene.piece(9, 1, 2, 'new one, ');
    scene.piece(9, 2, 2, 'new two');
    await scene.commit();
    await scene.pass(1_000);
    expect(texts(scene).map((text) => text.replace(/^[^a-z]+/, ''))).toEqual(
      expect.arrayContaining(['new one, new two', 'old one']),
    );
    expect(scene.sent).toHaveLength(2);
  });

  test('stay together when one of them is sent again', async () => {
    const scene = await LongScene.open(PAYLOAD_STYLE);
    scene.piece(9, 1, 3, 'one ');
    scene.piece(9, 2, 3, 'two ');
    await scene.commit();
    scene.piece(9, 2, 3, 'two ');
    await scene.commit();
    scene.piece(9, 3, 3, 'three');
    await scene.commit();
    expect(texts(scene)).toContain('one two three');
    expect(scene.shard.held.sets).toBe(0);
  });

  test('go as they came when they do not fit together', async () => {
    const scene = await LongScene.open(PAYLOAD_STYLE);
    scene.piece(9, 1, 2, 'text');
    scene.piece(9, 2, 2, 'data', { data_coding: 4 });
    await scene.commit();
    await scene.pass(100);
    expect(scene.sent.map((sms) => [sms.dataCoding, partOf(sms).text.toString()])).toEqual([
      [0, 'text'],
      [4, 'data'],
    ]);
  });

  test('and that would be more than the account may send at once go as they came', async () => {
    const scene = await LongScene.open({
      smsc: { long_messages: 'udh16' },
      account: { receipts: 'merged', parts_max: 2 },
    });
    for (const part of [1, 2]) scene.piece(9, part, 2, 'x'.repeat(153));
    await scene.commit();
    await scene.pass(100);
    // 306 characters need three parts of 152.
    expect(scene.sent.map((sms) => partOf(sms).total)).toEqual([2, 2]);
  });

  test('that no SMSC takes by themselves are undeliverable, and their client is told', async () => {
    const scene = await LongScene.open(PAYLOAD_STYLE);
    const tooLong = scene.piece(9, 1, 2, 'x'.repeat(200));
    await scene.commit();
    await scene.pass(61_000);
    await scene.pass(100);
    expect(scene.sent).toEqual([]);
    expect(scene.told).toMatchObject([{ id: scene.idOf(tooLong), state: 5, err: '001' }]);
    expect((await scene.ends()).get(scene.idOf(tooLong))).toEqual(['UNDELIVERABLE RECEIPT_TAKEN']);
  });

  test('keep their schedule, joined or not', async () => {
    const scene = await LongScene.open(PAYLOAD_STYLE);
    const schedule_delivery_time = '000000000500000R';
    for (const part of [1, 2]) scene.piece(9, part, 2, `part ${part}.`, { schedule_delivery_time });
    scene.piece(10, 1, 2, 'alone', { schedule_delivery_time });
    await scene.commit();
    await scene.pass(200_000);
    expect(scene.sent).toEqual([]);
    await scene.pass(101_000);
    expect(texts(scene).map((text) => text.slice(-5))).toEqual(['rt 2.', 'alone']);
    expect(scene.sent.map(({ schedule }) => schedule)).toEqual(['', '']);
  });
});

describe('a crash', () => {
  test('before parts are joined loses none of them', async () => {
    const scene = await LongScene.open(PAYLOAD_STYLE);
    scene.piece(9, 1, 3, 'one ');
    scene.piece(9, 3, 3, 'three');
    await scene.commit();
    await scene.crash();
    await scene.settle();
    await scene.crash();
    expect([scene.shard.held.sets, scene.shard.held.partsHeld]).toEqual([1, 2]);
    scene.piece(9, 2, 3, 'two ');
    await scene.commit();
    expect(texts(scene)).toEqual(['one two three']);
  });

  test('after they were joined, before that is durable, has them joined again', async () => {
    const scene = await LongScene.open(PAYLOAD_STYLE);
    scene.isUp = false;
    const { journal } = scene.shard;
    for (const part of [1, 2]) scene.piece(9, part, 2, `part ${part}.`);
    // The commit that accepts them joins them, in the group after it.
    journal.kick(scene.nowMs);
    journal.kick = () => undefined;
    while (journal.isCommitting()) await new Promise((resolve) => setImmediate(resolve));
    expect(journal.filling.accepted).toBe(1);
    const ids = [...(await scene.ends()).keys()];
    scene.isUp = true;
    await scene.crash();
    expect(texts(scene)).toEqual(['part 1.part 2.']);
    await scene.answerAll(({ id }) => `x${id}`);
    for (const { id } of scene.sent) scene.report(`x${id}`, 'UNDELIV', '027');
    await scene.commit();
    expect(scene.told.map(({ id, err }) => [id, err])).toEqual(ids.map((id) => [id, '027']));
  });

  test.each(['each', 'merged'] as const)('after they were joined leaves them told %s', async (receipts) => {
    for (const settles of [false, true]) {
      const scene = await LongScene.open({ ...PAYLOAD_STYLE, account: { receipts } });
      scene.isUp = false;
      const sequences = [1, 2, 3].map((part) =>
        scene.piece(9, part, 3, `part ${part}.`, { registered_delivery: part === 3 ? 1 : 0 }),
      );
      await scene.commit();
      await scene.crash();
      if (settles) {
        await scene.settle();
        await scene.crash();
      }
      scene.isUp = true;
      await scene.answerAll(() => 'x');
      expect(texts(scene)).toEqual(['part 1.part 2.part 3.']);
      scene.report('x');
      await scene.commit();
      const [id, submitted] =
        receipts === 'each' ? [scene.idOf(sequences[2]), 0] : [scene.idOf(sequences[0]), 3];
      expect(scene.told).toMatchObject([{ id, state: 2, submitted, delivered: submitted }]);
      const ends = await scene.ends();
      expect([...ends.values()].every((each) => each.length === 1)).toBe(true);
      expect(ends.size).toBe(4);
    }
  });

  test('after they were let go sends them in the form of their SMSC', async () => {
    for (const settles of [false, true]) {
      // 3.3 has no relative times.
      const scene = await LongScene.open({
        smsc: { interface_version: '3.3' },
        account: { receipts: 'merged' },
      });
      scene.piece(9, 1, 2, 'alone', { validity_period: '000000010000000R' });
      await scene.commit();
      if (settles) {
        await scene.crash();
        await scene.settle();
      }
      scene.isUp = false;
      await scene.pass(61_000);
      const releasedMs = scene.nowMs;
      await scene.crash();
      scene.isUp = true;
      await scene.pass(100);
      expect(scene.sent.map((sms) => [partOf(sms).text.toString(), sms.validity.length])).toEqual([
        ['alone', 16],
      ]);
      const [{ validity }] = scene.sent;
      const hour = new Date(releasedMs + 3_600_000).toISOString().replaceAll(/\D/g, '').slice(2, 10);
      expect([validity.slice(0, 8), validity.at(-1)]).toEqual([hour, '+']);
    }
  });
});

test('parts that wait are bounded: the oldest go as they came', async () => {
  const scene = await LongScene.open(PAYLOAD_STYLE);
  scene.shard.held = new Assembly({ setsMax: 2, partsMax: 100, waitMs: 60_000 });
  for (const reference of [1, 2, 3, 4]) scene.piece(reference, 1, 2, `of ${reference}`);
  await scene.commit();
  // At once, and not when time has passed: whoever sends first parts only must not fill the memory.
  expect(scene.shard.held.sets).toBe(2);
  await scene.pass(100);
  expect(scene.sent.map((sms) => partOf(sms).text.toString())).toEqual(['of 1', 'of 2']);
});
