import { STATUS_CODES } from 'node:http';
import type { HttpHeaders, HttpReply } from './engine.ts';

const STATUS_LINES: readonly string[] = Array.from(
  { length: 600 },
  (_, status) => `${status} ${STATUS_CODES[status] ?? 'Unknown'}`,
);

/** `200 OK`. Throws on a status that can not answer a request. */
export function statusLine(status: number): string {
  if (!Number.isInteger(status) || status < 200 || status > 599) throw new Error(`reply: status ${status}`);
  return STATUS_LINES[status];
}

const NAME = /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/;
const VALUE = /^[\t\x20-\x7e]*$/;
/** Written by the engines themselves. */
const OWNED = new Set(['content-length', 'connection', 'transfer-encoding', 'content-type']);

/** Throws on a header that would change the shape of the answer; a value may have come from a client. */
export function checkHeaders(contentType: string, headers: HttpHeaders | undefined): void {
  if (!VALUE.test(contentType)) throw new Error('reply: bad content type');
  for (const name in headers) {
    if (!NAME.test(name) || OWNED.has(name.toLowerCase())) throw new Error(`reply: bad header name ${name}`);
    if (!VALUE.test(headers[name])) throw new Error(`reply: bad value of header ${name}`);
  }
}

export const TEXT = 'text/plain; charset=utf-8';
export const TOO_LARGE = 'the request body is too large\n';
export const FAILED = 'internal error\n';
export const BAD_LENGTH = 'more than one content-length\n';

/** Refuses a request with application/problem+json (RFC 9457). */
export function problem(
  reply: HttpReply,
  status: number,
  title: string,
  detail: string,
  headers: HttpHeaders = {},
  errors: readonly { pointer: string; detail: string }[] = [],
): void {
  const body = { type: 'about:blank', title, status, detail, ...(errors.length > 0 ? { errors } : {}) };
  reply.send(status, 'application/problem+json', `${JSON.stringify(body)}\n`, headers);
}
