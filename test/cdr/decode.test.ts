import { expect, test } from 'vitest';
import { decodeEvent, eventFault, eventsOf } from '../../src/cdr/decode.ts';
import { messageText } from '../../src/cdr/message-text.ts';
import { accepted, block, final, intermediate, parked, receipt, sent } from '../support/ledger.ts';

const SENT = Buffer.from(
  '1f000000' + // length 31
    '02' + // SENT
    '02' + // attempt 2
    '0500' + // smsc 5
    'efbeadde' + // idLow
    '0a000000' + // idHigh
    '0000000000000000' + // time, set below
    '01030300' + // duplicate risk, bind 3, id of 3
    '37663100', // '7f1' and padding
  'hex',
);
SENT.writeDoubleLE(1_716_500_000_000, 16);

test('SENT, drawn by hand', () => {
  expect(decodeEvent(SENT, 0)).toEqual({
    type: 'SENT',
    messageId: '0000000adeadbeef',
    timeMs: 1_716_500_000_000,
    attempt: 2,
    smsc: 5,
    bind: 3,
    duplicateRisk: true,
    smscMessageId: '7f1',
  });
});

test('ACCEPTED: addresses, text and the fields of the submit', () => {
  const event = decodeEvent(accepted({ idHigh: 1, idLow: 2, account: 3, smsc: 4 }), 0);
  expect(event).toMatchObject({
    type: 'ACCEPTED',
    messageId: '0000000100000002',
    protocol: 'smpp',
    account: 3,
    smsc: 4,
    session: 7,
    sequenceNumber: 42,
    registeredDelivery: 1,
    source: { ton: 5, npi: 0, address: 'Shop' },
    destination: { ton: 1, npi: 1, address: '962790000001' },
  });
  expect(event.type === 'ACCEPTED' && event.message.toString()).toBe('hello');
});

test('ACCEPTED: a message_payload is the message', () => {
  const event = decodeEvent(accepted({ payload: Buffer.alloc(300, 'x') }), 0);
  expect(event.type === 'ACCEPTED' && event.message.toString()).toBe('x'.repeat(300));
});

test('RECEIPT, FINAL and PARKED by name', () => {
  expect(decodeEvent(receipt(), 0)).toMatchObject({
    type: 'RECEIPT',
    state: 'DELIVERED',
    smsc: 0,
    err: '000',
  });
  expect(decodeEvent(final({ reason: 4, state: 7 }), 0)).toMatchObject({
    reason: 'NO_RECEIPT',
    state: 'UNKNOWN',
  });
  expect(decodeEvent(parked(6, 'abc'), 0)).toMatchObject({ type: 'PARKED', smscMessageId: 'abc' });
  expect(decodeEvent(parked(7, 'abc'), 0)).toMatchObject({ type: 'ORPHANED', smscMessageId: 'abc' });
});

test('a network_error_code as it was told, or none', () => {
  const told = { type: 8, code: 0xfffe };
  expect(decodeEvent(receipt({ networkError: [8, 0xfffe] }), 0)).toMatchObject({ networkError: told });
  expect(decodeEvent(parked(6, 'abc', [8, 0xfffe]), 0)).toMatchObject({ networkError: told });
  expect(decodeEvent(receipt({ networkError: [0, 0] }), 0)).toMatchObject({
    networkError: { type: 0, code: 0 },
  });
  for (const none of [receipt(), parked(7, 'abc')]) {
    expect(decodeEvent(none, 0)).toMatchObject({ networkError: undefined });
  }
});

test('INTERMEDIATE: a notification, and what a recipient acknowledged', () => {
  expect(decodeEvent(intermediate({ idHigh: 1, idLow: 2 }), 0)).toMatchObject({
    type: 'INTERMEDIATE',
    messageId: '0000000100000002',
    state: 'ENROUTE',
    smsc: 0,
    err: '027',
    networkError: { type: 3, code: 27 },
    esmClass: 0x20,
    userResponseCode: undefined,
    text: Buffer.alloc(0),
  });
  const ack = intermediate({ state: 0xff, esmClass: 0x10, code: 0, text: 'Yes' });
  expect(decodeEvent(ack, 0)).toMatchObject({
    state: undefined,
    esmClass: 0x10,
    dataCoding: 3,
    userResponseCode: 0,
    text: Buffer.from('Yes'),
  });
  ack[24 + 21] = 4;
  expect(eventFault(ack, 0)).toContain('INTERMEDIATE');
});

/** The event with these octets, in hexadecimal, behind it. */
function longer(event: Buffer, tail: string): Buffer {
  const whole = Buffer.concat([event.subarray(0, event.readUInt32LE(0)), Buffer.from(tail, 'hex')]);
  whole.writeUInt32LE(whole.length, 0);
  return Buffer.concat([whole, Buffer.alloc(-whole.length & 7)]);
}

test('what has no room in its place is in front of the vendor TLVs: a type of 0xff, a long text', () => {
  const [odd, vendor] = ['04230003ff1234', '1402000101'];
  const network = { networkError: { type: 0xff, code: 0x1234 }, tlvs: Buffer.from(vendor, 'hex') };
  expect(decodeEvent(longer(receipt(), odd + vendor), 0)).toMatchObject(network);
  expect(decodeEvent(longer(parked(6, 'abc'), odd + vendor), 0)).toMatchObject({
    ...network,
    smscMessageId: 'abc',
  });
  const text = Buffer.alloc(300, 'abc');
  const payload = `0424012c${text.toString('hex')}`;
  const ack = intermediate({ state: 0xff, esmClass: 0x10, code: 0 });
  expect(decodeEvent(longer(ack, payload + odd + vendor), 0)).toMatchObject({ ...network, text });
  expect(decodeEvent(longer(ack, payload), 0)).toMatchObject({ text, tlvs: Buffer.alloc(0) });
  // Broken off: as much as there is.
  for (let cut = 2; cut < 14; cut += 2) {
    expect(() => decodeEvent(longer(receipt(), odd.slice(0, cut)), 0)).not.toThrow();
    expect(() => decodeEvent(longer(ack, payload.slice(0, cut)), 0)).not.toThrow();
  }
});

test('events of a block are stepped over by their padded length', () => {
  const bytes = block(1, 1, 0, [sent({ smscId: 'a' }), accepted(), final()]);
  const places = Array.from(eventsOf(bytes), ({ at, type }) => [at, type]);
  expect(places.map(([, type]) => type)).toEqual([2, 1, 5]);
  expect(places.map(([at]) => at % 8)).toEqual([0, 0, 0]);
  expect(places[0][0]).toBe(32);
});

test('an event with any single byte changed to its worst is refused or decoded, never read outside', () => {
  const whole = [accepted(), sent(), receipt(), final(), parked(6, 'abcdef'), intermediate({ text: 'abc' })];
  for (const event of whole) {
    for (let at = 0; at < event.length; at++) {
      const bytes = Buffer.from(event);
      bytes[at] = 0xff;
      if (eventFault(bytes, 0) === undefined) expect(() => decodeEvent(bytes, 0)).not.toThrow();
      else expect(() => decodeEvent(bytes, 0)).toThrow('event at byte 0');
    }
  }
});

test('a cut event and an unknown type are faults', () => {
  expect(eventFault(accepted().subarray(0, 40), 0)).toContain('leaves the block');
  const unknown = final();
  unknown[4] = 77;
  expect(eventFault(unknown, 0)).toContain('type 77');
});

test.each([
  { coding: 0, esm: 0, hex: '48690011', text: 'Hi@_', charset: 'gsm' },
  { coding: 0, esm: 0, hex: '1b651b3c', text: '€[', charset: 'gsm' },
  { coding: 3, esm: 0, hex: 'e9', text: 'é', charset: 'latin1' },
  { coding: 8, esm: 0, hex: '0633064406270645', text: 'سلام', charset: 'ucs2' },
  { coding: 4, esm: 0, hex: '00ff', text: '00ff', charset: 'binary' },
])('text of data_coding $coding: $text', ({ coding, esm, hex, text, charset }) => {
  expect(messageText(coding, esm, Buffer.from(hex, 'hex'))).toEqual({ charset, text });
});

test('a user data header is not part of the text', () => {
  expect(messageText(0, 0x40, Buffer.from('0500030102014869', 'hex'))).toEqual({
    charset: 'gsm',
    text: 'Hi',
    userDataHeader: '050003010201',
  });
});
