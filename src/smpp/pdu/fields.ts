import * as smpp from '../constants.ts';
import { isTime, TIME_DIGITS } from '../times.ts';
import {
  blankOf,
  measureFields,
  namedFields,
  readFields,
  writeFields,
  type BodyReader,
  type Field,
} from './grammar.ts';

/** The kinds of fields (v3.4 section 3.1). Sizes of C-strings include the NUL, as in the specification. */

const UNLIMITED = 0x7fff_ffff;
const CUT_OFF = 'is cut off';

/** Looks at a value, strictly: a command_status, ESME_ROK when it is right for the version. */
type ValueCheck<T> = (value: T, version: number) => number;

/** An unsigned integer of 1 or 4 octets. */
export function integer(bytes: 1 | 4 = 1, check?: ValueCheck<number>): Field<number> {
  const limit = 256 ** bytes;
  return {
    empty: 0,
    read: (r) => {
      if (r.end - r.at < bytes) return failed(r, smpp.ESME_RINVCMDLEN, CUT_OFF, 0);
      const value = bytes === 1 ? r.b[r.at] : r.b.readUInt32BE(r.at);
      r.at += bytes;
      if (check !== undefined && !r.lenient) {
        const status = check(value, r.version);
        if (status !== smpp.ESME_ROK) r.fail(status, `is ${value}`);
      }
      return value;
    },
    measure: (value, version, lenient) => {
      if (!Number.isInteger(value) || value < 0 || value >= limit) {
        throw new RangeError(`${value} is no integer of ${bytes} ${bytes === 1 ? 'octet' : 'octets'}`);
      }
      const status = check === undefined || lenient ? smpp.ESME_ROK : check(value, version);
      if (status === smpp.ESME_ROK) return bytes;
      throw new RangeError(`${value} would be refused with ${smpp.statusName(status)}`);
    },
    write: (b, at, value) => (bytes === 1 ? b.writeUInt8(value, at) : b.writeUInt32BE(value, at)),
  };
}

export interface CStringOptions {
  /** Octets at most on sessions of 3.3 and earlier, where that is fewer. */
  readonly bytesMax33?: number;
  /** Fill from the left with spaces, legal in 3.3, is cut on its sessions. */
  readonly trims33?: boolean;
  /** The status for an empty string, where there must be one (strict reading). */
  readonly empty?: number;
}

/** Without the spaces that 3.3 lets stand before a value. */
export function withoutFill(text: string): string {
  return text.replace(/^ +/, '');
}

/** `tooLong`: the command_status of a string without a NUL within `bytesMax` octets. */
export function cString(bytesMax: number, tooLong: number, options: CStringOptions = {}): Field<string> {
  const bytesMax33 = options.bytesMax33 ?? bytesMax;
  return {
    empty: '',
    read: (r) => {
      const { at } = r;
      const limit = r.lenient ? UNLIMITED : r.version <= smpp.VERSION_33 ? bytesMax33 : bytesMax;
      const nul = takeString(r, limit, tooLong);
      if (!r.isFine()) return '';
      if (nul === at) {
        if (options.empty !== undefined && !r.lenient) r.fail(options.empty, 'is empty');
        return '';
      }
      const text = r.b.toString('latin1', at, nul);
      return options.trims33 === true && r.version <= smpp.VERSION_33 ? withoutFill(text) : text;
    },
    measure: (value, version, lenient) => {
      if (value === '' && options.empty !== undefined && !lenient) throw new RangeError('is empty');
      return measureString(value, lenient ? UNLIMITED : version <= smpp.VERSION_33 ? bytesMax33 : bytesMax);
    },
    write: writeString,
  };
}

/** YYMMDDhhmmss. */
const LOCAL_DIGITS = 12;

/** A time, 1 or 17 octets (v3.4 section 7.1): empty, or 16 characters; its form is looked at, not the clock. */
export function time(malformed: number): Field<string> {
  return timeField(malformed, [0, TIME_DIGITS], isTime);
}

/** What an SMSC tells of a time: 1 or 17 octets, or 13 for the local YYMMDDhhmmss that v3.3 and v3.4 allow too. */
export function reportedTime(): Field<string> {
  return timeField(smpp.ESME_RINVCMDLEN, [0, LOCAL_DIGITS, TIME_DIGITS], () => true);
}

function timeField(
  malformed: number,
  lengths: readonly number[],
  isValid: (b: Buffer, at: number, end: number) => boolean,
): Field<string> {
  const field = cString(TIME_DIGITS + 1, malformed);
  return {
    ...field,
    read: (r) => {
      const { at } = r;
      const text = field.read(r);
      if (r.isFine() && !r.lenient && !(lengths.includes(text.length) && isValid(r.b, at, r.at - 1))) {
        r.fail(malformed, 'is no time');
      }
      return text;
    },
    measure: (value, version, lenient) => {
      const bytes = field.measure(value, version, lenient);
      if (lenient || value === '') return bytes;
      if (!lengths.includes(value.length)) throw new RangeError(`${value.length} characters are no time`);
      if (isValid(Buffer.from(value, 'latin1'), 0, value.length)) return bytes;
      throw new RangeError(`${value} is no time`);
    },
  };
}

/** sm_length 0 to 160: 3.3; to 254: 3.4; to 255: 5.0. Up to 254 is taken from everyone. */
const MESSAGE_SENT_MAX_33 = 160;
const MESSAGE_SENT_MAX_34 = 254;
const MESSAGE_BYTES_MAX = 255;
const NO_OCTETS = Buffer.alloc(0);

/** sm_length and short_message: a length octet and as many octets. The value shares the memory that was read. */
export function shortMessage(): Field<Buffer> {
  return {
    empty: NO_OCTETS,
    read: (r) => {
      if (r.end - r.at < 1) return failed(r, smpp.ESME_RINVCMDLEN, CUT_OFF, NO_OCTETS);
      const length = r.b[r.at];
      if (length === MESSAGE_BYTES_MAX && !r.lenient && r.version < smpp.VERSION_50) {
        return failed(r, smpp.ESME_RINVMSGLEN, 'has 255 octets', NO_OCTETS);
      }
      const from = r.at + 1;
      if (length > r.end - from) {
        const reason = `has ${r.end - from} of its ${length} octets`;
        return failed(r, smpp.ESME_RINVMSGLEN, reason, NO_OCTETS);
      }
      r.at = from + length;
      return r.b.subarray(from, r.at);
    },
    measure: (value, version, lenient) => {
      const most = lenient ? MESSAGE_BYTES_MAX : messageBytesMax(version);
      if (value.length <= most) return 1 + value.length;
      throw new RangeError(`${value.length} octets, ${most} are the most`);
    },
    write: (b, at, value) => {
      b[at] = value.length;
      return at + 1 + value.copy(b, at + 1);
    },
  };
}

function messageBytesMax(version: number): number {
  if (version >= smpp.VERSION_50) return MESSAGE_BYTES_MAX;
  return version >= smpp.VERSION_34 ? MESSAGE_SENT_MAX_34 : MESSAGE_SENT_MAX_33;
}

const LIST_MAX = 255;

export interface ListOptions {
  /** The status for a count of 0, where there must be one (strict reading). */
  readonly empty?: number;
  /** What is sent at most, by version. */
  readonly sentMax?: (version: number) => number;
}

/** A count of 1 octet and as many items. */
export function list<T>(item: Field<T>, options: ListOptions = {}): Field<readonly T[]> {
  return {
    empty: [],
    read: (r) => {
      const items: T[] = [];
      if (r.end - r.at < 1) return failed(r, smpp.ESME_RINVCMDLEN, CUT_OFF, items);
      const count = r.b[r.at++];
      if (count === 0 && options.empty !== undefined && !r.lenient) r.fail(options.empty, 'is empty');
      for (let i = 0; i < count; i++) {
        items.push(item.read(r));
        if (!r.isFine()) {
          r.reason = `${i + 1} of ${count} ${r.reason}`;
          break;
        }
      }
      return items;
    },
    measure: (value, version, lenient) => {
      const most = lenient ? LIST_MAX : (options.sentMax?.(version) ?? LIST_MAX);
      if (value.length > most) throw new RangeError(`${value.length} entries, ${most} are the most`);
      if (value.length === 0 && options.empty !== undefined && !lenient) throw new RangeError('has no entry');
      return value.reduce((sum, one) => sum + item.measure(one, version, lenient), 1);
    },
    write: (b, at, value) => {
      b[at] = value.length;
      return value.reduce((next, one) => item.write(b, next, one), at + 1);
    },
  };
}

/** Several fields as one object: an entry of a list. */
export function record<T extends object>(fields: { readonly [K in keyof T]: Field<T[K]> }): Field<T> {
  const named = namedFields(fields);
  const empty = blankOf(named) as T;
  return {
    empty,
    read: (r) => {
      const value = { ...empty };
      readFields(named, r, value as Record<string, unknown>);
      return value;
    },
    measure: (value, version, lenient) =>
      measureFields(named, value as Record<string, unknown>, version, lenient),
    write: (b, at, value) => writeFields(named, b, at, value as Record<string, unknown>),
  };
}

/** Moves `r.at` behind the NUL and returns where the NUL is. */
function takeString(r: BodyReader, bytesMax: number, tooLong: number): number {
  const { b, at, end } = r;
  const limit = end - at > bytesMax ? at + bytesMax : end;
  for (let i = at; i < limit; i++) {
    if (b[i] !== 0) continue;
    r.at = i + 1;
    return i;
  }
  if (end - at >= bytesMax) r.fail(tooLong, `is longer than ${bytesMax - 1} characters`);
  else if (r.openEnd && at < end) r.at = end;
  else r.fail(smpp.ESME_RINVCMDLEN, at < end ? 'has no NUL' : CUT_OFF);
  return end;
}

function measureString(value: string, bytesMax: number): number {
  for (let i = 0; i < value.length; i++) {
    const code = value.charCodeAt(i);
    if (code === 0 || code > 0xff) throw new RangeError(`U+${code.toString(16)} can not be in a C-string`);
  }
  if (value.length < bytesMax) return value.length + 1;
  throw new RangeError(`${value.length} characters, ${bytesMax - 1} are the most`);
}

function writeString(b: Buffer, at: number, value: string): number {
  for (let i = 0; i < value.length; i++) b[at + i] = value.charCodeAt(i);
  b[at + value.length] = 0;
  return at + value.length + 1;
}

function failed<T>(r: BodyReader, status: number, reason: string, nothing: T): T {
  r.fail(status, reason);
  return nothing;
}
