/**
 * Where the time goes: runs the daemon under load with V8's sampling profiler, one profile a thread, and prints each
 * busy thread's functions by self time. The profiles stay in profiles/ and open in any browser's developer tools.
 *
 *   npm run profile -- [--messages 1500000] [--window 8000] [--top 25]
 */
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { makeSite, pause } from '../test/support/daemon.ts';
import { freePort } from '../test/support/ports.ts';
import { ROOT, makeScratch, reachable, runLoad, startSim } from './stage.ts';

const { values: flags } = parseArgs({
  options: {
    messages: { type: 'string', default: '1500000' },
    window: { type: 'string', default: '8000' },
    top: { type: 'string', default: '25' },
  },
});
const FOLDER = join(ROOT, 'profiles');
/** Not work: the event loop asleep, and the hash thread that waits for a password. */
const IDLE = new Set(['(idle)', 'atomicsWaitLoop']);
/** Threads that did less than this are left out. */
const BUSY_MS_MIN = 500;

interface Profile {
  nodes: { id: number; callFrame: { functionName: string; url: string; lineNumber: number } }[];
  samples: number[];
  timeDeltas: number[];
}

function print(file: string): void {
  const profile = JSON.parse(readFileSync(join(FOLDER, file), 'utf8')) as Profile;
  const frames = new Map(profile.nodes.map((node) => [node.id, node.callFrame]));
  const self = new Map<string, number>();
  let busyUs = 0;
  for (const [index, sample] of profile.samples.entries()) {
    const frame = frames.get(sample);
    if (frame === undefined || IDLE.has(frame.functionName)) continue;
    const place = frame.url.split('/').slice(-2).join('/');
    const name = `${frame.functionName || '(anonymous)'} ${place}:${frame.lineNumber + 1}`;
    busyUs += profile.timeDeltas[index];
    self.set(name, (self.get(name) ?? 0) + profile.timeDeltas[index]);
  }
  if (busyUs / 1000 < BUSY_MS_MIN) return;
  process.stdout.write(`\n${file}: busy ${Math.round(busyUs / 1000)} ms\n`);
  const sorted = [...self].toSorted((a, b) => b[1] - a[1]).slice(0, Number(flags.top));
  for (const [name, us] of sorted) {
    process.stdout.write(`${((100 * us) / busyUs).toFixed(1).padStart(6)} %  ${name}\n`);
  }
}

async function main(): Promise<void> {
  rmSync(FOLDER, { recursive: true, force: true });
  mkdirSync(FOLDER, { recursive: true });
  const simPort = await freePort();
  await startSim(simPort);
  const site = await makeSite(makeScratch('profile'), {
    account: [{ submit_window: 30_000, receipt_window: 30_000 }],
    smsc: [{ port: simPort, window: 10_000 }],
  });
  const profiler = ['--cpu-prof', '--cpu-prof-interval', '250', '--cpu-prof-dir', FOLDER];
  const main = join(ROOT, 'src/cli/main.ts');
  const child = spawn(process.execPath, [...profiler, main, 'serve', '--config', site.configPath], {
    stdio: ['ignore', 'ignore', 'ignore'],
    env: { ...process.env, UV_THREADPOOL_SIZE: '24' },
  });
  const ended = new Promise((resolve) => child.once('close', resolve));
  await reachable(site.smppPort);
  await pause(500);
  const load = ['--messages', flags.messages, '--window', flags.window];
  const { msgPerSecond } = await runLoad({ port: site.smppPort, flags: load });
  process.stdout.write(`${Math.round(msgPerSecond)} msg/s end to end, with the profiler on\n`);
  child.kill('SIGTERM');
  await ended;
  for (const file of readdirSync(FOLDER).toSorted()) print(file);
}

await main();
process.exit(0);
