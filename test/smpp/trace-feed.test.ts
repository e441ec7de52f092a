import { expect, test } from 'vitest';
import { TraceFeed } from '../../src/smpp/trace-feed.ts';
import type { TraceBatch } from '../../src/smpp/trace-feed.ts';
import { bindBytes, pduBytes, submitBytes } from '../daemon/raw.ts';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function feedInto(batches: TraceBatch[], roomBytes = 1_000_000, hideText = false): TraceFeed {
  return new TraceFeed({ trace: 7, hideText, roomBytes }, (batch) => batches.push(batch));
}

function add(feed: TraceFeed, pdu: Buffer, direction: 'in' | 'out' = 'in', session = '0-1'): void {
  // Where a session has it: in the middle of a chunk that is written over next.
  const chunk = Buffer.concat([Buffer.alloc(3), pdu, Buffer.alloc(3)]);
  feed.pdu(session, direction, 1_000, 0x34, chunk, 3, 3 + pdu.length);
  chunk.fill(0xff);
}

test('what comes in one turn of the event loop goes out in one batch, copied, in order', async () => {
  const batches: TraceBatch[] = [];
  const feed = feedInto(batches);
  feed.session('0-1', 'demo', '127.0.0.1:2775', '127.0.0.1:40000', 999);
  add(feed, pduBytes(0x15, 1));
  add(feed, pduBytes(0x8000_0015, 1), 'out');
  expect(batches).toEqual([]);
  await turn();
  add(feed, submitBytes(2));
  await turn();
  expect(batches).toHaveLength(2);
  expect(batches[0]).toMatchObject({
    trace: 7,
    events: [
      { kind: 'session', session: '0-1', name: 'demo', remote: '127.0.0.1:40000' },
      { kind: 'pdu', direction: 'in', timeMs: 1_000, version: 0x34, length: 16 },
      { kind: 'pdu', direction: 'out', length: 16 },
    ],
  });
  expect(Buffer.from(batches[0].bytes).toString('hex')).toBe(
    '00000010000000150000000000000001' + '00000010800000150000000000000001',
  );
  expect(Buffer.from(batches[1].bytes)).toEqual(submitBytes(2));
});

test('passwords are gone, texts on demand', async () => {
  const batches: TraceBatch[] = [];
  const open = feedInto(batches);
  const hiding = feedInto(batches, undefined, true);
  for (const feed of [open, hiding]) {
    add(feed, bindBytes(9, { password: 'pa55w0rd' }));
    add(feed, submitBytes(2, 'a secret'));
  }
  await turn();
  const [shown, hidden] = batches.map(({ bytes }) => Buffer.from(bytes).toString('latin1'));
  expect(shown).not.toContain('pa55w0rd');
  expect(hidden).not.toContain('pa55w0rd');
  expect(shown).toContain('a secret');
  expect(hidden).not.toContain('a secret');
});

test('a reader without room misses PDUs, is told how many, and goes on when it has room', async () => {
  const batches: TraceBatch[] = [];
  const feed = feedInto(batches, 2_000);
  const pdu = submitBytes(1, 'x'.repeat(200));
  for (let count = 0; count < 100; count++) add(feed, pdu, count % 2 === 0 ? 'in' : 'out');
  await turn();
  // Nothing more goes out, and nothing is kept, until the reader has dealt with it.
  for (let count = 0; count < 1_000; count++) add(feed, pdu);
  await turn();
  expect(batches).toHaveLength(1);
  const passed = batches[0].events.length;
  expect(passed).toBeGreaterThan(1);
  expect(passed).toBeLessThan(10);
  feed.credit(batches[0].cost);
  add(feed, pdu);
  await turn();
  const dropped = batches[1].events.filter((event) => event.kind === 'dropped');
  expect(dropped.map(({ direction }) => direction).toSorted()).toEqual(['in', 'out']);
  expect(dropped.reduce((sum, { pdus }) => sum + pdus, 0)).toBe(1_100 - passed);
  expect(dropped.reduce((sum, { bytes }) => sum + bytes, 0)).toBe((1_100 - passed) * pdu.length);
  // They were missed before the one that is shown again.
  expect(batches[1].events.at(-1)).toMatchObject({ kind: 'pdu' });
});

test('the last that there is goes out at the stop, with what was missed', () => {
  const batches: TraceBatch[] = [];
  const feed = feedInto(batches, 400);
  add(feed, submitBytes(1));
  add(feed, submitBytes(2));
  feed.stop();
  expect(batches).toHaveLength(1);
  expect(batches[0].events.map(({ kind }) => kind)).toEqual(['pdu', 'dropped']);
});
