/** SMSCs that answer the bind with a lower version than they are configured for, and what was queued before. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import * as smpp from '../../src/smpp/constants.ts';
import { until } from '../support/daemon.ts';
import { SENDER, ask, stateOf } from './ask.ts';
import type { Esme } from './esme.ts';
import { PAYLOAD, partOf } from './octet-smsc.ts';
import type { OctetSmsc } from './octet-smsc.ts';
import { Stage } from './stage.ts';

let stage: Stage;
beforeEach(() => void (stage = new Stage()));
afterEach(() => stage.clear());

const V50 = { fields: { interface_version: 0x50 } };
const TRANSACTION = 0x02;
const STORM = {
  source_addr: 'CBE',
  broadcast_area_identifier: [Buffer.from('00446f776e', 'hex')],
  broadcast_content_type: { network: 1, content_type: 0x33 },
  broadcast_rep_num: 10,
  broadcast_frequency_interval: { unit: 9, interval: 31 },
  message_payload: 'Storm',
};
/** With a TLV and a time that 3.4 has, 3.3 not. */
const EARLIER = {
  esm_class: TRANSACTION,
  validity_period: '000000010000000R',
  user_message_reference: 77,
  short_message: 'rich',
};
/** With values that only 5.0 has. */
const RICH = {
  ...EARLIER,
  priority_flag: 4,
  registered_delivery: 3,
  billing_identification: Buffer.from([0, 1]),
};

/** The SMSC drops its link, and answers the next bind like this. */
async function comesBackAs(
  smsc: OctetSmsc,
  version: number | undefined,
  meanwhile: () => Promise<unknown>,
): Promise<void> {
  smsc.version = version;
  smsc.cut();
  await stage.daemon.untilMetric('smsc_bound', (count) => count === 0);
  await meanwhile();
  await stage.daemon.untilMetric('smsc_bound', (count) => count >= 1);
}

const textsOf = (smsc: OctetSmsc): string[] => smsc.sms.map(({ octets }) => octets.toString('latin1'));

test('an SMSC of 5.0 answers as 3.4: nothing that only 5.0 has reaches it, queued before or made after', async () => {
  const smsc = await stage.octetSmsc({ version: 0x50 });
  await stage.serve({ smsc: [{ port: smsc.port, interface_version: '5.0' }] });
  const esme = await stage.esme(V50);
  await esme.send(RICH);
  await until(() => smsc.sms.length === 1, 'the first', 5_000);
  expect(smsc.sms[0]).toMatchObject({ esmClass: TRANSACTION, priority: 4, registeredDelivery: 3 });
  await comesBackAs(smsc, 0x34, () => esme.send(RICH));
  await until(() => smsc.sms.length === 2, 'what was queued', 10_000);
  await esme.send(RICH);
  await until(() => smsc.sms.length === 3, 'the next', 5_000);
  for (const sms of smsc.sms.slice(1)) {
    expect(sms).toMatchObject({ esmClass: 0, priority: 0, registeredDelivery: 1 });
    expect([...sms.tlvs.keys()]).toEqual([0x0204]);
  }
  expect(stage.daemon.log).toContain('the SMSC speaks less than it is configured for');
});

test('an SMSC answers as 3.3: long texts are cut, data_sm becomes submit_sm, times are absolute', async () => {
  const smsc = await stage.octetSmsc({ version: 0x34, stat: () => 'DELIVRD' });
  const options = { long_messages: 'payload', supports: ['data_sm'] };
  await stage.serve({ smsc: [{ port: smsc.port, ...options }] });
  const esme = await stage.esme();
  const long = 'l'.repeat(400);
  let ids: string[] = [];
  const all = async (): Promise<void> => {
    const data = ask(esme, 'data_sm', {
      ...SENDER,
      destination_addr: '962790000001',
      registered_delivery: 1,
      message_payload: 'data',
    });
    ids = await Promise.all([
      esme.send({ message_payload: long, short_message: '' }),
      esme.send({ ...EARLIER, priority_flag: 3, registered_delivery: 1 }),
      data.then((answer) => answer.message_id),
    ]);
  };
  await comesBackAs(smsc, 0x33, all);
  await until(() => smsc.sms.length === 5, 'all that was queued', 10_000);
  const isPart = ({ esmClass }: { esmClass: number }): boolean => (esmClass & 0x40) !== 0;
  const parts = smsc.sms.filter(isPart);
  expect(parts.map((sms) => partOf(sms).text.toString()).join('')).toBe(long);
  const rest = smsc.sms.filter((sms) => !isPart(sms));
  expect(rest.map(({ octets }) => octets.toString()).toSorted()).toEqual(['data', 'rich']);
  const rich = rest.find(({ octets }) => octets.toString() === 'rich');
  expect(rich).toMatchObject({ esmClass: 0, priority: 1, registeredDelivery: 1 });
  expect(rich?.validity).toMatch(/^\d{13}00\+$/);
  for (const sms of smsc.sms) expect(sms.tlvs.size).toBe(0);
  // Each has one receipt, which the SMSC sent as text alone.
  const receipts = await esme.receiptsOf(ids);
  expect(receipts.map(({ stat }) => stat)).toEqual(['DELIVRD', 'DELIVRD', 'DELIVRD']);
  // What comes now is made for 3.3 at once.
  await ask(esme, 'data_sm', { ...SENDER, destination_addr: '962790000001', message_payload: 'late' });
  await until(() => textsOf(smsc).includes('late'), 'the late one', 5_000);
  expect(smsc.others).toEqual([]);
  expect(await stage.audit()).toMatchObject({ lost: 0 });
});

test('it is asked about messages as 3.3 asks, and not with an id that 3.3 has no room for', async () => {
  const smsc = await stage.octetSmsc({
    version: 0x34,
    answer: (_sms, number) => (number === 1 ? '0123456789abcdef' : '1a2b3c4d'),
  });
  await stage.serve({ smsc: [{ port: smsc.port, supports: ['query_sm', 'cancel_sm'] }] });
  const esme = await stage.esme();
  const before = await esme.send({ short_message: 'before' });
  await until(() => smsc.sms.length === 1, 'the first', 5_000);
  await comesBackAs(smsc, 0x33, () => Promise.resolve());
  const after = await esme.send({ short_message: 'after' });
  await until(() => smsc.sms.length === 2, 'the second', 5_000);
  // What we know ourselves is the answer: it is on its way.
  await until(async () => (await stage.history(after)).types.includes('SENT'), 'SENT', 5_000);
  expect(await stateOf(esme, before)).toEqual([smpp.ESME_ROK, smpp.STATE_ENROUTE]);
  expect((await ask(esme, 'cancel_sm', { message_id: before, ...SENDER })).command_status).toBe(
    smpp.ESME_RCANCELFAIL,
  );
  expect(smsc.others).toEqual([]);
  const asked = stateOf(esme, after);
  await until(() => smsc.others.length === 1, 'query_sm', 5_000);
  const [query] = smsc.others;
  // message_id C9, ton 0, npi 0, "Sender".
  expect(query.toString('hex', 16)).toBe('316132623363346400' + '0000' + '53656e64657200');
  // message_id, final_date NULL, message_state DELIVERED, error_code 0.
  smsc.respond(query, Buffer.from('316132623363346400' + '00' + '02' + '00', 'hex'));
  expect(await asked).toEqual([smpp.ESME_ROK, smpp.STATE_DELIVERED]);
});

async function broadcast(esme: Esme): Promise<number> {
  return (await ask(esme, 'broadcast_sm', STORM)).command_status;
}

test('a broadcast goes to an SMSC that speaks 5.0, or is refused', async () => {
  const [lower, other] = [await stage.octetSmsc({ version: 0x34 }), await stage.octetSmsc({ version: 0x50 })];
  const able = { interface_version: '5.0', supports: ['broadcast_sm'] };
  await stage.serve({
    account: [{ broadcast: true }],
    smsc: [
      { id: 'lower', port: lower.port, ...able },
      { id: 'other', port: other.port, ...able },
    ],
  });
  const esme = await stage.esme(V50);
  const answered = broadcast(esme);
  await until(() => other.others.length === 1, 'the broadcast', 5_000);
  other.respond(other.others[0], Buffer.from('B-70\0'));
  expect(await answered).toBe(smpp.ESME_ROK);
  other.version = 0x34;
  other.cut();
  await stage.daemon.untilMetric('smsc_bound', (count) => count === 1);
  await stage.daemon.untilMetric('smsc_bound', (count) => count === 2);
  // The edges look some times a second.
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(await broadcast(esme)).toBe(smpp.ESME_RBCASTFAIL);
  expect([lower.others.length, other.others.length]).toEqual([0, 1]);
});

test('without sc_interface_version and without assume_tlvs: 3.4 without TLVs', async () => {
  const smsc = await stage.octetSmsc();
  await stage.serve({ smsc: [{ port: smsc.port, assume_tlvs: false, long_messages: 'payload' }] });
  const esme = await stage.esme();
  await esme.send({
    message_payload: 'm'.repeat(200),
    short_message: '',
    validity_period: '000000010000000R',
  });
  await until(() => smsc.sms.length === 2, 'its parts', 10_000);
  expect(smsc.sms.map((sms) => partOf(sms).text.toString()).join('')).toBe('m'.repeat(200));
  for (const sms of smsc.sms) {
    expect(sms.tlvs.has(PAYLOAD)).toBe(false);
    expect(sms.validity).toMatch(/^\d{13}00\+$/);
  }
});

test('a text that was converted is not replaced where its SMSC has it, also after kill -9', async () => {
  const RREPLACEFAIL = 0x13;
  const smsc = await stage.octetSmsc({ version: 0x34 });
  const supports = ['replace_sm'];
  await stage.serve({
    tlv: [{ name: 'way', tag: 0x1383, type: 'octets' }],
    smsc: [
      { port: smsc.port, supports },
      { port: smsc.port, supports, interface_version: '3.3' },
    ],
    route: { smscs: ['sim0'], rule: [{ tlv: 'way', equals: '0002', smscs: ['sim1'] }] },
  });
  let esme = await stage.esme();
  const ids = [
    await esme.send({
      data_coding: 6,
      short_message: Buffer.from([0xbf]),
      its_session_info: Buffer.from([0, 2]),
    }),
    await esme.send({ data_coding: 6, short_message: Buffer.from([0xbf]) }),
  ];
  await until(() => smsc.sms.length === 2, 'both', 5_000);
  // Cyrillic PE is 041F in UCS-2, which 3.3 has, and BF in ISO-8859-5, which 3.4 has.
  const wire = smsc.sms.map((sms) => `${sms.dataCoding} ${sms.octets.toString('hex')}`);
  expect(wire.toSorted()).toEqual(['6 bf', '8 041f']);
  for (const id of ids) {
    await until(async () => (await stage.history(id)).types.includes('SENT'), 'SENT', 5_000);
  }
  const replace = async (id: string): Promise<number> =>
    (await ask(esme, 'replace_sm', { message_id: id, ...SENDER, short_message: Buffer.from([0xc0]) }))
      .command_status;
  for (const crashes of [false, true]) {
    if (crashes) {
      await stage.daemon.kill();
      await stage.start();
      await stage.daemon.untilMetric('smsc_bound', (count) => count >= 2);
      esme = await stage.esme();
    }
    expect(await replace(ids[0])).toBe(RREPLACEFAIL);
    expect(smsc.others).toEqual([]);
    const asked = replace(ids[1]);
    await until(() => smsc.others.length === 1, 'replace_sm', 5_000);
    const [request] = smsc.others.splice(0);
    expect(request.subarray(-2).toString('hex')).toBe('01c0');
    smsc.respond(request, Buffer.alloc(0));
    expect(await asked).toBe(smpp.ESME_ROK);
  }
});

test('a text that was converted when it was sent is not replaced there either', async () => {
  const smsc = await stage.octetSmsc({ version: 0x34 });
  await stage.serve({ smsc: [{ port: smsc.port, supports: ['replace_sm'] }] });
  const esme = await stage.esme();
  let ids: string[] = [];
  await comesBackAs(smsc, 0x33, async () => {
    ids = [
      await esme.send({ data_coding: 6, short_message: Buffer.from([0xbf]) }),
      await esme.send({ data_coding: 0, short_message: 'a' }),
    ];
  });
  await until(() => smsc.sms.length === 2, 'both', 10_000);
  expect(smsc.sms.map((sms) => sms.octets.toString('hex'))).toEqual(['041f', '61']);
  await until(async () => (await stage.history(ids[1])).types.includes('SENT'), 'SENT', 5_000);
  const named = { message_id: ids[0], ...SENDER, short_message: Buffer.from([0xc0]) };
  expect((await ask(esme, 'replace_sm', named)).command_status).toBe(smpp.ESME_RREPLACEFAIL);
  expect(smsc.others).toEqual([]);
  const asked = ask(esme, 'replace_sm', { ...named, message_id: ids[1], short_message: 'b' });
  await until(() => smsc.others.length === 1, 'replace_sm', 5_000);
  smsc.respond(smsc.others[0], Buffer.alloc(0));
  expect((await asked).command_status).toBe(smpp.ESME_ROK);
});
