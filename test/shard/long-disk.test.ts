/** Long messages and a disk that is full for a while. */
import { beforeEach, expect, test, vi } from 'vitest';
import { SLOT_PART_DONE } from '../../src/core/message-table.ts';
import { forget } from '../../src/shard/events.ts';
import { rowOf } from '../../src/shard/spill.ts';
import { disk } from '../cdr/faulty-disk.ts';
import { PAYLOAD } from '../daemon/octet-smsc.ts';
import { LongScene } from './long-scene.ts';

vi.mock('../../src/cdr/lmdb.ts', async (original) => {
  const { withDisk } = await import('../cdr/faulty-disk.ts');
  return withDisk(await original());
});

const RSYSERR = 8;
const THREE = { short_message: '', message_payload: Buffer.alloc(400, 0x61) };

beforeEach(() => void (disk.full = false));

test('a long message of a commit that fails is refused as a whole, and leaves nothing behind', async () => {
  const scene = await LongScene.open();
  const free = scene.shard.table.freeSlots();
  disk.full = true;
  const sequences = [scene.submit(THREE)];
  scene.shard.journal.kick(scene.nowMs);
  // This one waits behind the commit that fails.
  sequences.push(scene.submit(THREE));
  await scene.commit();
  expect(scene.shard.blocked).toBe(true);
  expect(sequences.map((sequence) => scene.answers.get(sequence)?.status)).toEqual([RSYSERR, RSYSERR]);
  expect([scene.shard.table.freeSlots(), scene.shard.owned[0].entering]).toEqual([free, 0]);
  disk.full = false;
  await scene.mend();
  const again = scene.submit(THREE);
  await scene.commit();
  expect(scene.sent).toHaveLength(3);
  expect([...(await scene.ends()).keys()]).toEqual(expect.arrayContaining([scene.idOf(again)]));
  expect((await scene.ends()).size).toBe(3);
});

test('parts that could not be joined for want of room are joined when there is some', async () => {
  const scene = await LongScene.open({ smsc: { long_messages: 'payload' } });
  const first = scene.piece(9, 1, 2, 'one, ');
  await scene.commit();
  const second = scene.piece(9, 2, 2, 'two');
  const { journal } = scene.shard;
  journal.kick(scene.nowMs);
  const kick = journal.kick.bind(journal);
  journal.kick = () => undefined;
  while (journal.isCommitting()) await new Promise((resolve) => setImmediate(resolve));
  journal.kick = kick;
  // Joined, and that is to be written now.
  expect(journal.filling.accepted).toBe(1);
  disk.full = true;
  await scene.commit();
  expect([scene.shard.blocked, scene.shard.joinable.length]).toEqual([true, 1]);
  disk.full = false;
  await scene.mend();
  await scene.pass(1_000);
  await scene.answerAll(() => 'x');
  expect(scene.sent.map(({ octets, tlvs }) => (tlvs.get(PAYLOAD) ?? octets).toString())).toEqual([
    'one, two',
  ]);
  scene.report('x');
  await scene.commit();
  expect(scene.told.map(({ id }) => id)).toEqual([scene.idOf(first), scene.idOf(second)]);
  const ends = [...(await scene.ends()).values()];
  expect(ends.map((each) => each.length)).toEqual([1, 1, 1]);
});

test('what was to be told without a slot in memory is told once there is room on the disk', async () => {
  const scene = await LongScene.open();
  const sequence = scene.submit(THREE);
  await scene.commit();
  await scene.answerAll(({ octets }) => `x${octets[5]}`);
  for (const part of [1, 2]) scene.report(`x${part}`);
  await scene.commit();
  await scene.crash();
  await scene.settle();
  const { table } = scene.shard;
  const taken: number[] = [];
  while (table.freeSlots() > 1) taken.push(table.allocate());
  scene.report('x3');
  disk.full = true;
  await scene.commit();
  expect(scene.told).toEqual([]);
  disk.full = false;
  await scene.mend();
  for (const slot of taken) table.release(slot);
  await scene.pass(1_000);
  expect(scene.told).toEqual([
    { id: scene.idOf(sequence), state: 2, err: '000', submitted: 3, delivered: 3 },
  ]);
  expect([...(await scene.ends()).values()].every((each) => each.length === 1)).toBe(true);
});

test('a part that ends while the disk is full leaves the store alone until there is room', async () => {
  const scene = await LongScene.open();
  const sequence = scene.submit(THREE);
  await scene.commit();
  await scene.answerAll(({ octets }) => `x${octets[5]}`);
  for (const part of [1, 2]) scene.report(`x${part}`);
  await scene.commit();
  // The first two leave memory, the third stays.
  const { shard } = scene;
  const { table } = shard;
  for (let slot = 0; slot < table.capacity; slot++) {
    if (table.state[slot] !== SLOT_PART_DONE) continue;
    shard.store.upsert([rowOf(shard, slot)]);
    forget(shard, slot);
  }
  disk.full = true;
  scene.submit(THREE);
  await scene.commit();
  expect(shard.blocked).toBe(true);
  const writes = [
    vi.spyOn(shard.store, 'upsert'),
    vi.spyOn(shard.store, 'claim'),
    vi.spyOn(shard.store, 'remove'),
  ];
  for (const write of writes) {
    write.mockImplementation(() => {
      throw new Error('database or disk is full');
    });
  }
  scene.report('x3', 'UNDELIV', '031');
  await scene.commit();
  for (const write of writes) write.mockRestore();
  disk.full = false;
  await scene.mend();
  await scene.pass(1_000);
  expect(scene.told).toEqual([
    { id: scene.idOf(sequence), state: 5, err: '031', submitted: 3, delivered: 2 },
  ]);
  expect([...(await scene.ends()).values()].every((each) => each.length === 1)).toBe(true);
});
