/**
 * `npm run test:interop`: SMPP peers of other people against a whole daemon. Prints a table, what failed or was
 * skipped, and as its last line `interop: smpp=ok net-smpp=ok kannel=ok tshark=ok` (ok, failed, skipped). Exit code 1
 * when a part failed. Words: parts to run (all of them without), `--require`: a skipped part is a failure too.
 */
import { pause } from '../support/daemon.ts';
import { exitCode, lastLine, PARTS, table } from './checks.ts';
import type { Checks, PartName } from './checks.ts';
import { Ground } from './ground.ts';
import type { Part } from './ground.ts';
import { kannelPart } from './kannel.ts';
import { netSmppPart } from './net-smpp.ts';
import { missing, versionOf } from './programs.ts';
import { smppPart } from './smpp.ts';
import { tsharkPart } from './tshark.ts';

const EXIT_USAGE = 64;
const ALL: readonly Part[] = [smppPart, netSmppPart, kannelPart, tsharkPart];

function asked(words: readonly string[]): { parts: readonly Part[]; require: boolean } {
  const names = words.filter((word) => word !== '--require');
  const unknown = names.find((name) => !(PARTS as readonly string[]).includes(name));
  if (unknown !== undefined) {
    console.error(`test:interop: no part "${unknown}"; there are ${PARTS.join(', ')}, and --require`);
    process.exit(EXIT_USAGE);
  }
  const parts = names.length === 0 ? ALL : ALL.filter(({ name }) => names.includes(name));
  return { parts, require: words.includes('--require') };
}

// The end of this process ends what it started, see ground.ts and test/support/daemon.ts.
for (const [signal, code] of Object.entries({ SIGINT: 130, SIGTERM: 143 }))
  process.on(signal, () => process.exit(code));

/** An error that nobody awaits belongs to the part that runs. */
let current: Checks | undefined;
process.on('uncaughtException', (error) => {
  if (current === undefined) throw error;
  current.broken(error);
});

async function runPart(part: Part, wire: Buffer[]): Promise<Checks> {
  const ground = new Ground(part.name, wire);
  const { checks } = ground;
  checks.skipped = missing(part.needs);
  if (checks.skipped !== '') return checks;
  for (const program of part.needs) checks.note(`${program.name}: ${versionOf(program)}`);
  current = checks;
  try {
    await Promise.race([part.run(ground), tooLong(part)]);
  } catch (error) {
    checks.broken(error);
  }
  await ground.clear();
  current = undefined;
  return checks;
}

async function tooLong({ name, limitMs }: Part): Promise<never> {
  await pause(limitMs);
  throw new Error(`${name} is not over after ${limitMs / 1000} s`);
}

const { parts, require } = asked(process.argv.slice(2));
const wire: Buffer[] = [];
const done: Checks[] = [];
for (const part of parts) {
  console.log(`interop: ${part.name} ...`);
  done.push(await runPart(part, wire));
}
const rest = PARTS.filter((name: PartName) => !done.some((checks) => checks.part === name));
console.log(table(done));
for (const name of rest) console.log(`SKIPPED: ${name}: not asked for`);
// Not before it is out: a pipe takes what it has room for, and the end of the process loses the rest.
process.stdout.write(`${lastLine(done)}\n`, () => process.exit(exitCode(done, require)));
