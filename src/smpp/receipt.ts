import * as smpp from './constants.ts';
import { readU16 } from './cursor.ts';
import { isUcs2 } from './pdu/message-body.ts';
import type { MessageFields } from './pdu/message-fields.ts';
import { stateOf } from './receipt-state.ts';
import { parseReceiptDate } from './times.ts';

/**
 * Delivery receipts as SMSCs send them. The text has no standard beyond an example in v3.4 appendix B,
 *
 *   id:IIIIIIIIII sub:SSS dlvrd:DDD submit date:YYMMDDhhmm done date:YYMMDDhhmm stat:DDDDDDD err:E text:...
 *
 * and in the field fields are missing, in another order, in any case, longer, or UCS-2. So the scan takes the first
 * occurrence of each key, a value reaching to the next key or blank, and nothing behind `text:` counts.
 */

const SCRATCH_TEXT_BYTES = 1024;
/** As much as a message_id holds (C65): what is longer was cut in the submit_sm_resp too. */
const ID_BYTES_MAX = 64;

/** What a receipt says. Offsets point into `bytes`; -1 and empty ranges: not told. One reused instance per thread. */
export class ReceiptFields {
  /** The scanned buffer, or the scratch that a UCS-2 or GSM text was turned into. Valid until the next scan. */
  bytes: Uint8Array = NOTHING;
  /** The SMSC's message id: receipted_message_id, else the text's. */
  idAt = 0;
  idEnd = 0;
  /** message_state: the TLV's, else the text's `stat`. */
  state = -1;
  /** The text's `err`, whatever it looks like. */
  errAt = 0;
  errEnd = 0;
  /** network_error_code TLV: its type and code. It goes before the text's `err`. */
  networkErrorType = -1;
  networkErrorCode = -1;
  /** Epoch milliseconds; a date without a zone is read as UTC. 0: not told. */
  submitDateMs = 0;
  doneDateMs = 0;
  /** What stands behind `text:`. */
  textAt = 0;
  textEnd = 0;
  /** The text told an id and a stat: a receipt by its content, even where esm_class does not say so. */
  isReceiptText = false;
  /** For texts that are not ASCII octets; made when the first one comes. */
  scratch: Uint8Array = NOTHING;
  /** The text has some key of a receipt. */
  hasKeys = false;
  /** The text has letters in an id that only the GSM default alphabet spells that way. */
  hasGsmId = false;
}

const NOTHING = new Uint8Array(0);

/** esm_class says SMSC delivery receipt or intermediate notification; mode, UDHI and reply path may be set too. */
export function isReceipt(esmClass: number): boolean {
  const type = esmClass & smpp.ESM_TYPE_MASK;
  return type === smpp.ESM_RECEIPT || type === smpp.ESM_INTERMEDIATE;
}

export function isIntermediate(esmClass: number): boolean {
  return (esmClass & smpp.ESM_TYPE_MASK) === smpp.ESM_INTERMEDIATE;
}

/**
 * Reads the receipt out of the scanned deliver_sm or data_sm that begins at `start`. True when it names a message, by
 * TLV or text; whether to treat one without the esm_class of a receipt as one is the caller's choice, by
 * `isReceiptText`. TLVs go before the text (spec section 9.3).
 */
export function scanReceipt(b: Uint8Array, start: number, f: MessageFields, out: ReceiptFields): boolean {
  if (f.dataAt < start) throw new Error('fields of another PDU');
  const at = f.dataAt + f.udhLength;
  const end = f.dataAt + f.dataLength;
  if (!isUcs2(f.dataCoding) || !scanAsOctets(b, f, out, narrow(b, at, end, out))) {
    // Also what says UCS-2 but is not.
    clear(out);
    out.bytes = b;
    scanText(b, at, end, out);
    if (out.hasGsmId) scanAsOctets(b, f, out, fromGsm(b, at, end, out));
  }
  out.isReceiptText = out.idEnd > out.idAt && out.state >= 0;
  if (f.receiptedIdLength > 0) {
    out.idAt = out.bytes === b ? f.receiptedIdAt : SCRATCH_TEXT_BYTES;
    out.idEnd = out.idAt + Math.min(f.receiptedIdLength, ID_BYTES_MAX);
  }
  if (f.messageState >= 0 && f.messageState <= smpp.STATE_SKIPPED) out.state = f.messageState;
  if (f.networkErrorAt >= 0) {
    out.networkErrorType = b[f.networkErrorAt];
    out.networkErrorCode = readU16(b, f.networkErrorAt + 1);
  }
  return out.idEnd > out.idAt;
}

/**
 * message_state of a receipt, whatever it says: where neither TLV nor text names one, an error that is a number other
 * than 0 means that it failed; else STATE_UNKNOWN. network_error_code goes before `err`.
 */
export function receiptState(f: ReceiptFields): number {
  if (f.state >= 0) return f.state;
  const failed =
    f.networkErrorType < 0 ? isErrorNumber(f.bytes, f.errAt, f.errEnd) : f.networkErrorCode !== 0;
  return failed ? smpp.STATE_UNDELIVERABLE : smpp.STATE_UNKNOWN;
}

/** Decimal or hexadecimal digits, not all of them 0; what words mean is not known. */
function isErrorNumber(b: Uint8Array, at: number, end: number): boolean {
  let isZero = true;
  for (let i = at; i < end; i++) {
    const letter = b[i] | 0x20;
    const isDigit = b[i] >= 0x30 && b[i] <= 0x39;
    if (!isDigit && (letter < 0x61 || letter > 0x66)) return false;
    if (b[i] !== 0x30) isZero = false;
  }
  return !isZero;
}

/** Scans the text that became octets in the scratch; the id of the TLV goes behind it. False: it says nothing. */
function scanAsOctets(b: Uint8Array, f: MessageFields, out: ReceiptFields, length: number): boolean {
  clear(out);
  out.bytes = out.scratch;
  scanText(out.scratch, 0, length, out);
  const idLength = Math.min(f.receiptedIdLength, ID_BYTES_MAX);
  for (let i = 0; i < idLength; i++) out.scratch[SCRATCH_TEXT_BYTES + i] = b[f.receiptedIdAt + i];
  return out.hasKeys;
}

function clear(out: ReceiptFields): void {
  out.idAt = 0;
  out.idEnd = 0;
  out.state = -1;
  out.errAt = 0;
  out.errEnd = 0;
  out.networkErrorType = -1;
  out.networkErrorCode = -1;
  out.submitDateMs = 0;
  out.doneDateMs = 0;
  out.textAt = 0;
  out.textEnd = 0;
  out.hasGsmId = false;
  out.hasKeys = false;
}

/** Keeps the low octets of UCS-2 units (a receipt's keys and values are ASCII); returns the characters kept. */
function narrow(b: Uint8Array, at: number, end: number, out: ReceiptFields): number {
  const scratch = scratchOf(out);
  let next = 0;
  for (let i = at; i + 1 < end && next < SCRATCH_TEXT_BYTES; i += 2) {
    scratch[next++] = b[i] === 0 ? b[i + 1] : 0x3f;
  }
  return next;
}

/**
 * The two characters of ids that the GSM default alphabet has elsewhere than ASCII. (Its 00 is an at sign, but a NUL
 * in a receipt ends a string of somebody who counted it in.)
 */
const GSM_DOLLAR = 0x02;
const GSM_UNDERSCORE = 0x11;

function fromGsm(b: Uint8Array, at: number, end: number, out: ReceiptFields): number {
  const scratch = scratchOf(out);
  const length = Math.min(end - at, SCRATCH_TEXT_BYTES);
  for (let i = 0; i < length; i++) {
    const octet = b[at + i];
    scratch[i] = octet === GSM_UNDERSCORE ? 0x5f : octet === GSM_DOLLAR ? 0x24 : octet;
  }
  return length;
}

function isGsmOnly(b: Uint8Array, at: number, from: number, to: number): boolean {
  return at >= from && at < to && (b[at] === GSM_UNDERSCORE || b[at] === GSM_DOLLAR);
}

function scratchOf(out: ReceiptFields): Uint8Array {
  if (out.scratch === NOTHING) out.scratch = new Uint8Array(SCRATCH_TEXT_BYTES + ID_BYTES_MAX);
  return out.scratch;
}

const KEY_NONE = 0;
const KEY_ID = 1;
const KEY_STAT = 2;
const KEY_ERR = 3;
const KEY_SUBMIT = 4;
const KEY_DONE = 5;
const KEY_SUB = 6;
const KEY_DLVRD = 7;
const KEY_TEXT = 8;

/** By key number; lower-case, without the colon. */
const KEYS: readonly Uint8Array[] = [
  '',
  'id',
  'stat',
  'err',
  'submit date',
  'done date',
  'sub',
  'dlvrd',
  'text',
].map((key) => Buffer.from(key, 'latin1'));

/**
 * The text in its common form, behind the id, with the offsets from the blank after it:
 *
 *   0    4    8      14   18           30          41         51          62    67       75   79   83    88
 *   ' sub:001' ' dlvrd:001' ' submit date:YYMMDDhhmm' ' done date:YYMMDDhhmm' ' stat:DELIVRD' ' err:000' ' text:'
 *
 * Most SMSCs write exactly this. Keys are told by the blank before them, their last two letters and the colon:
 * looking for them instead costs five times as much (measured 0.4 µs a receipt).
 */
const COMMON_BYTES = 89;

/** False: not in the common form; `out` is then as it was. */
function scanCommon(b: Uint8Array, from: number, end: number, out: ReceiptFields): boolean {
  if (b[from] !== 0x69 || b[from + 1] !== 0x64 || b[from + 2] !== 0x3a) return false;
  let at = from + 3;
  while (at < end && b[at] > 0x20) at++;
  if (at === from + 3 || at - from - 3 > ID_BYTES_MAX || end - at < COMMON_BYTES) return false;
  if (!isKey(b, at, 4, 0x75, 0x62) || !isKey(b, at + 8, 6, 0x72, 0x64)) return false;
  if (!isKey(b, at + 18, 12, 0x74, 0x65) || !isKey(b, at + 41, 10, 0x74, 0x65)) return false;
  if (!isKey(b, at + 62, 5, 0x61, 0x74) || !isKey(b, at + 75, 4, 0x72, 0x72)) return false;
  if (!isKey(b, at + 83, 5, 0x78, 0x74) || b[at + 74] <= 0x20 || b[at + 82] <= 0x20) return false;
  if (isQuote(b[from + 3]) || isQuote(b[at + 68]) || isQuote(b[at + 80])) return false;
  out.hasKeys = true;
  out.idAt = from + 3;
  out.idEnd = at;
  out.submitDateMs = submitDates.parse(b, at + 31);
  out.doneDateMs = doneDates.parse(b, at + 52);
  out.state = stateOf(b, at + 68, at + 75);
  out.errAt = at + 80;
  out.errEnd = at + 83;
  out.textAt = at + COMMON_BYTES;
  out.textEnd = end;
  return true;
}

/** A blank at `at`, and `length` further a colon behind these two lower-case letters. */
function isKey(b: Uint8Array, at: number, length: number, before: number, last: number): boolean {
  const colon = at + length;
  return b[at] === 0x20 && b[colon] === 0x3a && b[colon - 1] === last && b[colon - 2] === before;
}

/** The receipts of a minute carry the same date: it is parsed once. */
class DateMemory {
  readonly #digits = new Uint8Array(10);
  #ms = 0;

  parse(b: Uint8Array, at: number): number {
    const digits = this.#digits;
    for (let i = 9; i >= 0; i--) {
      if (digits[i] === b[at + i]) continue;
      for (let j = 0; j < 10; j++) digits[j] = b[at + j];
      this.#ms = parseReceiptDate(b, at, at + 10);
      break;
    }
    return this.#ms;
  }
}

const submitDates = new DateMemory();
const doneDates = new DateMemory();

/** Goes from colon to colon: there are about eight in a receipt, and looking back from one tells the key. */
function scanText(b: Uint8Array, from: number, end: number, out: ReceiptFields): void {
  if (scanCommon(b, from, end, out)) return;
  let open = KEY_NONE;
  let valueAt = from;
  let seen = 0;
  for (let i = from; i < end; i++) {
    if (b[i] !== 0x3a) continue;
    const key = keyBefore(b, valueAt, i);
    if (key === KEY_NONE) continue;
    out.hasKeys = true;
    if (open !== KEY_NONE) takeValue(b, open, valueAt, i - KEYS[key].length, out);
    valueAt = i + 1;
    if (key === KEY_TEXT) {
      out.textAt = valueAt;
      out.textEnd = end;
      return;
    }
    open = (seen & (1 << key)) === 0 ? key : KEY_NONE;
    seen |= 1 << key;
  }
  if (open !== KEY_NONE) takeValue(b, open, valueAt, end, out);
}

/** The key that ends at the colon and begins at `from` or behind. */
function keyBefore(b: Uint8Array, from: number, colon: number): number {
  if (colon - from < 2) return KEY_NONE;
  const last = b[colon - 1] | 0x20;
  const before = b[colon - 2] | 0x20;
  let key = KEY_NONE;
  if (last === 0x64) key = before === 0x69 ? KEY_ID : KEY_DLVRD;
  else if (last === 0x62) key = KEY_SUB;
  else if (last === 0x72) key = KEY_ERR;
  else if (last === 0x74) key = before === 0x61 ? KEY_STAT : KEY_TEXT;
  else if (last === 0x65) key = endsWith(b, from, colon, KEYS[KEY_DONE]) ? KEY_DONE : KEY_SUBMIT;
  return key !== KEY_NONE && endsWith(b, from, colon, KEYS[key]) ? key : KEY_NONE;
}

/** A key does not begin inside a word: `smsid:` is not `id:`. */
function endsWith(b: Uint8Array, from: number, end: number, key: Uint8Array): boolean {
  const at = end - key.length;
  if (at < from) return false;
  // Bit 5 makes a letter lower-case and leaves the blank as it is.
  for (let i = 0; i < key.length; i++) if ((b[at + i] | 0x20) !== key[i]) return false;
  if (at === from) return true;
  const letter = b[at - 1] | 0x20;
  return letter < 0x61 || letter > 0x7a;
}

function isQuote(octet: number): boolean {
  return octet === 0x22 || octet === 0x27;
}

/** Where the quotation that is opened at `at` is closed, at `to` at most; -1: it is none. */
function closedAt(b: Uint8Array, at: number, to: number): number {
  if (at >= to || !isQuote(b[at])) return -1;
  for (let i = at + 1; i < to; i++) if (b[i] === b[at]) return i;
  return -1;
}

/**
 * A value is the first word between its key and the next one, without a comma or semicolon at its end; one in quotes is
 * what stands between them.
 */
function takeValue(b: Uint8Array, key: number, from: number, to: number, out: ReceiptFields): void {
  let at = from;
  while (at < to && b[at] <= 0x20) at++;
  const closed = closedAt(b, at, to);
  const limit = closed < 0 ? to : closed;
  if (closed >= 0) at++;
  while (at < limit && b[at] <= 0x20) at++;
  let end = at;
  while (end < limit && b[end] > 0x20) end++;
  if (key === KEY_ID && (isGsmOnly(b, at - 1, from, to) || isGsmOnly(b, end, from, to))) out.hasGsmId = true;
  while (end > at && (b[end - 1] === 0x2c || b[end - 1] === 0x3b)) end--;
  switch (key) {
    case KEY_ID:
      out.idAt = at;
      out.idEnd = Math.min(end, at + ID_BYTES_MAX);
      return;
    case KEY_STAT:
      out.state = stateOf(b, at, end);
      return;
    case KEY_ERR:
      out.errAt = at;
      out.errEnd = end;
      return;
    case KEY_SUBMIT:
      out.submitDateMs = parseReceiptDate(b, at, end);
      return;
    case KEY_DONE:
      out.doneDateMs = parseReceiptDate(b, at, end);
  }
}
