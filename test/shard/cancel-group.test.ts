/** cancel_sm by addresses: which messages go together. */
import { describe, expect, test } from 'vitest';
import { KIND_AWAITING, KIND_QUEUED, KIND_RETRY } from '../../src/store/pending.ts';
import { makeRoom } from '../../src/shard/spill.ts';
import { takeSlots } from './harness.ts';
import { LongScene } from './long-scene.ts';

const CANCEL_GROUP = 4;
const [ROK, RMSGQFUL, RCANCELFAIL] = [0, 0x14, 0x11];
const [ONE, OTHER] = ['962790000001', '962790000002'];
const THREE = { message_payload: Buffer.alloc(400, 0x61) };
/** Too few to take any back from the store, or to keep any in memory that waits for another attempt. */
const SLOTS_LEFT = 50;

/** Status of a cancel_sm of what waits for `dest`. */
async function cancelled(scene: LongScene, dest: string): Promise<number | undefined> {
  const sequence = scene.ask(CANCEL_GROUP, undefined, { dest: Buffer.from(`\0\0${dest}\0`) });
  await scene.commit();
  return scene.operationAnswers.get(sequence)?.status;
}

function stored({ shard }: LongScene): number {
  return shard.store.count(KIND_QUEUED, 0) + shard.store.count(KIND_RETRY, 0);
}

/** The state that each message came to, in the order in which they were accepted. */
async function ends(scene: LongScene): Promise<string[]> {
  return [...(await scene.ends()).values()].map(([end = 'open']) => end.split(' ')[0]);
}

describe.each(['memory', 'the store'])(
  'a submit_multi of three parts to each of two numbers, in %s',
  (place) => {
    const isStored = place === 'the store';

    test('all parts to the number that is named are cancelled, and none of those to the other', async () => {
      const scene = await LongScene.open();
      const free = isStored ? takeSlots(scene.shard, SLOTS_LEFT) : () => undefined;
      scene.isUp = false;
      const id = scene.submitMulti([ONE, OTHER], THREE);
      await scene.commit();
      expect(stored(scene)).toBe(isStored ? 6 : 0);
      expect(await cancelled(scene, ONE)).toBe(ROK);
      await scene.pass(1_000);
      expect(await ends(scene)).toEqual([
        ...Array<string>(3).fill('DELETED'),
        ...Array<string>(3).fill('open'),
      ]);
      expect(scene.told).toMatchObject([{ id: scene.idOf(id), state: 4 }]);
      scene.isUp = true;
      free();
      await scene.pass(1_000);
      await scene.answerAll(({ octets }) => `x${octets[5]}`);
      expect(scene.sent.map(({ dest, octets }) => [dest, octets[5]])).toEqual(
        [1, 2, 3].map((part) => [OTHER, part]),
      );
    });

    test('none of them where its SMSC has one already', async () => {
      const scene = await LongScene.open();
      scene.submitMulti([ONE, OTHER], THREE);
      await scene.commit();
      // The second part to one number is taken; all others wait for another attempt.
      await scene.answerAll(({ dest, octets }) => (dest === ONE && octets[5] === 2 ? 'x' : RMSGQFUL));
      scene.isUp = false;
      if (isStored) {
        takeSlots(scene.shard, SLOTS_LEFT);
        for (let batch = 0; batch < 2; batch++) makeRoom(scene.shard);
      }
      expect([stored(scene), scene.shard.store.count(KIND_AWAITING, 0)]).toEqual(isStored ? [5, 1] : [0, 0]);
      expect(await cancelled(scene, ONE)).toBe(RCANCELFAIL);
      await scene.pass(1_000);
      expect(await ends(scene)).toEqual(Array(6).fill('open'));
      expect(await cancelled(scene, OTHER)).toBe(ROK);
      await scene.pass(1_000);
      expect(await ends(scene)).toEqual([
        ...Array<string>(3).fill('open'),
        ...Array<string>(3).fill('DELETED'),
      ]);
      expect(scene.sent).toHaveLength(6);
    });
  },
);
