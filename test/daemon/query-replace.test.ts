/** What takes the place of a waiting message: where it waits from then on, and what is left of what it was. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import * as smpp from '../../src/smpp/constants.ts';
import { freePort } from '../support/ports.ts';
import { until } from '../support/daemon.ts';
import { SENDER, ask, inSeconds, stateOf } from './ask.ts';
import { Stage } from './stage.ts';

let stage: Stage;
beforeEach(() => void (stage = new Stage()));
afterEach(() => stage.clear());

/** Messages with its_session_info 0002 go to the second SMSC. */
const ROUTED = {
  tlv: [{ name: 'way', tag: 0x1383, type: 'octets' }],
  route: { smscs: ['sim0'], rule: [{ tlv: 'way', equals: '0002', smscs: ['sim1'] }] },
};
const SECOND = { its_session_info: Buffer.from([0, 2]) };

test.each([
  ['that waits for its SMSC', {}],
  ['that waits for its time', { schedule_delivery_time: inSeconds(3_000) }],
])('replace_if_present_flag on a message %s: it goes where the new one is routed to', async (_how, waits) => {
  const smsc = await stage.npmSmsc((submitted) => {
    submitted.answer('B1');
    void submitted.receipt('B1');
  });
  await stage.serve({ ...ROUTED, smsc: [{ port: await freePort() }, { port: smsc.port }] }, false);
  await stage.daemon.untilMetric('smsc_bound', (count) => count >= 1);
  const esme = await stage.esme();
  const id = await esme.send({ ...waits, short_message: 'old' });
  const other = await esme.send({ short_message: 'stays', destination_addr: '962790000002' });
  expect(await esme.send({ ...SECOND, replace_if_present_flag: 1, short_message: 'new' })).toBe(id);
  expect((await esme.receipt(id)).stat).toBe('DELIVRD');
  expect(smsc.submits.map(({ text }) => text)).toEqual(['new']);
  expect(await stateOf(esme, other)).toEqual([smpp.ESME_ROK, smpp.STATE_ENROUTE]);
  expect((await stage.finalOf(id)).cdr).toMatchObject({ smsc: 'sim1', state: 'DELIVERED' });
  await stage.daemon.untilMetric('smsc_queue_depth', (depth) => depth === 1);
});

test('replace_if_present_flag that brings another priority: the message goes before those of a lower one', async () => {
  const port = await freePort();
  await stage.serve({ smsc: [{ port }] }, false);
  const esme = await stage.esme();
  const id = await esme.send({ short_message: 'old', destination_addr: '962790000002' });
  await esme.send({ short_message: 'between', priority_flag: 1 });
  const urgent = { priority_flag: 2, replace_if_present_flag: 1, destination_addr: '962790000002' };
  expect(await esme.send({ ...urgent, short_message: 'new' })).toBe(id);
  const smsc = await stage.npmSmsc((submitted) => submitted.answer(`A${submitted.number}`), port);
  await until(() => smsc.submits.length === 2, 'both');
  expect(smsc.submits.map(({ text }) => text)).toEqual(['new', 'between']);
});

test('what is replaced or cancelled again and again before its time is no more than one message', async () => {
  await stage.serve({ smsc: [{ port: await freePort() }] }, false);
  const esme = await stage.esme();
  const waiting = { schedule_delivery_time: inSeconds(3_000) };
  const id = await esme.send(waiting);
  for (let round = 0; round < 20; round++) {
    const change = { message_id: id, ...SENDER, short_message: `text ${round}` };
    const when = round % 2 === 0 ? {} : { schedule_delivery_time: inSeconds(3_000 - round) };
    expect((await ask(esme, 'replace_sm', { ...change, ...when })).command_status).toBe(smpp.ESME_ROK);
    const gone = await esme.send({ ...waiting, registered_delivery: 0 });
    const cancelled = await ask(esme, 'cancel_sm', { message_id: gone, ...SENDER });
    expect(cancelled.command_status).toBe(smpp.ESME_ROK);
  }
  const last = await esme.send({ ...waiting, registered_delivery: 0, destination_addr: '962790000002' });
  // Counted once a second: the last one is in it.
  await stage.daemon.untilMetric('smsc_queue_depth', (count) => count >= 2);
  expect(await stage.daemon.metric('smsc_queue_depth')).toBe(2);
  expect(await stateOf(esme, last)).toEqual([smpp.ESME_ROK, smpp.STATE_ENROUTE]);
});
