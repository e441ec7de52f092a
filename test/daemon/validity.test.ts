/** qos_time_to_live on its way through the daemon, while the SMSC is away and over kill -9. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { until } from '../support/daemon.ts';
import { SENDER, ask, inSeconds } from './ask.ts';
import { Stage } from './stage.ts';

let stage: Stage;
beforeEach(() => void (stage = new Stage()));
afterEach(() => stage.clear());

const TTL = 0x0017;

test('what is left of it goes with a data_sm, and its end with the messages of a submit_multi', async () => {
  const first = await stage.octetSmsc({ version: 0x50 });
  const { port } = first;
  await stage.serve({ smsc: [{ port, interface_version: '5.0', supports: ['data_sm'] }] });
  first.close();
  await stage.daemon.untilMetric('smsc_bound', (count) => count === 0);
  const esme = await stage.esme({ fields: { interface_version: 0x50 } });
  const fromMs = Date.now();
  const limited = { ...SENDER, qos_time_to_live: 600, message_payload: 'limited' };
  const data = await ask(esme, 'data_sm', { ...limited, destination_addr: '962790000001' });
  const dest_address = ['962790000002', '962790000003'].map((destination_addr) => ({ destination_addr }));
  const multi = await ask(esme, 'submit_multi', {
    ...limited,
    validity_period: '000000010000000R',
    dest_address,
  });
  const toMs = Date.now();
  expect([data.command_status, multi.command_status]).toEqual([0, 0]);
  await stage.daemon.kill();
  await until(() => Date.now() - toMs > 2_000, 'two seconds');
  await stage.start();
  const smsc = await stage.octetSmsc({ port, version: 0x50 });
  await until(() => smsc.sms.length === 2 && smsc.others.length === 1, 'all three', 20_000);
  const left = Math.ceil((fromMs + 600_000 - Date.now()) / 1000);
  const [pdu] = smsc.others;
  const told = pdu.readUInt32BE(pdu.indexOf(Buffer.from('00170004', 'hex')) + 4);
  expect(told).toBeGreaterThanOrEqual(left);
  expect(told).toBeLessThanOrEqual(598);
  for (const { tlvs, validity } of smsc.sms) {
    expect(tlvs.has(TTL)).toBe(false);
    // YYMMDDhhmmsst00+
    const [, year, month, day, hour, minute, second, tenth] =
      /^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d)00\+$/.exec(validity) ?? [];
    const endMs = Date.parse(`20${year}-${month}-${day}T${hour}:${minute}:${second}.${tenth}Z`);
    expect(endMs).toBeGreaterThan(fromMs + 600_000 - 100);
    expect(endMs).toBeLessThanOrEqual(toMs + 600_000);
  }
});

test('replace_sm: a period counts from the schedule, and an end moves with a schedule that is moved', async () => {
  const smsc = await stage.octetSmsc({ stat: () => 'DELIVRD' });
  await stage.serve({ smsc: [{ port: smsc.port, validity_default_s: 3 }] });
  const esme = await stage.esme();
  const text = { data_coding: 0, short_message: 'old' };
  const moved = await esme.send({ ...text, schedule_delivery_time: inSeconds(5) });
  const limited = await esme.send({ ...text, schedule_delivery_time: inSeconds(9) });
  const change = async (id: string, fields: object): Promise<void> => {
    const named = { message_id: id, ...SENDER, registered_delivery: 1, short_message: 'new' };
    expect((await ask(esme, 'replace_sm', { ...named, ...fields })).command_status).toBe(0);
  };
  await change(moved, { schedule_delivery_time: inSeconds(11) });
  await change(limited, { validity_period: inSeconds(3) });
  const receipts = await esme.receiptsOf([moved, limited]);
  expect(receipts.map(({ stat }) => stat)).toEqual(['DELIVRD', 'DELIVRD']);
  expect(smsc.sms.map(({ octets }) => octets.toString())).toEqual(['new', 'new']);
  // One was told a wish, the other none.
  expect(smsc.sms.map(({ validity }) => validity.length).toSorted((a, b) => a - b)).toEqual([0, 16]);
});
