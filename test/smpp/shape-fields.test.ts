import { describe, expect, test } from 'vitest';
import { fieldsFor } from '../../src/smpp/shape-fields.ts';
import { bodiesOf, NOW_MS, SMSC, SMSC_33, SMSC_50, tlvsOf, vectorMessage } from './shape-support.ts';

const DAY_MS = 86_400_000;

describe('fields by version', () => {
  // v3.3: registered_delivery 0-1, priority_flag 0-1, esm_class 0 but for UDH and reply path.
  test.each([
    [{ registeredDelivery: 0 }, 0, 0, 0],
    [{ registeredDelivery: 1 }, 1, 1, 1],
    [{ registeredDelivery: 2 }, 1, 2, 2],
    [{ registeredDelivery: 3 }, 1, 1, 3],
    [{ registeredDelivery: 0x10 }, 0, 0x10, 0x10],
    [{ registeredDelivery: 0x1f }, 1, 0x1d, 0x1f],
  ])('%o: 3.3 gets %i, 3.4 %i, 5.0 %i', (message, for33, for34, for50) => {
    expect(fieldsFor(message, SMSC_33, 0).registeredDelivery).toBe(for33);
    expect(fieldsFor(message, SMSC, 0).registeredDelivery).toBe(for34);
    expect(fieldsFor(message, SMSC_50, 0).registeredDelivery).toBe(for50);
  });

  test.each([
    [0, 0, 0],
    [1, 1, 1],
    [3, 1, 3],
    [4, 0, 0],
  ])('priority %i: 3.3 gets %i, 3.4 %i, 5.0 the same', (priority, for33, for34) => {
    expect(fieldsFor({ priority }, SMSC_33, 0).priority).toBe(for33);
    expect(fieldsFor({ priority }, SMSC, 0).priority).toBe(for34);
    expect(fieldsFor({ priority }, SMSC_50, 0).priority).toBe(priority);
  });

  test.each([
    // Mode, type, UDH indicator, reply path.
    [0x00, 0x00, 0x00],
    [0x01, 0x00, 0x01],
    [0x02, 0x00, 0x00],
    [0x03, 0x00, 0x03],
    [0xc8, 0xc0, 0xc8],
    [0xd2, 0xc0, 0xd0],
  ])('esm_class 0x%s: 3.3 gets 0x%s, 3.4 0x%s, 5.0 the same', (esmClass, for33, for34) => {
    expect(fieldsFor({ esmClass }, SMSC_33, 0).esmClass).toBe(for33);
    expect(fieldsFor({ esmClass }, SMSC, 0).esmClass).toBe(for34);
    expect(fieldsFor({ esmClass }, SMSC_50, 0).esmClass).toBe(esmClass);
  });

  test('what stays, stays the same object of the same values', () => {
    const message = {
      esmClass: 0x43,
      protocolId: 0x41,
      priority: 1,
      replaceIfPresent: 1,
      serviceType: 'WAP',
    };
    expect(fieldsFor(message, SMSC, 0)).toEqual(message);
    expect(fieldsFor(message, SMSC_50, 0)).toEqual(message);
  });
});

describe('times', () => {
  const message = { schedule: '000001000000000R', validity: '000000010000000R' };

  test('3.3 has absolute ones only; a relative validity counts from the schedule', () => {
    expect(fieldsFor(message, SMSC_33, NOW_MS)).toEqual({
      schedule: '260602120000000+',
      validity: '260602130000000+',
    });
    expect(fieldsFor({ validity: '000000010000000r' }, SMSC_33, NOW_MS).validity).toBe('260601130000000+');
    const absolute = { schedule: '260601130000004+', validity: '260605120000000+' };
    expect(fieldsFor(absolute, SMSC_33, NOW_MS)).toEqual(absolute);
    // 13:00 an hour ahead of UTC, and a day more.
    expect(fieldsFor({ ...absolute, validity: '000001000000000R' }, SMSC_33, NOW_MS - DAY_MS)).toEqual({
      schedule: '260601130000004+',
      validity: '260602120000000+',
    });
  });

  test('later versions take them as they are', () => {
    expect(fieldsFor(message, SMSC, NOW_MS)).toEqual(message);
  });

  test('qos_time_to_live of 5.0 becomes validity_period', () => {
    const ttl = {
      tlvs: [{ tag: 0x17, value: Buffer.from('00000e10', 'hex') }],
      validity: '000002000000000R',
    };
    expect(fieldsFor(ttl, SMSC, NOW_MS)).toEqual({ validity: '000000010000000R', tlvs: [] });
    expect(fieldsFor(ttl, SMSC_33, NOW_MS)).toEqual({ validity: '260601130000000+', tlvs: [] });
    expect(fieldsFor(ttl, SMSC_50, NOW_MS)).toEqual(ttl);
  });
});

describe('TLVs', () => {
  test('none for 3.3, none where the SMSC is sent none', () => {
    const message = vectorMessage('submit_sm_unknown_tlvs');
    expect(tlvsOf(bodiesOf(message, SMSC_33)[0])).toEqual([]);
    expect(tlvsOf(bodiesOf(message, { tlvs: false })[0])).toEqual([]);
    expect(tlvsOf(bodiesOf(message, { version: 0x33, tlvs: true })[0])).toEqual([]);
  });

  test('those of 5.0 only for 5.0; unknown and vendor tags pass', () => {
    const message = vectorMessage('submit_sm_v50_tlvs');
    const all = ['060b=80414243', '060d=31323632303100', '060f=303030303031', '0017=00000e10', '130c=03'];
    expect(tlvsOf(bodiesOf(message, SMSC_50)[0])).toEqual(all);
    // 3.4 knows the alert, without a value.
    expect(tlvsOf(bodiesOf(message, {})[0])).toEqual(['130c=']);
    const unknown = vectorMessage('submit_sm_unknown_tlvs');
    expect(tlvsOf(bodiesOf(unknown, {})[0])).toEqual(['1400=deadbeef', '0204=004d', '4001=', '060c=01']);
    const quiet = {
      tlvs: [
        { tag: 0x130c, value: Buffer.from([0]) },
        { tag: 0x1204, value: Buffer.alloc(4) },
      ],
    };
    expect(tlvsOf(fieldsFor(quiet, SMSC, 0))).toEqual([]);
  });

  test('by another tag, or not at all', () => {
    const tlvMap = new Map([
      [0x1400, 0x1500],
      [0x4001, 0],
    ]);
    const message = vectorMessage('submit_sm_unknown_tlvs');
    expect(tlvsOf(bodiesOf(message, { tlvMap })[0])).toEqual(['1500=deadbeef', '0204=004d', '060c=01']);
    expect(tlvsOf(bodiesOf(message, { ...SMSC_50, tlvMap })[0])).toEqual([
      '1500=deadbeef',
      '0204=004d',
      '060c=01',
    ]);
  });

  test('what belongs to a session or a call goes from end to end, repeats in order', () => {
    const callbacks = vectorMessage('submit_sm_multi_callback');
    expect(tlvsOf(bodiesOf(callbacks, {})[0])).toEqual(tlvsOf(callbacks));
    const session = {
      tlvs: [0x1383, 0x0501, 0x0205, 0x0204].map((tag) => ({ tag, value: Buffer.from([1, 2]) })),
    };
    expect(tlvsOf(fieldsFor(session, SMSC, 0))).toEqual(['1383=0102', '0501=0102', '0205=0102', '0204=0102']);
  });
});

test('a TLV of tag 0 is one that nobody knows: it stays', () => {
  const message = { tlvs: [{ tag: 0, value: Buffer.from([7]) }], message: Buffer.alloc(161, 0x61) };
  const bodies = bodiesOf({ dest: '1', ...message }, { tlvMap: new Map([[0x1400, 0]]) });
  expect(bodies.map(tlvsOf)).toEqual([['0000=07'], ['0000=07']]);
});
