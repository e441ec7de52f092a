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
