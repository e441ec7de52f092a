/** A whole campaign: its legs one after another, and the sum of what was found. */
import { runLeg } from './leg.ts';
import type { LegResult, Say } from './leg.ts';
import { planCampaign } from './plan.ts';

export interface CampaignResult {
  rounds: number;
  acked: number;
  lost: number;
  dup: number;
  dupBound: number;
  cdrMissing: number;
  cdrDouble: number;
  problems: string[];
}

export async function runCampaign(
  rounds: number,
  seed: number,
  rate: number,
  say: Say,
): Promise<CampaignResult> {
  const results: LegResult[] = [];
  for (const leg of planCampaign(rounds, seed)) {
    say(`${leg.name}: ${leg.kills.length} kills`);
    const result = await runLeg(leg, rate, say);
    const { acked, dup, dupBound, receiptsRepeated, receiptsRepeatedBound } = result;
    say(
      `  acked ${acked}, sent twice ${dup} (bound ${dupBound}), ` +
        `receipts twice ${receiptsRepeated} (bound ${receiptsRepeatedBound})`,
    );
    for (const problem of result.problems) say(`  PROBLEM: ${problem}`);
    results.push(result);
  }
  const sum = (value: (result: LegResult) => number): number =>
    results.reduce((total, result) => total + value(result), 0);
  return {
    rounds,
    acked: sum(({ acked }) => acked),
    lost: sum(({ lost }) => lost),
    dup: sum(({ dup }) => dup),
    dupBound: sum(({ dupBound }) => dupBound),
    cdrMissing: sum(({ cdrMissing }) => cdrMissing),
    cdrDouble: sum(({ cdrDouble }) => cdrDouble),
    problems: results.flatMap(({ problems }) => problems),
  };
}

export function lastLine(result: CampaignResult): string {
  const { rounds, acked, lost, dup, dupBound, cdrMissing, cdrDouble } = result;
  return (
    `crash: rounds=${rounds} acked=${acked} lost=${lost} dup=${dup} dup_bound=${dupBound} ` +
    `cdr_missing=${cdrMissing} cdr_double=${cdrDouble}`
  );
}
