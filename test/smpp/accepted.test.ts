import { expect, test } from 'vitest';
import { allocateBytes } from '../../src/core/bytes.ts';
import { acceptedBodyLength } from '../../src/core/records.ts';
import { acceptedRecordBytes, writeAccepted } from '../../src/smpp/accepted.ts';
import type { AcceptedHead } from '../../src/smpp/accepted.ts';
import { oracleEncode } from '../support/oracle.ts';

// The bytes are drawn in core/records.ts; here they are read by hand.

const HEAD: AcceptedHead = {
  protocol: 2,
  account: 0x0102,
  smsc: 0x0304,
  session: 0x0506_0708,
  sequence: 0x090a_0b0c,
  expiresMs: 1_800_000_000_123,
  priority: 3,
};

function pdu(text: string, fields: Record<string, unknown> = {}): Buffer {
  return oracleEncode('submit_sm', {
    service_type: 'CMT',
    source_addr_ton: 5,
    source_addr: 'Shop',
    dest_addr_ton: 1,
    dest_addr_npi: 1,
    destination_addr: '962790000001',
    esm_class: 3,
    data_coding: 4,
    priority_flag: 1,
    registered_delivery: 1,
    short_message: Buffer.from(text),
    ...fields,
  });
}

function written(bytes: Buffer, head: AcceptedHead, type?: number): Buffer {
  const target = allocateBytes(4096);
  target.u8.fill(0xee);
  const at = 64;
  const length =
    type === undefined
      ? writeAccepted(target, at, bytes, head)
      : writeAccepted(target, at, bytes, head, type);
  expect(length).toBe(acceptedRecordBytes(bytes, head));
  expect([...target.u8.subarray(0, at)].every((byte) => byte === 0xee)).toBe(true);
  expect(target.u8[at + length]).toBe(0xee);
  return Buffer.from(target.u8.subarray(at, at + length));
}

test('a record says what its PDU and its head say, each octet in its place', () => {
  const bytes = pdu('hello');
  const record = written(bytes, HEAD);
  expect(record.length).toBe(56 + bytes.length - 16);
  expect([record.readUInt32LE(0), record[4], record[5], record.readUInt16LE(6)]).toEqual([
    record.length,
    1,
    2,
    0x0102,
  ]);
  expect([record.readUInt16LE(24), record.readUInt16LE(26)]).toEqual([0x0304, 0]);
  expect([record.readUInt32LE(28), record.readUInt32LE(32)]).toEqual([0x0506_0708, 0x090a_0b0c]);
  // registered_delivery, esm_class, data_coding of the PDU; the priority of the head.
  expect([...record.subarray(36, 40)]).toEqual([1, 3, 4, 3]);
  const body = record.subarray(56);
  expect(body.equals(bytes.subarray(16))).toBe(true);
  expect(body.toString('latin1', record.readUInt16LE(40), record.readUInt16LE(40) + 7)).toBe(
    '\u0005\0Shop\0',
  );
  expect(body.toString('latin1', record.readUInt16LE(42), record.readUInt16LE(42) + 15)).toBe(
    '\u0001\u0001962790000001\0',
  );
  expect(body.toString('latin1', record.readUInt16LE(44), record.readUInt16LE(44) + record[46])).toBe(
    'hello',
  );
  expect([record[46], record[47], record.readDoubleLE(48)]).toEqual([5, 0, 1_800_000_000_123]);
  // Id and time are the shard's.
  expect(record.subarray(8, 24).equals(Buffer.alloc(16))).toBe(true);
});

test('a record says that its client knows the short id of 3.3', () => {
  const flags = (head: AcceptedHead) => written(pdu('hello'), head).readUInt16LE(26);
  expect([flags({ ...HEAD, isIdShort: true }), flags({ ...HEAD, isIdShort: false })]).toEqual([8, 0]);
  expect(flags({ ...HEAD, isIdShort: true, extension: { part: 1 } }) & 0b1001).toBe(0b1001);
});

test('an extension stands on the next boundary of 8, whatever the length of the body', () => {
  const extension = {
    toldHigh: 0x1112_1314,
    toldLow: 0x1516_1718,
    scheduleMs: 1_790_000_000_100,
    part: 2,
    parts: 5,
    flags: 9,
    key: 0x2122_2324,
  };
  for (let length = 0; length < 17; length++) {
    const bytes = pdu('x'.repeat(length));
    const record = written(bytes, { ...HEAD, extension, replacesPresent: true });
    const flags = record.readUInt16LE(26);
    expect(record.length % 8).toBe(0);
    const bodyLength = bytes.length - 16;
    expect(acceptedBodyLength(flags, record.length)).toBe(bodyLength);
    expect(record.subarray(56, 56 + bodyLength).equals(bytes.subarray(16))).toBe(true);
    const at = record.length - 24;
    expect([...record.subarray(56 + bodyLength, at)].every((byte) => byte === 0)).toBe(true);
    expect(at - 56 - bodyLength).toBe((flags >> 4) & 7);
    expect(flags & 3).toBe(3);
    expect([record.readUInt32LE(at), record.readUInt32LE(at + 4)]).toEqual([0x1516_1718, 0x1112_1314]);
    expect(record.readDoubleLE(at + 8)).toBe(1_790_000_000_100);
    expect([...record.subarray(at + 16, at + 20)]).toEqual([2, 5, 9, 0]);
    expect(record.readUInt32LE(at + 20)).toBe(0x2122_2324);
  }
});

test('what the client asked for goes before what its SMSC is asked', () => {
  expect(written(pdu('x'), { ...HEAD, registeredDelivery: 3 })[36]).toBe(3);
  expect(written(pdu('x'), { ...HEAD, registeredDelivery: 0 })[36]).toBe(0);
});

test('a data_sm, and an event of another type', () => {
  const data = oracleEncode('data_sm', {
    source_addr: 'Shop',
    destination_addr: '962790000001',
    data_coding: 8,
    registered_delivery: 1,
    message_payload: Buffer.from('0041', 'hex'),
  });
  const record = written(data, HEAD, 10);
  expect([record[4], record.readUInt16LE(26), record[36], record[38], record[46]]).toEqual([10, 4, 1, 8, 0]);
  expect(record.subarray(56).equals(data.subarray(16))).toBe(true);
});

test('a PDU that can not be read is a fault of ours', () => {
  const target = allocateBytes(4096);
  expect(() => writeAccepted(target, 0, pdu('hello').subarray(0, 40), HEAD)).toThrow('can not be read');
});
