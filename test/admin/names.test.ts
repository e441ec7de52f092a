import * as fs from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { assignNames } from '../../src/admin/names.ts';
import { temporaryDirectory } from '../support/ledger.ts';

const wanted = (accounts: string[], smscs: string[] = ['sim']) => ({
  nodeId: 'n1',
  shards: 2,
  accounts,
  smscs,
});

test('names keep their numbers whatever is added, removed or moved in the configuration', () => {
  const dataDir = temporaryDirectory();
  expect(assignNames(dataDir, wanted(['a', 'b'])).accounts).toEqual(['a', 'b']);
  expect(assignNames(dataDir, wanted(['c', 'b'])).accounts).toEqual(['a', 'b', 'c']);
  expect(assignNames(dataDir, wanted(['b', 'a'], ['new', 'sim']))).toMatchObject({
    accounts: ['a', 'b', 'c'],
    smscs: ['sim', 'new'],
  });
  expect(fs.readdirSync(dataDir)).toEqual(['names.json']);
  expect(fs.statSync(join(dataDir, 'names.json')).mode & 0o777).toBe(0o600);
});

test('a data directory of another node, or of another number of shards, is refused and left as it is', () => {
  const dataDir = temporaryDirectory();
  assignNames(dataDir, wanted(['a']));
  const before = fs.readFileSync(join(dataDir, 'names.json'), 'utf8');
  expect(() => assignNames(dataDir, { ...wanted(['a', 'b']), nodeId: 'n2' })).toThrow('written by node "n1"');
  expect(() => assignNames(dataDir, { ...wanted(['a', 'b']), shards: 3 })).toThrow('shards = 2');
  expect(fs.readFileSync(join(dataDir, 'names.json'), 'utf8')).toBe(before);
});

test.each(['', '{', 'null', '{"nodeId":"n1"}', '{"nodeId":"n1","shards":2,"accounts":[1],"smscs":[]}'])(
  'a damaged file (%j) stops the start instead of giving numbers anew',
  (text) => {
    const dataDir = temporaryDirectory();
    fs.writeFileSync(join(dataDir, 'names.json'), text);
    expect(() => assignNames(dataDir, wanted(['a']))).toThrow('unreadable');
    expect(fs.readFileSync(join(dataDir, 'names.json'), 'utf8')).toBe(text);
  },
);

test('what a crash left of a new file does not hinder the next start', () => {
  const dataDir = temporaryDirectory();
  assignNames(dataDir, wanted(['a']));
  fs.writeFileSync(join(dataDir, 'names.json.new'), '{"nodeId"');
  expect(assignNames(dataDir, wanted(['a', 'b'])).accounts).toEqual(['a', 'b']);
});
