import { readFileSync, statSync } from 'node:fs';
import { dirname, isAbsolute, resolve } from 'node:path';
import { parse as parseToml, TomlError } from 'smol-toml';
import { checkConfig } from '../core/config.ts';
import type { Config } from '../core/config.ts';
import type { ConfigProblem } from '../core/config-relations.ts';
import { linesOf } from './config-lines.ts';

/** What is wrong with a configuration file: one line a problem, `file:line: key.path: message`. */
export class ConfigError extends Error {
  override name = 'ConfigError';
}

/**
 * Reads and checks a configuration file. `data_dir` comes back absolute, secrets come back resolved.
 * Throws ConfigError with every problem of the file.
 */
export function loadConfig(path: string, environment: NodeJS.ProcessEnv = process.env): Config {
  const text = readText(path);
  const folder = dirname(resolve(path));
  const value = parse(path, text);
  const problems = resolveSecrets(value, folder, environment);
  const result = checkConfig(value);
  // A secret that could not be read has its problem already; what the check says of its reference is noise.
  const told = new Set(problems.map(({ path: keys }) => keys.join('.')));
  if (!result.ok) problems.push(...result.problems.filter(({ path: keys }) => !told.has(keys.join('.'))));
  if (!result.ok || problems.length > 0) throw new ConfigError(report(path, text, problems));
  return { ...result.config, data_dir: resolve(folder, result.config.data_dir) };
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new ConfigError(`${path}: ${reason(error)}`);
  }
}

function parse(path: string, text: string): Record<string, unknown> {
  try {
    return parseToml(text);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const said = error.message.split('\n')[0].replace('Invalid TOML document: ', '');
    throw new ConfigError(`${path}:${error.line}: not TOML: ${said}`);
  }
}

const SECRET_KEYS = new Set(['password', 'password_hash', 'outbind_password']);

/**
 * Replaces `file:PATH` and `env:NAME` in place where a key holds a secret; returns what could not be read.
 */
function resolveSecrets(value: unknown, folder: string, environment: NodeJS.ProcessEnv): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  const walk = (node: unknown, path: readonly (string | number)[]): void => {
    if (typeof node !== 'object' || node === null) return;
    for (const [key, child] of Object.entries(node)) {
      const at = [...path, Array.isArray(node) ? Number(key) : key];
      if (!SECRET_KEYS.has(key) || typeof child !== 'string') {
        walk(child, at);
        continue;
      }
      try {
        (node as Record<string, unknown>)[key] = secret(child, folder, environment);
      } catch (error) {
        problems.push({ path: at, message: reason(error) });
      }
    }
  };
  walk(value, []);
  return problems;
}

function secret(text: string, folder: string, environment: NodeJS.ProcessEnv): string {
  if (text.startsWith('env:')) {
    const found = environment[text.slice(4)];
    if (found === undefined) throw new Error(`the environment has no ${text.slice(4)}`);
    return found;
  }
  if (!text.startsWith('file:')) return text;
  const name = text.slice(5);
  const path = isAbsolute(name) ? name : resolve(folder, name);
  if ((statSync(path).mode & 0o007) !== 0)
    throw new Error(`${name} is open to every user, run: chmod o= ${name}`);
  return readFileSync(path, 'utf8').replace(/\r?\n$/, '');
}

function report(file: string, text: string, problems: readonly ConfigProblem[]): string {
  const lineOf = linesOf(text);
  return problems
    .map(({ path, message }) => ({ line: lineOf(path), path: printPath(path), message }))
    .toSorted((a, b) => a.line - b.line)
    .map(({ line, path, message }) => `${file}:${line}: ${path}: ${message}`)
    .join('\n');
}

/** `smsc[2].port`: tables of one name are counted from 1, as an operator counts them. */
function printPath(path: readonly (string | number)[]): string {
  return path
    .map((key, at) => (typeof key === 'number' ? `[${key + 1}]` : at === 0 ? key : `.${key}`))
    .join('');
}

function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT') return 'there is no such file';
  if (code === 'EACCES') return 'no permission to read it';
  if (code === 'EISDIR') return 'is a folder';
  return error.message;
}
