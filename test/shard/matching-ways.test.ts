/** The addresses of a receipt decide between messages whose ids do not. */
import { describe, expect, test } from 'vitest';
import { finish } from '../../src/shard/events.ts';
import { matchParked } from '../../src/shard/parked.ts';
import { DEST, ReceiptScene } from './receipt-scene.ts';

const OTHER = '447700900456';
const places = [
  ['in memory', false, false],
  ['in the store', true, true],
  ['the older one in the store', true, false],
  ['the newer one in the store', false, true],
] as const;

async function parkedIds(scene: ReceiptScene): Promise<string[]> {
  await scene.commit();
  return [...scene.shard.parking.all()].map(({ smscId }) => smscId);
}

describe('of two messages with one id', () => {
  test.each(places)('each gets its own receipt: %s', async (_place, olderStored, newerStored) => {
    const scene = new ReceiptScene();
    const older = scene.sent('5', { stored: olderStored });
    const newer = scene.sent('5', { dest: OTHER, stored: newerStored });
    await scene.receipt('5', 'UNDELIV');
    expect([await scene.story(older), await scene.story(newer)]).toEqual([['RECEIPT UNDELIVERABLE'], []]);
    await scene.receipt('5', 'DELIVRD', { source_addr: OTHER });
    expect(await scene.story(newer)).toEqual(['RECEIPT DELIVERED']);
    expect(await parkedIds(scene)).toEqual([]);
  });

  test.each(places.slice(0, 2))('none gets that of a third: %s', async (_place, olderStored, newerStored) => {
    const scene = new ReceiptScene();
    scene.sent('5', { stored: olderStored });
    scene.sent('5', { dest: OTHER, stored: newerStored });
    await scene.receipt('5', 'DELIVRD', { source_addr: '447700900789' });
    expect([await parkedIds(scene), (await scene.events()).map(({ type }) => type)]).toEqual([
      ['5'],
      ['PARKED'],
    ]);
  });

  test('between the same numbers none is taken', async () => {
    const scene = new ReceiptScene();
    const ids = [scene.sent('5'), scene.sent('5')];
    await scene.receipt('5');
    expect([await scene.story(ids[0]), await scene.story(ids[1])]).toEqual([[], []]);
    expect(await parkedIds(scene)).toEqual(['5']);
  });

  test('between the same numbers a repeated receipt ends nothing, and another one the message that waits', async () => {
    const scene = new ReceiptScene();
    const first = scene.sent('5');
    const date = (minute: number) => `id:5 done date:26010112${minute} stat:DELIVRD err:000 text:x`;
    scene.deliver({ short_message: date(10) });
    const second = scene.sent('5');
    scene.deliver({ short_message: date(10) });
    expect(await parkedIds(scene)).toEqual([]);
    expect([await scene.story(first), await scene.story(second)]).toEqual([['RECEIPT DELIVERED'], []]);
    scene.deliver({ short_message: date(11) });
    expect(await parkedIds(scene)).toEqual([]);
    expect(await scene.story(second)).toEqual(['RECEIPT DELIVERED']);
  });

  test('the only message with the id has its receipt whatever the addresses say', async () => {
    for (const stored of [false, true]) {
      const scene = new ReceiptScene();
      // Another one in the store, so that this is looked at.
      scene.sent('6', { stored: true });
      const id = scene.sent('5', { stored });
      await scene.receipt('5', 'DELIVRD', { source_addr: 'Network', destination_addr: '' });
      expect(await scene.story(id)).toEqual(['RECEIPT DELIVERED']);
    }
  });
});

describe('an id that is only similar', () => {
  const cases = [
    ['aBc1', 'AbC1'],
    ['42', '0042'],
    ['3f2a9c10', '1059757072'],
    ['1059757072', '3F2A9C10'],
  ];

  test.each(cases)('%s is not %s of another number', async (response, receipt) => {
    for (const stored of [false, true]) {
      const scene = new ReceiptScene();
      const id = scene.sent(response, { stored });
      await scene.receipt(receipt, 'UNDELIV', { source_addr: OTHER });
      await scene.receipt(receipt, 'UNDELIV', { destination_addr: 'Market' });
      expect(await scene.story(id)).toEqual([]);
      await scene.receipt(receipt);
      expect(await scene.story(id)).toEqual(['RECEIPT DELIVERED']);
    }
  });

  test.each(cases)('%s is %s where the SMSC leaves the addresses as they were', async (response, receipt) => {
    const scene = new ReceiptScene();
    const id = scene.sent(response);
    await scene.receipt(receipt, 'DELIVRD', { source_addr: 'Shop', destination_addr: `+${DEST}` });
    expect(await scene.story(id)).toEqual(['RECEIPT DELIVERED']);
  });

  test('of several the one whose addresses agree', async () => {
    const scene = new ReceiptScene();
    const [own] = [scene.sent('007'), scene.sent('07', { dest: OTHER })];
    await scene.receipt('7');
    expect(await scene.story(own)).toEqual(['RECEIPT DELIVERED']);
  });

  test('nothing is learned from what the addresses refuse', async () => {
    const scene = new ReceiptScene();
    scene.sent('3f2a9c10', { dest: OTHER });
    for (let count = 0; count < 3; count++) await scene.receipt('1059757072');
    const id = scene.sent('10');
    await scene.receipt('16');
    expect(await scene.story(id)).toEqual([]);
  });

  test('where the operator says the base, the number in it is the id; as it stands it is only similar', async () => {
    const scene = new ReceiptScene({ receipt_ids: 'hex-to-decimal' });
    const id = scene.sent('0A');
    await scene.receipt('10', 'DELIVRD', { source_addr: OTHER });
    expect(await scene.story(id)).toEqual(['RECEIPT DELIVERED']);
    const other = scene.sent('16');
    await scene.receipt('16', 'UNDELIV', { source_addr: OTHER });
    expect(await scene.story(other)).toEqual([]);
    await scene.receipt('16', 'UNDELIV');
    expect(await scene.story(other)).toEqual(['RECEIPT UNDELIVERABLE']);
  });
});

test('right after a start no short id is read in another base: the SMSC counts and repeats itself', async () => {
  const scene = new ReceiptScene();
  const ten = scene.sent('10');
  // 16 ended before the start.
  await scene.receipt('16', 'UNDELIV');
  expect([await scene.story(ten), await parkedIds(scene)]).toEqual([[], ['16']]);
  await scene.receipt('10');
  expect(await scene.story(ten)).toEqual(['RECEIPT DELIVERED']);
});

describe('a receipt that waits', () => {
  function match(scene: ReceiptScene, id: number, sentMs: number): void {
    matchParked(scene.shard, scene.shard.table.idLow.indexOf(id), sentMs);
  }

  test('is not of a message that was sent later', async () => {
    const scene = new ReceiptScene();
    const first = scene.sent('77');
    await scene.receipt('77');
    finish(scene.shard, scene.shard.table.idLow.indexOf(first), 2, 1);
    scene.deliver({ short_message: 'id:77 stat:DELIVRD' });
    const [{ parkedMs }] = scene.shard.parking.all();
    const second = scene.sent('77');
    match(scene, second, parkedMs + 1);
    await scene.commit();
    expect([await scene.story(second), scene.shard.parking.size]).toEqual([[], 1]);
    scene.shard.nowMs = parkedMs + 2;
    // Its own, which comes while it is on its way, goes before the older one of the same id.
    scene.shard.index.remove(scene.shard.table.idLow.indexOf(second));
    scene.deliver({ short_message: 'id:77 stat:UNDELIV' });
    match(scene, second, parkedMs + 1);
    await scene.commit();
    expect(await scene.story(second)).toEqual(['RECEIPT UNDELIVERABLE']);
  });

  test('for an id that is only similar, or with others, is given to the message that its addresses name', async () => {
    const scene = new ReceiptScene();
    for (const source_addr of [OTHER, DEST]) {
      await scene.receipt('0ab', source_addr === DEST ? 'DELIVRD' : 'UNDELIV', { source_addr });
    }
    await scene.receipt('0cd', 'UNDELIV', { source_addr: OTHER });
    const [similar, exact, neither] = [
      scene.sent('AB'),
      scene.sent('0ab', { dest: OTHER }),
      scene.sent('CD'),
    ];
    for (const id of [similar, exact, neither]) match(scene, id, 0);
    await scene.commit();
    expect(await scene.story(similar)).toEqual(['RECEIPT DELIVERED']);
    expect(await scene.story(exact)).toEqual(['RECEIPT UNDELIVERABLE']);
    expect([await scene.story(neither), await parkedIds(scene)]).toEqual([[], ['0cd']]);
  });
});

describe('a receipt that is sent again when its message has ended', () => {
  const textOf = (id: string, minute: number): string =>
    `id:${id} done date:26010112${minute} stat:DELIVRD err:000 text:x`;

  test.each([
    ['AbC1', 'aBc1'],
    ['0042', '42'],
  ])('%s does not end %s to the same number', async (ended, waiting) => {
    for (const receipt_ids of ['auto', 'as-is'] as const) {
      const scene = new ReceiptScene({ receipt_ids });
      const first = scene.sent(ended);
      scene.deliver({ short_message: textOf(ended, 10) });
      await scene.commit();
      finish(scene.shard, scene.shard.table.idLow.indexOf(first), 2, 1);
      const second = scene.sent(waiting);
      scene.deliver({ short_message: textOf(ended, 10) });
      await scene.commit();
      expect(await scene.story(second)).toEqual([]);
      // Its own, though the SMSC writes it like that.
      scene.deliver({ short_message: textOf(ended, 11) });
      await scene.commit();
      expect(await scene.story(second)).toEqual(['RECEIPT DELIVERED']);
    }
  });

  test('without a date likewise, for receipts.park_s', async () => {
    const scene = new ReceiptScene();
    // A commit sets the scene's clock.
    await scene.receipt('unknown');
    const first = scene.sent('AbC1');
    await scene.receipt('AbC1');
    finish(scene.shard, scene.shard.table.idLow.indexOf(first), 2, 1);
    const second = scene.sent('aBc1');
    await scene.receipt('AbC1');
    expect(await scene.story(second)).toEqual([]);
    scene.shard.nowMs += scene.shard.config.receipts.park_s * 1000 + 1;
    await scene.receipt('AbC1');
    expect(await scene.story(second)).toEqual(['RECEIPT DELIVERED']);
  });
});
