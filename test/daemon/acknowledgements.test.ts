/** What a recipient says by way of its SMSC: told whole, in what the client reads, also after a crash. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { BIND_TRANSCEIVER, RawSmsc, bindBytes, pduBytes, rawClient, submitBytes } from './raw.ts';
import type { RawPeer } from './raw.ts';
import { Stage } from './stage.ts';

let stage: Stage;
let smsc: RawSmsc;
beforeEach(async () => {
  stage = new Stage();
  smsc = await RawSmsc.start();
});
afterEach(async () => {
  await stage.clear();
  smsc.close();
});

const [DELIVER_SM, DELIVER_SM_RESP, SUBMIT_SM_RESP] = [5, 0x8000_0005, 0x8000_0004];
const MANUAL_ACK = 0x10;
const BOTH_ACKS = 0x0d;
const ID = Buffer.from('001e0003413100', 'hex');

async function bound(): Promise<RawPeer> {
  const peer = await rawClient(stage.site.smppPort);
  peer.write(bindBytes(BIND_TRANSCEIVER));
  await peer.takePdu();
  return peer;
}

/** A message that the SMSC has taken as A1; the SMSC's side of its bind. */
async function sent(client: RawPeer): Promise<RawPeer> {
  const peer = await smsc.peer();
  client.write(submitBytes(2, 'hi', BOTH_ACKS));
  const request = Buffer.from(await peer.takePdu(), 'hex');
  peer.write(pduBytes(SUBMIT_SM_RESP, request.readUInt32BE(12), Buffer.from('A1\0')));
  await client.takePdu();
  return peer;
}

/** An acknowledgement with this short_message and these TLVs behind receipted_message_id. */
async function acknowledge(peer: RawPeer, message: Buffer, tlvs = Buffer.alloc(0)): Promise<void> {
  const addresses = Buffer.from('\0\x01\x01962790000001\0\x05\0a\0', 'latin1');
  const fields = Buffer.from([MANUAL_ACK, 0, 0, 0, 0, 0, 0, 0, 0, message.length]);
  peer.write(pduBytes(DELIVER_SM, 7, Buffer.concat([addresses, fields, message, ID, tlvs])));
  expect((await peer.takePdu()).slice(8, 24)).toBe('8000000500000000');
}

interface Heard {
  dataCoding: number;
  message: Buffer;
  pdu: Buffer;
}

/** The next deliver_sm of the client, which it takes; behind both addresses stand ten octets of fields. */
async function heard(client: RawPeer): Promise<Heard> {
  const pdu = Buffer.from(await client.takePdu(), 'hex');
  expect(pdu.readUInt32BE(4)).toBe(DELIVER_SM);
  client.write(pduBytes(DELIVER_SM_RESP, pdu.readUInt32BE(12), Buffer.from([0])));
  const fields = pdu.indexOf(0, 16 + 1 + 15 + 2) + 1;
  const at = fields + 10;
  return { dataCoding: pdu[fields + 7], message: pdu.subarray(at, at + pdu[at - 1]), pdu };
}

test('text of the SMSC goes to the client in what it reads, long text whole', async () => {
  await stage.serve({ smsc: [{ port: smsc.port, alphabet: 'latin1' }] });
  const client = await bound();
  const peer = await sent(client);
  const cafe = Buffer.from('caf\xe9_$@', 'latin1');
  await acknowledge(peer, cafe);
  const short = await heard(client);
  // The account reads data_coding 0 as GSM: it is told that it is Latin-1.
  expect([short.dataCoding, short.message]).toEqual([3, cafe]);

  const payload = Buffer.concat([Buffer.from('04240258', 'hex'), Buffer.alloc(600, 'abc')]);
  await acknowledge(peer, Buffer.alloc(0), payload);
  const long = await heard(client);
  expect([long.dataCoding, long.message.length]).toEqual([3, 0]);
  expect(long.pdu.subarray(-payload.length)).toEqual(payload);
  client.destroy();
});

test('a long text is no part of the receipt that says, after a crash, that nothing more is known', async () => {
  await stage.serve({ receipts: { wait_s: 3 }, smsc: [{ port: smsc.port }] });
  let client = await bound();
  const peer = await sent(client);
  const payload = Buffer.concat([Buffer.from('04240258', 'hex'), Buffer.alloc(600, 'abc')]);
  // message_state UNKNOWN.
  await acknowledge(peer, Buffer.alloc(0), Buffer.concat([Buffer.from('0427000107', 'hex'), payload]));
  await heard(client);
  await stage.daemon.kill();
  await stage.start();
  client = await bound();
  const { pdu, message } = await heard(client);
  expect(message.toString('latin1')).toContain(' stat:UNKNOWN ');
  expect(pdu.includes(payload)).toBe(false);
  client.destroy();
});
