/** System_ids and passwords that are longer than SMPP has them. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { hashPassword } from '../../src/admin/password.ts';
import { DEMO, makeSite, startDaemon } from '../support/daemon.ts';
import { BIND_TRANSCEIVER, RawSmsc, bindBytes, rawClient } from './raw.ts';
import { Stage } from './stage.ts';

let stage: Stage;
let smsc: RawSmsc;
beforeEach(async () => {
  stage = new Stage();
  smsc = await RawSmsc.start();
});
afterEach(async () => {
  smsc.close();
  await stage.clear();
});

const NAME = `client-${'n'.repeat(57)}`;
const PASSWORD = `a password of 64 characters ${'!'.repeat(36)}`;
const [ROK, RBINDFAIL, RINVPASWD, RINVSYSID] = ['00000000', '0000000d', '0000000e', '0000000f'];

/** The command_status of a bind, and how long it took in milliseconds. */
async function statusOf(name: string, password: string): Promise<{ status: string; tookMs: number }> {
  const peer = await rawClient(stage.site.smppPort);
  const from = performance.now();
  peer.write(bindBytes(BIND_TRANSCEIVER, { name, password }));
  const status = (await peer.takePdu()).slice(16, 24);
  peer.destroy();
  return { status, tookMs: performance.now() - from };
}

test('an account that may have them binds with them; to strangers all accounts are alike', async () => {
  const long = { name: NAME, password_hash: hashPassword(PASSWORD), long_credentials: true };
  const forgotten = { name: 'forgotten', password_hash: hashPassword('nine char'), sessions_max: 1 };
  await stage.serve({ account: [{}, long, forgotten], smsc: [{ port: smsc.port }] });
  const esme = await stage.esme({ fields: { system_id: NAME, password: PASSWORD } });
  expect((await esme.submit()).command_status).toBe(0);
  expect((await statusOf(DEMO.name, DEMO.password)).status).toBe(ROK);
  const strangers = [
    [NAME, 'wrong'],
    [NAME, `${PASSWORD.slice(0, 63)}?`],
    [DEMO.name, 'nine char'],
    [NAME.slice(0, 63), PASSWORD],
    ['nobody', PASSWORD],
  ];
  const answers = await Promise.all(strangers.map(([name, password]) => statusOf(name, password)));
  for (const [at, { status, tookMs }] of answers.entries()) {
    expect(status, strangers[at].join()).toBe(RBINDFAIL);
    // After the wait that makes guessing slow, whatever was wrong.
    expect(tookMs, strangers[at].join()).toBeGreaterThan(900);
  }
  // Who knows the password is told what is wrong, and holds no session.
  for (let time = 0; time < 2; time++)
    expect((await statusOf('forgotten', 'nine char')).status).toBe(RINVPASWD);
  expect(stage.daemon.log).toContain('which needs long_credentials = true');
  // 65 characters are too many for all.
  expect((await statusOf(NAME, `${PASSWORD}!`)).status).toBe(RINVPASWD);
  expect((await statusOf(`${NAME}n`, PASSWORD)).status).toBe(RINVSYSID);
});

test('where no account may have them, they are refused at once, each with its own status', async () => {
  await stage.serve({ smsc: [{ port: smsc.port }] });
  expect((await statusOf(DEMO.name, 'nine char')).status).toBe(RINVPASWD);
  expect((await statusOf('sixteen-letters!', DEMO.password)).status).toBe(RINVSYSID);
});

test('our own binds have them where their SMSC wants them, and only there', async () => {
  const credentials = { system_id: NAME, password: PASSWORD };
  await stage.serve({ smsc: [{ port: smsc.port, ...credentials, long_credentials: true }] });
  // bind_transceiver: system_id, password, system_type "", interface_version 3.4, ton, npi, address_range "".
  expect(smsc.requests[0].toString('latin1', 16)).toBe(`${NAME}\0${PASSWORD}\0\0\x34\0\0\0`);
  await stage.daemon.kill();
  const site = await makeSite(stage.path, { smsc: [{ port: smsc.port, ...credentials }] });
  await expect(startDaemon(site)).rejects.toThrow(/must be 8 characters at most, more need long_credentials/);
});
