/**
 * data_coding: up to 0x0f a table of SMPP (v3.4 section 5.2.19), from 0x10 on a GSM data coding scheme (3GPP TS 23.038
 * section 4); in 3.3 always such a scheme:
 *
 *  00cm aakk, 01cm aakk   c compressed, m message class present, aa alphabet (7-bit, 8-bit, UCS-2, reserved), kk class
 *  1100, 1101 / 1110      message waiting, 7-bit / UCS-2
 *  1111 0akk              a alphabet (7-bit, 8-bit), kk class
 */
import type { Alphabet, Charset } from './charsets.ts';

/** interface_version of 3.3 and, less or equal, of everything before it. */
const VERSION_33 = 0x33;

const SCHEME_CHARSETS: readonly Charset[] = ['gsm', 'binary', 'ucs2', 'binary'];

/** `alphabet`: what data_coding 0 means to that peer. JIS, Korean, pictograms and reserved values are `binary`. */
export function charsetOf(dataCoding: number, version: number, alphabet: Alphabet): Charset {
  if (dataCoding === 0) return alphabet;
  if (dataCoding < 0x10)
    return version <= VERSION_33 ? unclassed33(dataCoding, alphabet) : listed(dataCoding);
  if (dataCoding < 0x80) return (dataCoding & 0x20) === 0 ? SCHEME_CHARSETS[(dataCoding >> 2) & 3] : 'binary';
  if (dataCoding < 0xe0) return 'gsm';
  if (dataCoding < 0xf0) return 'ucs2';
  return (dataCoding & 0x04) === 0 ? 'gsm' : 'binary';
}

/** Without bit 4 the two class bits mean nothing. */
function unclassed33(dataCoding: number, alphabet: Alphabet): Charset {
  return dataCoding < 4 ? alphabet : SCHEME_CHARSETS[dataCoding >> 2];
}

function listed(dataCoding: number): Charset {
  switch (dataCoding) {
    case 0x01:
      return 'ascii';
    case 0x03:
      return 'latin1';
    case 0x06:
      return 'iso-8859-5';
    case 0x07:
      return 'iso-8859-8';
    case 0x08:
      return 'ucs2';
    default:
      return 'binary';
  }
}

/** Whether the message turns an indicator of waiting messages on or off: groups 1100 to 1110. */
export function isMessageWaiting(dataCoding: number): boolean {
  return dataCoding >= 0xc0 && dataCoding < 0xf0;
}

/** 0 (flash) to 3, or -1: no message class. */
export function messageClassOf(dataCoding: number): number {
  const classed = dataCoding >= 0xf0 || (dataCoding < 0x80 && (dataCoding & 0x10) !== 0);
  return classed ? dataCoding & 3 : -1;
}

/** The scheme of that class over that character set (`gsm`, `ucs2` or `binary`). */
export function classedCoding(charset: Charset, messageClass: number): number {
  return schemeOf(charset, 0x10 | messageClass);
}

/**
 * The data_coding that says `charset` to a peer of that version and alphabet, keeping the message class and group of
 * `was`; -1 where it has none.
 */
export function codingOf(charset: Charset, was: number, version: number, alphabet: Alphabet): number {
  if (was >= 0xf0) {
    if (charset === 'gsm') return was & 0xf3;
    return charset === 'binary' ? (was & 0xf3) | 0x04 : schemeOf(charset, 0x10 | (was & 3));
  }
  if (was >= 0xc0) {
    if (charset === 'gsm') return was >= 0xe0 ? was - 0x10 : was;
    return charset === 'ucs2' ? 0xe0 | (was & 0x0f) : -1;
  }
  if (was >= 0x10 && was < 0x80 && (was & 0x50) !== 0) return schemeOf(charset, was & 0x53);
  if (charset === alphabet) return 0;
  if (charset === 'ucs2') return 8;
  if (charset === 'binary') return was === 2 && version > VERSION_33 ? 2 : 4;
  return version > VERSION_33 ? LISTED[charset] : -1;
}

const LISTED: Readonly<Record<Exclude<Charset, 'ucs2' | 'binary'>, number>> = {
  gsm: -1,
  ascii: 1,
  latin1: 3,
  'iso-8859-5': 6,
  'iso-8859-8': 7,
  utf8: -1,
};

function schemeOf(charset: Charset, base: number): number {
  const alphabet = charset === 'gsm' ? 0 : charset === 'binary' ? 1 : charset === 'ucs2' ? 2 : -1;
  return alphabet < 0 ? -1 : base | (alphabet << 2);
}
