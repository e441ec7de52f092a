/** Who may ask about a message, by which names, and how often. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import * as smpp from '../../src/smpp/constants.ts';
import { freePort } from '../support/ports.ts';
import { DEMO_HASH, until } from '../support/daemon.ts';
import { SENDER, ask, inSeconds, stateOf } from './ask.ts';
import { pduBytes, rawBound } from './raw.ts';
import { Stage } from './stage.ts';

let stage: Stage;
beforeEach(() => void (stage = new Stage()));
afterEach(() => stage.clear());

const [ROK, RSYSERR, RINVMSGID, RREPLACEFAIL, RTHROTTLED] = [0, 0x08, 0x0c, 0x13, 0x58];
const LATER = { schedule_delivery_time: inSeconds(3_000) };

test('of a message that has ended, only its account hears, and only by its source address', async () => {
  const smsc = await stage.npmSmsc((submitted) => {
    submitted.answer('A1');
    void submitted.receipt('A1');
  });
  const other = { name: 'other', password_hash: DEMO_HASH };
  await stage.serve({ account: [{}, other], smsc: [{ port: smsc.port }] });
  const esme = await stage.esme();
  const stranger = await stage.esme({ fields: { system_id: 'other' } });
  const id = await esme.send({ source_addr_ton: 5 });
  await esme.receipt(id);
  await stage.daemon.untilNonePending();
  expect(await stateOf(esme, id)).toEqual([ROK, smpp.STATE_DELIVERED]);
  expect(await stateOf(esme, id, { ...SENDER, source_addr_ton: 5 })).toEqual([ROK, smpp.STATE_DELIVERED]);
  expect(await stateOf(esme, id, { source_addr: '' })).toEqual([ROK, smpp.STATE_DELIVERED]);
  expect(await stateOf(stranger, id)).toEqual([RINVMSGID, undefined]);
  for (const source_addr of ['Sendex', 'Bender', 'Senders', 'S']) {
    expect(await stateOf(esme, id, { source_addr })).toEqual([RINVMSGID, undefined]);
  }
});

test('type and plan of an address are those of the submit, or 0: not known', async () => {
  await stage.serve({ smsc: [{ port: await freePort() }] }, false);
  const esme = await stage.esme();
  const dest = { dest_addr_ton: 1, dest_addr_npi: 1 };
  const national = { source_addr: '0791234567', source_addr_ton: 2, source_addr_npi: 1 };
  const id = await esme.send({ ...national, ...dest });
  const asked = async (ton: number, npi: number): Promise<number> => {
    const names = { source_addr: '0791234567', source_addr_ton: ton, source_addr_npi: npi };
    return (await stateOf(esme, id, names))[0];
  };
  expect([await asked(2, 1), await asked(0, 0), await asked(2, 0), await asked(0, 1)]).toEqual([0, 0, 0, 0]);
  expect([await asked(1, 1), await asked(2, 8), await asked(1, 0)]).toEqual([
    RINVMSGID,
    RINVMSGID,
    RINVMSGID,
  ]);
  const group = { source_addr: '0791234567', destination_addr: '962790000001' };
  const cancel = async (fields: object): Promise<number> =>
    (await ask(esme, 'cancel_sm', { ...group, ...fields })).command_status;
  expect(await cancel({ source_addr_ton: 1 })).toBe(smpp.ESME_RCANCELFAIL);
  expect(await cancel({ dest_addr_npi: 8 })).toBe(smpp.ESME_RCANCELFAIL);
  expect(await cancel({})).toBe(ROK);
  expect((await stateOf(esme, id, { source_addr: '' }))[1]).toBe(smpp.STATE_DELETED);
});

test('a cancel_sm of 3.3 names the destination, too; one of 3.4 need not', async () => {
  await stage.serve({ smsc: [{ port: await freePort() }] }, false);
  const old = await stage.esme({ fields: { interface_version: 0x33 } });
  const esme = await stage.esme();
  const [id, longId] = [await old.send(LATER), await esme.send(LATER)];
  const cancelled = async (one: typeof esme, message_id: string, destination_addr: string): Promise<number> =>
    (await ask(one, 'cancel_sm', { message_id, ...SENDER, destination_addr })).command_status;
  expect(await cancelled(old, id, '962790000002')).toBe(RINVMSGID);
  expect(await cancelled(old, id, '962790000001')).toBe(ROK);
  expect(await cancelled(esme, longId, '962790000002')).toBe(ROK);
});

test('a question costs as much of the rate as a message', async () => {
  await stage.serve({ account: [{ tps: 1 }], smsc: [{ port: await freePort() }] }, false);
  const esme = await stage.esme();
  const id = await esme.send(LATER);
  for (const [command, fields] of [
    ['query_sm', {}],
    ['cancel_sm', { destination_addr: '962790000002' }],
    ['replace_sm', { short_message: 'x' }],
  ] as const) {
    const message_id = command === 'cancel_sm' ? '' : id;
    const asked = Array.from({ length: 100 }, () => ask(esme, command, { message_id, ...SENDER, ...fields }));
    const statuses = (await Promise.all(asked)).map(({ command_status: status }) => status);
    expect([command, statuses.includes(RTHROTTLED)]).toEqual([command, true]);
  }
});

test('of two questions with one number, both are answered', async () => {
  await stage.serve({ smsc: [{ port: await freePort() }] }, false);
  const esme = await stage.esme();
  const id = await esme.send(LATER);
  const peer = await rawBound(stage.site.smppPort);
  // query_sm: message_id, ton, npi, source_addr.
  const query = pduBytes(3, 7, Buffer.from(`${id}\0\0\0Sender\0`, 'latin1'));
  peer.write(Buffer.concat([query, query]));
  const heads = [await peer.takePdu(), await peer.takePdu()].map((pdu) => pdu.slice(8, 32));
  const head = (status: number): string => `80000003${status.toString(16).padStart(8, '0')}00000007`;
  expect(heads.toSorted()).toEqual([head(ROK), head(RSYSERR)]);
  peer.write(query);
  expect((await peer.takePdu()).slice(8, 32)).toBe(head(ROK));
  peer.destroy();
});

test('what waits is cancelled bit by bit, in the store and in memory, and what comes later is not', async () => {
  const port = await freePort();
  await stage.serve({ ledger: { messages_in_memory_max: 4_096 }, smsc: [{ port }] }, false);
  const esme = await stage.esme();
  const count = 6_000;
  await esme.sendMany(count, { registered_delivery: 0 });
  const other = await esme.send({ registered_delivery: 0, destination_addr: '962790000002' });
  expect(await stage.daemon.metric('stored')).toBeGreaterThan(2_500);
  const group = { ...SENDER, destination_addr: '962790000001' };
  const [cancelled, later] = await Promise.all([
    ask(esme, 'cancel_sm', group),
    esme.send({ registered_delivery: 0 }),
  ]);
  expect(cancelled.command_status).toBe(ROK);
  await stage.daemon.untilMetric('final_total', (total) => total === count);
  expect((await stateOf(esme, later))[1]).toBe(smpp.STATE_ENROUTE);
  expect((await stateOf(esme, other))[1]).toBe(smpp.STATE_ENROUTE);
  const smsc = await stage.npmSmsc((submitted) => submitted.answer(`A${submitted.number}`), port);
  await stage.daemon.untilNonePending();
  expect(smsc.submits.map(({ pdu }) => pdu.destination_addr).toSorted()).toEqual([
    '962790000001',
    '962790000002',
  ]);
});

/** Messages with its_session_info 0002 go to the second SMSC. */
const ROUTED = {
  tlv: [{ name: 'way', tag: 0x1383, type: 'octets' }],
  route: { smscs: ['sim0'], rule: [{ tlv: 'way', equals: '0002', smscs: ['sim1'] }] },
};

test('only a text that is sent as its client wrote it can be replaced', async () => {
  const smsc = await stage.npmSmsc((submitted) => submitted.answer(`A${submitted.number}`));
  const supports = ['data_sm', 'replace_sm'];
  const other = { name: 'other', password_hash: DEMO_HASH, transliterate: true };
  await stage.serve({
    ...ROUTED,
    account: [{}, other],
    smsc: [
      { port: smsc.port, supports, long_messages: 'sar' },
      { port: smsc.port, alphabet: 'latin1' },
    ],
  });
  const asked: string[] = [];
  for (const session of smsc.sessions) {
    session.on('data_sm', (pdu) => session.send(pdu.response({ message_id: 'D1' })));
    session.on('replace_sm', (pdu) => {
      asked.push(pdu.message_id);
      session.send(pdu.response());
    });
  }
  const esme = await stage.esme();
  const replace = async (id: string, who = esme): Promise<number> =>
    (await ask(who, 'replace_sm', { message_id: id, ...SENDER, short_message: 'new' })).command_status;
  expect(await replace(await esme.send(LATER))).toBe(ROK);
  const inParts = await esme.send({ ...LATER, short_message: '', message_payload: 'x'.repeat(400) });
  expect(await replace(inParts)).toBe(RREPLACEFAIL);
  const converted = await esme.send({ ...LATER, its_session_info: Buffer.from([0, 2]) });
  expect(await replace(converted)).toBe(RREPLACEFAIL);
  const stranger = await stage.esme({ fields: { system_id: 'other' } });
  expect(await replace(await stranger.send(LATER), stranger)).toBe(RREPLACEFAIL);
  const data = { ...SENDER, destination_addr: '962790000001', registered_delivery: 1 };
  const { message_id: id } = await ask(esme, 'data_sm', { ...data, message_payload: 'data' });
  await until(async () => (await stage.daemon.metric('smsc_sent_total')) === 1, 'the data_sm');
  expect([await replace(id), asked]).toEqual([RREPLACEFAIL, []]);
});
