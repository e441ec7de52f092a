import * as fs from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { AuditLog } from '../../src/admin/audit.ts';
import { temporaryDirectory } from '../support/ledger.ts';

const linesOf = (path: string): Record<string, unknown>[] =>
  fs
    .readFileSync(path, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

test('entries are whole lines with their time, in order, in a file of its owner only', async () => {
  const path = join(temporaryDirectory(), 'audit.log');
  const audit = new AuditLog(path);
  await audit.append({ event: 'first', text: 'two\nlines' });
  await Promise.all([1, 2, 3].map((number) => audit.append({ event: 'next', number })));
  const lines = linesOf(path);
  expect(lines.map(({ event, number }) => number ?? event)).toEqual(['first', 1, 2, 3]);
  expect(lines[0].text).toBe('two\nlines');
  expect(Math.abs(Date.parse(String(lines[0].time)) - Date.now())).toBeLessThan(60_000);
  expect(fs.statSync(path).mode & 0o777).toBe(0o600);
});

test('what is there stays; a line that a crash cut short spoils none but itself', async () => {
  const path = join(temporaryDirectory(), 'audit.log');
  await new AuditLog(path).append({ event: 'whole' });
  fs.appendFileSync(path, '{"event":"cut sh');
  await new AuditLog(path).append({ event: 'after' });
  const lines = fs.readFileSync(path, 'utf8').split('\n');
  expect(lines[1]).toBe('{"event":"cut sh');
  expect(JSON.parse(lines[2])).toMatchObject({ event: 'after' });
  expect(lines).toHaveLength(4);
});

test('the file may be moved away; the next entry begins a new one', async () => {
  const path = join(temporaryDirectory(), 'audit.log');
  const audit = new AuditLog(path);
  await audit.append({ event: 'old' });
  fs.renameSync(path, `${path}.1`);
  await audit.append({ event: 'new' });
  expect(linesOf(path).map(({ event }) => event)).toEqual(['new']);
  expect(linesOf(`${path}.1`).map(({ event }) => event)).toEqual(['old']);
});

test('one that can not be written is told, and the next is tried', async () => {
  const directory = join(temporaryDirectory(), 'not there');
  const audit = new AuditLog(join(directory, 'audit.log'));
  await expect(audit.append({ event: 'lost' })).rejects.toThrow('ENOENT');
  fs.mkdirSync(directory);
  await audit.append({ event: 'found' });
  expect(linesOf(audit.path).map(({ event }) => event)).toEqual(['found']);
});
