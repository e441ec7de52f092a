/**
 * The long kill test: `npm run test:crash [-- --rounds 50 --seed 1 --rate 3000]`. The daemon is killed with SIGKILL
 * again and again under load; the last line sums up. Exit code 1 when anything that was acknowledged is lost,
 * repeated beyond its bound, or without exactly one final event.
 */
import { parseArgs } from 'node:util';
import { lastLine, runCampaign } from './run.ts';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '50' },
    seed: { type: 'string', default: `${Date.now() % 1_000_000}` },
    rate: { type: 'string', default: '3000' },
  },
});
const [rounds, seed, rate] = [values.rounds, values.seed, values.rate].map(Number);
if (![rounds, seed, rate].every((value) => Number.isInteger(value) && value > 0)) {
  throw new Error('--rounds, --seed and --rate are whole numbers above 0');
}
console.log(`seed ${seed}, ${rounds} rounds, ${rate} messages a second`);
const result = await runCampaign(rounds, seed, rate, (line) => console.log(line));
console.log(lastLine(result));
process.exitCode = result.problems.length > 0 ? 1 : 0;
