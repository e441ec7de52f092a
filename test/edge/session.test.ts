import { expect, test } from 'vitest';
import { submitBytes } from '../daemon/raw.ts';
import { makeAccount, makeEdge, makeSession, received } from './harness.ts';

const ROK = 0;

test('submit_window: what is over it waits unread until answers make room, and then comes in order', () => {
  const account = makeAccount(0, { submitWindow: 3 });
  const { edge, shards } = makeEdge([account]);
  const [session, socket] = makeSession(edge, account);
  session.onData(Buffer.concat(Array.from({ length: 10 }, (_, index) => submitBytes(index + 1))));
  const sequencesOf = (records: Buffer[]): number[] => records.map((record) => record.readUInt32LE(32));
  expect(sequencesOf(shards.flatMap((shard) => received(edge, shard))).toSorted((a, b) => a - b)).toEqual([
    1, 2, 3,
  ]);
  expect(socket.paused).toBe(true);
  expect(edge.stalled.has(session)).toBe(true);
  session.resume();
  expect(shards.flatMap((shard) => received(edge, shard))).toEqual([]);
  session.answer(0, ROK, 1, 1, 1);
  session.answer(0, ROK, 2, 1, 2);
  session.resume();
  expect(sequencesOf(shards.flatMap((shard) => received(edge, shard))).toSorted((a, b) => a - b)).toEqual([
    4, 5,
  ]);
  expect(session.inFlight).toBe(3);
});
