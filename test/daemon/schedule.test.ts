/** schedule_delivery_time: the gateway keeps the message until then, over its own end too. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { pause, until } from '../support/daemon.ts';
import { SENDER, inSeconds, stateOf } from './ask.ts';
import { PAYLOAD, partOf } from './octet-smsc.ts';
import type { Sms } from './octet-smsc.ts';
import { Stage } from './stage.ts';

let stage: Stage;
beforeEach(() => void (stage = new Stage()));
afterEach(() => stage.clear());

/** Before 5.0 a scheduled message is said to be on its way. */
const V50 = { fields: { interface_version: 0x50 } };
const ESME_RINVSCHED = 0x61;
const ESME_RINVEXPIRY = 0x62;
const SCHEDULED = 0;
const ENROUTE = 1;
const DELIVERED = 2;

/** YYMMDDhhmmsstnnp (v3.4 section 7.1.1) of a moment, as it is called `quarters` quarter hours ahead of UTC. */
function absolute(ms: number, quarters = 0): string {
  const local = new Date(ms + quarters * 900_000);
  const digits = local.toISOString().replaceAll(/\D/g, '').slice(2, 15);
  const sign = quarters < 0 ? '-' : '+';
  return `${digits}${String(Math.abs(quarters)).padStart(2, '0')}${sign}`;
}

/** A whole tenth of a second, so that it can be written down exactly. */
function inTenths(seconds: number): number {
  return Math.ceil((Date.now() + seconds * 1000) / 100) * 100;
}

describe('a scheduled message', () => {
  test('is sent at its time and not before, whichever way that is told, and the SMSC is told none', async () => {
    const smsc = await stage.octetSmsc({ stat: () => 'DELIVRD' });
    await stage.serve({ smsc: [{ port: smsc.port }] });
    const esme = await stage.esme(V50);
    const due = inTenths(5);
    const relativeMs = Date.now() + 5000;
    const schedules = [absolute(due), absolute(due, 22), absolute(due, -14), '000000000005000R'];
    const ids: string[] = [];
    for (const [index, schedule_delivery_time] of schedules.entries()) {
      ids.push(await esme.send({ schedule_delivery_time, short_message: `m${index}` }));
    }
    const now = await esme.send({ short_message: 'now' });
    await esme.receipt(now);
    for (const id of ids) expect(await stateOf(esme, id)).toEqual([0, SCHEDULED]);
    expect(smsc.sms.map(({ octets }) => octets.toString())).toEqual(['now']);
    await esme.receiptsOf(ids);
    const sent = smsc.sms.slice(1);
    expect(sent.map(({ schedule, validity }) => schedule + validity)).toEqual(['', '', '', '']);
    expect(sent.map(({ octets }) => octets.toString()).toSorted()).toEqual(['m0', 'm1', 'm2', 'm3']);
    const early = sent.filter(({ octets, atMs }) => atMs < (octets.toString() === 'm3' ? relativeMs : due));
    expect(early.map(({ octets, atMs }) => [octets.toString(), atMs - due])).toEqual([]);
    expect(Math.max(...sent.map(({ atMs }) => atMs))).toBeLessThan(due + 5000);
    expect(await stateOf(esme, ids[0])).toEqual([0, DELIVERED]);
    expect((await stage.finalOf(ids[0])).cdr).toMatchObject({ schedule: new Date(due).toISOString() });
  });

  test('of the past, or at no time at all, is refused', async () => {
    const smsc = await stage.octetSmsc();
    await stage.serve({ smsc: [{ port: smsc.port }] });
    const esme = await stage.esme(V50);
    const statusOf = async (fields: object): Promise<number> => (await esme.submit(fields)).command_status;
    const past = [absolute(Date.now() - 60_000), absolute(Date.now() + 60_000, 8).replace('08+', '12+')];
    for (const schedule_delivery_time of [...past, '991301000000000+', '0000000000x2000R']) {
      expect([schedule_delivery_time, await statusOf({ schedule_delivery_time })]).toEqual([
        schedule_delivery_time,
        ESME_RINVSCHED,
      ]);
    }
    const schedule_delivery_time = absolute(Date.now() + 3_600_000);
    // It would be over before it is sent.
    const validity_period = absolute(Date.now() + 1_800_000);
    expect(await statusOf({ schedule_delivery_time, validity_period })).toBe(ESME_RINVEXPIRY);
    expect(await stage.daemon.metric('accepted_total')).toBe(0);
  });

  test('is still there after a crash, and is sent at its time or, if that is over, at once', async () => {
    const smsc = await stage.octetSmsc({ stat: () => 'DELIVRD' });
    await stage.serve({ smsc: [{ port: smsc.port }] });
    const sender = await stage.esme({ ...V50, kind: 'bind_transmitter' });
    const later = inTenths(16);
    const ids = [
      await sender.send({ schedule_delivery_time: inSeconds(1), short_message: 'soon' }),
      await sender.send({ schedule_delivery_time: absolute(later), short_message: 'later' }),
    ];
    await stage.daemon.kill();
    await pause(1200);
    await stage.start();
    // The second start finds them in the pending store only.
    await stage.daemon.untilMetric('segment_settled', (segment) => segment > 0);
    const esme = await stage.esme(V50);
    await esme.receipt(ids[0]);
    expect(await stateOf(esme, ids[1])).toEqual([0, SCHEDULED]);
    await stage.daemon.kill();
    await stage.start();
    const again = await stage.esme(V50);
    expect(await stateOf(again, ids[1])).toEqual([0, SCHEDULED]);
    await again.receipt(ids[1]);
    expect(smsc.sms.map(({ octets }) => octets.toString())).toEqual(['soon', 'later']);
    expect(smsc.sms[1].atMs).toBeGreaterThanOrEqual(later);
    await stage.daemon.untilMetric('pending', (pending) => pending === 0);
    const audit = await stage.audit();
    expect([audit.accepted, audit.final, audit.finalDouble]).toEqual([2, 2, 0]);
  });

  test('is valid from its time on', async () => {
    const smsc = await stage.octetSmsc({ stat: () => 'DELIVRD' });
    await stage.serve({ smsc: [{ port: smsc.port }] });
    const esme = await stage.esme(V50);
    const fields = { validity_period: inSeconds(2) };
    const id = await esme.send({ ...fields, schedule_delivery_time: inSeconds(3) });
    expect((await esme.receipt(id)).stat).toBe('DELIVRD');
    // What it says of its validity is said when it is sent.
    expect(smsc.sms[0].validity).toBe(inSeconds(2));
    smsc.close();
    await until(async () => (await stage.daemon.metric('smsc_bound')) === 0, 'no bind');
    const sentMs = Date.now();
    const lost = await esme.send({ ...fields, schedule_delivery_time: inSeconds(2) });
    expect((await esme.receipt(lost)).stat).toBe('EXPIRED');
    expect(Date.now() - sentMs).toBeGreaterThanOrEqual(4000);
  });

  test('tells an SMSC of 3.3, which knows absolute times only, a validity from its time on', async () => {
    const smsc = await stage.octetSmsc();
    await stage.serve({ smsc: [{ port: smsc.port, interface_version: '3.3', bind: 'pair' }] }, false);
    await stage.daemon.untilMetric('smsc_bound', (count) => count === 2);
    const esme = await stage.esme(V50);
    const due = inTenths(2);
    await esme.send({ schedule_delivery_time: absolute(due), validity_period: inSeconds(60) });
    await until(() => smsc.sms.length === 1, 'the message');
    expect(smsc.sms[0].validity.slice(0, 12)).toBe(absolute(due + 60_000).slice(0, 12));
  });
});

describe('a scheduled long message', () => {
  function expectOrder(sms: readonly Sms[], due: number): void {
    expect(sms.map((each) => partOf(each).sequence)).toEqual(sms.map((_, index) => index + 1));
    expect(Math.min(...sms.map(({ atMs }) => atMs))).toBeGreaterThanOrEqual(due);
  }

  test('of one piece goes in its parts, in order, at its time', async () => {
    const smsc = await stage.octetSmsc({ stat: () => 'DELIVRD' });
    await stage.serve({ smsc: [{ port: smsc.port, window: 100 }] });
    const esme = await stage.esme(V50);
    const due = inTenths(2);
    const id = await esme.send({
      schedule_delivery_time: absolute(due),
      short_message: '',
      message_payload: Buffer.alloc(8 * 153 + 1, 0x6e),
    });
    const { pdu } = await esme.receipt(id);
    expect(String(pdu.short_message.message)).toContain('sub:009 dlvrd:009');
    expectOrder(smsc.sms, due);
  });

  test('over HTTP: send_at', async () => {
    const smsc = await stage.octetSmsc({ stat: () => 'DELIVRD' });
    await stage.serve({ smsc: [{ port: smsc.port }] });
    const esme = await stage.esme(V50);
    const due = inTenths(4);
    const send_at = new Date(due).toISOString();
    const authorization = `Basic ${Buffer.from('demo:demo1234').toString('base64')}`;
    const message = { from: 'Sender', to: '+962790000001', text: 'o'.repeat(200), receipt: true, send_at };
    const body = JSON.stringify({ ...message, validity_s: 60 });
    const url = stage.daemon.url('/v1/messages');
    const answer = await fetch(url, { method: 'POST', body, headers: { authorization } });
    const { id } = (await answer.json()) as { id: string };
    expect(await stateOf(esme, id, { ...SENDER, source_addr_ton: 5 })).toEqual([0, SCHEDULED]);
    await esme.receipt(id);
    expect(smsc.sms.map(({ validity }) => validity)).toEqual(['000000000100000R', '000000000100000R']);
    expectOrder(smsc.sms, due);
  });

  test('of parts goes joined, at its time, and not before after a crash either', async () => {
    const smsc = await stage.octetSmsc({ stat: () => 'DELIVRD' });
    await stage.serve({ smsc: [{ port: smsc.port, long_messages: 'payload' }] });
    const first = await stage.esme(V50);
    const due = inTenths(6);
    const ids: string[] = [];
    for (const sequence of [1, 2]) {
      const udh = Buffer.from([5, 0, 3, 3, 2, sequence]);
      const short_message = { udh, message: Buffer.from(`part ${sequence}.`) };
      ids.push(await first.send({ esm_class: 0x40, schedule_delivery_time: absolute(due), short_message }));
    }
    await stage.daemon.untilMetric('smsc_queue_depth', (count) => count === 1);
    await stage.daemon.kill();
    await stage.start();
    const esme = await stage.esme(V50);
    await esme.receiptsOf(ids);
    expect(smsc.sms.map(({ octets, tlvs }) => (tlvs.get(PAYLOAD) ?? octets).toString())).toEqual([
      'part 1.part 2.',
    ]);
    expect(smsc.sms[0].atMs).toBeGreaterThanOrEqual(due);
    expect(smsc.sms[0].schedule).toBe('');
  });

  test('of parts that pass as they came: each at its time', async () => {
    const smsc = await stage.octetSmsc({ stat: () => 'DELIVRD' });
    await stage.serve({ smsc: [{ port: smsc.port }] });
    const esme = await stage.esme(V50);
    const due = inTenths(4);
    const ids: string[] = [];
    for (const sequence of [1, 2]) {
      const udh = Buffer.from([5, 0, 3, 3, 2, sequence]);
      const short_message = { udh, message: Buffer.from(`part ${sequence}.`) };
      ids.push(await esme.send({ esm_class: 0x40, schedule_delivery_time: absolute(due), short_message }));
    }
    expect(await stateOf(esme, ids[1])).toEqual([0, SCHEDULED]);
    await esme.receiptsOf(ids);
    expectOrder(smsc.sms, due);
    expect(smsc.sms.map((sms) => partOf(sms).reference)).toEqual([3, 3]);
    expect((await stage.finalOf(ids[1])).cdr).toMatchObject({ message: ids[0], part: '2/2' });
  });
});

test('one that is due while its SMSC is away waits like any other', async () => {
  const smsc = await stage.octetSmsc({ stat: () => 'DELIVRD' });
  const { port } = smsc;
  await stage.serve({ smsc: [{ port }] });
  const esme = await stage.esme(V50);
  smsc.close();
  await until(async () => (await stage.daemon.metric('smsc_bound')) === 0, 'no bind');
  const id = await esme.send({ schedule_delivery_time: inSeconds(1) });
  await pause(1500);
  expect(await stateOf(esme, id)).toEqual([0, ENROUTE]);
  await stage.octetSmsc({ port, stat: () => 'DELIVRD' });
  expect((await esme.receipt(id)).stat).toBe('DELIVRD');
});
