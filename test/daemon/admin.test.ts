/** The admin socket of a whole daemon: where it is, who is listed, what closing does. */
import { existsSync, lstatSync, statSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DEMO, Daemon, makeSite, runCommand, until, writeConfig } from '../support/daemon.ts';
import { BIND_RECEIVER, pduBytes, rawBound, rawClient } from './raw.ts';
import { Stage } from './stage.ts';
import { auditOf, idOf, listed, runSession } from './tracing.ts';

let stage: Stage;
beforeEach(() => void (stage = new Stage()));
afterEach(() => stage.clear());

async function serve(tables: object = {}): Promise<void> {
  const simulator = await stage.simulator();
  await stage.serve({ smsc: [{ port: simulator.port }], ...tables });
}

const socketPath = (): string => join(stage.site.dataDir, 'admin.sock');

describe('the socket', () => {
  test('is in the data directory, for its owner only; gone after a stop, replaced after a kill', async () => {
    await serve();
    expect(statSync(socketPath()).mode & 0o777).toBe(0o600);
    await stage.daemon.kill();
    expect(lstatSync(socketPath()).isSocket()).toBe(true);
    const dead = await runSession(stage.site, 'list');
    expect([dead.code, dead.stderr]).toEqual([
      1,
      `tollgate: no daemon runs here: nobody listens on ${socketPath()}\n`,
    ]);
    await stage.start();
    expect((await listed(stage.site)).length).toBeGreaterThan(0);
    expect(await stage.daemon.stop()).toBe(0);
    expect(existsSync(socketPath())).toBe(false);
    const none = await runSession(stage.site, 'list');
    expect([none.code, none.stderr]).toEqual([
      1,
      `tollgate: no daemon runs here: there is no ${socketPath()}\n`,
    ]);
  });

  test('of another daemon, a path that is too long, or a file in the way: the daemon does not start', async () => {
    const shared = join(stage.path, 'shared.sock');
    await serve({ admin: { socket: shared } });
    const byPath = await runCommand(['session', 'list', '--socket', shared]);
    expect([byPath.code, byPath.stdout]).toEqual([0, expect.stringContaining('smsc:sim0/0')]);
    const second = await makeSite(join(stage.path, 'second'), { smsc: [{ port: 1 }] });
    const failing = async (socket: string): Promise<string> => {
      writeConfig(second, { smsc: [{ port: 1 }], admin: { socket } });
      const daemon = new Daemon(second);
      expect((await daemon.command.ended).code).toBe(1);
      return daemon.log;
    };
    expect(await failing(shared)).toContain(
      `tollgate: admin.socket ${shared}: another daemon answers there\n`,
    );
    const long = `/tmp/${'x'.repeat(103)}`;
    expect(await failing(long)).toContain(
      `admin.socket ${long}: 108 bytes, and the path of a Unix socket has 107 at most`,
    );
    const file = join(stage.path, 'precious');
    writeFileSync(file, 'here first');
    expect(await failing(file)).toContain(`admin.socket ${file}: there is something else than a socket`);
    // The first one is not disturbed.
    expect((await runCommand(['session', 'list', '--socket', shared])).code).toBe(0);
  });

  test('nonsense on it, and clients that leave in the middle, are no harm', async () => {
    await serve();
    for (const bytes of [
      '\n\n\n',
      '{"v":1',
      'GET / HTTP/1.1\r\n\r\n',
      'x'.repeat(100_000),
      '{"v":1,"id":1,"command":"session.list"}\n',
    ]) {
      const socket = connect(socketPath());
      socket.on('error', () => undefined);
      await new Promise((resolve) => socket.write(bytes, resolve));
      socket.destroy();
    }
    expect((await listed(stage.site)).length).toBe(1);
    expect(await stage.daemon.stop()).toBe(0);
  });
});

describe('list', () => {
  test('has each session and bind, with what is known of it', async () => {
    await serve({ edge: { threads: 2 }, shards: 2, account: [{}, { name: 'other' }] });
    const bound = await rawBound(stage.site.smppPort, BIND_RECEIVER, 0x33);
    const silent = await rawClient(stage.site.smppPort);
    const peers = [bound, silent];
    const port = (index: number): string => `127.0.0.1:${peers[index].socket.localPort}`;
    // The daemon's edge takes the connection a moment after it stands.
    await until(async () => (await listed(stage.site)).length === 3, 'both sessions');
    const sessions = await listed(stage.site);
    const of = (index: number): unknown => sessions.find(({ remote }) => remote === port(index));
    expect(of(0)).toMatchObject({
      kind: 'esme',
      name: DEMO.name,
      state: 'bound',
      bind: 'receiver',
      version: '3.3',
      inFlight: 0,
      receiptsWaiting: 0,
      errors: 0,
    });
    expect(of(1)).toMatchObject({ kind: 'esme', name: '', state: 'open', bind: '', version: '' });
    expect(sessions.find(({ kind }) => kind === 'smsc')).toMatchObject({
      id: 'smsc:sim0/0',
      name: 'sim0',
      state: 'bound',
      bind: 'transceiver',
      version: '3.4',
    });
    for (const { sinceMs } of sessions) expect(Math.abs(Date.now() - sinceMs)).toBeLessThan(60_000);
    const table = (await runSession(stage.site, 'list')).stdout.split('\n');
    expect(table[0].split(/ {2,}/)).toEqual(
      expect.arrayContaining(['id', 'name', 'address', 'in flight', 'errors']),
    );
    expect(table).toHaveLength(sessions.length + 2);
    const json = (await runSession(stage.site, 'list', '--json')).stdout.trimEnd().split('\n');
    expect(new Set(json.map((line) => JSON.parse(line) as unknown))).toEqual(new Set(sessions));
    for (const peer of peers) peer.destroy();
  });
});

describe('close', () => {
  test('unbinds a client, is written down, and its id is not that of the next session', async () => {
    await serve();
    const peer = await rawBound(stage.site.smppPort);
    const id = await idOf(stage.site, ({ kind }) => kind === 'esme');
    const closed = await runSession(stage.site, 'close', id);
    expect([closed.code, closed.stdout]).toEqual([0, `closing ${id}\n`]);
    const unbind = await peer.takePdu();
    expect(unbind.slice(0, 24)).toBe('000000100000000600000000');
    peer.write(pduBytes(0x8000_0006, Number.parseInt(unbind.slice(24), 16)));
    await peer.untilClosed();
    expect(auditOf(stage.site)).toMatchObject([{ event: 'session-close', session: id, name: DEMO.name }]);
    const next = await rawBound(stage.site.smppPort);
    expect(await idOf(stage.site, ({ kind }) => kind === 'esme')).not.toBe(id);
    expect((await runSession(stage.site, 'close', id)).stderr).toContain(`there is no session ${id}`);
    expect(next.closed).toBe(false);
    next.destroy();
  });

  test('ends one that does not answer the unbind', async () => {
    await serve();
    const peer = await rawBound(stage.site.smppPort);
    await runSession(stage.site, 'close', await idOf(stage.site, ({ kind }) => kind === 'esme'));
    await peer.untilClosed();
  });

  test('of a bind to an SMSC: it comes back', async () => {
    await serve();
    const [{ sinceMs }] = await listed(stage.site);
    expect((await runSession(stage.site, 'close', 'smsc:sim0/0')).code).toBe(0);
    const isBack = async (): Promise<boolean> => {
      const [bind] = await listed(stage.site);
      return bind.state === 'bound' && bind.sinceMs > sinceMs;
    };
    await until(isBack, 'the bind is back');
    expect(stage.daemon.log).toContain('closed by order');
  });
});
