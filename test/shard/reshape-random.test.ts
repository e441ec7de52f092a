/** Of what is queued, nothing reaches an SMSC with a value that its version lacks, and each message ends once. */
import { expect, test } from 'vitest';
import { SMSC_FAILED } from '../../src/core/ring/counters.ts';
import { seeded } from '../core/random.ts';
import type { Random } from '../core/random.ts';
import { LongScene } from './long-scene.ts';
import type { Sent } from './long-scene.ts';

const STYLES = ['as-is', 'udh8', 'udh16', 'sar', 'payload'] as const;
const ROUNDS = 16;
const MESSAGES = 14;
/** Optional parameters of a submit_sm of 3.4 (section 4.4.1 there). */
const OF_34 = new Set([
  0x0005, 0x000d, 0x0019, 0x0030, 0x0201, 0x0202, 0x0203, 0x0204, 0x0205, 0x020a, 0x020b, 0x020c, 0x020d,
  0x020e, 0x020f, 0x0302, 0x0303, 0x0304, 0x0381, 0x0424, 0x0426, 0x0501, 0x1201, 0x1203, 0x1204, 0x130c,
  0x1380, 0x1383,
]);
const VENDOR = 0x1400;

/** What a version has not in this SMS; empty: it has all of it. */
function lacking(sms: Sent, version: number, tlvs: boolean): string[] {
  const faults: string[] = [];
  const check = (holds: boolean, what: string): void => void (holds || faults.push(what));
  const { esmClass, registeredDelivery, dataCoding } = sms;
  check(tlvs || sms.tlvs.size === 0, 'TLVs');
  check(sms.schedule === '', 'schedule_delivery_time');
  if (version < 0x50) {
    check((registeredDelivery & 3) !== 3, 'registered_delivery 11');
    check(sms.priority <= 3, 'priority_flag 4');
    check((esmClass & 3) !== 2, 'transaction mode');
    check(sms.octets.length <= 254, 'sm_length');
    check(
      [...sms.tlvs.keys()].every((tag) => OF_34.has(tag) || tag >= VENDOR),
      'TLVs of 5.0',
    );
  }
  if (version < 0x34) {
    check(registeredDelivery <= 1, 'registered_delivery');
    check(sms.priority <= 1, 'priority_flag');
    check((esmClass & 0x3f) === 0, 'esm_class');
    check([0, 4, 8].includes(dataCoding) || dataCoding >= 0x10, 'data_coding');
    check(/^(\d{15}[+-])?$/.test(sms.validity), 'validity_period');
    check(sms.octets.length <= 160, 'sm_length');
  }
  return faults;
}

function submitAny(scene: LongScene, random: Random): number {
  const isWide = random.below(3) === 0;
  const dataCoding = isWide ? 8 : random.pick([0, 0, 1, 3, 4, 6, 7, 0x10, 0xf1]);
  // Latin and Cyrillic letters are in all of these, e with acute in some.
  const text = Buffer.from(random.pick(['a', 'ab', 'e\u00e9'].map((one) => one.repeat(40))), 'latin1');
  const octets = text.subarray(0, 2 * random.below(40));
  const fields: Record<string, unknown> = {
    registered_delivery: random.pick([0, 1, 2, 3, 0x11]),
    priority_flag: random.below(5),
    esm_class: random.pick([0, 2, 3, 0x80]),
    data_coding: dataCoding,
    validity_period: random.pick(['', '000000010000000R']),
  };
  if (random.below(3) === 0) fields.user_message_reference = random.below(65_536);
  if (random.below(3) === 0) fields.billing_identification = Buffer.from([0, 1]);
  if (random.below(4) === 0) fields.qos_time_to_live = 7_200;
  if (random.below(5) === 0) fields.source_port = 2_948;
  const kind = random.below(4);
  if (kind === 0) {
    const payload = Buffer.concat(Array.from({ length: 1 + random.below(8) }, () => text));
    return scene.submit({ ...fields, short_message: '', message_payload: payload });
  }
  if (kind === 1) {
    const part = { sar_msg_ref_num: 9, sar_total_segments: 2, sar_segment_seqnum: 1 };
    return scene.submit({ ...fields, short_message: octets, ...part });
  }
  if (kind === 2) {
    const udh = Buffer.from([5, 0, 3, random.below(256), 2, 1 + random.below(2)]);
    return scene.submit({ ...fields, esm_class: 0x40, short_message: { udh, message: octets } });
  }
  return scene.submit({ ...fields, short_message: octets });
}

test('at random', async () => {
  const random = seeded(20_261_125);
  for (let round = 0; round < ROUNDS; round++) {
    const long_messages = random.pick(STYLES);
    const interface_version = random.pick(['3.3', '3.4', '5.0'] as const);
    const alphabet = random.pick(['gsm', 'latin1'] as const);
    const scene = await LongScene.open({
      version: 0x50,
      smsc: { long_messages, interface_version, alphabet },
    });
    const lower = [
      [0x33, false],
      [0x34, true],
      [0x34, false],
    ] as const;
    const [version, tlvs] = interface_version === '3.3' ? lower[0] : random.pick(lower);
    const which = `seed ${random.seed}, round ${round}: ${interface_version} ${long_messages} as ${version} ${tlvs}`;
    scene.isUp = false;
    const asked = Array.from({ length: MESSAGES }, () => submitAny(scene, random));
    await scene.commit();
    // What waits for other parts goes by itself.
    await scene.pass(61_000);
    const ids = asked.filter((each) => scene.answers.get(each)?.status === 0).map((each) => scene.idOf(each));
    expect(ids.length, which).toBeGreaterThan(0);
    scene.speak(version, tlvs);
    scene.isUp = true;
    for (let turn = 0; turn < 3; turn++) {
      await scene.answerAll(({ id }) => `x${id}`);
      if (turn === 0 && random.below(2) === 0) await scene.crash();
      await scene.pass(1_000);
      await scene.pass(100);
    }
    for (const sms of scene.sent) expect(lacking(sms, version, tlvs), which).toEqual([]);
    expect(scene.sent.length, which).toBeGreaterThan(0);
    // What was made for 3.3 can be said in 3.3.
    if (interface_version === '3.3') expect(scene.shard.owned[0].cells[SMSC_FAILED], which).toBe(0);
    for (const id of new Set(scene.sent.map((sms) => sms.id))) scene.report(`x${id}`);
    await scene.commit();
    await scene.pass(1_000);
    for (const [id, ends] of await scene.ends()) expect(ends, `${which}: ${id}`).toHaveLength(1);
  }
});
