import { afterEach, describe, expect, test } from 'vitest';
import { EsmeSession } from '../../src/smpp/esme-session.ts';
import type { Answer } from '../../src/smpp/library-types.ts';
import { until } from '../support/daemon.ts';
import { vectorNamed } from '../support/vectors.ts';
import { endAll, onEnd } from './library.ts';
import { npmEsme, rawEsme, serve } from './tiny-smsc.ts';

afterEach(endAll);

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
  onEnd(() => session.close());
  const peer = await rawEsme(scene, 0x33);
  peer.write(vectorNamed('submit_sm_gsm7_plain').bytes);
  expect(await peer.takePdu()).toBe('000000198000000400000000' + '0000000a' + '304131423243334400');
  peer.write(vectorNamed('query_sm').bytes);
  expect((await peer.takePdu()).slice(0, 24)).toBe('000000148000000300000' + '00c');
  // None of its commands.
  peer.write(vectorNamed('data_sm_payload').bytes);
  expect(await peer.takePdu()).toBe('0000001080000000000000030000002a');
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
  onEnd(() => session.close());
  const texts = Array.from({ length: 2_000 }, (_, index) => String(index));
  const send = async (text: string): Promise<string | null> => {
    const { messageId } = await session.submitSm({ destinationAddr: '49', shortMessage: Buffer.from(text) });
    return messageId;
  };
  expect(await Promise.all(texts.map(send))).toEqual(texts.map((text) => `id-${text}`));
});
