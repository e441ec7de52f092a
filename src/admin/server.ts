/**
 * The daemon's Unix socket for its CLI. Whoever may open the file (mode 0600) may give orders: the peer is known by
 * that alone. A client that does not read holds up nobody: what waits for it is bounded, then it is cut.
 */
import * as fs from 'node:fs';
import * as net from 'node:net';
import { z } from 'zod';
import type { Logger } from './log.ts';
import { ADMIN_VERSION, AdminError, Lines, REQUEST_BYTES_MAX } from './protocol.ts';
import type { AdminAnswer, Json } from './protocol.ts';
import { prepareSocketPath } from './socket-path.ts';

const CLIENTS_MAX = 64;
/** Commands of one client that wait for the one before. */
const WAITING_MAX = 16;
/** A client without a command is let go after this. */
const IDLE_MS = 60_000;
/** A client that takes nothing for so long is cut. */
const STALL_MS = 30_000;
const BACKLOG_BYTES_MAX = 16 * 1024 * 1024;
const LINGER_MS = 1_000;
const STOP_MS_MAX = 2_000;

/** Why a running command has to end. */
export type AbortReason = 'client gone' | 'daemon stops';

/** How a command answers beside its end. */
export interface AdminReply {
  item(value: object): void;
  /** Resolves when the client has taken most of what it was sent; or is gone: look at `aborted`. */
  drained(): Promise<void>;
  /** Aborted with an AbortReason. */
  readonly aborted: AbortSignal;
}

/** Does a command and resolves with its end; throws AdminError for what the client did wrong. */
export type AdminHandler = (command: string, args: Json, reply: AdminReply) => Promise<object>;

const requestSchema = z.object({
  v: z.number(),
  id: z.int().min(0),
  command: z.string().max(64),
  args: z.record(z.string(), z.unknown()).default({}),
});

export class AdminServer {
  readonly path: string;
  readonly #server: net.Server;
  readonly #handler: AdminHandler;
  readonly #log: Logger;
  readonly #clients = new Set<AdminConnection>();
  #stopping = false;

  private constructor(path: string, handler: AdminHandler, log: Logger) {
    this.path = path;
    this.#handler = handler;
    this.#log = log;
    this.#server = net.createServer((socket) => this.#onConnection(socket));
  }

  /**
   * Listens on `path`. Rejects with one line that names it when the path is too long for a Unix socket, when another
   * daemon answers there, or when something else than a socket is there; a dead daemon's socket is replaced.
   */
  static async open(path: string, handler: AdminHandler, log: Logger): Promise<AdminServer> {
    await prepareSocketPath(path);
    const server = new AdminServer(path, handler, log);
    await new Promise<void>((resolve, reject) => {
      server.#server.once('error', (error) =>
        reject(new Error(`admin.socket ${path}: ${error.message}`, { cause: error })),
      );
      server.#server.listen(path, resolve);
    });
    fs.chmodSync(path, 0o600);
    server.#server.on('error', (error) => log.warn({ err: error }, 'admin socket'));
    return server;
  }

  #onConnection(socket: net.Socket): void {
    const connection = new AdminConnection(socket, this.#handler, this.#log);
    if (this.#clients.size >= CLIENTS_MAX || this.#stopping) {
      const message = this.#stopping ? 'the daemon stops' : `${CLIENTS_MAX} clients are connected already`;
      connection.end({ v: ADMIN_VERSION, id: 0, error: { code: 'busy', message } });
      return;
    }
    this.#clients.add(connection);
    socket.once('close', () => this.#clients.delete(connection));
  }

  get clientCount(): number {
    return this.#clients.size;
  }

  /** Ends every command, tells the clients, removes the socket. */
  async close(): Promise<void> {
    this.#stopping = true;
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    await Promise.all([...this.#clients].map((client) => client.stop()));
    await closed;
  }
}

class AdminConnection {
  readonly #socket: net.Socket;
  readonly #handler: AdminHandler;
  readonly #log: Logger;
  readonly #lines = new Lines(REQUEST_BYTES_MAX);
  readonly #abort = new AbortController();
  #work: Promise<void> = Promise.resolve();
  #waiting = 0;
  #ending = false;

  constructor(socket: net.Socket, handler: AdminHandler, log: Logger) {
    this.#socket = socket;
    this.#handler = handler;
    this.#log = log;
    socket.on('data', (chunk) => this.#onData(chunk));
    socket.on('error', (error) => log.info({ error: error.message }, 'admin client'));
    socket.once('close', () => this.#abort.abort('client gone' satisfies AbortReason));
    socket.setTimeout(IDLE_MS, () => this.#onIdle());
  }

  #onIdle(): void {
    if (this.#waiting === 0) this.#socket.destroy();
  }

  #onData(chunk: Buffer): void {
    if (this.#ending) return;
    const lines = this.#lines.feed(chunk);
    if (lines === undefined) {
      this.#refuse(0, 'too-long', `a request of more than ${REQUEST_BYTES_MAX} bytes`);
      return;
    }
    for (const line of lines) this.#onLine(line);
  }

  #onLine(line: string): void {
    if (this.#ending) return;
    const request = requestSchema.safeParse(parseJson(line));
    if (!request.success) {
      this.#refuse(0, 'bad-request', 'not a request: {"v", "id", "command", "args"} on one line');
      return;
    }
    const { v, id, command, args } = request.data;
    if (v !== ADMIN_VERSION) {
      this.#refuse(id, 'version', `this daemon speaks version ${ADMIN_VERSION}, not ${v}`);
      return;
    }
    if (this.#waiting >= WAITING_MAX) {
      this.#refuse(id, 'busy', `more than ${WAITING_MAX} requests wait for their answer`);
      return;
    }
    this.#waiting++;
    this.#work = this.#work.then(() => this.#do(id, command, args)).finally(() => this.#waiting--);
  }

  async #do(id: number, command: string, args: Json): Promise<void> {
    if (this.#abort.signal.aborted) return;
    const reply: AdminReply = {
      item: (value) => this.#write({ v: ADMIN_VERSION, id, item: value as Json }),
      drained: () => this.#drained(),
      aborted: this.#abort.signal,
    };
    try {
      const end = await this.#handler(command, args, reply);
      this.#write({ v: ADMIN_VERSION, id, end: end as Json });
    } catch (error) {
      if (!(error instanceof AdminError)) this.#log.error({ err: error, command }, 'admin command failed');
      const code = error instanceof AdminError ? error.code : 'failed';
      const message = error instanceof Error ? error.message : String(error);
      this.#write({ v: ADMIN_VERSION, id, error: { code, message } });
    }
  }

  #write(answer: AdminAnswer): void {
    if (this.#ending || this.#socket.destroyed) return;
    this.#socket.write(`${JSON.stringify(answer)}\n`);
    if (this.#socket.writableLength > BACKLOG_BYTES_MAX) this.#cut();
  }

  async #drained(): Promise<void> {
    const socket = this.#socket;
    if (!socket.writableNeedDrain || socket.destroyed) return;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        clearTimeout(stalled);
        socket.off('drain', done);
        socket.off('close', done);
        resolve();
      };
      const stalled = setTimeout(() => this.#cut(), STALL_MS);
      socket.once('drain', done);
      socket.once('close', done);
    });
  }

  #cut(): void {
    this.#log.warn({}, 'admin client does not read what it is sent: cut');
    this.#refuse(0, 'slow', 'you do not read what you are sent');
  }

  #refuse(id: number, code: string, message: string): void {
    this.end({ v: ADMIN_VERSION, id, error: { code, message } });
  }

  /** Says this last, and closes. */
  end(last?: AdminAnswer): void {
    if (this.#ending) return;
    this.#ending = true;
    if (!this.#socket.destroyed) this.#socket.end(last === undefined ? '' : `${JSON.stringify(last)}\n`);
    setTimeout(() => this.#socket.destroy(), LINGER_MS).unref();
  }

  /** Lets the running command say its end, then closes. */
  async stop(): Promise<void> {
    this.#abort.abort('daemon stops' satisfies AbortReason);
    let timer: NodeJS.Timeout | undefined;
    const limit = new Promise<void>((resolve) => (timer = setTimeout(resolve, STOP_MS_MAX)));
    await Promise.race([this.#work, limit]);
    clearTimeout(timer);
    this.end();
    await new Promise<void>((resolve) => {
      if (this.#socket.destroyed) resolve();
      else this.#socket.once('close', () => resolve());
    });
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
