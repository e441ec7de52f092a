/** submit_multi and data_sm over a whole daemon, and requests that go on to the SMSC. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import * as smpp from '../../src/smpp/constants.ts';
import { DEMO_HASH, until } from '../support/daemon.ts';
import { SENDER, ask, inSeconds, stateOf } from './ask.ts';
import type { Pdu } from './esme.ts';
import { Stage } from './stage.ts';

let stage: Stage;
beforeEach(() => void (stage = new Stage()));
afterEach(() => stage.clear());

/** The npm package reads the text of a replace_sm as octets. */
function textOf(pdu: Pdu): string | undefined {
  const text = pdu.short_message as unknown;
  if (text === undefined) return undefined;
  return String(Buffer.isBuffer(text) ? text : (text as { message: unknown }).message);
}

const number = (address: string): object => ({
  dest_addr_ton: 1,
  dest_addr_npi: 1,
  destination_addr: address,
});

test('submit_multi: numbers and lists, each once, told under one id; who was refused is in the response', async () => {
  const smsc = await stage.npmSmsc((submitted) => {
    submitted.answer(`A${submitted.number}`);
    const stat = submitted.pdu.destination_addr.endsWith('4') ? 'UNDELIV' : 'DELIVRD';
    void submitted.receipt(`A${submitted.number}`, stat);
  });
  const list = [{ name: 'staff', numbers: ['962790000003', '962790000004', '962790000001'] }];
  await stage.serve({ shards: 2, account: [{ list }], smsc: [{ port: smsc.port }, { port: smsc.port }] });
  const esme = await stage.esme();
  const answer = await ask(esme, 'submit_multi', {
    ...SENDER,
    dest_address: [
      number('962790000001'),
      number('962790000002'),
      { dl_name: 'staff' },
      { dest_addr_ton: 1, dest_addr_npi: 1, destination_addr: '' },
    ],
    registered_delivery: 1,
    short_message: 'to all',
  });
  expect(answer.command_status).toBe(smpp.ESME_ROK);
  expect(answer.unsuccess_sme).toMatchObject([
    { destination_addr: '', error_status_code: smpp.ESME_RINVDSTADR },
  ]);
  await until(() => esme.receipts.length === 4, 'a receipt for each destination');
  const seen = esme.receipts.map(
    ({ id, stat, pdu }) => `${pdu.source_addr} ${id === answer.message_id} ${stat}`,
  );
  expect(seen.toSorted()).toEqual([
    '962790000001 true DELIVRD',
    '962790000002 true DELIVRD',
    '962790000003 true DELIVRD',
    '962790000004 true UNDELIV',
  ]);
  expect(smsc.submits.map(({ text }) => text)).toEqual(['to all', 'to all', 'to all', 'to all']);
  await stage.daemon.untilNonePending();
  const audit = await stage.audit();
  expect([audit.accepted, audit.final, audit.finalDouble]).toEqual([4, 4, 0]);
});

test('submit_multi to a long list at a low rate: all of it is sent, and what follows waits its turn', async () => {
  const smsc = await stage.npmSmsc((submitted) => {
    submitted.answer(`A${submitted.number}`);
    void submitted.receipt(`A${submitted.number}`);
  });
  const numbers = Array.from({ length: 600 }, (_, index) => `96279000${String(index).padStart(4, '0')}`);
  await stage.serve({
    shards: 2,
    account: [{ tps: 20, list: [{ name: 'all', numbers }] }],
    smsc: [{ port: smsc.port }, { port: smsc.port }],
  });
  const esme = await stage.esme();
  const all = { ...SENDER, dest_address: [{ dl_name: 'all' }], registered_delivery: 1, short_message: 'x' };
  const answer = await ask(esme, 'submit_multi', all);
  expect([answer.command_status, answer.unsuccess_sme ?? []]).toEqual([smpp.ESME_ROK, []]);
  expect((await esme.submit()).command_status).toBe(smpp.ESME_RTHROTTLED);
  expect((await ask(esme, 'submit_multi', all)).command_status).toBe(smpp.ESME_RTHROTTLED);
  await until(() => esme.receipts.length >= numbers.length, 'a receipt for each destination', 60_000);
  const told = esme.receipts.map(({ id, pdu }) => `${id} ${pdu.source_addr}`);
  expect(told.toSorted()).toEqual(numbers.map((address) => `${answer.message_id} ${address}`));
  expect(smsc.submits).toHaveLength(numbers.length);
});

test('submit_multi is refused as a whole where its form, its list or its flag is wrong', async () => {
  const smsc = await stage.npmSmsc(() => undefined);
  await stage.serve({ smsc: [{ port: smsc.port }] });
  const esme = await stage.esme();
  const refused = async (fields: object): Promise<number> =>
    (await ask(esme, 'submit_multi', { ...SENDER, short_message: 'x', ...fields })).command_status;
  expect(await refused({ dest_address: [{ dl_name: 'nobody' }] })).toBe(smpp.ESME_RINVDLNAME);
  const one = [number('962790000001')];
  expect(await refused({ dest_address: one, replace_if_present_flag: 1 })).toBe(smpp.ESME_RINVSUBREP);
  expect(await refused({ dest_address: one, short_message: 'x'.repeat(250), data_coding: 0 })).toBe(
    smpp.ESME_ROK,
  );
  expect(await refused({ dest_address: one, schedule_delivery_time: '990101000000000+' })).toBe(
    smpp.ESME_RINVSCHED,
  );
  expect(await refused({ dest_address: [number('')] })).toBe(smpp.ESME_RINVDSTADR);
});

test.each([
  ['as submit_sm where the SMSC knows nothing else', [], 'submit_sm'],
  ['as data_sm where it does', ['data_sm'], 'data_sm'],
])('data_sm goes on %s, and its receipt comes back', async (_how, supports, command) => {
  const smsc = await stage.npmSmsc((submitted) => {
    submitted.answer('A1');
    void submitted.receipt('A1');
  });
  const datas: { message_payload: { message: string }; sequence_number: number }[] = [];
  await stage.serve({ smsc: [{ port: smsc.port, supports }] });
  for (const session of smsc.sessions) {
    session.on('data_sm', (pdu) => {
      datas.push(pdu as never);
      session.send(pdu.response({ message_id: 'A1' }));
      const receipt = { esm_class: 4, source_addr: pdu.destination_addr, destination_addr: pdu.source_addr };
      session.deliver_sm({ ...receipt, receipted_message_id: 'A1', message_state: 2, short_message: '' });
    });
  }
  const esme = await stage.esme();
  const whole = { ...SENDER, destination_addr: '962790000001', registered_delivery: 1 };
  const answer = await ask(esme, 'data_sm', {
    ...whole,
    message_payload: 'via data_sm',
    user_message_reference: 77,
  });
  expect([answer.command, answer.command_status]).toEqual(['data_sm_resp', smpp.ESME_ROK]);
  await esme.receipt(answer.message_id);
  const texts =
    command === 'data_sm'
      ? datas.map((pdu) => pdu.message_payload.message)
      : smsc.submits.map(({ text }) => text);
  expect(texts.map(String)).toEqual(['via data_sm']);
  expect(smsc.submits.length + datas.length).toBe(1);
  const none = await ask(esme, 'data_sm', { ...whole, user_message_reference: 1 });
  expect(none.command_status).toBe(smpp.ESME_RMISSINGTLV);
});

test('query, cancel and replace of a message that its SMSC has go on to it, as far as it supports them', async () => {
  const smsc = await stage.npmSmsc((submitted) => submitted.answer('7F01'));
  const asked: object[] = [];
  await stage.serve({ smsc: [{ port: smsc.port, supports: ['query_sm', 'cancel_sm', 'replace_sm'] }] });
  for (const session of smsc.sessions) {
    for (const command of ['query_sm', 'cancel_sm', 'replace_sm']) {
      session.on(command, (pdu) => {
        asked.push({
          command,
          id: pdu.message_id,
          source: pdu.source_addr,
          text: textOf(pdu),
        });
        const fields = command === 'query_sm' ? { message_id: '7F01', message_state: 6, error_code: 3 } : {};
        session.send(pdu.response({ ...fields, command_status: command === 'cancel_sm' ? 0x11 : 0 }));
      });
    }
  }
  const esme = await stage.esme();
  const id = await esme.send();
  await stage.daemon.untilMetric('smsc_sent_total', (count) => count === 1);
  const state = await ask(esme, 'query_sm', { message_id: id, ...SENDER });
  expect([state.command_status, state.message_id, state.message_state, state.error_code]).toEqual([
    0,
    id,
    6,
    3,
  ]);
  expect((await ask(esme, 'cancel_sm', { message_id: id, ...SENDER })).command_status).toBe(0x11);
  const change = { message_id: id, ...SENDER, short_message: 'other' };
  expect((await ask(esme, 'replace_sm', change)).command_status).toBe(0);
  expect(asked).toEqual([
    { command: 'query_sm', id: '7F01', source: 'Sender', text: undefined },
    { command: 'cancel_sm', id: '7F01', source: 'Sender', text: undefined },
    { command: 'replace_sm', id: '7F01', source: 'Sender', text: 'other' },
  ]);
  // The SMSC is gone: what we know ourselves is the answer.
  smsc.close();
  expect(await stateOf(esme, id)).toEqual([smpp.ESME_ROK, smpp.STATE_ENROUTE]);
});

test('broadcasts: for accounts that may, through an SMSC that can; the id works for its own account only', async () => {
  const smsc = await stage.npmSmsc(() => undefined);
  smsc.version = 0x50;
  const queried: string[] = [];
  const account = [{ broadcast: true }, { name: 'other', password_hash: DEMO_HASH, broadcast: true }];
  const mute = { name: 'mute', password_hash: DEMO_HASH };
  await stage.serve({
    account: [...account, mute],
    smsc: [{ port: smsc.port, interface_version: '5.0', supports: ['broadcast_sm'] }],
  });
  for (const session of smsc.sessions) {
    session.on('broadcast_sm', (pdu) => session.send(pdu.response({ message_id: 'B-70' })));
    session.on('query_broadcast_sm', (pdu) => {
      queried.push(pdu.message_id);
      const area = {
        broadcast_area_identifier: [Buffer.from('00446f776e', 'hex')],
        broadcast_area_success: [100],
      };
      session.send(pdu.response({ message_id: 'B-70', message_state: 2, ...area }));
    });
    session.on('cancel_broadcast_sm', (pdu) => session.send(pdu.response({ command_status: 0x10f })));
  }
  const v50 = { interface_version: 0x50 };
  const esme = await stage.esme({ fields: v50 });
  const storm = {
    source_addr: 'CBE',
    broadcast_area_identifier: [Buffer.from('00446f776e', 'hex')],
    broadcast_content_type: { network: 1, content_type: 0x33 },
    broadcast_rep_num: 10,
    broadcast_frequency_interval: { unit: 9, interval: 31 },
    message_payload: 'Storm',
  };
  const sent = await ask(esme, 'broadcast_sm', storm);
  expect([sent.command, sent.command_status]).toEqual(['broadcast_sm_resp', 0]);
  expect(sent.message_id).toMatch(/B-70$/);
  const state = await ask(esme, 'query_broadcast_sm', { message_id: sent.message_id, source_addr: 'CBE' });
  expect([state.command_status, state.message_id, state.message_state]).toEqual([0, sent.message_id, 2]);
  expect(queried).toEqual(['B-70']);
  const cancelled = await ask(esme, 'cancel_broadcast_sm', {
    message_id: sent.message_id,
    source_addr: 'CBE',
  });
  expect(cancelled.command_status).toBe(0x10f);
  const other = await stage.esme({ fields: { ...v50, system_id: 'other' } });
  const stolen = await ask(other, 'query_broadcast_sm', { message_id: sent.message_id, source_addr: 'CBE' });
  expect(stolen.command_status).toBe(smpp.ESME_RINVMSGID);
  const silent = await stage.esme({ fields: { ...v50, system_id: 'mute' } });
  expect((await ask(silent, 'broadcast_sm', storm)).command_status).toBe(smpp.ESME_RPROHIBITED);
  const old = await stage.esme();
  expect((await ask(old, 'broadcast_sm', storm)).command).toBe('generic_nack');
});

test('5.0 responses say how busy we are; ids in decimal are the same ids', async () => {
  const smsc = await stage.npmSmsc((submitted) => {
    submitted.answer('A1');
    void submitted.receipt('A1');
  });
  await stage.serve({ account: [{ receipt_id: 'decimal' }], smsc: [{ port: smsc.port }] });
  const esme = await stage.esme({ fields: { interface_version: 0x50 } });
  expect(esme.bound.sc_interface_version).toBe(0x50);
  const answer = (await esme.submit({ schedule_delivery_time: inSeconds(6) })) as unknown as Record<
    string,
    unknown
  >;
  expect(answer.message_id).toMatch(/^\d{17,20}$/);
  expect(answer.congestion_state).toBe(0);
  const id = String(answer.message_id);
  expect(await stateOf(esme, id)).toEqual([0, smpp.STATE_SCHEDULED]);
  expect((await esme.receipt(id)).pdu.receipted_message_id).toBe(id);
  const { types } = await stage.history(BigInt(id).toString(16).padStart(16, '0'));
  expect(types[0]).toBe('ACCEPTED');
});
