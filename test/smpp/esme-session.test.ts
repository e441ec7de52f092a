import { createServer } from 'node:net';
import type { Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { EsmeSession } from '../../src/smpp/esme-session.ts';
import { BindError } from '../../src/smpp/library-types.ts';
import { pduBytes } from '../daemon/raw.ts';
import { until } from '../support/daemon.ts';
import { oracleEncode } from '../support/oracle.ts';
import { TLS } from '../support/tls.ts';
import { vectorNamed } from '../support/vectors.ts';
import { bound, endAll, npmSmsc, onEnd, overRaw, rawSmsc, tlv } from './library.ts';
import { NpmPeer } from './npm-peer.ts';

afterEach(endAll);

describe('the bind, answered by the npm package', () => {
  test.each([
    ['transceiver', 'bind_transceiver', '3.4', 0x34],
    ['transmitter', 'bind_transmitter', '3.3', 0x33],
    ['receiver', 'bind_receiver', '5.0', 0x50],
  ] as const)('as a %s', async (bind, command, interfaceVersion, number) => {
    const smsc = await npmSmsc();
    smsc.answers[command] = { system_id: 'npm', sc_interface_version: 0x50 };
    const session = await bound(smsc.port, { bind, interfaceVersion, systemType: 'T', addressRange: '^49' });
    expect(smsc.seen[0]).toMatchObject({
      command,
      system_id: 'us',
      password: 'pw',
      system_type: 'T',
      interface_version: number,
      address_range: '^49',
    });
    expect([session.version, session.smscId, session.tlvs]).toEqual([number, 'npm', number > 0x33]);
  });

  test('refused: a BindError with the status, and the connection is closed', async () => {
    const smsc = await npmSmsc();
    smsc.answers.bind_transceiver = { command_status: 0x0d };
    const refused = bound(smsc.port);
    await expect(refused).rejects.toThrow(BindError);
    await expect(refused).rejects.toMatchObject({ status: 0x0d, message: /ESME_RBINDFAIL/ });
    await until(() => smsc.session.closed, 'the end');
  });

  test('over TLS, with the certificate checked', async () => {
    const smsc = await npmSmsc({ key: TLS.key, cert: TLS.cert });
    const session = await bound(smsc.port, { host: 'localhost', tls: { ca: TLS.cert } });
    expect((await session.enquireLink()).commandStatus).toBe(0);
    await expect(bound(smsc.port, { host: 'localhost', tls: true })).rejects.toThrow(
      /not bound: .*self.signed/,
    );
  });
});

describe('the bind fails', () => {
  test('where nobody listens', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    await new Promise((resolve) => server.close(resolve));
    await expect(bound(port)).rejects.toThrow(/not bound: connect ECONNREFUSED/);
  });

  test('where the SMSC closes, says generic_nack, or nothing', async () => {
    const smsc = await rawSmsc();
    const closed = expect(bound(smsc.port)).rejects.toThrow('not bound');
    const first = await smsc.connection(1);
    await first.takePdu();
    first.destroy();
    await closed;
    const nacked = expect(bound(smsc.port)).rejects.toMatchObject({ name: 'BindError', status: 3 });
    const second = await smsc.connection(2);
    await second.takePdu();
    second.write(oracleEncode('generic_nack', { sequence_number: 1, command_status: 3 }));
    await nacked;
    await expect(bound(smsc.port, { bindTimeoutMs: 50 })).rejects.toThrow(/^not bound: .*no bind in time$/);
  });

  test('where a field does not fit', async () => {
    const smsc = await rawSmsc();
    await expect(bound(smsc.port, { systemId: 'sixteen-letters!' })).rejects.toThrow(/system_id/);
  });
});

describe('from the SMSC', () => {
  test('deliver_sm, data_sm and alert_notification of the npm package', async () => {
    const smsc = await npmSmsc();
    const told: unknown[] = [];
    await bound(
      smsc.port,
      {},
      {
        onDeliverSm: (pdu) => {
          told.push([pdu.command, pdu.sourceAddr, pdu.shortMessage.toString()]);
          return 0;
        },
        onDataSm: async (pdu) => {
          await new Promise((resolve) => setTimeout(resolve, 5));
          told.push([pdu.command, pdu.sourceAddr, pdu.tlvs[0].value.toString()]);
          return { commandStatus: 0x64, tlvs: [tlv(0x0425, '03')] };
        },
        onAlertNotification: (pdu) => told.push([pdu.command, pdu.sourceAddr, pdu.esmeAddr]),
      },
    );
    const answer = await smsc.ask('deliver_sm', { source_addr: '49', short_message: 'STOP' });
    expect(answer).toMatchObject({ command: 'deliver_sm_resp', command_status: 0 });
    const refused = await smsc.ask('data_sm', { source_addr: '49', message_payload: 'hi' });
    expect(refused).toMatchObject({ command_status: 0x64, delivery_failure_reason: 3 });
    smsc.session.alert_notification({ source_addr: '49', esme_addr: '12345' });
    await until(() => told.length === 3, 'the alert');
    expect(told).toEqual([
      ['deliver_sm', '49', 'STOP'],
      ['data_sm', '49', 'hi'],
      ['alert_notification', '49', '12345'],
    ]);
  });

  test('a deliver_sm right behind the bind response is taken', async () => {
    const smsc = await rawSmsc();
    const texts: string[] = [];
    const connecting = bound(
      smsc.port,
      {},
      {
        onDeliverSm: (pdu) => {
          texts.push(pdu.shortMessage.toString());
          return 0;
        },
      },
    );
    const peer = await smsc.connection();
    const request = Buffer.from(await peer.takePdu(), 'hex');
    const answer = pduBytes(0x8000_0009, request.readUInt32BE(12), Buffer.from('raw\0'));
    peer.write(Buffer.concat([answer, vectorNamed('deliver_sm_mo').bytes]));
    await connecting;
    expect(await peer.takePdu()).toBe('0000001180000005000000000000000100');
    expect(texts).toEqual(['STOP']);
  });

  test.each([
    ['unknown_request', '00000010800000000000000300000015'],
    ['submit_sm_gsm7_plain', '0000001080000004000000040000000a'],
    ['query_sm', '00000010800000030000000400000032'],
    ['unknown_response', ''],
    ['unmatched_submit_sm_resp', ''],
    ['generic_nack_unmatched', ''],
    ['request_seq_high', '000000108000001500000000ffffffff'],
    ['enquire_link_with_body', '0000001080000015000000000000004e'],
  ])('%s', async (name, expected) => {
    const { peer } = await overRaw();
    peer.write(vectorNamed(name).bytes);
    peer.write(vectorNamed('enquire_link').bytes);
    const pong = vectorNamed('enquire_link_resp').bytes.toString('hex');
    await until(() => peer.heard.endsWith(pong), 'an answer');
    expect(peer.heard).toBe(expected + pong);
  });

  test.each([
    [0, '0000001180000103000000000000002c00'],
    [0x64, '0000001180000103000000640000002c00'],
  ])(
    'data_sm on a 3.3 session is taken: the receipt in it is not to be lost; answered %i',
    async (status, answer) => {
      const { peer } = await overRaw({ interfaceVersion: '3.3' }, { onDataSm: () => status });
      peer.write(vectorNamed('data_sm_dlr').bytes);
      expect(await peer.takePdu()).toBe(answer);
    },
  );

  test('what does not belong is answered on a 3.3 session with the body that 3.3 has', async () => {
    const { peer } = await overRaw({ interfaceVersion: '3.3', bind: 'transmitter' });
    for (const [name, answer] of [
      ['submit_sm_gsm7_plain', '0000001180000004000000040000000a00'],
      ['query_sm', '0000001480000003000000040000003200000000'],
      ['deliver_sm_mo', '0000001180000005000000040000000100'],
      ['data_sm_dlr', '0000001180000103000000040000002c00'],
      ['cancel_sm_by_id', '00000010800000080000000400000035'],
      ['unknown_request', '00000010800000000000000300000015'],
    ]) {
      peer.write(vectorNamed(name).bytes);
      expect(await peer.takePdu(), name).toBe(answer);
    }
  });

  test('what can not be read is answered and told', async () => {
    const told: string[] = [];
    const { peer } = await overRaw(
      {},
      { onMalformed: ({ status, reason }) => told.push(`${status} ${reason}`) },
    );
    const cut = Buffer.from(vectorNamed('deliver_sm_mo').bytes.subarray(0, 30));
    cut.writeUInt32BE(30, 0);
    peer.write(cut);
    expect(await peer.takePdu()).toBe('0000001180000005000000020000000100');
    expect(told).toHaveLength(1);
    expect(told[0]).toMatch(/^2 /);
  });

  test('unbind is answered, told, and ends the session', async () => {
    const told: string[] = [];
    const { session, peer } = await overRaw(
      { unbindTimeoutMs: 100 },
      { onUnbind: () => told.push('unbind'), onClosed: (why) => told.push(why) },
    );
    const waiting = expect(session.submitSm({ destinationAddr: '49' })).rejects.toThrow('the SMSC unbound');
    await peer.takePdu();
    peer.write(vectorNamed('unbind').bytes);
    expect(await peer.takePdu()).toBe(vectorNamed('unbind_resp').bytes.toString('hex'));
    await waiting;
    await peer.untilClosed();
    expect(told).toEqual(['unbind', 'the SMSC unbound']);
  });

  test('a handler that throws: ESME_RX_T_APPN, and the error is told', async () => {
    const errors: unknown[] = [];
    const { peer } = await overRaw(
      {},
      {
        onDeliverSm: () => {
          throw new Error('full');
        },
        onError: (error) => errors.push(error),
      },
    );
    peer.write(vectorNamed('deliver_sm_mo').bytes);
    expect(await peer.takePdu()).toBe('0000001180000005000000640000000100');
    expect(String(errors)).toBe('Error: full');
  });

  test('with too many unanswered nothing more is read until one is answered', async () => {
    const answers: (() => void)[] = [];
    const { peer } = await overRaw(
      { requestsMax: 2 },
      { onDeliverSm: () => new Promise((resolve) => answers.push(() => resolve(0))) },
    );
    const { bytes } = vectorNamed('deliver_sm_mo');
    peer.write(Buffer.concat([bytes, bytes, bytes, vectorNamed('enquire_link').bytes]));
    await until(() => answers.length === 2, 'two');
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect([answers.length, peer.heard]).toEqual([2, '']);
    answers[0]();
    await until(() => answers.length === 3, 'the third');
    answers[1]();
    answers[2]();
    await until(() => peer.heard.length === 2 * (3 * 17 + 16), 'all answers');
  });
});

test('silence is broken by enquire_link, and two without an answer end the session', async () => {
  const closed: string[] = [];
  const { peer } = await overRaw(
    { enquireLinkMs: 50, responseTimeoutMs: 1_000 },
    { onClosed: (why) => closed.push(why) },
  );
  expect(Buffer.from(await peer.takePdu(), 'hex').readUInt32BE(4)).toBe(0x15);
  await until(() => closed.length === 1, 'the end');
  expect(closed).toEqual(['the peer was silent for too long']);
  // The second enquire_link.
  expect(peer.heard.length).toBe(32);
});

test('an SMSC that calls: the bind goes out on its connection', async () => {
  const listener = createServer();
  const called = new Promise<Socket>((resolve) => listener.once('connection', resolve));
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  onEnd(() => listener.close());
  const { port } = listener.address() as { port: number };
  const smsc = await NpmPeer.esme({ port });
  onEnd(() => smsc.close());
  smsc.session.outbind({ system_id: 'SMSC01', password: 'obpass' });
  const socket = await called;
  const heard = await new Promise<Buffer>((resolve) => socket.once('data', resolve));
  expect(heard.toString('latin1')).toContain('SMSC01\0obpass\0');
  const options = { systemId: 'us', bind: 'receiver' } as const;
  const session = await EsmeSession.answerOutbind(socket, Buffer.alloc(0), options);
  onEnd(() => session.close());
  expect(smsc.of('bind_receiver')[0]).toMatchObject({ system_id: 'us' });
  expect(await smsc.ask('enquire_link', {})).toMatchObject({ command: 'enquire_link_resp' });
});
