import { expect, test } from 'vitest';
import { submitBytes } from '../daemon/raw.ts';
import { vectorNamed } from '../support/vectors.ts';
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

test.each([
  // submit_sm, query_sm, deliver_sm and a bind where they do not belong; unbind_resp and the like have no body ever.
  [0x33, ['00000011' + '80000004' + '00000004' + '00000007' + '00']],
  [0x34, ['00000010' + '80000004' + '00000004' + '00000007']],
  [0x50, ['00000010' + '80000004' + '00000004' + '00000007']],
] as const)(
  'a submit_sm of a receiver of version 0x%s: the response has the body of its version',
  (version, expected) => {
    const account = makeAccount(0);
    const { edge } = makeEdge([account]);
    const [session, socket] = makeSession(edge, account);
    session.state = 2;
    session.version = version;
    session.onData(submitBytes(7));
    session.flush(edge.nowMs);
    expect(socket.takePdus().map((pdu) => pdu.toString('hex'))).toEqual(expected);
  },
);

test('other requests of 3.3 that do not belong are answered with an empty body where there is one', () => {
  const account = makeAccount(0);
  const { edge } = makeEdge([account]);
  const [session, socket] = makeSession(edge, account);
  session.state = 2;
  session.version = 0x33;
  const requests = ['query_sm', 'cancel_sm_by_id', 'deliver_sm_mo', 'second_bind', 'submit_multi_2sme_1dl'];
  for (const name of requests) session.onData(vectorNamed(name).bytes);
  session.flush(edge.nowMs);
  const answers = socket.takePdus().map((pdu) => [pdu.readUInt32BE(4), pdu.readUInt32BE(8), pdu.length]);
  expect(answers).toEqual([
    // message_id, final_date, message_state, error_code
    [0x8000_0003, 4, 20],
    [0x8000_0008, 4, 16],
    [0x8000_0005, 4, 17],
    [0x8000_0009, 5, 17],
    // message_id, no_unsuccess
    [0x8000_0021, 4, 18],
  ]);
});
