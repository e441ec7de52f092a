/**
 * The benchmark: on loopback, on the same cores, in one run, interleaved, medians of the rounds:
 *   (a) bench/bare-relay.ts: parses and forwards, stores nothing: the physical limit
 *   (b) bench/smpp-relay.ts: the same with the npm package smpp, written the obvious way
 *   (c) tollgate with durability = "full", receipts, a flush before every acknowledgement
 * Load and simulator are the same processes for all three; each system has a simulator of its own.
 *
 *   npm run bench -- [--quick] [--rounds N] [--json FILE] [--write]
 * --write puts the table into docs/benchmarks.md, between its markers.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { freePort } from '../test/support/ports.ts';
import { Script } from './script.ts';
import {
  ROOT,
  cpuSecondsOf,
  fileSystemOf,
  makeScratch,
  median,
  pidOf,
  reachable,
  rssMbOf,
  runLoad,
  startSim,
  startTollgate,
} from './stage.ts';

const { values: flags } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    rounds: { type: 'string', default: '' },
    json: { type: 'string', default: '' },
    write: { type: 'boolean', default: false },
  },
});
const ROUNDS = Number(flags.rounds || (flags.quick ? 3 : 5));
const MESSAGES = flags.quick ? 800_000 : 1_500_000;
const MESSAGES_SMPP = flags.quick ? 20_000 : 60_000;
const OPEN_LOOP_S = flags.quick ? 2.5 : 10;
const WINDOW = 24_000;
const WINDOW_SMPP = 1_000;

interface System {
  name: string;
  port: number;
  pid: number;
  messages: number;
  window: number;
  rates: number[];
  cpuPer100k: number[];
  rssMb: number;
}

/** Where the run was: what its figures depend on besides the code. */
interface Place {
  machine: string;
  fileSystem: string;
  /** of one group commit under full load: write and flush */
  commitMsMedian: number;
  commit: string;
}

interface OpenLoop {
  rate: number;
  p50: number;
  p99: number;
}

async function startAll(scratch: string): Promise<{ systems: System[]; commitMs: () => Promise<number> }> {
  const ports = [await freePort(), await freePort(), await freePort()];
  await Promise.all(ports.map((port) => startSim(port)));
  const [barePort, smppPort] = [await freePort(), await freePort()];
  const bare = new Script('bare-relay.ts', ['--listen', `${barePort}`, '--upstream', `${ports[0]}`]);
  const smpp = new Script('smpp-relay.ts', ['--listen', `${smppPort}`, '--upstream', `${ports[1]}`]);
  const daemon = await startTollgate(scratch, ports[2]);
  await Promise.all([reachable(barePort), reachable(smppPort)]);
  const system = (name: string, port: number, pid: number, messages: number, window: number): System => ({
    name,
    port,
    pid,
    messages,
    window,
    rates: [],
    cpuPer100k: [],
    rssMb: 0,
  });
  return {
    systems: [
      system('(a) bare relay', barePort, pidOf(bare), MESSAGES, WINDOW),
      system('(b) smpp package relay', smppPort, pidOf(smpp), MESSAGES_SMPP, WINDOW_SMPP),
      system('(c) tollgate, full', daemon.site.smppPort, pidOf(daemon.command), MESSAGES, WINDOW),
    ],
    commitMs: () => daemon.metric('commit_last_milliseconds'),
  };
}

async function measure(system: System, messages: number, counts: boolean): Promise<void> {
  const before = cpuSecondsOf(system.pid);
  const result = await runLoad({
    port: system.port,
    flags: ['--messages', `${messages}`, '--window', `${system.window}`],
  });
  if (!counts) return;
  system.rates.push(result.msgPerSecond);
  system.cpuPer100k.push(((cpuSecondsOf(system.pid) - before) / messages) * 100_000);
  system.rssMb = rssMbOf(system.pid);
}

/** The warm-up of (c); nothing is measured during it but the commits, so that looking costs the rounds nothing. */
async function commitMsUnderLoad(system: System, commitMs: () => Promise<number>): Promise<number> {
  const samples: number[] = [];
  const sampler = setInterval(() => void commitMs().then((sample) => samples.push(sample)), 50);
  await measure(system, system.messages, false);
  clearInterval(sampler);
  return median(samples.filter((sample) => sample > 0));
}

async function measureOpenLoop(system: System, rate: number): Promise<OpenLoop> {
  const result = await runLoad({
    port: system.port,
    flags: ['--rate', `${rate}`, '--duration-s', `${OPEN_LOOP_S}`, '--window', `${WINDOW}`],
  });
  return { rate, p50: result.responseMs.p50, p99: result.responseMs.p99 };
}

function table(systems: System[], openLoop: OpenLoop[], place: Place): string {
  const [bare, smpp] = systems.map((system) => median(system.rates));
  const rows = systems.map((system) => {
    const rate = median(system.rates);
    const low = Math.min(...system.rates);
    const high = Math.max(...system.rates);
    return [
      system.name,
      `${Math.round(rate)}`,
      `${Math.round(low)}–${Math.round(high)}`,
      (rate / bare).toFixed(2),
      (rate / smpp).toFixed(1),
      median(system.cpuPer100k).toFixed(2),
      system.rssMb.toFixed(0),
    ].join(' | ');
  });
  const latencies = openLoop.map(
    ({ rate, p50, p99 }) => `| ${rate} msg/s | ${p50.toFixed(2)} | ${p99.toFixed(2)} |`,
  );
  return [
    `Machine: ${place.machine}, ${place.fileSystem}, a group commit ${place.commitMsMedian} ms (median under load). ` +
      `Commit ${place.commit}. ${ROUNDS} rounds, interleaved, medians; ` +
      'load, simulators and the system share the cores.',
    '',
    '| system | msg/s end to end | lowest–highest | × (a) | × (b) | CPU s per 100,000 | RSS MB |',
    '| --- | --- | --- | --- | --- | --- | --- |',
    ...rows.map((row) => `| ${row} |`),
    '',
    'Of (c), submit_sm to submit_sm_resp, open loop (from the moment each message was due):',
    '',
    '| offered | p50 ms | p99 ms |',
    '| --- | --- | --- |',
    ...latencies,
  ].join('\n');
}

function commitOf(): string {
  try {
    const hash = execFileSync('git', ['rev-parse', '--short', 'HEAD'], {
      cwd: ROOT,
      encoding: 'utf8',
    }).trim();
    const dirty = execFileSync('git', ['status', '--porcelain', 'src'], { cwd: ROOT, encoding: 'utf8' });
    return dirty === '' ? hash : `${hash} with changes`;
  } catch {
    return 'unknown';
  }
}

function writeDocs(text: string): void {
  const path = join(ROOT, 'docs/benchmarks.md');
  const [begin, end] = ['<!-- bench:begin -->', '<!-- bench:end -->'];
  const page = readFileSync(path, 'utf8');
  const from = page.indexOf(begin);
  const to = page.indexOf(end);
  if (from < 0 || to < from) throw new Error(`${path} has no markers ${begin} and ${end}`);
  writeFileSync(path, `${page.slice(0, from + begin.length)}\n\n${text}\n\n${page.slice(to)}`);
}

async function main(): Promise<void> {
  const scratch = makeScratch('bench');
  const { systems, commitMs } = await startAll(scratch);
  // The first messages are slow everywhere: nothing is compiled yet.
  for (const system of systems.slice(0, 2)) await measure(system, system.messages, false);
  const commitMsMedian = await commitMsUnderLoad(systems[2], commitMs);
  for (let round = 1; round <= ROUNDS; round++) {
    for (const system of systems) await measure(system, system.messages, true);
    const rates = systems.map((system) => Math.round(system.rates.at(-1) ?? 0)).join(' / ');
    process.stdout.write(`round ${round}: (a) / (b) / (c) = ${rates} msg/s\n`);
  }
  const openLoop: OpenLoop[] = [];
  for (const rate of [2_000, 10_000]) openLoop.push(await measureOpenLoop(systems[2], rate));
  const place: Place = {
    machine: `${cpus()[0].model}, ${cpus().length} cores, Node.js ${process.version}`,
    fileSystem: fileSystemOf(scratch),
    commitMsMedian,
    commit: commitOf(),
  };
  const text = table(systems, openLoop, place);
  process.stdout.write(`\n${text}\n\n`);
  const [bare, smpp, tollgate] = systems.map((system) => median(system.rates));
  if (flags.json !== '') writeFileSync(flags.json, JSON.stringify({ place, systems, openLoop }, null, 2));
  if (flags.write) writeDocs(text);
  const figures = [
    `ratio_bare=${(tollgate / bare).toFixed(2)}`,
    `ratio_smpp=${(tollgate / smpp).toFixed(1)}`,
    `p99_ms_10k=${openLoop[1].p99.toFixed(2)}`,
    `msg_s=${Math.round(tollgate)}`,
  ];
  process.stdout.write(`bench: ${figures.join(' ')}\n`);
}

await main();
process.exit(0);
