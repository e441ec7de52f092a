/** Parts that wait for the others of their message: sent again, left alone, of sessions of any version. */
import { describe, expect, test } from 'vitest';
import { PAYLOAD, partOf } from '../daemon/octet-smsc.ts';
import { LongScene } from './long-scene.ts';
import type { LongOptions } from './long-scene.ts';

const PAYLOAD_STYLE: LongOptions = { smsc: { long_messages: 'payload' } };

function texts(scene: LongScene): string[] {
  return scene.sent.map(({ octets, tlvs }) => (tlvs.get(PAYLOAD) ?? octets).toString('latin1'));
}

describe('a part that is sent again while it waits', () => {
  test('is answered with the id of the first, and goes once', async () => {
    for (const settles of [false, true]) {
      const scene = await LongScene.open(PAYLOAD_STYLE);
      const first = scene.piece(9, 2, 3, 'two ');
      await scene.commit();
      if (settles) {
        await scene.crash();
        await scene.settle();
        await scene.crash();
      }
      const again = scene.piece(9, 2, 3, 'two ');
      await scene.commit();
      expect(scene.idOf(again)).toBe(scene.idOf(first));
      expect(scene.shard.held.partsHeld).toBe(1);
      scene.piece(9, 1, 3, 'one ');
      scene.piece(9, 3, 3, 'three');
      await scene.commit();
      await scene.pass(61_000);
      await scene.pass(100);
      expect(texts(scene)).toEqual(['one two three']);
      await scene.answerAll(() => 'x');
      scene.report('x');
      await scene.commit();
      expect(scene.told.map(({ id }) => id).toSorted()).toHaveLength(3);
      expect(new Set(scene.told.map(({ id }) => id)).size).toBe(3);
      const ends = [...(await scene.ends()).values()].map(([end]) => end);
      expect(ends.filter((end) => end === 'DELETED REPEATED')).toHaveLength(1);
      expect(ends).toHaveLength(5);
    }
  });

  test('in one commit with the first, too; and over a crash before its end is written down', async () => {
    const scene = await LongScene.open(PAYLOAD_STYLE);
    const sequences = [1, 1].map((part) => scene.piece(9, part, 2, 'one '));
    const { journal } = scene.shard;
    journal.kick(scene.nowMs);
    journal.kick = () => undefined;
    while (journal.isCommitting()) await new Promise((resolve) => setImmediate(resolve));
    await scene.crash();
    expect(scene.shard.held.partsHeld).toBe(1);
    expect([...(await scene.ends()).values()]).toEqual([[], ['DELETED REPEATED']]);
    scene.piece(9, 2, 2, 'two');
    await scene.commit();
    await scene.pass(61_000);
    await scene.pass(100);
    expect(texts(scene)).toEqual(['one two']);
    expect(sequences).toHaveLength(2);
  });

  test('with another text is another message', async () => {
    const scene = await LongScene.open(PAYLOAD_STYLE);
    const parts = [scene.piece(9, 1, 2, 'one'), scene.piece(9, 1, 2, 'new one')];
    await scene.commit();
    expect(scene.idOf(parts[0])).not.toBe(scene.idOf(parts[1]));
  });
});

describe('a part whose others do not come', () => {
  const left = async (scene: LongScene): Promise<void> => {
    await scene.commit();
    await scene.pass(61_000);
    await scene.pass(100);
  };
  const LATIN: LongOptions = { smsc: { alphabet: 'latin1' } };

  test('is converted by itself', async () => {
    const scene = await LongScene.open(LATIN);
    // LATIN SMALL LETTER E WITH GRAVE, COMMERCIAL AT; LEFT SQUARE BRACKET, which is two septets.
    scene.piece(9, 2, 3, '', { short_message: octets(9, 3, 2, '04001b3c') });
    await left(scene);
    expect(scene.sent.map((sms) => [sms.dataCoding, sms.octets.toString('hex')])).toEqual([
      [0, '050003090302e8405b'],
    ]);
    await scene.answerAll(() => 'x');
    scene.report('x');
    await scene.commit();
    expect(scene.told).toMatchObject([{ state: 2 }]);
  });

  test('is converted to what holds it, and sent so after a crash', async () => {
    for (const settles of [false, true]) {
      const scene = await LongScene.open(LATIN);
      // GREEK CAPITAL LETTER DELTA is not in ISO-8859-1.
      scene.piece(9, 2, 3, '', { short_message: octets(9, 3, 2, '321033') });
      await scene.commit();
      if (settles) {
        await scene.crash();
        await scene.settle();
      }
      scene.isUp = false;
      await left(scene);
      await scene.crash();
      scene.isUp = true;
      await scene.pass(100);
      expect(scene.sent.map((sms) => [sms.dataCoding, sms.octets.toString('hex')])).toEqual([
        [8, '050003090302003203940033'],
      ]);
    }
  });

  test('and that is no SMS then is undeliverable, with what was wrong as its error', async () => {
    const scene = await LongScene.open(LATIN);
    const long = scene.piece(9, 1, 3, '', { short_message: octets(9, 3, 1, '10'.repeat(68)) });
    const fits = scene.piece(10, 1, 3, '', { short_message: octets(10, 3, 1, '10'.repeat(67)) });
    await left(scene);
    expect(scene.sent.map((sms) => partOf(sms).text.toString('hex'))).toEqual(['0394'.repeat(67)]);
    // ESME_RINVMSGLEN.
    expect(scene.told).toMatchObject([{ id: scene.idOf(long), state: 5, err: '001' }]);
    expect((await scene.ends()).get(scene.idOf(long))).toEqual(['UNDELIVERABLE RECEIPT_TAKEN']);
    expect(scene.idOf(fits)).not.toBe(scene.idOf(long));
  });
});

describe('data_coding of parts that wait is that of their session', () => {
  // In 3.3 it is a GSM data coding scheme: 3 is the default alphabet, in 3.4 it is ISO-8859-1.
  const options = (version: string): LongOptions => ({
    version: version === '3.3' ? 0x33 : 0x34,
    smsc: { long_messages: 'payload' },
    account: { default_alphabet: 'gsm' },
  });
  const parts = (scene: LongScene, count = 2): void => {
    for (let part = 1; part <= count; part++) {
      scene.piece(9, part, 2, '', { data_coding: 3, short_message: octets(9, 2, part, '6000') });
    }
  };

  test.each([
    // The octets are those of the GSM alphabet: INVERTED QUESTION MARK, COMMERCIAL AT.
    ['3.3', 0, '60006000'],
    ['3.4', 3, '60006000'],
  ])('joined: %s', async (version, coding, payload) => {
    for (const crashes of [false, true]) {
      const scene = await LongScene.open(options(version));
      parts(scene, crashes ? 1 : 2);
      await scene.commit();
      if (crashes) {
        await scene.crash();
        await scene.settle();
        await scene.crash();
        scene.piece(9, 2, 2, '', { data_coding: 3, short_message: octets(9, 2, 2, '6000') });
        await scene.commit();
      }
      const [whole] = scene.sent;
      expect([whole.dataCoding, (whole.tlvs.get(PAYLOAD) ?? whole.octets).toString('hex')]).toEqual([
        coding,
        payload,
      ]);
    }
  });

  test.each([
    ['3.3', 0],
    ['3.4', 3],
  ])('or alone: %s', async (version, coding) => {
    const scene = await LongScene.open(options(version));
    parts(scene, 1);
    await scene.commit();
    await scene.pass(61_000);
    await scene.pass(100);
    expect(scene.sent.map((sms) => [sms.dataCoding, partOf(sms).text.toString('hex')])).toEqual([
      [coding, '6000'],
    ]);
  });

  test('and parts that mean it differently are not joined', async () => {
    const scene = await LongScene.open(options('3.4'));
    parts(scene, 1);
    scene.version = 0x33;
    scene.piece(9, 2, 2, '', { data_coding: 3, short_message: octets(9, 2, 2, '6000') });
    await scene.commit();
    await scene.pass(100);
    expect(scene.sent.map((sms) => [sms.dataCoding, partOf(sms).sequence])).toEqual([
      [3, 1],
      [0, 2],
    ]);
  });
});

/** short_message of a part with an 8-bit reference. */
function octets(reference: number, total: number, sequence: number, hex: string): object {
  return { udh: Buffer.from([5, 0, 3, reference, total, sequence]), message: Buffer.from(hex, 'hex') };
}
