/** What a strict reader refuses and with which status, and what a lenient one takes all the same. */
import { describe, expect, it } from 'vitest';
import { decodePdu, encodePdu } from '../../src/smpp/codec.ts';
import * as smpp from '../../src/smpp/constants.ts';
import { tagTable } from '../../src/smpp/tags.ts';
import { oracleEncode } from '../support/oracle.ts';
import { wirePdu } from '../support/wire.ts';

const [V33, V34, V50] = [smpp.VERSION_33, smpp.VERSION_34, smpp.VERSION_50];
const text = (length: number): string => 'x'.repeat(length);
const message = { destination_addr: '1', short_message: Buffer.from('hi'), data_coding: 0 };
const lists = { dest_address: [{ dl_name: 'staff' }], short_message: Buffer.from('hi'), data_coding: 0 };
const broadcast = {
  broadcast_area_identifier: [Buffer.from('\0x')],
  broadcast_content_type: Buffer.from('\x01\0\x33'),
  broadcast_rep_num: 1,
  broadcast_frequency_interval: Buffer.from('\x09\0\x05'),
  message_payload: Buffer.from('storm'),
  data_coding: 0,
};

/** A PDU that the other codec writes without looking at it. */
type Case = [
  command: string,
  fields: Record<string, unknown>,
  version: number,
  status: number,
  reason: string,
];

const REFUSED: Case[] = [
  [
    'submit_sm',
    { ...message, service_type: text(6) },
    V34,
    smpp.ESME_RINVSERTYP,
    'service_type is longer than 5',
  ],
  [
    'submit_sm',
    { ...message, source_addr: text(21) },
    V34,
    smpp.ESME_RINVSRCADR,
    'source_addr is longer than 20',
  ],
  [
    'submit_sm',
    { ...message, destination_addr: text(21) },
    V34,
    smpp.ESME_RINVDSTADR,
    'destination_addr is longer',
  ],
  ['submit_sm', { ...message, destination_addr: '' }, V34, smpp.ESME_RINVDSTADR, 'destination_addr is empty'],
  ['submit_sm', { ...message, priority_flag: 2 }, V33, smpp.ESME_RINVPRTFLG, 'priority_flag is 2'],
  ['submit_sm', { ...message, priority_flag: 4 }, V34, smpp.ESME_RINVPRTFLG, 'priority_flag is 4'],
  ['submit_sm', { ...message, priority_flag: 5 }, V50, smpp.ESME_RINVPRTFLG, 'priority_flag is 5'],
  [
    'submit_sm',
    { ...message, schedule_delivery_time: '261301000000000+' },
    V34,
    smpp.ESME_RINVSCHED,
    'schedule_delivery_time is no time',
  ],
  [
    'submit_sm',
    { ...message, validity_period: text(17) },
    V34,
    smpp.ESME_RINVEXPIRY,
    'validity_period is longer',
  ],
  [
    'submit_sm',
    { ...message, registered_delivery: 7 },
    V33,
    smpp.ESME_RINVREGDLVFLG,
    'registered_delivery is 7',
  ],
  [
    'submit_sm',
    { ...message, registered_delivery: 3 },
    V34,
    smpp.ESME_RINVREGDLVFLG,
    'registered_delivery is 3',
  ],
  [
    'submit_sm',
    { ...message, replace_if_present_flag: 2 },
    V50,
    smpp.ESME_RINVREPFLAG,
    'replace_if_present_flag',
  ],
  [
    'submit_sm',
    { ...message, short_message: Buffer.alloc(255) },
    V34,
    smpp.ESME_RINVMSGLEN,
    'short_message has 255',
  ],
  ['submit_sm', { ...message, data_coding: 0x0e }, V34, smpp.ESME_RSUBMITFAIL, 'data_coding 0xe is not'],
  ['submit_sm', { ...message, data_coding: 0x0e }, V50, smpp.ESME_RINVDCS, 'data_coding 0xe is not'],
  [
    'submit_sm',
    { ...message, esm_class: 0x40 },
    V34,
    smpp.ESME_RINVESMCLASS,
    'esm_class announces a user data',
  ],
  [
    'submit_sm',
    { ...message, message_payload: Buffer.from('x') },
    V34,
    smpp.ESME_RTLVNOTALLWD,
    'message_payload is there beside short_message',
  ],
  [
    'submit_sm',
    { ...message, dest_subaddress: Buffer.alloc(24) },
    V34,
    smpp.ESME_RINVTLVLEN,
    'TLV dest_subaddress',
  ],
  ['submit_multi', { ...lists, dest_address: [] }, V34, smpp.ESME_RINVNUMDESTS, 'dest_address is empty'],
  [
    'submit_multi',
    { ...lists, dest_address: [{ dl_name: 'a' }, { dl_name: text(21) }] },
    V34,
    smpp.ESME_RINVDLNAME,
    'dest_address 2 of 2 dl_name is longer than 20',
  ],
  [
    'submit_multi',
    { ...lists, dest_address: [{ destination_addr: text(21) }] },
    V34,
    smpp.ESME_RINVDSTADR,
    'dest_address 1 of 1 destination_addr is longer',
  ],
  ['submit_multi', { ...lists, priority_flag: 4 }, V34, smpp.ESME_RINVPRTFLG, 'priority_flag is 4'],
  [
    'submit_multi',
    { ...lists, data_coding: 8, short_message: Buffer.alloc(3) },
    V34,
    smpp.ESME_RINVMSGLEN,
    'short_',
  ],
  ['data_sm', { destination_addr: '1' }, V34, smpp.ESME_RMISSINGTLV, 'message_payload is missing'],
  [
    'data_sm',
    { destination_addr: '', message_payload: Buffer.from('x') },
    V34,
    smpp.ESME_RINVDSTADR,
    'destination_a',
  ],
  [
    'data_sm',
    { destination_addr: text(65) },
    V34,
    smpp.ESME_RINVDSTADR,
    'destination_addr is longer than 64',
  ],
  ['data_sm', { source_addr: text(65) }, V34, smpp.ESME_RINVSRCADR, 'source_addr is longer than 64'],
  [
    'data_sm',
    { destination_addr: '1', registered_delivery: 3 },
    V34,
    smpp.ESME_RINVREGDLVFLG,
    'registered_delivery',
  ],
  ['data_sm', {}, V33, smpp.ESME_RINVCMDID, 'data_sm is none of version 0x33'],
  ['query_sm', { message_id: text(9) }, V33, smpp.ESME_RINVMSGID, 'message_id is longer than 8'],
  ['query_sm', { message_id: text(65) }, V34, smpp.ESME_RINVMSGID, 'message_id is longer than 64'],
  ['query_sm', { source_addr: text(21) }, V34, smpp.ESME_RINVSRCADR, 'source_addr is longer'],
  ['cancel_sm', { message_id: text(65) }, V50, smpp.ESME_RINVMSGID, 'message_id is longer'],
  ['cancel_sm', { destination_addr: text(21) }, V34, smpp.ESME_RINVDSTADR, 'destination_addr is longer'],
  [
    'replace_sm',
    { short_message: Buffer.alloc(255) },
    V34,
    smpp.ESME_RINVMSGLEN,
    'short_message has 255 octets',
  ],
  ['replace_sm', { registered_delivery: 3 }, V34, smpp.ESME_RINVREGDLVFLG, 'registered_delivery is 3'],
  ['broadcast_sm', broadcast, V34, smpp.ESME_RINVCMDID, 'broadcast_sm is none of version 0x34'],
  [
    'broadcast_sm',
    { ...broadcast, broadcast_rep_num: undefined },
    V50,
    smpp.ESME_RMISSINGTLV,
    'broadcast_rep_num is missing',
  ],
  ['broadcast_sm', { ...broadcast, data_coding: 5 }, V50, smpp.ESME_RINVDCS, 'data_coding 0x5 is not'],
  ['query_broadcast_sm_resp', { message_id: 'x' }, V50, smpp.ESME_RMISSINGTLV, 'message_state is missing'],
  ['bind_transmitter', { system_id: text(16) }, V34, smpp.ESME_RINVSYSID, 'system_id is longer than 15'],
  ['bind_transmitter', { password: text(9) }, V34, smpp.ESME_RINVPASWD, 'password is longer than 8'],
  ['bind_transmitter', { system_type: text(13) }, V34, smpp.ESME_RINVSYSTYP, 'system_type is longer than 12'],
  [
    'bind_transmitter',
    { address_range: text(41) },
    V34,
    smpp.ESME_RBINDFAIL,
    'address_range is longer than 40',
  ],
  [
    'bind_transmitter',
    { interface_version: 0x35 },
    V34,
    smpp.ESME_RBINDFAIL,
    'interface_version 0x35 is reserved',
  ],
  ['deliver_sm', { ...message, source_addr: text(21) }, V34, smpp.ESME_RINVSRCADR, 'source_addr is longer'],
];

function encoded(command: string, fields: Record<string, unknown>): Buffer {
  const there = Object.entries(fields).filter(([, value]) => value !== undefined);
  return oracleEncode(command, Object.fromEntries(there));
}

describe('strictly', () => {
  it.each(REFUSED)('%s with %j at %d is refused with %d: %s', (command, fields, version, status, reason) => {
    const bytes = encoded(command, fields);
    const result = decodePdu(bytes, 0, bytes.length, version);
    expect(result).toMatchObject({ ok: false, status, commandId: bytes.readUInt32BE(4) });
    expect(result.ok ? '' : result.reason).toContain(reason);
  });

  it.each(REFUSED)('%s with %j at %d is taken leniently', (command, fields, version) => {
    const bytes = encoded(command, fields);
    const result = decodePdu(bytes, 0, bytes.length, version, { lenient: true });
    if (!result.ok) throw new Error(result.reason);
    // And written again to the same bytes, by one who is lenient too.
    expect(encodePdu(result.pdu, version, { lenient: true })).toEqual(bytes);
  });

  it.each([
    ['submit_sm', { ...message, priority_flag: 4 }, V50],
    ['submit_sm', { ...message, registered_delivery: 3 }, V50],
    ['submit_sm', { ...message, short_message: Buffer.alloc(255) }, V50],
    ['submit_sm', { ...message, message_payload: Buffer.from('x') }, V50],
    ['submit_sm', { ...message, message_payload: Buffer.alloc(0) }, V34],
    // sm_length up to 160 is what 3.3 sends; more is taken.
    ['submit_sm', { ...message, short_message: Buffer.alloc(254) }, V33],
    // Of one destination it can be told what is wrong with it.
    ['submit_multi', { ...lists, dest_address: [{ destination_addr: '' }, { dl_name: 'a' }] }, V34],
    ['submit_multi', { ...lists, dest_address: Array.from({ length: 255 }, () => ({ dl_name: 'a' })) }, V34],
    // A receipt without user data.
    ['data_sm', { destination_addr: '1', receipted_message_id: 'a' }, V34],
    ['deliver_sm', { ...message, destination_addr: '' }, V34],
    ['deliver_sm', { ...message, data_coding: 0x0e }, V34],
    // Immediate: no broadcast_rep_num.
    ['broadcast_sm', { ...broadcast, priority_flag: 1, broadcast_rep_num: undefined }, V50],
    ['bind_transceiver', { interface_version: 0x33 }, V33],
  ])('%s with %j at %d is right', (command, fields, version) => {
    const bytes = encoded(command, fields);
    const result = decodePdu(bytes, 0, bytes.length, version);
    expect(result.ok ? '' : result.reason).toBe('');
  });

  it('the 3.3-only commands are of no other version', () => {
    const bytes = wirePdu(smpp.PARAM_RETRIEVE, 'x\0');
    expect(decodePdu(bytes, 0, bytes.length, V33).ok).toBe(true);
    expect(decodePdu(bytes, 0, bytes.length, V34)).toMatchObject({ ok: false, status: smpp.ESME_RINVCMDID });
  });

  it('spaces before a value, fill in 3.3, are cut there and only there', () => {
    const bytes = oracleEncode('query_sm', { message_id: '  A1', source_addr: ' 1' });
    const read = (version: number): unknown => {
      const result = decodePdu(bytes, 0, bytes.length, version);
      return result.ok && result.pdu;
    };
    expect(read(V33)).toMatchObject({ messageId: 'A1', sourceAddr: '1' });
    expect(read(V34)).toMatchObject({ messageId: '  A1', sourceAddr: ' 1' });
    const bind = oracleEncode('bind_receiver', { system_id: ' me', password: ' p', interface_version: 0 });
    const result = decodePdu(bind, 0, bind.length);
    expect(result.ok && result.pdu).toMatchObject({ systemId: 'me', password: ' p' });
  });

  it('octets behind a bind are passed over, behind a query_sm they are refused', () => {
    const bind = wirePdu(smpp.BIND_RECEIVER, 'me\0pw\0\0\x34\0\0\0ab');
    const result = decodePdu(bind, 0, bind.length);
    expect(result.ok && result.pdu).toMatchObject({ systemId: 'me', tlvs: [] });
    const query = wirePdu(smpp.QUERY_SM, 'a\0\0\0\0ab');
    expect(decodePdu(query, 0, query.length)).toMatchObject({
      ok: false,
      status: smpp.ESME_RINVTLVSTREAM,
      reason: 'TLVs: 2 octets are left over',
    });
  });
});

describe('TLVs', () => {
  const submit = (tlvs: Buffer): Buffer =>
    wirePdu(smpp.SUBMIT_SM, Buffer.concat([Buffer.from(BODY, 'latin1'), tlvs]));
  const BODY = `\0\0\0\0\0\x001${'\0'.repeat(11)}`;

  it('are refused for a number that no version assigns only if that is wanted', () => {
    const bytes = submit(Buffer.from('0005000109', 'hex'));
    expect(decodePdu(bytes, 0, bytes.length).ok).toBe(true);
    expect(decodePdu(bytes, 0, bytes.length, V50, { tlvValues: true })).toMatchObject({
      ok: false,
      status: smpp.ESME_RINVTLVVAL,
      reason: 'TLV dest_addr_subunit has a value that is not assigned',
    });
  });

  it('of a vendor are looked at by their configured type', () => {
    const tags = tagTable([{ name: 'charging', tag: 0x1400, type: 'integer' }]);
    const bytes = submit(Buffer.from('1400000701020304050607', 'hex'));
    expect(decodePdu(bytes, 0, bytes.length).ok).toBe(true);
    expect(decodePdu(bytes, 0, bytes.length, V50, { tags })).toMatchObject({
      status: smpp.ESME_RINVTLVLEN,
      reason: 'TLV charging has 7 octets',
    });
  });

  it('that do not belong into a PDU may have any length', () => {
    // receipted_message_id in a submit_sm, qos_time_to_live in one of 3.4.
    const bytes = submit(
      Buffer.concat([Buffer.from('001e0046', 'hex'), Buffer.alloc(70), Buffer.from('00170000', 'hex')]),
    );
    expect(decodePdu(bytes, 0, bytes.length, V34).ok).toBe(true);
    expect(decodePdu(bytes, 0, bytes.length, V50)).toMatchObject({ status: smpp.ESME_RINVTLVLEN });
  });

  it('sar_* count only together', () => {
    for (const [hex, ok] of [
      ['020c00020001020e000102020f000102', true],
      ['020c00020001020e000102020f000100', false],
      ['020c00020001020e000102020f000103', false],
      ['020e000102020f000103', true],
      // Of a repeated one the first counts.
      ['020c00020001020e000102020f000101020f000109', true],
    ] as const) {
      const bytes = submit(Buffer.from(hex, 'hex'));
      const result = decodePdu(bytes, 0, bytes.length, V34);
      expect(result.ok ? smpp.ESME_ROK : result.status, hex).toBe(ok ? smpp.ESME_ROK : smpp.ESME_RINVTLVVAL);
    }
  });

  it('a lone NUL behind them is let pass leniently', () => {
    const bytes = submit(Buffer.from('00', 'hex'));
    expect(decodePdu(bytes, 0, bytes.length, V34).ok).toBe(false);
    const result = decodePdu(bytes, 0, bytes.length, V34, { lenient: true });
    expect(result.ok && result.pdu.tlvs).toEqual([]);
  });
});

describe('what is not one whole PDU', () => {
  it('is refused without reading outside', () => {
    const bytes = wirePdu(smpp.ENQUIRE_LINK, '', 0, 9);
    expect(decodePdu(bytes, 0, 15)).toEqual({
      ok: false,
      commandId: 0,
      sequenceNumber: 0,
      status: smpp.ESME_RINVCMDLEN,
      reason: 'the header is not whole',
    });
    expect(decodePdu(bytes, 0, 17)).toMatchObject({ ok: false, status: smpp.ESME_RINVCMDLEN });
    expect(decodePdu(bytes, -1, 16)).toMatchObject({ ok: false, status: smpp.ESME_RINVCMDLEN });
    const longer = Buffer.concat([bytes, bytes]);
    expect(decodePdu(longer, 0, 32)).toMatchObject({
      ok: false,
      commandId: smpp.ENQUIRE_LINK,
      sequenceNumber: 9,
      reason: 'command_length is 16, 32 octets are there',
    });
  });
});
