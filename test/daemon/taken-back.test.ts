/** What is cancelled or replaced must not have reached its SMSC: where nobody knows, neither is done. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import * as smpp from '../../src/smpp/constants.ts';
import { freePort } from '../support/ports.ts';
import { until } from '../support/daemon.ts';
import { SENDER, ask, inSeconds, stateOf } from './ask.ts';
import type { Esme } from './esme.ts';
import { Stage } from './stage.ts';

let stage: Stage;
beforeEach(() => void (stage = new Stage()));
afterEach(() => stage.clear());

const [ROK, RCANCELFAIL, RREPLACEFAIL] = [0, 0x11, 0x13];
const DEST = { destination_addr: '962790000001' };

/** All that would change a message. */
async function changes(esme: Esme, id: string): Promise<number[]> {
  const named = { message_id: id, ...SENDER };
  const statuses = [];
  statuses.push((await ask(esme, 'replace_sm', { ...named, short_message: 'other' })).command_status);
  statuses.push((await ask(esme, 'cancel_sm', named)).command_status);
  statuses.push((await ask(esme, 'cancel_sm', { message_id: '', ...SENDER, ...DEST })).command_status);
  return statuses;
}

test('one whose response was lost with its link is left alone, also after kill -9', async () => {
  let smsc = await stage.octetSmsc({ answer: () => undefined });
  const { port } = smsc;
  await stage.serve({ smsc: [{ port }] });
  let esme = await stage.esme();
  const id = await esme.send({ ...DEST, short_message: 'secret' });
  await until(() => smsc.sms.length === 1, 'it is sent', 5_000);
  smsc.close();
  await stage.daemon.untilMetric('smsc_bound', (count) => count === 0);
  const unsent = await esme.send({ short_message: 'unsent', destination_addr: '962790000002' });
  expect(await changes(esme, id)).toEqual([RREPLACEFAIL, RCANCELFAIL, RCANCELFAIL]);
  expect(await esme.send({ ...DEST, replace_if_present_flag: 1, short_message: 'new' })).not.toBe(id);
  expect((await ask(esme, 'cancel_sm', { message_id: unsent, ...SENDER })).command_status).toBe(ROK);

  const later = { schedule_delivery_time: inSeconds(3_000), destination_addr: '962790000003' };
  const scheduled = await esme.send({ ...later, short_message: 'scheduled' });
  await stage.daemon.kill();
  await stage.start();
  esme = await stage.esme();
  expect(await changes(esme, id)).toEqual([RREPLACEFAIL, RCANCELFAIL, RCANCELFAIL]);
  expect(await esme.send({ ...DEST, replace_if_present_flag: 1, short_message: 'newer' })).not.toBe(id);
  expect(await stateOf(esme, id)).toEqual([ROK, smpp.STATE_ENROUTE]);
  // This one can not have been sent.
  expect((await ask(esme, 'cancel_sm', { message_id: scheduled, ...SENDER })).command_status).toBe(ROK);
  smsc = await stage.octetSmsc({ port, stat: () => 'DELIVRD' });
  expect((await esme.receipt(id)).stat).toBe('DELIVRD');
  await until(() => smsc.sms.length === 3, 'what waited', 5_000);
  expect(smsc.sms.map(({ octets }) => octets.toString()).toSorted()).toEqual(['new', 'newer', 'secret']);
});

test('after an orderly stop what was not sent is still cancelled and replaced', async () => {
  const port = await freePort();
  await stage.serve({ smsc: [{ port }] }, false);
  const before = await stage.esme();
  const [one, two] = [await before.send(), await before.send({ data_coding: 0, short_message: 'old' })];
  expect(await stage.daemon.stop()).toBe(0);
  await stage.start();
  const esme = await stage.esme();
  expect((await ask(esme, 'cancel_sm', { message_id: one, ...SENDER })).command_status).toBe(ROK);
  const named = { message_id: two, ...SENDER, registered_delivery: 1 };
  expect((await ask(esme, 'replace_sm', { ...named, short_message: 'new' })).command_status).toBe(ROK);
  const smsc = await stage.octetSmsc({ port, stat: () => 'DELIVRD' });
  expect((await esme.receipt(two)).stat).toBe('DELIVRD');
  expect(smsc.sms.map(({ octets }) => octets.toString())).toEqual(['new']);
});
