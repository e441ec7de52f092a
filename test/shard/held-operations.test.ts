/** What clients may ask about parts that wait for the others of their message. */
import { describe, expect, test } from 'vitest';
import { PAYLOAD, partOf } from '../daemon/octet-smsc.ts';
import { takeSlots } from './harness.ts';
import { LongScene } from './long-scene.ts';
import type { LongOptions } from './long-scene.ts';

const PAYLOAD_STYLE: LongOptions = { smsc: { long_messages: 'payload' } };
const [QUERY, CANCEL, REPLACE, CANCEL_GROUP] = [1, 2, 3, 4];
const [ROK, RSYSERR, RINVMSGID, RCANCELFAIL, RREPLACEFAIL] = [0, 8, 0x0c, 0x11, 0x13];
const [ENROUTE, SCHEDULED] = [1, 0];

function texts(scene: LongScene): string[] {
  return scene.sent.map(({ octets, tlvs }) => (tlvs.get(PAYLOAD) ?? octets).toString('latin1'));
}

async function asked(
  scene: LongScene,
  operation: number,
  id: string | undefined,
  fields: Parameters<LongScene['ask']>[2] = {},
): Promise<{ status: number; state: number } | undefined> {
  const sequence = scene.ask(operation, id, fields);
  await scene.commit();
  return scene.operationAnswers.get(sequence);
}

describe('a part that waits for the others', () => {
  test('can be queried, and not replaced', async () => {
    const scene = await LongScene.open(PAYLOAD_STYLE);
    const part = scene.piece(9, 1, 2, 'one');
    const later = scene.piece(10, 1, 2, 'later', { schedule_delivery_time: '000000000500000R' });
    await scene.commit();
    expect(await asked(scene, QUERY, scene.idOf(part))).toEqual({ status: ROK, state: ENROUTE });
    expect(await asked(scene, QUERY, scene.idOf(later))).toEqual({ status: ROK, state: SCHEDULED });
    const text = { data: Buffer.from('other') };
    expect(await asked(scene, REPLACE, scene.idOf(part), text)).toMatchObject({ status: RREPLACEFAIL });
    scene.piece(9, 2, 2, ' two');
    await scene.commit();
    expect(texts(scene)).toEqual(['one two']);
  });

  test('can be cancelled: it is not sent, and its client is told; the others go on', async () => {
    for (const crashes of [false, true]) {
      const scene = await LongScene.open(PAYLOAD_STYLE);
      const [first, second] = [scene.piece(9, 1, 3, 'one'), scene.piece(9, 2, 3, 'two')];
      await scene.commit();
      if (crashes) await scene.crash();
      expect(await asked(scene, CANCEL, scene.idOf(second))).toMatchObject({ status: ROK });
      if (crashes) await scene.crash();
      expect([scene.shard.held.sets, scene.shard.held.partsHeld]).toEqual([1, 1]);
      expect(scene.told).toMatchObject([{ id: scene.idOf(second), state: 4 }]);
      // What ended before a start is not known any more.
      const status = crashes ? RINVMSGID : RCANCELFAIL;
      expect(await asked(scene, CANCEL, scene.idOf(second))).toMatchObject({ status });
      // It may come again, as the client wants it now.
      scene.piece(9, 3, 3, ' three');
      scene.piece(9, 2, 3, ' new two');
      await scene.commit();
      expect(texts(scene)).toEqual(['one new two three']);
      await scene.answerAll(() => 'x');
      scene.report('x');
      await scene.commit();
      const ends = await scene.ends();
      expect(ends.get(scene.idOf(second))).toEqual(['DELETED RECEIPT_TAKEN']);
      expect(ends.get(scene.idOf(first))).toEqual(['DELIVERED RECEIPT_TAKEN']);
      expect([...ends.values()].every((each) => each.length === 1)).toBe(true);
    }
  });

  test('that its client wants no receipt of is cancelled without one', async () => {
    const scene = await LongScene.open(PAYLOAD_STYLE);
    const part = scene.piece(9, 1, 2, 'one', { registered_delivery: 0 });
    await scene.commit();
    expect(await asked(scene, CANCEL, scene.idOf(part))).toMatchObject({ status: ROK });
    await scene.pass(61_000);
    await scene.pass(100);
    expect([scene.sent, scene.told, scene.shard.held.sets]).toEqual([[], [], 0]);
    expect((await scene.ends()).get(scene.idOf(part))).toEqual(['DELETED CANCELLED']);
  });

  test('can not be cancelled once it is being joined, or was', async () => {
    const scene = await LongScene.open(PAYLOAD_STYLE);
    const sequences = [1, 2].map((part) => scene.piece(9, part, 2, `part ${part}.`));
    const { journal } = scene.shard;
    const kick = journal.kick.bind(journal);
    journal.kick(scene.nowMs);
    journal.kick = () => undefined;
    while (journal.isCommitting()) await new Promise((resolve) => setImmediate(resolve));
    // Joined in the group that fills, and that is not durable yet.
    expect(journal.filling.accepted).toBe(1);
    const [id] = (await scene.ends()).keys();
    const asking = scene.ask(CANCEL, id);
    journal.kick = kick;
    await scene.commit();
    expect(scene.operationAnswers.get(asking)).toMatchObject({ status: RCANCELFAIL });
    expect(await asked(scene, CANCEL, scene.idOf(sequences[1]))).toMatchObject({ status: RCANCELFAIL });
    expect(texts(scene)).toEqual(['part 1.part 2.']);
    expect(scene.told).toEqual([]);
  });

  test('can not be cancelled where there is no room to end it', async () => {
    const scene = await LongScene.open(PAYLOAD_STYLE);
    const part = scene.piece(9, 1, 2, 'one');
    await scene.commit();
    const free = takeSlots(scene.shard);
    expect(await asked(scene, CANCEL, scene.idOf(part))).toMatchObject({ status: RSYSERR });
    free();
    scene.piece(9, 2, 2, ' two');
    await scene.commit();
    expect(texts(scene)).toEqual(['one two']);
  });

  test('goes with the others of its addresses when those are cancelled', async () => {
    const scene = await LongScene.open(PAYLOAD_STYLE);
    const mine = [scene.piece(9, 1, 2, 'one'), scene.piece(10, 2, 2, 'two')];
    const other = scene.piece(9, 1, 2, 'other', { destination_addr: '962790000002' });
    await scene.commit();
    const dest = Buffer.from('\0\u0000962790000001\0');
    expect(await asked(scene, CANCEL_GROUP, undefined, { dest })).toMatchObject({ status: ROK });
    await scene.pass(61_000);
    await scene.pass(100);
    expect(scene.sent.map((sms) => partOf(sms).text.toString())).toEqual(['other']);
    expect(new Set(scene.told.map(({ id }) => id))).toEqual(new Set(mine.map((part) => scene.idOf(part))));
    expect(scene.told.map(({ id }) => id)).not.toContain(scene.idOf(other));
  });
});
