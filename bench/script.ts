/** A relay of this folder as a child process, and small things that the scripts need. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';

const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

export class Script {
  readonly child: ChildProcess;
  readonly #ended: Promise<void>;

  constructor(name: string, args: readonly string[]) {
    const path = fileURLToPath(new URL(name, import.meta.url));
    this.child = spawn(process.execPath, [path, ...args], { stdio: ['ignore', 'ignore', 'inherit'] });
    this.#ended = new Promise((resolve) => this.child.once('close', () => resolve()));
    running.add(this.child);
    this.child.once('close', () => running.delete(this.child));
  }

  async stop(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.#ended;
  }

  static makeFolder(path: string): void {
    mkdirSync(path, { recursive: true });
  }

  static connects(port: number): Promise<boolean> {
    return new Promise((resolve) => {
      const socket = connect(port, '127.0.0.1');
      socket.once('connect', () => {
        socket.destroy();
        resolve(true);
      });
      socket.once('error', () => resolve(false));
    });
  }
}
