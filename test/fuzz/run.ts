/**
 * The long run: `npm run test:fuzz [-- --count 10000000 --seed N --threads 2]`. The last line sums up; the exit code is
 * 1 when a PDU broke a promise, did not come to an end, or left memory behind. `--seed N --at INDEX` tries one PDU.
 */
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { statusName } from '../../src/smpp/constants.ts';
import { Fuzzer, type Broken } from './fuzzer.ts';
import type { Finding, Share } from './worker.ts';

/** A PDU takes microseconds: so long without the next one is a hang, however busy the machine. */
const HANG_MS = 60_000;
const LOOK_MS = 1_000;
const GROWN_BYTES_MAX = 4_194_304;

/** The finding of one thread; undefined: it hangs, and is ended. */
function runShare(share: Share): Promise<Finding | undefined> {
  const seen = new Int32Array(share.progress);
  const worker = new Worker(new URL('worker.ts', import.meta.url), { workerData: share });
  return new Promise((resolve, reject) => {
    let last = -1;
    let sinceMs = performance.now();
    const timer = setInterval(() => {
      const now = Atomics.load(seen, 0);
      if (now !== last) [last, sinceMs] = [now, performance.now()];
      else if (performance.now() - sinceMs > HANG_MS) {
        clearInterval(timer);
        console.log(`hang: PDU ${share.from + last}, seed ${share.seed}`);
        void worker.terminate().then(() => resolve(undefined));
      }
    }, LOOK_MS);
    worker.on('message', (finding: Finding) => {
      clearInterval(timer);
      resolve(finding);
    });
    worker.on('error', (error) => {
      clearInterval(timer);
      reject(error);
    });
  });
}

function show({ index, reason, hex }: Broken, seed: number): void {
  console.log(`PDU ${index}, seed ${seed}: ${reason}\n  ${hex}`);
}

function merged<K>(maps: readonly Map<K, number>[]): [K, number][] {
  const sum = new Map<K, number>();
  for (const map of maps) for (const [key, count] of map) sum.set(key, (sum.get(key) ?? 0) + count);
  return [...sum].sort(([, a], [, b]) => b - a);
}

async function runAll(count: number, seed: number, threads: number): Promise<boolean> {
  const each = Math.ceil(count / threads);
  const shares = Array.from({ length: threads }, (_, n) => ({
    seed,
    from: Math.min(count, n * each),
    to: Math.min(count, (n + 1) * each),
    progress: new SharedArrayBuffer(4),
  }));
  const startMs = performance.now();
  const found = await Promise.all(shares.map(runShare));
  const findings = found.filter((one) => one !== undefined);
  for (const { broken } of findings) for (const one of broken) show(one, seed);
  const leaks = findings.filter(({ grownBytes }) => grownBytes > GROWN_BYTES_MAX).length;
  const sum = (of: (one: Finding) => number): number => findings.reduce((all, one) => all + of(one), 0);
  const taken = merged(findings.map((one) => one.taken)).map(([command, times]) => `${command} ${times}`);
  const refused = merged(findings.map((one) => one.refused)).map(
    ([status, times]) => `${statusName(status)} ${times}`,
  );
  console.log(`taken: ${taken.join(', ')}`);
  console.log(`refused: ${refused.join(', ')}`);
  console.log(`shaped: ${sum((one) => one.shaped)} messages into ${sum((one) => one.bodies)} bodies`);
  console.log(`heap grown by: ${findings.map(({ grownBytes }) => grownBytes).join(', ')} bytes`);
  console.log(`${Math.round((performance.now() - startMs) / 1000)} s, ${threads} threads`);
  const [throws, hangs] = [sum((one) => one.throws), found.length - findings.length];
  console.log(
    `fuzz: pdus=${sum((one) => one.tried)} throws=${throws} hangs=${hangs} leaks=${leaks} seed=${seed}`,
  );
  return throws + hangs + leaks === 0;
}

function runOne(index: number, seed: number): boolean {
  const fuzzer = new Fuzzer(seed);
  fuzzer.run(index, index + 1);
  for (const one of fuzzer.broken) show(one, seed);
  const [command] = fuzzer.promises.taken.keys();
  const [status] = fuzzer.promises.refused.keys();
  console.log(
    `PDU ${index}, seed ${seed}: ${command ?? (status === undefined ? 'no PDU' : statusName(status))}`,
  );
  return fuzzer.throws === 0;
}

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '10000000' },
    seed: { type: 'string', default: `${Date.now() % 1_000_000_000}` },
    threads: { type: 'string', default: '2' },
    at: { type: 'string', default: '' },
  },
});
const [count, seed, threads] = [values.count, values.seed, values.threads].map(Number);
if (![count, seed, threads].every((value) => Number.isInteger(value) && value >= 0) || threads < 1) {
  throw new RangeError('--count, --seed and --threads are whole numbers');
}
const fine = values.at === '' ? await runAll(count, seed, threads) : runOne(Number(values.at), seed);
process.exit(fine ? 0 : 1);
