import { spawn, spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { createSegment } from '../../src/cdr/lmdb.ts';
import { segmentPath, shardDirectory } from '../../src/cdr/segments.ts';
import { KIND_QUEUED, PendingStore } from '../../src/store/pending.ts';
import {
  accepted,
  attemptFailed,
  block,
  buildSegment,
  final,
  names,
  receipt,
  sent,
  temporaryDirectory,
} from '../support/ledger.ts';
import { until } from '../support/daemon.ts';

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
const ID = { idHigh: 10, idLow: 0 };
const MESSAGE_ID = '0000000a00000000';

function run(dataDir: string, ...words: string[]): { code: number | null; out: string; err: string } {
  const args = [MAIN, 'ledger', ...words, '--data-dir', dataDir];
  const done = spawnSync(process.execPath, args, { encoding: 'utf8', timeout: 30_000 });
  return { code: done.status, out: done.stdout, err: done.stderr };
}

const jsonLines = (out: string) =>
  out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

/** One message that is tried twice and ends in the next segment, and one that stays open. */
async function fixture(): Promise<string> {
  const dataDir = temporaryDirectory();
  const text = Buffer.from('0633064406270645000a001b005b00330031', 'hex'); // Arabic, a line feed and ESC [ 3 1
  await buildSegment(
    dataDir,
    0,
    10,
    [
      [names(['demo', 'shop'], ['sim-a', 'sim-b'])],
      [
        accepted({ ...ID, account: 1, dataCoding: 8, text }),
        accepted({ idHigh: 10, idLow: 1 }),
        attemptFailed(ID),
      ],
      [sent({ ...ID, attempt: 2, smsc: 1 })],
    ],
    { sealedAt: 1 },
  );
  await buildSegment(dataDir, 0, 11, [[names(['x'], ['y', 'sim-b']), receipt(ID), final(ID)]]);
  return dataDir;
}

test('list shows each segment', async () => {
  const { code, out } = run(await fixture(), 'list');
  expect(code).toBe(0);
  const lines = out
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/));
  expect(lines).toHaveLength(3);
  expect(lines[0].slice(0, 4)).toEqual(['shard', 'segment', 'opened', 'bytes']);
  expect(lines[1]).toMatchObject([
    '0',
    '0000000a',
    '2026-01-01T00:00:00.000Z',
    expect.any(String),
    '3',
    '5',
    '2',
    'true',
  ]);
  expect(lines[2]).toMatchObject([
    '0',
    '0000000b',
    '2026-01-01T00:00:00.000Z',
    expect.any(String),
    '1',
    '3',
    '0',
    'false',
  ]);
}, 60_000);

test('show gives the events of a message over its segments, and its record', async () => {
  const dataDir = await fixture();
  const { code, out } = run(dataDir, 'show', MESSAGE_ID, '--json');
  expect(code).toBe(0);
  const lines = jsonLines(out);
  expect(lines.slice(0, -1)).toMatchObject([
    { type: 'ACCEPTED', account: 'shop', smsc: 'sim-a', charset: 'ucs2', text: 'سلام\n\u001b[31' },
    { type: 'ATTEMPT_FAILED', attempt: 1, commandStatus: '0x00000058' },
    { type: 'SENT', attempt: 2, smsc: 'sim-b', smscMessageId: '0a1b2c' },
    { type: 'RECEIPT', state: 'DELIVERED', err: '000', smsc: 'y' },
    { type: 'FINAL', state: 'DELIVERED', reason: 'RECEIPT_TAKEN' },
  ]);
  expect(lines.at(-1)).toMatchObject({
    cdr: {
      messageId: MESSAGE_ID,
      account: 'shop',
      smsc: 'sim-b',
      smscMessageId: '0a1b2c',
      source: 'Shop',
      destination: '962790000001',
      state: 'DELIVERED',
      reason: 'RECEIPT_TAKEN',
    },
  });
  const plain = run(dataDir, 'show', MESSAGE_ID.toUpperCase()).out;
  expect(plain).toContain('سلام');
  // A text from outside must not steer the terminal.
  expect(plain).not.toContain('\u001b');
}, 60_000);

test('show of an id that is none, or unknown', async () => {
  const dataDir = await fixture();
  expect(run(dataDir, 'show', '12xy').code).toBe(64);
  const unknown = run(dataDir, 'show', '0000000a00000007');
  expect([unknown.code, unknown.err]).toEqual([1, 'tollgate: no event of message 0000000a00000007\n']);
}, 60_000);

test('show and follow have the TLVs that the configuration wants logged', async () => {
  const dataDir = temporaryDirectory();
  const tlvs = Buffer.from('1401' + '0007' + '737072696e6700' + '1402' + '0001' + '05', 'hex');
  await buildSegment(dataDir, 0, 10, [[names(['demo'], ['sim']), accepted({ ...ID, tlvs }), final(ID)]]);
  const config = join(dataDir, 'tollgate.toml');
  const tables = [
    '[[smsc]]\nid = "sim"\nhost = "127.0.0.1"\nport = 1\nsystem_id = "a"\npassword = "b"',
    '[route]\nsmscs = ["sim"]',
    '[[tlv]]\nname = "campaign"\ntag = 0x1401\ntype = "cstring"\nlog = true',
    '[[tlv]]\nname = "quiet"\ntag = 0x1402\ntype = "integer"',
  ];
  fs.writeFileSync(config, tables.join('\n'));
  const [shown, , { cdr }] = jsonLines(run(dataDir, 'show', MESSAGE_ID, '--json', '--config', config).out);
  expect(shown).toMatchObject({ type: 'ACCEPTED', 'tlv.campaign': 'spring' });
  expect(shown).not.toHaveProperty('tlv.quiet');
  expect(cdr).toMatchObject({ 'tlv.campaign': 'spring' });
  expect(run(dataDir, 'show', MESSAGE_ID, '--config', config).out).toMatch(/^  tlv\.campaign +spring$/m);
  // Without a configuration nobody knows their names.
  expect(run(dataDir, 'show', MESSAGE_ID).out).not.toContain('spring');
  const args = [MAIN, 'ledger', 'follow', '--from-start', '--data-dir', dataDir, '--config', config];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  try {
    await until(() => output.includes(' FINAL '), 'the events');
    expect(output).toMatch(/ ACCEPTED .* tlv\.campaign=spring$/m);
  } finally {
    child.kill('SIGKILL');
  }
}, 60_000);

test('audit passes a sound ledger and names what is double, lost or damaged', async () => {
  const dataDir = await fixture();
  const sound = run(dataDir, 'audit', '--json');
  expect(sound.code).toBe(0);
  expect(jsonLines(sound.out)).toMatchObject([
    { accepted: 2, final: 1, open: 1, finalDouble: 0, lost: 0, faulty: [] },
  ]);

  const store = PendingStore.open(join(shardDirectory(dataDir, 0), 'pending.sqlite'));
  const blob = Buffer.alloc(0);
  store.upsert([{ idHigh: 10, idLow: 1, kind: KIND_QUEUED, key: 0, dueMs: 0, smscId: null, smsc: 0, blob }]);
  store.settle(10);
  expect(run(dataDir, 'audit').code).toBe(0);
  store.remove([10], [1]);
  const lost = run(dataDir, 'audit');
  expect(lost.code).toBe(1);
  expect(lost.out).toContain('lost 0000000a00000001');

  await buildSegment(dataDir, 0, 12, [[final(ID)]]);
  expect(run(dataDir, 'audit').out).toContain('finalDouble 0000000a00000000');

  const damaged = segmentPath(dataDir, 0, 12);
  fs.writeFileSync(damaged, fs.readFileSync(damaged).fill(0, 0, 8_192));
  const faulty = run(dataDir, 'audit');
  expect(faulty.code).toBe(1);
  expect(faulty.err).toContain(damaged);
}, 60_000);

test('follow prints what is committed while it runs, over a new segment, for one account', async () => {
  const dataDir = await fixture();
  const live = createSegment(segmentPath(dataDir, 0, 12), { unsafe: false });
  await live.put(1, block(1, 12, 0, [names(['demo', 'shop'], ['sim-a'])]));
  const args = [MAIN, 'ledger', 'follow', '--json', '--account', 'shop', '--data-dir', dataDir];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const seenOutput: string[] = [];
  const output = () => seenOutput.join('');
  child.stdout.setEncoding('utf8').on('data', (text: string) => seenOutput.push(text));
  try {
    // Another account's messages keep coming until the follower has certainly begun.
    let key = 1;
    const put = (events: Buffer[]) => live.put(++key, block(key, 12, 0, events));
    const wanted = { idHigh: 12, idLow: 5_000, account: 1 };
    for (let i = 0; output() === ''; i++) {
      await put([accepted({ idHigh: 12, idLow: i, account: 0 }), accepted({ ...wanted, idLow: 10_000 + i })]);
      await new Promise((resolve) => setTimeout(resolve, 50));
      expect(i).toBeLessThan(400);
    }
    await put([accepted(wanted), sent(wanted)]);
    await buildSegment(dataDir, 0, 13, [
      [names(['shop'], ['sim-a']), final(wanted), accepted({ ...wanted, account: 0 })],
    ]);
    const isDone = () =>
      output()
        .split('\n')
        .filter((line) => line.includes('0000000c00001388')).length >= 4;
    for (let i = 0; i < 200 && !isDone(); i++) await new Promise((resolve) => setTimeout(resolve, 50));
    const seen = jsonLines(output());
    const types = seen.filter(({ messageId }) => messageId === '0000000c00001388').map(({ type }) => type);
    expect(types).toEqual(['ACCEPTED', 'SENT', 'FINAL', 'ACCEPTED']);
    expect(seen.filter(({ type }) => type === 'ACCEPTED').every(({ account }) => account === 'shop')).toBe(
      true,
    );
  } finally {
    child.kill('SIGKILL');
    await live.close();
  }
}, 60_000);

test('a folder without a ledger is told in one line', () => {
  const dataDir = temporaryDirectory();
  const { code, err } = run(dataDir, 'list');
  expect([code, err]).toEqual([1, `tollgate: there is no ledger in ${dataDir}\n`]);
}, 60_000);
