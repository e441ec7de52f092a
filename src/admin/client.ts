/** The one way in which the CLI talks to a running daemon. */
import * as net from 'node:net';
import { ADMIN_VERSION, ANSWER_BYTES_MAX, AdminError, Lines } from './protocol.ts';
import type { AdminAnswer, Json } from './protocol.ts';

export class AdminClient {
  readonly #socket: net.Socket;
  readonly #chunks: AsyncIterator<Buffer>;
  readonly #lines = new Lines(ANSWER_BYTES_MAX);
  readonly #ready: string[] = [];
  #lastId = 0;

  private constructor(socket: net.Socket) {
    this.#socket = socket;
    this.#chunks = socket.iterator({ destroyOnReturn: false }) as AsyncIterator<Buffer>;
  }

  /** Rejects with AdminError 'unreachable' in one line when no daemon answers at `path`. */
  static async connect(path: string): Promise<AdminClient> {
    const socket = net.connect({ path });
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', (error) => reject(new AdminError('unreachable', unreachable(path, error))));
    });
    return new AdminClient(socket);
  }

  /**
   * Has one command done; `onItem` gets what comes before the end, one at a time, and nothing more is read while it is
   * busy. Resolves with the end; rejects with AdminError for what the daemon says, and 'lost' when it is gone.
   */
  async call(command: string, args: Json, onItem: (item: Json) => unknown = () => undefined): Promise<Json> {
    const id = ++this.#lastId;
    this.#socket.write(`${JSON.stringify({ v: ADMIN_VERSION, id, command, args })}\n`);
    for (;;) {
      const { error, item, end } = await this.#next();
      if (error !== undefined) throw new AdminError(error.code, error.message);
      if (end !== undefined) return end;
      if (item !== undefined) await onItem(item);
    }
  }

  async #next(): Promise<AdminAnswer> {
    while (this.#ready.length === 0) {
      const { done, value } = await this.#read();
      if (done === true) throw new AdminError('lost', 'the daemon closed the connection');
      const lines = this.#lines.feed(value);
      if (lines === undefined) throw new AdminError('lost', `an answer of over ${ANSWER_BYTES_MAX} bytes`);
      this.#ready.push(...lines);
    }
    const answer = JSON.parse(this.#ready.shift() as string) as AdminAnswer;
    if (answer.v === ADMIN_VERSION) return answer;
    throw new AdminError('version', `the daemon speaks version ${answer.v}, this command ${ADMIN_VERSION}`);
  }

  async #read(): Promise<IteratorResult<Buffer>> {
    try {
      return await this.#chunks.next();
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new AdminError('lost', `the connection to the daemon broke: ${why}`);
    }
  }

  /** Ends the conversation, and with it the command that runs. */
  close(): void {
    this.#socket.destroy();
  }
}

function unreachable(path: string, error: NodeJS.ErrnoException): string {
  if (error.code === 'ENOENT') return `no daemon runs here: there is no ${path}`;
  if (error.code === 'ECONNREFUSED') return `no daemon runs here: nobody listens on ${path}`;
  if (error.code === 'EACCES' || error.code === 'EPERM') {
    return `no permission to use ${path}: run this as the daemon's user`;
  }
  return `${path}: ${error.message}`;
}
