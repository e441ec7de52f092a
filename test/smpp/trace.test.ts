import { describe, expect, test } from 'vitest';
import { maskPdu } from '../../src/smpp/mask.ts';
import { tagTable } from '../../src/smpp/tags.ts';
import { traceText } from '../../src/smpp/trace.ts';
import { bindBytes, pduBytes, submitBytes } from '../daemon/raw.ts';
import { npm } from '../daemon/esme.ts';
import { vectorNamed, vectors } from '../support/vectors.ts';

const about = { session: '0-65537', direction: 'in', timeMs: 1_767_225_600_123, version: 0x34 } as const;

function textOf(bytes: Buffer, tags = tagTable([])): string {
  return traceText({ ...about, bytes }, tags);
}

/** The values shown under a name. */
function valuesOf(text: string, name: string): string[] {
  return [...text.matchAll(new RegExp(`^  ${name} +(.*)$`, 'gm'))].map((found) => found[1]);
}

test('headline, fields in the order of the PDU, octets', () => {
  const lines = textOf(submitBytes(5, 'hello', 1)).split('\n');
  expect(lines[0]).toBe('2026-01-01T00:00:00.123Z 0-65537 in  submit_sm seq 5, 51 octets');
  expect(lines.slice(1, 8).map((line) => line.trim().split(/ +/))).toEqual([
    ['service_type', '""'],
    ['source_addr_ton', '5'],
    ['source_addr_npi', '0'],
    ['source_addr', '"a"'],
    ['dest_addr_ton', '1'],
    ['dest_addr_npi', '1'],
    ['destination_addr', '"962790000001"'],
  ]);
  expect(valuesOf(lines.join('\n'), 'registered_delivery')).toEqual(['0x01']);
  expect(valuesOf(lines.join('\n'), 'short_message')).toEqual(['"hello" (gsm)']);
  const octets = lines.filter((line) => /^  [0-9a-f]{4}  /.test(line)).map((line) => line.slice(8));
  expect(octets.join(' ').replaceAll(' ', '')).toBe(submitBytes(5, 'hello', 1).toString('hex', 16));
});

test('a status is shown in responses, and in a request only where it should not be', () => {
  expect(textOf(pduBytes(0x8000_0004, 7, undefined, 0x58))).toContain(
    ' submit_sm_resp ESME_RTHROTTLED seq 7, 16 octets\n',
  );
  expect(textOf(pduBytes(0x15, 7))).toContain(' enquire_link seq 7, 16 octets\n');
  expect(textOf(pduBytes(0x15, 7, undefined, 0x58))).toContain(' enquire_link ESME_RTHROTTLED seq 7');
});

test('the password is not shown, even where nobody overwrote it', () => {
  const bind = bindBytes(9, { name: 'shop', password: 'pa55w0rd' });
  expect(valuesOf(textOf(bind), 'password')).toEqual(['(hidden)']);
  maskPdu(bind, 0, bind.length, false);
  const text = textOf(bind);
  expect(text).not.toContain(
    Buffer.from('pa55w0rd')
      .toString('hex')
      .replace(/(..)(?=.)/g, '$1 '),
  );
  expect(valuesOf(text, 'system_id')).toEqual(['"shop"']);
  expect(valuesOf(text, 'interface_version')).toEqual(['0x34']);
});

describe('texts', () => {
  test.each([
    [
      'in UCS-2',
      { data_coding: 8, short_message: { message: Buffer.from('0633064406270645', 'hex') } },
      '"سلام" (ucs2)',
    ],
    ['in GSM', { data_coding: 0, short_message: { message: Buffer.from('1b65', 'hex') } }, '"€" (gsm)'],
    ['of octets', { data_coding: 4, short_message: { message: Buffer.from('00ff1b', 'hex') } }, '00ff1b'],
    [
      'that steer a terminal',
      { data_coding: 3, short_message: { message: Buffer.from('\u001b[2J') } },
      '"\\u001b[2J" (latin1)',
    ],
    ['empty', { short_message: '' }, '""'],
  ])('%s', (_what, fields, expected) => {
    const bytes = new npm.PDU('submit_sm', { destination_addr: '1', ...fields }).toBuffer();
    expect(valuesOf(textOf(bytes), 'short_message')).toEqual([expected]);
  });

  test('in message_payload, behind a user data header', () => {
    const bytes = new npm.PDU('submit_sm', {
      destination_addr: '1',
      esm_class: 0x40,
      data_coding: 0,
      message_payload: Buffer.from('050003120201' + '6869', 'hex'),
    }).toBuffer();
    const text = textOf(bytes);
    expect(valuesOf(text, 'user_data_header')).toEqual(['050003120201']);
    expect(valuesOf(text, 'message_payload')).toEqual(['"hi" (gsm)']);
  });
});

test("TLVs by name, type and, where they are a vendor's, by the configuration", () => {
  const bytes = Buffer.concat([
    submitBytes(1),
    Buffer.from('0204' + '0002' + '1234', 'hex'),
    Buffer.from('1401' + '0007' + Buffer.from('spring\0').toString('hex'), 'hex'),
    Buffer.from('1402' + '0002' + '0102', 'hex'),
    Buffer.from('1403' + '0002' + 'beef', 'hex'),
  ]);
  bytes.writeUInt32BE(bytes.length, 0);
  const tags = tagTable([
    { name: 'campaign', tag: 0x1401, type: 'cstring' },
    { name: 'weight', tag: 0x1402, type: 'integer' },
  ]);
  const text = textOf(bytes, tags);
  expect(valuesOf(text, 'user_message_reference')).toEqual(['4660']);
  expect(valuesOf(text, 'campaign')).toEqual(['"spring"']);
  expect(valuesOf(text, 'weight')).toEqual(['258']);
  expect(valuesOf(text, '0x1403')).toEqual(['beef']);
});

test('lists: a line for each entry', () => {
  const values = valuesOf(textOf(vectorNamed('submit_multi_2sme_1dl').bytes), 'dest_address');
  expect(values).toHaveLength(3);
  expect(values[0]).toContain('destination_addr="');
  expect(values[2]).toContain('dl_name="');
});

test('what can not be read says why, and is shown in octets', () => {
  const text = textOf(pduBytes(4, 1, Buffer.from('\0\x05\0abc', 'latin1')));
  expect(valuesOf(text, '\\(not readable\\)')).toHaveLength(1);
  expect(text).toContain('  0000  00 05 00 61 62 63\n');
});

test('every vector has a text that names its command', () => {
  for (const { bytes, fields, valid, version } of vectors) {
    if (!valid || fields.stream !== undefined) continue;
    const numbers: Record<string, number> = { '3.3': 0x33, '3.4': 0x34, '5.0': 0x50 };
    const text = traceText({ ...about, bytes, version: numbers[version] });
    expect(text).toContain(` ${fields.command} `);
    expect(text).not.toContain('(not readable)');
  }
});
