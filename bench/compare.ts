/**
 * Has it become slower? Holds results against bench/baseline.json: for each figure the median of quiet runs and how
 * far it may fall (or, where less is better, rise) as a ratio.
 *
 *   npm run bench -- --quick --json a.json && npm run bench:micro -- --json b.json
 *   npm run bench:compare -- a.json b.json [--update]
 *
 * Ratios between systems of one run hold on any machine. Absolute figures say something on the machine that the
 * baseline was taken on; elsewhere they are shown and not judged. Of several results of one kind the medians count.
 * --update takes them over as the baseline; fail ratios that are there stay. Quiet machines only: with other work
 * beside it a flush takes five times as long.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { median } from './stage.ts';

interface Bound {
  median: number;
  /** Fails at less than this times the median; above 1: less is better, fails at more. */
  failRatio: number;
  /** Compared on every machine. */
  anywhere: boolean;
}

interface Baseline {
  machine: string;
  figures: Record<string, Bound>;
}

/** What `run.ts --json` and `micro/run.ts --json` write, as far as it matters here. */
interface Results {
  systems?: { rates: number[]; cpuPer100k: number[] }[];
  openLoop?: { rate: number; p50: number; p99: number }[];
  figures?: Record<string, number>;
}

const FAIL_RATIO = 0.8;
const PATH = new URL('baseline.json', import.meta.url);
const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: { update: { type: 'boolean', default: false } },
});

function figuresOf(results: Results): Record<string, number> {
  const figures = { ...results.figures };
  if (results.systems !== undefined) {
    const [bare, smpp, tollgate] = results.systems.map(({ rates }) => median(rates));
    figures['bench.ratio_bare'] = tollgate / bare;
    figures['bench.ratio_smpp'] = tollgate / smpp;
    figures['bench.msg_s'] = tollgate;
    figures['bench.cpu_s_100k'] = median(results.systems[2].cpuPer100k);
  }
  for (const { rate, p50, p99 } of results.openLoop ?? []) {
    figures[`bench.p50_ms_${rate}`] = p50;
    figures[`bench.p99_ms_${rate}`] = p99;
  }
  return figures;
}

/** One line about one figure; true when its bound is kept, or was not judged. */
function judge(name: string, value: number, bound: Bound | undefined, sameMachine: boolean): boolean {
  const shown = value.toPrecision(4);
  if (bound === undefined) {
    process.stdout.write(`new     ${name}: ${shown}\n`);
    return true;
  }
  const ratio = value / bound.median;
  const kept = bound.failRatio > 1 ? ratio <= bound.failRatio : ratio >= bound.failRatio;
  const judged = bound.anywhere || sameMachine;
  const word = judged ? (kept ? 'kept' : 'FAILED') : 'shown';
  const limit = `${ratio.toFixed(2)} x baseline, bound ${bound.failRatio}`;
  process.stdout.write(`${word.padEnd(7)} ${name}: ${shown} (${limit})\n`);
  return kept || !judged;
}

function update(baseline: Baseline, machine: string, figures: Record<string, number>): void {
  for (const [name, value] of Object.entries(figures)) {
    const lessIsBetter = /_ms_|cpu_s/.test(name);
    const before = baseline.figures[name] ?? {
      failRatio: lessIsBetter ? 1 / FAIL_RATIO : FAIL_RATIO,
      anywhere: name.includes('ratio'),
    };
    baseline.figures[name] = { ...before, median: Number(value.toPrecision(4)) };
  }
  baseline.machine = machine;
  writeFileSync(PATH, `${JSON.stringify(baseline, null, 2)}\n`);
}

const baseline = JSON.parse(readFileSync(PATH, 'utf8')) as Baseline;
const machine = `${cpus()[0].model}, ${cpus().length} cores`;
if (positionals.length === 0) throw new Error('which results? see the head of bench/compare.ts');
const values: Record<string, number[]> = {};
for (const file of positionals) {
  const results = figuresOf(JSON.parse(readFileSync(file, 'utf8')) as Results);
  for (const [name, value] of Object.entries(results)) (values[name] ??= []).push(value);
}
const figures = Object.fromEntries(Object.entries(values).map(([name, list]) => [name, median(list)]));
const sameMachine = machine === baseline.machine;
let failed = 0;
for (const [name, value] of Object.entries(figures)) {
  if (!judge(name, value, baseline.figures[name], sameMachine)) failed++;
}
if (flags.update) update(baseline, machine, figures);
process.stdout.write(`compare: figures=${Object.keys(figures).length} failed=${failed}\n`);
process.exitCode = failed > 0 && !flags.update ? 1 : 0;
