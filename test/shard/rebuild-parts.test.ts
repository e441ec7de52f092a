/** A start over a store whose rows are ahead of the ledger's end, as a crash leaves them. */
import { describe, expect, test } from 'vitest';
import { SLOT_AWAITING } from '../../src/core/message-table.ts';
import { rowOf } from '../../src/shard/spill.ts';
import { KIND_AWAITING, KIND_PART } from '../../src/store/pending.ts';
import type { PendingRow } from '../../src/store/pending.ts';
import { LongScene } from './long-scene.ts';

const THREE = { short_message: '', message_payload: Buffer.alloc(400, 0x61) };
const ESME_RMSGQFUL = 0x14;

/** The row of a part as it is now, ahead of what is on disk. */
function store(scene: LongScene, id: string): PendingRow {
  const { table, store: rows } = scene.shard;
  const slot = table.idLow.findIndex(
    (low, each) => low === Number.parseInt(id.slice(8), 16) && table.state[each] >= SLOT_AWAITING,
  );
  const row = rowOf(scene.shard, slot);
  rows.upsert([row]);
  return row;
}

describe('a part whose row is ahead of the ledger', () => {
  test('because its receipt was not durable yet: its SMSC reports again, and nothing is missing', async () => {
    const scene = await LongScene.open();
    const sequence = scene.submit(THREE);
    await scene.commit();
    // Once refused, so that what is replayed has more than one step.
    for (let count = 0; count < 3; count++) scene.answer(ESME_RMSGQFUL);
    await scene.pass(10_000);
    await scene.crash();
    await scene.settle();
    await scene.pass(10_000);
    expect(scene.inFlight).toHaveLength(3);
    await scene.answerAll(({ octets }) => `x${octets[5]}`);
    const id = scene.idOf(sequence);
    scene.report('x1', 'UNDELIV', '077');
    expect(store(scene, id).kind).toBe(KIND_PART);
    await scene.crash();
    // What is known of it is what is known in the ledger, or in the row; never less than both.
    const row = scene.shard.store.get(Number.parseInt(id.slice(0, 8), 16), Number.parseInt(id.slice(8), 16));
    expect([KIND_PART, KIND_AWAITING]).toContain(row?.kind);
    for (const part of [1, 2, 3]) scene.report(`x${part}`, part === 1 ? 'UNDELIV' : 'DELIVRD', '077');
    await scene.commit();
    expect(scene.told).toEqual([{ id, state: 5, err: '077', submitted: 3, delivered: 2 }]);
    expect([...(await scene.ends()).values()].every((ends) => ends.length === 1)).toBe(true);
  });

  test('because nothing after its refusal was durable: it does not wait to be sent without a body', async () => {
    const scene = await LongScene.open();
    const sequence = scene.submit(THREE);
    await scene.commit();
    const id = scene.idOf(sequence);
    await scene.crash();
    await scene.settle();
    scene.isUp = false;
    // The segment of their acceptance is settled; that they were refused once is in the next one.
    await scene.crash();
    scene.isUp = true;
    await scene.pass(1_000);
    for (let count = 0; count < 3; count++) scene.answer(ESME_RMSGQFUL);
    await scene.commit();
    scene.nowMs += 10_000;
    await scene.pass(10_000);
    while (scene.inFlight.length > 0) scene.answer(`x${scene.inFlight[0].octets[5]}`);
    scene.report('x1', 'UNDELIV', '077');
    expect(store(scene, id).kind).toBe(KIND_PART);
    await scene.crash();
    await scene.pass(1_000);
    // The other parts were not taken, as far as anybody knows; the first has ended.
    await scene.answerAll(({ octets }) => `y${octets[5]}`);
    for (const part of [2, 3]) scene.report(`y${part}`);
    await scene.commit();
    expect(scene.told).toEqual([{ id, state: 5, err: '077', submitted: 3, delivered: 2 }]);
  });
});
