/** The processes that a benchmark runs: simulator, system under test, load; and what /proc says of them. */
import { mkdtempSync, readFileSync, rmSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { LoadResult } from '../src/load/result.ts';
import { Command, DEMO, makeSite, pause, startDaemon } from '../test/support/daemon.ts';
import type { ConfigTables, Daemon } from '../test/support/daemon.ts';
import { Script } from './script.ts';

export const ROOT = fileURLToPath(new URL('..', import.meta.url));
const CLOCK_TICKS_PER_S = 100;

/** A folder below data/, which git ignores: on the disk of the checkout, so that a flush is a real one. */
export function makeScratch(name: string): string {
  const parent = join(ROOT, 'data');
  const scratch = mkdtempSync(join(mkdirs(parent), `${name}-`));
  // A daemon that was killed a moment ago may still be writing: a folder that is not empty yet is tried again.
  const remove = { recursive: true, force: true, maxRetries: 5, retryDelay: 50 };
  if (scratches.push(() => rmSync(scratch, remove)) === 1) clearAtTheEnd();
  return scratch;
}

const scratches: (() => void)[] = [];

/** An interrupted run leaves neither processes nor folders: both are cleared away on 'exit', which a signal skips. */
function clearAtTheEnd(): void {
  process.on('exit', () => {
    for (const clear of scratches) clear();
  });
  process.once('SIGINT', () => process.exit(130));
  process.once('SIGTERM', () => process.exit(143));
}

function mkdirs(path: string): string {
  Script.makeFolder(path);
  return path;
}

/** Name of the file system below `path`, by its magic number. */
export function fileSystemOf(path: string): string {
  const names = new Map([
    [0xef53, 'ext4'],
    [0x58465342, 'xfs'],
    [0x9123683e, 'btrfs'],
    [0x01021994, 'tmpfs (not a disk!)'],
    [0x794c7630, 'overlayfs'],
  ]);
  const { type } = statfsSync(path);
  return names.get(type) ?? `type 0x${type.toString(16)}`;
}

/** User and system seconds of a process so far. */
export function cpuSecondsOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
  return (Number(fields[11]) + Number(fields[12])) / CLOCK_TICKS_PER_S;
}

export function rssMbOf(pid: number): number {
  const found = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(found?.[1] ?? 0) / 1024;
}

export async function startSim(port: number, flags: readonly string[] = []): Promise<Command> {
  const sim = new Command(['sim', '--port', String(port), ...flags]);
  await reachable(port);
  return sim;
}

export async function reachable(port: number): Promise<void> {
  for (let tries = 0; tries < 300; tries++) {
    if (await Script.connects(port)) return;
    await pause(20);
  }
  throw new Error(`nothing listens on port ${port}`);
}

export interface LoadPlan {
  port: number;
  flags: readonly string[];
}

/** Runs `tollgate load` to its end. Throws when a message, an answer or a receipt is missing. */
export async function runLoad({ port, flags }: LoadPlan, allowProblems = false): Promise<LoadResult> {
  const login = ['--system-id', DEMO.name, '--password', DEMO.password];
  const command = new Command(['load', '--port', String(port), ...login, '--json', ...flags]);
  await command.ended;
  const line = command.stdout.trim().split('\n').at(-1) ?? '';
  if (!line.startsWith('{')) throw new Error(`load said no result: ${command.stdout}${command.stderr}`);
  const result = JSON.parse(line) as LoadResult;
  if (result.problems.length > 0 && !allowProblems) throw new Error(`load: ${result.problems.join('; ')}`);
  return result;
}

/** The daemon as the benchmarks run it: durable, wide windows, one edge and one shard. */
export async function startTollgate(
  scratch: string,
  simPort: number,
  tables: Partial<ConfigTables> = {},
): Promise<Daemon> {
  const site = await makeSite(scratch, {
    ledger: { durability: 'full' },
    account: [{ submit_window: 30_000, receipt_window: 30_000 }],
    smsc: [{ port: simPort, window: 10_000 }],
    ...tables,
  });
  return startDaemon(site);
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

export function pidOf(process: { child: { pid?: number | undefined } }): number {
  const { pid } = process.child;
  if (pid === undefined) throw new Error('a process did not start');
  return pid;
}
