import { expect, test } from 'vitest';
import { tlvFields } from '../../src/cdr/tlv-fields.ts';
import type { TlvView } from '../../src/cdr/tlv-fields.ts';
import { decodeEvent } from '../../src/cdr/decode.ts';
import { eventFields, mergeEvents } from '../../src/cdr/merge.ts';
import { accepted } from '../support/ledger.ts';

const VIEWS: TlvView[] = [
  { name: 'campaign', tag: 0x1401, type: 'cstring' },
  { name: 'weight', tag: 0x1402, type: 'integer' },
  { name: 'route', tag: 0x1403, type: 'octets' },
];
const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');
const fieldsOf = (text: string): object => tlvFields(hex(text), VIEWS);

test('each by its name, read by its type; others are passed over', () => {
  expect(fieldsOf('1401 0004 61626300  0204 0002 0001  1402 0002 0102  1403 0003 00ff10')).toEqual({
    'tlv.campaign': 'abc',
    'tlv.weight': 258,
    'tlv.route': '00ff10',
  });
});

test.each([
  ['a cstring without NUL', '1401 0003 616263', { 'tlv.campaign': 'abc' }],
  ['an empty cstring', '1401 0000', { 'tlv.campaign': '' }],
  ['a cstring of octets above 0x7f', '1401 0003 e9ff00', { 'tlv.campaign': 'éÿ' }],
  ['an integer of one octet', '1402 0001 ff', { 'tlv.weight': 255 }],
  ['an integer of six octets', '1402 0006 ffffffffffff', { 'tlv.weight': 281_474_976_710_655 }],
  ['an integer that no number holds', '1402 0008 ffffffffffffffff', { 'tlv.weight': 'ffffffffffffffff' }],
  ['an integer of no octets', '1402 0000', { 'tlv.weight': '' }],
  [
    'one three times',
    '1402 0001 01 1402 0001 02 1402 0001 03',
    { 'tlv.weight': 1, 'tlv.weight.2': 2, 'tlv.weight.3': 3 },
  ],
  ['one behind a broken one', '0204 ffff 00 1402 0001 01', {}],
  ['one that is cut', '1402 0001 01 1401 0004 6162', { 'tlv.weight': 1 }],
  ['none', '', {}],
])('%s', (_what, text, expected) => {
  expect(fieldsOf(text)).toEqual(expected);
});

test('of a message, behind its text or its message_payload, in its event and in its record', () => {
  for (const options of [{}, { payload: Buffer.from('long text') }]) {
    const event = decodeEvent(accepted({ ...options, tlvs: hex('1401 0007 737072696e6700') }), 0);
    const names = { accounts: [], smscs: [] };
    expect(eventFields(event, names, VIEWS)).toMatchObject({ 'tlv.campaign': 'spring' });
    expect(mergeEvents([{ event, names }], VIEWS)).toMatchObject({ 'tlv.campaign': 'spring' });
    expect(eventFields(event, names)).not.toHaveProperty('tlv.campaign');
  }
});
