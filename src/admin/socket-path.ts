/** Where the admin socket may be: what is in the way, and what a CLI is told when nobody is there. */
import * as fs from 'node:fs';
import * as net from 'node:net';

/** struct sockaddr_un of Linux has 108 octets for the path and its NUL (unix(7)). */
export const SOCKET_PATH_BYTES_MAX = 107;
const CONNECT_MS_MAX = 5_000;

/** Throws one line where no socket can ever be at `path`. */
export function checkSocketPath(path: string): void {
  const bytes = Buffer.byteLength(path);
  if (bytes <= SOCKET_PATH_BYTES_MAX) return;
  throw new Error(
    `admin.socket ${path}: ${bytes} bytes, and the path of a Unix socket has ${SOCKET_PATH_BYTES_MAX} at most`,
  );
}

/** Makes way for a socket at `path`; throws one line that names it when that can not be. */
export async function prepareSocketPath(path: string): Promise<void> {
  checkSocketPath(path);
  const found = fs.lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return;
  if (!found.isSocket()) throw new Error(`admin.socket ${path}: there is something else than a socket`);
  const problem = await connectProblem(path);
  if (problem === undefined) throw new Error(`admin.socket ${path}: another daemon answers there`);
  // Nobody listens: its daemon died without a chance to remove it.
  if (problem !== 'ECONNREFUSED' && problem !== 'ENOENT') {
    throw new Error(`admin.socket ${path}: can not find out whether a daemon answers there: ${problem}`);
  }
  fs.rmSync(path, { force: true });
}

/** undefined: somebody listens. */
function connectProblem(path: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = net.connect({ path, timeout: CONNECT_MS_MAX });
    const done = (problem: string | undefined): void => {
      socket.destroy();
      resolve(problem);
    };
    socket.once('connect', () => done(undefined));
    socket.once('timeout', () => done('ETIMEDOUT'));
    socket.once('error', (error: NodeJS.ErrnoException) => done(error.code ?? error.message));
  });
}
