import { expect, test } from 'vitest';
import { queryAnswer, statusAnswer } from '../../src/edge/responses.ts';
import { oracleDecode } from '../support/oracle.ts';
import { makeAccount, makeEdge, makeSession } from './harness.ts';

const [CANCEL_SM, REPLACE_SM] = [0x08, 0x07];

/** What a client of this version reads. */
function told(version: number, answer: (session: ReturnType<typeof makeSession>[0]) => void): Buffer[] {
  const account = makeAccount(0);
  const { edge } = makeEdge([account]);
  const [session, socket] = makeSession(edge, account);
  session.version = version;
  answer(session);
  session.flush(edge.nowMs);
  return socket.takePdus();
}

test.each([
  [0x33, 0x11, 0x13],
  [0x34, 0x11, 0x499],
  [0x50, 0x101, 0x499],
])("an SMSC's status is one that version %i has", (version, cancelled, replaced) => {
  const pdus = told(version, (session) => {
    statusAnswer(session, 1, CANCEL_SM, 0x101);
    statusAnswer(session, 2, REPLACE_SM, 0x499);
  });
  expect(pdus.map((pdu) => [pdu.readUInt32BE(4), pdu.readUInt32BE(8)])).toEqual([
    [0x8000_0008, cancelled],
    [0x8000_0007, replaced],
  ]);
});

test.each([
  // SCHEDULED, DELIVERED, REJECTED, SKIPPED: specification section 8.8.
  [0x33, [1, 2, 5, 5]],
  [0x34, [1, 2, 8, 5]],
  [0x50, [0, 2, 8, 9]],
])('query_sm says a state that version %i has, as its receipts do', (version, expected) => {
  const pdus = told(version, (session) => {
    for (const state of [0, 2, 8, 9]) {
      queryAnswer(session, 1, '1', { status: 0, state, errorCode: 0, doneMs: 0, data: Buffer.alloc(0) });
    }
  });
  expect(pdus.map((pdu) => oracleDecode(pdu).message_state)).toEqual(expected);
});
