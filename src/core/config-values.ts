/** Kinds of values that options of the configuration share. */
import { z } from 'zod';
import * as limits from './limits.ts';

export const integer = (low: number, high: number): z.ZodNumber =>
  z
    .int(`must be a whole number from ${low} to ${high}`)
    .min(low, `must be from ${low} to ${high}`)
    .max(high, `must be from ${low} to ${high}`);

/** Seconds on a timer; `low` is 0 where 0 switches the timer off. */
export const seconds = (low: number): z.ZodNumber => integer(low, limits.TIMER_S_MAX);

export const ascii = (low: number, high: number): z.ZodString =>
  z
    .string()
    .regex(
      new RegExp(`^[\\x20-\\x7e]{${low},${high}}$`),
      `must be ${low} to ${high} printable ASCII characters`,
    );

export const listen = z
  .string()
  .refine(
    (text) => parseListen(text) !== undefined,
    'must be "address:port", such as "127.0.0.1:2775" or "[::]:2775"',
  );

/** `host:port` or `[v6]:port` (port 0: any free one), or undefined. */
export function parseListen(text: string): { readonly host: string; readonly port: number } | undefined {
  const found = /^(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9.-]+)):(\d{1,5})$/.exec(text);
  if (found === null || Number(found[3]) > 65_535) return undefined;
  return { host: found[1] ?? found[2], port: Number(found[3]) };
}

/** The highest or the only interface_version of a session. */
export const interfaceVersion = z.enum(['3.3', '3.4', '5.0']);

/** What data_coding 0 means to a peer: the specification leaves it to the SMSC. */
export const alphabet = z.enum(['gsm', 'ascii', 'latin1', 'utf8']);

/** The national language shift tables of 3GPP TS 23.038 annex A. */
export const language = z.enum([
  'turkish',
  'spanish',
  'portuguese',
  'bengali',
  'gujarati',
  'hindi',
  'kannada',
  'malayalam',
  'oriya',
  'punjabi',
  'tamil',
  'telugu',
  'urdu',
]);

/** The name of a [[tlv]]. */
export const tlvName = z.string().regex(/^[a-z][a-z0-9_]{0,62}$/, 'must be 1 to 63 of a-z, 0-9 and _');
