import { describe, expect, it } from 'vitest';
import * as smpp from '../../../src/smpp/constants.ts';
import {
  decodeBind,
  decodeBindResp,
  encodeBind,
  encodeBindResp,
  sessionVersion,
} from '../../../src/smpp/pdu/bind.ts';
import { shiftedInto } from '../../support/messages.ts';
import { oracleDecode } from '../../support/oracle.ts';
import { refused, validOf, vectorNamed, vectors } from '../../support/vectors.ts';

const binds = ['bind_transmitter', 'bind_receiver', 'bind_transceiver'];
const requests = binds.flatMap((command) => validOf(command));
const responses = binds.flatMap((command) => validOf(`${command}_resp`));

describe('binds', () => {
  it.each(requests)('$name is read and written back to the byte', (vector) => {
    const { b, start, end } = shiftedInto(vector.bytes, 11);
    const { status, tooLong, ...bind } = decodeBind(b, start, end);
    expect([status, tooLong]).toEqual([smpp.ESME_ROK, smpp.ESME_ROK]);
    expect(bind).toEqual({
      systemId: vector.fields.system_id,
      password: vector.fields.password,
      systemType: vector.fields.system_type,
      interfaceVersion: vector.fields.interface_version,
      addrTon: vector.fields.addr_ton,
      addrNpi: vector.fields.addr_npi,
      addressRange: vector.fields.address_range,
    });
    const again = encodeBind(Number(vector.fields.command_id), vector.fields.sequence_number as number, bind);
    expect(again).toEqual(vector.bytes);
    expect(oracleDecode(again).system_id).toBe(bind.systemId);
  });

  it.each(['system_id_too_long', 'password_too_long', 'bind_bad_version'])(
    '%s gets its own status',
    (name) => {
      const vector = vectorNamed(name);
      const { b, start, end } = shiftedInto(vector.bytes, 2);
      expect(decodeBind(b, start, end).status).toBe(refused(vector));
    },
  );

  it('of a longer password or name is taken where that is allowed, and said to be one', () => {
    const { bytes } = vectorNamed('password_too_long');
    expect(decodeBind(bytes, 0, bytes.length, true)).toMatchObject({
      status: 0,
      tooLong: smpp.ESME_RINVPASWD,
      password: '123456789',
    });
    const named = vectorNamed('system_id_too_long').bytes;
    expect(decodeBind(named, 0, named.length, true)).toMatchObject({
      status: 0,
      tooLong: smpp.ESME_RINVSYSID,
      systemId: 'ABCDEFGHIJKLMNOP',
    });
    for (const { bytes: usual } of requests) {
      expect(decodeBind(usual, 0, usual.length, true)).toMatchObject({ status: 0, tooLong: 0 });
    }
  });

  it('has 64 octets of each at most, also there', () => {
    const rest = '00' + '34' + '0000' + '00';
    const withThem = (id: number, password: number): number => {
      const body = Buffer.concat([
        Buffer.from(`${'i'.repeat(id)}\0${'p'.repeat(password)}\0`),
        Buffer.from(rest, 'hex'),
      ]);
      const b = Buffer.concat([Buffer.alloc(16), body]);
      return decodeBind(b, 0, b.length, true).status;
    };
    expect(withThem(64, 64)).toBe(smpp.ESME_ROK);
    expect(withThem(65, 64)).toBe(smpp.ESME_RINVSYSID);
    expect(withThem(64, 65)).toBe(smpp.ESME_RINVPASWD);
  });

  it('is written with long ones, up to 64 octets', () => {
    const of = (length: number): Buffer =>
      encodeBind(smpp.BIND_TRANSCEIVER, 1, {
        systemId: 'i'.repeat(length),
        password: 'p'.repeat(length),
        systemType: '',
        interfaceVersion: 0x34,
        addrTon: 0,
        addrNpi: 0,
        addressRange: '',
      });
    const pdu = oracleDecode(of(64));
    expect([pdu.system_id, pdu.password]).toEqual(['i'.repeat(64), 'p'.repeat(64)]);
    expect(() => of(65)).toThrow(RangeError);
  });

  it('is refused when cut anywhere', () => {
    const whole = vectorNamed('bind_transceiver_max_fields').bytes;
    for (let end = 16; end < whole.length; end++) {
      expect(decodeBind(whole, 0, end).status, `cut at ${end}`).toBe(smpp.ESME_RINVCMDLEN);
    }
  });

  it('tells an overlong system_type from a cut one', () => {
    const b = encodeBind(smpp.BIND_TRANSMITTER, 1, {
      ...decodeBind(requests[0].bytes, 0, requests[0].bytes.length),
      systemId: 'a',
      password: 'b',
      systemType: 'TWELVELETTER',
    });
    const long = Buffer.concat([b.subarray(0, 20), Buffer.from('X'), b.subarray(20)]);
    expect(decodeBind(long, 0, long.length).status).toBe(smpp.ESME_RINVSYSTYP);
  });
});

describe('the session version', () => {
  it.each([
    [0x34, 0x00, 0x33],
    [0x34, 0x33, 0x33],
    [0x34, 0x34, 0x34],
    [0x34, 0x50, 0x34],
    [0x50, 0x50, 0x50],
  ])('of ours %i and the peer %i is %i', (own, peer, version) => {
    expect(sessionVersion(own, peer)).toBe(version);
  });
});

describe('bind responses', () => {
  it.each(responses)('$name is read', (vector) => {
    const { b, start, end } = shiftedInto(vector.bytes, 6);
    const version = vector.fields.tlvs?.find((tlv) => tlv.name === 'sc_interface_version')?.value_hex;
    expect(decodeBindResp(b, start, end)).toEqual({
      status: Number(vector.fields.command_status),
      systemId: vector.fields.system_id ?? '',
      scInterfaceVersion: version === undefined ? undefined : Number.parseInt(version, 16),
    });
  });

  it('are written as the vectors have them', () => {
    const ok34 = encodeBindResp(smpp.BIND_TRANSCEIVER, 0, 1, 'SMSC01', 0x34);
    expect(ok34).toEqual(vectorNamed('bind_transceiver_resp_ok_v34').bytes);
    const ok33 = encodeBindResp(smpp.BIND_TRANSMITTER_RESP, 0, 1, 'SMSC01', undefined);
    expect(ok33).toEqual(vectorNamed('bind_transmitter_resp_ok_v33').bytes);
    const error = encodeBindResp(smpp.BIND_TRANSCEIVER, smpp.ESME_RBINDFAIL, 1, 'SMSC01', 0x34);
    expect(error).toEqual(vectorNamed('bind_transceiver_resp_err_nobody').bytes);
  });

  it('of the bad binds are those of the vectors', () => {
    const bad = vectors.filter((v) => v.reaction?.respond[0]?.command === 'bind_transceiver_resp');
    expect(bad).toHaveLength(5);
    for (const vector of bad) {
      const sequence = vector.bytes.readUInt32BE(12);
      const resp = encodeBindResp(smpp.BIND_TRANSCEIVER, refused(vector), sequence, 'us', 0x34);
      expect(resp.toString('hex')).toBe(vector.reaction?.respond[0].hex);
    }
  });
});
