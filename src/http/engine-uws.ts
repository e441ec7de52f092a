import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import type * as Uws from 'uWebSockets.js';
import { HTTP_CLOSE_MS_MAX } from '../core/limits.ts';
import { BodyCollector, declaredHopeless } from './body.ts';
import type { HttpEngine, HttpHandler, HttpHeaders, HttpLimits, HttpReply, RunningHttp } from './engine.ts';
import { cachedBinary, openCacheFolder, servesRequests } from './native-cache.ts';
import { relax } from './relax.ts';
import { BAD_LENGTH, checkHeaders, FAILED, statusLine, TEXT, TOO_LARGE } from './reply.ts';

type Native = Pick<typeof Uws, 'App' | 'us_listen_socket_close' | 'us_socket_local_port'>;

interface LoadedUws {
  readonly engine: HttpEngine;
  readonly rung: 'uws' | 'uws-relaxed';
}

/**
 * uWebSockets.js: the binary as it ships (`uws`), or a copy that needs an older glibc (`uws-relaxed`).
 * Rejects with the reason when neither serves here.
 */
export async function loadUws(): Promise<LoadedUws> {
  const require = createRequire(import.meta.url);
  const folder = dirname(require.resolve('uWebSockets.js'));
  const name = `uws_${process.platform}_${process.arch}_${process.versions.modules}.node`;
  const shipped = join(folder, name);
  const bytes = readFileSync(shipped);
  const cache = openCacheFolder();
  if (await servesRequests(cache, shipped, bytes)) {
    return { engine: new UwsEngine(require(shipped) as Native), rung: 'uws' };
  }
  const relaxed = relax(bytes);
  const path = cachedBinary(cache, relaxed);
  if (!(await servesRequests(cache, path, relaxed))) throw new Error(`${name} does not serve here`);
  return { engine: new UwsEngine(require(path) as Native), rung: 'uws-relaxed' };
}

class UwsEngine implements HttpEngine {
  readonly #native: Native;

  constructor(native: Native) {
    this.#native = native;
  }

  async listen(host: string, port: number, handler: HttpHandler, limits: HttpLimits): Promise<RunningHttp> {
    // uWebSockets.js shares a taken port without a word, so a port that should be ours alone is tried first.
    if (!limits.sharedPort) await assertFree(host, port);
    const app = this.#native.App();
    const running = new Running(app, this.#native.us_listen_socket_close, limits.bodyMsMax);
    app.any('/*', (response, request) => receive(response, request, handler, limits, running));
    const socket = await new Promise<Uws.us_listen_socket | false>((done) => app.listen(host, port, done));
    if (socket === false) {
      await running.close();
      throw new Error(`listen ${host}:${port} failed`);
    }
    running.socket = socket;
    return { port: this.#native.us_socket_local_port(socket), close: () => running.close() };
  }
}

async function assertFree(host: string, port: number): Promise<void> {
  const server = createServer();
  await new Promise<void>((done, failed) => {
    server.once('error', failed);
    server.listen({ host, port, exclusive: true }, done);
  });
  await new Promise<void>((done) => void server.close(() => done()));
}

/** One listening app: its requests in flight and its way to stop. */
class Running {
  readonly #app: Uws.TemplatedApp;
  readonly #closeListening: Native['us_listen_socket_close'];
  readonly #open = new Set<UwsReply>();
  readonly #sweep: NodeJS.Timeout;
  socket: Uws.us_listen_socket | undefined;
  closing = false;
  #idle: (() => void) | undefined;

  constructor(app: Uws.TemplatedApp, closeListening: Native['us_listen_socket_close'], bodyMsMax: number) {
    this.#app = app;
    this.#closeListening = closeListening;
    const step = Math.min(1_000, bodyMsMax);
    this.#sweep = setInterval(() => {
      for (const reply of this.#open) reply.cutWhenSlow(bodyMsMax / step);
    }, step).unref();
  }

  started(reply: UwsReply): void {
    this.#open.add(reply);
  }

  ended(reply: UwsReply): void {
    this.#open.delete(reply);
    if (this.#open.size === 0) this.#idle?.();
  }

  async close(): Promise<void> {
    if (this.closing) return;
    this.closing = true;
    if (this.socket !== undefined) this.#closeListening(this.socket);
    if (this.#open.size > 0) {
      await new Promise<void>((done) => {
        const timer = setTimeout(done, HTTP_CLOSE_MS_MAX);
        this.#idle = () => {
          clearTimeout(timer);
          done();
        };
      });
    }
    clearInterval(this.#sweep);
    this.#app.close();
  }
}

/** The one place where a request enters: an abort handler is registered before anything else can happen. */
function receive(
  response: Uws.HttpResponse,
  request: Uws.HttpRequest,
  handler: HttpHandler,
  limits: HttpLimits,
  running: Running,
): void {
  const method = request.getCaseSensitiveMethod();
  const reply = new UwsReply(response, method === 'HEAD', running);
  const headers = headersOf(request);
  // uWebSockets.js takes the first of two lengths; a proxy in front may take the other, and then what we see
  // as the next request is not one.
  if (headers['content-length']?.includes(',')) return reply.refuse(400, BAD_LENGTH);
  if (declaredHopeless(headers['content-length'], limits.bodyBytesMax)) return reply.refuse(413, TOO_LARGE);
  const path = request.getUrl();
  const query = request.getQuery() ?? '';
  const remoteAddress = addressOf(response.getRemoteAddress());
  const body = new BodyCollector(limits.bodyBytesMax);
  response.onData((chunk, last) => {
    if (reply.done) return;
    // The chunk's memory is only lent.
    if (chunk.byteLength > 0) body.push(Buffer.from(new Uint8Array(chunk)));
    if (body.hopeless) return reply.refuse(413, TOO_LARGE);
    if (!last) return;
    reply.whole = true;
    if (body.tooLarge) return reply.refuse(413, TOO_LARGE);
    try {
      handler({ method, path, query, headers, body: body.take(), remoteAddress }, reply);
    } catch (error) {
      if (!reply.done) reply.send(500, TEXT, FAILED);
      // Not through the native frames above, which would end the process without a word.
      setImmediate(() => {
        throw error;
      });
    }
  });
}

function headersOf(request: Uws.HttpRequest): Record<string, string> {
  const headers: Record<string, string> = Object.create(null);
  request.forEach((name, value) => {
    headers[name] = name in headers ? `${headers[name]}, ${value}` : value;
  });
  return headers;
}

const MAPPED = Buffer.from('00000000000000000000ffff', 'hex');

function addressOf(raw: ArrayBuffer): string {
  const bytes = Buffer.from(raw);
  if (bytes.length === 4) return bytes.join('.');
  if (bytes.length !== 16) return '';
  if (bytes.subarray(0, 12).equals(MAPPED)) return bytes.subarray(12).join('.');
  const words = bytes.toString('hex').match(/.{4}/g) ?? [];
  return new URL(`http://[${words.join(':')}]`).hostname.slice(1, -1);
}

class UwsReply implements HttpReply {
  readonly #response: Uws.HttpResponse;
  readonly #head: boolean;
  readonly #running: Running;
  #sent = false;
  #aborted = false;
  #sweeps = 0;
  whole = false;

  constructor(response: Uws.HttpResponse, head: boolean, running: Running) {
    this.#response = response;
    this.#head = head;
    this.#running = running;
    running.started(this);
    response.onAborted(() => {
      this.#aborted = true;
      running.ended(this);
    });
  }

  get done(): boolean {
    return this.#sent || this.#aborted;
  }

  send(status: number, contentType: string, body: string | Buffer, headers?: HttpHeaders): void {
    this.#send(status, contentType, body, headers, this.#running.closing);
  }

  /** Answers and hangs up: what the client still writes is not read. */
  refuse(status: number, message: string): void {
    this.#send(status, TEXT, message, undefined, true);
  }

  /** Cuts a request whose body has been coming in for that many sweeps. */
  cutWhenSlow(sweepsMax: number): void {
    if (!this.whole && !this.done && ++this.#sweeps > sweepsMax) this.#response.close();
  }

  #send(
    status: number,
    contentType: string,
    body: string | Buffer,
    headers: HttpHeaders | undefined,
    hangUp: boolean,
  ): void {
    if (this.#sent) throw new Error('reply: sent twice');
    const line = statusLine(status);
    checkHeaders(contentType, headers);
    this.#sent = true;
    if (this.#aborted) return;
    const response = this.#response;
    response.cork(() => {
      response.writeStatus(line);
      for (const name in headers) response.writeHeader(name, headers[name]);
      response.writeHeader('content-type', contentType);
      if (this.#head) response.endWithoutBody(Buffer.byteLength(body), hangUp);
      else response.end(body, hangUp);
    });
    this.#running.ended(this);
  }
}
