/** Before the tests of whole daemons: one that ends by itself writes down what it has compiled, for all others. */
import { existsSync } from 'node:fs';
import { COMPILE_CACHE, makeSite, runCommand, startDaemon } from './daemon.ts';
import { freePort } from './ports.ts';
import { tempDir } from './tmp.ts';

export async function setup(): Promise<void> {
  // After a change only what was changed is compiled again.
  if (existsSync(COMPILE_CACHE)) return;
  const dir = tempDir();
  const site = await makeSite(dir.path, { smsc: [{ port: await freePort() }] });
  const daemon = await startDaemon(site);
  await daemon.stop();
  await runCommand(['ledger', 'audit', '--data-dir', site.dataDir]);
  dir.remove();
}
