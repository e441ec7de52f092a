import { describe, expect, test } from 'vitest';
import { maskPdu } from '../../src/smpp/mask.ts';
import { bindBytes, pduBytes, submitBytes } from '../daemon/raw.ts';
import { npm } from '../daemon/esme.ts';
import { vectors } from '../support/vectors.ts';

const PASSWORD = 'pa55w0rd';

function masked(pdu: Buffer, hideText = false): Buffer {
  // In the middle of other bytes, which must stay as they are.
  const around = Buffer.concat([Buffer.alloc(5, 0x61), pdu, Buffer.alloc(5, 0x62)]);
  maskPdu(around, 5, 5 + pdu.length, hideText);
  expect(around.toString('latin1', 0, 5)).toBe('aaaaa');
  expect(around.toString('latin1', 5 + pdu.length)).toBe('bbbbb');
  return around.subarray(5, 5 + pdu.length);
}

describe('passwords', () => {
  test.each([1, 2, 9])('of a bind (command_id %i) are overwritten, and nothing else of it', (command) => {
    const pdu = bindBytes(command, { name: 'shop', password: PASSWORD });
    const expected = Buffer.from(pdu);
    expected.write('********', pdu.indexOf(PASSWORD));
    expect(masked(pdu)).toEqual(expected);
  });

  test('of an outbind', () => {
    const pdu = pduBytes(0x0b, 1, Buffer.from(`smsc\0${PASSWORD}\0`));
    expect(masked(pdu).toString('latin1', 16)).toBe('smsc\0********\0');
  });

  test('of a bind of SMPP 4.0, sent here by mistake', () => {
    const pdu = pduBytes(0x0001_0009, 1, Buffer.from(`shop\0${PASSWORD}\0\0\x40\0\0\0`));
    expect(masked(pdu).includes(PASSWORD)).toBe(false);
  });

  test.each([
    ['the NUL between name and password is missing', `shop${PASSWORD}\0\0\x34\0\0\0`],
    ['the NUL behind the password is missing', `shop\0${PASSWORD}`],
    ['no NUL at all', `shop${PASSWORD}`],
    ['the name is too long', `${'n'.repeat(20)}\0${PASSWORD}\0\0\x34\0\0\0`],
    ['something is in front', `x\0shop\0${PASSWORD}\0\0\x34\0\0\0`],
    ['something is behind', `shop\0${PASSWORD}\0\0\x34\0\0\0${PASSWORD}`],
    ['the body ends early', `shop\0${PASSWORD}\0\0\x34`],
  ])('of a bind that is not built like one (%s): all of its body', (_what, body) => {
    const pdu = pduBytes(9, 1, Buffer.from(body, 'latin1'));
    const text = masked(pdu).toString('latin1', 16);
    expect(text).toBe('*'.repeat(body.length));
  });

  test('are not looked for in responses, nor elsewhere', () => {
    for (const pdu of [
      pduBytes(0x8000_0009, 1, Buffer.from('tollgate\0')),
      submitBytes(1, PASSWORD),
      pduBytes(0x15, 1),
    ])
      expect(masked(pdu)).toEqual(pdu);
  });

  test('of every bind of the vectors', () => {
    const binds = vectors.filter(
      ({ valid, fields }) => valid && /^(bind_\w+r|outbind)$/.test(fields.command),
    );
    expect(binds.length).toBeGreaterThan(3);
    for (const { bytes, fields } of binds) {
      const { password } = fields;
      if (typeof password === 'string' && password.length > 2)
        expect(masked(bytes).includes(`\0${password}\0`)).toBe(false);
    }
  });
});

describe('texts', () => {
  const SECRET = 'meet me at nine';
  const addresses = {
    source_addr: 'Sender',
    destination_addr: '962790000001',
    dest_address: [
      { dest_addr_ton: 1, dest_addr_npi: 1, destination_addr: '962790000001' },
      { dl_name: 'staff' },
    ],
  };

  test.each([
    ['submit_sm', { short_message: SECRET }],
    ['submit_sm', { message_payload: SECRET }],
    ['deliver_sm', { short_message: SECRET, receipted_message_id: '12' }],
    ['submit_multi', { short_message: SECRET }],
    ['data_sm', { message_payload: SECRET }],
    ['replace_sm', { message_id: '17', short_message: SECRET }],
    ['broadcast_sm', { message_payload: SECRET, broadcast_rep_num: 1 }],
  ])('of %s %j are overwritten on demand only, the rest stays', (command, fields) => {
    const pdu = new npm.PDU(command, { ...addresses, ...fields, sequence_number: 3 }).toBuffer();
    const at = pdu.indexOf(SECRET);
    expect(at).toBeGreaterThan(16);
    expect(masked(pdu)).toEqual(pdu);
    const expected = Buffer.from(pdu);
    expected.fill('*', at, at + SECRET.length);
    expect(masked(pdu, true)).toEqual(expected);
  });

  test('every body that does not fit its fields is overwritten whole', () => {
    const pdu = submitBytes(1, SECRET);
    pdu[pdu.length - SECRET.length - 1] = SECRET.length + 1;
    expect(masked(pdu, true).toString('latin1', 16)).toBe('*'.repeat(pdu.length - 16));
    const cut = pduBytes(4, 1, pdu.subarray(16, 30));
    expect(masked(cut, true).toString('latin1', 16)).toBe('*'.repeat(14));
    const unknown = pduBytes(0x0001_0201, 1, Buffer.from(SECRET));
    expect(masked(unknown, true).toString('latin1', 16)).toBe('*'.repeat(SECRET.length));
    expect(masked(unknown).toString('latin1', 16)).toBe(SECRET);
  });

  test('no vector of any kind, cut anywhere, is written past its end', () => {
    for (const { bytes } of vectors) {
      for (let end = 0; end <= bytes.length; end++)
        for (const hide of [false, true]) masked(bytes.subarray(0, end), hide);
    }
  });
});
