import { expect, test } from 'vitest';
import { decodeOutbind, encodeOutbind } from '../../../src/smpp/pdu/outbind.ts';
import { shiftedInto } from '../../support/messages.ts';
import { oracleEncode } from '../../support/oracle.ts';
import { vectorNamed } from '../../support/vectors.ts';

test('the outbind of the vectors, both ways', () => {
  const { bytes } = vectorNamed('outbind');
  const { b, start, end } = shiftedInto(bytes, 9);
  const outbind = { systemId: 'SMSC01', password: 'obpass' };
  expect(decodeOutbind(b, start, end)).toEqual({ status: 0, ...outbind });
  expect(encodeOutbind(outbind, 1)).toEqual(bytes);
});

test('the longest strings, as another codec writes them', () => {
  const fields = { system_id: 'ABCDEFGHIJKLMNO', password: '12345678' };
  const bytes = oracleEncode('outbind', { ...fields, sequence_number: 7 });
  const outbind = { systemId: fields.system_id, password: fields.password };
  expect(decodeOutbind(bytes, 0, bytes.length)).toEqual({ status: 0, ...outbind });
  expect(encodeOutbind(outbind, 7)).toEqual(bytes);
});

test.each([
  ['ABCDEFGHIJKLMNOP', 'x', 0x0f],
  ['them', '123456789', 0x0e],
])('%s / %s is too long', (system_id, password, status) => {
  const bytes = oracleEncode('outbind', { system_id, password });
  expect(decodeOutbind(bytes, 0, bytes.length).status).toBe(status);
  expect(() => encodeOutbind({ systemId: system_id, password }, 1)).toThrow(RangeError);
});

test('cut short anywhere it is refused, and nothing behind the end is read', () => {
  const { bytes } = vectorNamed('outbind');
  const { b, start } = shiftedInto(bytes, 3);
  for (let length = 16; length < bytes.length; length++) {
    expect(decodeOutbind(b, start, start + length).status, `${length} octets`).not.toBe(0);
  }
});
