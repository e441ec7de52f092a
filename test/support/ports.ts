import { createServer } from 'node:net';

// Below the range that the kernel takes the ports of outgoing connections from, so that a port found free here
// is still free when a daemon listens on it, and again when it comes back after a kill.
const FIRST = 20_000;
const LAST = 32_000;
const TRIES_MAX = 200;

const given = new Set<number>();

/** A TCP port of 127.0.0.1 that nobody listens on, never the same one twice in this process. */
export async function freePort(): Promise<number> {
  for (let tried = 0; tried < TRIES_MAX; tried++) {
    const port = FIRST + Math.floor(Math.random() * (LAST - FIRST));
    if (given.has(port) || !(await isFree(port))) continue;
    given.add(port);
    return port;
  }
  throw new Error(`no free port in ${TRIES_MAX} tries`);
}

function isFree(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
