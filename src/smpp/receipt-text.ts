import { isUcs2 } from './pdu/message-body.ts';

/**
 * The start of a message for the `text:` of its receipt: the GSM default alphabet, one octet a character (v3.4
 * appendix B, 3GPP TS 23.038 section 6.2.1). What does not fit into the alphabet is dropped.
 */
const DROP = 0xff;
/** By Latin-1 code point; the default alphabet's Greek letters are not in Latin-1 and are dropped. */
const FROM_LATIN1 = new Uint8Array(256).fill(DROP);

for (let c = 0x20; c <= 0x7a; c++) FROM_LATIN1[c] = c;
for (const c of '[\\]^`') FROM_LATIN1[c.charCodeAt(0)] = DROP;
const MOVED =
  '@00 £01 $02 ¥03 è04 é05 ù06 ì07 ò08 Ç09 \n0a Ø0b ø0c \r0d Å0e å0f _11 Æ1c æ1d ß1e É1f ¤24 ¡40 ' +
  'Ä5b Ö5c Ñ5d Ü5e §5f ¿60 ä7b ö7c ñ7d ü7e à7f';
for (let i = 0; i < MOVED.length; i += 4) {
  FROM_LATIN1[MOVED.charCodeAt(i)] = Number.parseInt(MOVED.slice(i + 1, i + 3), 16);
}

/**
 * Writes at most `bytesMax` octets of the default alphabet to `target` from 0 on; returns how many. [at, at +
 * length) is the user data behind its UDH. Binary data (data_coding 2 and 4, 8-bit schemes) has no text.
 */
export function receiptTextOf(
  b: Uint8Array,
  at: number,
  length: number,
  dataCoding: number,
  target: Uint8Array,
  bytesMax: number,
): number {
  const kind = kindOf(dataCoding);
  if (kind === BINARY) return 0;
  const step = kind === UCS2 ? 2 : 1;
  let next = 0;
  for (let i = at; i + step <= at + length && next < bytesMax; i += step) {
    if (kind === GSM) {
      target[next++] = b[i] & 0x7f;
      continue;
    }
    if (kind === UCS2 && b[i] !== 0) continue;
    const code = FROM_LATIN1[b[i + step - 1]];
    if (code !== DROP) target[next++] = code;
  }
  // An escape whose second octet was not taken would swallow what follows.
  return kind === GSM && next === bytesMax && target[next - 1] === 0x1b ? next - 1 : next;
}

const GSM = 0;
const LATIN = 1;
const UCS2 = 2;
const BINARY = 3;

function kindOf(dataCoding: number): number {
  if (isUcs2(dataCoding)) return UCS2;
  if (dataCoding === 0) return GSM;
  if (dataCoding === 1 || dataCoding === 3) return LATIN;
  if (dataCoding < 0x10) return BINARY;
  // GSM data coding schemes: 00xx and 01xx with alphabet bits 3-2, 11xx; bit 5 of the first two: compressed.
  if (dataCoding < 0x80) return (dataCoding & 0x2c) === 0 ? GSM : BINARY;
  if (dataCoding >= 0xf0) return (dataCoding & 0x04) === 0 ? GSM : BINARY;
  return GSM;
}
