/** Messages in memory are found whether or not anybody asked before they came, and asking costs others nothing. */
import { describe, expect, test } from 'vitest';
import { dropUnused, slotsById, slotsByWay } from '../../src/shard/lookups.ts';
import { takeSlots } from './harness.ts';
import { LongScene } from './long-scene.ts';

const QUERY = 1;
const [ROK, RINVMSGID] = [0, 0x0c];
const [ENROUTE, DELETED] = [1, 4];
const CANCEL = 2;

async function stateOf(scene: LongScene, id: string): Promise<[number, number]> {
  const sequence = scene.ask(QUERY, id);
  await scene.commit();
  const { status, state } = scene.operationAnswers.get(sequence) ?? { status: -1, state: -1 };
  return [status, state];
}

async function submitted(scene: LongScene, fields: object = {}): Promise<string> {
  const sequence = scene.submit({ short_message: Buffer.from('text'), ...fields });
  await scene.commit();
  return scene.idOf(sequence);
}

function flagged(scene: LongScene): Promise<string> {
  return submitted(scene, { replace_if_present_flag: 1 });
}

describe.each([
  ['before anybody asked', false],
  ['while they are kept up', true],
])('messages that came %s', (_when, isKept) => {
  async function open(): Promise<LongScene> {
    const scene = await LongScene.open();
    scene.isUp = false;
    if (isKept) slotsById(scene.shard);
    if (isKept) slotsByWay(scene.shard);
    return scene;
  }

  test('are found by id, waiting and ended', async () => {
    const scene = await open();
    const ids: string[] = [];
    for (let count = 0; count < 20; count++) ids.push(await submitted(scene));
    for (const id of ids) expect(await stateOf(scene, id)).toEqual([ROK, ENROUTE]);
    for (const id of ids) scene.ask(CANCEL, id);
    await scene.commit();
    await scene.pass(1_000);
    // Others have their slots now.
    for (let count = 0; count < 20; count++) await submitted(scene);
    for (const id of ids) expect(await stateOf(scene, id)).toEqual([ROK, DELETED]);
    const unknown = ids[0].slice(0, -4);
    expect(await stateOf(scene, `${unknown}7fff`)).toEqual([RINVMSGID, 0]);
  });

  test('that come back from the store are found as well', async () => {
    const scene = await open();
    const free = takeSlots(scene.shard, 50);
    const first = await submitted(scene);
    expect(
      scene.shard.store.get(parseInt(first.slice(0, 8), 16), parseInt(first.slice(8), 16)),
    ).toBeDefined();
    free();
    await scene.pass(1_000);
    expect(await stateOf(scene, first)).toEqual([ROK, ENROUTE]);
    expect(await flagged(scene)).toBe(first);
  });

  test('are found by their way: the one that waits the longest', async () => {
    const scene = await open();
    const other = await submitted(scene, { service_type: 'CMT' });
    const first = await submitted(scene);
    const second = await submitted(scene);
    expect(await flagged(scene)).toBe(first);
    scene.ask(CANCEL, first);
    await scene.commit();
    expect(await flagged(scene)).toBe(second);
    expect(await stateOf(scene, other)).toEqual([ROK, ENROUTE]);
  });

  test('of any number that were sent stand in nobody’s way', async () => {
    const scene = await open();
    scene.isUp = true;
    for (let count = 0; count < 300; count++) {
      scene.submit({ short_message: Buffer.from('sent'), service_type: 'CMT' });
    }
    await scene.commit();
    await scene.answerAll(({ id }) => id);
    scene.isUp = false;
    const waiting = await submitted(scene);
    expect(await flagged(scene)).toBe(waiting);
  });
});

test('between two addresses 256 messages are looked at', async () => {
  const scene = await LongScene.open();
  scene.isUp = false;
  for (let count = 0; count < 255; count++) {
    scene.submit({ short_message: Buffer.from('text'), service_type: 'CMT' });
  }
  const last = await submitted(scene);
  expect(await flagged(scene)).toBe(last);
  scene.ask(CANCEL, last);
  await submitted(scene, { service_type: 'CMT' });
  const beyond = await submitted(scene);
  const another = await flagged(scene);
  expect(another).not.toBe(beyond);
});

test('what nobody asks for a while is not kept up, and is built anew', async () => {
  const scene = await LongScene.open();
  scene.isUp = false;
  const { shard } = scene;
  expect(shard.lookups).toBeUndefined();
  const id = await submitted(scene);
  expect(shard.lookups).toBeUndefined();
  await stateOf(scene, id);
  expect([shard.lookups?.byId !== undefined, shard.lookups?.byWay !== undefined]).toEqual([true, false]);
  await flagged(scene);
  dropUnused(shard);
  await stateOf(scene, id);
  dropUnused(shard);
  expect([shard.lookups?.byId !== undefined, shard.lookups?.byWay !== undefined]).toEqual([true, false]);
  dropUnused(shard);
  expect(shard.lookups).toBeUndefined();
  const later = await submitted(scene);
  expect(await stateOf(scene, later)).toEqual([ROK, ENROUTE]);
  expect(await stateOf(scene, id)).toEqual([ROK, ENROUTE]);
});

describe('requests of an edge have their share of a step', () => {
  test.each<[string, (scene: LongScene) => unknown]>([
    ['query_sm', (scene) => scene.ask(QUERY, '0000000100000001')],
    ['replace_if_present_flag', (scene) => scene.submit({ replace_if_present_flag: 1 })],
  ])('%s: the first is taken whatever it costs, none after their time', async (_what, request) => {
    const scene = await LongScene.open();
    const { shard } = scene;
    shard.requestsUntilMs = 0;
    request(scene);
    expect(shard.requestsUntilMs).toBeGreaterThan(0);
    shard.requestsUntilMs = performance.now() - 1;
    expect(() => request(scene)).toThrow(/false/);
    // Plain messages go on.
    scene.submit({ short_message: Buffer.from('plain') });
  });
});
