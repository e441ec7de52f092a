import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { EsmeSession } from '../../src/smpp/esme-session.ts';
import { RequestError } from '../../src/smpp/library-types.ts';
import { until } from '../support/daemon.ts';
import { oracleEncode } from '../support/oracle.ts';
import { vectorNamed } from '../support/vectors.ts';
import { bound, endAll, npmSmsc, overRaw, tlv } from './library.ts';
import type { NpmPeer } from './npm-peer.ts';

afterEach(endAll);

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
    const { session } = await overRaw({ responseTimeoutMs: 1_000 });
    await expect(session.submitSm(submit)).rejects.toThrow('submit_sm: no answer within 1000 ms');
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
