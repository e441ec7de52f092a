import { expect, test } from 'vitest';
import type { MessageObject } from '../../src/smpp/pdu/message-encode.ts';
import * as smpp from '../../src/smpp/constants.ts';
import { joinParts, shape } from '../../src/smpp/shape.ts';
import type { SmscProfile } from '../../src/smpp/shape-profile.ts';
import { referenceNumbers } from '../../src/smpp/upstream.ts';

const SENDER = { version: smpp.VERSION_34, alphabet: 'gsm', transliterate: false, partsMax: 20 } as const;
const STYLES = ['as-is', 'udh8', 'udh16', 'sar', 'payload'] as const;

/** One element of `length` octets that fills the header, and no text. */
function onlyHeader(length: number): Buffer {
  return Buffer.concat([Buffer.from([length + 2, 0x70, length]), Buffer.alloc(length)]);
}

const tlv = (tag: number, hex: string) => ({ tag, value: Buffer.from(hex, 'hex') });
const SAR = [tlv(0x020c, '0001'), tlv(0x020e, '02'), tlv(0x020f, '01')];
const PORT = [tlv(0x020a, '0001')];

function profile(
  version: number,
  longMessages: SmscProfile['longMessages'],
  alphabet: SmscProfile['alphabet'],
) {
  return {
    version,
    tlvs: version > 0x33,
    alphabet,
    languages: [],
    longMessages,
    tlvMap: new Map<number, number>(),
  };
}

test('a user data header that no SMS holds is refused, however the message comes and goes', () => {
  for (const extra of [SAR, PORT, []]) {
    for (const length of [139, 250, 253]) {
      const payload = { tag: smpp.TLV_MESSAGE_PAYLOAD, value: onlyHeader(length) };
      const message: MessageObject = { dest: '1', esmClass: 0x40, dataCoding: 3, tlvs: [payload, ...extra] };
      for (const style of STYLES) {
        for (const version of [0x33, 0x34, 0x50]) {
          for (const alphabet of ['gsm', 'latin1'] as const) {
            const shaped = shape(
              message,
              SENDER,
              profile(version, style, alphabet),
              referenceNumbers(1, 0, 0),
              0,
            );
            expect(shaped).toMatchObject({ ok: false, status: smpp.ESME_RINVMSGLEN });
          }
        }
      }
    }
  }
});

test('what is joined from such a part is refused too', () => {
  const tlvs = [{ tag: smpp.TLV_MESSAGE_PAYLOAD, value: onlyHeader(253) }, ...SAR];
  const whole = joinParts([
    { dest: '1', esmClass: 0x40, tlvs },
    { dest: '1', message: Buffer.from('hello') },
  ]);
  if (whole === undefined) throw new Error('they were not joined');
  const shaped = shape(whole, SENDER, profile(0x33, 'as-is', 'gsm'), referenceNumbers(1, 0, 0), 0);
  expect(shaped).toMatchObject({ ok: false, status: smpp.ESME_RINVMSGLEN });
});

/** Septets that 140 octets hold behind a header of so many octets (3GPP TS 23.040 section 9.2.3.24). */
const septetsBehind = (header: number): number => Math.floor((1120 - 8 * header) / 7);

test.each([
  ['total 0', '0500030100' + '01'],
  ['1 of 1', '0500030101' + '01'],
  ['16 bits, 1 of 1', '060804000101' + '01'],
  ['part 3 of 2', '0500030102' + '03'],
])('a concatenation that says nothing (%s) does not hide that its header needs room', (_name, udh) => {
  const header = Buffer.from(udh, 'hex');
  const text = (septets: number): MessageObject => ({
    dest: '1',
    esmClass: 0x40,
    message: Buffer.concat([header, Buffer.alloc(septets, 0x61)]),
  });
  const room = septetsBehind(header.length);
  for (const style of STYLES) {
    for (const version of [0x33, 0x34, 0x50]) {
      const to = profile(version, style, 'gsm');
      const whole = shape(text(room), SENDER, to, referenceNumbers(1, 0, 0), 0);
      const cut = shape(text(160), SENDER, to, referenceNumbers(1, 0, 0), 0);
      if (!whole.ok || !cut.ok) throw new Error('refused');
      // As it came where it has room; else without the element, which makes it one SMS again.
      expect(whole.bodies.map(({ message }) => message?.toString('hex'))).toEqual([
        text(room).message?.toString('hex'),
      ]);
      expect(cut.bodies.map(({ message, esmClass }) => [message?.toString('latin1'), esmClass])).toEqual([
        ['a'.repeat(160), 0],
      ]);
    }
  }
});

test('a part with a second concatenation that says nothing: the header that has no room goes without it', () => {
  // 05 would be part 2 of 0; then the one that counts, part 1 of 2.
  const both = Buffer.from('0a' + '0003050002' + '0003070201', 'hex');
  const one = Buffer.from('05' + '0003070201', 'hex');
  const part = (septets: number): MessageObject => ({
    dest: '1',
    esmClass: 0x40,
    message: Buffer.concat([both, Buffer.alloc(septets, 0x61)]),
  });
  for (const style of ['as-is', 'udh8'] as const) {
    const to = profile(0x34, style, 'gsm');
    const few = shape(part(147), SENDER, to, referenceNumbers(1, 0, 0), 0);
    const many = shape(part(153), SENDER, to, referenceNumbers(1, 0, 0), 0);
    const tooMany = shape(part(154), SENDER, to, referenceNumbers(1, 0, 0), 0);
    if (!few.ok || !many.ok) throw new Error('refused');
    expect(few.bodies[0].message).toEqual(part(147).message);
    expect(many.bodies[0].message).toEqual(Buffer.concat([one, Buffer.alloc(153, 0x61)]));
    expect(tooMany).toMatchObject({ ok: false, status: smpp.ESME_RINVMSGLEN });
  }
});
