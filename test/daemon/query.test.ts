/** query_sm, cancel_sm and replace_sm on messages that are here. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import * as smpp from '../../src/smpp/constants.ts';
import { DEMO_HASH, until } from '../support/daemon.ts';
import { SENDER, ask, inSeconds, stateOf } from './ask.ts';
import { Stage } from './stage.ts';

let stage: Stage;
beforeEach(() => void (stage = new Stage()));
afterEach(() => stage.clear());

const [ROK, RINVMSGID, RCANCELFAIL, RREPLACEFAIL] = [0, 0x0c, 0x11, 0x13];

test('query_sm follows a message from its schedule to its end, also over a crash', async () => {
  let answer = false;
  const smsc = await stage.npmSmsc((submitted) => {
    if (!answer) return;
    submitted.answer('A1');
    void submitted.receipt('A1', 'UNDELIV');
  });
  await stage.serve({ smsc: [{ port: smsc.port, window: 10 }] });
  let esme = await stage.esme({ fields: { interface_version: 0x50 } });
  const later = await esme.send({ schedule_delivery_time: inSeconds(3_000) });
  expect(await stateOf(esme, later)).toEqual([ROK, smpp.STATE_SCHEDULED]);
  const id = await esme.send();
  await until(() => smsc.submits.length === 1, 'the submit');
  expect(await stateOf(esme, id)).toEqual([ROK, smpp.STATE_ENROUTE]);
  await stage.daemon.kill();
  answer = true;
  await stage.start();
  await stage.daemon.untilMetric('smsc_bound', (count) => count >= 1);
  esme = await stage.esme();
  // SCHEDULED is of 5.0: on a 3.4 session the message is on its way.
  expect(await stateOf(esme, later)).toEqual([ROK, smpp.STATE_ENROUTE]);
  await esme.receipt(id);
  const ended = await ask(esme, 'query_sm', { message_id: id, ...SENDER });
  expect([ended.command_status, ended.message_state, ended.message_id]).toEqual([
    ROK,
    smpp.STATE_UNDELIVERABLE,
    id,
  ]);
  const done = ended.final_date instanceof Date ? ended.final_date.getTime() : Number.NaN;
  expect(Math.abs(done - Date.UTC(2026, 10, 22, 1, 2))).toBeLessThan(60_000);
});

test('another account, another source address, an unknown id: ESME_RINVMSGID, and nothing changes', async () => {
  const smsc = await stage.npmSmsc(() => undefined);
  const other = { name: 'other', password_hash: DEMO_HASH };
  await stage.serve({ account: [{}, other], smsc: [{ port: smsc.port }] });
  const esme = await stage.esme();
  const stranger = await stage.esme({ fields: { system_id: 'other' } });
  const id = await esme.send({ schedule_delivery_time: inSeconds(3_000) });
  expect(await stateOf(stranger, id)).toEqual([RINVMSGID, undefined]);
  expect(await stateOf(esme, id, { source_addr: 'Another' })).toEqual([RINVMSGID, undefined]);
  expect(await stateOf(esme, 'ffffffff00000001')).toEqual([RINVMSGID, undefined]);
  expect(await stateOf(esme, 'no id of ours')).toEqual([RINVMSGID, undefined]);
  for (const [who, source] of [
    [stranger, SENDER],
    [esme, { source_addr: 'Another' }],
  ] as const) {
    expect((await ask(who, 'cancel_sm', { message_id: id, ...source })).command_status).toBe(RINVMSGID);
    const text = { short_message: 'stolen' };
    expect((await ask(who, 'replace_sm', { message_id: id, ...source, ...text })).command_status).toBe(
      RINVMSGID,
    );
  }
  expect(await stateOf(esme, id)).toEqual([ROK, smpp.STATE_ENROUTE]);
});

test('cancel_sm ends a waiting message as DELETED, for good', async () => {
  const smsc = await stage.npmSmsc((submitted) => submitted.answer('A1'));
  await stage.serve({ smsc: [{ port: smsc.port }] });
  const esme = await stage.esme();
  const id = await esme.send({ schedule_delivery_time: inSeconds(8) });
  const silent = await esme.send({ schedule_delivery_time: inSeconds(8), registered_delivery: 0 });
  const kept = await esme.send({ schedule_delivery_time: inSeconds(8), short_message: 'kept' });
  expect((await ask(esme, 'cancel_sm', { message_id: id, ...SENDER })).command_status).toBe(ROK);
  expect((await ask(esme, 'cancel_sm', { message_id: silent, ...SENDER })).command_status).toBe(ROK);
  expect((await esme.receipt(id)).stat).toBe('DELETED');
  expect((await ask(esme, 'cancel_sm', { message_id: id, ...SENDER })).command_status).toBe(RCANCELFAIL);
  expect(await stateOf(esme, silent)).toEqual([ROK, smpp.STATE_DELETED]);
  await stage.daemon.kill();
  await stage.start();
  await until(() => smsc.submits.length === 1, 'the message that was kept');
  expect(smsc.submits[0].text).toBe('kept');
  const { cdr, types } = await stage.history(silent);
  expect([types, cdr.reason]).toEqual([['ACCEPTED', 'FINAL'], 'CANCELLED']);
  // Once the SMSC has it, it is too late.
  const again = await stage.esme();
  expect((await ask(again, 'cancel_sm', { message_id: kept, ...SENDER })).command_status).toBe(RCANCELFAIL);
});

test('cancel_sm without an id takes all that waits with these addresses and this service_type', async () => {
  const smsc = await stage.npmSmsc((submitted) => submitted.answer(`A${submitted.number}`));
  await stage.serve({ shards: 2, smsc: [{ port: smsc.port }, { port: smsc.port }] });
  const esme = await stage.esme();
  const waiting = { schedule_delivery_time: inSeconds(8) };
  const gone = await esme.sendMany(3, { ...waiting, service_type: 'VMA' });
  const stays = await esme.send({ ...waiting, service_type: 'VMN' });
  const elsewhere = await esme.send({ ...waiting, service_type: 'VMA', destination_addr: '962790000002' });
  const group = { ...SENDER, destination_addr: '962790000001' };
  const none = await ask(esme, 'cancel_sm', { ...group, service_type: 'NONE' });
  expect(none.command_status).toBe(RCANCELFAIL);
  expect((await ask(esme, 'cancel_sm', { ...group, service_type: 'VMA' })).command_status).toBe(ROK);
  for (const receipt of await esme.receiptsOf(gone)) expect(receipt.stat).toBe('DELETED');
  expect((await stateOf(esme, stays))[1]).toBe(smpp.STATE_ENROUTE);
  expect((await stateOf(esme, elsewhere))[1]).toBe(smpp.STATE_ENROUTE);
  expect((await ask(esme, 'cancel_sm', group)).command_status).toBe(ROK);
  expect((await stateOf(esme, stays))[1]).toBe(smpp.STATE_DELETED);
  await until(() => smsc.submits.length === 1, 'what was left');
});

test('replace_sm: the waiting message has its new text, also after a crash; one that was sent has not', async () => {
  const smsc = await stage.npmSmsc((submitted) => submitted.answer(`A${submitted.number}`));
  await stage.serve({ smsc: [{ port: smsc.port }] });
  const esme = await stage.esme();
  const id = await esme.send({
    schedule_delivery_time: inSeconds(3_000),
    service_type: 'CMT',
    protocol_id: 65,
  });
  const change = { message_id: id, ...SENDER, short_message: 'two', registered_delivery: 0 };
  expect((await ask(esme, 'replace_sm', change)).command_status).toBe(ROK);
  const soon = { ...change, short_message: 'three', schedule_delivery_time: inSeconds(8) };
  expect((await ask(esme, 'replace_sm', soon)).command_status).toBe(ROK);
  await stage.daemon.kill();
  await stage.start();
  await until(() => smsc.submits.length === 1, 'the submit');
  const { pdu } = smsc.submits[0];
  const sent = { ...pdu, message: String(pdu.short_message.message) };
  expect(sent).toMatchObject({
    message: 'three',
    service_type: 'CMT',
    protocol_id: 65,
    registered_delivery: 0,
  });
  const again = await stage.esme();
  expect((await ask(again, 'replace_sm', change)).command_status).toBe(RREPLACEFAIL);
  await stage.finalOf(id);
  expect((await stage.history(id)).types.filter((type) => type === 'REPLACED')).toHaveLength(2);
  const tooLong = { ...SENDER, message_id: await again.send({ schedule_delivery_time: inSeconds(3_000) }) };
  const answer = await ask(again, 'replace_sm', { ...tooLong, short_message: 'x'.repeat(200) });
  expect(answer.command_status).toBe(smpp.ESME_RINVMSGLEN);
});

test('replace_if_present_flag: the waiting message of these addresses takes the text and keeps its id', async () => {
  const smsc = await stage.npmSmsc((submitted) => submitted.answer(`A${submitted.number}`));
  await stage.serve({ smsc: [{ port: smsc.port }] });
  const esme = await stage.esme();
  const waiting = { schedule_delivery_time: inSeconds(8), replace_if_present_flag: 1, service_type: 'VMA' };
  const first = await esme.send({ ...waiting, short_message: '1 new message' });
  expect(await esme.send({ ...waiting, short_message: '2 new messages' })).toBe(first);
  const other = await esme.send({ ...waiting, service_type: 'VMN', short_message: 'of another kind' });
  expect(other).not.toBe(first);
  await until(() => smsc.submits.length === 2, 'both');
  expect(smsc.submits.map(({ text }) => text).toSorted()).toEqual(['2 new messages', 'of another kind']);
  // Nothing waits any more: it is a new message.
  expect(await esme.send({ ...waiting, short_message: '3 new messages' })).not.toBe(first);
});

test('a 3.3 session asks with the 8 digits that it was told', async () => {
  const smsc = await stage.npmSmsc(() => undefined);
  await stage.serve({ smsc: [{ port: smsc.port }] });
  const esme = await stage.esme({ kind: 'bind_transmitter', fields: { interface_version: 0x33 } });
  const id = await esme.send({ registered_delivery: 0, schedule_delivery_time: '301101120000000+' });
  expect(id).toMatch(/^[0-9a-f]{8}$/);
  expect(await stateOf(esme, id)).toEqual([ROK, smpp.STATE_ENROUTE]);
  expect((await ask(esme, 'cancel_sm', { message_id: id, ...SENDER })).command_status).toBe(ROK);
  expect(await stateOf(esme, id)).toEqual([ROK, smpp.STATE_DELETED]);
  expect((await stateOf(esme, '7fffffff'))[0]).toBe(RINVMSGID);
});
