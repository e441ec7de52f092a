/** What passes between a client and an SMSC beside messages and receipts: TLVs and their routes, alerts, versions. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { runCommand, until } from '../support/daemon.ts';
import { readTlvs } from '../../src/smpp/pdu/tlv.ts';
import { SENDER } from './ask.ts';
import { RawSmsc, rawBound } from './raw.ts';
import type { RawPeer } from './raw.ts';
import { Stage } from './stage.ts';
import { listed } from './tracing.ts';

let stage: Stage;
beforeEach(() => void (stage = new Stage()));
afterEach(() => stage.clear());

const tlv = [
  { name: 'campaign', tag: 0x1401, type: 'cstring', log: true },
  { name: 'cost_centre', tag: 0x1402, type: 'integer' },
  { name: 'their_campaign', tag: 0x1501, type: 'cstring', log: true },
];

/** A vendor TLV in hex. */
function hexTlv(tag: number, value: Buffer): string {
  const head = Buffer.alloc(4);
  head.writeUInt16BE(tag, 0);
  head.writeUInt16BE(value.length, 2);
  return Buffer.concat([head, value]).toString('hex');
}

/** A submit_sm of `Sender` to 962790000001 with these TLVs behind it. */
function submitWith(sequence: number, tlvs: string): Buffer {
  const body = `00050053656e64657200010139363237393030303030303100000000000001000000026869${tlvs}`;
  const pdu = Buffer.from(`00000000000000040000000000000000${body}`, 'hex');
  pdu.writeUInt32BE(pdu.length, 0);
  pdu.writeUInt32BE(sequence, 12);
  return pdu;
}

/** The next PDU that an SMSC hears. */
async function submitAt(smsc: RawSmsc): Promise<Buffer> {
  const peer: RawPeer = await smsc.peer();
  return Buffer.from(await peer.takePdu(), 'hex');
}

/** The message_id of the next submit_sm_resp. */
async function acceptedId(esme: RawPeer): Promise<string> {
  const pdu = Buffer.from(await esme.takePdu(), 'hex');
  expect([pdu.readUInt32BE(4), pdu.readUInt32BE(8)]).toEqual([0x8000_0004, 0]);
  return pdu.toString('latin1', 16, 32);
}

/** The TLVs that the ledger has of a message, by name. */
async function shown(id: string): Promise<Record<string, unknown>> {
  const { dataDir, configPath } = stage.site;
  const words = ['ledger', 'show', '--json', '--data-dir', dataDir, '--config', configPath, id];
  const { code, stdout, stderr } = await runCommand(words);
  expect([code, stderr]).toEqual([0, '']);
  const found: Record<string, unknown> = {};
  for (const line of stdout.trim().split('\n')) {
    const said = Object.entries(JSON.parse(line) as Record<string, unknown>);
    for (const [name, value] of said) if (name.startsWith('tlv.')) found[name] = value;
  }
  return found;
}

test('vendor TLVs: routed by, renamed, dropped, carried end to end, and shown by the ledger', async () => {
  const [usual, spring] = [await RawSmsc.start(), await RawSmsc.start()];
  await stage.serve({
    tlv,
    smsc: [
      { id: 'usual', port: usual.port },
      { id: 'spring', port: spring.port, tlv_map: { campaign: 'their_campaign', cost_centre: '' } },
    ],
    route: {
      smscs: ['usual'],
      rule: [
        // There and not equal: the next one counts.
        { tlv: 'cost_centre', equals: '8', smscs: ['usual'] },
        { tlv: 'campaign', equals: 'spring', smscs: ['spring'] },
        { tlv: 'cost_centre', equals: '9', smscs: ['spring'] },
      ],
    },
  });
  const binds = (await listed(stage.site)).filter(({ kind }) => kind === 'smsc');
  // The binds of all SMSCs are counted on.
  expect(binds.map(({ id }) => id).sort()).toEqual(['smsc:spring/1', 'smsc:usual/0']);
  const esme = await rawBound(stage.site.smppPort);
  const both = hexTlv(0x1401, Buffer.from('spring\0')) + hexTlv(0x1402, Buffer.from([0, 7]));
  esme.write(submitWith(2, both));
  esme.write(submitWith(3, hexTlv(0x1401, Buffer.from('autumn\0')) + hexTlv(0x1402, Buffer.from([7]))));
  const routed = await submitAt(spring);
  const others = await submitAt(usual);
  expect(readTlvs(routed, routed.length - 11, routed.length)).toEqual([
    { tag: 0x1501, value: Buffer.from('spring\0') },
  ]);
  const [campaign, centre] = readTlvs(others, others.length - 16, others.length);
  expect([campaign.tag, campaign.value.toString(), centre.tag, centre.value[0]]).toEqual([
    0x1401,
    'autumn\0',
    0x1402,
    7,
  ]);
  expect(await shown(await acceptedId(esme))).toEqual({ 'tlv.their_campaign': 'spring' });
  expect(await shown(await acceptedId(esme))).toEqual({ 'tlv.campaign': 'autumn' });
  // A number is compared as one, however many octets it has.
  esme.write(submitWith(4, hexTlv(0x1402, Buffer.from([0, 0, 0, 9]))));
  const ninth = await submitAt(spring);
  expect(ninth.toString('latin1', ninth.length - 2)).toBe('hi');
  esme.destroy();
  usual.close();
  spring.close();
});

test('an SMSC that answers the bind as 3.3 gets no TLVs', async () => {
  const smsc = await stage.npmSmsc((submitted) => submitted.answer('A1'));
  smsc.version = 0x33;
  await stage.serve({ smsc: [{ port: smsc.port }] });
  const esme = await stage.esme();
  await esme.send({ user_message_reference: 77, source_port: 1234, short_message: 'no more than this' });
  await until(() => smsc.submits.length === 1, 'the submit');
  const { pdu, text } = smsc.submits[0];
  expect(text).toBe('no more than this');
  expect(pdu).not.toHaveProperty('user_message_reference');
  expect(pdu).not.toHaveProperty('source_port');
});

test('an alert_notification reaches the account whose message it is about', async () => {
  const smsc = await stage.npmSmsc((submitted) => submitted.answer('A1'));
  await stage.serve({ smsc: [{ port: smsc.port }] });
  const esme = await stage.esme();
  await esme.send({ ...SENDER, destination_addr: '962790000009' });
  await until(() => smsc.submits.length === 1, 'the submit');
  const alert = (fields: object): void => {
    const sessions = smsc.sessions as unknown as { alert_notification(fields: object): void }[];
    sessions[0].alert_notification({ source_addr: '962790000009', ms_availability_status: 0, ...fields });
  };
  alert({ esme_addr: 'Nobody' });
  alert({ esme_addr: 'Sender' });
  const isAlert = ({ command }: { command: string }): boolean => command === 'alert_notification';
  await until(() => esme.pdus.some(isAlert), 'the alert');
  const alerts = esme.pdus.filter(isAlert);
  expect(alerts).toMatchObject([
    { source_addr: '962790000009', esme_addr: 'Sender', ms_availability_status: 0 },
  ]);
  // When the message is over, too: the handset was away, and the SMSC has given it up.
  expect(await smsc.submits[0].receipt('A1', 'UNDELIV')).toBe(0);
  await until(() => esme.receipts.length === 1, 'the receipt');
  await stage.finalOf(esme.receipts[0].id);
  alert({ esme_addr: 'Sender' });
  await until(() => esme.pdus.filter(isAlert).length === 2, 'another alert');
});
