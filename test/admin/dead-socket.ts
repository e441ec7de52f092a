import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { until } from '../support/daemon.ts';

/** A socket at `path` whose process was killed: the file is there, and nobody listens. */
export async function deadSocket(path: string): Promise<void> {
  const script = `require('net').createServer().listen(${JSON.stringify(path)})`;
  const child = spawn(process.execPath, ['-e', script], { stdio: 'ignore' });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  await until(() => existsSync(path), 'the socket');
  child.kill('SIGKILL');
  await ended;
}
