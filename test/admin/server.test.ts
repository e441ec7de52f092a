import * as fs from 'node:fs';
import * as net from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { AdminClient } from '../../src/admin/client.ts';
import { openLog } from '../../src/admin/log.ts';
import { AdminError } from '../../src/admin/protocol.ts';
import type { Json } from '../../src/admin/protocol.ts';
import { AdminServer } from '../../src/admin/server.ts';
import type { AdminHandler, AdminReply } from '../../src/admin/server.ts';
import { until } from '../support/daemon.ts';
import { tempDir } from '../support/tmp.ts';
import type { TempDir } from '../support/tmp.ts';
import { deadSocket } from './dead-socket.ts';

let dir: TempDir;
let path: string;
let server: AdminServer | undefined;
/** Why commands that wait were ended. */
const ended: unknown[] = [];
const sockets: net.Socket[] = [];

beforeEach(() => {
  dir = tempDir();
  path = join(dir.path, 'admin.sock');
  ended.length = 0;
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await server?.close();
  server = undefined;
  dir.remove();
});

const COMMANDS: Record<string, (args: Json, reply: AdminReply) => Promise<object>> = {
  echo: (args) => Promise.resolve(args),
  count: async (args, reply) => {
    for (let at = 0; at < Number(args.to); at++) {
      reply.item({ at, filler: args.filler });
      await reply.drained();
    }
    return { done: true };
  },
  flood: (args, reply) => {
    for (let at = 0; at < Number(args.to); at++) reply.item({ at, filler: 'x'.repeat(65_536) });
    return Promise.resolve({});
  },
  wait: async (_args, { aborted }) => {
    await new Promise((resolve) => aborted.addEventListener('abort', resolve, { once: true }));
    ended.push(aborted.reason);
    return { reason: aborted.reason as unknown };
  },
  refuse: () => Promise.reject(new AdminError('no', 'this is refused')),
  fail: () => Promise.reject(new Error('a bug')),
};
const handler: AdminHandler = (command, args, reply) => COMMANDS[command](args, reply);

async function open(): Promise<AdminServer> {
  server = await AdminServer.open(path, handler, await openLog('silent', 'test'));
  return server;
}

/** A peer that writes what it likes; resolves with all that it hears once it is closed. */
function raw(...writes: (string | Buffer)[]): Promise<string> {
  return new Promise((resolve) => {
    let heard = '';
    const socket = net.connect(path);
    sockets.push(socket);
    socket.on('data', (chunk) => (heard += String(chunk)));
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(heard));
    for (const bytes of writes) socket.write(bytes);
  });
}

test('the socket is open to its owner only', async () => {
  await open();
  expect(fs.statSync(path).mode & 0o777).toBe(0o600);
});

test("a dead daemon's socket is replaced, a live one's is an error, and it goes on", async () => {
  await deadSocket(path);
  await open();
  const log = await openLog('silent', 'test');
  await expect(AdminServer.open(path, handler, log)).rejects.toThrow('another daemon answers there');
  const client = await AdminClient.connect(path);
  expect(await client.call('echo', { a: 1 })).toEqual({ a: 1 });
  client.close();
});

test('a folder that is not there is told with its name', async () => {
  path = join(dir.path, 'nowhere', 'admin.sock');
  await expect(open()).rejects.toThrow(`admin.socket ${path}: `);
});

test('it is gone after the close', async () => {
  await (await open()).close();
  expect(fs.existsSync(path)).toBe(false);
});

describe('a client', () => {
  test('has one command done after the other, with what comes before the end, in order', async () => {
    await open();
    const client = await AdminClient.connect(path);
    const seen: unknown[] = [];
    expect(await client.call('count', { to: 100, filler: 'ö\n' }, ({ at }) => seen.push(at))).toEqual({
      done: true,
    });
    expect(seen).toEqual([...Array(100).keys()]);
    expect(await client.call('echo', { text: 'سلام\n' })).toEqual({ text: 'سلام\n' });
    client.close();
  });

  test('hears why a command is refused, and that one failed', async () => {
    await open();
    const client = await AdminClient.connect(path);
    await expect(client.call('refuse', {})).rejects.toMatchObject({ code: 'no', message: 'this is refused' });
    await expect(client.call('fail', {})).rejects.toMatchObject({ code: 'failed', message: 'a bug' });
    expect(await client.call('echo', {})).toEqual({});
    client.close();
  });

  test('is not the only one', async () => {
    await open();
    const clients = await Promise.all(Array.from({ length: 40 }, () => AdminClient.connect(path)));
    const answers = await Promise.all(clients.map((client, number) => client.call('echo', { number })));
    expect(answers).toEqual([...Array(40).keys()].map((number) => ({ number })));
    for (const client of clients) client.close();
  });

  test('over the bound is told so', async () => {
    await open();
    const clients = await Promise.all(Array.from({ length: 64 }, () => AdminClient.connect(path)));
    await Promise.all(clients.map((client) => client.call('echo', {})));
    const answer = JSON.parse(await raw()) as { error: object };
    expect(answer.error).toMatchObject({ code: 'busy' });
    for (const client of clients) client.close();
  });

  test('that goes ends its command', async () => {
    await open();
    const client = await AdminClient.connect(path);
    const call = client.call('wait', {});
    await until(() => server?.clientCount === 1, 'the connection');
    client.close();
    await expect(call).rejects.toMatchObject({ code: 'lost' });
    await until(() => ended.length > 0, 'the end of the command');
    expect(ended).toEqual(['client gone']);
  });

  test('hears the end of its command when the daemon stops', async () => {
    const running = await open();
    const client = await AdminClient.connect(path);
    const call = client.call('wait', {});
    await until(() => running.clientCount === 1, 'the connection');
    await new Promise((resolve) => setTimeout(resolve, 50));
    await running.close();
    expect(await call).toEqual({ reason: 'daemon stops' });
  });

  test('without a daemon is told in plain words', async () => {
    await expect(AdminClient.connect(path)).rejects.toMatchObject({
      code: 'unreachable',
      message: `no daemon runs here: there is no ${path}`,
    });
    await deadSocket(path);
    await expect(AdminClient.connect(path)).rejects.toThrow(`no daemon runs here: nobody listens on ${path}`);
  });

  test('that talks to a daemon of another version is told so', async () => {
    const other = net.createServer((socket) => socket.end('{"v":2,"id":1,"end":{}}\n'));
    await new Promise<void>((resolve) => other.listen(path, resolve));
    const client = await AdminClient.connect(path);
    await expect(client.call('echo', {})).rejects.toThrow('the daemon speaks version 2, this command 1');
    other.close();
  });
});

describe('what is no request', () => {
  test.each([
    ['no JSON', 'hello\n', 'bad-request'],
    ['a list', '[]\n', 'bad-request'],
    ['no command', '{"v":1,"id":1}\n', 'bad-request'],
    ['arguments that are none', '{"v":1,"id":1,"command":"echo","args":7}\n', 'bad-request'],
    ['another version', '{"v":2,"id":1,"command":"echo"}\n', 'version'],
    ['too long', 'x'.repeat(20_000), 'too-long'],
    ['bytes that are no text', Buffer.from([0xff, 0xfe, 0x00, 0x0a]), 'bad-request'],
  ])('%s: is told and closed', async (_what, bytes, code) => {
    await open();
    const answer = JSON.parse(await raw(bytes)) as { error: object };
    expect(answer.error).toMatchObject({ code });
  });

  test('too many at once', async () => {
    await open();
    const line = (id: number, command: string): string => `${JSON.stringify({ v: 1, id, command })}\n`;
    const heard = await raw(
      line(1, 'wait') + Array.from({ length: 20 }, (_, id) => line(id + 2, 'echo')).join(''),
    );
    expect(heard.trim().split('\n').at(-1)).toContain('"code":"busy"');
  });
});

test('a client that does not read is cut once too much waits for it, and the others are served', async () => {
  await open();
  const slow = net.connect(path);
  sockets.push(slow);
  let isClosed = false;
  slow.on('close', () => (isClosed = true));
  slow.on('error', () => undefined);
  slow.pause();
  slow.write(`${JSON.stringify({ v: 1, id: 1, command: 'flood', args: { to: 1_000 } })}\n`);
  const client = await AdminClient.connect(path);
  expect(await client.call('echo', { still: 'here' })).toEqual({ still: 'here' });
  client.close();
  await until(() => server?.clientCount === 0, 'the cut');
  slow.resume();
  await until(() => isClosed, 'the end');
});

test('a client that reads slowly gets all of a command that waits for it', async () => {
  await open();
  const client = await AdminClient.connect(path);
  let count = 0;
  const filler = 'x'.repeat(10_000);
  await client.call('count', { to: 2_000, filler }, async () => {
    if (++count % 500 === 0) await new Promise((resolve) => setTimeout(resolve, 20));
  });
  expect(count).toBe(2_000);
  client.close();
});
