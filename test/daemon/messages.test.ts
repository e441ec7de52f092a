import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { pause, until } from '../support/daemon.ts';
import { freePort } from '../support/ports.ts';
import { Stage } from './stage.ts';

let stage: Stage;
beforeEach(() => void (stage = new Stage()));
afterEach(() => stage.clear());

describe('validity_period', () => {
  test('passed while the SMSC is down: EXPIRED, and never sent; the others are', async () => {
    const port = await freePort();
    // Settled at once, so that the pending store's expiry is met too.
    await stage.serve({ ledger: { segment_age_s: 1, settle_age_s: 1 }, smsc: [{ port }] }, false);
    const esme = await stage.esme();
    const short = await esme.sendMany(20, { validity_period: '000000000002000R' });
    const lasting = await esme.sendMany(20);
    const quiet = await esme.send({ validity_period: '000000000001000R', registered_delivery: 0 });
    const expired = await esme.receiptsOf(short);
    expect(new Set(expired.map(({ stat }) => stat))).toEqual(new Set(['EXPIRED']));
    await stage.finalOf(quiet);
    const simulator = await stage.simulator({ port });
    const sent = await esme.receiptsOf(lasting);
    expect(new Set(sent.map(({ stat }) => stat))).toEqual(new Set(['DELIVRD']));
    expect(simulator.stats().submits).toBe(20);
    for (const id of [short[0], quiet]) {
      const { lines } = await stage.finalOf(id);
      expect(lines.find(({ type }) => type === 'FINAL')).toMatchObject({ state: 'EXPIRED', attempts: 0 });
    }
  });

  test('passed while the daemon is down', async () => {
    const port = await freePort();
    await stage.serve({ smsc: [{ port }] }, false);
    const sender = await stage.esme();
    const id = await sender.send({ validity_period: '000000000001000R' });
    await stage.daemon.kill();
    await pause(1_200);
    const simulator = await stage.simulator({ port });
    await stage.start();
    const esme = await stage.esme();
    expect((await esme.receipt(id)).stat).toBe('EXPIRED');
    expect(simulator.stats().submits).toBe(0);
  });
});

describe('versions', () => {
  test('a 3.3 client gets ids of at most 8 hexadecimal digits, receipts with them, and no TLV', async () => {
    const simulator = await stage.simulator({ receiptTlvs: true });
    await stage.serve({ smsc: [{ port: simulator.port }] });
    const old = await stage.esme({ fields: { interface_version: 0x33 } });
    expect(old.bound.command_status).toBe(0);
    expect(old.bound.sc_interface_version).toBeUndefined();
    const ids = await old.sendMany(20);
    for (const id of ids) expect(id).toMatch(/^[0-9a-f]{1,8}$/i);
    for (const { pdu } of await old.receiptsOf(ids)) {
      expect(pdu.receipted_message_id).toBeUndefined();
      expect(pdu.message_state).toBeUndefined();
    }
  });

  test('a 3.4 client gets both', async () => {
    const simulator = await stage.simulator();
    await stage.serve({ smsc: [{ port: simulator.port }] });
    const esme = await stage.esme();
    expect(esme.bound.sc_interface_version).toBe(0x34);
    const id = await esme.send();
    const { pdu } = await esme.receipt(id);
    expect(pdu).toMatchObject({ receipted_message_id: id, message_state: 2, esm_class: 4 });
    expect(pdu).toMatchObject({ source_addr: '962790000001', destination_addr: 'Sender' });
  });
});

describe('the npm package at both ends', () => {
  test('every field of a message and TLVs go through untouched; enquire_link and unbind are answered', async () => {
    const smsc = await stage.npmSmsc(({ answer, receipt, number }) => {
      answer(`id-${number}`);
      void receipt(`id-${number}`, number % 2 === 0 ? 'DELIVRD' : 'UNDELIV');
    });
    await stage.serve({ smsc: [{ port: smsc.port, window: 7 }] });
    const esme = await stage.esme();
    const fields = {
      service_type: 'CMT',
      source_addr_ton: 5,
      source_addr_npi: 0,
      source_addr: 'Shop',
      dest_addr_ton: 1,
      dest_addr_npi: 1,
      destination_addr: '962790000042',
      protocol_id: 0,
      priority_flag: 2,
      data_coding: 8,
      short_message: { message: Buffer.from('0645063106450020d83dde00', 'hex') },
    };
    const tlvs = { user_message_reference: 4711, source_port: 9200 };
    await esme.receipt(await esme.send({ ...fields, ...tlvs }));
    expect(smsc.submits[0].pdu).toMatchObject({
      ...fields,
      short_message: { message: 'مرم \ud83d\ude00' },
      user_message_reference: 4711,
      source_port: 9200,
    });
    const ids = await esme.sendMany(60);
    const receipts = await esme.receiptsOf(ids);
    expect(receipts.filter(({ stat }) => stat === 'UNDELIV')).toHaveLength(30);
    expect(smsc.submits.map(({ text }) => text).slice(1)).toEqual(ids.map((_, index) => `m${index} `));
    await new Promise((resolve) => esme.session.enquire_link(resolve));
    await esme.unbind();
    await until(async () => (await stage.daemon.metric('sessions')) === 0, 'no session');
  });
});
