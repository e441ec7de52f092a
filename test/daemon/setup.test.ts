import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { runCommand, startDaemon, until } from '../support/daemon.ts';
import type { Daemon, Site } from '../support/daemon.ts';
import { freePort } from '../support/ports.ts';
import { tempDir } from '../support/tmp.ts';
import type { TempDir } from '../support/tmp.ts';

const DEMO_CONFIG = new URL('../../conf/tollgate.toml', import.meta.url);

let dir: TempDir;
beforeEach(() => void (dir = tempDir()));
let daemon: Daemon | undefined;

afterEach(async () => {
  if (daemon?.command.isRunning === true) await daemon.kill();
  dir.remove();
});

/** The demo's own file, with nothing changed but ports and the data directory. */
async function demoSite(): Promise<Site> {
  const path = join(dir.path, 'conf');
  mkdirSync(path);
  const [smppPort, httpPort, simulatorPort] = [await freePort(), await freePort(), await freePort()];
  const swaps: [string, string][] = [
    ['127.0.0.1:2775', `127.0.0.1:${smppPort}`],
    ['# listen = "127.0.0.1:8080"', `listen = "127.0.0.1:${httpPort}"`],
    ['port = 2776', `port = ${simulatorPort}`],
  ];
  let text = readFileSync(DEMO_CONFIG, 'utf8');
  for (const [from, to] of swaps) {
    expect(text).toContain(from);
    text = text.replace(from, to);
  }
  const configPath = join(path, 'tollgate.toml');
  writeFileSync(configPath, text);
  return { dir: dir.path, dataDir: join(dir.path, 'data'), configPath, smppPort, httpPort };
}

function printed(pattern: RegExp): string[] {
  const found = pattern.exec(daemon?.command.stdout ?? '');
  if (found === null) throw new Error(`not printed: ${pattern}\n${daemon?.command.stdout}`);
  return found.slice(1);
}

test('the lines that the demo prints work: a message, its receipt, its record, and the health pages', async () => {
  daemon = await startDaemon(await demoSite());
  await until(() => daemon?.command.stdout.includes('ledger show') === true, 'the demo lines');
  await daemon.untilMetric('smsc_bound', (count) => count === 1);

  const [login, url] = printed(/curl -u (\S+) (\S+) /);
  const [body] = printed(/-d '([^']+)'/);
  const authorization = `Basic ${Buffer.from(login).toString('base64')}`;
  const answer = await fetch(url, { method: 'POST', body, headers: { authorization } });
  expect(answer.status).toBe(200);
  const { id } = (await answer.json()) as { id: string };
  expect(id).toMatch(/^[0-9a-f]{16}$/i);

  const [load] = printed(/bin\/tollgate (load .*)/);
  await daemon.untilMetric('receipts_waiting', (count) => count === 1);
  const loaded = await runCommand(load.trim().split(' '));
  expect(loaded.stdout).toContain('accepted 10');
  expect(loaded, loaded.stdout + loaded.stderr).toMatchObject({ code: 0 });

  await daemon.untilNonePending();
  const [show] = printed(/bin\/tollgate (ledger show .*) ID/);
  const shown = await runCommand([...show.split(' '), id]);
  expect(shown.code).toBe(0);
  const types = shown.stdout.match(/ (ACCEPTED|SENT|RECEIPT|FINAL)$/gm)?.map((type) => type.trim());
  expect(types).toEqual(['ACCEPTED', 'SENT', 'RECEIPT', 'FINAL']);
  expect(shown.stdout).toMatch(/^cdr$/m);

  for (const path of ['/livez', '/readyz']) {
    const page = await fetch(daemon.url(path));
    expect([path, page.status, await page.text()]).toEqual([path, 200, 'ok\n']);
  }
  const metrics = await daemon.metrics();
  expect(metrics.get('tollgate_accepted_total')).toBe(11);
  expect(metrics.get('tollgate_final_total')).toBe(11);
  expect(metrics.get('tollgate_conservation_difference')).toBe(0);
  expect(await daemon.stop()).toBe(0);
});
