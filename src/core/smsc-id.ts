/**
 * The ids that an SMSC gives: one in its submit_sm_resp, and again in the receipt, where many write it differently. In
 * other letters (0A1B, 0a1b), with or without leading zeros (007, 7), or in the other base (hexadecimal 3f2a9c10 in the
 * response, decimal 1059757072 in the receipt). Ids are octets; those beyond 64 bits are common, so bases are changed
 * with BigInt and never with Number.
 */

/** What two ids have in common, the more the higher. */
export const IDS_DIFFER = 0;
export const IDS_SAME_BUT_ZEROS = 1;
export const IDS_SAME_BUT_CASE = 2;
export const IDS_EQUAL = 3;

/** As long as a message_id can be, without its NUL (C65). */
export const SMSC_ID_TEXT_BYTES_MAX = 64;

const ZERO = 0x30;

/**
 * FNV-1a over the SMSC and the id's octets, mixed; unsigned 32 bits. Ids that differ in letter case or leading zeros
 * only have the same: bit 5, which is a letter's case, is set in every octet.
 */
export function hashSmscId(smsc: number, bytes: Uint8Array, at: number, length: number): number {
  let hash = 0x811c_9dc5 ^ smsc;
  const end = at + length;
  let next = at;
  while (next < end && bytes[next] === ZERO) next++;
  for (; next < end; next++) hash = Math.imul(hash ^ (bytes[next] | 0x20), 0x0100_0193);
  hash ^= hash >>> 15;
  hash = Math.imul(hash, 0x2c1b_3c6d);
  return (hash ^ (hash >>> 13)) >>> 0;
}

/** IDS_EQUAL down to IDS_DIFFER. */
export function likenessOfIds(
  a: Uint8Array,
  aAt: number,
  aLength: number,
  b: Uint8Array,
  bAt: number,
  bLength: number,
): number {
  let equal = aLength === bLength;
  for (let i = 0; equal && i < aLength; i++) equal = a[aAt + i] === b[bAt + i];
  if (equal) return IDS_EQUAL;
  const aZeros = zerosAt(a, aAt, aLength);
  const bZeros = zerosAt(b, bAt, bLength);
  const digits = aLength - aZeros;
  if (digits !== bLength - bZeros) return IDS_DIFFER;
  for (let i = 0; i < digits; i++) {
    if (lowerCase(a[aAt + aZeros + i]) !== lowerCase(b[bAt + bZeros + i])) return IDS_DIFFER;
  }
  return aZeros === bZeros ? IDS_SAME_BUT_CASE : IDS_SAME_BUT_ZEROS;
}

function zerosAt(bytes: Uint8Array, at: number, length: number): number {
  let zeros = 0;
  while (zeros < length && bytes[at + zeros] === ZERO) zeros++;
  return zeros;
}

function lowerCase(octet: number): number {
  return octet >= 0x41 && octet <= 0x5a ? octet | 0x20 : octet;
}

/** The id in lower case and without leading zeros, one Latin-1 character an octet: what similar ids have in common. */
export function normalSmscId(id: string): string {
  return id.replace(/[A-Z]/g, (letter) => letter.toLowerCase()).replace(/^0+/, '');
}

/** The hexadecimal digits of a decimal id, without leading zeros; undefined when it is none, or too long for an id. */
export function decimalToHexId(id: string): string | undefined {
  if (!/^[0-9]{1,64}$/.test(id)) return undefined;
  return BigInt(id).toString(16);
}

/** The decimal digits of a hexadecimal id, without leading zeros; undefined when it is none, or too long for an id. */
export function hexToDecimalId(id: string): string | undefined {
  if (!/^[0-9a-fA-F]{1,64}$/.test(id)) return undefined;
  const decimal = BigInt(`0x${id}`).toString();
  return decimal.length > SMSC_ID_TEXT_BYTES_MAX ? undefined : decimal;
}

/** The option receipt_ids of an SMSC. */
export type ReceiptIds = 'as-is' | 'hex-to-decimal' | 'decimal-to-hex' | 'auto';

/** Several different candidates: none of them may be taken. */
export const SEVERAL = 'several';

/** How an id that is looked for came about. Written so; or by the operator's word from the other base; or guessed. */
export const AS_WRITTEN = 0;
export const AS_NUMBER = 1;
export const GUESSED = 2;

/** What belongs to an id that came about in the manner AS_WRITTEN, AS_NUMBER or GUESSED: one candidate, none, many. */
export type LookUp<T> = (id: string, manner: number) => T | undefined | typeof SEVERAL;

const SCORE_MAX = 16;

/**
 * Hexadecimal digits from which on an id in the other base is no coincidence: of a counter whose ids are read in the
 * wrong base, that of a message and of its double are further apart than the messages that wait at one time.
 */
const CERTAIN_DIGITS_MIN = 7;

/**
 * How an SMSC behaved so far, by its permanent index, for `auto`: does it write ids alike in responses and receipts?
 * An SMSC that counts its ids in decimal from 1 has a message 10 and, for a while, one 16: without this a receipt that
 * it sends again for 16, which is hexadecimal 10, would end the wrong message. After a start nothing is known of it.
 */
export class IdHabits {
  readonly #scores = new Int8Array(0x1_0000);

  /** An id was found as it is written. */
  alike(smsc: number): void {
    if (this.#scores[smsc] < SCORE_MAX) this.#scores[smsc]++;
  }

  /**
   * An id of so many digits was found in the other base only. False: this SMSC is known to write them alike, or the id
   * is so short that it may be a coincidence, and nothing is known of the SMSC.
   */
  converted(smsc: number, hexDigits: number): boolean {
    if (hexDigits < CERTAIN_DIGITS_MIN && !this.converts(smsc)) return false;
    if (this.#scores[smsc] > -SCORE_MAX) this.#scores[smsc]--;
    return this.#scores[smsc] <= 0;
  }

  /** Is the SMSC known to change the base? Only ids that are no coincidence begin to show that. */
  converts(smsc: number): boolean {
    return this.#scores[smsc] < 0;
  }
}

/**
 * The one thing that belongs to `id`, by the SMSC's receipt_ids; undefined: none, or not one alone. `isReceipt`: the id
 * is a receipt's, and what is looked for has ids of responses; else the other way round. Where the operator says how
 * bases differ, the other base comes first, since a number has a meaning in both; in `auto` it comes last, must be the
 * only candidate, and must fit the SMSC's habits. A receipt that waits for its response is any that nobody knew: of
 * those `auto` gives none away in another base before receipts of messages that waited have shown that habit.
 */
export function lookUpId<T>(
  smsc: number,
  mode: ReceiptIds,
  id: string,
  isReceipt: boolean,
  habits: IdHabits,
  look: LookUp<T>,
): T | undefined {
  if (mode === 'hex-to-decimal' || mode === 'decimal-to-hex') {
    const toHex = (mode === 'hex-to-decimal') === isReceipt;
    const other = toHex ? decimalToHexId(id) : hexToDecimalId(id);
    const found = other === undefined ? look(id, AS_WRITTEN) : (look(other, AS_NUMBER) ?? look(id, GUESSED));
    return found === SEVERAL ? undefined : found;
  }
  const found = look(id, AS_WRITTEN);
  if (found !== undefined) {
    if (found === SEVERAL) return undefined;
    habits.alike(smsc);
    return found;
  }
  return mode === 'auto' ? guess(smsc, id, isReceipt, habits, look) : undefined;
}

function guess<T>(
  smsc: number,
  id: string,
  isReceipt: boolean,
  habits: IdHabits,
  look: LookUp<T>,
): T | undefined {
  if (!isReceipt && !habits.converts(smsc)) return undefined;
  let only: T | undefined;
  let hexDigits = 0;
  const hex = decimalToHexId(id);
  for (const other of [hex, hexToDecimalId(id)]) {
    if (other === undefined || other === id) continue;
    const found = look(other, GUESSED);
    if (found === undefined) continue;
    if (found === SEVERAL || only !== undefined) return undefined;
    only = found;
    hexDigits = normalSmscId(other === hex ? other : id).length;
  }
  if (only === undefined || !isReceipt) return only;
  return habits.converted(smsc, hexDigits) ? only : undefined;
}

/** Something that may belong to an id, and how alike its own is (IDS_*). */
export interface Candidate<T> {
  item: T;
  likeness: number;
}

/**
 * Which candidate belongs to an id that came about in this manner. One whose id is exactly that is taken as it is; what
 * is only similar or guessed, and one of several, must fit (its addresses say). Exactly the id goes before other letter
 * case, and that before other zeros. `oneOf` decides between several that are as alike and all fit.
 */
export function choose<T>(
  candidates: readonly Candidate<T>[],
  manner: number,
  fits: (item: T) => boolean,
  oneOf: (items: T[]) => T | undefined,
): T | undefined | typeof SEVERAL {
  if (manner !== GUESSED) {
    // A number has neither letters nor zeros before it.
    const exact = candidates.filter(({ likeness }) => manner === AS_NUMBER || likeness === IDS_EQUAL);
    if (exact.length === 1) return exact[0].item;
    if (exact.length > 1) return only(exact.filter(({ item }) => fits(item))) ?? SEVERAL;
  }
  const fitting = candidates.filter(({ item }) => fits(item));
  for (const likeness of [IDS_EQUAL, IDS_SAME_BUT_CASE, IDS_SAME_BUT_ZEROS]) {
    const alike = fitting.filter((each) => each.likeness === likeness);
    if (alike.length > 0) return only(alike) ?? SEVERAL;
  }
  return undefined;

  function only(some: readonly Candidate<T>[]): T | undefined {
    return some.length <= 1 ? some[0]?.item : oneOf(some.map(({ item }) => item));
  }
}
