/** What becomes of a receipt by its state and by what the client asked for (spec sections 8.4 and 9.5). */
import { describe, expect, test } from 'vitest';
import { FLAG_INTERNAL, FLAG_PART, TEXT_BYTES } from '../../src/core/message-table.ts';
import { deskOf } from '../../src/shard/receipts-out.ts';
import { ReceiptScene } from './receipt-scene.ts';

describe('registered_delivery', () => {
  const TAKEN = 'to the client';
  const cases: [number, string, string][] = [
    [1, 'DELIVRD', TAKEN],
    [1, 'UNDELIV', TAKEN],
    [1, 'EXPIRED', TAKEN],
    [1, 'DELETED', TAKEN],
    [1, 'REJECTD', TAKEN],
    [1, 'SKIPPED', TAKEN],
    [2, 'DELIVRD', 'FINAL DELIVERED SENT'],
    [2, 'UNDELIV', TAKEN],
    [2, 'EXPIRED', TAKEN],
    [2, 'DELETED', TAKEN],
    [2, 'REJECTD', TAKEN],
    [2, 'SKIPPED', TAKEN],
    [3, 'DELIVRD', TAKEN],
    [3, 'UNDELIV', 'FINAL UNDELIVERABLE FAILED'],
    [3, 'REJECTD', 'FINAL REJECTED FAILED'],
    // Notifications alone: the end of the message is for its CDR.
    [0x10, 'DELIVRD', 'FINAL DELIVERED SENT'],
    [0x12, 'DELIVRD', 'FINAL DELIVERED SENT'],
    [0x11, 'DELIVRD', TAKEN],
  ];

  test.each(cases)('%i, %s: %s', async (registeredDelivery, stat, expected) => {
    const scene = new ReceiptScene();
    const ids = [false, true].map((stored, smsc) => scene.sent('abc', { registeredDelivery, stored, smsc }));
    for (const smsc of [0, 1]) expect(await scene.receipt('abc', stat, {}, smsc)).toBe(0);
    for (const id of ids) {
      const story = await scene.story(id);
      expect(story[0]).toMatch(/^RECEIPT /);
      expect(story.slice(1)).toEqual(expected === TAKEN ? [] : [expected]);
    }
    expect(scene.offered().map(({ ownIdLow }) => ownIdLow)).toEqual(expected === TAKEN ? ids : []);
    if (expected === TAKEN) return;
    // One that is over leaves nothing behind, in memory and in the store.
    const { table, store } = scene.shard;
    expect([table.used, ids.map((id) => store.get(7, id))]).toEqual([1, [undefined, undefined]]);
  });

  test('also while memory is full, by way of the store', async () => {
    const scene = new ReceiptScene();
    const wanted = scene.sent('a', { stored: true });
    const unwanted = scene.sent('b', { stored: true, registeredDelivery: 2 });
    scene.fillMemory();
    expect(await scene.receipt('a')).toBe(0);
    expect(await scene.receipt('b')).toBe(0);
    expect(await scene.receipt('b')).toBe(0);
    expect(await scene.story(wanted)).toEqual(['RECEIPT DELIVERED']);
    expect(await scene.story(unwanted)).toEqual(['RECEIPT DELIVERED', 'FINAL DELIVERED SENT']);
    // Its receipt waits there for its desk; the other one is gone.
    expect(scene.shard.store.get(7, wanted)?.kind).toBe(3);
    expect(scene.shard.store.get(7, unwanted)).toBeUndefined();
  });

  test('once, however often the SMSC repeats it while memory is full and nothing is committed', async () => {
    const scene = new ReceiptScene();
    const id = scene.sent('b', { stored: true, registeredDelivery: 2 });
    scene.fillMemory();
    const sequences = [1, 2, 3].map(() => scene.deliver({ short_message: 'id:b stat:DELIVRD' }));
    await scene.commit();
    expect(sequences.map((sequence) => scene.statusOf(sequence))).toEqual([0, 0, 0]);
    expect(await scene.story(id)).toEqual(['RECEIPT DELIVERED', 'FINAL DELIVERED SENT']);
  });

  test('a part that is only in the store is put off while memory is full: its message ends with others', async () => {
    const scene = new ReceiptScene();
    const id = scene.sent('p', { stored: true, flags: FLAG_PART });
    scene.fillMemory();
    expect(await scene.receipt('p')).toBe(0x64);
    expect([await scene.story(id), scene.shard.parking.size]).toEqual([[], 0]);
    expect(scene.shard.store.awaiting(0, 'p')).toHaveLength(1);
  });

  test('a receipt that overtook its response is treated alike', async () => {
    const scene = new ReceiptScene();
    await scene.receipt('early');
    expect(scene.shard.parking.size).toBe(1);
    const { matchParked } = await import('../../src/shard/parked.ts');
    const id = scene.sent('early', { registeredDelivery: 2 });
    matchParked(scene.shard, scene.shard.table.idLow.indexOf(id), 0);
    await scene.commit();
    expect(await scene.story(id)).toEqual(['RECEIPT DELIVERED', 'FINAL DELIVERED SENT']);
    expect([scene.offered(), scene.shard.parking.size]).toEqual([[], 0]);
  });
});

describe('a state that is not final', () => {
  test.each([
    ['an ordinary receipt', 'ENROUTE', 4, 1],
    ['an ordinary receipt', 'ACCEPTD', 4, 6],
    ['an ordinary receipt with a word that nobody knows', 'WHATEVER', 4, 7],
    ['an intermediate notification', 'ENROUTE', 0x20, 1],
    ['an intermediate notification, whatever it says', 'DELIVRD', 0x20, 2],
  ])(
    'in %s (%s): journalled, offered once if asked for, and nothing ends',
    async (_name, stat, esm_class, state) => {
      for (const registeredDelivery of [1, 0x11, 0x10]) {
        const scene = new ReceiptScene();
        const id = scene.sent('abc', { registeredDelivery });
        expect(await scene.receipt('abc', stat, { esm_class })).toBe(0);
        expect(await scene.story(id)).toEqual(['INTERMEDIATE']);
        const offered = scene.offered();
        expect(offered.length).toBe(registeredDelivery === 1 ? 0 : 1);
        if (offered.length > 0) {
          expect(offered[0]).toMatchObject({
            state,
            slot: -1,
            idLow: id,
            esmClass: 0x20,
            err: '000',
            text: 'hello',
          });
        }
        // Nothing is lent: the window is as open as before.
        expect(scene.shard.desks[0]?.lent[0]).toBe(0);
        await scene.receipt('abc', 'UNDELIV');
        expect((await scene.story(id)).slice(0, 2)).toEqual(['INTERMEDIATE', 'RECEIPT UNDELIVERABLE']);
      }
    },
  );

  test('of a message that is only in the store comes into memory when the client asked for it', async () => {
    for (const registeredDelivery of [1, 0x11]) {
      const scene = new ReceiptScene();
      const id = scene.sent('abc', { registeredDelivery, stored: true });
      await scene.receipt('abc', 'ENROUTE');
      await scene.receipt('abc', 'ENROUTE');
      expect(await scene.story(id)).toEqual(['INTERMEDIATE', 'INTERMEDIATE']);
      expect(scene.offered().length).toBe(registeredDelivery === 1 ? 0 : 2);
      await scene.receipt('abc');
      expect(await scene.story(id)).toEqual(['INTERMEDIATE', 'INTERMEDIATE', 'RECEIPT DELIVERED']);
    }
  });

  test('is answered after the commit, and is not told when the final state is quicker', async () => {
    const scene = new ReceiptScene();
    const id = scene.sent('abc', { registeredDelivery: 0x11 });
    const first = scene.deliver({ short_message: 'id:abc stat:ENROUTE' });
    const second = scene.deliver({ short_message: 'id:abc stat:DELIVRD' });
    const third = scene.deliver({ short_message: 'id:abc stat:ENROUTE' });
    expect(scene.answered).toEqual([]);
    await scene.commit();
    expect([first, second, third].map((sequence) => scene.statusOf(sequence))).toEqual([0, 0, 0]);
    expect(await scene.story(id)).toEqual(['INTERMEDIATE', 'RECEIPT DELIVERED']);
    expect(scene.offered().map(({ esmClass, state }) => [esmClass, state])).toEqual([[4, 2]]);
  });

  test('of a part that the client knows nothing of is for the ledger alone', async () => {
    const scene = new ReceiptScene();
    const ids = ['a', 'b', 'c'].map((each) => scene.sent(each, { registeredDelivery: 0x11 }));
    const { table } = scene.shard;
    const slots = ids.map((id) => table.idLow.indexOf(id));
    [FLAG_PART, FLAG_PART, FLAG_INTERNAL].forEach((flag, index) => (table.flags[slots[index]] |= flag));
    [table.part[slots[0]], table.part[slots[1]]] = [1, 2];
    for (const each of ['a', 'b', 'c']) await scene.receipt(each, 'ENROUTE');
    expect((await scene.events()).map(({ type }) => type)).toEqual(Array(3).fill('INTERMEDIATE'));
    expect(scene.offered().map(({ idLow }) => idLow)).toEqual([ids[0]]);
  });

  test('of nobody, or with nobody there to take it, is answered and dropped', async () => {
    const scene = new ReceiptScene();
    expect(await scene.receipt('unknown', 'ENROUTE')).toBe(0);
    expect([scene.shard.parking.size, await scene.events()]).toEqual([0, []]);
    const id = scene.sent('abc', { registeredDelivery: 0x11 });
    deskOf(scene.shard, 0).window[0] = 0;
    expect(await scene.receipt('abc', 'ENROUTE')).toBe(0);
    expect([await scene.story(id), scene.offered()]).toEqual([['INTERMEDIATE'], []]);
  });

  test('goes to an edge with a receiver of 3.4 or later, though another has room, too', async () => {
    const scene = new ReceiptScene();
    scene.sent('abc', { registeredDelivery: 0x11 });
    const desk = deskOf(scene.shard, 0);
    const offered: number[] = [];
    for (const newer of [0, 2]) {
      desk.newer[0] = newer;
      await scene.receipt('abc', 'ENROUTE');
      offered.push(scene.offered().length);
    }
    expect(offered).toEqual([0, 1]);
  });
});

describe('an acknowledgement of the recipient', () => {
  const yes = { short_message: Buffer.from('Oui, \xe9videmment', 'latin1'), data_coding: 3 };

  test.each([
    ['SME delivery acknowledgement', 0x08, 0x04],
    ['manual acknowledgement', 0x10, 0x08],
  ])('%s: offered in its own words if asked for', async (_name, esm_class, bit) => {
    for (const registeredDelivery of [1, 1 | bit, 0x0d ^ bit]) {
      const scene = new ReceiptScene();
      const id = scene.sent('abc', { registeredDelivery });
      const fields = { ...yes, esm_class, receipted_message_id: 'abc', user_response_code: 1 };
      const sequence = scene.deliver(fields);
      await scene.commit();
      expect(scene.statusOf(sequence)).toBe(0);
      expect(await scene.fields(id, 'INTERMEDIATE')).toMatchObject({
        text: 'Oui, \u00e9videmment',
        userResponseCode: 1,
      });
      const wanted = (registeredDelivery & bit) !== 0;
      expect(scene.offered()).toMatchObject(
        wanted
          ? [
              {
                state: 255,
                slot: -1,
                esmClass: esm_class,
                dataCoding: 3,
                responseCode: 1,
                text: 'Oui, \xe9videmment',
              },
            ]
          : [],
      );
    }
  });

  test('that names no message of ours is what any message of a handset is', async () => {
    const scene = new ReceiptScene();
    scene.sent('abc', { registeredDelivery: 5 });
    const unnamed = scene.deliver({ ...yes, esm_class: 8, short_message: 'id:abc stat:DELIVRD' });
    const unknown = scene.deliver({ ...yes, esm_class: 8, receipted_message_id: 'other' });
    expect([scene.statusOf(unnamed), scene.statusOf(unknown)]).toEqual([0x66, 0x66]);
  });
});

describe('the error', () => {
  test('of the network and of the text are both kept as they came', async () => {
    const scene = new ReceiptScene();
    const id = scene.sent('abc');
    await scene.receipt('abc', 'UNDELIV', {
      short_message: 'id:abc stat:UNDELIV err:06B text:x',
      network_error_code: Buffer.from('081234', 'hex'),
    });
    expect(await scene.fields(id, 'RECEIPT')).toMatchObject({ err: '06B', networkError: '8/4660' });
    expect(scene.offered()).toMatchObject([{ err: '06B', network: [8, 0x1234] }]);
    expect(scene.networkErrorOf(id)).toEqual([8, 0x1234]);
  });

  test.each([
    ['030006', '006', [3, 6]],
    ['08ffff', '65535', [8, 65_535]],
    ['000000', '000', [0, 0]],
  ])('of a receipt with TLVs alone (%s) is its text too', async (hex, err, network) => {
    const scene = new ReceiptScene();
    scene.sent('abc');
    scene.deliver({
      receipted_message_id: 'abc',
      message_state: 5,
      network_error_code: Buffer.from(hex, 'hex'),
    });
    await scene.commit();
    expect(scene.offered()).toMatchObject([{ state: 5, err, network }]);
  });

  test('longer than seven characters is cut', async () => {
    const scene = new ReceiptScene();
    scene.sent('abc');
    await scene.receipt('abc', 'UNDELIV', { short_message: 'id:abc stat:UNDELIV err:123456789' });
    expect(scene.offered()).toMatchObject([{ err: '1234567', network: [-1, 0] }]);
  });
});

describe('what counts as a receipt', () => {
  const plain = { esm_class: 0 };

  test('the esm_class, and nothing that a handset may write', async () => {
    const scene = new ReceiptScene();
    const id = scene.sent('abc');
    expect(await scene.receipt('abc', 'DELIVRD', plain)).toBe(0x66);
    expect(await scene.story(id)).toEqual([]);
    expect(await scene.receipt('abc', 'DELIVRD')).toBe(0);
  });

  test.each([
    ['as they were', {}, true],
    ['with other TON and NPI', { source_addr_ton: 2, source_addr_npi: 8, dest_addr_npi: 1 }, true],
    ['as a national number', { source_addr: '07700900123' }, true],
    ['in capitals', { destination_addr: 'SHOP' }, true],
    ['from another number', { source_addr: '447700900124' }, false],
    ['to another', { destination_addr: 'Stop' }, false],
    ['not swapped', { source_addr: 'Shop', destination_addr: '447700900123' }, false],
    ['missing', { source_addr: '' }, false],
  ])(
    'with receipts_by_content a text with id and stat, addresses %s: %o %s',
    async (_name, fields, isOne) => {
      const scene = new ReceiptScene({ receipts_by_content: true });
      const ids = [false, true].map((stored, smsc) => scene.sent('abc', { stored, smsc }));
      for (const [smsc, id] of ids.entries()) {
        expect(await scene.receipt('abc', 'DELIVRD', { ...plain, ...fields }, smsc)).toBe(isOne ? 0 : 0x66);
        expect(await scene.story(id)).toEqual(isOne ? ['RECEIPT DELIVERED'] : []);
        // The esm_class goes before all of it.
        expect(await scene.receipt('abc', 'DELIVRD', fields, smsc)).toBe(0);
        expect(await scene.story(id)).toEqual(['RECEIPT DELIVERED']);
      }
    },
  );

  test('with receipts_by_content not what names a message that nobody knows', async () => {
    const scene = new ReceiptScene({ receipts_by_content: true });
    expect(await scene.receipt('abc', 'DELIVRD', plain)).toBe(0x66);
    expect(await scene.receipt('abc', 'ENROUTE', plain)).toBe(0x66);
    expect([scene.shard.parking.size, await scene.events()]).toEqual([0, []]);
  });

  test('with receipts_by_content a state that is not final, too, if it is of the message', async () => {
    const scene = new ReceiptScene({ receipts_by_content: true });
    const id = scene.sent('abc');
    expect(await scene.receipt('abc', 'ENROUTE', { ...plain, source_addr: '1' })).toBe(0x66);
    expect(await scene.receipt('abc', 'ENROUTE', plain)).toBe(0);
    expect(await scene.story(id)).toEqual(['INTERMEDIATE']);
  });

  test('with receipts_by_content, of a message without a source, whatever the SMSC put there', async () => {
    const scene = new ReceiptScene({ receipts_by_content: true });
    const id = scene.sent('abc');
    const slot = scene.shard.table.idLow.indexOf(id);
    scene.shard.table.sourceLength[slot] = scene.shard.table.text.write(
      '\0\0\0',
      slot * TEXT_BYTES,
      'latin1',
    );
    expect(await scene.receipt('abc', 'DELIVRD', { ...plain, destination_addr: '40404' })).toBe(0);
  });

  test('in a data_sm, too', async () => {
    const scene = new ReceiptScene();
    const [first, second] = [scene.sent('D-42'), scene.sent('D-43')];
    scene.deliver({ receipted_message_id: 'D-42', message_state: 2 }, 'data_sm');
    scene.deliver({ message_payload: Buffer.from('id:D-43 stat:EXPIRED err:9') }, 'data_sm');
    await scene.commit();
    expect(scene.answered.map(([, status]) => status)).toEqual([0, 0]);
    expect([await scene.story(first), await scene.story(second)]).toEqual([
      ['RECEIPT DELIVERED'],
      ['RECEIPT EXPIRED'],
    ]);
  });

  test('not a message from a handset', async () => {
    const scene = new ReceiptScene();
    expect(await scene.receipt('', 'DELIVRD', { esm_class: 0, short_message: 'hello' })).toBe(0x66);
    expect(await scene.receipt('', 'DELIVRD', { esm_class: 4, short_message: 'no id' })).toBe(0x66);
  });
});
