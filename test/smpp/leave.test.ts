/** How a bind to an SMSC ends in order, whoever asks for it. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import * as smpp from '../../src/smpp/constants.ts';
import { pduBytes } from '../daemon/raw.ts';
import type { RawPeer } from '../daemon/raw.ts';
import { until } from '../support/daemon.ts';
import { oracleEncode } from '../support/oracle.ts';
import { vectorNamed } from '../support/vectors.ts';
import { ClientStage } from './client-stage.ts';

let stage: ClientStage;
beforeEach(async () => void (stage = await ClientStage.start()));
afterEach(() => stage.end());

const body = vectorNamed('submit_sm_gsm7_plain').bytes.subarray(16);
const unbindResp = vectorNamed('unbind_resp').bytes.toString('hex');
const ping = vectorNamed('enquire_link').bytes;
const pong = vectorNamed('enquire_link_resp').bytes.toString('hex');

function submitted(slot: number): void {
  stage.bind.submit(slot, body, 0, body.length, Date.now());
  stage.bind.flush();
}

async function answerNext(peer: RawPeer): Promise<void> {
  const sequence_number = Buffer.from(await peer.takePdu(), 'hex').readUInt32BE(12);
  peer.write(oracleEncode('submit_sm_resp', { sequence_number, message_id: 'm' }));
}

/** Everything that the peer wrote has been read. */
async function settled(peer: RawPeer): Promise<void> {
  peer.write(ping);
  await until(() => peer.heard.endsWith(pong), 'the answer to enquire_link');
}

describe('unbind of the SMSC', () => {
  test('waits for the submits that it has, and for what we have not answered', async () => {
    const peer = await stage.bound();
    submitted(7);
    await until(() => peer.heard.length >= 2 * body.length, 'the submit');
    stage.told.deliverStatus = undefined;
    peer.write(Buffer.concat([vectorNamed('deliver_sm_mo').bytes, vectorNamed('unbind').bytes]));
    await stage.told.line('deliver 5');
    await answerNext(peer);
    await stage.told.line('submit 7 0');
    stage.bind.tick(Date.now());
    expect([stage.bind.room(), stage.told.lines.some((line) => line.startsWith('down'))]).toEqual([0, false]);
    stage.bind.answerDeliver(stage.bind.ticket(), 1, 0);
    stage.bind.flush();
    stage.bind.tick(Date.now());
    expect(await peer.takePdu()).toBe('0000001180000005000000000000000100');
    expect(await peer.takePdu()).toBe(unbindResp);
    expect(await stage.told.line('down')).toBe('down: the SMSC unbound');
    await peer.untilClosed();
  });

  test('is answered after some seconds though it owes us responses', async () => {
    const peer = await stage.bound();
    submitted(7);
    await peer.takePdu();
    peer.write(vectorNamed('unbind').bytes);
    await settled(peer);
    await peer.takePdu();
    const nowMs = Date.now();
    stage.bind.tick(nowMs + 4_000);
    await settled(peer);
    expect(peer.heard).toBe(pong);
    await peer.takePdu();
    stage.bind.tick(nowMs + 5_000);
    expect(await peer.takePdu()).toBe(unbindResp);
    await stage.told.line('down');
    expect(stage.bind.window.size).toBe(1);
  });

  test('that comes again is answered with the first, and ends it', async () => {
    const peer = await stage.bound();
    submitted(7);
    await peer.takePdu();
    peer.write(Buffer.concat([pduBytes(smpp.UNBIND, 5), pduBytes(smpp.UNBIND, 6)]));
    expect(await peer.takePdu()).toBe('00000010800000060000000000000005');
    expect(await peer.takePdu()).toBe('00000010800000060000000000000006');
    await peer.untilClosed();
  });
});

describe('unbind of ours', () => {
  test('goes out behind the responses to what is open', async () => {
    const peer = await stage.bound();
    submitted(7);
    await until(() => peer.heard.length >= 2 * body.length, 'the submit');
    stage.bind.operate(smpp.QUERY_SM, Buffer.from('m\0\0\0\0', 'latin1'), 1, Date.now());
    stage.bind.unbind();
    expect(stage.bind.canSend()).toBe(false);
    await answerNext(peer);
    await stage.told.line('submit 7 0');
    stage.bind.tick(Date.now());
    const query = Buffer.from(await peer.takePdu(), 'hex');
    expect([query.readUInt32BE(4), peer.heard]).toEqual([smpp.QUERY_SM, '']);
    peer.write(oracleEncode('query_sm_resp', { sequence_number: query.readUInt32BE(12), message_id: 'm' }));
    const unbind = Buffer.from(await peer.takePdu(), 'hex');
    expect(unbind.readUInt32BE(4)).toBe(smpp.UNBIND);
    peer.write(pduBytes(smpp.UNBIND_RESP, unbind.readUInt32BE(12)));
    expect(await stage.told.line('down')).toBe('down: unbound');
  });

  test('takes no longer than some seconds, nor than the bind is given', async () => {
    const peer = await stage.bound();
    submitted(7);
    await peer.takePdu();
    stage.bind.unbind();
    const nowMs = Date.now();
    stage.bind.tick(nowMs + 4_000);
    await settled(peer);
    expect(await peer.takePdu()).toBe(pong);
    stage.bind.tick(nowMs + 5_000);
    expect((await peer.takePdu()).slice(8, 16)).toBe('00000006');
  });

  test('is said, at least, by a bind that is closed while it waits', async () => {
    const peer = await stage.bound();
    submitted(7);
    await peer.takePdu();
    stage.bind.unbind();
    stage.bind.close();
    expect((await peer.takePdu()).slice(8, 16)).toBe('00000006');
    await peer.untilClosed();
  });
});
