/** The words of a recipient, which acknowledgements carry, on their way from an SMSC to a client of 3.4 or later. */
import { type Alphabet, decodeCharset } from '../core/charsets.ts';
import { charsetOf, codingOf } from '../core/data-coding.ts';
import { MESSAGE_PAYLOAD_BYTES_MAX } from '../core/limits.ts';
import { encodeText } from '../core/text.ts';
import { readUdh, shiftsOf, writeUdh } from '../core/udh.ts';
import { VERSION_34 } from './constants.ts';

export interface Words {
  /** With their user data header, where they have one. */
  readonly octets: Buffer;
  readonly hasHeader: boolean;
  readonly dataCoding: number;
}

/** How the SMSC means its data_coding: by the version of its session, and what 0 is. */
export interface Reading {
  readonly version: number;
  readonly alphabet: Alphabet;
}

/**
 * The same words for a client to whom data_coding 0 means `to`: the octets that came where some data_coding says to it
 * what they are, else its alphabet or UCS-2. What is no text, has a broken header or would outgrow a message_payload
 * stays as it came.
 */
export function wordsFor(words: Words, from: Reading, to: Alphabet): Words {
  const { octets, hasHeader, dataCoding } = words;
  const charset = charsetOf(dataCoding, from.version, from.alphabet);
  if (charset === 'binary' || charset === charsetOf(dataCoding, VERSION_34, to)) return words;
  const direct = codingOf(charset, dataCoding, VERSION_34, to);
  if (direct >= 0) return { ...words, dataCoding: direct };
  const elements = hasHeader ? readUdh(octets) : [];
  if (elements === undefined) return words;
  const text = decodeCharset(octets.subarray(hasHeader ? octets[0] + 1 : 0), charset, shiftsOf(elements));
  const encoded = encodeText(text, {
    version: VERSION_34,
    alphabet: to,
    languages: [],
    transliterate: false,
    style: 'payload',
    dataCoding,
    elements,
  });
  const written = Buffer.concat([writeUdh(encoded.data.elements), encoded.data.octets]);
  if (written.length > MESSAGE_PAYLOAD_BYTES_MAX) return words;
  return {
    octets: written,
    hasHeader: encoded.data.elements.length > 0,
    dataCoding: encoded.dataCoding,
  };
}
