/** What is queued for an SMSC when that turns out to speak less than it is configured for. */
import { describe, expect, test } from 'vitest';
import { checkConfig } from '../../src/core/config.ts';
import type { SmscConfig } from '../../src/core/config.ts';
import { FLAG_TOLD, SLOT_QUEUED } from '../../src/core/message-table.ts';
import { PAYLOAD, SAR_REFERENCE, partOf } from '../daemon/octet-smsc.ts';
import { LongScene } from './long-scene.ts';
import type { LongOptions, Sent } from './long-scene.ts';

const V50: LongOptions = { smsc: { interface_version: '5.0' }, version: 0x50 };
const V34: LongOptions = { smsc: { interface_version: '3.4' } };
const latin1 = (text: string): Buffer => Buffer.from(text, 'latin1');

/** Queued while the SMSC is down; then it is up and speaks that version. */
async function queued(scene: LongScene, fields: Record<string, unknown>[]): Promise<string[]> {
  scene.isUp = false;
  const sequences = fields.map((each) => scene.submit(each));
  await scene.commit();
  return sequences.map((sequence) => scene.idOf(sequence));
}

async function comesUp(scene: LongScene, version: number, tlvs: boolean): Promise<Sent[]> {
  scene.speak(version, tlvs);
  scene.isUp = true;
  await scene.pass(1_000);
  await scene.pass(100);
  return scene.sent;
}

describe('fields', () => {
  const rich = {
    esm_class: 0x02,
    priority_flag: 4,
    registered_delivery: 3,
    data_coding: 0,
    short_message: latin1('text'),
    validity_period: '000000010000000R',
    billing_identification: Buffer.from([0, 1]),
    user_message_reference: 77,
  };

  test('of 5.0 become those of 3.4', async () => {
    const scene = await LongScene.open(V50);
    await queued(scene, [rich]);
    const [sms] = await comesUp(scene, 0x34, true);
    expect(sms).toMatchObject({ esmClass: 0, priority: 0, registeredDelivery: 1, dataCoding: 0 });
    // billing_identification (060B) is of 5.0 only, user_message_reference (0204) is not.
    expect([...sms.tlvs.keys()]).toEqual([0x0204]);
    expect(sms.octets.toString()).toBe('text');
  });

  test('of 5.0 become those of 3.3: no TLVs, times absolute and from when it was accepted', async () => {
    const scene = await LongScene.open(V50);
    await queued(scene, [rich]);
    const ends = new Date(scene.nowMs + 3_600_000).toISOString().replace(/\D/g, '');
    await scene.pass(600_000);
    const [sms] = await comesUp(scene, 0x33, false);
    expect(sms).toMatchObject({ esmClass: 0, priority: 0, registeredDelivery: 1, dataCoding: 0 });
    expect(sms.tlvs.size).toBe(0);
    expect(sms.validity).toBe(`${ends.slice(2, 14)}${ends[14]}00+`);
  });

  test('stay as they are where the SMSC speaks what it is configured for', async () => {
    const scene = await LongScene.open(V50);
    await queued(scene, [rich]);
    const ends = new Date(scene.nowMs + 3_600_000).toISOString().replace(/\D/g, '');
    const [sms] = await comesUp(scene, 0x50, true);
    expect(sms).toMatchObject({ esmClass: 2, priority: 4, registeredDelivery: 3 });
    expect(sms.validity).toBe(`${ends.slice(2, 14)}${ends[14]}00+`);
    expect(new Set(sms.tlvs.keys())).toEqual(new Set([0x0204, 0x060b]));
  });

  test('stay as they are where the lower version has them all', async () => {
    const scene = await LongScene.open(V34);
    await queued(scene, [{ short_message: latin1('plain'), registered_delivery: 1, esm_class: 0x80 }]);
    const [sms] = await comesUp(scene, 0x33, false);
    expect(sms).toMatchObject({ esmClass: 0x80, registeredDelivery: 1, dataCoding: 0, validity: '' });
    expect(sms.octets.toString()).toBe('plain');
  });

  test('TLVs that 3.4 may have are left out where none may be sent', async () => {
    const scene = await LongScene.open(V34);
    await queued(scene, [{ short_message: latin1('x'), user_message_reference: 5, priority_flag: 3 }]);
    const [sms] = await comesUp(scene, 0x34, false);
    expect(sms).toMatchObject({ priority: 3 });
    expect(sms.tlvs.size).toBe(0);
  });
});

describe('text', () => {
  test('in a data_coding that 3.3 reads otherwise is converted', async () => {
    const scene = await LongScene.open(V34);
    await queued(scene, [
      { data_coding: 3, short_message: latin1('caf\u00e9 @') },
      { data_coding: 3, short_message: latin1('\u00fd') },
    ]);
    const sent = await comesUp(scene, 0x33, false);
    // GSM 03.38: e acute is 05, commercial at 00; y acute is in UCS-2 only.
    expect(sent.map((sms) => [sms.dataCoding, sms.octets.toString('hex')])).toEqual([
      [0, '636166052000'],
      [8, '00fd'],
    ]);
  });

  test('in message_payload goes in short_message where there are no TLVs', async () => {
    const scene = await LongScene.open(V34);
    await queued(scene, [{ message_payload: latin1('p'.repeat(150)) }]);
    const [sms] = await comesUp(scene, 0x33, false);
    expect(sms.octets.toString()).toBe('p'.repeat(150));
    expect(sms.tlvs.size).toBe(0);
  });

  test('parts with sar_* get a header instead, one reference for all', async () => {
    const scene = await LongScene.open({ smsc: { long_messages: 'sar' } });
    await queued(scene, [{ message_payload: latin1('s'.repeat(200)) }]);
    const sent = await comesUp(scene, 0x33, false);
    expect(sent.map((sms) => [partOf(sms).header, partOf(sms).total, sms.tlvs.has(SAR_REFERENCE)])).toEqual([
      ['050003', 2, false],
      ['050003', 2, false],
    ]);
    expect(new Set(sent.map((sms) => partOf(sms).reference)).size).toBe(1);
    expect(sent.map((sms) => partOf(sms).text.toString()).join('')).toBe('s'.repeat(200));
  });
});

describe('a message that must be several now', () => {
  const PAYLOAD_STYLE: LongOptions = { smsc: { long_messages: 'payload' } };
  const long = 'l'.repeat(400);

  async function isTold(scene: LongScene, id: string): Promise<void> {
    expect(scene.sent.slice(-3).map((sms) => [partOf(sms).sequence, partOf(sms).total])).toEqual([
      [1, 3],
      [2, 3],
      [3, 3],
    ]);
    const texts = scene.sent.slice(-3).map((sms) => partOf(sms).text.toString());
    expect(texts.join('')).toBe(long);
    let given = 0;
    await scene.answerAll(() => `x${++given}`);
    for (let part = 1; part <= given; part++) scene.report(`x${part}`);
    await scene.commit();
    expect(scene.told).toMatchObject([{ id, state: 2 }]);
    expect((await scene.ends()).get(id)).toEqual(['DELIVERED RECEIPT_TAKEN']);
  }

  test('is cut, and told of with one receipt under the id that its client knows', async () => {
    const scene = await LongScene.open(PAYLOAD_STYLE);
    const [id] = await queued(scene, [{ message_payload: latin1(long) }]);
    await comesUp(scene, 0x33, false);
    expect(scene.sent).toHaveLength(3);
    await isTold(scene, id);
  });

  test('also over a crash: before it is cut, and after', async () => {
    for (const [settles, cuts] of [
      [false, false],
      [true, false],
      [false, true],
      [true, true],
    ]) {
      const scene = await LongScene.open(PAYLOAD_STYLE);
      const [id] = await queued(scene, [{ message_payload: latin1(long) }]);
      if (settles) {
        await scene.crash();
        await scene.settle();
      }
      scene.speak(0x33, false);
      scene.isUp = true;
      // The dispatch alone: it waits to be cut. Then what a second brings: it is.
      await scene.answerAll(() => 'x');
      expect(scene.sent).toEqual([]);
      scene.isUp = false;
      if (cuts) await scene.pass(1_000);
      await scene.crash();
      scene.isUp = true;
      await scene.pass(1_000);
      await scene.pass(100);
      expect(scene.sent).toHaveLength(3);
      await isTold(scene, id);
    }
  });

  test('also one that was made of parts of its client: they are told', async () => {
    for (const crashes of [false, true]) {
      const scene = await LongScene.open(PAYLOAD_STYLE);
      scene.isUp = false;
      const parts = [1, 2].map((part) => scene.piece(9, part, 2, 'l'.repeat(150)));
      await scene.commit();
      await scene.pass(1_000);
      scene.speak(0x33, false);
      scene.isUp = true;
      await scene.answerAll(() => 'x');
      expect(scene.sent).toEqual([]);
      scene.isUp = false;
      await scene.pass(1_000);
      if (crashes) await scene.crash();
      await comesUp(scene, 0x33, false);
      expect(scene.sent.map((sms) => partOf(sms).total)).toEqual([2, 2]);
      await scene.answerAll(({ id }) => `x${id}`);
      for (const { id } of scene.sent) scene.report(`x${id}`);
      await scene.commit();
      expect(scene.told.map(({ id, state }) => [id, state])).toEqual(
        parts.map((sequence) => [scene.idOf(sequence), 2]),
      );
      const ends = [...(await scene.ends()).values()];
      expect(ends.flat().toSorted()).toEqual([
        'DELIVERED PART',
        'DELIVERED PART',
        'DELIVERED PART',
        'DELIVERED RECEIPT_TAKEN',
        'DELIVERED RECEIPT_TAKEN',
      ]);
      expect(ends).toHaveLength(5);
    }
  });

  test('is read as it was made, in the alphabet of its SMSC and not of its client', async () => {
    const scene = await LongScene.open({ smsc: { long_messages: 'payload', alphabet: 'latin1' } });
    // GSM 03.38: e acute is 05; ISO-8859-1: E9, which is no GSM character.
    await queued(scene, [{ message_payload: Buffer.alloc(200, 0x05) }]);
    const sent = await comesUp(scene, 0x33, false);
    const text = sent.map((sms) => {
      const { text: octets } = partOf(sms);
      return sms.dataCoding === 8 ? octets.swap16().toString('utf16le') : octets.toString('latin1');
    });
    expect(text.join('')).toBe('\u00e9'.repeat(200));
  });

  test('is cut no more where the SMSC speaks the later version again by then', async () => {
    const scene = await LongScene.open(PAYLOAD_STYLE);
    const [id] = await queued(scene, [{ message_payload: latin1(long) }]);
    scene.speak(0x33, false);
    scene.isUp = true;
    await scene.answerAll(() => 'x');
    expect(scene.sent).toEqual([]);
    await comesUp(scene, 0x34, true);
    expect(scene.sent.map(({ tlvs }) => tlvs.get(PAYLOAD)?.toString())).toEqual([long]);
    await scene.answerAll(() => 'y');
    scene.report('y');
    await scene.commit();
    expect(scene.told).toMatchObject([{ id, state: 2 }]);
  });

  test('waits while the disk is full', async () => {
    const scene = await LongScene.open(PAYLOAD_STYLE);
    const [id] = await queued(scene, [{ message_payload: latin1(long) }]);
    scene.speak(0x33, false);
    scene.isUp = true;
    scene.shard.refusing = true;
    await scene.answerAll(() => 'x');
    expect(scene.shard.owned[0].queue.length).toBe(1);
    scene.shard.refusing = false;
    await scene.pass(1_000);
    await scene.pass(1_000);
    await isTold(scene, id);
  });
});

describe('what the lower version can not say', () => {
  test('ends, if it is to be cut and its account is gone', async () => {
    const scene = await LongScene.open({ smsc: { long_messages: 'payload' } });
    const [id] = await queued(scene, [{ message_payload: latin1('l'.repeat(400)) }]);
    scene.shard.accounts = [];
    expect(await comesUp(scene, 0x33, false)).toEqual([]);
    expect(scene.told).toMatchObject([{ id, state: 5, err: '001' }]);
  });

  test('ends, and its client is told why', async () => {
    const scene = await LongScene.open({ smsc: { long_messages: 'payload' } });
    const ids = await queued(scene, [
      { message_payload: latin1('l'.repeat(400)) },
      { sm_default_msg_id: 101 },
      { short_message: latin1('still goes') },
    ]);
    // The first is one destination of several, told under an id that is theirs together: it can not be cut.
    const { table } = scene.shard;
    const [idHigh, idLow] = [ids[0].slice(0, 8), ids[0].slice(8)].map((half) => parseInt(half, 16));
    const slot = table.idLow.findIndex((low, at) => low === idLow && table.state[at] === SLOT_QUEUED);
    expect(table.holds(slot, idHigh, idLow)).toBe(true);
    table.flags[slot] |= FLAG_TOLD;
    [table.toldHigh[slot], table.toldLow[slot]] = [idHigh, idLow];
    const sent = await comesUp(scene, 0x33, false);
    expect(sent.map(({ octets }) => octets.toString())).toEqual(['still goes']);
    // ESME_RINVMSGLEN, ESME_RINVDFTMSGID; 5: UNDELIVERABLE.
    expect(scene.told.slice(0, 2)).toMatchObject([
      { id: ids[0], state: 5, err: '001' },
      { id: ids[1], state: 5, err: '063' },
    ]);
  });
});

test('an SMSC that is configured for 3.3 gets no TLVs of messages from before it was', async () => {
  const scene = await LongScene.open(V34);
  const [smsc] = scene.shard.owned;
  await queued(scene, [{ short_message: latin1('x'), user_message_reference: 5, priority_flag: 3 }]);
  smsc.config = configFor('3.3');
  smsc.profile = { ...smsc.profile, version: 0x33, tlvs: false };
  const [sms] = await comesUp(scene, 0x33, false);
  expect(sms).toMatchObject({ priority: 1 });
  expect(sms.tlvs.size).toBe(0);
});

function configFor(interface_version: string): SmscConfig {
  const one = { id: 'a', host: '127.0.0.1', port: 2775, system_id: 'us', password: 'p', interface_version };
  const result = checkConfig({ smsc: [one], route: { smscs: ['a'] } });
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result.config.smsc[0];
}
