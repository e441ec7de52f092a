import { expect, test } from 'vitest';
import { lastLine, runCampaign } from './run.ts';

const ROUNDS = 5;
const RATE = 2_000;

test('killed five times under load: nothing acknowledged is lost, repeats stay within their bound', async () => {
  const seed = Date.now() % 1_000_000;
  const said: string[] = [`seed ${seed}`];
  const result = await runCampaign(ROUNDS, seed, RATE, (line) => said.push(line));
  said.push(lastLine(result));
  console.log(said[0], said.at(-1));
  expect(result.problems, said.join('\n')).toEqual([]);
  expect(result).toMatchObject({ rounds: ROUNDS, lost: 0, cdrMissing: 0, cdrDouble: 0 });
  expect(result.dup).toBeLessThanOrEqual(result.dupBound);
});
