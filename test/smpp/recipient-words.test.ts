import { describe, expect, it } from 'vitest';
import type { Alphabet } from '../../src/core/charsets.ts';
import { wordsFor } from '../../src/smpp/recipient-words.ts';

interface Told {
  dataCoding: number;
  octets: Buffer;
  hasHeader: boolean;
}

function told(
  octets: Buffer,
  dataCoding: number,
  alphabet: Alphabet,
  to: Alphabet,
  { hasHeader = false, version = 0x34 } = {},
): Told {
  return wordsFor({ octets, dataCoding, hasHeader }, { version, alphabet }, to);
}
const latin = (text: string): Buffer => Buffer.from(text, 'latin1');
const hex = (text: string): Buffer => Buffer.from(text, 'hex');
const ucs2 = (text: string): Buffer => Buffer.from(text, 'utf16le').swap16();

describe('the words of a recipient', () => {
  it('stay as they came where the client reads them alike', () => {
    const alphabets: Alphabet[] = ['gsm', 'ascii', 'latin1', 'utf8'];
    for (const alphabet of alphabets) {
      for (const dataCoding of alphabet === 'utf8' ? [0, 1, 3, 8] : [0, 1, 3, 6, 8, 0x11, 0xf1]) {
        const same = { octets: latin('caf\xe9'), dataCoding, hasHeader: false };
        expect(told(same.octets, dataCoding, alphabet, alphabet)).toEqual(same);
      }
      for (const dataCoding of [2, 4, 0x14, 0xf5]) {
        const binary = { octets: hex('00ff8041'), dataCoding, hasHeader: false };
        for (const to of alphabets) expect(told(binary.octets, dataCoding, alphabet, to)).toEqual(binary);
      }
    }
  });

  it('keep their octets under the data_coding that names what they are', () => {
    const octets = latin('caf\xe9_$@');
    expect(told(octets, 0, 'latin1', 'gsm')).toEqual({ octets, dataCoding: 3, hasHeader: false });
    expect(told(octets, 0, 'latin1', 'utf8')).toEqual({ octets, dataCoding: 3, hasHeader: false });
    expect(told(latin('ok'), 0, 'ascii', 'gsm')).toEqual({
      octets: latin('ok'),
      dataCoding: 1,
      hasHeader: false,
    });
    expect(told(octets, 3, 'gsm', 'latin1')).toEqual({ octets, dataCoding: 3, hasHeader: false });
  });

  it('are written anew where none does: in the alphabet of the client, or in UCS-2', () => {
    // GSM 03.38: @ 00, $ 02, e acute 05, _ 11.
    const gsm = hex('00020511');
    expect(told(gsm, 0, 'gsm', 'latin1')).toMatchObject({ octets: latin('@$é_'), dataCoding: 0 });
    expect(told(gsm, 0, 'gsm', 'utf8')).toMatchObject({ octets: Buffer.from('@$é_'), dataCoding: 0 });
    expect(told(gsm, 0, 'gsm', 'ascii')).toMatchObject({ octets: latin('@$é_'), dataCoding: 3 });
    // A capital delta, which Latin-1 lacks.
    expect(told(hex('1041'), 0, 'gsm', 'latin1')).toMatchObject({ octets: ucs2('ΔA'), dataCoding: 8 });
    expect(told(Buffer.from('é@'), 0, 'utf8', 'gsm')).toMatchObject({ octets: hex('0500'), dataCoding: 0 });
    expect(told(Buffer.from('Да'), 0, 'utf8', 'gsm')).toMatchObject({ octets: ucs2('Да'), dataCoding: 8 });
  });

  it('are read as the version of the SMSC means them', () => {
    // 3 is unclassed default alphabet in 3.3.
    const old = { version: 0x33 };
    expect(told(hex('0541'), 3, 'gsm', 'gsm', old)).toMatchObject({ octets: hex('0541'), dataCoding: 0 });
    expect(told(latin('\xe9'), 3, 'latin1', 'gsm', old)).toMatchObject({
      octets: latin('\xe9'),
      dataCoding: 3,
    });
  });

  it('keep their header, but for shift tables that are no longer meant', () => {
    const ports = hex('0605040b8423f0');
    const withPorts = { octets: Buffer.concat([ports, hex('0541')]), hasHeader: true };
    expect(told(withPorts.octets, 0, 'gsm', 'latin1', { hasHeader: true })).toEqual({
      octets: Buffer.concat([ports, latin('éA')]),
      dataCoding: 0,
      hasHeader: true,
    });
    // Turkish, locking: 04 is the euro, 07 a dotless i.
    const turkish = hex('032501010407');
    expect(told(turkish, 0, 'gsm', 'utf8', { hasHeader: true })).toEqual({
      octets: Buffer.from('€ı'),
      dataCoding: 0,
      hasHeader: false,
    });
    const broken = { octets: hex('0905040b'), dataCoding: 0, hasHeader: true };
    expect(told(broken.octets, 0, 'gsm', 'latin1', { hasHeader: true })).toEqual(broken);
  });

  it('are never more than a message_payload holds', () => {
    const most = Buffer.alloc(65_535, 0x41);
    expect(told(most, 0, 'gsm', 'latin1')).toMatchObject({ octets: most, dataCoding: 0 });
    most[65_534] = 0x10;
    expect(told(most, 0, 'gsm', 'latin1')).toEqual({ octets: most, dataCoding: 0, hasHeader: false });
  });
});
