import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { verifyPassword } from '../../src/admin/password.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'tollgate-check-'));
const wrong = join(folder, 'wrong.toml');
writeFileSync(wrong, 'shards = 99\n[smpp]\nlistn = "x"\n');

afterAll(() => rmSync(folder, { recursive: true }));

interface Outcome {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function tollgate(words: readonly string[], input = ''): Outcome {
  return spawnSync('sh', ['bin/tollgate', ...words], { cwd: ROOT, input, encoding: 'utf8' });
}

test('check says ok and what the daemon would do, and shows no secret', () => {
  const { status, stdout, stderr } = tollgate(['check', '--config', 'conf/tollgate.toml']);
  expect([status, stderr]).toEqual([0, '']);
  expect(stdout).toMatch(/^ok\n/);
  expect(stdout).toContain('127.0.0.1:2775');
  expect(stdout).not.toMatch(/demo1234|argon2|secret/);
});

test('check exits 1 with a line for each problem', () => {
  const { status, stderr } = tollgate(['check', '-c', wrong]);
  expect(status).toBe(1);
  expect(stderr).toContain(`${wrong}:1: shards: must be from 1 to 16\n`);
  expect(stderr).toContain(`${wrong}:3: smpp.listn: unknown key, did you mean "listen"?\n`);
});

test('serve with a wrong configuration exits 78', () => {
  const { status, stderr } = tollgate(['serve', '-c', wrong]);
  expect(status).toBe(78);
  expect(stderr).toContain(`${wrong}:1: shards: `);
});

test.each([[['check', '--confg', 'x']], [['serv']], [[]], [['check', 'more']], [['check', '--config']]])(
  'usage errors exit 64 in one line and a hint: %j',
  (words) => {
    const { status, stdout, stderr } = tollgate(words);
    expect([status, stdout]).toEqual([64, '']);
    expect(stderr).toMatch(/^tollgate: .+\ntollgate: 'tollgate --help' lists what there is\n$/);
  },
);

test('help lists the commands', () => {
  const { status, stdout } = tollgate(['--help']);
  expect(status).toBe(0);
  for (const command of ['serve', 'check', 'hash-password', 'sim', 'load', 'version']) {
    expect(stdout).toContain(`tollgate ${command}`);
  }
});

test('hash-password reads stdin and prints a hash of it', () => {
  const { status, stdout, stderr } = tollgate(['hash-password'], 's3cret\n');
  expect([status, stderr]).toEqual([0, '']);
  expect(verifyPassword(stdout.trim(), 's3cret')).toBe(true);
  expect(tollgate(['hash-password'], '\n').status).toBe(65);
});

test('version prints the version of the package', () => {
  expect(tollgate(['version']).stdout).toMatch(/^tollgate \d+\.\d+\.\d+ \(Node\.js v24\./);
});
