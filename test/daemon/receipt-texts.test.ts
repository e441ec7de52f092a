/** The `text:` of a receipt is what the client wrote, in the client's alphabet, whatever the SMSC speaks. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Alphabet } from '../../src/core/charsets.ts';
import { BIND_TRANSCEIVER, bindBytes, pduBytes, rawClient, submitBytes } from './raw.ts';
import type { RawPeer } from './raw.ts';
import { Stage } from './stage.ts';

let stage: Stage;
beforeEach(() => void (stage = new Stage()));
afterEach(() => stage.clear());

/** As each account writes it with data_coding 0; TS 23.038 has @ at 00, $ at 02, e acute at 05, _ at 11, Ñ at 5d. */
const WRITTEN: Record<Alphabet, Buffer> = {
  gsm: Buffer.from('61115d0063020535', 'hex'),
  ascii: Buffer.from('a_@c$5'),
  latin1: Buffer.from('a_Ñ@c$é5', 'latin1'),
  utf8: Buffer.from('a_Ñ@c$é5'),
};
const ALPHABETS = Object.keys(WRITTEN) as Alphabet[];
const UDHI = 0x40;

async function bound(name: string): Promise<RawPeer> {
  const peer = await rawClient(stage.site.smppPort);
  peer.write(bindBytes(BIND_TRANSCEIVER, { name }));
  await peer.takePdu();
  return peer;
}

/** Octets behind ` text:` in the next PDU of the peer, which is answered; its account has receipts without TLVs. */
async function receiptText(peer: RawPeer): Promise<string> {
  const pdu = Buffer.from(await peer.takePdu(), 'hex');
  expect(pdu.readUInt32BE(4)).toBe(5);
  peer.write(pduBytes(0x8000_0005, pdu.readUInt32BE(12), Buffer.from([0])));
  return pdu.toString('hex', pdu.indexOf(' text:') + 6);
}

test.each(ALPHABETS)('from an SMSC that reads %s', async (alphabet) => {
  const smsc = await stage.octetSmsc({ stat: () => 'DELIVRD' });
  const account = ALPHABETS.map((name) => ({ name, default_alphabet: name, receipt_content: 'text' }));
  await stage.serve({ account, smsc: [{ port: smsc.port, alphabet }] });
  for (const name of ALPHABETS) {
    const peer = await bound(name);
    peer.write(submitBytes(2, WRITTEN[name].toString('latin1'), 1));
    await peer.takePdu();
    expect(await receiptText(peer), name).toBe(WRITTEN[name].toString('hex'));
    peer.destroy();
  }
  expect(smsc.sms).toHaveLength(ALPHABETS.length);
});

test('of parts that had to be joined, one of them before a crash', async () => {
  const smsc = await stage.octetSmsc({ stat: () => 'DELIVRD' });
  const account = [{ default_alphabet: 'latin1', receipts: 'merged', receipt_content: 'text' }];
  await stage.serve({ account, smsc: [{ port: smsc.port }] });
  const [first, second] = ['Ñ@é first', ' second'].map((text, index) => {
    const pdu = submitBytes(2, `\x05\0\x03\x17\x02${String.fromCharCode(index + 1)}${text}`, 1);
    // Behind header, service_type, source (4 octets) and destination (15).
    pdu[16 + 1 + 4 + 15] = UDHI;
    return pdu;
  });
  let peer = await bound('demo');
  peer.write(first);
  expect((await peer.takePdu()).slice(0, 24)).toBe('000000218000000400000000');
  await stage.daemon.kill();
  await stage.start();
  peer = await bound('demo');
  peer.write(second);
  expect((await peer.takePdu()).slice(0, 24)).toBe('000000218000000400000000');
  expect(await receiptText(peer)).toBe(Buffer.from('Ñ@é first', 'latin1').toString('hex'));
  peer.destroy();
});
