import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { HTTP_CLOSE_MS_MAX, HTTP_HEADER_BYTES_MAX } from '../core/limits.ts';
import { BodyCollector, declaredHopeless } from './body.ts';
import type { HttpEngine, HttpHandler, HttpHeaders, HttpLimits, HttpReply, RunningHttp } from './engine.ts';
import { checkHeaders, FAILED, statusLine, TEXT, TOO_LARGE } from './reply.ts';

/** The engine that always works: node:http. */
export const nodeEngine: HttpEngine = { listen };

async function listen(
  host: string,
  port: number,
  handler: HttpHandler,
  limits: HttpLimits,
): Promise<RunningHttp> {
  const running = new Running();
  const server = createServer({
    maxHeaderSize: HTTP_HEADER_BYTES_MAX,
    requestTimeout: limits.bodyMsMax,
    headersTimeout: limits.bodyMsMax,
    connectionsCheckingInterval: Math.min(1_000, limits.bodyMsMax),
    keepAliveTimeout: 12_000,
  });
  server.on('request', (request, response) => receive(request, response, handler, limits, running));
  await new Promise<void>((done, failed) => {
    server.once('error', failed);
    server.listen({ host, port, exclusive: true, reusePort: limits.sharedPort }, done);
  });
  return { port: (server.address() as AddressInfo).port, close: () => close(server, running) };
}

class Running {
  inFlight = 0;
  closing = false;
  /** Called when the last request in flight has its answer. */
  idle: (() => void) | undefined;

  started(): void {
    this.inFlight++;
  }

  ended(): void {
    if (--this.inFlight === 0) this.idle?.();
  }
}

async function close(server: Server, running: Running): Promise<void> {
  running.closing = true;
  const closed = new Promise<void>((done) => void server.close(() => done()));
  if (running.inFlight > 0) {
    await new Promise<void>((done) => {
      const timer = setTimeout(done, HTTP_CLOSE_MS_MAX);
      running.idle = () => {
        clearTimeout(timer);
        done();
      };
    });
  }
  server.closeIdleConnections();
  // An answer just given still has to leave its connection, which then closes by itself.
  const last = setTimeout(() => server.closeAllConnections(), running.inFlight > 0 ? 0 : 200);
  await closed;
  clearTimeout(last);
}

function receive(
  request: IncomingMessage,
  response: ServerResponse,
  handler: HttpHandler,
  limits: HttpLimits,
  running: Running,
): void {
  const reply = new NodeReply(request.socket, response, running);
  if (declaredHopeless(request.headers['content-length'], limits.bodyBytesMax)) {
    reply.refuse();
    return;
  }
  const body = new BodyCollector(limits.bodyBytesMax);
  request.on('data', (chunk: Buffer) => {
    body.push(chunk);
    if (body.hopeless && !reply.done) reply.refuse();
  });
  request.on('end', () => {
    if (reply.done) return;
    if (body.tooLarge) return reply.refuse();
    const target = request.url ?? '/';
    const mark = target.indexOf('?');
    try {
      handler(
        {
          method: request.method ?? 'GET',
          path: mark < 0 ? target : target.slice(0, mark),
          query: mark < 0 ? '' : target.slice(mark + 1),
          headers: headersOf(request),
          body: body.take(),
          remoteAddress: (request.socket.remoteAddress ?? '').replace(/^::ffff:(?=\d+\.)/, ''),
        },
        reply,
      );
    } catch (error) {
      if (!reply.done) reply.send(500, TEXT, FAILED);
      throw error;
    }
  });
}

function headersOf(request: IncomingMessage): Record<string, string> {
  const headers: Record<string, string> = Object.create(null);
  const raw = request.rawHeaders;
  for (let at = 0; at < raw.length; at += 2) {
    const name = raw[at].toLowerCase();
    headers[name] = name in headers ? `${headers[name]}, ${raw[at + 1]}` : raw[at + 1];
  }
  return headers;
}

class NodeReply implements HttpReply {
  readonly #response: ServerResponse;
  /** The request's: a response that waits for its turn has none yet. */
  readonly #socket: Socket;
  readonly #running: Running;
  #sent = false;

  constructor(socket: Socket, response: ServerResponse, running: Running) {
    this.#socket = socket;
    this.#response = response;
    this.#running = running;
    running.started();
    response.once('close', () => running.ended());
    // A connection cut under an answer is the client's business; `close` follows.
    response.on('error', () => undefined);
  }

  get done(): boolean {
    return this.#sent || this.#gone;
  }

  send(status: number, contentType: string, body: string | Buffer, headers?: HttpHeaders): void {
    if (this.#sent) throw new Error('reply: sent twice');
    statusLine(status);
    checkHeaders(contentType, headers);
    this.#sent = true;
    if (this.#gone) return;
    if (this.#running.closing) this.#response.shouldKeepAlive = false;
    this.#response.writeHead(status, {
      ...headers,
      'content-type': contentType,
      'content-length': Buffer.byteLength(body),
    });
    this.#response.end(body);
  }

  get #gone(): boolean {
    return this.#response.destroyed || this.#socket.destroyed;
  }

  /** Answers 413 and hangs up: what the client still writes is not read. */
  refuse(): void {
    this.#response.shouldKeepAlive = false;
    this.send(413, TEXT, TOO_LARGE);
  }
}
