/** The HTTP endpoint of an edge: health, metrics, and the submission of a single message. */
import { parseListen } from '../core/config-values.ts';
import type { Language } from '../core/gsm-tables.ts';
import { PROTOCOL_HTTP } from '../core/records.ts';
import { formatMessageId } from '../core/message-id.ts';
import { CELL_HTTP_REQUESTS, CELL_SUBMIT_OK, CELL_SUBMIT_REFUSED } from '../core/ring/counters.ts';
import { chooseEngine } from '../http/choose-engine.ts';
import type { HttpReply, HttpRequest, RunningHttp } from '../http/engine.ts';
import * as smpp from '../smpp/constants.ts';
import type { MessageObject } from '../smpp/pdu/message-encode.ts';
import { encodeSubmitSm, scanSubmitSm } from '../smpp/pdu/submit-sm.ts';
import { problem } from '../http/reply.ts';
import { readMessage } from './http-message.ts';
import { chooseSmsc } from './route.ts';
import type { EdgeAccount, EdgeState, HttpAnswers } from './state.ts';
import { HTTP_VERSION, submit } from './submit.ts';

const ANSWER_MS_MAX = 10_000;
const WAITING_MAX = 10_000;
const BODY_MS_MAX = 10_000;

interface Waiting {
  reply: HttpReply;
  sinceMs: number;
  to: string;
  parts: number;
}

export class EdgeHttp implements HttpAnswers {
  readonly #edge: EdgeState;
  readonly #waiting = new Map<number, Waiting>();
  #lastSequence = 0;
  #running: RunningHttp | undefined;
  readonly #routes: Record<string, Record<string, (request: HttpRequest, reply: HttpReply) => void>>;

  constructor(edge: EdgeState) {
    this.#edge = edge;
    this.#routes = {
      '/livez': { GET: (_request, reply) => reply.send(200, 'text/plain', 'ok\n') },
      '/healthz': { GET: (_request, reply) => reply.send(200, 'text/plain', 'ok\n') },
      '/readyz': { GET: (_request, reply) => void this.#readyz(reply) },
      '/metrics': { GET: (_request, reply) => void this.#metrics(reply) },
      '/v1/messages': { POST: (request, reply) => void this.#message(request, reply) },
    };
  }

  async listen(sharedPort: boolean): Promise<Record<string, unknown>> {
    const { http } = this.#edge.config;
    const { host, port } = parseListen(http.listen) as { host: string; port: number };
    const { engine, rung, reason } = await chooseEngine(http.engine);
    const limits = { bodyBytesMax: http.body_bytes_max, bodyMsMax: BODY_MS_MAX, sharedPort };
    try {
      this.#running = await engine.listen(
        host,
        port,
        (request, reply) => this.#handle(request, reply),
        limits,
      );
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new Error(`http.listen ${http.listen}: ${why}`, { cause: error });
    }
    return { httpPort: this.#running.port, httpEngine: rung, httpReason: reason };
  }

  #handle(request: HttpRequest, reply: HttpReply): void {
    this.#edge.cells[CELL_HTTP_REQUESTS]++;
    // Own properties only: a method is any token, and "hasOwnProperty" is one.
    const route = ownOf(this.#routes, request.path);
    if (route === undefined) {
      problem(reply, 404, 'Not found', `there is no ${request.path}`);
      return;
    }
    const handler = ownOf(route, request.method === 'HEAD' ? 'GET' : request.method);
    if (handler === undefined) {
      problem(reply, 405, 'Method not allowed', `${request.path} takes ${Object.keys(route).join(', ')}`, {
        Allow: Object.keys(route).join(', '),
      });
      return;
    }
    handler(request, reply);
  }

  async #readyz(reply: HttpReply): Promise<void> {
    const { ready, reasons } = await this.#edge.control.readiness();
    const text = ready ? 'ok\n' : `${reasons.join('\n')}\n`;
    reply.send(ready ? 200 : 503, 'text/plain', text);
  }

  async #metrics(reply: HttpReply): Promise<void> {
    reply.send(200, 'text/plain; version=0.0.4; charset=utf-8', await this.#edge.control.metrics());
  }

  async #message(request: HttpRequest, reply: HttpReply): Promise<void> {
    const account = await this.#authenticate(request, reply);
    if (account === undefined) return;
    const { parts_max: partsMax, transliterate } = account.config;
    const languagesFor = (addressed: MessageObject): readonly Language[] =>
      languagesOfSmsc(this.#edge, account, addressed);
    const message = readMessage(request.body, { partsMax, transliterate, languagesFor, nowMs: Date.now() });
    if (!message.ok) {
      problem(
        reply,
        message.status,
        'The message can not be sent as it is',
        message.detail,
        {},
        message.errors,
      );
      return;
    }
    const { edge } = this.#begin();
    const pdu = encodeSubmitSm(message.submit, 1);
    if (this.#waiting.size >= WAITING_MAX) {
      problem(reply, 503, 'Busy', 'too many requests wait for their answer', { 'Retry-After': '1' });
      return;
    }
    this.#lastSequence = (this.#lastSequence + 1) >>> 0;
    const sequence = this.#lastSequence;
    const status = submit(edge, account, HTTP_VERSION, PROTOCOL_HTTP, 0, sequence, pdu, 0, pdu.length);
    if (status !== smpp.ESME_ROK) {
      edge.cells[CELL_SUBMIT_REFUSED]++;
      refuse(reply, status);
      return;
    }
    this.#waiting.set(sequence, { reply, sinceMs: edge.nowMs, to: message.to, parts: edge.partsOfLast });
    for (const ring of edge.ends.writers) ring.publish();
  }

  #begin(): { edge: EdgeState } {
    this.#edge.readClock();
    return { edge: this.#edge };
  }

  async #authenticate(request: HttpRequest, reply: HttpReply): Promise<EdgeAccount | undefined> {
    const [scheme, encoded] = (request.headers['authorization'] ?? '').split(' ');
    const [name, password] = splitOnce(Buffer.from(encoded ?? '', 'base64').toString('utf8'));
    if (scheme.toLowerCase() !== 'basic' || password === undefined) {
      problem(
        reply,
        401,
        'Who are you?',
        'send the account and its password as HTTP Basic authentication',
        CHALLENGE,
      );
      return undefined;
    }
    const verdict = await this.#edge.control.authenticate(name, password, request.remoteAddress, false);
    const account = this.#edge.accountsByName.get(name);
    if (verdict === 'ok' && account !== undefined) return account;
    if (verdict === 'busy') problem(reply, 503, 'Busy', 'too many logins at once', { 'Retry-After': '1' });
    else problem(reply, 401, 'Unauthorized', 'the account or its password is wrong', CHALLENGE);
    return undefined;
  }

  onAnswer(sequence: number, status: number, idHigh: number, idLow: number): void {
    const waiting = this.#waiting.get(sequence);
    if (waiting === undefined) return;
    this.#waiting.delete(sequence);
    this.#edge.cells[status === smpp.ESME_ROK ? CELL_SUBMIT_OK : CELL_SUBMIT_REFUSED]++;
    if (status !== smpp.ESME_ROK) {
      refuse(waiting.reply, status);
      return;
    }
    const body = { id: formatMessageId(idHigh, idLow), to: waiting.to, parts: waiting.parts };
    waiting.reply.send(200, 'application/json', `${JSON.stringify(body)}\n`);
  }

  /** An answer that does not come is "unknown": the message may be stored. */
  tick(nowMs: number): void {
    for (const [sequence, { reply, sinceMs }] of this.#waiting) {
      if (nowMs - sinceMs < ANSWER_MS_MAX) break;
      this.#waiting.delete(sequence);
      problem(reply, 504, 'No answer from the ledger', 'the message may or may not have been accepted');
    }
  }

  async close(): Promise<void> {
    await this.#running?.close();
  }
}

/** The SMSC that `submit` will choose, as nothing happens in between. */
function languagesOfSmsc(
  edge: EdgeState,
  account: EdgeAccount,
  addressed: MessageObject,
): readonly Language[] {
  if (edge.route.every(({ profile }) => profile.languages.length === 0)) return [];
  const pdu = encodeSubmitSm(addressed, 1);
  scanSubmitSm(pdu, 0, pdu.length, HTTP_VERSION, edge.fields);
  return chooseSmsc(edge, account, pdu, edge.fields).profile.languages;
}

const CHALLENGE = { 'WWW-Authenticate': 'Basic realm="tollgate"' };

function ownOf<T>(table: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(table, key) ? table[key] : undefined;
}

function splitOnce(text: string): [string, string | undefined] {
  const at = text.indexOf(':');
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}

/** The command_status of a refused submit as HTTP says it. */
function refuse(reply: HttpReply, status: number): void {
  const name = smpp.statusName(status);
  if (status === smpp.ESME_RTHROTTLED) problem(reply, 429, 'Too fast', name, { 'Retry-After': '1' });
  else if (status === smpp.ESME_RMSGQFUL) problem(reply, 503, 'No room', name, { 'Retry-After': '5' });
  else if (status === smpp.ESME_RSYSERR) problem(reply, 500, 'The ledger could not be written', name);
  else problem(reply, 422, 'The message was refused', name);
}
