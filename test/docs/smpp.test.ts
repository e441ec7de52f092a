/** docs/smpp.md says what the code does: its tables are those of the code, and its examples run. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { COMMANDS, isCommandOf } from '../../src/smpp/codec.ts';
import * as smpp from '../../src/smpp/constants.ts';
import { TAG_ROWS, type Ranges } from '../../src/smpp/tag-rows.ts';
import { oracleTables } from '../support/oracle.ts';
import { ROOT } from '../support/source.ts';
import { tempDir } from '../support/tmp.ts';
import { vectors, versionOf } from '../support/vectors.ts';

const page = readFileSync(join(ROOT, 'docs/smpp.md'), 'utf8');

/** The text below a heading of the second level, to the next one. */
function section(title: string): string {
  const [, after = ''] = page.split(`\n## ${title}\n`);
  return after.split('\n## ')[0];
}

/** The cells of a section's table rows that begin like this. */
function rows(title: string, start: RegExp): string[][] {
  const lines = section(title).split('\n');
  const cells = lines.map((line) =>
    line
      .split('|')
      .map((cell) => cell.trim())
      .slice(1, -1),
  );
  return cells.filter(([first = '']) => start.test(first));
}

const SECTIONS = [
  'Codec',
  'Sessions',
  'Versions',
  'Long messages',
  'Encodings',
  'Receipts',
  'Several destinations',
  'Times',
  'Requests about a message',
  'TLVs',
];

describe('the page', () => {
  it('has its sections in order', () => {
    const titles = [...page.matchAll(/^## (.*)$/gm)].map(([, title]) => title);
    expect(titles).toEqual([...SECTIONS, 'Tolerance and tracing', 'Coverage table']);
  });

  it('names only tests that exist', () => {
    const named = [...page.matchAll(/`(?:test\/)?([a-z0-9/-]+\.test\.ts)`/g)].map(([, path]) => path);
    expect(named.length).toBeGreaterThan(10);
    expect(named.filter((path) => !existsSync(join(ROOT, 'test', path)))).toEqual([]);
  });

  it('names only statuses that exist', () => {
    const named = new Set([...page.matchAll(/ESME_[A-Z_]+/g)].map(([name]) => name));
    expect([...named].filter((name) => !(name in smpp))).toEqual([]);
  });
});

function shown(ranges: Ranges): string {
  const parts: string[] = [];
  for (let i = 0; i < ranges.length; i += 2) {
    parts.push(ranges[i] === ranges[i + 1] ? `${ranges[i]}` : `${ranges[i]}-${ranges[i + 1]}`);
  }
  return parts.join(', ');
}

describe('the tables', () => {
  it('of TLVs has every row of the code', () => {
    const places = (letters: string): string => (letters === '*' ? 'any response' : letters || '-');
    const expected = TAG_ROWS.map(({ tag, name, kind, in34, in50 }) => [
      tag.toString(16).toUpperCase().padStart(4, '0'),
      kind.repeats ? `${name} (n)` : name,
      kind.type,
      shown(kind.taken),
      kind.type === 'octets' ? kind.layout : shown(kind.values ?? []),
      places(in34),
      places(in50),
    ]);
    expect(rows('TLVs', /^[0-9A-F]{4}$/)).toEqual(expected);
  });

  it('of coverage says of every PDU and version what proves it', () => {
    const expected = COMMANDS.map((command) => [
      command,
      ...[smpp.VERSION_33, smpp.VERSION_34, smpp.VERSION_50].map((version) => {
        if (!isCommandOf(command, version)) return '-';
        const hasVector = vectors.some(
          (one) => one.valid && one.fields.command === command && versionOf(one) === version,
        );
        const proofs = [hasVector ? ['V'] : [], ['R'], command in oracleTables.commands ? ['N'] : []];
        return proofs.flat().join(' ');
      }),
    ]);
    const found = rows('Coverage table', /^[a-z_0-9]+$/);
    expect(found.map((cells) => cells.slice(0, 4))).toEqual(expected);
  });
});

describe('the examples', () => {
  const examples = ['Codec', 'Sessions', 'Receipts', 'TLVs'].flatMap((title) =>
    [...section(title).matchAll(/```ts\n([^]*?)```/g)].map(([, code], at) => ({
      name: `${title} ${at + 1}`,
      code,
    })),
  );

  it('are there', () => {
    expect(examples).toHaveLength(6);
  });

  it.each(examples)('$name prints what it says', ({ code }) => {
    const dir = tempDir();
    try {
      const path = join(dir.path, 'example.ts');
      writeFileSync(path, code.replaceAll("'./src/", `'${ROOT}/src/`));
      const printed = execFileSync(process.execPath, [path], { encoding: 'utf8' });
      const told = [...code.matchAll(/\/\/ prints: (.*)/g)].map(([, line]) => `${line}\n`);
      expect(told.length).toBeGreaterThan(0);
      expect(printed).toBe(told.join(''));
    } finally {
      dir.remove();
    }
  });
});
