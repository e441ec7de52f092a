import { expect, test } from 'vitest';
import { decodeEvent } from '../../src/cdr/decode.ts';
import { eventFields, mergeEvents } from '../../src/cdr/merge.ts';
import { accepted, final, intermediate, receipt, sent } from '../support/ledger.ts';

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

test('a notification changes nothing of the call detail record, a receipt brings the error of the network', () => {
  const merge = (...events: Buffer[]) =>
    mergeEvents(events.map((event) => ({ event: decodeEvent(event, 0), names: NAMES })));
  const before = [accepted(), sent()];
  expect(merge(...before, intermediate({ state: 2 }))).toEqual(merge(...before));
  const whole = merge(...before, receipt({ state: 5, networkError: [3, 6] }), final({ state: 5 }));
  expect(whole).toMatchObject({ state: 'UNDELIVERABLE', networkError: '3/6' });
});
