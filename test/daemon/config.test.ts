/** Starts that must not happen: one line that names the place, an exit code, and the disk as it was. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, lstatSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { makeSite, runCommand, writeConfig } from '../support/daemon.ts';
import type { CommandResult, ConfigTables, Site } from '../support/daemon.ts';
import { freePort } from '../support/ports.ts';
import { Stage } from './stage.ts';

let stage: Stage;
beforeEach(() => void (stage = new Stage()));
afterEach(() => stage.clear());

/** What taking the lock writes. */
const OF_THE_LOCK = /^data\/(lock\.sqlite(-journal)?|daemon\.pid)$/;

/** Every file below a directory with a digest of its bytes, and every directory. */
function treeOf(path: string): Record<string, string> {
  const names = readdirSync(path, { recursive: true })
    .map(String)
    .filter((name) => !OF_THE_LOCK.test(name))
    .toSorted();
  const digest = (name: string): string => {
    const full = join(path, name);
    const kind = lstatSync(full);
    if (kind.isDirectory()) return 'directory';
    // The admin socket of a daemon that was killed.
    if (kind.isSocket()) return 'socket';
    return createHash('sha256').update(readFileSync(full)).digest('hex');
  };
  return Object.fromEntries(names.map((name) => [name, digest(name)]));
}

async function startAt(site: Site): Promise<CommandResult & { line: string }> {
  const before = treeOf(site.dir);
  const result = await runCommand(['serve', '--config', site.configPath]);
  expect(result.code, result.stderr).toBeGreaterThan(0);
  const lines = result.stderr.trim().split('\n');
  expect(lines).toHaveLength(1);
  expect(lines[0]).not.toMatch(/\n\s+at /);
  expect(treeOf(site.dir)).toEqual(before);
  return { ...result, line: lines[0] };
}

/** A data directory with open messages, its daemon killed; `tables` may be written there again. */
async function leftLedger(): Promise<{ site: Site; tables: ConfigTables; ids: string[] }> {
  const tables: ConfigTables = { smsc: [{ port: await freePort() }] };
  await stage.serve(tables, false);
  const esme = await stage.esme();
  const ids = await esme.sendMany(20);
  await stage.daemon.kill();
  return { site: stage.site, tables, ids };
}

/** The left ledger as it was: the messages come out of it. */
async function expectDelivered(tables: ConfigTables, ids: string[]): Promise<void> {
  writeConfig(stage.site, tables);
  await stage.simulator({ port: Number(tables.smsc[0].port) });
  await stage.start();
  const esme = await stage.esme();
  await esme.receiptsOf(ids);
}

describe('of the file', () => {
  const smsc = [{ port: 2_776 }];

  test.each<[string, ConfigTables, RegExp]>([
    ['an unknown key', { smsc, ledger: { segment_bytes: 1 } }, /:\d+: ledger\.segment_bytes: unknown key/],
    ['an unknown table', { smsc, http: { tls: {} } }, /:\d+: http\.tls: unknown key/],
    ['a wrong type', { smsc: [{ port: 'many' }] }, /:\d+: smsc\[1\]\.port: must be/],
    ['out of bounds', { smsc: [{ port: 65_536 }] }, /:\d+: smsc\[1\]\.port: must be from 1 to 65535/],
    ['a bad password hash', { smsc, account: [{ password_hash: '$argon2id$v=19$' }] }, /account\[1\]\.pass/],
    [
      'a hash that is no hash',
      { smsc, account: [{ password_hash: 'x' }] },
      /:\d+: account\[1\]\.password_hash/,
    ],
    [
      'a secret that is not there',
      { smsc: [{ port: 1, password: 'file:none' }] },
      /:\d+: smsc\[1\]\.password/,
    ],
    [
      'a variable that is not set',
      { smsc: [{ port: 1, password: 'env:TOLLGATE_NO_SUCH' }] },
      /smsc\[1\]\.pass/,
    ],
    ['a route to nowhere', { smsc, route: { smscs: ['other'] } }, /:\d+: route\.smscs\[1\]: no \[\[smsc\]\]/],
    [
      'an address that is none',
      { smsc, smpp: { listen: 'here' } },
      /:\d+: smpp\.listen: must be "address:port"/,
    ],
  ])('%s', async (_name, tables, expected) => {
    const site = await makeSite(stage.path, tables);
    const { line } = await startAt(site);
    expect(line.startsWith(`${site.configPath}:`)).toBe(true);
    expect(line).toMatch(expected);
    const check = await runCommand(['check', '--config', site.configPath]);
    expect(check.code).toBe(1);
    expect(check.stderr).toContain(line);
  });

  test('it is not there, is a folder, is no TOML', async () => {
    const site = await makeSite(stage.path, { smsc });
    writeFileSync(site.configPath, 'version = 1\n[smpp\nlisten = "x"\n');
    expect((await startAt(site)).line).toMatch(/tollgate\.toml:2: not TOML/);
    rmSync(site.configPath);
    expect((await startAt(site)).line).toMatch(/tollgate\.toml: there is no such file/);
    mkdirSync(site.configPath);
    expect((await startAt(site)).line).toMatch(/tollgate\.toml: is a folder/);
  });
});

describe('of the ports, with a ledger there', () => {
  test.each(['smpp', 'http'] as const)('%s.listen is in use', async (key) => {
    const { site, tables, ids } = await leftLedger();
    const port = await freePort();
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    writeConfig(site, { ...tables, [key]: { listen: `127.0.0.1:${port}` } });
    expect((await startAt(site)).line).toContain(`tollgate.toml: ${key}.listen 127.0.0.1:${port}`);
    server.close();
    await expectDelivered(tables, ids);
  });

  test('an address that this machine does not have', async () => {
    // TEST-NET-1 of RFC 5737: never an address of a machine.
    const site = await makeSite(stage.path, { smpp: { listen: '192.0.2.1:20000' }, smsc: [{ port: 1 }] });
    expect((await startAt(site)).line).toMatch(
      /tollgate\.toml: smpp\.listen 192\.0\.2\.1:20000: .*EADDRNOTAVAIL/,
    );
    expect(existsSync(site.dataDir)).toBe(false);
  });
});

describe('of the data directory', () => {
  test.each<[string, Partial<ConfigTables> & { node_id?: string }, RegExp]>([
    ['another number of shards', { shards: 2 }, /names\.json: .*shards/],
    ['another node', { node_id: 'tollgate-2' }, /names\.json: .*node_id/],
  ])('%s', async (_name, change, expected) => {
    const { site, tables, ids } = await leftLedger();
    writeConfig(site, { ...tables, ...change });
    expect((await startAt(site)).line).toMatch(expected);
    await expectDelivered(tables, ids);
  });

  test('another daemon uses it: the other goes on, and its files are left alone', async () => {
    const simulator = await stage.simulator();
    await stage.serve({ smsc: [{ port: simulator.port }] });
    const { dataDir } = stage.site;
    const other = await makeSite(join(stage.path, 'other'), { data_dir: dataDir, smsc: [{ port: 1 }] });
    const names = readFileSync(join(dataDir, 'names.json'));
    expect((await startAt(other)).line).toContain(`${dataDir} is in use by another tollgate`);
    expect(readFileSync(join(dataDir, 'names.json'))).toEqual(names);
    const pid = readFileSync(join(dataDir, 'daemon.pid'), 'utf8');
    expect(Number(pid)).toBe(stage.daemon.command.child.pid);
    const esme = await stage.esme();
    await esme.receipt(await esme.send());
  });

  test('its path is a file, or leads through one', async () => {
    for (const name of ['file', 'file/data']) {
      const path = join(stage.path, name);
      const site = await makeSite(stage.path, { data_dir: path, smsc: [{ port: 1 }] });
      writeFileSync(join(stage.path, 'file'), 'here first');
      const { line } = await startAt(site);
      expect(line).toContain(path);
      expect(line).toContain('data_dir');
    }
  });

  test('it can not be written', async (context) => {
    const { site, tables, ids } = await leftLedger();
    try {
      execFileSync('mount', ['--bind', site.dataDir, site.dataDir], { stdio: 'pipe' });
    } catch (error) {
      const why = `no bind mount here: ${error instanceof Error ? error.message : String(error)}`;
      process.stderr.write(`\nNOT TESTED: a data directory that can not be written: ${why}\n`);
      return context.skip(why);
    }
    try {
      execFileSync('mount', ['-o', 'remount,bind,ro', site.dataDir], { stdio: 'pipe' });
      const { line } = await startAt(site);
      expect(line).toContain(site.dataDir);
      expect(line).toMatch(/read-only|readonly|EROFS/i);
    } finally {
      execFileSync('umount', ['-l', site.dataDir]);
    }
    await expectDelivered(tables, ids);
    return undefined;
  });
});
