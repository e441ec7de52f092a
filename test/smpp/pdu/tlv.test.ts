import { describe, expect, it } from 'vitest';
import * as smpp from '../../../src/smpp/constants.ts';
import {
  isSubmitTlvLength,
  makeTlv,
  readTlvs,
  tlvBytes,
  tlvValueOf,
  writeTlvs,
} from '../../../src/smpp/pdu/tlv.ts';

const { VERSION_34, VERSION_50 } = smpp;

describe('lengths of TLVs in a submission', () => {
  it.each([
    ['user_message_reference', smpp.TLV_USER_MESSAGE_REFERENCE, [2], [0, 1, 3]],
    ['sar_total_segments', smpp.TLV_SAR_TOTAL_SEGMENTS, [1], [0, 2]],
    ['dest_subaddress', smpp.TLV_DEST_SUBADDRESS, [2, 23], [1, 24]],
    ['callback_num', smpp.TLV_CALLBACK_NUM, [4, 19], [3, 20]],
    ['alert_on_message_delivery', smpp.TLV_ALERT_ON_MESSAGE_DELIVERY, [0, 1], [2]],
    ['message_payload', smpp.TLV_MESSAGE_PAYLOAD, [0, 65_535], []],
    ['a vendor tag', 0x1400, [0, 65_535], []],
    ['the last tag', 0xffff, [0, 65_535], []],
    ['one of deliver_sm only', smpp.TLV_MESSAGE_STATE, [0, 9], []],
  ])('of %s', (_name, tag, good, bad) => {
    for (const length of good) expect(isSubmitTlvLength(tag, length, VERSION_34), `${length}`).toBe(true);
    for (const length of bad) expect(isSubmitTlvLength(tag, length, VERSION_34), `${length}`).toBe(false);
  });

  it('count for 5.0 parameters on 5.0 sessions only', () => {
    expect(isSubmitTlvLength(smpp.TLV_QOS_TIME_TO_LIVE, 3, VERSION_34)).toBe(true);
    expect(isSubmitTlvLength(smpp.TLV_QOS_TIME_TO_LIVE, 3, VERSION_50)).toBe(false);
  });
});

describe('lists of TLVs', () => {
  const tlvs = [
    { tag: 0x0204, value: Buffer.from('004d', 'hex') },
    { tag: 0x4001, value: Buffer.alloc(0) },
  ];
  const hex = '02040002004d40010000';

  it('are written and read back', () => {
    const b = Buffer.alloc(tlvBytes(tlvs) + 3, 0xee);
    expect(writeTlvs(b, 3, tlvs)).toBe(b.length);
    expect(b.toString('hex', 3)).toBe(hex);
    expect(readTlvs(b, 3, b.length)).toEqual(tlvs);
  });

  it('end at the first broken one', () => {
    const broken = Buffer.from(`${hex}0427000502`, 'hex');
    expect(readTlvs(broken, 0, broken.length)).toEqual(tlvs);
    expect(readTlvs(broken, 0, 3)).toEqual([]);
  });

  it('refuse a value that no length can tell', () => {
    const huge = [{ tag: 1, value: Buffer.alloc(65_536) }];
    expect(() => writeTlvs(Buffer.alloc(70_000), 0, huge)).toThrow(RangeError);
  });

  it('are found by their tag, the first of several', () => {
    const twice = [...tlvs, { tag: 0x0204, value: Buffer.from('ffff', 'hex') }];
    expect(tlvValueOf(twice, 0x0204)).toEqual(Buffer.from('004d', 'hex'));
    expect(tlvValueOf(twice, 0x4001)).toHaveLength(0);
    expect(tlvValueOf(twice, 0x0424)).toBeUndefined();
  });

  it('are made by name or tag', () => {
    expect(makeTlv('user_message_reference', 0x4d)).toEqual(tlvs[0]);
    expect(makeTlv(0x0204, 0x4d)).toEqual(tlvs[0]);
    expect(() => makeTlv('user_message', 1)).toThrow(new RangeError('no TLV is named user_message'));
  });
});
