/** Vendor TLVs in an SMSC's receipts, octet by octet, from an SMSC that is made by hand to clients that are, too. */
import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest';
import { runCommand } from '../support/daemon.ts';
import {
  BIND_RECEIVER,
  BIND_TRANSCEIVER,
  BIND_TRANSMITTER,
  RawSmsc,
  bindBytes,
  pduBytes,
  rawBound,
  rawClient,
  submitBytes,
} from './raw.ts';
import type { RawPeer } from './raw.ts';
import { Stage } from './stage.ts';

let stage: Stage;
beforeEach(() => void (stage = new Stage()));
afterEach(() => stage.clear());

const [DELIVER_SM, DATA_SM, SUBMIT_SM_RESP] = [0x05, 0x103, 0x8000_0004];
const tlv = [
  { name: 'price', tag: 0x1402, type: 'integer', log: true },
  { name: 'operator', tag: 0x1403, type: 'cstring' },
  { name: 'secret', tag: 0x1404, type: 'octets' },
];
/** price 300, operator "41601", as our side names them. */
const PRICE = '14020002012c';
const OPERATOR = '1403000634313630' + '3100';
/** Not in the configuration. */
const UNKNOWN = '14990004deadbeef';
/** `secret`, which `tlv_map` keeps apart from this SMSC. */
const SECRET = '1404000101';

async function openSmsc(): Promise<RawSmsc> {
  const smsc = await RawSmsc.start();
  onTestFinished(() => smsc.close());
  return smsc;
}

/** A receipt of 962790000001 for `a`, with these TLVs. */
function deliverBytes(sequence: number, id: string, tlvs: string): Buffer {
  const text = `id:${id} sub:001 dlvrd:001 submit date:2611220101 done date:2611220102 stat:DELIVRD err:000 text:x`;
  const addresses = Buffer.from('\0\x01\x01962790000001\0\x05\0a\0', 'latin1');
  const flags = Buffer.from([4, 0, 0, 0, 0, 0, 0, 0, 0, text.length]);
  const body = Buffer.concat([addresses, flags, Buffer.from(text), Buffer.from(tlvs, 'hex')]);
  return pduBytes(DELIVER_SM, sequence, body);
}

/** The same in a data_sm, told by TLVs alone: receipted_message_id and message_state DELIVERED. */
function dataBytes(sequence: number, id: string, tlvs: string): Buffer {
  const addresses = Buffer.from('\0\x01\x01962790000001\0\x05\0a\0', 'latin1');
  const head = Buffer.from([0x00, 0x1e, 0x00, id.length + 1]);
  const state = Buffer.from('0427000102', 'hex');
  const told = Buffer.concat([head, Buffer.from(`${id}\0`), state, Buffer.from(tlvs, 'hex')]);
  return pduBytes(DATA_SM, sequence, Buffer.concat([addresses, Buffer.from([4, 0, 0]), told]));
}

/** Takes a submit_sm and answers it with this id. */
async function takeSubmit(peer: RawPeer, id: string | undefined): Promise<number> {
  const submit = Buffer.from(await peer.takePdu(), 'hex');
  expect(submit.readUInt32BE(4)).toBe(4);
  const sequence = submit.readUInt32BE(12);
  if (id !== undefined) peer.write(pduBytes(SUBMIT_SM_RESP, sequence, Buffer.from(`${id}\0`)));
  return sequence;
}

/** command_id and command_status of the next PDU. */
async function taken(peer: RawPeer): Promise<string> {
  return (await peer.takePdu()).slice(8, 24);
}

/** Submits, and resolves with the message_id in the response. */
async function submit(client: RawPeer, sequence: number): Promise<string> {
  client.write(submitBytes(sequence, 'x', 1));
  const response = Buffer.from(await client.takePdu(), 'hex');
  expect([response.readUInt32BE(4), response.readUInt32BE(8)]).toEqual([SUBMIT_SM_RESP, 0]);
  return response.toString('latin1', 16, response.length - 1);
}

/** The TLVs of the next PDU, which is a receipt of this message, in hexadecimal; it is answered ESME_ROK. */
async function receipt(client: RawPeer, id: string): Promise<string> {
  const pdu = Buffer.from(await client.takePdu(), 'hex');
  expect(pdu.readUInt32BE(4)).toBe(DELIVER_SM);
  client.write(pduBytes(0x8000_0005, pdu.readUInt32BE(12), Buffer.from([0])));
  const at = pdu.indexOf(`id:${id} `);
  expect(at).toBeGreaterThan(16);
  return pdu.toString('hex', at + pdu[at - 1]);
}

/** receipted_message_id, message_state DELIVERED, network_error_code 0 of GSM or another. */
const ownOf = (id: string, networkError = '04230003030000'): string =>
  `001e0011${Buffer.from(`${id}\0`).toString('hex')}` + '0427000102' + networkError;
/** Of a type that the records of a message have no value for. */
const ODD_ERRORS = ['04230003ff0001', '04230003ff0000', '04230003fe0001'];

test('a client of 3.4 gets those that the configuration names, one of 3.3 gets none', async () => {
  const smsc = await openSmsc();
  await stage.serve({
    tlv,
    account: [{}, { name: 'old' }, { name: 'plain', receipt_content: 'text' }],
    smsc: [{ port: smsc.port, tlv_map: { secret: '' } }],
  });
  const bound = async (name: string, version: number): Promise<RawPeer> => {
    const client = await rawClient(stage.site.smppPort);
    onTestFinished(() => client.destroy());
    client.write(bindBytes(BIND_TRANSCEIVER, { name, version }));
    expect(await taken(client)).toBe('8000000900000000');
    return client;
  };
  const clients = [await bound('demo', 0x34), await bound('old', 0x33), await bound('plain', 0x34)];
  const upstream = await smsc.peer();
  const ids: string[] = [];
  for (const [at, client] of clients.entries()) {
    const id = submit(client, 2);
    await takeSubmit(upstream, `m${at}`);
    ids.push(await id);
    upstream.write(deliverBytes(100 + at, `m${at}`, UNKNOWN + PRICE + SECRET + OPERATOR));
    expect(await taken(upstream)).toBe('8000000500000000');
  }
  expect(await receipt(clients[0], ids[0])).toBe(ownOf(ids[0]) + PRICE + OPERATOR);
  expect([await receipt(clients[1], ids[1]), await receipt(clients[2], ids[2])]).toEqual(['', '']);

  // A data_sm, and one without any.
  for (const [sequence, write, tlvs] of [
    [3, dataBytes, OPERATOR],
    [4, dataBytes, UNKNOWN],
    [5, deliverBytes, ''],
  ] as const) {
    const id = submit(clients[0], sequence);
    await takeSubmit(upstream, `n${sequence}`);
    const told = await id;
    upstream.write(write(200 + sequence, `n${sequence}`, tlvs));
    await taken(upstream);
    expect(await receipt(clients[0], told)).toBe(ownOf(told) + (tlvs === UNKNOWN ? '' : tlvs));
  }
  const { dataDir, configPath } = stage.site;
  const show = ['ledger', 'show', '--json', '--data-dir', dataDir, '--config', configPath, ids[0]];
  const { stdout } = await runCommand(show);
  expect(stdout).toContain('"tlv.price":300');
  expect(stdout).toContain('"receipt.tlv.price":300');
  expect(stdout).not.toContain('tlv.operator');
});

test('one under another name there comes back under its own; what is too long is left out and counted', async () => {
  const smsc = await openSmsc();
  const theirs = { name: 'cost', tag: 0x1502, type: 'integer' };
  await stage.serve({ tlv: [...tlv, theirs], smsc: [{ port: smsc.port, tlv_map: { price: 'cost' } }] });
  const client = await rawBound(stage.site.smppPort);
  onTestFinished(() => client.destroy());
  const upstream = await smsc.peer();
  const id = submit(client, 2);
  await takeSubmit(upstream, 'm');
  const told = await id;
  const long = Buffer.concat([Buffer.from('1403ea60', 'hex'), Buffer.alloc(0xea60, 0x61)]).toString('hex');
  upstream.write(deliverBytes(9, 'm', `${long}15020002012c${PRICE}${OPERATOR}`));
  expect(await taken(upstream)).toBe('8000000500000000');
  expect(await receipt(client, told)).toBe(ownOf(told) + PRICE + OPERATOR);
  expect(await stage.daemon.metric('smsc_receipt_tlvs_left_out_total')).toBe(1);
});

/** After the first kill the ledger is replayed, after the second there is only the store, which the first wrote. */
async function crash(times: number): Promise<void> {
  for (let count = 0; count < times; count++) {
    if (count > 0) await stage.daemon.untilMetric('segment_settled', (segment) => segment > 0);
    await stage.daemon.kill();
    await stage.start();
  }
}

test.each(ODD_ERRORS)(
  'a network_error_code of any type is told as the SMSC told it: %s',
  async (networkError) => {
    const smsc = await openSmsc();
    await stage.serve({ tlv, smsc: [{ port: smsc.port }] });
    const client = await rawBound(stage.site.smppPort);
    onTestFinished(() => client.destroy());
    const upstream = await smsc.peer();
    for (const [index, write] of [deliverBytes, dataBytes].entries()) {
      const id = submit(client, 2 + index);
      await takeSubmit(upstream, `m${index}`);
      const told = await id;
      upstream.write(write(9 + index, `m${index}`, PRICE + networkError));
      expect((await taken(upstream)).slice(8)).toBe('00000000');
      expect(await receipt(client, told)).toBe(ownOf(told, networkError) + PRICE);
      const [type, code] = [Number.parseInt(networkError.slice(8, 10), 16), networkError.slice(-1)];
      expect((await stage.finalOf(told)).cdr).toMatchObject({ networkError: `${type}/${code}` });
    }
  },
);

test.each([1, 2])('they are there after %i kills between the receipt and its client', async (times) => {
  const smsc = await openSmsc();
  await stage.serve({ tlv, smsc: [{ port: smsc.port }] });
  const sender = await rawBound(stage.site.smppPort, BIND_TRANSMITTER);
  const upstream = await smsc.peer();
  const id = submit(sender, 2);
  await takeSubmit(upstream, 'm');
  const told = await id;
  upstream.write(deliverBytes(9, 'm', UNKNOWN + OPERATOR + ODD_ERRORS[0] + PRICE));
  // Answered: it is on disk.
  expect(await taken(upstream)).toBe('8000000500000000');
  await crash(times);
  const old = await rawBound(stage.site.smppPort, BIND_TRANSMITTER);
  const client = await rawBound(stage.site.smppPort, BIND_RECEIVER);
  onTestFinished(() => [old, client].forEach((each) => each.destroy()));
  expect(await receipt(client, told)).toBe(ownOf(told, ODD_ERRORS[0]) + OPERATOR + PRICE);
  await stage.daemon.untilNonePending();
});

test.each([0, 1, 2])(
  'they are there where the receipt overtook its response, and %i kills came between',
  async (times) => {
    const smsc = await openSmsc();
    await stage.serve({ tlv, smsc: [{ port: smsc.port }] });
    const sender = await rawBound(stage.site.smppPort, BIND_TRANSMITTER);
    let upstream = await smsc.peer();
    const id = submit(sender, 2);
    let sequence = await takeSubmit(upstream, undefined);
    const told = await id;
    upstream.write(deliverBytes(9, 'm', PRICE + UNKNOWN + ODD_ERRORS[1]));
    expect(await taken(upstream)).toBe('8000000500000000');
    expect(await stage.daemon.metric('receipts_parked_total')).toBe(1);
    if (times > 0) {
      await crash(times);
      upstream = await smsc.peer();
      // Nobody answered it, so it is sent again.
      sequence = await takeSubmit(upstream, undefined);
    }
    const client = await rawBound(stage.site.smppPort, BIND_RECEIVER);
    onTestFinished(() => [sender, client].forEach((each) => each.destroy()));
    upstream.write(pduBytes(SUBMIT_SM_RESP, sequence, Buffer.from('m\0')));
    expect(await receipt(client, told)).toBe(ownOf(told, ODD_ERRORS[1]) + PRICE);
    await stage.daemon.untilNonePending();
  },
);
