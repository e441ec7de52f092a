/** From a text to the octets that say it, in the smallest way that a peer takes. */
import { type Alphabet, type Charset, encodeCharset } from './charsets.ts';
import { codingOf } from './data-coding.ts';
import { hasLockingTable, type Language, languageNumber } from './gsm-tables.ts';
import { isGsmText, NO_SHIFTS, type Shifts } from './gsm-text.ts';
import { countParts, type PartStyle } from './parts.ts';
import { transliterate } from './transliterate.ts';
import { type InformationElement, isShift, shiftElements, udhLength } from './udh.ts';
import type { UserData } from './user-data.ts';

/** The peer that a text is meant for, and what it must keep. */
export interface TextTarget {
  /** interface_version. */
  readonly version: number;
  /** What data_coding 0 means there. */
  readonly alphabet: Alphabet;
  /** National language shift tables that it takes. */
  readonly languages: readonly Language[];
  /** Whether similar characters may stand in for those that would need UCS-2. */
  readonly transliterate: boolean;
  /** How its parts are told apart: that takes some of their room. */
  readonly style: PartStyle;
  /** A data_coding whose message class is kept; 0: none. */
  readonly dataCoding: number;
  /** Elements that each part carries besides; shift tables among them are replaced. */
  readonly elements: readonly InformationElement[];
  /** Elements that the peer writes (see UserData). */
  readonly beside?: readonly InformationElement[];
}

export interface EncodedText {
  readonly data: UserData;
  readonly dataCoding: number;
  readonly parts: number;
}

/** A peer of 3.4 whose default alphabet is the GSM one. */
export const PLAIN_TARGET: TextTarget = {
  version: 0x34,
  alphabet: 'gsm',
  languages: [],
  transliterate: false,
  style: 'udh8',
  dataCoding: 0,
  elements: [],
};

/**
 * Fewest parts; then the peer's default alphabet, so that nothing depends on tables that a phone may lack; then fewest
 * octets. What only UCS-2 holds is transliterated, if that is allowed and the default alphabet then holds all of it.
 */
export function encodeText(text: string, target: TextTarget): EncodedText {
  const exact = smallest(text, target);
  if (!target.transliterate || !needsUcs2(exact, text)) return exact;
  const similar = transliterate(text);
  if (similar === undefined) return exact;
  const rewritten = smallest(similar, { ...target, languages: [] });
  return needsUcs2(rewritten, similar) ? exact : rewritten;
}

/** UCS-2, which holds any text, whatever else would. */
export function encodeUcs2(text: string, target: TextTarget): EncodedText {
  return candidate(text, 'ucs2', NO_SHIFTS, target) as EncodedText;
}

function smallest(text: string, target: TextTarget): EncodedText {
  // A data coding scheme says GSM or UCS-2, whatever the default alphabet is.
  const first: Charset = target.dataCoding >= 0x10 ? 'gsm' : target.alphabet;
  let best = candidate(text, first, NO_SHIFTS, target);
  if (first === 'gsm') {
    for (const shifts of shiftsOf(target.languages))
      best = better(best, candidate(text, 'gsm', shifts, target));
  } else {
    best = better(best, candidate(text, 'latin1', NO_SHIFTS, target));
  }
  return better(best, encodeUcs2(text, target)) as EncodedText;
}

/** Candidates come in the order of preference. */
function better(one: EncodedText | undefined, other: EncodedText | undefined): EncodedText | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  if (one.parts !== other.parts) return one.parts < other.parts ? one : other;
  if (isPlain(one)) return one;
  return octetsOf(other) < octetsOf(one) ? other : one;
}

function isPlain({ dataCoding, data }: EncodedText): boolean {
  return data.charset !== 'ucs2' && (dataCoding === 0 || dataCoding >= 0x10) && !data.elements.some(isShift);
}

function octetsOf({ data, parts }: EncodedText): number {
  return data.octets.length + parts * udhLength(data.elements);
}

function candidate(
  text: string,
  charset: Charset,
  shifts: Shifts,
  target: TextTarget,
): EncodedText | undefined {
  const dataCoding = codingOf(charset, target.dataCoding, target.version, target.alphabet);
  if (dataCoding < 0) return undefined;
  const octets = encodeCharset(text, charset, shifts);
  if (octets === undefined) return undefined;
  const elements = [...target.elements.filter((element) => !isShift(element)), ...shiftElements(shifts)];
  const data = {
    charset,
    octets,
    elements,
    ...(target.beside === undefined ? {} : { beside: target.beside }),
  };
  return { data, dataCoding, parts: countParts(data, target.style) };
}

/** Each language's single shift table, its locking one, and both. */
function* shiftsOf(languages: readonly Language[]): Generator<Shifts> {
  for (const language of languages) {
    const number = languageNumber(language);
    yield { locking: 0, single: number };
    if (!hasLockingTable(number)) continue;
    yield { locking: number, single: 0 };
    yield { locking: number, single: number };
  }
}

/** In an alphabet of 8 bits too: the SMSC can send it no other way. */
function needsUcs2({ data }: EncodedText, text: string): boolean {
  return data.charset === 'ucs2' || (data.charset !== 'gsm' && !isGsmText(text));
}
