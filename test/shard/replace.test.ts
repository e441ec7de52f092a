/** replace_sm on a message that waits, in memory and in the store: what it may change, and what comes of it. */
import { describe, expect, test } from 'vitest';
import { KIND_QUEUED } from '../../src/store/pending.ts';
import { takeSlots } from './harness.ts';
import { LongScene } from './long-scene.ts';
import type { LongOptions } from './long-scene.ts';

const REPLACE = 3;
const [ROK, RINVMSGLEN, RREPLACEFAIL] = [0, 0x01, 0x13];
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

async function replaced(
  scene: LongScene,
  id: string,
  data = Buffer.from('new text'),
): Promise<number | undefined> {
  const sequence = scene.ask(REPLACE, id, { data });
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

describe('a text that its SMSC reads in another character set', () => {
  const OF_33: LongOptions = { smsc: { interface_version: '3.3' } };
  /** In four seconds: what is replaced after a crash can not have been sent. */
  const SOON = { schedule_delivery_time: '000000000004000R' };
  const [iso, ascii] = [Buffer.from('bfe0d8d2d5e2', 'hex'), Buffer.from('a@b')];

  test.each([
    ['in memory', false, false],
    ['after kill -9', true, false],
    ['in the store', false, true],
    ['in the store after its segment was settled', true, true],
  ])('can not be told another one %s', async (_where, crashes, full) => {
    const scene = await LongScene.open(OF_33);
    const free = full ? takeSlots(scene.shard, 50) : () => undefined;
    const sequences = [6, 1].map((data_coding, at) =>
      scene.submit({ ...SOON, data_coding, short_message: [iso, ascii][at] }),
    );
    await scene.commit();
    const ids = sequences.map((sequence) => scene.idOf(sequence));
    if (crashes) await scene.crash();
    if (crashes && full) await scene.settle();
    for (const [at, id] of ids.entries()) {
      expect(await replaced(scene, id, [iso, ascii][at])).toBe(RREPLACEFAIL);
    }
    if (!crashes) free();
    await scene.pass(5_000);
    await scene.answerAll(({ id }) => id);
    // 3.3 has UCS-2 for Cyrillic, and for ASCII the GSM alphabet, in which commercial at is 00.
    expect(scene.sent.map((sms) => [sms.dataCoding, sms.octets.toString('hex')])).toEqual([
      [8, '041f04400438043204350442'],
      [0, '610062'],
    ]);
  });

  test('can not be told another one twice, where the first was converted to fit', async () => {
    const scene = await LongScene.open({
      smsc: { interface_version: '3.3', alphabet: 'utf8' },
      account: { default_alphabet: 'utf8' },
    });
    scene.isUp = false;
    const sequence = scene.submit({ short_message: Buffer.from('old text') });
    await scene.commit();
    const id = scene.idOf(sequence);
    // One SMS, but more octets of UTF-8 than the 160 of a short_message: it goes in UCS-2.
    expect(await replaced(scene, id, Buffer.from('\u20ac'.repeat(60)))).toBe(ROK);
    expect(await replaced(scene, id, Buffer.from('\u20ac'))).toBe(RREPLACEFAIL);
    await texts(scene);
    expect(scene.sent.map((sms) => [sms.dataCoding, sms.octets.toString('hex')])).toEqual([
      [8, '20ac'.repeat(60)],
    ]);
  });

  test('of a session of 3.3 for an SMSC of 3.3 is the same to both', async () => {
    const scene = await LongScene.open({ ...OF_33, version: 0x33 });
    scene.isUp = false;
    // A GSM data coding scheme: 3 without bit 4 is the default alphabet.
    const sequence = scene.submit({ data_coding: 3, short_message: Buffer.from('a') });
    await scene.commit();
    expect(await replaced(scene, scene.idOf(sequence), Buffer.from('0010', 'hex'))).toBe(ROK);
    expect(await texts(scene)).toEqual(['\u0000\u0010']);
    expect(scene.sent[0].dataCoding).toBe(3);
  });
});

describe('UCS-2', () => {
  test.each([
    ['data_coding 8', 8, {}],
    ['a class', 0x18, {}],
    ['3.3', 0x08, { version: 0x33, smsc: { interface_version: '3.3' } }],
  ] satisfies [string, number, LongOptions][])(
    'of %s has an even number of octets',
    async (_what, data_coding, options) => {
      const scene = await LongScene.open(options);
      scene.isUp = false;
      const sequence = scene.submit({ data_coding, short_message: Buffer.from('00610062', 'hex') });
      await scene.commit();
      const id = scene.idOf(sequence);
      expect(await replaced(scene, id, Buffer.from('12345'))).toBe(RINVMSGLEN);
      expect(await replaced(scene, id, Buffer.from('0063', 'hex'))).toBe(ROK);
      await texts(scene);
      expect(scene.sent.map((sms) => [sms.dataCoding, sms.octets.toString('hex')])).toEqual([
        [data_coding, '0063'],
      ]);
    },
  );
});
