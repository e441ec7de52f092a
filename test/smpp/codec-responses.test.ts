/** The bodies of responses: what is taken with an error, and what is sent (reference section 3.1). */
import { describe, expect, it } from 'vitest';
import { decodePdu, encodePdu, type CodecOptions, type Pdu, type PduInput } from '../../src/smpp/codec.ts';
import * as smpp from '../../src/smpp/constants.ts';
import { makeTlv } from '../../src/smpp/pdu/tlv.ts';
import { wirePdu } from '../support/wire.ts';

const FAILED = 0x45;
const REASON = '\x04\x25\0\x01\x03';
const reasonTlv = { tag: 0x0425, value: Buffer.from([3]) };

function read(bytes: Buffer, version: number = smpp.VERSION_34, options: CodecOptions = {}): Pdu {
  const result = decodePdu(bytes, 0, bytes.length, version, options);
  if (!result.ok) throw new Error(`refused with 0x${result.status.toString(16)}: ${result.reason}`);
  return result.pdu;
}

function refusal(
  bytes: Buffer,
  version: number = smpp.VERSION_34,
  options: CodecOptions = {},
): [number, string] {
  const result = decodePdu(bytes, 0, bytes.length, version, options);
  if (result.ok) throw new Error('taken');
  return [result.status, result.reason];
}

const hex = (pdu: PduInput, version: number, options?: CodecOptions): string =>
  encodePdu(pdu, version, options).toString('hex');

describe('an error response is taken', () => {
  // submit_sm_resp: all its forms, with what is read out of each.
  it.each([
    ['without a body', '', null, []],
    ['with a lone NUL', '\0', '', []],
    ['with a message_id', 'abc\0', 'abc', []],
    ['with a NUL and TLVs', `\0${REASON}`, '', [reasonTlv]],
    ['with a message_id and TLVs', `abc\0${REASON}`, 'abc', [reasonTlv]],
    ['with TLVs alone', REASON, null, [reasonTlv]],
    ['with a message_id of any length', `${'x'.repeat(90)}\0`, 'x'.repeat(90), []],
    ['with what is nothing of these, ignoring it', 'abc', null, []],
    ['with a message_id and half a TLV, ignoring both', 'abc\0\x04\x25\0', null, []],
  ])('%s', (_form, body, messageId, tlvs) => {
    const bytes = wirePdu(smpp.SUBMIT_SM_RESP, body, FAILED, 7);
    const expected = { command: 'submit_sm_resp', commandStatus: FAILED, sequenceNumber: 7, messageId, tlvs };
    for (const version of [smpp.VERSION_33, smpp.VERSION_34, smpp.VERSION_50]) {
      for (const lenient of [false, true]) expect(read(bytes, version, { lenient })).toEqual(expected);
    }
  });

  it('with the start of its fields, the others null', () => {
    const query = read(wirePdu(smpp.QUERY_SM_RESP, 'id\0', FAILED));
    expect(query).toMatchObject({ messageId: 'id', finalDate: null, messageState: null, errorCode: null });
    const multi = read(wirePdu(smpp.SUBMIT_MULTI_RESP, '\0', FAILED));
    expect(multi).toMatchObject({ messageId: '', unsuccessSme: null });
    const bind = read(wirePdu(smpp.BIND_TRANSCEIVER_RESP, '', FAILED));
    expect(bind).toMatchObject({ systemId: null });
  });

  it('with a NUL and TLVs where there are more fields than message_id', () => {
    for (const id of [smpp.QUERY_SM_RESP, smpp.SUBMIT_MULTI_RESP]) {
      const bytes = wirePdu(id, `\0${REASON}`, FAILED);
      const pdu = read(bytes);
      expect(pdu).toMatchObject({ messageId: '', tlvs: [reasonTlv] });
      expect(encodePdu(pdu)).toEqual(bytes);
    }
    const whole = read(wirePdu(smpp.QUERY_SM_RESP, `a\0\0\x05\x09${REASON}`, FAILED));
    expect(whole).toMatchObject({
      messageId: 'a',
      finalDate: '',
      messageState: 5,
      errorCode: 9,
      tlvs: [reasonTlv],
    });
  });

  it('of every command without its body, and written so again', () => {
    for (const id of smpp.RESPONSE_IDS) {
      const only33 = [
        smpp.PARAM_RETRIEVE_RESP,
        smpp.QUERY_LAST_MSGS_RESP,
        smpp.QUERY_MSG_DETAILS_RESP,
      ].includes(id);
      const version = only33 ? smpp.VERSION_33 : smpp.VERSION_50;
      const bytes = wirePdu(id, '', FAILED, 9);
      const pdu = read(bytes, version);
      expect(encodePdu(pdu, version), pdu.command).toEqual(bytes);
    }
  });
});

describe('a success is taken', () => {
  it('without its body where that harms nobody', () => {
    for (const id of [smpp.SUBMIT_SM_RESP, smpp.DELIVER_SM_RESP, smpp.DATA_SM_RESP]) {
      expect(read(wirePdu(id))).toMatchObject({ messageId: null, tlvs: [] });
    }
    // Of these the body is what was asked for.
    const [status, reason] = refusal(wirePdu(smpp.QUERY_SM_RESP));
    expect([status, reason]).toEqual([smpp.ESME_RINVCMDLEN, 'message_id is cut off']);
    expect(refusal(wirePdu(smpp.BIND_RECEIVER_RESP))[0]).toBe(smpp.ESME_RINVCMDLEN);
    expect(refusal(wirePdu(smpp.SUBMIT_MULTI_RESP, 'a\0'))[1]).toBe('unsuccess_sme is cut off');
  });

  it('leniently: without its body, cut between fields, without its last NUL, with a broken TLV', () => {
    const lenient = { lenient: true };
    expect(read(wirePdu(smpp.BIND_RECEIVER_RESP), 0x34, lenient)).toMatchObject({ systemId: null });
    const query = read(wirePdu(smpp.QUERY_SM_RESP, 'a\0\0'), 0x34, lenient);
    expect(query).toMatchObject({ messageId: 'a', finalDate: '', messageState: null, errorCode: null });
    const open = wirePdu(smpp.SUBMIT_SM_RESP, 'abc');
    expect(read(open, 0x34, lenient)).toMatchObject({ messageId: 'abc' });
    expect(refusal(open)).toEqual([smpp.ESME_RINVCMDLEN, 'message_id has no NUL']);
    const broken = wirePdu(smpp.BIND_RECEIVER_RESP, 'mc\0\x02\x10\0\x01\x34\x04\x28\0\x09');
    expect(read(broken, 0x34, lenient)).toMatchObject({
      systemId: 'mc',
      tlvs: [{ tag: smpp.TLV_SC_INTERFACE_VERSION, value: Buffer.from([0x34]) }],
    });
    expect(refusal(broken)).toEqual([smpp.ESME_RINVTLVSTREAM, 'TLV congestion_state has 0 of its 9 octets']);
  });

  it('with congestion_state where there is no body, and with anything else ignored', () => {
    const congested = read(wirePdu(smpp.ENQUIRE_LINK_RESP, '\x04\x28\0\x01\x55'), smpp.VERSION_50);
    expect(congested.tlvs).toEqual([{ tag: smpp.TLV_CONGESTION_STATE, value: Buffer.from([0x55]) }]);
    expect(read(wirePdu(smpp.UNBIND_RESP, 'abc')).tlvs).toEqual([]);
    expect(read(wirePdu(smpp.ENQUIRE_LINK, '\x04\x28\0\x01\x55')).tlvs).toEqual([]);
  });
});

describe('an error response is written', () => {
  const error = { command: 'submit_sm_resp', sequenceNumber: 1, commandStatus: FAILED } as const;

  it('as its header alone from 3.4 on, and with the empty body for 3.3', () => {
    expect(hex(error, smpp.VERSION_34)).toBe('00000010800000040000004500000001');
    expect(hex(error, smpp.VERSION_50)).toBe('00000010800000040000004500000001');
    expect(hex(error, smpp.VERSION_33)).toBe('0000001180000004000000450000000100');
    const query = { ...error, command: 'query_sm_resp' } as const;
    expect(hex(query, smpp.VERSION_34)).toBe('00000010800000030000004500000001');
    expect(hex(query, smpp.VERSION_33)).toBe('0000001480000003000000450000000100000000');
    const cancel = { ...error, command: 'cancel_sm_resp' } as const;
    expect(hex(cancel, smpp.VERSION_33)).toBe('00000010800000080000004500000001');
  });

  it('with a NUL always in a deliver_sm_resp, and before TLVs', () => {
    const deliver = { command: 'deliver_sm_resp', sequenceNumber: 1, commandStatus: 0x64 } as const;
    expect(hex(deliver, smpp.VERSION_34)).toBe('0000001180000005000000640000000100');
    const failed = { ...error, commandStatus: 0xfe, tlvs: [makeTlv('delivery_failure_reason', 3)] };
    expect(hex(failed, smpp.VERSION_50)).toBe('0000001680000004000000fe00000001000425000103');
    const data = { ...failed, command: 'data_sm_resp' } as const;
    expect(hex(data, smpp.VERSION_34)).toBe('0000001680000103000000fe00000001000425000103');
  });

  it('with a body that is given, and without what is null', () => {
    expect(hex({ ...error, messageId: 'ab' }, smpp.VERSION_34)).toBe(
      '00000013800000040000004500000001616200',
    );
    const bare = { command: 'deliver_sm_resp', sequenceNumber: 1, messageId: null } as const;
    expect(hex(bare, smpp.VERSION_34)).toBe('00000010800000050000000000000001');
    const start = { command: 'query_sm_resp', sequenceNumber: 1, messageId: 'a', finalDate: null } as const;
    const failed = { ...start, commandStatus: 0x67 };
    expect(hex(failed, smpp.VERSION_34)).toBe('000000128000000300000067000000016100');
    expect(() => encodePdu(start)).toThrow('final_date: is null in a success');
    const lenient = encodePdu(start, smpp.VERSION_34, { lenient: true });
    expect(lenient.toString('hex')).toBe('000000128000000300000000000000016100');
    const gap = { ...start, messageState: 2 };
    expect(() => encodePdu(gap)).toThrow('message_state: stands behind final_date, which is null');
    const request = { command: 'query_sm', sequenceNumber: 1, messageId: null } as unknown as PduInput;
    expect(() => encodePdu(request)).toThrow('message_id: is null in a request');
  });

  it('with the whole of its body on success, empty where nothing is given', () => {
    const multi = { command: 'submit_multi_resp', sequenceNumber: 1 } as const;
    expect(hex(multi, smpp.VERSION_34)).toBe('000000128000002100000000000000010000');
  });
});
