/** query_sm, cancel_sm and replace_sm of an id that stands for several messages: the parts of one, or destinations. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import * as smpp from '../../src/smpp/constants.ts';
import { until } from '../support/daemon.ts';
import { SENDER, ask, inSeconds, stateOf } from './ask.ts';
import type { Esme, Pdu } from './esme.ts';
import type { NpmSmsc } from './smsc.ts';
import { Stage } from './stage.ts';

let stage: Stage;
beforeEach(() => void (stage = new Stage()));
afterEach(() => stage.clear());

const [ROK, RMSGQFUL, RCANCELFAIL, RREPLACEFAIL, RQUERYFAIL] = [0, 0x14, 0x11, 0x13, 0x67];

/** Three parts of 153 septets at most. */
const LONG = { short_message: '', message_payload: 'a long text '.repeat(30) };

type Asked = Pdu & { dest_addr_ton: number; dest_addr_npi: number; source_addr_ton: number };

/** Answers these commands with what `answer` says, and keeps what was asked. */
function serveOperations(smsc: NpmSmsc, answer: (pdu: Asked) => object): Asked[] {
  const asked: Asked[] = [];
  for (const session of smsc.sessions) {
    for (const command of ['query_sm', 'cancel_sm', 'replace_sm']) {
      session.on(command, (pdu) => {
        asked.push(pdu as Asked);
        session.send(pdu.response(answer(pdu as Asked)));
      });
    }
  }
  return asked;
}

async function statusOf(esme: Esme, command: string, id: string, fields: object = {}): Promise<number> {
  return (await ask(esme, command, { message_id: id, ...SENDER, ...fields })).command_status;
}

const NEW_TEXT = { short_message: 'new' };

describe('a long message that its SMSC has', () => {
  test('has the state of all its parts: on its way while one is, failed once one has', async () => {
    const smsc = await stage.npmSmsc((submitted) => submitted.answer(`A${submitted.number}`));
    await stage.serve({ smsc: [{ port: smsc.port }] });
    const esme = await stage.esme();
    const id = await esme.send(LONG);
    await until(() => smsc.submits.length === 3, 'the parts');
    await smsc.submits[0].receipt('A1', 'DELIVRD');
    expect(await stateOf(esme, id)).toEqual([ROK, smpp.STATE_ENROUTE]);
    await smsc.submits[2].receipt('A3', 'EXPIRED');
    const failed = await ask(esme, 'query_sm', { message_id: id, ...SENDER });
    expect([failed.message_state, failed.final_date instanceof Date]).toEqual([smpp.STATE_EXPIRED, true]);
    await smsc.submits[1].receipt('A2', 'UNDELIV');
    expect((await esme.receipt(id)).stat).toBe('UNDELIV');
    expect(await stateOf(esme, id)).toEqual([ROK, smpp.STATE_UNDELIVERABLE]);
    expect(await statusOf(esme, 'cancel_sm', id)).toBe(RCANCELFAIL);
  });

  test('is on its way while a part is, though no receipts are wanted and the first part is done with', async () => {
    const smsc = await stage.npmSmsc((submitted) => {
      if (submitted.number < 3) submitted.answer(`A${submitted.number}`);
    });
    await stage.serve({ smsc: [{ port: smsc.port }] });
    const esme = await stage.esme();
    const id = await esme.send({ ...LONG, registered_delivery: 0 });
    await until(() => smsc.submits.length === 3, 'the parts');
    await until(async () => (await stage.daemon.metric('final_total')) === 2, 'two ends');
    expect(await stateOf(esme, id)).toEqual([ROK, smpp.STATE_ENROUTE]);
    expect(await statusOf(esme, 'cancel_sm', id)).toBe(RCANCELFAIL);
    smsc.submits[2].answer('A3');
    await until(async () => (await stateOf(esme, id))[1] === smpp.STATE_ACCEPTED, 'the last end');
  });

  test('is asked after part by part where the SMSC answers such questions', async () => {
    const smsc = await stage.npmSmsc((submitted) => submitted.answer(`A${submitted.number}`));
    await stage.serve({ smsc: [{ port: smsc.port, supports: ['query_sm'] }] });
    const states: Record<string, number> = { A1: 2, A2: 6, A3: 2 };
    const answer = (pdu: Asked): object => {
      const message_state = states[pdu.message_id];
      return { message_id: pdu.message_id, message_state, error_code: message_state === 5 ? 7 : 0 };
    };
    const asked = serveOperations(smsc, answer);
    const esme = await stage.esme();
    const id = await esme.send(LONG);
    await stage.daemon.untilMetric('smsc_sent_total', (count) => count === 3);
    expect(await stateOf(esme, id)).toEqual([ROK, smpp.STATE_ACCEPTED]);
    expect(asked.map((pdu) => pdu.message_id).toSorted()).toEqual(['A1', 'A2', 'A3']);
    states.A2 = smpp.STATE_ENROUTE;
    expect(await stateOf(esme, id)).toEqual([ROK, smpp.STATE_ENROUTE]);
    states.A3 = smpp.STATE_UNDELIVERABLE;
    const failed = await ask(esme, 'query_sm', { message_id: id, ...SENDER });
    expect([failed.message_id, failed.message_state, failed.error_code]).toEqual([id, 5, 7]);
  });

  test('is cancelled in all its parts, with both addresses as they were sent', async () => {
    const smsc = await stage.npmSmsc((submitted) => submitted.answer(`A${submitted.number}`));
    await stage.serve({ smsc: [{ port: smsc.port, supports: ['cancel_sm'] }] });
    let refused = '';
    const asked = serveOperations(smsc, (pdu) => ({
      command_status: pdu.message_id === refused ? RCANCELFAIL : ROK,
    }));
    const esme = await stage.esme();
    const from = { source_addr_ton: 5, dest_addr_ton: 1, dest_addr_npi: 1 };
    const id = await esme.send({ ...LONG, ...from });
    await stage.daemon.untilMetric('smsc_sent_total', (count) => count === 3);
    expect(await statusOf(esme, 'cancel_sm', id)).toBe(ROK);
    const names = asked.map((pdu) => [
      [pdu.message_id, pdu.source_addr_ton, pdu.source_addr],
      [pdu.dest_addr_ton, pdu.dest_addr_npi, pdu.destination_addr],
    ]);
    const dest = [1, 1, '962790000001'];
    expect(names).toEqual(['A1', 'A2', 'A3'].map((each) => [[each, 5, 'Sender'], dest]));
    refused = 'A5';
    const other = await esme.send(LONG);
    await stage.daemon.untilMetric('smsc_sent_total', (count) => count === 6);
    expect(await statusOf(esme, 'cancel_sm', other)).toBe(RCANCELFAIL);
  });

  test.each([
    ['stays as it is where the SMSC can not cancel', [], RCANCELFAIL],
    ['is cancelled there, and what waits is here', ['cancel_sm'], ROK],
  ])('in part %s', async (_how, supports, status) => {
    const smsc = await stage.npmSmsc((submitted) =>
      submitted.answer(submitted.number === 1 ? 'A1' : RMSGQFUL),
    );
    const patience = { retry_min_s: 600, retry_max_s: 600 };
    await stage.serve({ smsc: [{ port: smsc.port, supports, ...patience }] });
    const asked = serveOperations(smsc, () => ({}));
    const esme = await stage.esme();
    const id = await esme.send(LONG);
    await until(async () => (await stage.daemon.metric('smsc_retries_total')) === 2, 'two refusals');
    expect(await statusOf(esme, 'cancel_sm', id)).toBe(status);
    expect(asked.map((pdu) => pdu.message_id)).toEqual(status === ROK ? ['A1'] : []);
    const state = status === ROK ? smpp.STATE_DELETED : smpp.STATE_ENROUTE;
    expect(await stateOf(esme, id)).toEqual([ROK, state]);
    if (status !== ROK) return;
    await smsc.submits[0].receipt('A1', 'DELETED');
    expect((await esme.receipt(id)).stat).toBe('DELETED');
    // All of it is gone, and with it what could be cancelled.
    expect(await statusOf(esme, 'cancel_sm', id)).toBe(RCANCELFAIL);
  });

  test('is not replaced: its parts would be three texts', async () => {
    const smsc = await stage.npmSmsc((submitted) => submitted.answer(`A${submitted.number}`));
    await stage.serve({ smsc: [{ port: smsc.port, supports: ['replace_sm'] }] });
    const asked = serveOperations(smsc, () => ({}));
    const esme = await stage.esme();
    const sent = await esme.send(LONG);
    await stage.daemon.untilMetric('smsc_sent_total', (count) => count === 3);
    expect(await statusOf(esme, 'replace_sm', sent, NEW_TEXT)).toBe(RREPLACEFAIL);
    const waits = await esme.send({ ...LONG, schedule_delivery_time: inSeconds(3_000) });
    expect(await statusOf(esme, 'replace_sm', waits, NEW_TEXT)).toBe(RREPLACEFAIL);
    expect(asked).toEqual([]);
    expect(await statusOf(esme, 'cancel_sm', waits)).toBe(ROK);
    expect((await esme.receipt(waits)).stat).toBe('DELETED');
  });
});

test('the id of a submit_multi stands for all destinations: nothing is done to one of them alone', async () => {
  const smsc = await stage.npmSmsc((submitted) => submitted.answer(`A${submitted.number}`));
  await stage.serve({ smsc: [{ port: smsc.port }] });
  const esme = await stage.esme();
  const to = (...numbers: string[]): object => ({
    dest_address: numbers.map((each) => ({ dest_addr_ton: 1, dest_addr_npi: 1, destination_addr: each })),
  });
  const waits = { ...SENDER, short_message: 'old', schedule_delivery_time: inSeconds(3_000) };
  const both = await ask(esme, 'submit_multi', { ...waits, ...to('962790000001', '962790000002') });
  const id = both.message_id;
  expect(await statusOf(esme, 'query_sm', id)).toBe(RQUERYFAIL);
  expect(await statusOf(esme, 'cancel_sm', id)).toBe(RCANCELFAIL);
  expect(await statusOf(esme, 'replace_sm', id, NEW_TEXT)).toBe(RREPLACEFAIL);
  const group = { ...SENDER, dest_addr_ton: 1, dest_addr_npi: 1, destination_addr: '962790000001' };
  expect((await ask(esme, 'cancel_sm', group)).command_status).toBe(ROK);
  await stage.daemon.untilMetric('pending', (pending) => pending === 1);
  expect(await statusOf(esme, 'query_sm', id)).toBe(RQUERYFAIL);
  const one = await ask(esme, 'submit_multi', { ...waits, ...to('962790000003') });
  expect(await stateOf(esme, one.message_id)).toEqual([ROK, smpp.STATE_ENROUTE]);
  expect(await statusOf(esme, 'replace_sm', one.message_id, NEW_TEXT)).toBe(ROK);
  expect(await statusOf(esme, 'cancel_sm', one.message_id)).toBe(ROK);
});

test('a replace_sm that goes on is in the form of its SMSC, or is refused', async () => {
  const smsc = await stage.npmSmsc((submitted) => submitted.answer(`A${submitted.number}`));
  const other = await stage.npmSmsc((submitted) => submitted.answer(`B${submitted.number}`));
  const supports = ['replace_sm'];
  await stage.serve({
    tlv: [{ name: 'way', tag: 0x1383, type: 'octets' }],
    smsc: [
      { port: smsc.port, supports },
      { port: other.port, supports, alphabet: 'latin1' },
    ],
    route: { smscs: ['sim0'], rule: [{ tlv: 'way', equals: '0002', smscs: ['sim1'] }] },
  });
  const asked = serveOperations(smsc, () => ({}));
  const askedOther = serveOperations(other, () => ({}));
  const esme = await stage.esme({ fields: { interface_version: 0x50 } });
  const id = await esme.send();
  await stage.daemon.untilMetric('smsc_sent_total', (count) => count === 1);
  // "On success only" is of 5.0, and this SMSC of 3.4.
  const fields = { registered_delivery: 3, short_message: 'x'.repeat(140) };
  expect(await statusOf(esme, 'replace_sm', id, fields)).toBe(ROK);
  expect(asked.map((pdu) => pdu.registered_delivery)).toEqual([1]);
  // In UCS-2 it would be two parts.
  expect(await statusOf(esme, 'replace_sm', id, { short_message: 'x'.repeat(141) })).toBe(RREPLACEFAIL);
  const converted = await esme.send({ its_session_info: Buffer.from([0, 2]) });
  await stage.daemon.untilMetric('smsc_sent_total', (count) => count === 2);
  expect(await statusOf(esme, 'replace_sm', converted, NEW_TEXT)).toBe(RREPLACEFAIL);
  expect([asked.length, askedOther.length]).toEqual([1, 0]);
});
