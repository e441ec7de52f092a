import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join, posix } from 'node:path';
import { describe, expect, test } from 'vitest';
import { blank, filesBelow, readSource, ROOT } from './support/source.ts';
import type { SourceFile } from './support/source.ts';

const sources = filesBelow('src', ['.ts']).map(readSource);
const tests = filesBelow('test', ['.ts']).map(readSource);
const benches = filesBelow('bench', ['.ts']).map(readSource);
const byPath = new Map([...sources, ...tests, ...benches].map((file) => [file.path, file]));

// Who may import whom: a folder may import folders of a lower level, and itself.
const LEVELS: Record<string, number> = {
  'src/core': 0,
  'src/core/ring': 1,
  'src/smpp': 2,
  'src/http': 2,
  'src/admin': 2,
  'src/cdr': 2,
  'src/store': 2,
  'src/sim': 2,
  'src/load': 2,
  'src/edge': 3,
  'src/shard': 3,
  'src/threads': 4,
  'src/control': 5,
  'src/main.ts': 6,
  'src/cli': 7,
};
/** Exceptions on one level: both speak the protocol with the daemon's own codec. */
const SIDEWAYS = new Set(['src/sim src/smpp', 'src/load src/smpp']);
/** Files that are started, not imported; and the doors of the library, which only its users import. */
const ENTRIES = new Set(['src/cli/main.ts', 'src/smpp/esme-session.ts', 'src/smpp/server-session.ts']);

const FILE_LINES_MAX = 400;
/** The formatter breaks code at 110; comments and strings may go a little further. */
const LINE_COLUMNS_MAX = 120;
const FUNCTION_LINES_MAX = 70;

interface Ban {
  readonly what: RegExp;
  readonly instead: string;
  /** The files it holds for. */
  readonly where: (path: string) => boolean;
}

const outside =
  (...allowed: string[]) =>
  (path: string): boolean =>
    !allowed.some((one) => path === one || path.startsWith(`${one}/`));
/** Core decides and waits for nothing; its rings are where threads wait. */
const pure = (path: string): boolean => unitOf(path) === 'src/core';

/** Found in code only, not in comments or strings. */
const CODE_BANS: readonly Ban[] = [
  { what: /\bconsole\./, instead: 'the log', where: outside('src/cli', 'src/sim', 'src/load') },
  { what: /\bprocess\.exit\(/, instead: 'a throw', where: outside('src/cli', 'src/main.ts', 'src/threads') },
  { what: /\b(?:SharedArrayBuffer|Atomics)\b/, instead: 'src/core/ring', where: outside('src/core/ring') },
  { what: /\b(?:setTimeout|setInterval|setImmediate)\(/, instead: 'a tick', where: pure },
  { what: /\b(?:Date|performance)\.now\(|\bnew Date\(\)/, instead: 'a number', where: pure },
  { what: /\bMath\.random\(/, instead: 'a seeded generator', where: pure },
  { what: /\bexport default\b/, instead: 'a named export', where: () => true },
  { what: /\bany\b(?=\s*[;,)>\]=|])/, instead: 'unknown', where: () => true },
];

/** Packages that have one door each. */
const DOORS: Record<string, string> = {
  lmdb: 'src/cdr/lmdb.ts',
  'better-sqlite3': 'src/store/sqlite.ts',
  'uWebSockets.js': 'src/http/engine-uws.ts',
  'prom-client': 'src/admin/metrics.ts',
};

function unitOf(path: string): string {
  if (path.startsWith('src/core/ring/')) return 'src/core/ring';
  return path.split('/').slice(0, 2).join('/');
}

function found(files: readonly SourceFile[], look: (file: SourceFile) => Iterable<string>): string[] {
  return files.flatMap((file) => [...look(file)].map((problem) => `${file.path}${problem}`));
}

describe('imports', () => {
  test('every folder of src has a level', () => {
    const unknown = sources.map((file) => unitOf(file.path)).filter((unit) => !(unit in LEVELS));
    expect([...new Set(unknown)]).toEqual([]);
  });

  test('go down only', () => {
    const problems = found(sources, function* (file) {
      const from = unitOf(file.path);
      for (const target of [...file.imports, ...file.starts].filter((one) => one.startsWith('src/'))) {
        const to = unitOf(target);
        const fine = from === to || LEVELS[from] > LEVELS[to] || SIDEWAYS.has(`${from} ${to}`);
        if (!fine) yield ` imports ${target}`;
      }
    });
    expect(problems).toEqual([]);
  });

  test('stay in the checkout, end in .ts, and exist', () => {
    const problems = found([...byPath.values()], function* (file) {
      for (const target of [...file.imports, ...file.starts]) {
        if (!/^(?:src|test|bench)\//.test(target)) continue;
        if (!byPath.has(target) && !/\.(?:json|mjs)$/.test(target)) yield ` imports ${target}`;
      }
    });
    expect(problems).toEqual([]);
  });

  test('src imports nothing of test or bench', () => {
    const problems = found(sources, function* (file) {
      for (const target of file.imports) if (/^(?:test|bench)\//.test(target)) yield ` imports ${target}`;
    });
    expect(problems).toEqual([]);
  });

  test('of the library stay in src/smpp: it needs nothing of the daemon', () => {
    const reached = new Set(
      ['codec', 'frame', 'esme-session', 'server-session'].map((one) => `src/smpp/${one}.ts`),
    );
    // A Set hands out what is added while it is gone through.
    for (const path of reached) for (const target of byPath.get(path)?.imports ?? []) reached.add(target);
    const others = [...reached].filter((path) => !path.startsWith('src/smpp/') && !path.startsWith('node:'));
    expect(others).toEqual([]);
    expect(reached.size).toBeGreaterThan(30);
  });

  test('have no cycle, type imports included', () => {
    expect(cycles(sources)).toEqual([]);
  });

  test('leave no file of src unused', () => {
    const used = new Set(sources.flatMap((file) => [...file.imports, ...file.starts]));
    const unused = sources.map((file) => file.path).filter((path) => !used.has(path) && !ENTRIES.has(path));
    expect(unused).toEqual([]);
  });

  test('of packages go through their one door', () => {
    const problems = found(sources, function* (file) {
      for (const name of file.imports) {
        if (name in DOORS && DOORS[name] !== file.path) yield ` imports ${name}, which is ${DOORS[name]}'s`;
      }
      // require.resolve and the like.
      const quoted = /['"]uWebSockets\.js['"]/.test(file.text);
      if (quoted && file.path !== DOORS['uWebSockets.js']) yield ` names uWebSockets.js`;
    });
    expect(problems).toEqual([]);
  });

  test('of Node.js are named node: and stay out of core', () => {
    const problems = found(sources, function* (file) {
      for (const name of file.imports) {
        const bare = /^(?:fs|net|path|http|crypto|os|url|events|worker_threads)(?:\/|$)/.test(name);
        const impure = unitOf(file.path) === 'src/core' && /^node:(?!assert|buffer)/.test(name);
        if (bare || impure) yield ` imports ${name}`;
      }
    });
    expect(problems).toEqual([]);
  });

  test('reach real exports: no barrel files, no drawer for everything', () => {
    const drawers = /(?:^|\/)(?:index|utils?|helpers?|misc|common)(?:\.ts$|\/)/;
    expect([...byPath.keys()].filter((path) => drawers.test(path))).toEqual([]);
  });
});

describe('code', () => {
  test('holds nothing that is banned', () => {
    const problems = found(sources, function* (file) {
      for (const ban of CODE_BANS.filter(({ where }) => where(file.path))) {
        const lines = file.code.split('\n');
        const at = lines.findIndex((line) => ban.what.test(line));
        if (at >= 0) yield `:${at + 1}: ${file.lines[at].trim()} (instead: ${ban.instead})`;
      }
    });
    expect(problems).toEqual([]);
  });

  test('is of a readable size', () => {
    const problems = found([...byPath.values()], function* (file) {
      if (file.lines.length - 1 > FILE_LINES_MAX) yield ` has ${file.lines.length - 1} lines`;
      for (const [at, line] of file.lines.entries()) {
        const vector = file.path.startsWith('test/') && /[0-9a-f]{60}/.test(line);
        if (line.length > LINE_COLUMNS_MAX && !vector) yield `:${at + 1} has ${line.length} columns`;
      }
    });
    expect(problems).toEqual([]);
  });

  test('has no long function', () => {
    const oxlint = join(ROOT, 'node_modules/oxlint/bin/oxlint');
    const said = lint([oxlint, '-c', '.oxlintrc.json', '-A', 'all', '-D', 'max-lines-per-function', 'src']);
    expect(said.filter((line) => line.includes(`Maximum allowed is ${FUNCTION_LINES_MAX}`))).toEqual([]);
  });
});

describe('tests', () => {
  test('all run', () => {
    const problems = found(tests, function* (file) {
      const off = /\b(?:test|it|describe)\.(?:skip|only|todo|skipIf|runIf|fails)\b/.exec(file.code);
      if (off !== null) yield ` has ${off[0]}`;
    });
    expect(problems).toEqual([]);
  });
});

describe('text', () => {
  const TEXT = ['.ts', '.md', '.toml', '.service', '.json', '.sh', '.mjs'];
  const skipped = new Set(['node_modules', '.git', 'data', 'profiles', '.cache']);
  const paths = readdirSync(ROOT, { withFileTypes: true }).flatMap((entry) => {
    if (skipped.has(entry.name) || entry.name === 'package-lock.json') return [];
    return entry.isDirectory() ? filesBelow(entry.name, ['']) : [entry.name];
  });
  const texts = paths
    .filter((path) => TEXT.some((ending) => path.endsWith(ending)) || /^(?:bin|\.ci)\//.test(path))
    .map(readSource);

  test('has no unfinished business and no marks of where it was written', () => {
    // Put together here, so that this file does not find itself.
    const notes = ['TO' + 'DO', 'FIX' + 'ME', 'X' + 'XX'];
    const marks = [...notes, '/wo' + 'rk/', '/ro' + 'ot/', '/ho' + 'me/', '/tmp/br' + 'iefs'];
    const problems = found(texts, function* (file) {
      for (const mark of marks) if (file.text.includes(mark)) yield ` has ${mark}`;
      if (/\bissue #?\d+/i.test(file.text)) yield ' names an issue by number';
    });
    expect(problems).toEqual([]);
  });

  test('ends with one line feed and has no blanks at the end of a line', () => {
    const problems = found(texts, function* (file) {
      if (!/[^\n]\n$/.test(file.text)) yield ' does not end with one line feed';
      const at = file.lines.findIndex((line) => /[ \t\r]$/.test(line));
      if (at >= 0) yield `:${at + 1} ends with a blank`;
    });
    expect(problems).toEqual([]);
  });
});

// What the checks above stand on.
describe('the scanner', () => {
  test('blanks comments, strings and regular expressions and keeps what is code', () => {
    expect(blank('a // b\nc')).toBe('a     \nc');
    expect(blank("f('x\\'y', /*z*/ 1)")).toBe("f('    ',       1)");
    expect(blank('`a${b(`c`)}d` + e')).toBe('`           ` + e');
    expect(blank('x = /["\'/]/ + 1; y = a / b / c')).toBe(`x = ${' '.repeat(7)} + 1; y = a / b / c`);
  });

  test('finds imports of every form', () => {
    const { imports, starts } = readSource('src/http/native-cache.ts');
    expect(imports).toContain('node:crypto');
    expect(starts).toEqual(['src/http/probe.ts']);
    expect(readSource('src/cli/serve.ts').imports).toContain('src/main.ts');
  });

  test('finds a cycle', () => {
    const rest = { text: '', lines: [], code: '', starts: [] };
    const file = (path: string, imports: string[]): SourceFile => ({ path, imports, ...rest });
    expect(cycles([file('a', ['b']), file('b', ['c']), file('c', ['b'])])).toEqual(['b > c > b']);
  });
});

/** One cycle through each file that closes one. */
function cycles(files: readonly SourceFile[]): string[] {
  const imports = new Map(files.map((file) => [file.path, file.imports]));
  const done = new Set<string>();
  const problems: string[] = [];
  const walk = (path: string, trail: readonly string[]): void => {
    const at = trail.indexOf(path);
    if (at >= 0) problems.push([...trail.slice(at), path].map((one) => posix.normalize(one)).join(' > '));
    if (at >= 0 || done.has(path)) return;
    for (const target of imports.get(path) ?? []) if (imports.has(target)) walk(target, [...trail, path]);
    done.add(path);
  };
  for (const path of imports.keys()) walk(path, []);
  return problems;
}

/** The lines that oxlint says, whatever its exit code. */
function lint(words: readonly string[]): string[] {
  try {
    execFileSync(process.execPath, words, { cwd: ROOT, encoding: 'utf8' });
    return [];
  } catch (error) {
    const { stdout } = error as { stdout?: string };
    if (typeof stdout !== 'string') throw error;
    return stdout.split('\n');
  }
}
