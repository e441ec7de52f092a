import { connect, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { OutboundBind } from '../../src/smpp/client.ts';
import { OutbindListener } from '../../src/shard/outbind.ts';
import type { Smsc } from '../../src/shard/state.ts';
import { rawClient } from '../daemon/raw.ts';
import type { RawPeer } from '../daemon/raw.ts';
import { Told, smscConfig } from '../smpp/smsc-peer.ts';
import { until } from '../support/daemon.ts';
import { oracleDecode, oracleEncode } from '../support/oracle.ts';
import { vectorNamed } from '../support/vectors.ts';

const OPTIONS = {
  outbind_listen: '127.0.0.1:0',
  outbind_system_id: 'SMSC01',
  outbind_password: 'obpass',
  bind: 'receiver',
};
const OUTBIND = vectorNamed('outbind').bytes;

let told: Told;
let binds: OutboundBind[];
let logged: string[];
let listener: OutbindListener;
let peers: RawPeer[];
let port: number;

beforeEach(async () => {
  told = new Told();
  logged = [];
  peers = [];
  const config = smscConfig(OPTIONS);
  binds = [0, 1].map((number) => new OutboundBind(0, number, 'receiver', config, told));
  const note = (message: string, detail?: Record<string, unknown>): void => {
    const { why } = detail ?? {};
    logged.push(typeof why === 'string' ? `${message}: ${why}` : message);
  };
  listener = new OutbindListener({ config, binds } as unknown as Smsc, { info: note, warn: note });
  port = await listener.listen();
});

afterEach(() => {
  listener.close();
  for (const bind of binds) bind.close();
  for (const peer of peers) peer.destroy();
});

async function call(...pdus: Buffer[]): Promise<RawPeer> {
  const peer = await rawClient(port);
  peers.push(peer);
  for (const pdu of pdus) peer.write(pdu);
  return peer;
}

/** Takes the bind request on this connection and answers it. */
async function answered(peer: RawPeer): Promise<Record<string, unknown>> {
  const request = oracleDecode(Buffer.from(await peer.takePdu(), 'hex'));
  const { sequence_number } = request;
  peer.write(oracleEncode('bind_receiver_resp', { sequence_number, system_id: 'SMSC01' }));
  return request;
}

test('the right outbind: the configured bind comes on the same connection, and it is one of the binds', async () => {
  const peer = await call(OUTBIND);
  expect(await answered(peer)).toMatchObject({ command: 'bind_receiver', system_id: 'us', password: 'pw' });
  await told.line('bound');
  expect(binds.map(({ state }) => state)).toEqual([2, 5]);
  peer.write(vectorNamed('deliver_sm_mo').bytes);
  expect(await peer.takePdu()).toBe('0000001180000005000000000000000100');
});

test('one octet at a time, and with the next PDU right behind it', async () => {
  const peer = await call();
  for (const octet of OUTBIND) {
    peer.write(Buffer.from([octet]));
    await new Promise((resolve) => setImmediate(resolve));
  }
  await answered(peer);
  await told.line('bound');
  const other = await call(Buffer.concat([OUTBIND, vectorNamed('enquire_link').bytes]));
  await answered(other);
  expect(await other.takePdu()).toBe(vectorNamed('enquire_link_resp').bytes.toString('hex'));
});

test('a third call finds every bind up and is disconnected; after one went down it would not be', async () => {
  const first = await call(OUTBIND);
  await answered(first);
  await answered(await call(OUTBIND));
  const third = await call(OUTBIND);
  await third.untilClosed();
  expect(third.heard).toBe('');
  expect(logged).toContain('outbind refused: all its binds are up');
  first.destroy();
  await told.line('down');
  expect(await answered(await call(OUTBIND))).toMatchObject({ command: 'bind_receiver' });
});

describe('is disconnected without a word:', () => {
  test.each([
    ['a wrong password', { system_id: 'SMSC01', password: 'obpasS' }, 'wrong system_id or password'],
    ['a wrong name', { system_id: 'SMSC02', password: 'obpass' }, 'wrong system_id or password'],
    ['an empty password', { system_id: 'SMSC01', password: '' }, 'wrong system_id or password'],
    ['a longer password', { system_id: 'SMSC01', password: 'obpass1' }, 'wrong system_id or password'],
    ['a name that is too long', { system_id: 'ABCDEFGHIJKLMNOP', password: 'x' }, 'can not be read'],
  ])('%s', async (_name, fields, why) => {
    const peer = await call(oracleEncode('outbind', fields));
    await peer.untilClosed();
    expect(peer.heard).toBe('');
    expect(logged.join()).toContain(why);
    expect(told.lines).toEqual([]);
  });

  test.each(['bad_len_0', 'bad_len_http', 'bad_len_tls'])('%s', async (name) => {
    const peer = await call(vectorNamed(name).bytes);
    await peer.untilClosed();
    expect(peer.heard).toBe('');
  });

  test('who says nothing for connect_timeout_s', async () => {
    const peer = await call(OUTBIND.subarray(0, 20));
    await until(() => logged.length === 0, 'it is quiet');
    listener.tick(Date.now() + 9_000);
    expect(peer.closed).toBe(false);
    // Until the listener has seen the connection there is nobody to disconnect.
    await until(() => {
      listener.tick(Date.now() + 11_000);
      return peer.closed;
    }, 'the end');
    expect(logged).toEqual(['outbind refused: no outbind within connect_timeout_s']);
  });

  test('the seventeenth connection without an outbind', async () => {
    const waiting = await Promise.all(
      Array.from({ length: 16 }, () => call(vectorNamed('enquire_link').bytes)),
    );
    for (const peer of waiting) await peer.takePdu();
    const late = await call(OUTBIND);
    await late.untilClosed();
    expect(logged).toEqual(['outbind: too many connections']);
    waiting[0].destroy();
    await until(() => logged.length === 2, 'one has left');
    await answered(await call(OUTBIND));
  });
});

test('before the outbind other requests are told so, and responses are not answered', async () => {
  const peer = await call(
    vectorNamed('enquire_link').bytes,
    vectorNamed('deliver_sm_mo').bytes,
    vectorNamed('unknown_request').bytes,
    vectorNamed('submit_sm_resp_ok').bytes,
    vectorNamed('alert_notification').bytes,
    OUTBIND,
  );
  expect(await peer.takePdu()).toBe(vectorNamed('enquire_link_resp').bytes.toString('hex'));
  expect(await peer.takePdu()).toBe('00000010800000050000000400000001');
  expect(await peer.takePdu()).toBe('00000010800000000000000300000015');
  expect(await answered(peer)).toMatchObject({ command: 'bind_receiver' });
});

test('an address that is taken is named', async () => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  const address = `127.0.0.1:${(other.address() as AddressInfo).port}`;
  const config = smscConfig({ ...OPTIONS, outbind_listen: address });
  const note = (): void => undefined;
  const second = new OutbindListener({ config, binds } as unknown as Smsc, { info: note, warn: note });
  await expect(second.listen()).rejects.toThrow(`smsc one: outbind_listen ${address}: listen EADDRINUSE`);
  other.close();
});

test('closed, it takes no more calls', async () => {
  const peer = await call();
  await until(() => !peer.socket.connecting, 'the connection');
  listener.close();
  await peer.untilClosed();
  const late = connect({ port, host: '127.0.0.1' });
  await new Promise((resolve) => late.once('error', resolve));
});
