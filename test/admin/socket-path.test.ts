import * as fs from 'node:fs';
import * as net from 'node:net';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { prepareSocketPath } from '../../src/admin/socket-path.ts';
import { temporaryDirectory } from '../support/ledger.ts';
import { deadSocket } from './dead-socket.ts';

test('a path that is free is fine', async () => {
  await prepareSocketPath(join(temporaryDirectory(), 'admin.sock'));
});

test('107 bytes are the most, counted as bytes', async () => {
  const directory = `${temporaryDirectory()}/`;
  const fill = (bytes: number): string => directory + 'x'.repeat(bytes - Buffer.byteLength(directory));
  await prepareSocketPath(fill(107));
  await expect(prepareSocketPath(fill(108))).rejects.toThrow(`${fill(108)}: 108 bytes`);
  await expect(prepareSocketPath(`${fill(106)}é`)).rejects.toThrow('108 bytes');
});

test("a dead daemon's socket is removed", async () => {
  const path = join(temporaryDirectory(), 'admin.sock');
  await deadSocket(path);
  expect(fs.lstatSync(path).isSocket()).toBe(true);
  await prepareSocketPath(path);
  expect(fs.existsSync(path)).toBe(false);
});

test('a live one is named, and stays', async () => {
  const path = join(temporaryDirectory(), 'admin.sock');
  const server = net.createServer();
  await new Promise<void>((resolve) => server.listen(path, resolve));
  await expect(prepareSocketPath(path)).rejects.toThrow(`admin.socket ${path}: another daemon answers there`);
  expect(fs.existsSync(path)).toBe(true);
  server.close();
});

test.each(['file', 'folder', 'link'])('a %s is never removed', async (kind) => {
  const path = join(temporaryDirectory(), 'admin.sock');
  if (kind === 'file') fs.writeFileSync(path, 'precious');
  if (kind === 'folder') fs.mkdirSync(path);
  if (kind === 'link') fs.symlinkSync('/dev/null', path);
  await expect(prepareSocketPath(path)).rejects.toThrow(`${path}: there is something else than a socket`);
  expect(fs.lstatSync(path)).toBeDefined();
});
