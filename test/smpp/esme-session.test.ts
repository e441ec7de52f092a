import { createServer } from 'node:net';
import type { Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import * as smpp from '../../src/smpp/constants.ts';
import { EsmeSession } from '../../src/smpp/esme-session.ts';
import type { EsmeHandlers, EsmeOptions } from '../../src/smpp/esme-session.ts';
import { BindError, RequestError } from '../../src/smpp/library-types.ts';
import { pduBytes } from '../daemon/raw.ts';
import type { RawPeer } from '../daemon/raw.ts';
import { until } from '../support/daemon.ts';
import { oracleEncode } from '../support/oracle.ts';
import { TLS } from '../support/tls.ts';
import { vectorNamed } from '../support/vectors.ts';
import { NpmPeer } from './npm-peer.ts';
import { PeerSmsc } from './smsc-peer.ts';

const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0).toReversed()) end();
});

async function npmSmsc(options: object = {}): Promise<NpmPeer> {
  const smsc = await NpmPeer.smsc(options);
  ends.push(() => smsc.close());
  return smsc;
}

async function rawSmsc(): Promise<PeerSmsc> {
  const smsc = await PeerSmsc.start();
  ends.push(() => smsc.close());
  return smsc;
}

async function bound(
  port: number,
  options: Partial<EsmeOptions> = {},
  handlers: EsmeHandlers = {},
): Promise<EsmeSession> {
  const whole = { host: '127.0.0.1', port, systemId: 'us', password: 'pw', ...options };
  const session = await EsmeSession.connect(whole, handlers);
  ends.push(() => session.close());
  return session;
}

/** Bound to a bare SMSC, whose every byte the test chooses. */
async function overRaw(
  options: Partial<EsmeOptions> = {},
  handlers: EsmeHandlers = {},
): Promise<{ session: EsmeSession; peer: RawPeer }> {
  const smsc = await rawSmsc();
  const connecting = bound(smsc.port, options, handlers);
  const peer = await smsc.connection();
  const request = Buffer.from(await peer.takePdu(), 'hex');
  const body = Buffer.from('raw\0\x02\x10\0\x01\x50', 'latin1');
  peer.write(pduBytes(smpp.responseIdOf(request.readUInt32BE(4)), request.readUInt32BE(12), body));
  return { session: await connecting, peer };
}

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

const addresses = {
  sourceAddrTon: 5,
  sourceAddr: 'Shop',
  destAddrTon: 1,
  destAddrNpi: 1,
  destinationAddr: '447700900123',
};
const npmAddresses = {
  source_addr_ton: 5,
  source_addr: 'Shop',
  dest_addr_ton: 1,
  dest_addr_npi: 1,
  destination_addr: '447700900123',
};
const source = { messageId: 'id-1', sourceAddrTon: 1, sourceAddrNpi: 1, sourceAddr: '447700900001' };
const npmSource = {
  message_id: 'id-1',
  source_addr_ton: 1,
  source_addr_npi: 1,
  source_addr: '447700900001',
};
const tlv = (tag: number, hex: string): { tag: number; value: Buffer } => ({
  tag,
  value: Buffer.from(hex, 'hex'),
});

describe('every request, with the npm package as the SMSC', () => {
  let smsc: NpmPeer;
  let session: EsmeSession;
  beforeEach(async () => {
    smsc = await npmSmsc();
    smsc.answers.bind_transceiver = { system_id: 'npm', sc_interface_version: 0x50 };
    session = await bound(smsc.port, { interfaceVersion: '5.0' });
  });

  test('submit_sm', async () => {
    smsc.answers.submit_sm = { message_id: 'm-1' };
    const response = await session.submitSm({
      ...addresses,
      serviceType: 'CMT',
      esmClass: 3,
      priorityFlag: 2,
      validityPeriod: '000002000000000R',
      registeredDelivery: 1,
      dataCoding: 3,
      shortMessage: Buffer.from('Café', 'latin1'),
      tlvs: [tlv(0x0204, '002a')],
    });
    expect(response).toMatchObject({
      command: 'submit_sm_resp',
      commandStatus: 0,
      messageId: 'm-1',
      tlvs: [],
    });
    expect(smsc.of('submit_sm')[0]).toMatchObject({
      ...npmAddresses,
      service_type: 'CMT',
      esm_class: 3,
      priority_flag: 2,
      registered_delivery: 1,
      data_coding: 3,
      short_message: { message: 'Café' },
      user_message_reference: 42,
    });
  });

  test('submit_sm that is refused', async () => {
    smsc.answers.submit_sm = { command_status: 0x58 };
    expect(await session.submitSm(addresses)).toMatchObject({ commandStatus: 0x58 });
  });

  test('submit_multi', async () => {
    const failed = { dest_addr_ton: 1, dest_addr_npi: 1, destination_addr: '49', error_status_code: 11 };
    smsc.answers.submit_multi = { message_id: 'm-2', unsuccess_sme: [failed] };
    const response = await session.submitMulti({
      sourceAddr: 'Shop',
      destAddress: [
        { destFlag: 1, destAddrTon: 1, destAddrNpi: 1, destinationAddr: '49' },
        { destFlag: 2, dlName: 'staff' },
      ],
      shortMessage: Buffer.from('to all'),
    });
    expect(response).toMatchObject({
      messageId: 'm-2',
      unsuccessSme: [{ destAddrTon: 1, destAddrNpi: 1, destinationAddr: '49', errorStatusCode: 11 }],
    });
    expect(smsc.of('submit_multi')[0].dest_address).toMatchObject([
      { dest_addr_ton: 1, dest_addr_npi: 1, destination_addr: '49' },
      { dl_name: 'staff' },
    ]);
  });

  test('data_sm', async () => {
    smsc.answers.data_sm = { message_id: 'd-1' };
    const response = await session.dataSm({ ...addresses, tlvs: [tlv(0x0424, '68690a')] });
    expect(response).toMatchObject({ command: 'data_sm_resp', messageId: 'd-1' });
    expect(smsc.of('data_sm')[0]).toMatchObject({ ...npmAddresses, message_payload: { message: 'hi\n' } });
  });

  test('query_sm', async () => {
    const final_date = new Date(Date.UTC(2026, 0, 1, 12));
    smsc.answers.query_sm = { message_id: 'id-1', final_date, message_state: 2, error_code: 7 };
    const response = await session.querySm(source);
    expect(response).toMatchObject({ messageId: 'id-1', messageState: 2, errorCode: 7 });
    expect(response.finalDate).toMatch(/^260101/);
    expect(smsc.of('query_sm')[0]).toMatchObject(npmSource);
  });

  test('cancel_sm', async () => {
    smsc.answers.cancel_sm = { command_status: 0x11 };
    const response = await session.cancelSm({ ...source, destinationAddr: '49', serviceType: 'VMA' });
    expect(response).toMatchObject({ command: 'cancel_sm_resp', commandStatus: 0x11 });
    const seen = { ...npmSource, destination_addr: '49', service_type: 'VMA' };
    expect(smsc.of('cancel_sm')[0]).toMatchObject(seen);
  });

  test('replace_sm', async () => {
    const response = await session.replaceSm({
      ...source,
      shortMessage: Buffer.from('new'),
      registeredDelivery: 1,
    });
    expect(response).toMatchObject({ command: 'replace_sm_resp', commandStatus: 0 });
    expect(smsc.of('replace_sm')[0]).toMatchObject({
      ...npmSource,
      registered_delivery: 1,
      // The package does not decode this one.
      short_message: Buffer.from('new'),
    });
  });

  test('broadcast_sm, query_broadcast_sm, cancel_broadcast_sm', async () => {
    smsc.answers.broadcast_sm = { message_id: 'b-1' };
    const broadcast = await session.broadcastSm({
      sourceAddr: 'CBE',
      tlvs: [
        tlv(0x0606, '00646f776e746f776e'),
        tlv(0x0601, '010033'),
        tlv(0x0604, '000a'),
        tlv(0x0605, '09001f'),
        tlv(0x0424, '68690a'),
      ],
    });
    expect(broadcast).toMatchObject({ command: 'broadcast_sm_resp', messageId: 'b-1' });
    expect(smsc.of('broadcast_sm')[0]).toMatchObject({ source_addr: 'CBE', broadcast_rep_num: 10 });
    smsc.answers.query_broadcast_sm = { message_id: 'b-1', message_state: 2, broadcast_area_success: 100 };
    const query = await session.queryBroadcastSm({ messageId: 'b-1', sourceAddr: 'CBE' });
    expect(query).toMatchObject({ command: 'query_broadcast_sm_resp', messageId: 'b-1' });
    expect(query.tlvs.map(({ tag, value }) => [tag, value[0]])).toContainEqual([0x0427, 2]);
    const cancel = await session.cancelBroadcastSm({ messageId: 'b-1', sourceAddr: 'CBE' });
    expect(cancel).toMatchObject({ command: 'cancel_broadcast_sm_resp', commandStatus: 0 });
  });

  test('enquire_link and unbind', async () => {
    expect(await session.enquireLink()).toMatchObject({ command: 'enquire_link_resp', commandStatus: 0 });
    await session.unbind();
    expect(smsc.seen.at(-1)?.command).toBe('unbind');
    await until(() => smsc.session.closed, 'the end');
    await expect(session.enquireLink()).rejects.toThrow('the session has ended');
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
      {},
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

describe('requests and their answers', () => {
  const submit = { destinationAddr: '49', shortMessage: Buffer.from('x') };

  test('no more than the window are in flight; the others follow in order', async () => {
    const { session, peer } = await overRaw({ windowMax: 2 });
    const all = [1, 2, 3].map((number) => session.submitSm({ ...submit, sourceAddr: `s${number}` }));
    const sequences: number[] = [];
    for (let count = 0; count < 2; count++) {
      sequences.push(Buffer.from(await peer.takePdu(), 'hex').readUInt32BE(12));
    }
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(peer.heard).toBe('');
    const answer = (sequence_number: number, message_id: string): void =>
      peer.write(oracleEncode('submit_sm_resp', { sequence_number, message_id }));
    // Out of order.
    answer(sequences[1], 'b');
    const third = Buffer.from(await peer.takePdu(), 'hex');
    expect(third.toString('latin1')).toContain('s3');
    answer(third.readUInt32BE(12), 'c');
    answer(sequences[0], 'a');
    expect((await Promise.all(all)).map(({ messageId }) => messageId)).toEqual(['a', 'b', 'c']);
  });

  test('more than waitingMax behind a full window are refused', async () => {
    const { session } = await overRaw({ windowMax: 1, waitingMax: 1 });
    const taken = [1, 2].map(() => expect(session.submitSm(submit)).rejects.toThrow('submit_sm: closed'));
    await expect(session.submitSm(submit)).rejects.toThrow('1 requests wait already');
    session.close();
    await Promise.all(taken);
  });

  test('no answer in time', async () => {
    const { session } = await overRaw({ responseTimeoutMs: 50 });
    await expect(session.submitSm(submit)).rejects.toThrow('submit_sm: no answer within 50 ms');
  });

  test('generic_nack in its place, also with sequence_number 0', async () => {
    const { session, peer } = await overRaw();
    for (const named of [true, false]) {
      const refused = session.querySm({ messageId: 'x' }).catch((error: unknown) => error);
      const sequence_number = named ? Buffer.from(await peer.takePdu(), 'hex').readUInt32BE(12) : 0;
      peer.write(oracleEncode('generic_nack', { sequence_number, command_status: 3 }));
      const error = await refused;
      expect(error).toBeInstanceOf(RequestError);
      expect(error).toMatchObject({ status: 3, message: 'query_sm: generic_nack ESME_RINVCMDID' });
    }
  });

  test('the response of another command answers nothing', async () => {
    const { session, peer } = await overRaw();
    const query = session.querySm({ messageId: 'x' });
    const sequence_number = Buffer.from(await peer.takePdu(), 'hex').readUInt32BE(12);
    peer.write(oracleEncode('cancel_sm_resp', { sequence_number }));
    peer.write(oracleEncode('query_sm_resp', { sequence_number, message_id: 'x', message_state: 1 }));
    expect(await query).toMatchObject({ command: 'query_sm_resp', messageState: 1 });
  });

  test('the TLVs of a failed transaction are there', async () => {
    const { session, peer } = await overRaw({ interfaceVersion: '5.0' });
    const sent = session.submitSm(submit);
    const request = Buffer.from(await peer.takePdu(), 'hex');
    const answer = Buffer.from(vectorNamed('submit_sm_resp_v50_transaction_fail').bytes);
    request.copy(answer, 12, 12, 16);
    peer.write(answer);
    const response = await sent;
    expect(response.commandStatus).toBe(0xfe);
    expect(response.tlvs.map(({ tag }) => tag)).toEqual([0x0425, 0x0423, 0x001d]);
  });

  test('a value that does not fit is named, and nothing is sent', async () => {
    const { session, peer } = await overRaw();
    await expect(session.submitSm({ destinationAddr: '1'.repeat(21) })).rejects.toThrow(/destination_addr/);
    await expect(session.broadcastSm({})).rejects.toThrow(/broadcast_sm: is none of version 0x34/);
    expect(peer.heard).toBe('');
  });

  test('a 3.3 session has no TLVs', async () => {
    const { session } = await overRaw({ interfaceVersion: '3.3' });
    const payload = session.submitSm({ destinationAddr: '49', tlvs: [tlv(0x0424, '6869')] });
    await expect(payload).rejects.toThrow('tlvs: SMPP 3.3 has none');
  });
});

test('silence is broken by enquire_link, and two without an answer end the session', async () => {
  const closed: string[] = [];
  const { peer } = await overRaw(
    { enquireLinkMs: 50, responseTimeoutMs: 100 },
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
  ends.push(() => listener.close());
  const { port } = listener.address() as { port: number };
  const smsc = await NpmPeer.esme({ port });
  ends.push(() => smsc.close());
  smsc.session.outbind({ system_id: 'SMSC01', password: 'obpass' });
  const socket = await called;
  const heard = await new Promise<Buffer>((resolve) => socket.once('data', resolve));
  expect(heard.toString('latin1')).toContain('SMSC01\0obpass\0');
  const options = { systemId: 'us', bind: 'receiver' } as const;
  const session = await EsmeSession.answerOutbind(socket, Buffer.alloc(0), options);
  ends.push(() => session.close());
  expect(smsc.of('bind_receiver')[0]).toMatchObject({ system_id: 'us' });
  expect(await smsc.ask('enquire_link', {})).toMatchObject({ command: 'enquire_link_resp' });
});
