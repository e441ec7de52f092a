/** What a part of the interop run stands on: its checks, a temp folder, daemons, relays, peers; and their end. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { Stage } from '../daemon/stage.ts';
import { until } from '../support/daemon.ts';
import { tempDir } from '../support/tmp.ts';
import { Checks } from './checks.ts';
import type { PartName } from './checks.ts';
import type { Program } from './programs.ts';
import { SEARCHED } from './programs.ts';
import { Tap } from './tap.ts';
import type { Side } from './tap.ts';

export interface Part {
  readonly name: PartName;
  readonly needs: readonly Program[];
  readonly limitMs: number;
  run(ground: Ground): Promise<void>;
}

/** A program of somebody else as a child process; its output is kept to show it when it fails. */
export class Peer {
  readonly child: ChildProcess;
  readonly name: string;
  stdout = '';
  stderr = '';
  /** Its exit code, null after a signal; undefined while it runs. */
  code: number | null | undefined;
  readonly ended: Promise<number | null>;

  constructor(name: string, command: string, words: readonly string[]) {
    this.name = name;
    this.child = spawn(command, words, { stdio: ['pipe', 'pipe', 'pipe'], env: SEARCHED });
    // One that has ended reads no more: its end is seen by its exit code.
    this.child.stdin?.on('error', () => undefined);
    running.add(this.child);
    this.child.stdout?.setEncoding('utf8').on('data', (text: string) => (this.stdout += text));
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.stderr += text));
    this.ended = new Promise((resolve, reject) => {
      this.child.once('error', reject);
      this.child.once('close', (code) => {
        running.delete(this.child);
        this.code = code;
        resolve(code);
      });
    });
  }

  get output(): string {
    return `${this.name} said:\n${this.stdout.slice(-4_000)}\n${this.stderr.slice(-4_000)}`;
  }

  /** Its end within this time; a SIGKILL when it takes longer. Resolves with the exit code. */
  async end(signal: NodeJS.Signals | undefined, waitMs: number): Promise<number | null> {
    if (this.code !== undefined) return this.code;
    if (signal !== undefined) this.child.kill(signal);
    const impatient = setTimeout(() => this.child.kill('SIGKILL'), waitMs);
    const code = await this.ended;
    clearTimeout(impatient);
    return code;
  }
}

const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

export class Ground {
  readonly checks: Checks;
  /** Every PDU that we wrote to a peer while the parts ran; the part tshark reads it. */
  readonly wire: Buffer[];
  readonly #dir = tempDir();
  readonly #ends: (() => unknown)[] = [];

  constructor(part: PartName, wire: Buffer[]) {
    this.checks = new Checks(part);
    this.wire = wire;
  }

  get path(): string {
    return this.#dir.path;
  }

  stage(): Stage {
    const stage = new Stage();
    this.#ends.push(() => stage.clear());
    return stage;
  }

  async tap(targetPort: number, ourSide: Side): Promise<Tap> {
    const tap = await new Tap(ourSide).open(targetPort);
    this.#ends.push(() => {
      tap.close();
      this.wire.push(...tap.ours);
    });
    return tap;
  }

  peer(name: string, command: string, words: readonly string[]): Peer {
    const peer = new Peer(name, command, words);
    this.#ends.push(() => peer.end('SIGKILL', 5_000));
    return peer;
  }

  onEnd(end: () => unknown): void {
    this.#ends.push(end);
  }

  /** Waits for something that must come; a check fails when it does not. Resolves whether it came. */
  async comes(what: string, condition: () => boolean | Promise<boolean>, waitMs = 15_000): Promise<boolean> {
    try {
      await until(condition, what, waitMs);
      return this.checks.that(what, true);
    } catch (error) {
      return this.checks.that(what, false, error instanceof Error ? error.message : String(error));
    }
  }

  /** Ends everything that this part started, in reverse; it may start more. */
  async rest(): Promise<void> {
    for (const end of this.#ends.splice(0).toReversed()) {
      try {
        await end();
      } catch (error) {
        this.checks.broken(error);
      }
    }
  }

  /** The end of the part. */
  async clear(): Promise<void> {
    await this.rest();
    this.#dir.remove();
  }
}
