import { describe, expect, it } from 'vitest';
import * as smpp from '../../src/smpp/constants.ts';
import { TAG_ROWS } from '../../src/smpp/tag-rows.ts';
import {
  isExpectedIn,
  readTlvValue,
  STANDARD_TAGS,
  TagTable,
  tagTable,
  tlvName,
  tlvStatus,
  writeTlvValue,
  type TagDefinition,
} from '../../src/smpp/tags.ts';
import { oracleTables } from '../support/oracle.ts';
import { vectors } from '../support/vectors.ts';

function defined(name: string): TagDefinition {
  const definition = STANDARD_TAGS.byName(name);
  if (definition === undefined) throw new Error(`no TLV ${name}`);
  return definition;
}

describe('the table', () => {
  it('has the 64 tags of an independent table, under the same names', () => {
    const renamed: Record<string, string> = {
      dest_port: 'destination_port',
      alert_on_msg_delivery: 'alert_on_message_delivery',
      failed_broadcast_area_identifier: 'broadcast_area_identifier',
    };
    const theirs = new Map(
      Object.entries(oracleTables.tlvs).map(([name, { id }]) => [id, renamed[name] ?? name]),
    );
    expect(new Map([...STANDARD_TAGS].map(({ tag, name }) => [tag, name]))).toEqual(theirs);
    expect(TAG_ROWS).toHaveLength(64);
    expect(new Set(TAG_ROWS.map(({ name }) => name)).size).toBe(64);
  });

  it('knows the other names of the specifications', () => {
    expect(STANDARD_TAGS.byName('dest_port')?.tag).toBe(smpp.TLV_DESTINATION_PORT);
    expect(STANDARD_TAGS.byName('failed_broadcast_area_identifier')?.tag).toBe(0x0606);
    expect(() => tagTable([{ name: 'dest_port', tag: 0x1400, type: 'octets' }])).toThrow('has that already');
  });

  it('takes every TLV of the valid vectors, under its name and where it is', () => {
    let checked = 0;
    for (const vector of vectors) {
      if (!vector.valid) continue;
      for (const { tag, name, value_hex } of vector.fields.tlvs ?? []) {
        const definition = STANDARD_TAGS.byTag(Number(tag));
        if (definition === undefined) continue;
        checked++;
        expect(definition.name).toBe(name === 'dest_port' ? 'destination_port' : name);
        expect(tlvStatus(definition, Buffer.from(value_hex, 'hex')), `${vector.name} ${name}`).toBe(0);
        const version = vector.version === '5.0' ? smpp.VERSION_50 : smpp.VERSION_34;
        expect(isExpectedIn(definition, vector.bytes.readUInt32BE(4), version), vector.name).toBe(true);
      }
    }
    expect(checked).toBeGreaterThan(40);
  });

  // A selection of the specification's rows: the command, the version, and whether it may have the TLV.
  it.each([
    ['qos_time_to_live', smpp.SUBMIT_SM, smpp.VERSION_34, false],
    ['qos_time_to_live', smpp.SUBMIT_SM, smpp.VERSION_50, true],
    ['qos_time_to_live', smpp.DATA_SM, smpp.VERSION_34, true],
    ['qos_time_to_live', smpp.DELIVER_SM, smpp.VERSION_50, false],
    ['receipted_message_id', smpp.DELIVER_SM, smpp.VERSION_34, true],
    ['receipted_message_id', smpp.SUBMIT_SM, smpp.VERSION_50, false],
    ['dest_subaddress', smpp.SUBMIT_MULTI, smpp.VERSION_50, false],
    ['dest_subaddress', smpp.BROADCAST_SM, smpp.VERSION_50, true],
    ['sc_interface_version', smpp.BIND_RECEIVER_RESP, smpp.VERSION_34, true],
    ['congestion_state', smpp.ENQUIRE_LINK_RESP, smpp.VERSION_50, true],
    ['congestion_state', smpp.SUBMIT_SM_RESP, smpp.VERSION_34, false],
    ['congestion_state', smpp.ENQUIRE_LINK, smpp.VERSION_50, false],
    ['message_payload', smpp.REPLACE_SM, smpp.VERSION_50, true],
    ['message_payload', smpp.REPLACE_SM, smpp.VERSION_34, false],
    ['user_message_reference', smpp.CANCEL_BROADCAST_SM, smpp.VERSION_50, true],
    ['message_state', smpp.QUERY_BROADCAST_SM_RESP, smpp.VERSION_50, true],
    ['network_error_code', smpp.DATA_SM_RESP, smpp.VERSION_34, true],
    ['network_error_code', smpp.SUBMIT_SM_RESP, smpp.VERSION_34, false],
    ['network_error_code', smpp.SUBMIT_SM_RESP, smpp.VERSION_50, true],
    ['ms_availability_status', smpp.ALERT_NOTIFICATION, smpp.VERSION_34, true],
  ])('lets %s be in command %d of version %d: %s', (name, commandId, version, expected) => {
    expect(isExpectedIn(defined(name), commandId, version)).toBe(expected);
  });
});

describe('lengths and values', () => {
  // The lengths that are taken, and the nearest that are not.
  it.each([
    ['user_message_reference', [2], [0, 1, 3]],
    ['source_telematics_id', [1, 2], [0, 3]],
    ['qos_time_to_live', [4], [3, 5]],
    ['ms_validity', [1, 4], [0, 2, 3, 5]],
    ['alert_on_message_delivery', [0, 1], [2]],
    ['source_subaddress', [2, 23], [1, 24]],
    ['callback_num', [4, 19], [3, 20]],
    ['network_error_code', [3], [2, 4]],
    ['receipted_message_id', [0, 65], [66]],
    ['broadcast_end_time', [16, 17], [15, 18]],
    ['dest_network_id', [7, 66], [5, 67]],
    ['billing_identification', [1, 1024], [0, 1025]],
    ['broadcast_area_identifier', [1, 101], [0, 102]],
    ['dest_addr_np_country', [1, 5], [0, 6]],
  ])('%s has %j and not %j octets', (name, good, bad) => {
    for (const length of good) expect(tlvStatus(defined(name), Buffer.alloc(length)), `${length}`).toBe(0);
    for (const length of bad)
      expect(tlvStatus(defined(name), Buffer.alloc(length)), `${length}`).toBe(smpp.ESME_RINVTLVLEN);
  });

  it('that no version assigns are told from those that one does', () => {
    const statusOf = (name: string, value: number): number => tlvStatus(defined(name), Buffer.from([value]));
    for (const [name, good, bad] of [
      ['dest_addr_subunit', 4, 5],
      ['privacy_indicator', 3, 4],
      ['congestion_state', 100, 101],
      ['ussd_service_op', 19, 20],
      ['ussd_service_op', 255, 4],
      ['message_state', 9, 10],
      ['number_of_messages', 99, 100],
      ['sar_total_segments', 255, 0],
      ['broadcast_area_success', 255, 101],
    ] as const) {
      expect(statusOf(name, good), name).toBe(smpp.ESME_ROK);
      expect(statusOf(name, bad), name).toBe(smpp.ESME_RINVTLVVAL);
    }
  });
});

describe('values', () => {
  const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');

  it('are read as their type says', () => {
    expect(readTlvValue(smpp.TLV_MESSAGE_STATE, bytes('\x05'))).toBe(5);
    expect(readTlvValue(smpp.TLV_SAR_MSG_REF_NUM, bytes('\x12\x34'))).toBe(0x1234);
    expect(readTlvValue(smpp.TLV_QOS_TIME_TO_LIVE, bytes('\xff\0\0\x01'))).toBe(0xff00_0001);
    expect(readTlvValue(smpp.TLV_RECEIPTED_MESSAGE_ID, bytes('ABC\0'))).toBe('ABC');
    expect(readTlvValue(smpp.TLV_RECEIPTED_MESSAGE_ID, bytes('ABC'))).toBe('ABC');
    expect(readTlvValue(smpp.TLV_SOURCE_NODE_ID, bytes('000001'))).toBe('000001');
    expect(readTlvValue(smpp.TLV_NETWORK_ERROR_CODE, bytes('\x03\0\x1b'))).toEqual(bytes('\x03\0\x1b'));
    expect(readTlvValue(smpp.TLV_ALERT_ON_MESSAGE_DELIVERY, bytes(''))).toBe(0);
  });

  it('of a wrong length or an unknown tag are read as octets', () => {
    expect(readTlvValue(smpp.TLV_MESSAGE_STATE, bytes('\x05\x06'))).toEqual(bytes('\x05\x06'));
    expect(readTlvValue(smpp.TLV_MESSAGE_STATE, bytes(''))).toEqual(bytes(''));
    expect(readTlvValue(0x1400, bytes('x\0'))).toEqual(bytes('x\0'));
  });

  it('are written as their version has them', () => {
    const write = (name: string, content: number | string, version?: number): string =>
      writeTlvValue(defined(name).tag, content, version).toString('hex');
    expect(write('source_port', 2948)).toBe('0b84');
    expect(write('source_telematics_id', 7)).toBe('07');
    expect(write('receipted_message_id', 'D-42')).toBe('442d343200');
    expect(write('dest_node_id', '123456')).toBe('313233343536');
    expect(write('alert_on_message_delivery', 2, smpp.VERSION_50)).toBe('02');
    expect(write('alert_on_message_delivery', 2, smpp.VERSION_34)).toBe('');
    expect(write('broadcast_end_time', '260101130000000+')).toBe('3236303130313133303030303030302b00');
  });

  it.each([
    ['source_port', 0x1_0000, 'source_port: 65536 in 2 octets'],
    ['source_port', -1, 'source_port: -1 in 2 octets'],
    ['source_port', 'x', 'source_port: a number or octets are needed, not string'],
    ['source_port', Buffer.alloc(3), 'source_port: 3 octets'],
    ['receipted_message_id', 'x'.repeat(65), 'receipted_message_id: 66 octets'],
    ['receipted_message_id', 'a\0b', 'receipted_message_id: "\\u0000" is no octet of it'],
    ['receipted_message_id', '€', 'receipted_message_id: "€" is no octet of it'],
    ['receipted_message_id', 5, 'receipted_message_id: a string or octets are needed, not number'],
    ['source_node_id', '12345', 'source_node_id: 5 octets'],
    ['network_error_code', 3, 'network_error_code: octets are needed, not number'],
  ])('%s of %j does not fit', (name, content, message) => {
    expect(() => writeTlvValue(defined(name).tag, content)).toThrow(new RangeError(message));
  });

  it('of an unknown tag can only be octets', () => {
    expect(writeTlvValue(0x1400, bytes('x'))).toEqual(bytes('x'));
    expect(() => writeTlvValue(0x1400, 1)).toThrow('0x1400: octets are needed');
  });

  it('that 3.4 lacks and 5.0 has are refused in 3.4', () => {
    const four = Buffer.from([4, 0, 0, 9]);
    expect(writeTlvValue(smpp.TLV_MS_VALIDITY, four, smpp.VERSION_50)).toEqual(four);
    expect(() => writeTlvValue(smpp.TLV_MS_VALIDITY, four, smpp.VERSION_34)).toThrow('ms_validity: 4 octets');
  });
});

describe('vendor tags', () => {
  const tags = tagTable([
    { name: 'charging', tag: 0x1400, type: 'integer' },
    { name: 'campaign', tag: 0x1401, type: 'cstring' },
    { name: 'blob', tag: 0x8081, type: 'octets' },
  ]);

  it('stand beside the standard ones', () => {
    expect(tags).toBeInstanceOf(TagTable);
    expect(tlvName(0x1400, tags)).toBe('charging');
    expect(tlvName(0x1400)).toBe('0x1400');
    expect(tlvName(0x0424, tags)).toBe('message_payload');
    expect(tags.byName('blob')?.tag).toBe(0x8081);
    expect(STANDARD_TAGS.byTag(0x1400)).toBeUndefined();
  });

  it('are read and written by their type', () => {
    for (const [hex, value] of [
      ['01', 1],
      ['00000001', 1],
      ['ffffffffffff', 0xffff_ffff_ffff],
    ] as const) {
      expect(readTlvValue(0x1400, Buffer.from(hex, 'hex'), tags)).toBe(value);
    }
    const seven = Buffer.alloc(7);
    expect(readTlvValue(0x1400, seven, tags)).toBe(seven);
    expect(writeTlvValue(0x1400, 258, smpp.VERSION_34, tags).toString('hex')).toBe('00000102');
    expect(readTlvValue(0x1401, Buffer.from('spring\0'), tags)).toBe('spring');
    expect(writeTlvValue(0x1401, 'spring', smpp.VERSION_34, tags)).toEqual(Buffer.from('spring\0'));
    const definition = tags.byTag(0x1400) as TagDefinition;
    expect(isExpectedIn(definition, smpp.SUBMIT_SM, smpp.VERSION_34)).toBe(true);
    expect(tlvStatus(definition, seven)).toBe(smpp.ESME_RINVTLVLEN);
  });

  it.each([
    [{ name: 'payload', tag: 0x0424 }, 'TLV payload (0x0424): message_payload (0x0424) has that already'],
    [{ name: 'source_port', tag: 0x1400 }, 'TLV source_port (0x1400): source_port (0x020a) has that already'],
    [{ name: 'far', tag: 0x1_0000 }, 'TLV far: tag 65536'],
  ])('%j is refused', (one, message) => {
    expect(() => tagTable([{ ...one, type: 'octets' }])).toThrow(new RangeError(message));
  });
});
