/** Which message a receipt ends, wherever that message is, in every manner of writing ids. */
import { describe, expect, test } from 'vitest';
import { matchParked } from '../../src/shard/parked.ts';
import type { ReceiptIds } from '../../src/core/smsc-id.ts';
import { seeded } from '../core/random.ts';
import { vectorNamed } from '../support/vectors.ts';
import { onDeliver } from '../../src/shard/receipts-in.ts';
import { ReceiptScene } from './receipt-scene.ts';

/** Ids of the messages that have their receipt. */
async function ended(scene: ReceiptScene): Promise<number[]> {
  const events = await scene.events();
  return events
    .filter(({ type }) => type === 'RECEIPT')
    .map(({ messageId }) => Number.parseInt(messageId.slice(8), 16));
}

const AUTO: ReceiptIds = 'auto';

/** The third SMSC shows, where it must, by another message that it changes bases. */
async function teach(
  scene: ReceiptScene,
  receipt_ids: ReceiptIds,
  response: string,
  receipt: string,
): Promise<number[]> {
  if (receipt_ids !== AUTO || response.toLowerCase() === receipt.toLowerCase()) return [];
  const id = scene.sent('5f5e0ff', { smsc: 2 });
  await scene.receipt('99999999', 'DELIVRD', {}, 2);
  return [id];
}

describe('the message of a receipt is found', () => {
  const cases: [ReceiptIds, string, string][] = [
    ['as-is', '3f2a9c10', '3f2a9c10'],
    ['as-is', '3f2a9c10', '3F2A9C10'],
    ['as-is', '0000000077', '77'],
    ['as-is', '77', '0000000077'],
    ['as-is', '00Ab', 'aB'],
    ['as-is', '123e4567-e89b-12d3-a456-426614174000', '123E4567-E89B-12D3-A456-426614174000'],
    ['as-is', 'q'.repeat(64), 'q'.repeat(64)],
    // The response was cut where the receipt is.
    ['as-is', 'q'.repeat(64), 'q'.repeat(80)],
    ['hex-to-decimal', '3F2A9C10', '1059757072'],
    ['hex-to-decimal', '003f2a9c10', '0001059757072'],
    ['decimal-to-hex', '1059757072', '3f2a9c10'],
    ['decimal-to-hex', '0001059757072', '3F2A9C10'],
    ['hex-to-decimal', '8000000000000001', '9223372036854775809'],
    [AUTO, '3f2a9c10', '1059757072'],
    [AUTO, '1059757072', '3f2a9c10'],
    [AUTO, 'a34d507', '0171234567'],
    [AUTO, 'f'.repeat(32), '340282366920938463463374607431768211455'],
    [AUTO, 'x-1', 'X-1'],
  ];

  test.each(cases)('%s: response %s, receipt %s', async (receipt_ids, response, receipt) => {
    const scene = new ReceiptScene({ receipt_ids });
    const taught = await teach(scene, receipt_ids, response, receipt);
    const [inMemory, stored] = [
      scene.sent(response, { smsc: 0 }),
      scene.sent(response, { smsc: 1, stored: true }),
    ];
    for (const smsc of [0, 1]) scene.sent('other', { smsc, stored: smsc === 1 });
    // To the third SMSC's the receipt comes before the response.
    for (const smsc of [0, 1, 2]) expect(await scene.receipt(receipt, 'DELIVRD', {}, smsc)).toBe(0);
    expect(await ended(scene)).toEqual([...taught, inMemory, stored]);
    expect([...scene.shard.parking.all()].map(({ smsc }) => smsc)).toEqual([2]);
    const early = scene.sent(response, { smsc: 2 });
    matchParked(scene.shard, scene.shard.table.idLow.indexOf(early), 0);
    await scene.commit();
    expect(await ended(scene)).toEqual([...taught, inMemory, stored, early]);
    expect(scene.shard.parking.size).toBe(0);
  });

  test('of a 3.3 SMSC that answers in hexadecimal and reports in decimal, as the vector has it', async () => {
    const scene = new ReceiptScene();
    const { bytes: pdu, fields } = vectorNamed('deliver_sm_dlr_v33_text_only');
    const [source, dest] = [fields.destination_addr as string, fields.source_addr as string];
    const id = scene.sent('0a34d507', { source, dest });
    onDeliver(scene.shard, scene.reader, scene.binds[0], pdu, 0, pdu.length);
    await scene.commit();
    expect(await scene.story(id)).toEqual(['RECEIPT EXPIRED']);
  });
});

describe('no message is taken for another', () => {
  const cases: [ReceiptIds, string[], string][] = [
    ['as-is', ['3f2a9c10'], '1059757072'],
    ['as-is', ['ab', 'AB'], 'aB'],
    ['as-is', ['07', '007'], '7'],
    [AUTO, ['ab', 'AB'], 'aB'],
    [AUTO, ['10', '22'], '16'],
    [AUTO, ['A', 'a', '16'], '10'],
    ['hex-to-decimal', ['0A', '00a'], '10'],
    [AUTO, ['abc'], 'abcd'],
  ];

  test.each(cases)('%s: %j, receipt %s', async (receipt_ids, responses, receipt) => {
    // All in memory, all in the store, and on both sides.
    const places = [() => false, () => true, (index: number) => index % 2 === 0];
    const scene = new ReceiptScene({ receipt_ids });
    for (const [smsc, stored] of places.entries()) {
      for (const [index, response] of responses.entries())
        scene.sent(response, { smsc, stored: stored(index) });
      expect(await scene.receipt(receipt, 'DELIVRD', {}, smsc)).toBe(0);
    }
    expect(await ended(scene)).toEqual([]);
    // They wait for a message of their own.
    expect([...scene.shard.parking.all()].map(({ smscId }) => smscId)).toEqual([receipt, receipt, receipt]);
  });

  test('that of another SMSC with the same id least of all', async () => {
    const scene = new ReceiptScene();
    scene.sent('abc', { smsc: 1 });
    scene.sent('abc', { smsc: 1, stored: true });
    await scene.receipt('abc');
    expect(await ended(scene)).toEqual([]);
  });

  test('exactly this id goes before any similar one, in memory and in the store', async () => {
    for (const exactStored of [false, true]) {
      const scene = new ReceiptScene();
      const exact = scene.sent('0ab', { stored: exactStored });
      scene.sent('0AB', { stored: !exactStored });
      scene.sent('ab');
      await scene.receipt('0ab');
      expect(await ended(scene)).toEqual([exact]);
    }
  });

  test('other case goes before other zeros, in memory and in the store', async () => {
    for (const caseStored of [false, true]) {
      const scene = new ReceiptScene();
      const likely = scene.sent('0AB', { stored: caseStored });
      scene.sent('ab', { stored: !caseStored });
      await scene.receipt('0ab');
      expect(await ended(scene)).toEqual([likely]);
    }
  });

  test.each([
    ['10', '16'],
    ['16', '10'],
    ['1059757072', '3f2a9c10'],
  ])('nor in auto a receipt that waits for %s, when %s is given', async (receipt, response) => {
    const scene = new ReceiptScene();
    expect(await scene.receipt(receipt, 'UNDELIV')).toBe(0);
    const id = scene.sent(response);
    matchParked(scene.shard, scene.shard.table.idLow.indexOf(id), 0);
    await scene.commit();
    expect(await scene.story(id)).toEqual([]);
    expect(scene.shard.parking.size).toBe(1);
    // The message of its own still finds it.
    const own = scene.sent(receipt);
    matchParked(scene.shard, scene.shard.table.idLow.indexOf(own), 0);
    await scene.commit();
    expect(await scene.story(own)).toEqual(['RECEIPT UNDELIVERABLE']);
  });

  test('a repeated receipt does not end another message once its own is gone', async () => {
    const scene = new ReceiptScene();
    const { finish } = await import('../../src/shard/events.ts');
    // Ids counted in decimal: 16 in hexadecimal is 10.
    for (let number = 1; number <= 30; number++) scene.sent(String(number));
    for (let number = 11; number <= 20; number++) await scene.receipt(String(number));
    const sixteen = scene.shard.table.idLow.indexOf(16);
    finish(scene.shard, sixteen, 2, 1);
    await scene.receipt('16');
    expect(await ended(scene)).toEqual([11, 12, 13, 14, 15, 16, 17, 18, 19, 20]);
    expect(scene.shard.parking.size).toBe(1);
  });
});

test('random ids in either base find their own messages, in every setting that allows it', async () => {
  const random = seeded(7_504);
  for (const [receipt_ids, respond, report] of [
    ['hex-to-decimal', 16, 10],
    ['decimal-to-hex', 10, 16],
    [AUTO, 16, 10],
    [AUTO, 10, 16],
    [AUTO, 10, 10],
    ['as-is', 16, 16],
  ] as const) {
    const scene = new ReceiptScene({ receipt_ids }, 256);
    const numbers = Array.from(
      { length: 100 },
      () => BigInt(random.below(2 ** 32)) * BigInt(random.below(2 ** 32)),
    );
    const style = (text: string): string => random.pick([text, text.toUpperCase(), text.padStart(20, '0')]);
    const ids = numbers.map((each) =>
      scene.sent(style(each.toString(respond)), { stored: random.below(3) === 0 }),
    );
    for (const each of numbers)
      scene.deliver({ short_message: `id:${style(each.toString(report))} stat:DELIVRD` });
    await scene.commit();
    expect(
      (await ended(scene)).sort((a, b) => a - b),
      `seed ${random.seed}, ${receipt_ids} ${respond}`,
    ).toEqual(ids);
  }
});
