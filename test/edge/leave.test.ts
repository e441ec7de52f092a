/** A session that ends in order, whoever asks for it: what came before is answered first. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { deliver } from '../../src/edge/receipts.ts';
import { CLOSED } from '../../src/smpp/session.ts';
import { pduBytes, submitBytes } from '../daemon/raw.ts';
import { makeAccount, makeEdge, makeSession } from './harness.ts';
import type { FakeSocket, TestEdge } from './harness.ts';
import { LATER, TAKEN, bindReceiver, delivered, lentRecord, respond, resultsAt } from './lending.ts';
import type { EsmeSession } from '../../src/edge/session.ts';

const [SUBMIT_SM_RESP, UNBIND, UNBIND_RESP] = [0x8000_0004, 6, 0x8000_0006];
const [ROK, RINVBNDSTS] = [0, 4];

let one: TestEdge;
let session: EsmeSession;
let socket: FakeSocket;
beforeEach(() => {
  vi.useFakeTimers();
  const account = makeAccount(0);
  one = makeEdge([account]);
  [session, socket] = makeSession(one.edge, account);
});
afterEach(() => void vi.useRealTimers());

/** [command_id, command_status, sequence_number] of what was written. */
function written(): number[][] {
  session.flush(one.edge.nowMs);
  return socket.takePdus().map((pdu) => [pdu.readUInt32BE(4), pdu.readUInt32BE(8), pdu.readUInt32BE(12)]);
}

describe('unbind of the ESME', () => {
  test('is answered at once when nothing is under way', () => {
    session.onData(pduBytes(UNBIND, 5));
    expect(written()).toEqual([[UNBIND_RESP, ROK, 5]]);
    expect(socket.writableEnded).toBe(false);
    vi.advanceTimersByTime(5_000);
    expect(socket.writableEnded).toBe(true);
  });

  test('is answered behind the submits that came before it; later ones are refused', () => {
    session.onData(Buffer.concat([submitBytes(1), submitBytes(2), pduBytes(UNBIND, 3), submitBytes(4)]));
    expect(written()).toEqual([[SUBMIT_SM_RESP, RINVBNDSTS, 4]]);
    session.answer(0, ROK, 2, 1, 2);
    expect(written()).toEqual([[SUBMIT_SM_RESP, ROK, 2]]);
    session.answer(0, ROK, 1, 1, 1);
    expect(written()).toEqual([
      [SUBMIT_SM_RESP, ROK, 1],
      [UNBIND_RESP, ROK, 3],
    ]);
  });

  test('waits so long and no longer', () => {
    session.onData(Buffer.concat([submitBytes(1), pduBytes(UNBIND, 2)]));
    vi.advanceTimersByTime(4_999);
    expect(written()).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(written()).toEqual([[UNBIND_RESP, ROK, 2]]);
    session.answer(0, ROK, 1, 1, 1);
    expect(written()).toEqual([[SUBMIT_SM_RESP, ROK, 1]]);
    vi.advanceTimersByTime(5_000);
    expect(socket.writableEnded).toBe(true);
  });

  test('that comes again is answered with the first, and nothing is waited for', () => {
    session.onData(Buffer.concat([submitBytes(1), pduBytes(UNBIND, 2), pduBytes(UNBIND, 3)]));
    expect(written()).toEqual([
      [UNBIND_RESP, ROK, 2],
      [UNBIND_RESP, ROK, 3],
    ]);
    session.onData(pduBytes(UNBIND, 4));
    expect(written()).toEqual([[UNBIND_RESP, ROK, 4]]);
  });

  test('leaves nothing to do when the connection ends first', () => {
    session.onData(Buffer.concat([submitBytes(1), pduBytes(UNBIND, 2)]));
    socket.emit('close');
    expect(session.state).toBe(CLOSED);
    session.answer(0, ROK, 1, 1, 1);
    vi.advanceTimersByTime(20_000);
    expect(socket.writableEnded).toBe(false);
  });
});

test('a receipt that the ESME answers behind its unbind is not offered again', () => {
  const receiver = bindReceiver(one);
  deliver(one.edge, 1, lentRecord(7), 0);
  const [pdu] = delivered(receiver);
  receiver.session.onData(pduBytes(UNBIND, 2));
  expect(resultsAt(one, 1)).toEqual([]);
  respond(receiver.session, pdu.sequence_number, ROK);
  expect(resultsAt(one, 1)).toEqual([[TAKEN, 7, 0]]);
  expect(receiver.session.account?.receivers).toEqual([]);
});

test.each(['the ESME', 'us'])(
  'receipts held back are not sent behind an unbind of %s, and go back',
  (who) => {
    const receiver = bindReceiver(one);
    receiver.session.lockStep = 100;
    const account = receiver.session.account as NonNullable<EsmeSession['account']>;
    account.receiptGroupMs = 200;
    deliver(one.edge, 1, lentRecord(7), 0);
    deliver(one.edge, 1, lentRecord(8), 0);
    expect(delivered(receiver)).toEqual([]);
    if (who === 'us') receiver.session.unbind();
    else receiver.session.onData(pduBytes(UNBIND, 5));
    one.edge.nowMs += 500;
    receiver.session.tick(one.edge.nowMs);
    expect(delivered(receiver).map(({ command }) => command)).toEqual([
      who === 'us' ? 'unbind' : 'unbind_resp',
    ]);
    expect(resultsAt(one, 1)).toEqual([]);
    receiver.socket.emit('close');
    expect(resultsAt(one, 1)).toEqual([
      [LATER, 7, 0],
      [LATER, 8, 0],
    ]);
  },
);

describe('unbind of ours', () => {
  test('ends the session with the answer, once submits that came before it have theirs', () => {
    session.onData(submitBytes(1));
    session.unbind();
    expect(written()).toEqual([[UNBIND, 0, 1]]);
    session.onData(Buffer.concat([submitBytes(2), pduBytes(UNBIND_RESP, 1)]));
    expect(socket.writableEnded).toBe(false);
    session.answer(0, ROK, 1, 1, 1);
    expect(socket.writableEnded).toBe(false);
    session.answer(0, ROK, 2, 1, 2);
    expect(socket.writableEnded).toBe(true);
    expect(written().map(([command]) => command)).toEqual([SUBMIT_SM_RESP, SUBMIT_SM_RESP]);
  });

  test('is bounded too', () => {
    session.onData(submitBytes(1));
    session.unbind();
    session.onData(pduBytes(UNBIND_RESP, 1));
    vi.advanceTimersByTime(4_999);
    expect(socket.writableEnded).toBe(false);
    vi.advanceTimersByTime(1);
    expect(socket.writableEnded).toBe(true);
  });

  test('an unbind_resp that nobody asked for ends nothing', () => {
    session.onData(pduBytes(UNBIND_RESP, 1));
    expect(socket.writableEnded).toBe(false);
  });
});
