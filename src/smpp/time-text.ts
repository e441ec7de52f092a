/** Times of SMPP as text (v3.4 section 7.1.1); `times.ts` reads them. */

/** The last moment that the two digits of a year can say: years 38 to 99 are of the last century. */
export const TIME_MS_MAX = Date.UTC(2038, 0, 1) - 1;
/** What a relative time says in days, hours, minutes and seconds. */
export const RELATIVE_S_MAX = 99 * 86_400 + 86_399;

/** `YYMMDDhhmmsst00+`: UTC, cut to tenths of a second. Epoch milliseconds from 1970 to TIME_MS_MAX. */
export function absoluteTime(ms: number): string {
  if (!(ms >= 0 && ms <= TIME_MS_MAX)) throw new RangeError(`${ms} is no time that SMPP can say`);
  const digits = new Date(ms).toISOString().replace(/\D/g, '');
  return `${digits.slice(2, 15)}00+`;
}

/** `0000DDhhmmss000R`: from 0 to RELATIVE_S_MAX whole seconds. */
export function relativeTime(seconds: number): string {
  if (!Number.isInteger(seconds) || seconds < 0 || seconds > RELATIVE_S_MAX) {
    throw new RangeError(`${seconds} seconds are no relative time that SMPP can say`);
  }
  const fields = [seconds / 86_400, (seconds / 3_600) % 24, (seconds / 60) % 60, seconds % 60];
  return `0000${fields.map((value) => String(Math.floor(value)).padStart(2, '0')).join('')}000R`;
}
