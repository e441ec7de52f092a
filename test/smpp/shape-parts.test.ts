import { describe, expect, test } from 'vitest';
import * as smpp from '../../src/smpp/constants.ts';
import { needsJoin } from '../../src/smpp/shape.ts';
import { bodiesOf, hexOf, SENDER, shaped, SMSC, SMSC_33, tlvsOf, vectorMessage } from './shape-support.ts';

const text = (value: string): Buffer => Buffer.from(value, 'latin1');
const payload = (value: Buffer) => ({ tag: smpp.TLV_MESSAGE_PAYLOAD, value });
const STYLES = ['as-is', 'udh8', 'udh16', 'sar', 'payload'] as const;

describe('one part of a long message', () => {
  const FIRST = vectorMessage('submit_sm_concat8_1of2');
  const SAR = vectorMessage('submit_sm_sar_1of2');
  const WIDE = vectorMessage('submit_sm_concat16_ucs2');
  const PORTED = vectorMessage('submit_sm_concat8_ports');

  test.each([
    'submit_sm_concat8_1of2',
    'submit_sm_concat16_ucs2',
    'submit_sm_concat8_ports',
    'submit_sm_sar_1of2',
  ])('%s goes as it came to an SMSC that asks for nothing else', (name) => {
    const message = vectorMessage(name);
    const [body] = bodiesOf(message, {});
    expect(body.message).toEqual(message.message);
    expect(tlvsOf(body).sort()).toEqual(tlvsOf(message).sort());
  });

  test('from a header to sar_*', () => {
    const [body] = bodiesOf(FIRST, { longMessages: 'sar' });
    expect(body.message).toEqual(text('A'.repeat(153)));
    expect(body.esmClass).toBe(0);
    expect(tlvsOf(body)).toEqual(['020c=00a7', '020e=02', '020f=01']);
    expect(tlvsOf(bodiesOf(WIDE, { longMessages: 'sar' })[0])).toEqual(['020c=f42e', '020e=02', '020f=01']);
    const [ported] = bodiesOf(PORTED, { longMessages: 'sar' });
    expect(hexOf(ported)).toBe('aabb');
    expect(tlvsOf(ported)).toEqual(['020a=0000', '020b=1582', '020c=0001', '020e=02', '020f=01']);
  });

  test('from sar_* to a header, for an SMSC without TLVs too', () => {
    for (const smsc of [
      { longMessages: 'udh8' as const },
      { longMessages: 'udh16' as const },
      SMSC_33,
      { ...SMSC_33, longMessages: 'sar' as const },
    ]) {
      const [body] = bodiesOf(SAR, smsc);
      expect(hexOf(body)?.slice(0, 14)).toBe('05000334020170');
      expect(body.esmClass).toBe(smpp.ESM_UDHI);
      expect(tlvsOf(body).filter((one) => one.startsWith('020'))).toEqual([]);
    }
  });

  test('from 16 bits to 8, and not back: a full part has no room for the octet', () => {
    expect(hexOf(bodiesOf(WIDE, { longMessages: 'udh8' })[0])?.slice(0, 12)).toBe('0500032e0201');
    const SECOND = vectorMessage('submit_sm_concat8_2of2');
    for (const part of [FIRST, SECOND]) {
      expect(bodiesOf(part, { longMessages: 'udh16' })[0].message).toEqual(part.message);
    }
    expect(needsJoin(FIRST, SENDER, { ...SMSC, longMessages: 'udh16' })).toBe(true);
    expect(needsJoin(WIDE, SENDER, { ...SMSC, longMessages: 'udh16' })).toBe(false);
  });

  test('becomes the same whether it is full or not', () => {
    const ports = [{ tag: smpp.TLV_DESTINATION_PORT, value: Buffer.from('0b84', 'hex') }];
    for (const came of ['udh8', 'udh16', 'sar'] as const) {
      const whole = bodiesOf({ dest: '1', message: text('a'.repeat(200)) }, { longMessages: came });
      for (const longMessages of STYLES) {
        for (const smsc of [SMSC, SMSC_33]) {
          const parts = whole.map((part) => bodiesOf(part, { ...smsc, longMessages })[0]);
          const forms = parts.map((part) => [
            part.esmClass,
            (part.esmClass ?? 0) === 0 ? '' : hexOf(part)?.slice(0, 4),
            tlvsOf(part).map((one) => one.slice(0, 4)),
          ]);
          expect(forms[0], `${came} to ${longMessages}`).toEqual(forms[1]);
          const references = parts.map((part) => hexOf(part)?.slice(4, 8));
          if (forms[0][1] === '0500') expect(references[0]?.slice(2)).toBe(references[1]?.slice(2));
        }
      }
    }
    // Ports beside sar_* will be in the header that the SMSC writes: 146 septets are left.
    const beside = { ...SAR, tlvs: [...SAR.tlvs, ...ports] };
    expect(shaped({ ...beside, message: text('a'.repeat(147)) }, {})).toMatchObject({ ok: false });
    expect(hexOf(bodiesOf(beside, SMSC_33)[0])?.slice(0, 26)).toBe('0b0003340201' + '05040b840000' + '70');
  });

  test('with a shift table stays in its header', () => {
    const message = { esmClass: 0x40, message: Buffer.from('0800032a02012401011b67', 'hex') };
    expect(hexOf(bodiesOf(message, { longMessages: 'sar' })[0])).toBe('0800032a02012401011b67');
  });

  test('is refused where no SMS holds it', () => {
    const long = {
      esmClass: 0x40,
      message: Buffer.concat([Buffer.from('0500032a0201', 'hex'), text('a'.repeat(154))]),
    };
    expect(shaped(long, {})).toMatchObject({ ok: false, status: smpp.ESME_RINVMSGLEN });
    const sar = { ...SAR, message: text('a'.repeat(154)) };
    expect(shaped(sar, {})).toMatchObject({ ok: false, status: smpp.ESME_RINVMSGLEN });
    expect(shaped({ ...SAR, message: text('a'.repeat(153)) }, SMSC_33)).toMatchObject({ ok: true });
  });

  test('never has sar_* and message_payload together', () => {
    const both = { ...SAR, message: Buffer.alloc(0), tlvs: [...SAR.tlvs, payload(text('part one '))] };
    for (const longMessages of STYLES) {
      const [body] = bodiesOf(both, { longMessages });
      expect(tlvsOf(body).some((one) => one.startsWith('0424'))).toBe(false);
      expect(hexOf(body)).toMatch(/70617274206f6e6520$/);
    }
  });
});

test('parts with sar_* have their text in short_message: UTF-8 that is too long for it becomes UCS-2', () => {
  const utf8 = { alphabet: 'utf8' } as const;
  const text = Buffer.from('éè'.repeat(153), 'utf8');
  const message = { dest: '1', tlvs: [{ tag: 0x0424, value: text }] };
  for (const version of [0x34, 0x50]) {
    const bodies = bodiesOf(message, { ...utf8, version, longMessages: 'sar' }, utf8);
    expect(bodies.map(({ dataCoding }) => dataCoding)).toEqual(bodies.map(() => 8));
    expect(bodies.flatMap(tlvsOf).filter((tlv) => tlv.startsWith('0424'))).toEqual([]);
    expect(
      Buffer.concat(bodies.map((body) => body.message ?? Buffer.alloc(0)))
        .swap16()
        .toString('utf16le'),
    ).toBe(text.toString('utf8'));
  }
});
