/** How long a message lives: here, and as its SMSC is told it when it is sent, however long it has waited. */
import { describe, expect, test } from 'vitest';
import { LongScene } from './long-scene.ts';
import type { LongOptions } from './long-scene.ts';
import { takeSlots } from './harness.ts';

const REPLACE = 3;
const [ROK, RINVSCHED, RINVEXPIRY] = [0, 0x61, 0x62];
const [TTL, REFERENCE] = [0x0017, 0x0204];
const [DELIVERED, EXPIRED] = [2, 3];
const MINUTE = 60_000;
/** Periods (v3.4 section 7.1.1): years, months, days, hours, minutes, seconds. */
const IN_10_MINUTES = '000000001000000R';
const IN_20_MINUTES = '000000002000000R';
const AN_HOUR = '000000010000000R';
const V33: LongOptions = { smsc: { interface_version: '3.3' } };
const V50: LongOptions = { smsc: { interface_version: '5.0' }, version: 0x50 };

/** YYMMDDhhmmsst00+ */
function absolute(ms: number): string {
  const digits = new Date(ms).toISOString().replace(/\D/g, '');
  return `${digits.slice(2, 14)}${digits[14]}00+`;
}

async function down(options: LongOptions = {}): Promise<LongScene> {
  const scene = await LongScene.open(options);
  scene.isUp = false;
  return scene;
}

async function submitted(scene: LongScene, fields: Record<string, unknown>): Promise<string> {
  const sequence = scene.submit(fields);
  await scene.commit();
  return scene.idOf(sequence);
}

async function replaced(scene: LongScene, id: string, fields: object = {}): Promise<number | undefined> {
  const sequence = scene.ask(REPLACE, id, { data: Buffer.from('new'), registeredDelivery: 1, ...fields });
  await scene.commit();
  return scene.operationAnswers.get(sequence)?.status;
}

/** The SMSC is there so much later: validity_period of all that it is sent. */
async function toldAfter(scene: LongScene, ms: number): Promise<string[]> {
  await scene.pass(ms);
  scene.isUp = true;
  await scene.pass(100);
  await scene.pass(100);
  return scene.sent.map(({ validity }) => validity);
}

describe('a period counts from the submission', () => {
  test.each<[string, LongOptions]>([
    ['3.4', {}],
    ['3.3', V33],
    ['5.0', V50],
  ])('and its end is told to an SMSC of %s', async (_version, options) => {
    const scene = await down(options);
    const fromMs = scene.nowMs;
    await submitted(scene, { validity_period: AN_HOUR, short_message: 'a' });
    // Takes the way of a message that is shaped.
    await submitted(scene, { validity_period: AN_HOUR, message_payload: Buffer.alloc(200, 0x61) });
    await submitted(scene, { short_message: 'no wish' });
    const ends = absolute(fromMs + 60 * MINUTE);
    expect(await toldAfter(scene, 6_500)).toEqual([ends, ends, ends, '']);
  });

  test('a moment is told as it came', async () => {
    const scene = await down();
    const hours = new Date(scene.nowMs + 3 * 3_600_000).toISOString().replace(/\D/g, '').slice(2, 14);
    // Two hours ahead of UTC.
    const validity_period = `${hours}708+`;
    await submitted(scene, { validity_period });
    expect(await toldAfter(scene, 6_500)).toEqual([validity_period]);
  });

  test.each<[string, boolean, boolean]>([
    ['in memory', false, false],
    ['in the store', true, false],
    ['after kill -9', false, true],
    ['of a row that was settled, after kill -9', true, true],
  ])('or from the schedule, also %s', async (_where, full, crashes) => {
    const scene = await down();
    const fromMs = scene.nowMs;
    const free = full ? takeSlots(scene.shard, 50) : () => undefined;
    await submitted(scene, { validity_period: AN_HOUR, short_message: 'at once' });
    const later = { schedule_delivery_time: IN_10_MINUTES, validity_period: IN_20_MINUTES };
    await submitted(scene, { ...later, short_message: 'later' });
    if (crashes) await scene.crash();
    if (crashes && full) await scene.settle();
    if (!crashes) free();
    await toldAfter(scene, 11 * MINUTE);
    const told = new Map(scene.sent.map(({ octets, validity }) => [octets.toString(), validity]));
    expect(told).toEqual(
      new Map([
        ['at once', absolute(fromMs + 60 * MINUTE)],
        ['later', absolute(fromMs + 30 * MINUTE)],
      ]),
    );
  });
});

describe('qos_time_to_live', () => {
  test('goes before validity_period, and its end is told', async () => {
    const scene = await down(V50);
    const fromMs = scene.nowMs;
    const limited = { validity_period: AN_HOUR, qos_time_to_live: 600, user_message_reference: 7 };
    await submitted(scene, { ...limited, short_message: 'a' });
    await submitted(scene, { ...limited, schedule_delivery_time: IN_10_MINUTES, short_message: 'b' });
    const fresh = await submitted(scene, {
      qos_time_to_live: 0,
      validity_period: AN_HOUR,
      short_message: 'c',
    });
    expect(fresh).not.toBe('');
    await scene.pass(9 * MINUTE);
    scene.isUp = true;
    await scene.pass(100);
    await scene.pass(2 * MINUTE);
    expect(scene.sent.map(({ octets, validity }) => [octets.toString(), validity])).toEqual([
      ['a', absolute(fromMs + 10 * MINUTE)],
      ['c', absolute(fromMs + 60 * MINUTE)],
      ['b', absolute(fromMs + 20 * MINUTE)],
    ]);
    expect(scene.sent.map(({ tlvs }) => tlvs.has(TTL))).toEqual([false, true, false]);
    expect(scene.sent[0].tlvs.get(REFERENCE)?.toString('hex')).toBe('0007');
  });

  test('ends the message here', async () => {
    const scene = await down(V50);
    const id = await submitted(scene, { qos_time_to_live: 2, validity_period: AN_HOUR });
    await scene.pass(3_000);
    await toldAfter(scene, 1_000);
    expect(scene.sent).toEqual([]);
    expect(scene.told).toMatchObject([{ id, state: EXPIRED }]);
  });
});

describe('replace_sm', () => {
  const LATER = { schedule_delivery_time: IN_10_MINUTES, short_message: Buffer.from('old') };
  const after = (scene: LongScene, minutes: number): number => scene.nowMs + minutes * MINUTE;

  test('that tells an end: the SMSC is told it, too', async () => {
    const scene = await down();
    const [one, two] = [await submitted(scene, {}), await submitted(scene, { validity_period: AN_HOUR })];
    const expiresMs = after(scene, 30);
    expect(await replaced(scene, one, { expiresMs, isPeriod: true })).toBe(ROK);
    expect(await replaced(scene, two, { expiresMs })).toBe(ROK);
    expect(await toldAfter(scene, MINUTE)).toEqual([absolute(expiresMs), absolute(expiresMs)]);
  });

  test('that tells none: the end stays', async () => {
    const scene = await down();
    const id = await submitted(scene, { validity_period: AN_HOUR });
    const ends = absolute(after(scene, 60));
    await scene.pass(MINUTE);
    expect(await replaced(scene, id)).toBe(ROK);
    expect(await toldAfter(scene, MINUTE)).toEqual([ends]);
  });

  test.each<[string, LongOptions, Record<string, unknown>, number]>([
    ['the default of its SMSC', { smsc: { validity_default_s: 1_200 } }, {}, 0],
    ['a period', {}, { validity_period: IN_20_MINUTES }, 20],
    ['a period, for an SMSC of 3.3', V33, { validity_period: IN_20_MINUTES }, 20],
    ['qos_time_to_live', V50, { qos_time_to_live: 1_200 }, 20],
  ])('that moves the schedule moves the end, of %s; over crashes', async (_of, options, fields, told) => {
    const scene = await down(options);
    const id = await submitted(scene, { ...LATER, ...fields });
    const scheduleMs = after(scene, 40);
    expect(await replaced(scene, id, { scheduleMs })).toBe(ROK);
    await scene.crash();
    // And again, from the store.
    expect(await replaced(scene, id, { scheduleMs: scheduleMs + MINUTE })).toBe(ROK);
    await scene.crash();
    const ends = absolute(scheduleMs + (1 + 20) * MINUTE);
    expect(await toldAfter(scene, 42 * MINUTE)).toEqual([told === 0 ? '' : ends]);
    expect(scene.sent.map(({ octets }) => octets.toString())).toEqual(['new']);
    await scene.answerAll(() => 'x1');
    scene.report('x1');
    await scene.commit();
    expect(scene.told).toMatchObject([{ id, state: DELIVERED }]);
  });

  test('and it ends then, if it is not sent before', async () => {
    const scene = await down({ smsc: { validity_default_s: 1_200 } });
    const id = await submitted(scene, LATER);
    expect(await replaced(scene, id, { scheduleMs: after(scene, 40) })).toBe(ROK);
    await scene.pass(59 * MINUTE);
    expect(scene.told).toEqual([]);
    await scene.pass(2 * MINUTE);
    await scene.pass(1_000);
    expect(scene.told).toMatchObject([{ id, state: EXPIRED }]);
  });

  test('that tells a period: it counts from the schedule that stays', async () => {
    const scene = await down();
    const id = await submitted(scene, LATER);
    const dueMs = after(scene, 10);
    await scene.pass(MINUTE);
    const fields = { expiresMs: scene.nowMs + 5_000, isPeriod: true };
    expect(await replaced(scene, id, fields)).toBe(ROK);
    scene.isUp = true;
    await scene.pass(9 * MINUTE);
    await scene.pass(100);
    expect(scene.sent.map(({ validity }) => validity)).toEqual([absolute(dueMs + 5_000)]);
  });

  test('is refused where the message could not be sent any more', async () => {
    const scene = await down();
    const anHourOn = absolute(after(scene, 60));
    const moment = { validity_period: absolute(after(scene, 30)) };
    const [scheduled, waiting] = [
      await submitted(scene, { ...LATER, ...moment }),
      await submitted(scene, { validity_period: AN_HOUR, short_message: 'kept' }),
    ];
    expect(await replaced(scene, scheduled, { scheduleMs: after(scene, 31) })).toBe(RINVSCHED);
    expect(await replaced(scene, scheduled, { expiresMs: after(scene, 9) })).toBe(RINVEXPIRY);
    expect(await replaced(scene, waiting, { scheduleMs: after(scene, 61) })).toBe(RINVSCHED);
    expect(await replaced(scene, scheduled, { scheduleMs: after(scene, 29) })).toBe(ROK);
    expect(await toldAfter(scene, 29 * MINUTE)).toEqual([anHourOn, moment.validity_period]);
  });
});
