import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as smpp from '../../../src/smpp/constants.ts';
import { readMessage } from '../../../src/smpp/pdu/message-encode.ts';
import { MessageFields } from '../../../src/smpp/pdu/message-fields.ts';
import {
  encodeSubmitSm,
  readResponseId,
  scanSubmitSm,
  writeSubmitSmResp,
  writeSubmitSmResp33,
} from '../../../src/smpp/pdu/submit-sm.ts';
import { MessageTimes, validityStatus } from '../../../src/smpp/times.ts';
import { message, shiftedInto, fieldsOf } from '../../support/messages.ts';
import { oracleDecode, oracleEncode } from '../../support/oracle.ts';
import { refused, validOf, vectorNamed, vectors, versionOf } from '../../support/vectors.ts';

const f = new MessageFields();
const NOW_MS = Date.UTC(2025, 11, 1);

/** The scan and then the clock, as the admission does it. */
function statusOf(b: Buffer, start: number, end: number, version: number): number {
  const status = scanSubmitSm(b, start, end, version, f);
  if (status !== smpp.ESME_ROK) return status;
  const { scheduleAt, scheduleEnd, validityAt, validityEnd } = f;
  return validityStatus(b, scheduleAt, scheduleEnd, validityAt, validityEnd, NOW_MS, new MessageTimes());
}

describe('valid submit_sm', () => {
  it.each(validOf('submit_sm'))('$name is read and written back to the byte', (vector) => {
    const { b, start, end } = shiftedInto(vector.bytes, 37);
    expect(statusOf(b, start, end, versionOf(vector))).toBe(smpp.ESME_ROK);
    const read = readMessage(b, f);
    expect(fieldsOf(read)).toEqual(message(vector.fields));
    expect(encodeSubmitSm(read, vector.fields.sequence_number as number)).toEqual(vector.bytes);
  });

  it('knows where the user data and its header are', () => {
    const ports = vectorNamed('submit_sm_concat8_ports').bytes;
    scanSubmitSm(ports, 0, ports.length, smpp.VERSION_34, f);
    expect([f.udhLength, f.dataLength]).toEqual([12, 14]);
    const payload = vectorNamed('submit_sm_payload_300').bytes;
    scanSubmitSm(payload, 0, payload.length, smpp.VERSION_34, f);
    expect([f.dataLength, f.payloadLength, f.udhLength]).toEqual([300, 300, 0]);
    expect(payload.toString('latin1', f.dataAt, f.dataAt + 10)).toBe('0123456789');
    const sar = vectorNamed('submit_sm_sar_2of2').bytes;
    scanSubmitSm(sar, 0, sar.length, smpp.VERSION_34, f);
    expect([f.sarRef, f.sarTotal, f.sarSequence, f.payloadLength]).toEqual([0x1234, 2, 2, -1]);
    const unknown = vectorNamed('submit_sm_unknown_tlvs').bytes;
    scanSubmitSm(unknown, 0, unknown.length, smpp.VERSION_34, f);
    expect([f.userMessageReference, f.sarRef]).toEqual([0x4d, -1]);
  });
});

describe('bad submit_sm', () => {
  const bad = vectors.filter(
    (v) =>
      !v.valid && v.reaction?.respond[0]?.command === 'submit_sm_resp' && v.reaction.state === 'BOUND_TRX',
  );

  it('are all there', () => expect(bad.length).toBeGreaterThanOrEqual(20));

  it.each(bad)('$name gets its own status', (vector) => {
    const { b, start, end } = shiftedInto(vector.bytes, 5);
    expect(statusOf(b, start, end, versionOf(vector))).toBe(refused(vector));
  });

  it('is refused when cut anywhere, and never reads behind its end', () => {
    const whole = vectorNamed('submit_sm_sar_1of2').bytes;
    // Behind the text and behind each TLV the PDU could end; what stands behind the cut would complete it.
    const wholeAt = [66, 72, 77, 82];
    for (let end = 16; end < whole.length; end++) {
      const status = scanSubmitSm(whole, 0, end, smpp.VERSION_34, f);
      expect(status === smpp.ESME_ROK, `cut at ${end}`).toBe(wholeAt.includes(end));
    }
  });

  it.each([
    ['priority 2 on 3.3', { priority: 2 }, smpp.VERSION_33, smpp.ESME_RINVPRTFLG],
    ['priority 4 on 5.0', { priority: 4 }, smpp.VERSION_50, smpp.ESME_ROK],
    ['registered_delivery 17 on 3.4', { registeredDelivery: 17 }, smpp.VERSION_34, smpp.ESME_ROK],
    ['registered_delivery 17 on 3.3', { registeredDelivery: 17 }, smpp.VERSION_33, smpp.ESME_ROK],
    ['registered_delivery 3 on 3.3', { registeredDelivery: 3 }, smpp.VERSION_33, smpp.ESME_RINVREGDLVFLG],
    ['KS C 5601 on 3.4', { dataCoding: 14 }, smpp.VERSION_34, smpp.ESME_RSUBMITFAIL],
    ['odd UCS-2 by DCS 0x18', { dataCoding: 0x18, message: Buffer.alloc(3) }, 0x34, smpp.ESME_RINVMSGLEN],
    [
      'odd UCS-2 by DCS 0x0b of 3.3',
      { dataCoding: 0x0b, message: Buffer.alloc(3) },
      0x33,
      smpp.ESME_RINVMSGLEN,
    ],
    ['a reserved coding of 3.4', { dataCoding: 0x0b, message: Buffer.alloc(3) }, 0x34, smpp.ESME_ROK],
    ['8-bit of odd length', { dataCoding: 0x14, message: Buffer.alloc(3) }, 0x34, smpp.ESME_ROK],
    ['UDHI without data', { esmClass: 0x40 }, 0x34, smpp.ESME_RINVESMCLASS],
    ['UDH element past its end', { esmClass: 0x40, message: Buffer.from('0300050178', 'hex') }, 0x34, 0x43],
    ['relative schedule malformed', { schedule: '00000000010000xR' }, 0x34, smpp.ESME_RINVSCHED],
  ])('%s', (_what, fields, version, status) => {
    const b = encodeSubmitSm({ dest: '1', message: Buffer.alloc(0), ...fields }, 1);
    expect(scanSubmitSm(b, 0, b.length, version, f)).toBe(status);
  });

  it('ignores sar_* that are not all there, and takes the payload over the text on 5.0', () => {
    const tlvs = [{ tag: smpp.TLV_SAR_SEGMENT_SEQNUM, value: Buffer.from([9]) }];
    const partial = encodeSubmitSm({ dest: '1', tlvs }, 1);
    expect(scanSubmitSm(partial, 0, partial.length, smpp.VERSION_34, f)).toBe(smpp.ESME_ROK);
    expect(f.sarSequence).toBe(-1);
    const both = vectorNamed('both_bodies').bytes;
    expect(scanSubmitSm(both, 0, both.length, smpp.VERSION_50, f)).toBe(smpp.ESME_ROK);
    expect(both.toString('latin1', f.dataAt, f.dataAt + f.dataLength)).toBe('payload');
  });
});

/** Fields that both codecs name; data_coding 4 keeps the other codec from recoding the text. */
const arbitrary = fc.record({
  service_type: fc.constantFrom('', 'CMT', 'VMA'),
  source_addr_ton: fc.nat(6),
  source_addr_npi: fc.nat(18),
  source_addr: fc.stringMatching(/^[0-9A-Za-z]{0,20}$/),
  dest_addr_ton: fc.nat(6),
  dest_addr_npi: fc.nat(18),
  destination_addr: fc.stringMatching(/^[0-9]{1,20}$/),
  esm_class: fc.constantFrom(0, 3, 0x80),
  protocol_id: fc.nat(255),
  priority_flag: fc.nat(3),
  schedule_delivery_time: fc.constantFrom('', '261231235959900+', '000001000000000R'),
  validity_period: fc.constantFrom('', '270101000000048-', '000007000000000R'),
  registered_delivery: fc.constantFrom(0, 1, 2, 0x11),
  replace_if_present_flag: fc.nat(1),
  sm_default_msg_id: fc.nat(254),
  text: fc.uint8Array({ maxLength: 254 }).map((bytes) => Buffer.from(bytes)),
  user_message_reference: fc.nat(0xffff),
  sequence_number: fc.integer({ min: 1, max: 0x7fff_ffff }),
});

describe('against the other codec', () => {
  it('reads what it writes, and writes the same', () => {
    const property = fc.property(arbitrary, ({ text, ...fields }) => {
      const theirs = oracleEncode('submit_sm', {
        ...fields,
        data_coding: 4,
        short_message: { message: text },
      });
      expect(scanSubmitSm(theirs, 0, theirs.length, smpp.VERSION_34, f)).toBe(smpp.ESME_ROK);
      const read = readMessage(theirs, f);
      expect(read.source).toBe(fields.source_addr);
      expect(read.dest).toBe(fields.destination_addr);
      expect(read.message).toEqual(text);
      expect(f.userMessageReference).toBe(fields.user_message_reference);
      const again = encodeSubmitSm(read, fields.sequence_number);
      expect(again).toEqual(theirs);
      const back = oracleDecode(again);
      expect(back.destination_addr).toBe(fields.destination_addr);
      expect(back.priority_flag).toBe(fields.priority_flag);
    });
    fc.assert(property, { numRuns: 300, seed: 20_260_102 });
  });
});

describe('submit_sm_resp', () => {
  it('carries the id in 16 digits, or 8 for 3.3, as the other codec reads it', () => {
    const b = Buffer.alloc(64, 0xee);
    expect(writeSubmitSmResp(b, 3, smpp.ESME_ROK, 0xffff_ffff, 0x0123_4567, 0x89ab_cdef)).toBe(33);
    expect(b.toString('hex', 3, 36)).toBe(
      '000000218000000400000000ffffffff3031323334353637383961626364656600',
    );
    const read = oracleDecode(b.subarray(3, 36));
    expect([read.command, read.message_id]).toEqual(['submit_sm_resp', '0123456789abcdef']);
    expect(writeSubmitSmResp33(b, 0, smpp.ESME_ROK, 1, 0xf)).toBe(25);
    expect(oracleDecode(b.subarray(0, 25)).message_id).toBe('0000000f');
    expect(b[36]).toBe(0xee);
  });

  it('is the header alone in an error, and on 3.3 an empty id', () => {
    const b = Buffer.alloc(32);
    const throttled = vectorNamed('submit_sm_resp_throttled').bytes;
    expect(writeSubmitSmResp(b, 0, smpp.ESME_RTHROTTLED, 11, 1, 2)).toBe(16);
    expect(b.subarray(0, 16)).toEqual(throttled);
    expect(writeSubmitSmResp33(b, 0, smpp.ESME_RTHROTTLED, 11, 2)).toBe(17);
    expect(b.toString('hex', 0, 17)).toBe('0000001180000004000000580000000b00');
  });

  it.each(validOf('submit_sm_resp'))('$name: the id is found', (vector) => {
    const { b, start, end } = shiftedInto(vector.bytes, 9);
    const status = Number(vector.fields.command_status);
    const id = b.toString('latin1', start + 16, readResponseId(b, start, end));
    expect(id).toBe(status === 0 ? vector.fields.message_id : '');
  });

  it('takes a missing body and a missing NUL', () => {
    const bare = Buffer.from('00000010800000040000000000000001', 'hex');
    expect(readResponseId(bare, 0, 16)).toBe(16);
    const open = Buffer.from('00000013800000040000000000000001616263', 'hex');
    expect(readResponseId(open, 0, 19)).toBe(19);
    const long = Buffer.concat([open, Buffer.alloc(200, 0x61)]);
    expect(readResponseId(long, 0, long.length)).toBe(80);
  });
});
