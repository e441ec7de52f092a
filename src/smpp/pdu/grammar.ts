import * as smpp from '../constants.ts';
import type { Tlv } from './tlv.ts';

/**
 * What a PDU is made of, as data: each command has one grammar, beside its type in pdu/grammar/. `readFields` and
 * `writeFields` are the same few lines for all of them.
 */

/** What all PDUs have; each adds the fields of its body under SMPP's names. */
export interface PduHead {
  command: string;
  /** 0 in requests. */
  commandStatus: number;
  sequenceNumber: number;
  /** In order of occurrence; empty where a PDU has none. Values share the memory of the buffer that was read. */
  tlvs: Tlv[];
}

/** The body that is being read: [at, end) of `b`, and what is wrong with it. */
export class BodyReader {
  readonly b: Buffer;
  at: number;
  readonly end: number;
  readonly version: number;
  /** Odd values and overlong strings pass: only structure counts. */
  lenient: boolean;
  /** The last C-string may lack its NUL: responses, read leniently. */
  openEnd = false;
  /** A lone NUL may follow, which some senders put behind their text without counting it: requests, read leniently. */
  spareNul = false;
  status: number = smpp.ESME_ROK;
  reason = '';

  constructor(b: Buffer, at: number, end: number, version: number, lenient: boolean) {
    this.b = b;
    this.at = at;
    this.end = end;
    this.version = version;
    this.lenient = lenient;
  }

  isFine(): boolean {
    return this.status === smpp.ESME_ROK;
  }

  fail(status: number, reason: string): void {
    this.status = status;
    this.reason = reason;
  }

  /** Forgets what was wrong and reads again from `at`. */
  rewind(at: number): void {
    this.at = at;
    this.status = smpp.ESME_ROK;
    this.reason = '';
  }
}

/** One field of a body, or a count with the list that it counts. */
export interface Field<T> {
  /** What is written where nothing is given. */
  readonly empty: T;
  /** Reads at `r.at` and moves it; where it can not, calls `r.fail` and the value means nothing. */
  read(r: BodyReader): T;
  /** Octets of the value. Throws a RangeError that says why it does not fit; `lenient`: only what no octets can say. */
  measure(value: T, version: number, lenient: boolean): number;
  /** Writes a measured value at `at`; returns the offset behind it. */
  write(b: Buffer, at: number, value: T): number;
}

type BodyKeys<P> = Exclude<keyof P, keyof PduHead>;
/** A field for every property of the PDU's type, in the order of the wire. */
export type FieldsOf<P extends PduHead> = { readonly [K in BodyKeys<P>]: Field<NonNullable<P[K]>> };

export interface NamedField {
  readonly key: string;
  /** SMPP's name, for reasons. */
  readonly name: string;
  readonly field: Field<unknown>;
}

export interface Grammar {
  readonly command: string;
  readonly commandId: number;
  readonly isResponse: boolean;
  /** Lowest and highest interface_version that has the command. */
  readonly since: number;
  readonly until: number;
  readonly fields: readonly NamedField[];
  /** A PDU of this command with everything empty. To fill a copy of it is twice as fast as to let one grow. */
  readonly blank: Readonly<PduHead>;
  /** A success may come without its body (a response only). */
  readonly mayBeBare: boolean;
  /** An error carries its empty body all the same (a response only). */
  readonly alwaysBody: boolean;
  /** Octets behind the fields that are no TLVs are passed over, as is the body of what has no fields. */
  readonly ignoresRest: boolean;
  /** Looks at the whole PDU once it is read or before it is written; calls `r.fail`. */
  readonly check: ((pdu: Given<PduHead>, r: BodyReader) => void) | undefined;
  /** Changes what was read to what it means. */
  readonly settle: ((pdu: PduHead) => void) | undefined;
}

/** A PDU to be checked: one that is to be written may leave out what is 0 or empty. */
export type Given<P extends PduHead> = { readonly [K in BodyKeys<P>]?: P[K] | undefined } & {
  readonly commandStatus?: number | undefined;
  readonly tlvs?: readonly Tlv[] | undefined;
};

interface GrammarOptions<P extends PduHead> {
  readonly since?: number;
  readonly until?: number;
  readonly mayBeBare?: boolean;
  readonly alwaysBody?: boolean;
  readonly ignoresRest?: boolean;
  readonly check?: (pdu: Given<P>, r: BodyReader) => void;
  readonly settle?: (pdu: P) => void;
}

const VERSION_LOWEST = 0;
const VERSION_HIGHEST = 0xff;
/** Options of commands that came with 3.4, with 5.0, and that went after 3.3. */
export const FROM_34 = { since: smpp.VERSION_34 };
export const FROM_50 = { since: smpp.VERSION_50 };
export const UNTIL_33 = { until: smpp.VERSION_33 };

export function grammar<P extends PduHead>(
  commandId: number,
  command: P['command'],
  fields: FieldsOf<P>,
  options: GrammarOptions<P> = {},
): Grammar {
  const named = namedFields(fields);
  const { since = VERSION_LOWEST, until = VERSION_HIGHEST } = options;
  return {
    command,
    commandId,
    isResponse: commandId >= smpp.RESPONSE_BIT,
    since,
    until,
    fields: named,
    blank: { command, commandStatus: smpp.ESME_ROK, sequenceNumber: 0, tlvs: [], ...blankOf(named) },
    mayBeBare: options.mayBeBare ?? false,
    alwaysBody: options.alwaysBody ?? false,
    ignoresRest: options.ignoresRest ?? false,
    check: options.check,
    settle: options.settle as Grammar['settle'],
  };
}

/** The fields in order, under their names. */
export function namedFields(fields: object): readonly NamedField[] {
  return Object.entries(fields).map(([key, field]) => ({
    key,
    name: wireName(key),
    field: field as Field<unknown>,
  }));
}

export function blankOf(fields: readonly NamedField[]): object {
  return Object.fromEntries(fields.map(({ key, field }) => [key, field.empty]));
}

/** Reads one after the other into `target`; stops at the first that fails, and puts its name before the reason. */
export function readFields(
  fields: readonly NamedField[],
  r: BodyReader,
  target: Record<string, unknown>,
): void {
  for (const { key, name, field } of fields) {
    target[key] = field.read(r);
    if (r.isFine()) continue;
    r.reason = `${name} ${r.reason}`;
    return;
  }
}

/** Octets of the values in `source`, the empty ones where nothing is given. Throws a RangeError naming the field. */
export function measureFields(
  fields: readonly NamedField[],
  source: Record<string, unknown>,
  version: number,
  lenient: boolean,
): number {
  let bytes = 0;
  for (const { key, name, field } of fields) {
    try {
      bytes += field.measure(source[key] ?? field.empty, version, lenient);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      throw new RangeError(`${name}: ${error.message}`, { cause: error });
    }
  }
  return bytes;
}

/** Writes measured values at `at`; returns the offset behind them. */
export function writeFields(
  fields: readonly NamedField[],
  b: Buffer,
  at: number,
  source: Record<string, unknown>,
): number {
  let next = at;
  for (const { key, field } of fields) next = field.write(b, next, source[key] ?? field.empty);
  return next;
}

/** `sourceAddrTon` is source_addr_ton. */
function wireName(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
