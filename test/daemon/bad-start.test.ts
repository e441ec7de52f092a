import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { makeSite, pause, runCommand } from '../support/daemon.ts';
import type { ConfigTables } from '../support/daemon.ts';
import { listSegments } from '../../src/cdr/segments.ts';
import { freePort } from '../support/ports.ts';
import { Stage } from './stage.ts';

let stage: Stage;
beforeEach(() => void (stage = new Stage()));
afterEach(() => stage.clear());

/** Starts where it can not; resolves with what it says. */
async function refused(
  tables: ConfigTables,
): Promise<{ code: number | null; lines: string[]; changed: boolean }> {
  const site = await makeSite(stage.path, tables);
  const { code, stderr } = await runCommand(['serve', '--config', site.configPath]);
  return { code, lines: stderr.trim().split('\n'), changed: existsSync(site.dataDir) };
}

describe('one line, an exit code, and nothing changed on disk', () => {
  test.each(['smpp', 'http'])('%s.listen is in use', async (key) => {
    const server = createServer();
    const port = await freePort();
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    const listen = { listen: `127.0.0.1:${port}` };
    const said = await refused({ [key]: listen, smsc: [{ port: 1 }] });
    server.close();
    expect(said.code).not.toBe(0);
    expect(said.lines).toHaveLength(1);
    expect(said.lines[0]).toContain(`tollgate.toml: ${key}.listen 127.0.0.1:${port}`);
    expect(said.lines[0]).toContain('EADDRINUSE');
    expect(said.changed).toBe(false);
  });

  test('an unknown key, a wrong type and a bad password hash: each with file, line and key', async () => {
    const account = [{ password_hash: 'plain' }];
    const said = await refused({ account, smsc: [{ port: 'many', windows: 10 }] });
    expect(said.code).not.toBe(0);
    expect(said.changed).toBe(false);
    for (const key of ['password_hash', 'port', 'windows']) {
      const line = said.lines.find((each) => each.includes(key));
      expect(line, said.lines.join('\n')).toMatch(/tollgate\.toml:\d+/);
    }
  });
});

test('a data directory that another daemon uses is refused, and the other goes on', async () => {
  const simulator = await stage.simulator();
  await stage.serve({ smsc: [{ port: simulator.port }] });
  const other = await makeSite(join(stage.path, 'other'), {
    data_dir: stage.site.dataDir,
    smsc: [{ port: simulator.port }],
  });
  const { code, stderr } = await runCommand(['serve', '--config', other.configPath]);
  expect(code).not.toBe(0);
  expect(stderr).toContain(`in use by another tollgate (process ${stage.daemon.command.child.pid})`);
  const esme = await stage.esme();
  await esme.receipt(await esme.send());
});

test('a damaged segment is set aside with a loud line; the daemon runs, the file is kept', async () => {
  const simulator = await stage.simulator();
  await stage.serve({ smsc: [{ port: simulator.port }] });
  const esme = await stage.esme();
  await esme.receiptsOf(await esme.sendMany(200));
  await stage.daemon.kill();
  const [segment] = listSegments(stage.site.dataDir, 0);
  const bytes = readFileSync(segment.path);
  // In events, behind LMDB's two meta pages: in each, for LMDB leaves old copies of pages in the file, and
  // damage to those is none.
  const number = '962790000001';
  let at = bytes.indexOf(number, 8_192);
  expect(at).toBeGreaterThan(0);
  for (; at >= 0; at = bytes.indexOf(number, at)) bytes[at] ^= 0xff;
  writeFileSync(segment.path, bytes);
  await stage.start();
  expect(stage.daemon.log).toContain('LEDGER SEGMENT DAMAGED');
  expect(await stage.daemon.metric('segments_quarantined')).toBe(1);
  const kept = readdirSync(stage.site.dataDir, { recursive: true }).map(String);
  expect(kept.filter((path) => path.includes('quarantine'))).not.toEqual([]);
  const again = await stage.esme();
  await again.receipt(await again.send());
});

test('a second SIGTERM ends it at once; what it had acknowledged is there', async () => {
  const smsc = await stage.npmSmsc(() => undefined);
  await stage.serve({ smsc: [{ port: smsc.port }] });
  const esme = await stage.esme();
  const id = await esme.send();
  await stage.daemon.untilMetric('smsc_window_used', (count) => count === 1);
  const { command } = stage.daemon;
  command.child.kill('SIGTERM');
  // npm and the terminal both hand a signal on: two within a moment are one wish.
  await pause(200);
  command.child.kill('SIGTERM');
  await pause(1_300);
  expect(command.isRunning, 'two signals of one moment are one').toBe(true);
  expect(await command.kill('SIGTERM')).toEqual({ code: null, signal: 'SIGKILL' });
  await stage.start();
  await stage.daemon.untilMetric('smsc_window_used', (count) => count === 1);
  expect(smsc.submits.map(({ text }) => text)).toEqual(['hello', 'hello']);
  expect((await stage.history(id)).types).toEqual(['ACCEPTED']);
});
