/** The id in a receipt is that of the response to its submit, whatever session of the account the receipt goes to. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { freePort } from '../support/ports.ts';
import { SENDER, ask, inSeconds } from './ask.ts';
import { npm } from './esme.ts';
import type { Esme } from './esme.ts';
import { Stage } from './stage.ts';

let stage: Stage;
beforeEach(() => void (stage = new Stage()));
afterEach(() => stage.clear());

const SHORT = /^[0-9a-f]{8}$/;
const LONG = /^[0-9a-f]{16}$/;
const REJECTED_TEXT = Buffer.from('to be refused');

/** Ids of a message in each form that can wait for its SMSC. */
async function sendAll(esme: Esme, version: number): Promise<string[]> {
  const udh = Buffer.from('050003170201', 'hex');
  const part = { esm_class: 0x40, short_message: Buffer.concat([udh, Buffer.from('half of it')]) };
  const ids = [await esme.send(), await esme.send(part)];
  ids.push(await esme.send({ schedule_delivery_time: inSeconds(3) }));
  const toBoth = new npm.PDU('submit_multi', {
    source_addr: 'Sender',
    registered_delivery: 1,
    short_message: 'to both',
    dest_address: ['962790000001', '962790000002'].map((address) => ({
      dest_addr_ton: 1,
      dest_addr_npi: 1,
      destination_addr: address,
    })),
  });
  ids.push(await new Promise<string>((resolve) => multi(esme, toBoth, resolve)));
  const replaced = await esme.send();
  const changed = await ask(esme, 'replace_sm', { message_id: replaced, ...SENDER, ...NEW_TEXT });
  expect(changed.command_status).toBe(0);
  ids.push(replaced, await esme.send({ short_message: REJECTED_TEXT }));
  for (const id of ids) expect(id).toMatch(version === 0x33 ? SHORT : LONG);
  return ids;
}

const NEW_TEXT = { registered_delivery: 1, short_message: 'the new text' };

function multi(esme: Esme, pdu: unknown, resolve: (id: string) => void): void {
  const { session } = esme as unknown as {
    session: { send(pdu: unknown, onResponse: (response: { message_id: string }) => void): void };
  };
  session.send(pdu, (response) => resolve(response.message_id));
}

test.each([
  [0x33, 0x50],
  [0x34, 0x33],
])('submitted on %s, told of on %s after a crash, in text and TLV', async (submits, receives) => {
  const port = await freePort();
  await stage.serve({ smsc: [{ port }] }, false);
  const sender = await stage.esme({ kind: 'bind_transmitter', fields: { interface_version: submits } });
  const ids = await sendAll(sender, submits);
  await stage.daemon.kill();
  await stage.octetSmsc({
    port,
    answer: ({ octets }, number) => (octets.equals(REJECTED_TEXT) ? 0x0b : `a${number}`),
    stat: () => 'DELIVRD',
  });
  await stage.start();
  const receiver = await stage.esme({ kind: 'bind_receiver', fields: { interface_version: receives } });
  // One of two destinations each has a receipt, under the id of both.
  const told = () => new Set(receiver.receipts.map(({ id }) => id));
  await expect.poll(told, { timeout: 20_000 }).toEqual(new Set(ids));
  for (const { id, pdu } of receiver.receipts) {
    expect(pdu.receipted_message_id).toBe(receives === 0x33 ? undefined : id);
  }
});

test('and so in decimal', async () => {
  const smsc = await stage.octetSmsc({ stat: () => 'DELIVRD' });
  await stage.serve({ account: [{ receipt_id: 'decimal' }], smsc: [{ port: smsc.port }] });
  const [old, later] = [
    await stage.esme({ kind: 'bind_transmitter', fields: { interface_version: 0x33 } }),
    await stage.esme({ kind: 'bind_transmitter' }),
  ];
  const ids = [String(Number.parseInt(await old.send(), 16)), await later.send()];
  const receiver = await stage.esme({ kind: 'bind_receiver' });
  await receiver.receiptsOf(ids);
  await receiver.unbind();
  const more = [String(Number.parseInt(await old.send(), 16)), await later.send()];
  const oldReceiver = await stage.esme({ kind: 'bind_receiver', fields: { interface_version: 0x33 } });
  await oldReceiver.receiptsOf(more);
});

test('and so of parts that were joined, which are told of under the id of the first', async () => {
  const smsc = await stage.octetSmsc({ stat: () => 'DELIVRD' });
  await stage.serve({ account: [{ receipts: 'merged' }], smsc: [{ port: smsc.port }] });
  const receiver = await stage.esme({ kind: 'bind_receiver' });
  const sender = await stage.esme({ kind: 'bind_transmitter', fields: { interface_version: 0x33 } });
  const ids: string[] = [];
  for (const sequence of [1, 2]) {
    const udh = Buffer.from([5, 0, 3, 0x17, 2, sequence]);
    const part = { esm_class: 0x40, short_message: Buffer.concat([udh, Buffer.from('half of it')]) };
    ids.push(await sender.send(part));
  }
  expect(ids[0]).toMatch(SHORT);
  expect((await receiver.receipt(ids[0])).pdu.receipted_message_id).toBe(ids[0]);
});
