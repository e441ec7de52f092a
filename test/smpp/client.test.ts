import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { connect } from 'node:net';
import * as smpp from '../../src/smpp/constants.ts';
import { pduBytes } from '../daemon/raw.ts';
import { until } from '../support/daemon.ts';
import { oracleDecode, oracleEncode } from '../support/oracle.ts';
import { validOf, vectorNamed } from '../support/vectors.ts';
import { ClientStage, announcing } from './client-stage.ts';
import { Told } from './smsc-peer.ts';

let stage: ClientStage;
beforeEach(async () => {
  stage = await ClientStage.start();
});
afterEach(() => stage.end());

describe('messages', () => {
  const body = vectorNamed('submit_sm_gsm7_plain').bytes.subarray(16);
  const submit = (slot: number, command?: number): void => {
    stage.bind.submit(slot, body, 0, body.length, Date.now(), command);
    stage.bind.flush();
  };

  test('go as submit_sm, or as data_sm whose answer counts the same', async () => {
    const peer = await stage.bound();
    submit(7);
    const first = oracleDecode(Buffer.from(await peer.takePdu(), 'hex'));
    expect(first).toMatchObject({ command: 'submit_sm', destination_addr: '447700900123' });
    const data = validOf('data_sm')[0].bytes.subarray(16);
    stage.bind.submit(8, data, 0, data.length, Date.now(), smpp.DATA_SM);
    stage.bind.flush();
    const second = oracleDecode(Buffer.from(await peer.takePdu(), 'hex'));
    expect(second).toMatchObject({ command: 'data_sm', destination_addr: '447700900123' });
    const sequence = second.sequence_number;
    peer.write(oracleEncode('data_sm_resp', { sequence_number: sequence, message_id: 'd-1' }));
    await stage.told.line('submit 8 0');
    peer.write(oracleEncode('submit_sm_resp', { sequence_number: first.sequence_number, message_id: 's-1' }));
    await stage.told.line('submit 7 0');
    expect(stage.bind.window.size).toBe(0);
    peer.write(oracleEncode('data_sm_resp', { sequence_number: sequence, message_id: 'd-1' }));
    await stage.told.line(`unmatched ${String(sequence)} 0`);
  });

  test.each([
    ['submit_sm_resp_throttled', 0x58],
    ['submit_sm_resp_err_with_id', 0x0b],
    ['submit_sm_resp_err_zero_id', 0x0a],
    ['submit_sm_resp_v50_transaction_fail', 0xfe],
  ])('refused as in %s', async (name, status) => {
    const peer = await stage.bound();
    submit(1);
    const request = Buffer.from(await peer.takePdu(), 'hex');
    const answer = Buffer.from(vectorNamed(name).bytes);
    request.copy(answer, 12, 12, 16);
    peer.write(answer);
    expect(await stage.told.line('submit')).toBe(`submit 1 ${status.toString(16)}`);
    expect(stage.told.pdus).toEqual([answer.toString('hex')]);
  });

  test('congestion_state of a 5.0 response is stage.told; a 3.4 session does not look for it', async () => {
    const tlv = { sequence_number: 0, message_id: 'a', congestion_state: 95 };
    for (const [version, lines] of [
      ['5.0', ['submit 1 0', 'congestion 95']],
      ['3.4', ['submit 1 0']],
    ] as const) {
      stage.told = new Told();
      stage.smsc.connections.length = 0;
      const peer = await stage.bound({ interface_version: version }, announcing(0x50));
      submit(1);
      tlv.sequence_number = Buffer.from(await peer.takePdu(), 'hex').readUInt32BE(12);
      peer.write(oracleEncode('submit_sm_resp', tlv));
      await stage.told.line('submit');
      expect(stage.told.lines.slice(1)).toEqual(lines);
      stage.bind.close();
    }
  });

  test('generic_nack 0 answers the only request; a second one to nobody ends the link', async () => {
    const peer = await stage.bound({ window: 5 });
    submit(1);
    peer.write(oracleEncode('generic_nack', { command_status: 8, sequence_number: 0 }));
    await stage.told.line('submit 1 8');
    submit(2);
    submit(3);
    const { bytes } = vectorNamed('generic_nack_unmatched');
    peer.write(bytes);
    // Answered behind it, so the first nack was read and did not end the link.
    peer.write(vectorNamed('enquire_link').bytes);
    await until(
      () => peer.heard.endsWith(vectorNamed('enquire_link_resp').bytes.toString('hex')),
      'an answer',
    );
    expect(stage.bind.window.size).toBe(2);
    peer.write(bytes);
    await stage.told.line('down: the SMSC sent several generic_nacks');
    await peer.untilClosed();
  });

  test('generic_nack 0 that speaks of a broken length ends the link at once', async () => {
    const peer = await stage.bound();
    submit(1);
    peer.write(vectorNamed('generic_nack_seq0').bytes);
    await stage.told.line('down: the SMSC says that it lost the framing');
    expect(stage.bind.window.size).toBe(1);
  });
});

describe('operations', () => {
  const query = vectorNamed('query_sm').bytes.subarray(16);

  test('go out with their body, and their answers come back by token in any order', async () => {
    const peer = await stage.bound();
    expect(stage.bind.operate(smpp.QUERY_SM, query, 11, Date.now())).toBe(true);
    expect(stage.bind.operate(smpp.CANCEL_SM, vectorNamed('cancel_sm_by_id').bytes.subarray(16), 12, 0)).toBe(
      true,
    );
    stage.bind.flush();
    const first = Buffer.from(await peer.takePdu(), 'hex');
    const second = Buffer.from(await peer.takePdu(), 'hex');
    expect(oracleDecode(first)).toMatchObject({ command: 'query_sm', message_id: '3f2a9c10' });
    expect(oracleDecode(second)).toMatchObject({ command: 'cancel_sm', message_id: '3f2a9c10' });
    const [a, b] = [first.readUInt32BE(12), second.readUInt32BE(12)];
    // A response of another command answers nothing.
    peer.write(oracleEncode('replace_sm_resp', { sequence_number: a }));
    peer.write(oracleEncode('cancel_sm_resp', { sequence_number: b, command_status: 0x11 }));
    const answer = oracleEncode('query_sm_resp', {
      sequence_number: a,
      message_id: '3f2a9c10',
      message_state: 2,
    });
    peer.write(answer);
    await stage.told.line('operation 11');
    expect(stage.told.lines.slice(1)).toEqual(['operation 12 11 16', `operation 11 0 ${answer.length}`]);
    expect(stage.told.pdus.at(-1)).toBe(answer.toString('hex'));
  });

  test('a generic_nack answers too, by its sequence_number or as the only one', async () => {
    const peer = await stage.bound();
    stage.bind.operate(smpp.QUERY_SM, query, 1, Date.now());
    stage.bind.flush();
    const sequence_number = Buffer.from(await peer.takePdu(), 'hex').readUInt32BE(12);
    peer.write(oracleEncode('generic_nack', { sequence_number, command_status: 3 }));
    await stage.told.line('operation 1 3 16');
    stage.bind.operate(smpp.QUERY_SM, query, 2, Date.now());
    stage.bind.flush();
    peer.write(oracleEncode('generic_nack', { sequence_number: 0, command_status: 8 }));
    await stage.told.line('operation 2 8 16');
  });

  test('no answer within response_timeout_s, or the link down: NO_RESPONSE and an empty range', async () => {
    const peer = await stage.bound({ response_timeout_s: 5 });
    const nowMs = Date.now();
    stage.bind.operate(smpp.QUERY_SM, query, 1, nowMs);
    stage.bind.operate(smpp.QUERY_SM, query, 2, nowMs + 3000);
    stage.bind.flush();
    stage.bind.tick(nowMs + 4999);
    expect(stage.told.lines).toHaveLength(1);
    stage.bind.tick(nowMs + 5000);
    expect(stage.told.lines.slice(1)).toEqual(['operation 1 ffffffff 0']);
    peer.destroy();
    await stage.told.line('down');
    expect(stage.told.lines.slice(2, 3)).toEqual(['operation 2 ffffffff 0']);
    expect(stage.bind.operate(smpp.QUERY_SM, query, 3, nowMs)).toBe(false);
  });

  test('are bounded, and a receiver takes none', async () => {
    await stage.bound();
    let taken = 0;
    while (taken < 5_000 && stage.bind.operate(smpp.QUERY_SM, query, taken, 0)) taken++;
    expect(taken).toBe(1_000);
    stage.bind.close();
    stage.smsc.connections.length = 0;
    await stage.bound({ bind: 'pair' }, Buffer.from('raw\0'), 'receiver');
    expect(stage.bind.operate(smpp.QUERY_SM, query, 1, 0)).toBe(false);
  });
});

describe('from the SMSC', () => {
  test.each([
    ['deliver_sm_mo', 0, 'deliver_sm_resp', 17],
    ['deliver_sm_mo', 0x64, 'deliver_sm_resp', 17],
    ['data_sm_dlr', 0, 'data_sm_resp', 17],
    ['data_sm_dlr', 0x64, 'data_sm_resp', 16],
  ])('%s answered %i: a %s of %i octets', async (name, status, command, length) => {
    const peer = await stage.bound();
    stage.told.deliverStatus = status;
    const { bytes } = vectorNamed(name);
    peer.write(bytes);
    const answer = Buffer.from(await peer.takePdu(), 'hex');
    expect(answer).toHaveLength(length);
    const sequence_number = bytes.readUInt32BE(12);
    expect(oracleDecode(answer)).toMatchObject({ command, command_status: status, sequence_number });
    expect(stage.told.pdus).toEqual([bytes.toString('hex')]);
  });

  test.each([
    ['3.3', 'query_sm', '0000001480000003000000040000003200000000'],
    ['3.3', 'submit_sm_gsm7_plain', '0000001180000004000000040000000a00'],
    ['3.4', 'submit_sm_gsm7_plain', '0000001080000004000000040000000a'],
  ])(
    '%s: a request of the wrong direction, %s, has the body of its version',
    async (interface_version, name, answer) => {
      const peer = await stage.bound({ interface_version });
      peer.write(vectorNamed(name).bytes);
      expect(await peer.takePdu()).toBe(answer);
    },
  );

  test('a transmitter has no deliver_sm and data_sm, and says so in their own forms', async () => {
    const peer = await stage.bound({ interface_version: '3.3' }, Buffer.from('raw\0'), 'transmitter');
    peer.write(Buffer.concat([vectorNamed('deliver_sm_mo').bytes, vectorNamed('data_sm_dlr').bytes]));
    expect(await peer.takePdu()).toBe('0000001180000005000000040000000100');
    expect(await peer.takePdu()).toBe('0000001180000103000000040000002c00');
  });

  test('a refused data_sm of a 3.3 SMSC has the NUL that 3.3 can not do without', async () => {
    const peer = await stage.bound({ interface_version: '3.3' });
    stage.told.deliverStatus = 0x64;
    peer.write(vectorNamed('data_sm_dlr').bytes);
    expect(await peer.takePdu()).toBe(`0000001180000103000000640000002c00`);
  });

  test('data_sm and deliver_sm that wait for their answers are stage.told apart', async () => {
    const peer = await stage.bound();
    stage.told.deliverStatus = undefined;
    peer.write(Buffer.concat([vectorNamed('data_sm_dlr').bytes, vectorNamed('deliver_sm_mo').bytes]));
    await stage.told.line('deliver 5');
    stage.bind.answerDeliver(stage.bind.ticket(), 1, 0);
    stage.bind.answerDeliver(stage.bind.ticket(), 0x2c, 0);
    stage.bind.answerDeliver(stage.bind.ticket() + 1, 0x2c, 0);
    stage.bind.flush();
    const answers = await peer.take(34);
    expect(answers).toBe('0000001180000005000000000000000100' + '0000001180000103000000000000002c00');
  });

  test('alert_notification goes to the handler and has no answer', async () => {
    const peer = await stage.bound();
    const { bytes } = vectorNamed('alert_notification');
    peer.write(bytes);
    peer.write(vectorNamed('enquire_link').bytes);
    expect(await peer.takePdu()).toBe(vectorNamed('enquire_link_resp').bytes.toString('hex'));
    expect(stage.told.pdus).toEqual([bytes.toString('hex')]);
  });

  test.each([
    ['unknown_request', '00000010800000000000000300000015'],
    ['unknown_vendor_request', '00000010800000000000000300000016'],
    ['submit_sm_gsm7_plain', '0000001080000004000000040000000a'],
    ['query_sm', '00000010800000030000000400000032'],
    ['unknown_response', ''],
    ['outbind', ''],
    ['unmatched_submit_sm_resp', ''],
    ['unbind_resp', ''],
  ])('%s', async (name, answer) => {
    const peer = await stage.bound();
    peer.write(vectorNamed(name).bytes);
    peer.write(vectorNamed('enquire_link').bytes);
    await until(
      () => peer.heard.endsWith(vectorNamed('enquire_link_resp').bytes.toString('hex')),
      'an answer',
    );
    expect(peer.heard).toBe(answer + vectorNamed('enquire_link_resp').bytes.toString('hex'));
  });

  test('a broken length is nacked and ends the link', async () => {
    const peer = await stage.bound();
    peer.write(vectorNamed('bad_len_15').bytes);
    expect(await peer.takePdu()).toBe('00000010800000000000000200000000');
    expect(await stage.told.line('down')).toBe('down: the SMSC sent a PDU of 15 bytes');
    await peer.untilClosed();
  });

  test('unbind is answered and the connection ended', async () => {
    const peer = await stage.bound();
    peer.write(vectorNamed('unbind').bytes);
    expect(await peer.takePdu()).toBe(vectorNamed('unbind_resp').bytes.toString('hex'));
    await peer.untilClosed();
  });
});

describe('a connection that the SMSC made', () => {
  test('is bound on at once, with what was read behind the outbind; the SMSC is never dialled', async () => {
    stage.client({ outbind_listen: '127.0.0.1:1', outbind_system_id: 'them', outbind_password: 'x' });
    const nowMs = Date.now();
    stage.bind.tick(nowMs);
    stage.bind.tick(nowMs + 100_000);
    // Any connection will do: this end of it is the bind's.
    const socket = connect({ port: stage.smsc.port, host: '127.0.0.1' });
    await until(() => !socket.connecting, 'the connection');
    const peer = await stage.smsc.connection();
    const early = vectorNamed('enquire_link').bytes;
    expect(stage.bind.adopt(socket, early, nowMs)).toBe(true);
    expect(stage.bind.adopt(socket, early, nowMs)).toBe(false);
    const request = oracleDecode(Buffer.from(await peer.takePdu(), 'hex'));
    expect(request).toMatchObject({ command: 'bind_transceiver', system_id: 'us', password: 'pw' });
    expect(await peer.takePdu()).toBe(vectorNamed('enquire_link_resp').bytes.toString('hex'));
    const sequence_number = request.sequence_number;
    peer.write(oracleEncode('bind_transceiver_resp', { sequence_number, system_id: 'them' }));
    await stage.told.line('bound');
    peer.destroy();
    await stage.told.line('down');
    stage.bind.tick(nowMs + 1_000_000);
    expect(stage.smsc.connections).toHaveLength(1);
  });
});

test('bytes in and out are shown to a trace', async () => {
  stage.client();
  const [seenIn, seenOut]: string[][] = [[], []];
  stage.bind.onBytesIn = (chunk) => seenIn.push(chunk.toString('hex'));
  stage.bind.onBytesOut = (bytes) => seenOut.push(bytes.toString('hex'));
  const { peer, request } = await stage.asked();
  const answer = pduBytes(0x8000_0009, request.readUInt32BE(12), Buffer.from('raw\0'));
  peer.write(answer);
  await stage.told.line('bound');
  peer.write(vectorNamed('enquire_link').bytes);
  const pong = await peer.takePdu();
  expect(seenOut).toEqual([request.toString('hex'), pong]);
  expect(seenIn.join('')).toBe(answer.toString('hex') + vectorNamed('enquire_link').bytes.toString('hex'));
});

test('an SMSC that asks and does not read the answers is cut', async () => {
  const peer = await stage.bound({ window: 1 });
  peer.socket.pause();
  const many = Buffer.concat(Array.from({ length: 65_536 }, () => vectorNamed('enquire_link').bytes));
  const isDown = (): boolean => stage.told.lines.some((line) => line.startsWith('down'));
  for (let chunk = 0; chunk < 200 && !isDown(); chunk++) {
    peer.write(many);
    await new Promise((resolve) => setTimeout(resolve, 5));
    if (stage.bind.state !== 5) stage.bind.tick(Date.now());
  }
  expect(await stage.told.line('down')).toBe('down: the SMSC does not read what it is sent');
});
