/** 3.3 has room for the low half of an id only: it is not to come again soon, and means the message of who asks. */
import * as fs from 'node:fs';
import { describe, expect, test } from 'vitest';
import { listSegments, removeSegment, segmentPath } from '../../src/cdr/segments.ts';
import { SLOT_QUEUED } from '../../src/core/message-table.ts';
import { LongScene } from './long-scene.ts';

const [QUERY, CANCEL] = [1, 2];
const [ROK, RINVMSGID] = [0, 0x0c];
const [SCHEDULED, ENROUTE, DELETED] = [0, 1, 4];
/** Not to be sent when the daemon dies, so that it can be cancelled afterwards. */
const LATER = { schedule_delivery_time: '000000010000000R' };

/** Submits so many; returns the low halves of their ids as numbers. */
async function submitted(scene: LongScene, count: number, fields: object = {}): Promise<number[]> {
  const sequences = Array.from({ length: count }, () =>
    scene.submit({ short_message: Buffer.from('text'), ...fields }),
  );
  await scene.commit();
  return sequences.map((sequence) => parseInt(scene.idOf(sequence).slice(8), 16));
}

/** [command_status, message_state] of what a 3.3 client asks by the 8 digits. */
async function asked(
  scene: LongScene,
  operation: number,
  id: number,
  addresses: { source?: string; dest?: string } = {},
): Promise<[number, number]> {
  const { source = 'Sender', dest } = addresses;
  const sequence = scene.ask(operation, undefined, {
    id: { idHigh: 0, idLow: id, isShort: true },
    source: Buffer.from(`\0\0${source}\0`),
    ...(dest !== undefined && { dest: Buffer.from(`\0\0${dest}\0`) }),
  });
  await scene.commit();
  const { status, state } = scene.operationAnswers.get(sequence) ?? { status: -1, state: -1 };
  return [status, state];
}

describe('the low halves of ids count on', () => {
  test('after crashes, whatever is settled and let go meanwhile', async () => {
    const scene = await LongScene.open();
    scene.isUp = false;
    const ids = await submitted(scene, 3);
    await scene.crash();
    ids.push(...(await submitted(scene, 2)));
    // Lives in which nothing was accepted.
    await scene.crash();
    await scene.crash();
    ids.push(...(await submitted(scene, 2)));
    await scene.crash();
    await scene.settle();
    const { dataDir, store } = scene.shard;
    for (const { segment } of listSegments(dataDir, 0)) {
      if (segment <= store.settledThrough()) removeSegment(dataDir, 0, segment);
    }
    await scene.crash();
    ids.push(...(await submitted(scene, 1)));
    expect(ids).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    for (const id of ids) expect(await asked(scene, QUERY, id)).toEqual([ROK, ENROUTE]);
  });

  test('and what has ended far up in the count stays ended over a crash', async () => {
    const scene = await LongScene.open();
    scene.isUp = false;
    await submitted(scene, 3);
    await scene.crash();
    const ids = await submitted(scene, 3, LATER);
    for (const id of ids.slice(0, 2))
      scene.ask(CANCEL, undefined, { id: { idHigh: 0, idLow: id, isShort: true } });
    await scene.commit();
    await scene.pass(1_000);
    expect(scene.told).toHaveLength(2);
    await scene.crash();
    expect([...scene.shard.store.idsFrom(0)].map(([, low]) => low)).toEqual([0, 1, 2, 5]);
  });

  test('past all that a damaged segment may have held, also at the start after', async () => {
    const scene = await LongScene.open();
    scene.isUp = false;
    await submitted(scene, 3);
    const { dataDir, journal } = scene.shard;
    const path = segmentPath(dataDir, 0, journal.segment);
    const bytes = fs.readFileSync(path);
    const { length: size } = bytes;
    for (let at = bytes.indexOf('text'); at >= 0; at = bytes.indexOf('text', at)) bytes[at] ^= 1;
    fs.writeFileSync(path, bytes, { flag: 'r+' });
    scene.warnings = ['DAMAGED'];
    await scene.crash();
    await scene.crash();
    const [next] = await submitted(scene, 1);
    // No message takes less than the 56 bytes before its body.
    expect(next).toBeGreaterThanOrEqual(size / 56);
    expect(next).toBeLessThan(size / 56 + 10);
  });
});

describe('several messages with one low half', () => {
  /** Two messages of the same low half, as if 2^26 others were accepted between them; returns it. */
  async function twice(older: object, newer: object): Promise<{ scene: LongScene; id: number }> {
    const scene = await LongScene.open();
    scene.isUp = false;
    const [id] = await submitted(scene, 1, { ...LATER, ...older });
    scene.nowMs += 60_000;
    await scene.crash(false, id);
    const [again] = await submitted(scene, 1, { ...LATER, ...newer });
    expect(again).toBe(id);
    return { scene, id };
  }

  test('the one of the source that asks is meant, in memory, in the store and among the ended', async () => {
    const { scene, id } = await twice({ source_addr: 'First' }, { source_addr: 'Second' });
    expect(await asked(scene, CANCEL, id, { source: 'First' })).toEqual([ROK, 0]);
    expect(await asked(scene, QUERY, id, { source: 'First' })).toEqual([ROK, DELETED]);
    expect(await asked(scene, QUERY, id, { source: 'Second' })).toEqual([ROK, SCHEDULED]);
    expect(await asked(scene, QUERY, id, { source: 'Third' })).toEqual([RINVMSGID, 0]);
  });

  test('another account’s stands in nobody’s way', async () => {
    const { scene, id } = await twice({}, {});
    const { table } = scene.shard;
    const newer = table.idLow.findIndex((low, slot) => low === id && table.idHigh[slot] > 0);
    const slots = [...table.idLow.keys()].filter(
      (slot) => table.idLow[slot] === id && table.idHigh[slot] > 0,
    );
    const last = slots.reduce((a, b) => (table.idHigh[a] > table.idHigh[b] ? a : b), newer);
    table.account[last] = 1;
    expect(await asked(scene, CANCEL, id)).toEqual([ROK, 0]);
    table.account[last] = 0;
    expect(await asked(scene, QUERY, id)).toEqual([ROK, SCHEDULED]);
  });

  test('in memory the newer is meant, wherever its slot is', async () => {
    const scene = await LongScene.open();
    scene.isUp = false;
    const [, id, next] = await submitted(scene, 3);
    const { table } = scene.shard;
    const [first, second] = [id, next].map((low) => table.idLow.indexOf(low));
    expect(first).toBeLessThan(second);
    table.idLow[second] = id;
    table.idHigh[first] += 60;
    expect(await asked(scene, CANCEL, id)).toEqual([ROK, 0]);
    expect([table.state[first], table.state[second]].map((state) => state === SLOT_QUEUED)).toEqual([
      false,
      true,
    ]);
  });

  test('of the same source the newer is meant, and a cancel_sm goes to the destination that it names', async () => {
    const [one, other] = ['962790000001', '962790000002'];
    const { scene, id } = await twice({ destination_addr: one }, { destination_addr: other });
    expect(await asked(scene, CANCEL, id, { dest: '962790000003' })).toEqual([RINVMSGID, 0]);
    expect(await asked(scene, CANCEL, id, { dest: one })).toEqual([ROK, 0]);
    expect(await asked(scene, QUERY, id)).toEqual([ROK, SCHEDULED]);
    expect(await asked(scene, CANCEL, id, { dest: other })).toEqual([ROK, 0]);
    await scene.pass(1_000);
    expect(scene.told.map(({ state }) => state)).toEqual([DELETED, DELETED]);
  });
});
