/** What a peer may say that no other does: one number for two requests, an answer with an odd TLV. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { inSeconds } from './ask.ts';
import { RawSmsc, pduBytes, rawBound, submitBytes } from './raw.ts';
import { Stage } from './stage.ts';

let stage: Stage;
beforeEach(() => void (stage = new Stage()));
afterEach(() => stage.clear());

/** command_id and command_status of the next PDU. */
const headOf = (pdu: string): string => `${pdu.slice(8, 16)} ${pdu.slice(16, 24)}`;

test('a submit_sm and a request after it with the same number are both answered', async () => {
  const simulator = await stage.simulator();
  await stage.serve({ smsc: [{ port: simulator.port }] });
  const esme = await stage.esme();
  const waiting = { source_addr: 'a', source_addr_ton: 5, schedule_delivery_time: inSeconds(3_000) };
  const id = await esme.send(waiting);
  const peer = await rawBound(stage.site.smppPort);
  // cancel_sm: service_type, message_id, source (ton 5, npi 0), no destination. Both wait for the same commit.
  const cancel = Buffer.concat([Buffer.from(`\0${id}\0\x05\0a\0`, 'latin1'), Buffer.alloc(3)]);
  peer.write(Buffer.concat([submitBytes(5), pduBytes(8, 5, cancel)]));
  const heads = [headOf(await peer.takePdu()), headOf(await peer.takePdu())].toSorted();
  expect(heads).toEqual(['80000004 00000000', '80000008 00000000']);
  peer.destroy();
});

test('an answer of the SMSC with a TLV of an illegal length is passed on', async () => {
  const smsc = await RawSmsc.start(0x50);
  await stage.serve({
    account: [{ broadcast: true }],
    smsc: [{ port: smsc.port, interface_version: '5.0', supports: ['broadcast_sm'] }],
  });
  const peer = await rawBound(stage.site.smppPort, 9, 0x50);
  // The broadcast_sm of the reference: area, content type, repetitions, interval, text.
  const storm =
    '4342530000004342450000000030303030303030313030303030303052000000000606000900446f776e746f776e' +
    '060600080048617262 6f757206010003010033060400 02000a0605000309001f0424000553746f726d';
  peer.write(pduBytes(0x111, 7, Buffer.from(storm.replaceAll(' ', ''), 'hex')));
  const upstream = await smsc.peer();
  const asked = await upstream.takePdu();
  const sequence = Number.parseInt(asked.slice(24, 32), 16);
  // message_id "B-70", congestion_state of two octets.
  upstream.write(pduBytes(0x8000_0111, sequence, Buffer.from('422d373000' + '0428000200ff', 'hex')));
  const answer = await peer.takePdu();
  expect(headOf(answer)).toBe('80000111 00000000');
  expect(answer.endsWith('0428000200ff')).toBe(true);
  peer.destroy();
  smsc.close();
});
