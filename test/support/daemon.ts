/** A whole daemon as a child process: its configuration, its start, its end however it comes, and what it says. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stringify } from 'smol-toml';
import { freePort } from './ports.ts';

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
/** Of the compiled sources: a daemon starts with a third less work. Written by those that end by themselves. */
export const COMPILE_CACHE = fileURLToPath(new URL('../../node_modules/.cache/compiled', import.meta.url));
const READY_MS_MAX = 30_000;
const STOP_MS_MAX = 60_000;

export const DEMO = { name: 'demo', password: 'demo1234' };
/** Of "demo1234", as `tollgate hash-password` prints it. Nothing here is secret. */
export const DEMO_HASH =
  '$argon2id$v=19$m=19456,t=2,p=1$s2IVHs4jJAn8icz3p7nPgA$nKIGEvknIq7SKx6iRibYSxCG5HSa089v2A5rFug6VXg';

type Table = Record<string, unknown>;

/** Tables of a configuration; what is left out is the default of these tests, then the daemon's own. */
export interface ConfigTables {
  data_dir?: string;
  shards?: number;
  edge?: Table;
  ledger?: Table;
  smpp?: Table;
  http?: Table;
  receipts?: Table;
  shutdown?: Table;
  admin?: Table;
  demo?: Table;
  tlv?: Table[];
  /** The first one's name and password default to the demo account's. */
  account?: Table[];
  /** `port` is needed; `id` defaults to sim0, sim1 ... */
  smsc: Table[];
  route?: Table;
}

/** Where a daemon lives: the same over all its lives. */
export interface Site {
  dir: string;
  dataDir: string;
  configPath: string;
  smppPort: number;
  httpPort: number;
}

/** Writes the configuration into `dir`; the ports stay the same however often a daemon starts there. */
export async function makeSite(dir: string, tables: ConfigTables): Promise<Site> {
  mkdirSync(dir, { recursive: true });
  const site: Site = {
    dir,
    dataDir: join(dir, 'data'),
    configPath: join(dir, 'tollgate.toml'),
    smppPort: await freePort(),
    httpPort: await freePort(),
  };
  writeConfig(site, tables);
  return site;
}

export function writeConfig(site: Site, tables: ConfigTables): void {
  const smsc = tables.smsc.map((one, index) => ({
    id: `sim${index}`,
    host: '127.0.0.1',
    system_id: 'tollgate',
    password: 'secret',
    reconnect_max_s: 1,
    retry_max_s: 1,
    ...one,
  }));
  const account = (tables.account ?? [{}]).map((one) => ({
    name: DEMO.name,
    password_hash: DEMO_HASH,
    ...one,
  }));
  const whole = {
    version: 1,
    data_dir: site.dataDir,
    ...tables,
    smpp: { listen: `127.0.0.1:${site.smppPort}`, ...tables.smpp },
    http: { listen: `127.0.0.1:${site.httpPort}`, ...tables.http },
    account,
    smsc,
    route: tables.route ?? { smscs: smsc.map(({ id }) => id) },
  };
  writeFileSync(site.configPath, stringify(whole));
}

export interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
}

export interface CommandResult extends Ended {
  stdout: string;
  stderr: string;
}

const running = new Set<ChildProcess>();
// A test that fails, or is interrupted, leaves no process behind.
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** A `tollgate` command as a child process; `ended` resolves when it is gone. */
export class Command {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  stdout = '';
  stderr = '';

  constructor(args: readonly string[]) {
    this.child = spawn(process.execPath, ['--disable-sigusr1', MAIN, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, UV_THREADPOOL_SIZE: '24', NODE_OPTIONS: '', NODE_COMPILE_CACHE: COMPILE_CACHE },
    });
    running.add(this.child);
    this.child.stdout?.setEncoding('utf8').on('data', (text: string) => (this.stdout += text));
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.stderr += text));
    this.ended = new Promise((resolve, reject) => {
      this.child.once('error', reject);
      this.child.once('close', (code, signal) => {
        running.delete(this.child);
        resolve({ code, signal });
      });
    });
  }

  get isRunning(): boolean {
    return running.has(this.child);
  }

  kill(signal: NodeJS.Signals): Promise<Ended> {
    this.child.kill(signal);
    return this.ended;
  }
}

/** Runs a `tollgate` command to its end. */
export async function runCommand(args: readonly string[]): Promise<CommandResult> {
  const command = new Command(args);
  const ended = await command.ended;
  return { ...ended, stdout: command.stdout, stderr: command.stderr };
}

/** One life of a daemon at its site. */
export class Daemon {
  readonly site: Site;
  readonly command: Command;

  constructor(site: Site) {
    this.site = site;
    this.command = new Command(['serve', '--config', site.configPath]);
  }

  get log(): string {
    return this.command.stderr;
  }

  /** Resolves when the daemon says that it is ready; rejects with its log when it ends or takes too long. */
  async ready(): Promise<this> {
    const deadline = performance.now() + READY_MS_MAX;
    while (!this.log.includes('tollgate is ready')) {
      if (!this.command.isRunning) throw new Error(`the daemon ended before it was ready:\n${this.log}`);
      if (performance.now() > deadline) throw new Error(`the daemon does not become ready:\n${this.log}`);
      await pause(5);
    }
    return this;
  }

  /** SIGKILL: nothing is put in order. */
  async kill(): Promise<void> {
    await this.command.kill('SIGKILL');
  }

  /** SIGTERM; resolves with the exit code. Throws with the log when the daemon does not end. */
  async stop(): Promise<number | null> {
    if (!this.command.isRunning) throw new Error(`the daemon ended by itself:\n${this.log}`);
    const hung = setTimeout(() => this.command.child.kill('SIGABRT'), STOP_MS_MAX);
    const { code, signal } = await this.command.kill('SIGTERM');
    clearTimeout(hung);
    if (signal !== null) throw new Error(`the daemon was ended by ${signal}:\n${this.log}`);
    return code;
  }

  url(path: string): string {
    return `http://127.0.0.1:${this.site.httpPort}${path}`;
  }

  /** All values of the metrics page, by name, summed over the labels. */
  async metrics(): Promise<Map<string, number>> {
    const text = await (await fetch(this.url('/metrics'))).text();
    const sums = new Map<string, number>();
    for (const line of text.split('\n')) {
      const found = /^(\w+)(?:\{[^}]*\})? (\S+)$/.exec(line);
      if (found !== null) sums.set(found[1], (sums.get(found[1]) ?? 0) + Number(found[2]));
    }
    return sums;
  }

  /** One value of the metrics page; `name` without the prefix. Throws when there is none. */
  async metric(name: string): Promise<number> {
    const value = (await this.metrics()).get(`tollgate_${name}`);
    if (value === undefined) throw new Error(`no metric tollgate_${name}`);
    return value;
  }

  /**
   * Waits until every message that was accepted has ended, by the ledger. `pending` alone is a moment old and may not
   * know of the latest ones, nor whether the last FINAL is on disk: then the difference is not 0.
   */
  untilNonePending(waitMs = 15_000): Promise<void> {
    return until(
      async () => {
        const metrics = await this.metrics();
        const [pending, difference] = ['tollgate_pending', 'tollgate_conservation_difference'];
        return metrics.get(pending) === 0 && metrics.get(difference) === 0;
      },
      'no message is pending',
      waitMs,
    );
  }

  /** Waits until a metric fulfils the condition. */
  untilMetric(name: string, condition: (value: number) => boolean, waitMs = 15_000): Promise<void> {
    return until(async () => condition(await this.metric(name)), `metric ${name}`, waitMs);
  }
}

export function startDaemon(site: Site): Promise<Daemon> {
  return new Daemon(site).ready();
}

/** Polls until the condition holds; throws when it has not after `waitMs`. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  what: string,
  waitMs = 15_000,
): Promise<void> {
  const deadline = performance.now() + waitMs;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`never happened in ${waitMs} ms: ${what}`);
    await pause(10);
  }
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
