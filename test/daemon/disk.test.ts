/** A disk that fills up under load, on a small file system of memory that the test mounts as the data directory. */
import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { TestContext } from 'vitest';
import { pause, runCommand, until } from '../support/daemon.ts';
import { freePort } from '../support/ports.ts';
import type { Esme } from './esme.ts';
import { Stage } from './stage.ts';

const MIB = 1024 * 1024;
const ESME_ROK = 0;
const ESME_RSYSERR = 8;
const ESME_RMSGQFUL = 0x14;

let stage: Stage;
let mounted: string | undefined;
beforeEach(() => void (stage = new Stage()));
afterEach(async () => {
  // Lazily: the daemon may still have files open there, and ends with the stage.
  if (mounted !== undefined) execFileSync('umount', ['-l', mounted]);
  mounted = undefined;
  await stage.clear();
});

function loudlySkip(context: TestContext, why: string): never {
  process.stderr.write(`\nNOT TESTED: a full disk: ${why}\n`);
  return context.skip(why);
}

/** Mounts the data directory; the reason when this user may not. */
function mountDataDirectory(bytes: number): string | undefined {
  const path = join(stage.path, 'data');
  mkdirSync(path);
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes},mode=700`, 'tmpfs', path], { stdio: 'pipe' });
  } catch (error) {
    return `no tmpfs can be mounted here: ${error instanceof Error ? error.message : String(error)}`;
  }
  mounted = path;
  return undefined;
}

function freeBytes(): number {
  const { bavail, bsize } = statfsSync(stage.site.dataDir);
  return bavail * bsize;
}

/** Takes room until only `left` bytes are free. */
function fill(name: string, left: number): string {
  const path = join(stage.site.dataDir, name);
  writeFileSync(path, Buffer.alloc(Math.max(0, freeBytes() - left)));
  return path;
}

/** What is awaited, unless the daemon ends first: then its log is thrown. */
function orItsEnd<T>(awaited: Promise<T>): Promise<T> {
  const { daemon } = stage;
  const ended = daemon.command.ended.then(({ code, signal }): never => {
    throw new Error(`the daemon ended (${code ?? signal}):\n${daemon.log}`);
  });
  return Promise.race([awaited, ended]);
}

/** Submits in rounds until one is refused; the ids of the accepted ones and every status but ESME_ROK. */
async function sendUntilRefused(
  esme: Esme,
  roundsMax: number,
): Promise<{ ids: string[]; refused: number[] }> {
  const ids: string[] = [];
  const refused: number[] = [];
  for (let round = 0; round < roundsMax && refused.length === 0; round++) {
    // The longest text of one SMS: a longer one is two parts, and has a record of each.
    const text = `${round} `.padEnd(160, 'x');
    const answers = await orItsEnd(
      Promise.all(Array.from({ length: 400 }, () => esme.submit({ short_message: text }))),
    );
    for (const { command_status: status, message_id: id } of answers) {
      if (status === ESME_ROK) ids.push(id);
      else refused.push(status);
    }
  }
  return { ids, refused };
}

async function untilAccepted(esme: Esme): Promise<string> {
  let id = '';
  await until(async () => {
    const { command_status: status, message_id: given } = await orItsEnd(esme.submit());
    id = given;
    return status === ESME_ROK;
  }, 'a submit is accepted again');
  return id;
}

/** Every acknowledged message has its receipt, its one final CDR, and nothing else is there. */
async function expectAllDone(esme: Esme, ids: string[]): Promise<void> {
  await esme.receiptsOf(ids, 30_000);
  await stage.daemon.untilNonePending();
  expect(await stage.daemon.metric('conservation_difference')).toBe(0);
  expect(await stage.daemon.stop()).toBe(0);
  const audit = await stage.audit();
  expect(audit).toMatchObject({ accepted: ids.length, final: ids.length, open: 0, finalDouble: 0, lost: 0 });
  expect(audit).toMatchObject({ receipts: ids.length, faulty: [] });
}

const TABLES = {
  ledger: { disk_reserve_bytes: 8 * MIB, segment_bytes_max: MIB, segment_age_s: 2, settle_age_s: 1 },
};

/** Takes every byte there is, as another program might: in steps, since the daemon writes at the same time. */
function fillToTheLast(name: string): string {
  const path = join(stage.site.dataDir, name);
  for (let step = MIB; step >= 512; step /= 2) {
    try {
      for (;;) appendFileSync(path, Buffer.alloc(step));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    }
  }
  return path;
}

test('a full disk refuses what is new, keeps what it has, and goes on when there is room', async (context) => {
  const hindrance = mountDataDirectory(48 * MIB);
  if (hindrance !== undefined) loudlySkip(context, hindrance);
  const simulator = await stage.simulator();
  await stage.serve({ ...TABLES, smsc: [{ port: simulator.port }] });
  const filler = fill('filler', 12 * MIB);
  const esme = await stage.esme();
  const { ids, refused } = await sendUntilRefused(esme, 100);
  expect(refused.length).toBeGreaterThan(0);
  for (const status of refused) expect([ESME_RMSGQFUL, ESME_RSYSERR]).toContain(status);
  await esme.receiptsOf(ids);
  rmSync(filler);
  ids.push(await untilAccepted(esme));
  await expectAllDone(esme, ids);
});

test('a full disk with a queue in memory: nothing is moved into the store until there is room', async (context) => {
  const hindrance = mountDataDirectory(48 * MIB);
  if (hindrance !== undefined) loudlySkip(context, hindrance);
  const port = await freePort();
  // Nobody listens there yet.
  await stage.serve({ ...TABLES, smsc: [{ port, window: 500 }] }, false);
  const filler = fill('filler', 24 * MIB);
  const esme = await stage.esme();
  const { ids, refused } = await sendUntilRefused(esme, 200);
  expect(refused.length).toBeGreaterThan(0);
  await pause(3_000);
  rmSync(filler);
  await stage.simulator({ port });
  await expectAllDone(esme, ids);
});

test('somebody else takes the last byte: commits fail, none is acknowledged, and it goes on', async (context) => {
  const hindrance = mountDataDirectory(48 * MIB);
  if (hindrance !== undefined) loudlySkip(context, hindrance);
  // Its answers come when the disk is full: what they say has to be written, and must not be lost.
  const simulator = await stage.simulator({ latencyMs: { min: 1_000, max: 1_500 } });
  await stage.serve({ ...TABLES, smsc: [{ port: simulator.port, window: 1_000 }] });
  const esme = await stage.esme();
  const ids = await esme.sendMany(500);
  const filler = fillToTheLast('filler');
  const { ids: more, refused } = await sendUntilRefused(esme, 100);
  ids.push(...more);
  expect(refused.length).toBeGreaterThan(0);
  for (const status of refused) expect([ESME_RMSGQFUL, ESME_RSYSERR]).toContain(status);
  await pause(2_000);
  expect((await orItsEnd(esme.submit())).command_status).not.toBe(ESME_ROK);
  expect(await stage.daemon.metric('commit_failures_total')).toBeGreaterThan(0);
  rmSync(filler);
  ids.push(await untilAccepted(esme));
  await expectAllDone(esme, ids);
});

test('a start on a full disk says so in one line; with room again everything is there', async (context) => {
  const hindrance = mountDataDirectory(48 * MIB);
  if (hindrance !== undefined) loudlySkip(context, hindrance);
  const port = await freePort();
  await stage.serve({ ...TABLES, smsc: [{ port, window: 500 }] }, false);
  const esme = await stage.esme();
  const ids = await esme.sendMany(500);
  const filler = fillToTheLast('filler');
  await stage.daemon.kill();
  const { code, stderr } = await runCommand(['serve', '--config', stage.site.configPath]);
  expect(code).not.toBe(0);
  expect(stderr.trim().split('\n')).toHaveLength(1);
  expect(stderr).toContain(stage.site.dataDir);
  expect(stderr).toMatch(/full|no space/i);
  rmSync(filler);
  await stage.simulator({ port });
  await stage.start();
  const again = await stage.esme();
  await expectAllDone(again, ids);
});
