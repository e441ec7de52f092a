/** The fields of POST /v1/messages, and plain words for what is wrong with one. */
import { z } from 'zod';
import { suggest } from '../core/suggest.ts';
import { RELATIVE_S_MAX } from '../smpp/time-text.ts';

export interface FieldError {
  /** JSON pointer (RFC 6901); "/" for the whole body. */
  pointer: string;
  detail: string;
}

const text = (): z.ZodString => z.string('must be a string');
const whole = (low: number, high: number): z.ZodNumber => {
  const said = `must be a whole number from ${low} to ${high}`;
  return z.int(said).min(low, said).max(high, said);
};
const octets = (): z.ZodString =>
  text().regex(/^(?:[0-9A-Fa-f]{2})*$/, 'must be octets in hexadecimal, two digits each');
const flag = (): z.ZodBoolean => z.boolean('must be true or false');

const schema = z.strictObject({
  from: text(),
  to: text(),
  text: text().min(1, 'must not be empty').optional(),
  binary: octets().min(1, 'must not be empty').optional(),
  udh: octets().min(1, 'must not be empty').optional(),
  data_coding: whole(0, 255).optional(),
  receipt: flag().default(true),
  flash: flag().default(false),
  priority: whole(0, 3).default(0),
  validity_s: whole(1, RELATIVE_S_MAX).optional(),
  send_at: z.iso
    .datetime({ offset: true, error: 'must be a time with its zone, such as "2026-12-31T08:00:00Z"' })
    .optional(),
});

export type MessageRequest = z.infer<typeof schema>;

export type ReadFields = { ok: true; fields: MessageRequest } | { ok: false; errors: FieldError[] };

/** The fields of a parsed JSON body, each of the right type and range, and those together that belong together. */
export function readFields(value: unknown): ReadFields {
  const result = schema.safeParse(value);
  const empty = isObject(value) && !Object.hasOwn(value, 'text') && !Object.hasOwn(value, 'binary');
  const missing = empty ? [{ pointer: '/text', detail: 'is missing ("binary" may stand in its place)' }] : [];
  if (!result.success) {
    const errors = result.error.issues.flatMap((issue) => said(issue, value));
    return { ok: false, errors: [...errors, ...missing] };
  }
  const errors = [...missing, ...disagreements(result.data)];
  return errors.length > 0 ? { ok: false, errors } : { ok: true, fields: result.data };
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function said(issue: z.core.$ZodIssue, value: unknown): FieldError[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ pointer: pointerOf([key]), detail: unknownKey(key) }));
  }
  if (issue.path.length === 0) return [{ pointer: '/', detail: 'the body must be a JSON object' }];
  const [key] = issue.path;
  const missing = isObject(value) && !Object.hasOwn(value, key);
  return [{ pointer: pointerOf(issue.path), detail: missing ? 'is missing' : issue.message }];
}

function unknownKey(key: string): string {
  const near = suggest(key, Object.keys(schema.shape));
  return near === undefined ? 'is not a known field' : `is not a known field; did you mean "${near}"?`;
}

/** RFC 6901: ~ and / inside a name are written ~0 and ~1. */
function pointerOf(path: readonly PropertyKey[]): string {
  return path.map((one) => `/${String(one).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

function* disagreements(fields: MessageRequest): Generator<FieldError> {
  if (fields.text !== undefined) {
    for (const key of ['binary', 'udh', 'data_coding'] as const) {
      if (fields[key] !== undefined) yield { pointer: `/${key}`, detail: 'can not stand beside "text"' };
    }
    if (!fields.text.isWellFormed()) {
      yield { pointer: '/text', detail: 'has half of a surrogate pair, which is no character' };
    }
  }
  if (fields.flash && fields.data_coding !== undefined) {
    yield { pointer: '/flash', detail: 'can not stand beside "data_coding", which says it itself' };
  }
}
