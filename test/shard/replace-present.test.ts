/** replace_if_present_flag: whose place a new message takes, and whose not. */
import { describe, expect, test } from 'vitest';
import { LongScene } from './long-scene.ts';
import type { LongOptions } from './long-scene.ts';

const RMSGQFUL = 0x14;
const NUMBERS = ['962790000001', '962790000002'];
const OLD = { short_message: Buffer.from('old text') };
const NEW = { short_message: Buffer.from('new text'), replace_if_present_flag: 1 };
const MERGED = { receipts: 'merged' } as const;

/** Submits with the SMSC away, so that it waits. */
async function waiting(
  submit: (scene: LongScene) => unknown,
  options: LongOptions = {},
): Promise<{ scene: LongScene; ids: Set<string> }> {
  const scene = await LongScene.open(options);
  scene.isUp = false;
  submit(scene);
  await scene.commit();
  return { scene, ids: idsOf(scene) };
}

function idsOf({ shard: { table, scratch } }: LongScene): Set<string> {
  const slots = Array.from(table.state.keys()).filter((slot) => table.state[slot] !== 0 && slot !== scratch);
  return new Set(slots.map((slot) => `${table.idHigh[slot]} ${table.idLow[slot]}`));
}

/** The texts that the SMSC gets in the end, user data headers as [number of parts, part]. */
async function texts(scene: LongScene): Promise<string[]> {
  scene.isUp = true;
  await scene.pass(1_000);
  await scene.answerAll(({ id }) => id);
  return scene.sent.map(({ octets, esmClass }) =>
    (esmClass & 0x40) === 0
      ? octets.toString('latin1')
      : `${[octets[octets[0] - 1], octets[octets[0]]].join()} ${octets.toString('latin1', octets[0] + 1)}`,
  );
}

test('a message that waits takes the new text and keeps its id, at once and after a restart', async () => {
  // Not due when the daemon dies: it can not have been sent.
  const soon = { schedule_delivery_time: '000000000002000R' };
  const { scene, ids } = await waiting((open) => open.submit({ ...OLD, ...soon }));
  const first = scene.idOf(1);
  for (const crashes of [false, true]) {
    if (crashes) await scene.crash();
    if (crashes) await scene.pass(3_000);
    const sequence = scene.submit({ ...NEW, ...soon });
    await scene.commit();
    expect([crashes, scene.idOf(sequence)]).toEqual([crashes, first]);
    expect(idsOf(scene)).toEqual(ids);
  }
  await scene.pass(3_000);
  expect(await texts(scene)).toEqual(['new text']);
});

test('a message that was to be sent when the daemon died is not replaced: its SMSC may have it', async () => {
  const { scene } = await waiting((open) => open.submit(OLD));
  const first = scene.idOf(1);
  await scene.crash();
  await scene.pass(1_000);
  const sequence = scene.submit(NEW);
  await scene.commit();
  expect(scene.idOf(sequence)).not.toBe(first);
  expect(await texts(scene)).toEqual(['old text', 'new text']);
});

describe('a message that waits is not replaced', () => {
  const other = (fields: object) => (scene: LongScene) => scene.submit({ ...OLD, ...fields });
  test.each<[string, (scene: LongScene) => unknown, string[], LongOptions?]>([
    ['from another source', other({ source_addr: 'Sendes' }), ['old text']],
    ['from a longer source', other({ source_addr: 'Sender1' }), ['old text']],
    ['from another kind of source', other({ source_addr_ton: 5 }), ['old text']],
    ['to another destination', other({ destination_addr: '962790000002' }), ['old text']],
    ['with another service_type', other({ service_type: 'CMT' }), ['old text']],
    [
      'that is a part cut here',
      (scene) => scene.submit({ message_payload: Buffer.alloc(200, 0x61) }),
      [`2,1 ${'a'.repeat(153)}`, `2,2 ${'a'.repeat(47)}`],
    ],
    [
      'that is a part cut by its client',
      (scene) => [1, 2].map((part) => scene.piece(7, part, 2, `piece ${part}`)),
      ['2,1 piece 1', '2,2 piece 2'],
    ],
    [
      'that is a part by its sar_* parameters',
      (scene) => {
        const sar = { sar_msg_ref_num: 7, sar_total_segments: 2, sar_segment_seqnum: 1 };
        scene.submit({ ...OLD, ...sar });
      },
      ['old text'],
    ],
    [
      'that was joined from the parts of its client',
      (scene) => [1, 2].map((part) => scene.piece(7, part, 2, `piece ${part}`)),
      ['piece 1piece 2'],
      { account: MERGED },
    ],
    [
      'to one of several destinations',
      (scene) => scene.submitMulti(NUMBERS, { short_message: Buffer.from('to both') }),
      ['to both', 'to both'],
    ],
  ])('%s', async (_what, submit, sent, options) => {
    const { scene, ids } = await waiting(submit, options);
    const sequence = scene.submit(NEW);
    await scene.commit();
    expect(idsOf(scene).size).toBe(ids.size + 1);
    const [high, low] = [scene.idOf(sequence).slice(0, 8), scene.idOf(sequence).slice(8)];
    expect(ids).not.toContain(`${parseInt(high, 16)} ${parseInt(low, 16)}`);
    expect(await texts(scene)).toEqual([...sent, 'new text']);
  });

  test('of another account', async () => {
    const { scene } = await waiting((open) => open.submit(OLD));
    scene.shard.table.account.fill(1);
    scene.submit(NEW);
    await scene.commit();
    expect(await texts(scene)).toEqual(['old text', 'new text']);
  });

  test('that its SMSC was offered already', async () => {
    const scene = await LongScene.open();
    scene.submit(OLD);
    await scene.commit();
    scene.answer(RMSGQFUL);
    await scene.commit();
    expect(scene.sent).toHaveLength(1);
    const sequence = scene.submit(NEW);
    await scene.commit();
    expect(scene.idOf(sequence)).not.toBe(scene.idOf(1));
  });
});

describe.each<[string, LongOptions, string[]]>([
  ['one by one', {}, ['2,1 piece 1', '2,2 piece 2']],
  ['joined', { account: MERGED }, ['piece 1piece 2']],
])('parts of a client with the flag, sent %s', (_how, options, sent) => {
  test('take the place of nothing: not of what waits, and not of each other', async () => {
    const { scene } = await waiting((open) => open.submit(OLD), options);
    const flagged = { replace_if_present_flag: 1 };
    const parts = [1, 2].map((part) => scene.piece(7, part, 2, `piece ${part}`, flagged));
    await scene.commit();
    const ids = [1, ...parts].map((sequence) => scene.idOf(sequence));
    expect(new Set(ids).size).toBe(3);
    expect(await texts(scene)).toEqual(['old text', ...sent]);
  });
});
