/** The text of a message as an SMSC's data_coding can say it. */
import { byteOrderMark, type Charset, isReadable } from '../core/charsets.ts';
import { charsetOf, classedCoding, codingOf } from '../core/data-coding.ts';
import { fitsOneSms, type PartStyle } from '../core/parts.ts';
import { encodeText, encodeUcs2, type TextTarget } from '../core/text.ts';
import { type Concatenation, type InformationElement, isConcatenation } from '../core/udh.ts';
import { textOf, type UserData } from '../core/user-data.ts';
import type { MessageObject } from './pdu/message-encode.ts';
import { isSameCoding, mayReencode, type Sender, type SmscProfile } from './shape-profile.ts';

export interface Coded {
  readonly data: UserData;
  readonly dataCoding: number;
}

export interface CodingRequest {
  readonly dataCoding: number;
  /** A class to add to it, -1: none. */
  readonly messageClass: number;
  readonly octets: Buffer;
  readonly elements: readonly InformationElement[];
  /** The ports that stand in parameters (see UserData). */
  readonly beside: readonly InformationElement[];
  /** Which part it is, if it is one: then its neighbours, unseen, must get the same data_coding. */
  readonly part: Concatenation | undefined;
  readonly style: PartStyle;
}

/**
 * Octets, shift tables and data_coding for the SMSC: those that came wherever they will do. The elements are without
 * a concatenation. A string says why the text can not be said.
 */
export function codedFor(request: CodingRequest, sender: Sender, profile: SmscProfile): Coded | string {
  const { messageClass, part, style, beside } = request;
  const charset = charsetOf(request.dataCoding, sender.version, sender.alphabet);
  const elements = request.elements.filter((element) => !isConcatenation(element));
  // Beside a header that came they are its sender's affair.
  const came: UserData = {
    charset,
    octets: request.octets,
    elements,
    beside: elements.length > 0 ? [] : beside,
  };
  const same = messageClass < 0 && isSameCoding(request.dataCoding, sender, profile);
  const wanted = messageClass < 0 ? request.dataCoding : classedCoding('gsm', messageClass);
  const direct = same ? wanted : codingOf(charset, wanted, profile.version, profile.alphabet);
  if (charset === 'binary' || (part !== undefined && direct >= 0)) {
    return direct < 0 ? noCoding(charset) : { data: came, dataCoding: direct };
  }
  if (part !== undefined) return `${noCoding(charset)}, and a part is not converted without the others`;
  const keeps = direct >= 0 && (same || charset === 'gsm' || charset === 'ucs2');
  const target = targetFor(profile, sender, wanted, { elements, beside }, style);
  const readable = isReadable(request.octets, charset);
  if (keeps && readable && mayReencode(request.dataCoding, charset, sender)) {
    const { data, dataCoding } = encodeText(textOf(came), target);
    const changes = data.charset !== charset || !data.octets.equals(came.octets);
    if (changes && data.charset !== 'ucs2') return { data, dataCoding };
  }
  if (keeps && (charset === 'gsm' || charset === 'ucs2')) return unmarked({ data: came, dataCoding: direct });
  // What we cut should be in what it is cut for: 7 bits a character, or 16.
  if (keeps && (style === 'payload' || fitsOneSms(came))) return { data: came, dataCoding: direct };
  if (!readable) return `the text is not ${charset}`;
  return encodeText(textOf(came), target);
}

/** Whether a message is in another character set as it goes to its SMSC than as its sender wrote it. */
export function isConverted(
  came: MessageObject,
  { version, alphabet }: Sender,
  goes: MessageObject,
  profile: SmscProfile,
): boolean {
  const before = charsetOf(came.dataCoding ?? 0, version, alphabet);
  return before !== charsetOf(goes.dataCoding ?? 0, profile.version, profile.alphabet);
}

/** The same message in UCS-2, for where its octets are too many though one SMS holds it. */
export function codedInUcs2({ data, dataCoding }: Coded, profile: SmscProfile, sender: Sender): Coded {
  return encodeUcs2(textOf(data), targetFor(profile, sender, dataCoding, data, 'udh8'));
}

/**
 * Whether the parts of this message must be joined before they can be shaped: in one text there is one data_coding,
 * and what it will be depends on all of them.
 */
export function convertsWholeText(
  dataCoding: number,
  messageClass: number,
  sender: Sender,
  profile: SmscProfile,
): boolean {
  if (messageClass < 0 && isSameCoding(dataCoding, sender, profile)) return false;
  const charset = charsetOf(dataCoding, sender.version, sender.alphabet);
  const wanted = messageClass < 0 ? dataCoding : classedCoding('gsm', messageClass);
  return charset === 'ascii' || codingOf(charset, wanted, profile.version, profile.alphabet) < 0;
}

function targetFor(
  profile: SmscProfile,
  sender: Sender,
  dataCoding: number,
  { elements, beside = [] }: Pick<UserData, 'elements' | 'beside'>,
  style: PartStyle,
): TextTarget {
  const { version, alphabet, languages } = profile;
  const { transliterate } = sender;
  return { version, alphabet, languages, transliterate, style, dataCoding, elements, beside };
}

/** A byte order mark costs room in a long message, and would stand in the midst of one that is joined with others. */
function unmarked(coded: Coded): Coded {
  const { data } = coded;
  const mark = data.charset === 'ucs2' ? byteOrderMark(data.octets) : 0;
  if (mark === 0 || fitsOneSms(data)) return coded;
  return { ...coded, data: { ...data, octets: data.octets.subarray(mark) } };
}

function noCoding(charset: Charset): string {
  return `the SMSC has no data_coding for ${charset} text`;
}
