/** How the micro benchmarks measure: the rounds of all contestants take turns, and the median counts. */
import { median } from '../stage.ts';

export interface Figure {
  /** What was measured, as one word with dots: the key in bench/baseline.json. */
  name: string;
  /** Per second, of what `unit` says; for a ratio the plain number. */
  value: number;
  unit: string;
}

/** One contestant: does its work `times` times. */
export interface Contestant {
  name: string;
  run: (times: number) => void;
}

const ROUNDS = 7;
const ROUND_MS = 60;

/** Operations a second of each, by name: calibrated and warmed up first, then measured in turns. */
export function race(contestants: readonly Contestant[]): Map<string, number> {
  const timesOf = new Map(contestants.map((one) => [one, calibrate(one)]));
  const rates = new Map(contestants.map(({ name }): [string, number[]] => [name, []]));
  for (let round = 0; round < ROUNDS; round++) {
    for (const [{ name, run }, times] of timesOf) {
      const startMs = performance.now();
      run(times);
      rates.get(name)?.push((times * 1000) / (performance.now() - startMs));
    }
  }
  return new Map([...rates].map(([name, values]) => [name, median(values)]));
}

/** How often a contestant does its work in a round's time; what it takes to find out is the warm-up. */
function calibrate({ run }: Contestant): number {
  for (let times = 64; ; times *= 2) {
    const startMs = performance.now();
    run(times);
    const tookMs = performance.now() - startMs;
    if (tookMs > ROUND_MS) return Math.ceil((times * ROUND_MS) / tookMs);
  }
}
