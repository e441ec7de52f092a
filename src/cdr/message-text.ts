/**
 * The text of a short message for people to read. Never used on the way of a message: bytes are not changed there.
 */
import { type Alphabet, type Charset, decodeCharset } from '../core/charsets.ts';
import { charsetOf } from '../core/data-coding.ts';
import { type InformationElement, readUdh, shiftsOf } from '../core/udh.ts';

const UDH_INDICATOR = 0x40;
/** What the ledger holds was written for a session of 3.4 or is the same in all versions. */
const INTERFACE_VERSION = 0x34;

export interface MessageText {
  charset: Charset;
  /** The text, or hexadecimal digits when it is binary. */
  text: string;
  /** The user data header in hexadecimal digits, its length octet included. */
  userDataHeader?: string;
}

/**
 * Decodes by data_coding (SMPP v3.4 section 5.2.19), with the shift tables that a user data header names; the header
 * is cut off when esm_class announces one that is whole. `alphabet`: what data_coding 0 means to the peer.
 */
export function messageText(
  dataCoding: number,
  esmClass: number,
  bytes: Buffer,
  alphabet: Alphabet = 'gsm',
): MessageText {
  const elements = (esmClass & UDH_INDICATOR) === 0 ? undefined : readUdh(bytes);
  if (elements === undefined) return plainText(dataCoding, bytes, [], alphabet);
  const end = bytes[0] + 1;
  const userDataHeader = bytes.toString('hex', 0, end);
  return { ...plainText(dataCoding, bytes.subarray(end), elements, alphabet), userDataHeader };
}

function plainText(
  dataCoding: number,
  bytes: Buffer,
  elements: readonly InformationElement[],
  alphabet: Alphabet,
): MessageText {
  const charset = charsetOf(dataCoding, INTERFACE_VERSION, alphabet);
  const isHalf = charset === 'ucs2' && bytes.length % 2 !== 0;
  if (charset === 'binary' || isHalf) return { charset: 'binary', text: bytes.toString('hex') };
  return { charset, text: decodeCharset(bytes, charset, shiftsOf(elements)) };
}
