/**
 * From a text to the octets of a short_message: the GSM default alphabet where it suffices, else UCS-2.
 * Table: 3GPP TS 23.038 section 6.2.1 and its extension table 6.2.1.1.
 */
const BASIC =
  '@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\u001bÆæßÉ !"#¤%&\'()*+,-./0123456789:;<=>?' +
  '¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà';
const EXTENSION = '\f\n^{}\\[~]|€';
const EXTENSION_CODES = [0x0a, 0x0a, 0x14, 0x28, 0x29, 0x2f, 0x3c, 0x3d, 0x3e, 0x40, 0x65];
const ESCAPE = 0x1b;

const CODES = new Map<string, number[]>();
for (const [code, character] of Array.from(BASIC).entries())
  if (code !== ESCAPE) CODES.set(character, [code]);
for (const [index, character] of Array.from(EXTENSION).entries()) {
  if (!CODES.has(character)) CODES.set(character, [ESCAPE, EXTENSION_CODES[index]]);
}

/** What fits one SMS: septets of the default alphabet (one an octet on SMPP), or octets of UCS-2. */
export const GSM_SEPTETS_MAX = 160;
export const UCS2_OCTETS_MAX = 140;

export interface EncodedText {
  /** data_coding: 0 default alphabet, 8 UCS-2 (UTF-16, big-endian). */
  dataCoding: number;
  bytes: Buffer;
  /** Whether it fits one SMS. */
  fits: boolean;
}

/** The smaller of both codings that can hold the text. */
export function encodeText(text: string): EncodedText {
  const septets: number[] = [];
  for (const character of text) {
    const codes = CODES.get(character);
    if (codes === undefined) {
      const bytes = Buffer.from(text, 'utf16le').swap16();
      return { dataCoding: 8, bytes, fits: bytes.length <= UCS2_OCTETS_MAX };
    }
    septets.push(...codes);
  }
  return { dataCoding: 0, bytes: Buffer.from(septets), fits: septets.length <= GSM_SEPTETS_MAX };
}

export interface ParsedAddress {
  ton: number;
  npi: number;
  address: string;
}

/** A destination: 5 to 15 digits, international, with or without "+". */
export function parseDestination(text: string): ParsedAddress | undefined {
  const digits = text.replace(/^\+/, '');
  return /^\d{5,15}$/.test(digits) ? { ton: 1, npi: 1, address: digits } : undefined;
}

/** A sender: a number, a short code (up to 6 digits), or up to 11 letters, digits and blanks. */
export function parseSender(text: string): ParsedAddress | undefined {
  const digits = text.replace(/^\+/, '');
  if (/^\d{7,15}$/.test(digits)) return { ton: 1, npi: 1, address: digits };
  if (/^\d{1,6}$/.test(text)) return { ton: 0, npi: 1, address: text };
  return /^[A-Za-z0-9 ._&-]{1,11}$/.test(text) ? { ton: 5, npi: 0, address: text } : undefined;
}
