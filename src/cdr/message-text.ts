/**
 * The text of a short message for people to read. Never used on the way of a message: bytes are not changed
 * there.
 */

/** GSM 03.38 default alphabet (3GPP TS 23.038 section 6.2.1); 0x1b leads to the extension table below. */
const GSM =
  '@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\u001bÆæßÉ !"#¤%&\'()*+,-./0123456789:;<=>?' +
  '¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà';
const GSM_EXTENSION: Readonly<Record<number, string>> = {
  0x0a: '\f',
  0x14: '^',
  0x28: '{',
  0x29: '}',
  0x2f: '\\',
  0x3c: '[',
  0x3d: '~',
  0x3e: ']',
  0x40: '|',
  0x65: '€',
};
const ESCAPE = 0x1b;
const UDH_INDICATOR = 0x40;

export interface MessageText {
  charset: 'gsm' | 'ascii' | 'latin1' | 'ucs2' | 'binary';
  /** The text, or hexadecimal digits when it is binary. */
  text: string;
  /** The user data header in hexadecimal digits, its length octet included. */
  userDataHeader?: string;
}

/** Decodes by data_coding (SMPP v3.4 section 5.2.19); a header is cut off when esm_class announces one. */
export function messageText(dataCoding: number, esmClass: number, bytes: Buffer): MessageText {
  if ((esmClass & UDH_INDICATOR) !== 0 && bytes.length > 0 && bytes[0] < bytes.length) {
    const end = bytes[0] + 1;
    const userDataHeader = bytes.toString('hex', 0, end);
    return { ...plainText(dataCoding, bytes.subarray(end)), userDataHeader };
  }
  return plainText(dataCoding, bytes);
}

function plainText(dataCoding: number, bytes: Buffer): MessageText {
  if (dataCoding === 0) return { charset: 'gsm', text: gsmText(bytes) };
  if (dataCoding === 1) return { charset: 'ascii', text: bytes.toString('latin1') };
  if (dataCoding === 3) return { charset: 'latin1', text: bytes.toString('latin1') };
  if (dataCoding === 8 && bytes.length % 2 === 0) {
    return { charset: 'ucs2', text: Buffer.from(bytes).swap16().toString('utf16le') };
  }
  // 1111 x0xx: a GSM message class over the default alphabet.
  if ((dataCoding & 0xf4) === 0xf0) return { charset: 'gsm', text: gsmText(bytes) };
  return { charset: 'binary', text: bytes.toString('hex') };
}

/** Septets in octets, as SMPP carries them; octets outside of the alphabet show as U+FFFD. */
function gsmText(bytes: Buffer): string {
  let text = '';
  for (let i = 0; i < bytes.length; i++) {
    if (bytes[i] === ESCAPE && i + 1 < bytes.length) text += GSM_EXTENSION[bytes[++i]] ?? '\ufffd';
    else text += GSM[bytes[i]] ?? '\ufffd';
  }
  return text;
}
