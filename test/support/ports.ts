import { createServer } from 'node:net';

// Below the range that the kernel takes the ports of outgoing connections from, so that a port found free here
// is still free when a daemon listens on it, and again when it comes back after a kill.
const FIRST = 20_000;
const LAST = 32_000;
/** Files that run at once, each in a process of its own: Vitest numbers them from 1; 0 is none of its. */
const FILES_MAX = 12;
const TRIES_MAX = 200;

// A port that a daemon will listen on in a moment, or again after a kill, looks as free to another process as to this
// one, and being looked at is enough to keep the daemon from listening: each process draws from ports of its own.
const SHARE = (LAST - FIRST) / FILES_MAX;
const OWN_FIRST = FIRST + (Number(process.env.VITEST_POOL_ID ?? 0) % FILES_MAX) * SHARE;

const given = new Set<number>();

/** A TCP port of 127.0.0.1 that nobody listens on, never the same one twice in this process or at once in two. */
export async function freePort(): Promise<number> {
  for (let tried = 0; tried < TRIES_MAX; tried++) {
    const port = OWN_FIRST + Math.floor(Math.random() * SHARE);
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
