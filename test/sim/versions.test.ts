import { createServer } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import type { SimulatorOptions } from '../../src/sim/options.ts';
import { startSimulator } from '../../src/sim/simulator.ts';
import type { RunningSimulator } from '../../src/sim/simulator.ts';
import { RawPeer, bindBytes, rawClient } from '../daemon/raw.ts';
import { NpmPeer } from '../smpp/npm-peer.ts';
import { oracleDecode } from '../support/oracle.ts';
import { vectorNamed } from '../support/vectors.ts';
import { until } from './npm-smpp.ts';

let running: RunningSimulator | undefined;
const peers: (NpmPeer | RawPeer)[] = [];
afterEach(async () => {
  for (const peer of peers.splice(0)) {
    if (peer instanceof NpmPeer) peer.close();
    else peer.destroy();
  }
  await running?.close();
  running = undefined;
});

async function simulator(options: Partial<SimulatorOptions> = {}): Promise<RunningSimulator> {
  running = await startSimulator({ port: 0, idStart: 1, ...options });
  return running;
}

async function bound(version: number, bind = 'bind_transceiver'): Promise<{ esme: NpmPeer; answer: object }> {
  const esme = await NpmPeer.esme({ port: running?.port });
  peers.push(esme);
  const answer = await esme.ask(bind, { system_id: 'esme', interface_version: version });
  return { esme, answer };
}

describe('the bind', () => {
  test.each([
    ['5.0', 0x50, 0x50],
    ['5.0', 0x34, 0x34],
    ['5.0', 0x33, undefined],
    ['5.0', 0x00, undefined],
    ['3.4', 0x50, 0x34],
  ] as const)('at most %s, asked for 0x%s', async (interfaceVersion, asked, sc_interface_version) => {
    await simulator({ interfaceVersion });
    const { answer } = await bound(asked);
    expect(answer).toMatchObject({ command_status: 0, system_id: 'tollgatesim' });
    expect((answer as { sc_interface_version?: number }).sc_interface_version).toBe(sc_interface_version);
  });

  test('without sc_interface_version', async () => {
    await simulator({ announce: false });
    expect((await bound(0x50)).answer).not.toHaveProperty('sc_interface_version');
  });

  test('an SMSC of 3.3 knows no bind_transceiver', async () => {
    await simulator({ interfaceVersion: '3.3' });
    const { answer } = await bound(0x34);
    expect(answer).toMatchObject({ command: 'generic_nack', command_status: 3 });
    expect((await bound(0x34, 'bind_transmitter')).answer).toMatchObject({ command_status: 0 });
  });
});

test('3.3: ids of eight digits in the response and the receipt, and errors with an empty id', async () => {
  const sim = await simulator({ idFormat: 'hex', idStart: 0x1_2345_6789 });
  const peer = await rawClient(sim.port);
  peers.push(peer);
  peer.write(bindBytes(9, { version: 0x33 }));
  await peer.takePdu();
  peer.write(vectorNamed('submit_sm_gsm7_plain').bytes);
  expect(await peer.takePdu()).toBe(
    `0000001980000004000000000000000a${Buffer.from('23456789\0').toString('hex')}`,
  );
  const receipt = oracleDecode(Buffer.from(await peer.takePdu(), 'hex'));
  expect(receipt.short_message).toMatchObject({ message: expect.stringMatching(/^id:23456789 /) as string });
  // Cut off within its source_addr.
  const cut = Buffer.from(vectorNamed('submit_sm_gsm7_plain').bytes.subarray(0, 24));
  cut.writeUInt32BE(24, 0);
  peer.write(cut);
  expect(await peer.takePdu()).toBe('0000001180000004000000020000000a00');
});

test('broadcast is for 5.0 sessions only', async () => {
  await simulator();
  const { esme } = await bound(0x34);
  expect(await esme.ask('query_broadcast_sm', { message_id: '1' })).toMatchObject({
    command: 'generic_nack',
    command_status: 3,
  });
});

test('congestion_state in every response to a 5.0 session, and to no other', async () => {
  await simulator({ congestion: 42 });
  const { esme } = await bound(0x50);
  const message = { destination_addr: '49', short_message: 'x' };
  expect(await esme.ask('submit_sm', message)).toMatchObject({
    message_id: '0000000001',
    congestion_state: 42,
  });
  expect(await esme.ask('data_sm', { destination_addr: '49' })).toMatchObject({ congestion_state: 42 });
  expect(await esme.ask('submit_multi', { dest_address: [message] })).toMatchObject({ congestion_state: 42 });
  const { esme: older } = await bound(0x34);
  expect(await older.ask('submit_sm', message)).not.toHaveProperty('congestion_state');
});

describe('alert_notification', () => {
  test('on demand, to every receiving session of 3.4 and later', async () => {
    const sim = await simulator();
    const { esme } = await bound(0x34);
    const { esme: receiver } = await bound(0x50, 'bind_receiver');
    const { esme: transmitter } = await bound(0x34, 'bind_transmitter');
    const { esme: old } = await bound(0x33, 'bind_receiver');
    expect(sim.alert('447700900123')).toBe(2);
    for (const one of [esme, receiver]) {
      await until(() => one.of('alert_notification').length === 1, 'the alert');
      expect(one.of('alert_notification')[0]).toMatchObject({
        source_addr: '447700900123',
        ms_availability_status: 0,
      });
    }
    for (const one of [transmitter, old]) expect(one.of('alert_notification')).toEqual([]);
  });

  test('and every so often', async () => {
    await simulator({ alertEveryS: 0.05 });
    const { esme } = await bound(0x34);
    await until(() => esme.of('alert_notification').length >= 2, 'two alerts');
    const numbers = esme.of('alert_notification').map(({ sequence_number }) => sequence_number);
    expect(new Set(numbers).size).toBe(numbers.length);
  });
});

describe('outbind', () => {
  test('calls the ESME, serves its bind, and calls again when the connection is lost', async () => {
    const calls: RawPeer[] = [];
    const server = createServer((socket) => {
      const peer = new RawPeer(socket);
      calls.push(peer);
      peers.push(peer);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    const sim = await simulator({
      outbind: `127.0.0.1:${port}`,
      outbindSystemId: 'SMSC01',
      outbindPassword: 'obpass',
    });
    await until(() => calls.length === 1, 'the call');
    expect(await calls[0].takePdu()).toBe(vectorNamed('outbind').bytes.toString('hex'));
    calls[0].write(bindBytes(1));
    expect((await calls[0].takePdu()).slice(8, 24)).toBe('8000000100000000');
    calls[0].destroy();
    await until(() => calls.length === 2, 'the second call');
    await sim.close();
    await new Promise((resolve) => server.close(resolve));
  });

  test('an address that is none is refused', async () => {
    await expect(startSimulator({ port: 0, outbind: 'nowhere' })).rejects.toThrow(
      'outbind must be "host:port"',
    );
  });
});
