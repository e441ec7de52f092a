/** What becomes of a message of whose state its SMSC says nothing that we know. */
import { describe, expect, test } from 'vitest';
import { onSecond } from '../../src/shard/housekeeping.ts';
import { ReceiptScene } from './receipt-scene.ts';

describe('a receipt with a word that nobody knows', () => {
  const odd = (more: string, fields: object = {}) => ({
    short_message: `id:abc stat:RETIRED${more}`,
    ...fields,
  });

  test.each([
    ['err', odd(' err:012'), 'RECEIPT UNDELIVERABLE'],
    ['message_state', odd(' err:012', { message_state: 2 }), 'RECEIPT DELIVERED'],
    [
      'network_error_code',
      odd('', { network_error_code: Buffer.from('030006', 'hex') }),
      'RECEIPT UNDELIVERABLE',
    ],
  ])('has the state that its %s tells', async (_name, fields, expected) => {
    const scene = new ReceiptScene();
    const id = scene.sent('abc');
    await scene.receipt('abc', '', fields);
    expect(await scene.story(id)).toEqual([expected]);
  });

  test('an intermediate notification says nothing final by its error', async () => {
    const scene = new ReceiptScene();
    const id = scene.sent('abc');
    await scene.receipt('abc', '', odd(' err:012', { esm_class: 0x20 }));
    expect(await scene.story(id)).toEqual(['INTERMEDIATE']);
  });

  /** Past receipts.wait_s. */
  async function waitedFor(scene: ReceiptScene): Promise<void> {
    scene.shard.nowMs += scene.shard.config.receipts.wait_s * 1000 + 1_000;
    scene.shard.owned = scene.shard.smscs.filter((smsc) => smsc !== undefined);
    onSecond(scene.shard);
    scene.shard.owned = [];
    await scene.commit();
  }

  // In memory, in the store, in the store while memory is full.
  test.each([
    [false, false],
    [true, false],
    [true, true],
  ])('is what the client is told in the end, stored: %s, memory full: %s', async (stored, isFull) => {
    for (const [registeredDelivery, isTold] of [
      [1, true],
      [2, false],
      [3, false],
      [0x10, false],
    ] as const) {
      const scene = new ReceiptScene();
      const id = scene.sent('abc', { registeredDelivery, stored });
      const silent = scene.sent('other', { registeredDelivery, stored });
      const taken = isFull ? scene.fillMemory() : [];
      const fields = odd(' err:NO', { network_error_code: Buffer.from('030000', 'hex') });
      expect(await scene.receipt('abc', '', fields)).toBe(0);
      for (const slot of taken) scene.shard.table.release(slot);
      scene.offered();
      await waitedFor(scene);
      const [first, ...rest] = await scene.story(id);
      expect(first).toBe('INTERMEDIATE');
      const without = registeredDelivery === 0x10 ? 'FINAL ACCEPTED SENT' : 'FINAL UNKNOWN NO_RECEIPT';
      expect(rest, String(registeredDelivery)).toEqual(isTold ? ['RECEIPT UNKNOWN'] : [without]);
      const told = scene.offered();
      expect(told).toMatchObject(isTold ? [{ state: 7, err: 'NO', network: [3, 0], idLow: id }] : []);
      // Of what the SMSC said nothing of there is nothing to be told.
      expect(await scene.story(silent)).toEqual([without]);
      expect(await scene.receipt('abc')).toBe(0);
      expect((await scene.story(id)).length).toBe(2);
    }
  });

  test('counts for nothing when the end is told after all', async () => {
    const scene = new ReceiptScene();
    const id = scene.sent('abc');
    await scene.receipt('abc', '', odd(' err:NO'));
    await scene.receipt('abc', 'DELIVRD');
    expect(scene.offered()).toMatchObject([{ state: 2, err: '000' }]);
    await waitedFor(scene);
    expect(await scene.story(id)).toEqual(['INTERMEDIATE', 'RECEIPT DELIVERED']);
  });
});
