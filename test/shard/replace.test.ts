/** replace_sm on a message that only the store has. */
import { describe, expect, test } from 'vitest';
import { KIND_QUEUED } from '../../src/store/pending.ts';
import { takeSlots } from './harness.ts';
import { LongScene } from './long-scene.ts';
import type { LongOptions } from './long-scene.ts';

const REPLACE = 3;
const [ROK, RREPLACEFAIL] = [0, 0x13];
const NUMBERS = ['962790000001', '962790000002'];
/** A message that waits in the store: its id, once it is there. */
async function waiting(
  options: LongOptions,
  submit: (scene: LongScene) => number,
): Promise<{ scene: LongScene; id: string; count: number; free: () => void }> {
  const scene = await LongScene.open(options);
  // Too few to take any back from the store.
  const free = takeSlots(scene.shard, 50);
  scene.isUp = false;
  const sequence = submit(scene);
  await scene.commit();
  const count = scene.shard.store.count(KIND_QUEUED, 0);
  expect(count).toBeGreaterThan(0);
  return { scene, id: scene.idOf(sequence), count, free };
}

async function replaced(scene: LongScene, id: string): Promise<number | undefined> {
  const sequence = scene.ask(REPLACE, id, { data: Buffer.from('new text') });
  await scene.commit();
  return scene.operationAnswers.get(sequence)?.status;
}

/** The texts that the SMSC gets in the end. */
async function texts(scene: LongScene): Promise<string[]> {
  scene.isUp = true;
  await scene.pass(1_000);
  await scene.answerAll(({ id }) => id);
  return scene.sent.map(({ octets }) => octets.toString('latin1'));
}

describe('a stored message', () => {
  test('gets its text in memory, and is sent with it once', async () => {
    const { scene, id, free } = await waiting({}, (open) =>
      open.submit({ short_message: Buffer.from('old text') }),
    );
    const { used } = scene.shard.table;
    expect(await replaced(scene, id)).toBe(ROK);
    expect([scene.shard.store.count(KIND_QUEUED, 0), scene.shard.table.used]).toEqual([0, used + 1]);
    free();
    expect(await texts(scene)).toEqual(['new text']);
  });

  test.each<[string, LongOptions, (scene: LongScene) => number, string[]]>([
    [
      'one of several destinations',
      {},
      (scene) => scene.submitMulti(NUMBERS, { short_message: Buffer.from('to both') }),
      ['to both', 'to both'],
    ],
    [
      'a part of a long message',
      {},
      (scene) => scene.submit({ message_payload: Buffer.alloc(200, 0x61) }),
      [153, 47].map((octets) => expect.stringMatching(new RegExp(`^.{6}a{${octets}}$`, 's')) as string),
    ],
    [
      'one whose account has texts transliterated',
      { account: { transliterate: true } },
      (scene) => scene.submit({ short_message: Buffer.from('old text') }),
      ['old text'],
    ],
    [
      'one whose SMSC has another alphabet than its account',
      { account: { default_alphabet: 'latin1' } },
      (scene) => scene.submit({ short_message: Buffer.from('old text') }),
      ['old text'],
    ],
  ])('%s keeps its text, and stays stored', async (_what, options, submit, sent) => {
    const { scene, id, count, free } = await waiting(options, submit);
    const { used } = scene.shard.table;
    expect(await replaced(scene, id)).toBe(RREPLACEFAIL);
    expect([scene.shard.store.count(KIND_QUEUED, 0), scene.shard.table.used]).toEqual([count, used]);
    free();
    expect(await texts(scene)).toEqual(sent);
  });
});
