import { describe, expect, it } from 'vitest';
import { encodePdu, type PduInput } from '../../src/smpp/codec.ts';
import * as smpp from '../../src/smpp/constants.ts';
import { makeTlv } from '../../src/smpp/pdu/tlv.ts';

const [V33, V34, V50] = [smpp.VERSION_33, smpp.VERSION_34, smpp.VERSION_50];
const text = (length: number): string => 'x'.repeat(length);

describe('what does not fit is not written:', () => {
  const submit = { command: 'submit_sm', sequenceNumber: 1, destinationAddr: '1' } as const;
  const dests = Array.from({ length: 255 }, () => ({ destFlag: 2, dlName: 'a' }) as const);
  const multi = { command: 'submit_multi', sequenceNumber: 1, destAddress: dests } as const;

  it.each<[string, PduInput, number, string]>([
    [
      'a long string',
      { ...submit, sourceAddr: text(21) },
      V34,
      'source_addr: 21 characters, 20 are the most',
    ],
    ['a character that is no octet', { ...submit, serviceType: 'Ж' }, V34, 'service_type: U+416 can not be'],
    ['a NUL', { ...submit, serviceType: 'a\0' }, V34, 'service_type: U+0 can not be'],
    ['a large number', { ...submit, esmClass: 256 }, V34, 'esm_class: 256 is no integer of 1 octet'],
    ['a fraction', { ...submit, dataCoding: 0.5 }, V34, 'data_coding: 0.5 is no integer of 1 octet'],
    ['a half time', { ...submit, validityPeriod: '2601' }, V34, 'validity_period: 4 characters are no time'],
    [
      '161 octets in 3.3',
      { ...submit, shortMessage: Buffer.alloc(161) },
      V33,
      'short_message: 161 octets, 160 are',
    ],
    [
      '255 octets in 3.4',
      { ...submit, shortMessage: Buffer.alloc(255) },
      V34,
      'short_message: 255 octets, 254 are',
    ],
    ['256 octets', { ...submit, shortMessage: Buffer.alloc(256) }, V50, 'short_message: 256 octets, 255 are'],
    [
      'a long id in 3.3',
      { command: 'query_sm', sequenceNumber: 1, messageId: text(9) },
      V33,
      'message_id: 9',
    ],
    ['255 destinations in 3.4', multi, V34, 'dest_address: 255 entries, 254 are the most'],
    ['no destination', { ...multi, destAddress: [] }, V50, 'dest_address: has no entry'],
    [
      'a long destination',
      { ...multi, destAddress: [{ destFlag: 2, dlName: text(21) }] },
      V50,
      'dest_address: dl_name: 21 characters, 20 are the most',
    ],
    [
      'a command of another version',
      { command: 'data_sm', sequenceNumber: 1 },
      V33,
      'data_sm: is none of version',
    ],
    ['TLVs in 3.3', { ...submit, tlvs: [makeTlv('source_port', 1)] }, V33, 'tlvs: SMPP 3.3 has none'],
    [
      'TLVs without a body',
      { command: 'unbind', sequenceNumber: 1, tlvs: [makeTlv('source_port', 1)] },
      V50,
      'tlvs: unbind has no body',
    ],
    [
      'a TLV that is too long',
      { ...submit, tlvs: [{ tag: 0x0204, value: Buffer.alloc(3) }] },
      V50,
      'TLV user_message_',
    ],
    [
      'a TLV over 65535 octets',
      { ...submit, tlvs: [{ tag: 0x1400, value: Buffer.alloc(65_536) }] },
      V50,
      'TLV 0x1400: 65536 octets',
    ],
    [
      'a sequence_number',
      { ...submit, sequenceNumber: 2 ** 32 },
      V50,
      'sequence_number: 4294967296 is no integer',
    ],
    [
      'a command_status',
      { ...submit, commandStatus: -1 },
      V50,
      'command_status: -1 is no integer of 4 octets',
    ],
    ['no command', { command: 'hello', sequenceNumber: 1 } as unknown as PduInput, V50, 'no command hello'],
  ])('%s', (_what, pdu, version, message) => {
    expect(() => encodePdu(pdu, version)).toThrow(RangeError);
    expect(() => encodePdu(pdu, version)).toThrow(message);
  });

  it('but 255 destinations and octets go in 5.0', () => {
    expect(encodePdu(multi, V50)[20]).toBe(255);
    expect(encodePdu({ ...submit, shortMessage: Buffer.alloc(255) }, V50).length).toBe(16 + 18 + 255);
  });
});
