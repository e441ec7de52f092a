import { readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));

export interface SourceFile {
  /** From the top of the checkout, with `/`. */
  readonly path: string;
  readonly text: string;
  readonly lines: readonly string[];
  /** The text with comments, and what strings and regular expressions hold, turned into spaces. */
  readonly code: string;
  /** What it imports: paths of this checkout, or names of packages. Type imports count. */
  readonly imports: readonly string[];
  /** Files that it starts as a thread or a process: `new URL('./x.ts', import.meta.url)`. */
  readonly starts: readonly string[];
}

/** The files below a folder of the checkout, in order of their names, with one of these endings. */
export function filesBelow(folder: string, endings: readonly string[]): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && endings.some((ending) => entry.name.endsWith(ending)))
    .map((entry) => posix.relative(ROOT, posix.join(entry.parentPath, entry.name)))
    .toSorted();
}

export function readSource(path: string): SourceFile {
  const text = readFileSync(join(ROOT, path), 'utf8');
  const code = blank(text);
  const imports = namesBehind(/\b(?:from|import)\s*\(?\s*(['"])/g, path, text, code);
  const starts = namesBehind(/\bnew URL\(\s*(['"])/g, path, text, code).filter((name) =>
    name.endsWith('.ts'),
  );
  return { path, text, lines: text.split('\n'), code, imports, starts };
}

/** The quoted names behind a pattern that ends with the opening quote, found where there is code. */
function namesBehind(pattern: RegExp, path: string, text: string, code: string): string[] {
  const found: string[] = [];
  for (const match of code.matchAll(pattern)) {
    const start = match.index + match[0].length;
    const name = text.slice(start, text.indexOf(match[1], start));
    found.push(name.startsWith('.') ? posix.join(posix.dirname(path), name) : name);
  }
  return found;
}

const QUOTES = new Set(["'", '"', '`']);

/** Blanks comments, strings, templates (whole) and regular expressions; keeps quotes and lines. */
export function blank(text: string): string {
  const chars = Array.from({ length: text.length }, (_, at) => text[at]);
  const wipe = (from: number, to: number): void => {
    for (let at = from; at < to; at++) if (chars[at] !== '\n') chars[at] = ' ';
  };
  let at = 0;
  while (at < text.length) {
    const end = spanEnd(text, at);
    if (end === undefined) {
      at++;
      continue;
    }
    if (QUOTES.has(text[at])) wipe(at + 1, end - 1);
    else wipe(at, end);
    at = end;
  }
  return chars.join('');
}

/** Where the comment, string or regular expression that starts here ends; undefined when none starts here. */
function spanEnd(text: string, at: number): number | undefined {
  const char = text[at];
  if (QUOTES.has(char)) return quotedEnd(text, at, char);
  if (char !== '/') return undefined;
  if (text[at + 1] === '/') return orEnd(text, text.indexOf('\n', at));
  if (text[at + 1] === '*') return orEnd(text, text.indexOf('*/', at) + 2);
  const before = text.slice(Math.max(0, at - 40), at).trimEnd();
  if (!/(?:[(,=:[!&|?{};+]|\breturn|=>)$/.test(before)) return undefined;
  const found = /^\/(?:[^/\\\n[]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\//.exec(text.slice(at, at + 400));
  return found === null ? undefined : at + found[0].length;
}

function quotedEnd(text: string, start: number, quote: string): number {
  let depth = 0;
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === '\\') at++;
    else if (quote === '`' && text[at] === '$' && text[at + 1] === '{') depth++;
    else if (quote === '`' && text[at] === '}' && depth > 0) depth--;
    else if (text[at] === quote && depth === 0) return at + 1;
    else if (quote === '`' && depth > 0 && QUOTES.has(text[at])) at = quotedEnd(text, at, text[at]) - 1;
  }
  return text.length;
}

function orEnd(text: string, at: number): number {
  return at < 2 ? text.length : at;
}
