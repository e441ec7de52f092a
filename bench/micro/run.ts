/**
 * The parts by themselves: codec (beside the npm package `smpp`), ring, journal.
 *
 *   npm run bench:micro -- [codec ring journal] [--json FILE]
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { benchCodec } from './codec.ts';
import { benchJournal } from './journal.ts';
import { benchRing } from './ring.ts';
import type { Figure } from './stopwatch.ts';

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'string', default: '' } },
});
const PARTS: Record<string, () => Figure[] | Promise<Figure[]>> = {
  codec: benchCodec,
  ring: benchRing,
  journal: benchJournal,
};

const all: Figure[] = [];
for (const part of positionals.length > 0 ? positionals : Object.keys(PARTS)) {
  if (!(part in PARTS)) throw new Error(`no part ${part}: there are ${Object.keys(PARTS).join(', ')}`);
  const figures = await PARTS[part]();
  for (const { name, value, unit } of figures) {
    const shown = value < 1000 ? value.toFixed(1) : Math.round(value).toLocaleString('en');
    process.stdout.write(`${name.padEnd(36)} ${shown.padStart(14)} ${unit}\n`);
  }
  all.push(...figures);
}
if (flags.json !== '') {
  const figures = Object.fromEntries(all.map(({ name, value }) => [name, value]));
  writeFileSync(flags.json, `${JSON.stringify({ figures }, null, 2)}\n`);
}
process.exit(0);
