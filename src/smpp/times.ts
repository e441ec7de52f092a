import { ESME_RINVEXPIRY, ESME_RINVSCHED, ESME_ROK } from './constants.ts';

/**
 * The time of SMPP, 16 characters and a NUL (v3.4 section 7.1.1):
 *
 *  Y Y M M D D h h m m s s t  n  n  p
 *  t: tenths; nn: quarter hours between local time and UTC; p: + local is ahead of UTC, - behind, R relative
 */
export const TIME_DIGITS = 16;
/** Years 38 to 99 are of the last century (v3.4 section 7.1.1). */
const CENTURY_PIVOT = 38;
const QUARTERS_MAX = 48;
const QUARTER_MS = 900_000;
export const MALFORMED = -1;

/** What a submit asks for, in epoch milliseconds; 0: nothing asked. One reused instance per thread. */
export class MessageTimes {
  scheduleMs = 0;
  expiresMs = 0;
}

/**
 * [at, end) without the NUL: epoch milliseconds, 0 for the empty field, MALFORMED (-1) otherwise. A relative time
 * counts from `nowMs`.
 */
export function parseTime(b: Uint8Array, at: number, end: number, nowMs: number): number {
  if (at === end) return 0;
  if (end - at !== TIME_DIGITS) return MALFORMED;
  for (let i = at; i < end - 1; i++) if (b[i] < 0x30 || b[i] > 0x39) return MALFORMED;
  const sign = b[end - 1];
  if (sign === 0x52 || sign === 0x72) return addRelative(b, at, nowMs);
  if (sign !== 0x2b && sign !== 0x2d) return MALFORMED;
  const quarters = two(b, at + 13);
  if (quarters > QUARTERS_MAX) return MALFORMED;
  const year = two(b, at);
  const century = year >= CENTURY_PIVOT ? 1900 : 2000;
  const local = civilMs(century + year, b, at + 2, two(b, at + 10));
  if (local === MALFORMED) return MALFORMED;
  const offset = quarters * QUARTER_MS;
  return local + (b[at + 12] - 0x30) * 100 + (sign === 0x2b ? -offset : offset);
}

/** Whether the field is empty or well-formed; it needs no clock. */
export function isTime(b: Uint8Array, at: number, end: number): boolean {
  return at === end || parseTime(b, at, end, 0) !== MALFORMED;
}

/**
 * Resolves schedule_delivery_time and validity_period, both [at, end) without the NUL. Answers the command_status
 * that refuses the message: RINVSCHED for a malformed schedule or one in the past, RINVEXPIRY likewise. A relative
 * validity counts from the scheduled time where there is one, else from now.
 */
export function validityStatus(
  b: Uint8Array,
  scheduleAt: number,
  scheduleEnd: number,
  validityAt: number,
  validityEnd: number,
  nowMs: number,
  times: MessageTimes,
): number {
  times.scheduleMs = 0;
  times.expiresMs = 0;
  if (scheduleAt === scheduleEnd && validityAt === validityEnd) return ESME_ROK;
  const scheduleMs = parseTime(b, scheduleAt, scheduleEnd, nowMs);
  if (scheduleAt !== scheduleEnd && scheduleMs < nowMs) return ESME_RINVSCHED;
  const fromMs = scheduleMs > nowMs ? scheduleMs : nowMs;
  const expiresMs = parseTime(b, validityAt, validityEnd, fromMs);
  if (validityAt !== validityEnd && expiresMs <= fromMs) return ESME_RINVEXPIRY;
  times.scheduleMs = scheduleMs;
  times.expiresMs = expiresMs;
  return ESME_ROK;
}

/**
 * YYMMDDhhmm, YYMMDDhhmmss or YYYYMMDDhhmmss in UTC (`digits` 10, 12 or 14), as receipts carry it; returns the bytes
 * written.
 */
export function formatReceiptDate(b: Uint8Array, at: number, ms: number, digits = 10): number {
  // The receipts of a minute carry the same dates: each is worked out once, and then copied.
  const minute = Math.floor(ms / 60_000);
  const place = minute & (DATES_KEPT - 1);
  const from = place * MINUTE_DIGITS;
  if (minute !== keptMinutes[place]) {
    keptMinutes[place] = minute;
    workOutDate(keptDates, from, ms);
  }
  let next = at;
  for (let i = digits === 14 ? from : from + 2; i < from + MINUTE_DIGITS; i++) b[next++] = keptDates[i];
  if (digits !== 10) writeTwo(b, next, Math.floor(ms / 1000) - minute * 60);
  return digits;
}

/** YYYYMMDDhhmm. Receipts of messages sent some minutes ago alternate between two dates: so several are kept. */
const MINUTE_DIGITS = 12;
const DATES_KEPT = 8;
const keptMinutes = new Float64Array(DATES_KEPT).fill(-1);
const keptDates = new Uint8Array(DATES_KEPT * MINUTE_DIGITS);

function workOutDate(b: Uint8Array, at: number, ms: number): void {
  const days = Math.floor(ms / 86_400_000);
  const minutes = Math.floor((ms - days * 86_400_000) / 60_000);
  // Civil date from a day count, counted from 0000-03-01 in eras of 400 years of 146097 days: no Date object
  // per receipt. Right for every day from 1970 on.
  const z = days + 719_468;
  const dayOfEra = z % 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const shifted = Math.floor((5 * dayOfYear + 2) / 153);
  const month = shifted < 10 ? shifted + 3 : shifted - 9;
  const year = yearOfEra + Math.floor(z / 146_097) * 400 + (month <= 2 ? 1 : 0);
  writeTwo(b, at, Math.floor(year / 100));
  writeTwo(b, at + 2, year % 100);
  writeTwo(b, at + 4, month);
  writeTwo(b, at + 6, dayOfYear - Math.floor((153 * shifted + 2) / 5) + 1);
  writeTwo(b, at + 8, Math.floor(minutes / 60));
  writeTwo(b, at + 10, minutes % 60);
}

/** The absolute form in UTC, `YYMMDDhhmmss000+`: 16 characters. */
export function formatTime(ms: number): string {
  const [date, time] = new Date(ms).toISOString().slice(2, 19).split('T');
  return `${date.replaceAll('-', '')}${time.replaceAll(':', '')}000+`;
}

/**
 * A date out of a receipt's text, [at, end): YYMMDDhhmm, YYMMDDhhmmss, YYYYMMDDhhmmss or an SMPP absolute time.
 * UTC where no zone is told. Epoch milliseconds; 0 when it is empty, all zeros or anything else.
 */
export function parseReceiptDate(b: Uint8Array, at: number, end: number): number {
  const length = end - at;
  if (length === TIME_DIGITS) {
    const ms = (b[end - 1] | 0x20) === 0x72 ? MALFORMED : parseTime(b, at, end, 0);
    return ms < 0 ? 0 : ms;
  }
  if (length !== 10 && length !== 12 && length !== 14) return 0;
  for (let i = at; i < end; i++) if (b[i] < 0x30 || b[i] > 0x39) return 0;
  const long = length === 14;
  const year = long ? two(b, at) * 100 + two(b, at + 2) : 2000 + two(b, at);
  const monthAt = long ? at + 4 : at + 2;
  const ms = civilMs(year, b, monthAt, length === 10 ? 0 : two(b, end - 2));
  return ms < 0 ? 0 : ms;
}

/** MMDDhhmm at `at` of that year and second, UTC; MALFORMED when there is no such moment. */
function civilMs(year: number, b: Uint8Array, at: number, second: number): number {
  const month = two(b, at);
  const day = two(b, at + 2);
  const hour = two(b, at + 4);
  const minute = two(b, at + 6);
  if (month < 1 || month > 12 || day < 1 || day > daysIn(year, month)) return MALFORMED;
  if (hour > 23 || minute > 59 || second > 59) return MALFORMED;
  return Date.UTC(year, month - 1, day, hour, minute, second);
}

/** Years and months go by the calendar (31 January + 1 month = the last of February), the rest by the clock. */
function addRelative(b: Uint8Array, at: number, nowMs: number): number {
  const months = two(b, at) * 12 + two(b, at + 2);
  const seconds = two(b, at + 4) * 86_400 + two(b, at + 6) * 3600 + two(b, at + 8) * 60 + two(b, at + 10);
  let fromMs = nowMs;
  if (months > 0) {
    const date = new Date(nowMs);
    const day = date.getUTCDate();
    date.setUTCDate(1);
    date.setUTCMonth(date.getUTCMonth() + months);
    date.setUTCDate(Math.min(day, daysIn(date.getUTCFullYear(), date.getUTCMonth() + 1)));
    fromMs = date.getTime();
  }
  return fromMs + seconds * 1000;
}

function daysIn(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

function two(b: Uint8Array, at: number): number {
  return (b[at] - 0x30) * 10 + b[at + 1] - 0x30;
}

function writeTwo(b: Uint8Array, at: number, value: number): void {
  b[at] = 0x30 + Math.floor(value / 10);
  b[at + 1] = 0x30 + (value % 10);
}
