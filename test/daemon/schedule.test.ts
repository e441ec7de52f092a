/** schedule_delivery_time: the gateway keeps the message until then, over its own end too. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { until } from '../support/daemon.ts';
import { SENDER, inSeconds, stateOf } from './ask.ts';
import type { Esme } from './esme.ts';
import { PAYLOAD, partOf } from './octet-smsc.ts';
import type { OctetSmsc, Sms } from './octet-smsc.ts';
import { Stage } from './stage.ts';

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

// One daemon for most of them, each with a number of its own: they wait at the same time.
let stage: Stage;
let smsc: OctetSmsc;
let esme: Esme;
beforeAll(async () => {
  stage = new Stage();
  smsc = await stage.octetSmsc({ stat: () => 'DELIVRD' });
  await stage.serve({ smsc: [{ port: smsc.port, window: 100 }] });
  esme = await stage.esme(V50);
});
afterAll(() => stage.clear());

function sentTo(dest: string): Sms[] {
  return smsc.sms.filter((sms) => sms.dest === dest);
}

function textOf({ octets, tlvs }: Sms): string {
  return (tlvs.get(PAYLOAD) ?? octets).toString();
}

function expectOrder(sms: readonly Sms[], due: number): void {
  expect(sms.map((each) => partOf(each).sequence)).toEqual(sms.map((_, index) => index + 1));
  expect(Math.min(...sms.map(({ atMs }) => atMs))).toBeGreaterThanOrEqual(due);
}

function piece(sequence: number): object {
  const udh = Buffer.from([5, 0, 3, 3, 2, sequence]);
  return { esm_class: 0x40, short_message: { udh, message: Buffer.from(`part ${sequence}.`) } };
}

test('a time in the past, or none at all, is refused', async () => {
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

describe.concurrent('a scheduled message', () => {
  test('is still there after a crash, and is sent at its time or, if that is over, at once', async (context) => {
    const mine = new Stage();
    context.onTestFinished(() => mine.clear());
    const upstream = await mine.octetSmsc({ stat: () => 'DELIVRD' });
    await mine.serve({ smsc: [{ port: upstream.port, long_messages: 'payload' }] });
    const sender = await mine.esme({ ...V50, kind: 'bind_transmitter' });
    // Two starts of a daemon later, on a slow machine.
    const later = inTenths(24);
    const atLater = { schedule_delivery_time: absolute(later) };
    const laterIds = [
      await sender.send({ ...atLater, short_message: 'later' }),
      await sender.send({ ...atLater, ...piece(1) }),
      await sender.send({ ...atLater, ...piece(2) }),
    ];
    const soon = await sender.send({ schedule_delivery_time: inSeconds(3), short_message: 'soon' });
    const soonMs = Date.now() + 3000;
    // The parts are joined by then.
    await mine.daemon.untilMetric('smsc_queue_depth', (count) => count === 3);
    await mine.daemon.kill();
    await until(() => Date.now() > soonMs, 'the time of the first');
    await mine.start();
    // The second start finds them in the pending store only.
    await mine.daemon.untilMetric('segment_settled', (segment) => segment > 0);
    const between = await mine.esme(V50);
    await between.receipt(soon);
    expect(await stateOf(between, laterIds[0])).toEqual([0, SCHEDULED]);
    await mine.daemon.kill();
    await mine.start();
    const again = await mine.esme(V50);
    expect(await stateOf(again, laterIds[0])).toEqual([0, SCHEDULED]);
    await again.receiptsOf(laterIds);
    expect(textOf(upstream.sms[0])).toBe('soon');
    expect(upstream.sms.slice(1).map(textOf).toSorted()).toEqual(['later', 'part 1.part 2.']);
    for (const sms of upstream.sms.slice(1)) expect(sms.atMs).toBeGreaterThanOrEqual(later);
    expect(upstream.sms.map(({ schedule }) => schedule)).toEqual(['', '', '']);
    await mine.daemon.untilNonePending();
    const audit = await mine.audit();
    // The whole that was made of the parts is one, too.
    expect([audit.accepted, audit.final, audit.finalDouble]).toEqual([5, 5, 0]);
  });

  test('is sent at its time and not before, whichever way that is told, and the SMSC is told none', async () => {
    const to = { destination_addr: '962790000101' };
    const due = inTenths(8);
    const relativeMs = Date.now() + 8000;
    const schedules = [absolute(due), absolute(due, 22), absolute(due, -14), '000000000008000R'];
    const ids: string[] = [];
    for (const [index, schedule_delivery_time] of schedules.entries()) {
      ids.push(await esme.send({ ...to, schedule_delivery_time, short_message: `m${index}` }));
    }
    const now = await esme.send({ ...to, short_message: 'now' });
    await esme.receipt(now);
    for (const id of ids) expect(await stateOf(esme, id)).toEqual([0, SCHEDULED]);
    expect(sentTo(to.destination_addr).map(textOf)).toEqual(['now']);
    await esme.receiptsOf(ids);
    const sent = sentTo(to.destination_addr).slice(1);
    expect(sent.map(({ schedule, validity }) => schedule + validity)).toEqual(['', '', '', '']);
    expect(sent.map(textOf).toSorted()).toEqual(['m0', 'm1', 'm2', 'm3']);
    const early = sent.filter((sms) => sms.atMs < (textOf(sms) === 'm3' ? relativeMs : due));
    expect(early.map((sms) => [textOf(sms), sms.atMs - due])).toEqual([]);
    expect(Math.max(...sent.map(({ atMs }) => atMs))).toBeLessThan(due + 10_000);
    expect(await stateOf(esme, ids[0])).toEqual([0, DELIVERED]);
    expect((await stage.finalOf(ids[0])).cdr).toMatchObject({ schedule: new Date(due).toISOString() });
  });

  test('is valid from its time on', async () => {
    const to = { destination_addr: '962790000102' };
    const due = inTenths(3);
    const id = await esme.send({
      ...to,
      validity_period: inSeconds(2),
      schedule_delivery_time: absolute(due),
    });
    expect((await esme.receipt(id)).stat).toBe('DELIVRD');
    // Its end is told, however late it is sent.
    expect(sentTo(to.destination_addr).map(({ validity }) => validity)).toEqual([absolute(due + 2_000)]);
  });

  test('of one piece goes in its parts, in order, at its time', async () => {
    const to = { destination_addr: '962790000103' };
    const due = inTenths(2);
    const id = await esme.send({
      ...to,
      schedule_delivery_time: absolute(due),
      short_message: '',
      message_payload: Buffer.alloc(8 * 153 + 1, 0x6e),
    });
    const { pdu } = await esme.receipt(id);
    expect(String(pdu.short_message.message)).toContain('sub:009 dlvrd:009');
    expect(sentTo(to.destination_addr)).toHaveLength(9);
    expectOrder(sentTo(to.destination_addr), due);
  });

  test('over HTTP: send_at', async () => {
    const due = inTenths(4);
    const send_at = new Date(due).toISOString();
    const authorization = `Basic ${Buffer.from('demo:demo1234').toString('base64')}`;
    const message = { from: 'Sender', to: '+962790000104', text: 'o'.repeat(200), receipt: true, send_at };
    const body = JSON.stringify({ ...message, validity_s: 60 });
    const url = stage.daemon.url('/v1/messages');
    const answer = await fetch(url, { method: 'POST', body, headers: { authorization } });
    const { id } = (await answer.json()) as { id: string };
    expect(await stateOf(esme, id, { ...SENDER, source_addr_ton: 5 })).toEqual([0, SCHEDULED]);
    await esme.receipt(id);
    const sent = sentTo('962790000104');
    expect(sent.map(({ validity }) => validity)).toEqual([absolute(due + 60_000), absolute(due + 60_000)]);
    expectOrder(sent, due);
  });

  test('of parts that pass as they came: each at its time', async () => {
    const to = { destination_addr: '962790000105' };
    const due = inTenths(4);
    const ids: string[] = [];
    for (const sequence of [1, 2]) {
      ids.push(await esme.send({ ...to, ...piece(sequence), schedule_delivery_time: absolute(due) }));
    }
    expect(await stateOf(esme, ids[1])).toEqual([0, SCHEDULED]);
    await esme.receiptsOf(ids);
    const sent = sentTo(to.destination_addr);
    expectOrder(sent, due);
    expect(sent.map((sms) => partOf(sms).reference)).toEqual([3, 3]);
    expect((await stage.finalOf(ids[1])).cdr).toMatchObject({ message: ids[0], part: '2/2' });
  });

  test('tells an SMSC of 3.3, which knows absolute times only, a validity from its time on', async (context) => {
    const mine = new Stage();
    context.onTestFinished(() => mine.clear());
    const old = await mine.octetSmsc();
    await mine.serve({ smsc: [{ port: old.port, interface_version: '3.3', bind: 'pair' }] }, false);
    await mine.daemon.untilMetric('smsc_bound', (count) => count === 2);
    const client = await mine.esme(V50);
    const due = inTenths(2);
    await client.send({ schedule_delivery_time: absolute(due), validity_period: inSeconds(60) });
    await until(() => old.sms.length === 1, 'the message');
    expect(old.sms[0].validity.slice(0, 12)).toBe(absolute(due + 60_000).slice(0, 12));
  });
});

test('one that is due while its SMSC is away waits like any other, and expires like any other', async () => {
  smsc.close();
  await until(async () => (await stage.daemon.metric('smsc_bound')) === 0, 'no bind');
  const sentMs = Date.now();
  const id = await esme.send({ schedule_delivery_time: inSeconds(1) });
  const lost = await esme.send({ validity_period: inSeconds(2), schedule_delivery_time: inSeconds(5) });
  expect(await stateOf(esme, lost)).toEqual([0, SCHEDULED]);
  await until(async () => (await stateOf(esme, id))[1] !== SCHEDULED, 'its time');
  expect(await stateOf(esme, id)).toEqual([0, ENROUTE]);
  expect((await esme.receipt(lost)).stat).toBe('EXPIRED');
  expect(Date.now() - sentMs).toBeGreaterThanOrEqual(7000);
  await stage.octetSmsc({ port: smsc.port, stat: () => 'DELIVRD' });
  expect((await esme.receipt(id)).stat).toBe('DELIVRD');
});
