import { createServer } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import type { Answer } from '../../src/smpp/library-types.ts';
import { bindBytes, rawClient } from '../daemon/raw.ts';
import { until } from '../support/daemon.ts';
import { TLS } from '../support/tls.ts';
import { vectorNamed } from '../support/vectors.ts';
import { endAll, onEnd } from './library.ts';
import { NpmPeer } from './npm-peer.ts';
import { npmEsme, rawEsme, serve } from './tiny-smsc.ts';

afterEach(endAll);

describe('a bind of the npm package', () => {
  test.each([
    ['bind_transceiver', 0x50, undefined, 0x50, 0x50],
    ['bind_transmitter', 0x50, '3.4', 0x34, 0x34],
    ['bind_receiver', 0x34, undefined, 0x34, 0x34],
    ['bind_transceiver', 0x33, undefined, 0x33, undefined],
    ['bind_transmitter', 0x00, undefined, 0x33, undefined],
    ['bind_transceiver', 0x50, '3.3', 0x33, undefined],
  ] as const)('%s of 0x%s to a server of at most %s', async (command, asked, max, version, told) => {
    const scene = await serve(() => 0, max === undefined ? {} : { interfaceVersionMax: max });
    const { answer } = await npmEsme(scene, command, asked);
    expect(answer).toMatchObject({ command: `${command}_resp`, command_status: 0, system_id: 'tiny' });
    expect(answer.sc_interface_version).toBe(told);
    const [session] = scene.sessions;
    expect([session.version, session.systemId, session.bind?.command]).toEqual([version, 'us', command]);
  });

  test('refused: its own response, and the connection ends', async () => {
    const scene = await serve();
    const esme = await NpmPeer.esme({ port: scene.server.port });
    onEnd(() => esme.close());
    const answer = await esme.ask('bind_transceiver', { system_id: 'us', password: 'no' });
    expect(answer).toMatchObject({ command: 'bind_transceiver_resp', command_status: 0x0d });
    await until(() => scene.told.length === 1, 'the end');
    expect(scene.told).toEqual(['closed the bind was refused']);
  });

  test.each(['system_id_too_long', 'password_too_long', 'bind_bad_version'])(
    '%s: answered, and the connection ends',
    async (name) => {
      const scene = await serve();
      const peer = await rawClient(scene.server.port);
      onEnd(() => peer.destroy());
      const { bytes, reaction } = vectorNamed(name);
      // What is pipelined behind it is not looked at.
      peer.write(Buffer.concat([bytes, vectorNamed('enquire_link').bytes]));
      await peer.untilClosed();
      expect(peer.heard).toBe(reaction?.respond[0].hex);
      expect(scene.told).toEqual([expect.stringContaining('malformed'), 'closed the bind was refused']);
    },
  );

  test('that can not be decided: ESME_RSYSERR, and the connection ends', async () => {
    const errors: string[] = [];
    const onBind = (): never => {
      throw new Error('the accounts are not there');
    };
    const scene = await serve(() => 0, {}, { onBind, onError: (error) => errors.push(String(error)) });
    const peer = await rawClient(scene.server.port);
    onEnd(() => peer.destroy());
    peer.write(bindBytes());
    await peer.untilClosed();
    expect(peer.heard).toBe('00000010800000090000000800000001');
    expect(errors).toEqual(['Error: the accounts are not there']);
    expect(scene.told).toEqual(['closed the bind could not be decided']);
  });

  test('over TLS', async () => {
    const scene = await serve(() => 0, { tls: TLS });
    const { answer } = await npmEsme(scene, 'bind_transceiver', 0x34, {
      tls: true,
      rejectUnauthorized: false,
    });
    expect(answer.command_status).toBe(0);
  });

  test('a decision that takes its time: what is pipelined behind it waits', async () => {
    let decide: (status: number) => void = () => undefined;
    const scene = await serve(
      () => ({ messageId: 'm' }),
      {},
      { onBind: () => new Promise((resolve) => (decide = resolve)) },
    );
    const peer = await rawClient(scene.server.port);
    onEnd(() => peer.destroy());
    peer.write(Buffer.concat([bindBytes(), vectorNamed('submit_sm_gsm7_plain').bytes]));
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect([scene.requests.length, peer.heard]).toEqual([0, '']);
    decide(0);
    expect((await peer.takePdu()).slice(8, 24)).toBe('8000000900000000');
    expect((await peer.takePdu()).slice(8, 24)).toBe('8000000400000000');
  });
});

describe('to the npm package', () => {
  test('deliver_sm, data_sm, alert_notification, enquire_link, unbind', async () => {
    const scene = await serve();
    const { esme } = await npmEsme(scene);
    const [session] = scene.sessions;
    esme.answers.deliver_sm = { command_status: 0x64 };
    const shortMessage = Buffer.from('STOP');
    const refused = await session.deliverSm({ sourceAddr: '49', destinationAddr: '12345', shortMessage });
    expect(refused).toMatchObject({ command: 'deliver_sm_resp', commandStatus: 0x64 });
    const seen = { source_addr: '49', destination_addr: '12345', short_message: { message: 'STOP' } };
    expect(esme.of('deliver_sm')[0]).toMatchObject(seen);
    const receipt = [{ tag: 0x001e, value: Buffer.from('id-1\0', 'latin1') }];
    const taken = await session.dataSm({ destinationAddr: '49', esmClass: 4, tlvs: receipt });
    expect(taken).toMatchObject({ command: 'data_sm_resp', commandStatus: 0 });
    expect(esme.of('data_sm')[0]).toMatchObject({ esm_class: 4, receipted_message_id: 'id-1' });
    session.alertNotification({ sourceAddr: '49', esmeAddr: '12345' });
    await until(() => esme.of('alert_notification').length === 1, 'the alert');
    expect(esme.of('alert_notification')[0]).toMatchObject({ source_addr: '49', esme_addr: '12345' });
    expect(await session.enquireLink()).toMatchObject({ command: 'enquire_link_resp' });
    await session.unbind();
    expect(esme.seen.at(-1)?.command).toBe('unbind');
    await until(() => esme.session.closed, 'the end');
    expect(scene.told).toEqual(['closed unbound']);
  });

  test('outbind: the ESME binds on the connection that we made', async () => {
    const scene = await serve();
    const npmSide = await NpmPeer.smsc();
    onEnd(() => npmSide.close());
    const called = scene.server.outbind(
      { host: '127.0.0.1', port: npmSide.port },
      { systemId: 'tiny', password: 'obpass' },
    );
    const session = await called;
    await until(() => npmSide.of('outbind').length === 1, 'the outbind');
    expect(npmSide.of('outbind')[0]).toMatchObject({ system_id: 'tiny', password: 'obpass' });
    const answer = await npmSide.ask('bind_receiver', { system_id: 'us', password: 'pw' });
    expect(answer).toMatchObject({ command_status: 0, system_id: 'tiny' });
    expect(await session.deliverSm({ shortMessage: Buffer.from('x') })).toMatchObject({ commandStatus: 0 });
  });

  test('outbind to nobody is rejected', async () => {
    const scene = await serve();
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as { port: number };
    await new Promise((resolve) => other.close(resolve));
    const called = scene.server.outbind({ host: '127.0.0.1', port }, { systemId: 'a', password: 'b' });
    await expect(called).rejects.toThrow('ECONNREFUSED');
  });
});

describe('what does not fit', () => {
  test.each([
    ['unknown_request', '00000010800000000000000300000015'],
    ['v50_only_cmd_on_v34', '00000010800000000000000300000047'],
    ['v33_param_retrieve', '00000010800000000000000300000052'],
    ['deliver_sm_from_esme', '00000010800000050000000400000001'],
    ['second_bind', '00000010800000090000000500000001'],
    ['dests_zero', '00000010800000210000003300000078'],
    ['dest_flag_bad', '00000010800000210000004000000079'],
    ['data_sm_no_payload', '0000001080000103000000c30000007a'],
    ['sm_length_overrun', '00000010800000040000000100000065'],
    ['tlv_len_overrun', '0000001080000004000000c000000067'],
    ['unknown_response', ''],
    ['outbind', ''],
  ])('%s is answered, and the session stays', async (name, expected) => {
    const scene = await serve();
    const peer = await rawEsme(scene);
    peer.write(vectorNamed(name).bytes);
    peer.write(vectorNamed('enquire_link').bytes);
    const pong = vectorNamed('enquire_link_resp').bytes.toString('hex');
    await until(() => peer.heard.endsWith(pong), 'an answer');
    expect(peer.heard).toBe(expected + pong);
    expect(scene.requests).toEqual([]);
  });

  test('a submit_sm before the bind', async () => {
    const scene = await serve();
    const peer = await rawClient(scene.server.port);
    onEnd(() => peer.destroy());
    peer.write(vectorNamed('submit_before_bind').bytes);
    expect(await peer.takePdu()).toBe('0000001080000004000000040000000a');
  });

  test('a broken length: generic_nack and the end', async () => {
    const scene = await serve();
    const peer = await rawEsme(scene);
    peer.write(vectorNamed('bad_len_15').bytes);
    expect(await peer.takePdu()).toBe('00000010800000000000000200000000');
    await peer.untilClosed();
  });

  test('who does not bind in time is closed', async () => {
    const scene = await serve(() => 0, { bindTimeoutMs: 50 });
    const peer = await rawClient(scene.server.port);
    await peer.untilClosed();
    expect(scene.told).toEqual(['closed no bind in time']);
  });

  test('more connections than sessionsMax', async () => {
    const scene = await serve(() => 0, { sessionsMax: 1 });
    await rawEsme(scene);
    const second = await rawClient(scene.server.port);
    await second.untilClosed();
  });

  test('a command that the handler does not serve gets generic_nack', async () => {
    const scene = await serve(() => 3);
    const peer = await rawEsme(scene);
    peer.write(vectorNamed('query_sm').bytes);
    expect(await peer.takePdu()).toBe('00000010800000000000000300000032');
  });

  test('a handler that throws, and an answer that can not be written: ESME_RSYSERR', async () => {
    const errors: string[] = [];
    const answers: (() => Answer)[] = [
      () => {
        throw new Error('full');
      },
      () => ({ messageId: 'x'.repeat(65) }),
    ];
    const scene = await serve(
      () => (answers.shift() as () => Answer)(),
      {},
      { onError: (error) => errors.push(String(error)) },
    );
    const peer = await rawEsme(scene);
    for (let count = 0; count < 2; count++) {
      peer.write(vectorNamed('submit_sm_gsm7_plain').bytes);
      expect(await peer.takePdu()).toBe('0000001080000004000000080000000a');
    }
    expect(errors).toEqual(['Error: full', expect.stringContaining('message_id')]);
  });
});

test('a system_id of ours that no bind response has room for', async () => {
  const served = serve(() => 0, { systemId: 'sixteen-letters-' });
  await expect(served).rejects.toThrow('system_id: 16 characters, 15 are the most');
});

test('an address that is taken', async () => {
  const scene = await serve();
  await expect(serve(() => 0, { port: scene.server.port })).rejects.toThrow('EADDRINUSE');
});

test('close unbinds the bound and closes the others', async () => {
  const scene = await serve();
  const { esme } = await npmEsme(scene);
  const stranger = await rawClient(scene.server.port);
  await until(() => scene.server.sessions.size === 2, 'both');
  await scene.server.close();
  expect(esme.seen.at(-1)?.command).toBe('unbind');
  await stranger.untilClosed();
  esme.close();
});

test('an ESME that asks and does not read the answers is cut', async () => {
  const scene = await serve();
  const peer = await rawEsme(scene);
  peer.socket.pause();
  const many = Buffer.concat(Array.from({ length: 65_536 }, () => vectorNamed('enquire_link').bytes));
  for (let chunk = 0; chunk < 200 && scene.told.length === 0; chunk++) {
    peer.write(many);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  await until(() => scene.told.length === 1, 'the end');
  expect(scene.told).toEqual(['closed the peer does not read']);
});
