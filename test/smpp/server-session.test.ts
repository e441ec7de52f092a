import { createServer } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { EsmeSession } from '../../src/smpp/esme-session.ts';
import type { Answer } from '../../src/smpp/library-types.ts';
import { listenSmpp } from '../../src/smpp/server-session.ts';
import type {
  EsmeRequest,
  ServerHandlers,
  ServerOptions,
  ServerSession,
  SmppServer,
} from '../../src/smpp/server-session.ts';
import { bindBytes, rawClient } from '../daemon/raw.ts';
import type { RawPeer } from '../daemon/raw.ts';
import { until } from '../support/daemon.ts';
import { TLS } from '../support/tls.ts';
import { vectorNamed } from '../support/vectors.ts';
import { NpmPeer } from './npm-peer.ts';
import type { NpmPdu } from './npm-peer.ts';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

interface Scene {
  server: SmppServer;
  requests: EsmeRequest[];
  sessions: ServerSession[];
  told: string[];
}

/** Takes binds with the password "pw"; requests are answered by `answer`. */
async function serve(
  answer: (pdu: EsmeRequest) => Answer | Promise<Answer> = () => 0,
  options: Partial<ServerOptions> = {},
  handlers: Partial<ServerHandlers> = {},
): Promise<Scene> {
  const scene = { requests: [] as EsmeRequest[], sessions: [] as ServerSession[], told: [] as string[] };
  const { requests, sessions, told } = scene;
  const server = await listenSmpp(
    { host: '127.0.0.1', port: 0, systemId: 'tiny', ...options },
    {
      onBind: (pdu) => (pdu.password === 'pw' ? 0 : 0x0d),
      onBound: (session) => sessions.push(session),
      onRequest: (pdu) => {
        requests.push(pdu);
        return answer(pdu);
      },
      onUnbind: () => told.push('unbind'),
      onMalformed: ({ status, reason }) => told.push(`malformed ${status} ${reason}`),
      onClosed: (_session, why) => told.push(`closed ${why}`),
      ...handlers,
    },
  );
  ends.push(() => server.close());
  return { server, ...scene };
}

async function npmEsme(
  scene: Scene,
  bind = 'bind_transceiver',
  version = 0x34,
  options: object = {},
): Promise<{ esme: NpmPeer; answer: NpmPdu }> {
  const esme = await NpmPeer.esme({ port: scene.server.port, ...options });
  ends.push(() => esme.close());
  const answer = await esme.ask(bind, { system_id: 'us', password: 'pw', interface_version: version });
  await until(() => scene.sessions.length > 0, 'the session');
  return { esme, answer };
}

async function raw(scene: Scene, version = 0x34): Promise<RawPeer> {
  const peer = await rawClient(scene.server.port);
  ends.push(() => peer.destroy());
  peer.write(bindBytes(9, { name: 'us', password: 'pw', version }));
  await peer.takePdu();
  return peer;
}

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
    ends.push(() => esme.close());
    const answer = await esme.ask('bind_transceiver', { system_id: 'us', password: 'no' });
    expect(answer).toMatchObject({ command: 'bind_transceiver_resp', command_status: 0x0d });
    await until(() => scene.told.length === 1, 'the end');
    expect(scene.told).toEqual(['closed the bind was refused']);
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
    ends.push(() => peer.destroy());
    peer.write(Buffer.concat([bindBytes(), vectorNamed('submit_sm_gsm7_plain').bytes]));
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect([scene.requests.length, peer.heard]).toEqual([0, '']);
    decide(0);
    expect((await peer.takePdu()).slice(8, 24)).toBe('8000000900000000');
    expect((await peer.takePdu()).slice(8, 24)).toBe('8000000400000000');
  });
});

describe('every request of the npm package', () => {
  const source = { message_id: 'id-1', source_addr: '49', source_addr_ton: 1 };
  const cases: [string, object, Answer, object, object][] = [
    [
      'submit_sm',
      { destination_addr: '49', short_message: 'hello' },
      { messageId: 'm-1' },
      { destinationAddr: '49', shortMessage: Buffer.from('hello') },
      { message_id: 'm-1' },
    ],
    ['submit_sm', { destination_addr: '49' }, 0x58, { destinationAddr: '49' }, { command_status: 0x58 }],
    [
      'submit_multi',
      { dest_address: [{ destination_addr: '49' }, { dl_name: 'staff' }], short_message: 'x' },
      {
        messageId: 'm-2',
        unsuccessSme: [{ destAddrTon: 0, destAddrNpi: 0, destinationAddr: '49', errorStatusCode: 11 }],
      },
      {
        destAddress: [
          { destFlag: 1, destAddrTon: 0, destAddrNpi: 0, destinationAddr: '49' },
          { destFlag: 2, dlName: 'staff' },
        ],
      },
      { message_id: 'm-2', unsuccess_sme: [{ destination_addr: '49', error_status_code: 11 }] },
    ],
    [
      'data_sm',
      { destination_addr: '49', message_payload: 'hi' },
      { messageId: 'd-1' },
      { destinationAddr: '49', tlvs: [{ tag: 0x0424, value: Buffer.from('hi') }] },
      { message_id: 'd-1' },
    ],
    [
      'query_sm',
      source,
      { messageId: 'id-1', finalDate: '260101120100000+', messageState: 2, errorCode: 0 },
      { messageId: 'id-1', sourceAddr: '49', sourceAddrTon: 1 },
      { message_id: 'id-1', message_state: 2, final_date: new Date(Date.UTC(2026, 0, 1, 12, 1)) },
    ],
    ['cancel_sm', source, 0x11, { messageId: 'id-1', sourceAddr: '49' }, { command_status: 0x11 }],
    [
      'replace_sm',
      { ...source, short_message: 'new' },
      0,
      { messageId: 'id-1', shortMessage: Buffer.from('new') },
      { command_status: 0 },
    ],
    [
      'broadcast_sm',
      {
        source_addr: 'CBE',
        broadcast_area_identifier: [Buffer.from('downtown')],
        broadcast_content_type: { network: 1, content_type: 0x33 },
        broadcast_rep_num: 10,
        broadcast_frequency_interval: { unit: 9, interval: 31 },
        message_payload: 'storm',
      },
      { messageId: 'b-1' },
      { sourceAddr: 'CBE', messageId: '' },
      { message_id: 'b-1' },
    ],
    [
      'query_broadcast_sm',
      { message_id: 'b-1', source_addr: 'CBE' },
      {
        messageId: 'b-1',
        tlvs: [
          { tag: 0x0427, value: Buffer.from([2]) },
          { tag: 0x0606, value: Buffer.from('\0downtown', 'latin1') },
          { tag: 0x0608, value: Buffer.from([100]) },
        ],
      },
      { messageId: 'b-1', sourceAddr: 'CBE' },
      { message_id: 'b-1', message_state: 2 },
    ],
    [
      'cancel_broadcast_sm',
      { message_id: 'b-1', source_addr: 'CBE' },
      0,
      { messageId: 'b-1', sourceAddr: 'CBE' },
      { command_status: 0 },
    ],
  ];

  test.each(cases)('%s', async (command, fields, answer, seen, expected) => {
    const scene = await serve(() => answer);
    const { esme } = await npmEsme(scene, 'bind_transceiver', 0x50);
    const response = await esme.ask(command, fields);
    expect(scene.told).toEqual([]);
    expect(scene.requests).toMatchObject([{ command, ...seen }]);
    expect(response).toMatchObject({ command: `${command}_resp`, ...expected });
  });

  test('enquire_link and unbind', async () => {
    const scene = await serve();
    const { esme } = await npmEsme(scene);
    expect(await esme.ask('enquire_link', {})).toMatchObject({ command: 'enquire_link_resp' });
    expect(await esme.ask('unbind', {})).toMatchObject({ command: 'unbind_resp' });
    expect(scene.told).toEqual(['unbind']);
    esme.close();
    await until(() => scene.told.length === 2, 'the end');
    expect(scene.server.sessions.size).toBe(0);
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
    ends.push(() => npmSide.close());
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
    ['deliver_sm_from_esme', '0000001180000005000000040000000100'],
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
    const peer = await raw(scene);
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
    ends.push(() => peer.destroy());
    peer.write(vectorNamed('submit_before_bind').bytes);
    expect(await peer.takePdu()).toBe('0000001080000004000000040000000a');
  });

  test('a broken length: generic_nack and the end', async () => {
    const scene = await serve();
    const peer = await raw(scene);
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
    await raw(scene);
    const second = await rawClient(scene.server.port);
    await second.untilClosed();
  });

  test('a command that the handler does not serve gets generic_nack', async () => {
    const scene = await serve(() => 3);
    const peer = await raw(scene);
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
    const peer = await raw(scene);
    for (let count = 0; count < 2; count++) {
      peer.write(vectorNamed('submit_sm_gsm7_plain').bytes);
      expect(await peer.takePdu()).toBe('0000001080000004000000080000000a');
    }
    expect(errors).toEqual(['Error: full', expect.stringContaining('message_id')]);
  });
});

test('a 3.3 session: no TLVs in answers, the empty body in errors, and its own commands', async () => {
  const answers: Record<string, Answer> = {
    submit_sm: { messageId: '0A1B2C3D', tlvs: [{ tag: 0x0428, value: Buffer.from([1]) }] },
    query_last_msgs: { messageIds: ['0A1B2C3D', '0A1B2C3E'] },
    param_retrieve: { paramValue: '100' },
    query_msg_details: { details: { sourceAddr: '49', shortMessage: Buffer.from('x'), messageStatus: 2 } },
    query_sm: 0x0c,
  };
  const scene = await serve((pdu) => answers[pdu.command]);
  const options = { host: '127.0.0.1', port: scene.server.port, systemId: 'us', password: 'pw' };
  const session = await EsmeSession.connect({ ...options, interfaceVersion: '3.3' });
  ends.push(() => session.close());
  const peer = await raw(scene, 0x33);
  peer.write(vectorNamed('submit_sm_gsm7_plain').bytes);
  expect(await peer.takePdu()).toBe('000000198000000400000000' + '0000000a' + '304131423243334400');
  peer.write(vectorNamed('query_sm').bytes);
  expect((await peer.takePdu()).slice(0, 24)).toBe('000000148000000300000' + '00c');
  peer.write(vectorNamed('v33_query_last_msgs').bytes);
  expect(await peer.takePdu()).toBe(vectorNamed('v33_query_last_msgs_resp').bytes.toString('hex'));
  peer.write(vectorNamed('v33_param_retrieve').bytes);
  expect(await peer.takePdu()).toBe(vectorNamed('v33_param_retrieve_resp').bytes.toString('hex'));
  expect(await session.queryLastMsgs({ sourceAddr: '49', numMessages: 2 })).toMatchObject({
    messageIds: ['0A1B2C3D', '0A1B2C3E'],
  });
  expect(await session.paramRetrieve({ paramName: 'max' })).toMatchObject({ paramValue: '100' });
  const details = await session.queryMsgDetails({ messageId: '0A1B2C3D', smLength: 10 });
  expect(details).toMatchObject({ sourceAddr: '49', shortMessage: Buffer.from('x') });
});

test('many requests at once, each with its own answer', async () => {
  let requests = 0;
  const scene = await serve(async (pdu) => {
    await new Promise((resolve) => setTimeout(resolve, requests++ % 3));
    return pdu.command === 'submit_sm' ? { messageId: `id-${pdu.shortMessage.toString()}` } : 3;
  });
  const options = {
    host: '127.0.0.1',
    port: scene.server.port,
    systemId: 'us',
    password: 'pw',
    windowMax: 50,
  };
  const session = await EsmeSession.connect(options);
  ends.push(() => session.close());
  const texts = Array.from({ length: 2_000 }, (_, index) => String(index));
  const send = async (text: string): Promise<string | null> => {
    const { messageId } = await session.submitSm({ destinationAddr: '49', shortMessage: Buffer.from(text) });
    return messageId;
  };
  expect(await Promise.all(texts.map(send))).toEqual(texts.map((text) => `id-${text}`));
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
  ends.length = 0;
  expect(esme.seen.at(-1)?.command).toBe('unbind');
  await stranger.untilClosed();
  esme.close();
});
