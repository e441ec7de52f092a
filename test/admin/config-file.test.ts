import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'smol-toml';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { ConfigError, loadConfig } from '../../src/admin/config-file.ts';
import { verifyPassword } from '../../src/admin/password.ts';
import { configSchema } from '../../src/core/config.ts';

const DEMO = new URL('../../conf/tollgate.toml', import.meta.url);
let folder: string;

beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), 'tollgate-config-'))));
afterAll(() => rmSync(folder, { recursive: true }));

/** Writes a file and returns what loading it says. */
function said(text: string, environment: NodeJS.ProcessEnv = {}): string[] {
  const path = join(folder, 'test.toml');
  writeFileSync(path, text);
  try {
    loadConfig(path, environment);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.message.replaceAll(`${folder}/`, '').split('\n');
  }
}

const GOOD = `version = 1
[[smsc]]
id = "one"
host = "127.0.0.1"
port = 2776
system_id = "me"
password = "pw"
[route]
smscs = ["one"]
`;

describe('loadConfig', () => {
  test('makes data_dir absolute, from the folder of the file', () => {
    expect(said(GOOD)).toEqual([]);
    expect(loadConfig(join(folder, 'test.toml')).data_dir).toBe(join(folder, 'data'));
  });

  test('names the line of every problem, in the order of the file', () => {
    const text = `shards = 17
[smpp]
listn = "0.0.0.0:2775"
inactivity_s = -1

[[smsc]]
id = "one"
host = "127.0.0.1"
system_id = "me"
password = "pw"
[[smsc]]
"id" = "two"
host = "127.0.0.1"
port = 99999
system_id = "me"
password = "pw"
[route]
smscs = [
  "one",
  "three",
]
[http]
engine = "apache"
`;
    expect(said(text)).toEqual([
      'test.toml:1: shards: must be from 1 to 16',
      'test.toml:3: smpp.listn: unknown key, did you mean "listen"?',
      'test.toml:4: smpp.inactivity_s: must be from 0 to 604800',
      'test.toml:6: smsc[1].port: is missing',
      'test.toml:14: smsc[2].port: must be from 1 to 65535',
      'test.toml:20: route.smscs[2]: no [[smsc]] has the id "three"',
      'test.toml:23: http.engine: must be "auto" or "uws" or "node"',
    ]);
  });

  test('finds lines in dotted keys and inline tables', () => {
    const text = `smpp.listn = "x"\nhttp = { engine = "auto",  bodies = 1 }\n${GOOD.replace('version = 1\n', '')}`;
    expect(said(text)).toEqual([
      expect.stringMatching(/^test\.toml:1: smpp\.listn: /),
      expect.stringMatching(/^test\.toml:2: http\.bodies: /),
    ]);
  });

  test('says where a file stops being TOML, or that there is none', () => {
    expect(said('version = 1\nshards = = 2\n')).toEqual([expect.stringMatching(/^test\.toml:2: not TOML: /)]);
    expect(() => loadConfig(join(folder, 'absent.toml'))).toThrow('absent.toml: there is no such file');
    expect(() => loadConfig(folder)).toThrow(': is a folder');
  });

  test('reads secrets from files and the environment', () => {
    const path = join(folder, 'secret');
    writeFileSync(path, 's3cret\n', { mode: 0o600 });
    expect(said(GOOD.replace('"pw"', '"file:secret"'))).toEqual([]);
    expect(loadConfig(join(folder, 'test.toml')).smsc[0].password).toBe('s3cret');
    expect(said(GOOD.replace('"pw"', '"env:PW"'), { PW: 'x' })).toEqual([]);
    expect(loadConfig(join(folder, 'test.toml'), { PW: 'x' }).smsc[0].password).toBe('x');
    expect(said(GOOD.replace('"pw"', '"env:PW"'))).toEqual([
      'test.toml:7: smsc[1].password: the environment has no PW',
    ]);
    expect(said(GOOD.replace('"pw"', '"file:absent"'))).toEqual([
      'test.toml:7: smsc[1].password: there is no such file',
    ]);
    chmodSync(path, 0o644);
    expect(said(GOOD.replace('"pw"', '"file:secret"'))).toEqual([
      'test.toml:7: smsc[1].password: secret is open to every user, run: chmod o= secret',
    ]);
  });
});

describe('the demo configuration', () => {
  const text = readFileSync(DEMO, 'utf8');

  test('is right and has the password it prints', () => {
    const config = loadConfig(DEMO.pathname);
    expect(config.demo).toEqual({ simulator: true, password: 'demo1234' });
    expect(verifyPassword(config.account[0].password_hash, config.demo.password)).toBe(true);
  });

  test('shows every option, with its default where it is commented out', () => {
    const schema = z.toJSONSchema(configSchema, { io: 'input', unrepresentable: 'any' });
    // "# key = value", "# [[table]]": what the file would say if every default were written out.
    const written = parse(text.replaceAll(/^# (?=\[\[|[a-z_]+ = )/gm, ''));
    for (const [path, property] of options(schema as Shape, [])) {
      const value = path.reduce<unknown>((at, key) => first(at)?.[key], written);
      const commented = path.reduce<unknown>((at, key) => first(at)?.[key], parse(text)) === undefined;
      expect(value, path.join('.')).toBeDefined();
      if (commented && 'default' in property) expect(value, path.join('.')).toEqual(property.default);
      expect(property.description, path.join('.')).toBeTruthy();
    }
  });
});

interface Shape {
  readonly type?: string;
  readonly properties?: Record<string, Shape>;
  readonly items?: Shape;
  readonly default?: unknown;
  readonly description?: string;
}

function first(value: unknown): Record<string, unknown> | undefined {
  return (Array.isArray(value) ? value[0] : value) as Record<string, unknown> | undefined;
}

/** Every option of the schema with its path; a list of tables counts as one table. */
function* options(shape: Shape, path: string[]): Generator<[string[], Shape]> {
  for (const [key, child] of Object.entries(shape.properties ?? {})) {
    const below = child.properties === undefined ? child.items : child;
    if (below?.properties === undefined) yield [[...path, key], child];
    else yield* options(below, [...path, key]);
  }
}
