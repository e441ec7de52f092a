import { expect, test } from 'vitest';
import { decodeEvent } from '../../src/cdr/decode.ts';
import { eventFields, mergeEvents } from '../../src/cdr/merge.ts';
import { accepted, final, intermediate, parked, receipt, sent } from '../support/ledger.ts';

const NAMES = { accounts: ['demo'], smscs: ['upstream'] };

const fieldsOf = (event: Buffer) => eventFields(decodeEvent(event, 0), NAMES);

test('the error of the network is shown by type and code, where the SMSC told one', () => {
  expect(fieldsOf(receipt({ networkError: [3, 27] }))).toMatchObject({ err: '000', networkError: '3/27' });
  expect(fieldsOf(receipt())).not.toHaveProperty('networkError');
});

test('what ends nothing is shown with all that it says', () => {
  expect(fieldsOf(intermediate())).toEqual({
    state: 'ENROUTE',
    smsc: 'upstream',
    esmClass: 0x20,
    done: '2026-01-01T00:00:04.000Z',
    err: '027',
    networkError: '3/27',
  });
  const ack = fieldsOf(intermediate({ state: 0xff, esmClass: 0x10, code: 2, text: 'Yes' }));
  expect(ack).toMatchObject({ esmClass: 0x10, userResponseCode: 2, text: 'Yes' });
  expect(ack).not.toHaveProperty('state');
});

test('the TLVs of a receipt are shown where the configuration says so, apart from those of the message', () => {
  const views = [{ name: 'price', tag: 0x1402, type: 'integer' } as const];
  const tlvs = '14020002012c' + '1401000161';
  for (const event of [
    receipt({ tlvs }),
    intermediate({ tlvs, text: 'x' }),
    parked(6, 'abc', undefined, tlvs),
  ]) {
    expect(eventFields(decodeEvent(event, 0), NAMES, views)).toMatchObject({ 'tlv.price': 300 });
    expect(fieldsOf(event)).not.toHaveProperty('tlv.price');
  }
  const events = [accepted({ tlvs: Buffer.from('1402000107', 'hex') }), sent(), receipt({ tlvs })];
  const whole = events.map((event) => ({ event: decodeEvent(event, 0), names: NAMES }));
  expect(mergeEvents(whole, views)).toMatchObject({ 'tlv.price': 7, 'receipt.tlv.price': 300 });
  expect(mergeEvents(whole.slice(0, 2), views)).not.toHaveProperty('receipt.tlv.price');
});

test('a notification changes nothing of the call detail record, a receipt brings the error of the network', () => {
  const merge = (...events: Buffer[]) =>
    mergeEvents(events.map((event) => ({ event: decodeEvent(event, 0), names: NAMES })));
  const before = [accepted(), sent()];
  expect(merge(...before, intermediate({ state: 2 }))).toEqual(merge(...before));
  const whole = merge(...before, receipt({ state: 5, networkError: [3, 6] }), final({ state: 5 }));
  expect(whole).toMatchObject({ state: 'UNDELIVERABLE', networkError: '3/6' });
});
