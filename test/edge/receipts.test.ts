import { describe, expect, test } from 'vitest';
import { CELL_RECEIPTS_DELIVERED, CELL_RECEIPTS_LATER } from '../../src/core/ring/counters.ts';
import {
  addReceiver,
  deliver,
  expireReceipts,
  sendHeldResults,
  sendUntold,
} from '../../src/edge/receipts.ts';
import { makeAccount, makeEdge, makeSession, received } from './harness.ts';
import type { TestEdge } from './harness.ts';
import {
  LATER,
  ODD,
  REFUSED,
  TAKEN,
  bindReceiver,
  delivered,
  lentRecord,
  respond,
  resultsAt,
} from './lending.ts';
import type { Receiver } from './lending.ts';

const TYPE_RECEIVERS = 65;

/** Windows that a shard was told of, in order. */
function windowsAt(one: TestEdge, shard: number): number[] {
  const told = received(one.edge, one.shards[shard]).filter((bytes) => bytes[4] === TYPE_RECEIVERS);
  return told.map((bytes) => bytes.readUInt32LE(24));
}

test('a receipt goes out as a deliver_sm from the number to the sender, under its message id', () => {
  const one = makeEdge();
  const receiver = bindReceiver(one);
  deliver(one.edge, 1, lentRecord(9), 0);
  const [pdu] = delivered(receiver);
  expect(pdu).toMatchObject({
    command: 'deliver_sm',
    esm_class: 4,
    source_addr: '962790000001',
    source_addr_ton: 1,
    destination_addr: 'Shop',
    dest_addr_ton: 5,
    receipted_message_id: '0102030400000009',
    message_state: 2,
  });
  expect((pdu.short_message as { message: string }).message).toMatch(
    /^id:0102030400000009 .*stat:DELIVRD err:000 text:hello$/i,
  );
});

describe('what the client answers goes back to the shard that lent it', () => {
  const answers: [string, number, number[]][] = [
    ['taken', 0x00, [TAKEN, 7, 0]],
    ['temporary error', 0x64, [LATER, 7, 0x64]],
    ['system error', 0x08, [LATER, 7, 0x08]],
    ['queue full', 0x14, [LATER, 7, 0x14]],
    ['throttled', 0x58, [LATER, 7, 0x58]],
    ['permanent error', 0x65, [REFUSED, 7, 0x65]],
    ['rejected', 0x66, [REFUSED, 7, 0x66]],
    ['wrong state', 0x04, [LATER, 7, 0x04]],
    ['unknown error', 0xff, [LATER, 7, 0xff]],
    ['a status that says nothing of what to do', 0x01, [ODD, 7, 0x01]],
    ['one of a request', 0x0b, [ODD, 7, 0x0b]],
    ['a status that nobody knows', 0x4ff, [ODD, 7, 0x4ff]],
  ];

  test.each(answers)('%s', (_name, status, expected) => {
    const one = makeEdge();
    const receiver = bindReceiver(one);
    deliver(one.edge, 1, lentRecord(7), 0);
    const [pdu] = delivered(receiver);
    respond(receiver.session, pdu.sequence_number, status);
    expect([resultsAt(one, 0), resultsAt(one, 1)]).toEqual([[], [expected]]);
    expect([one.edge.lent.used, receiver.session.window.size]).toEqual([0, 0]);
    expect(one.edge.cells[CELL_RECEIPTS_DELIVERED]).toBe(status === 0 ? 1 : 0);
    expect(one.edge.cells[CELL_RECEIPTS_LATER]).toBe(expected[0] === LATER ? 1 : 0);
  });

  test('generic_nack with its sequence_number is an answer too', () => {
    const one = makeEdge();
    const receiver = bindReceiver(one);
    deliver(one.edge, 0, lentRecord(7), 0);
    respond(receiver.session, delivered(receiver)[0].sequence_number, 0x03, 0x8000_0000);
    expect(resultsAt(one, 0)).toEqual([[ODD, 7, 0x03]]);
  });

  test('an answer that comes twice, or to nothing, changes nothing', () => {
    const one = makeEdge();
    const receiver = bindReceiver(one);
    deliver(one.edge, 0, lentRecord(7), 0);
    const [pdu] = delivered(receiver);
    for (const sequence of [pdu.sequence_number, pdu.sequence_number, 12_345, 0])
      respond(receiver.session, sequence);
    expect(resultsAt(one, 0)).toEqual([[TAKEN, 7, 0]]);
    expect(one.edge.cells[CELL_RECEIPTS_DELIVERED]).toBe(1);
  });

  test('none in time: offered again later', () => {
    const one = makeEdge();
    const receiver = bindReceiver(one);
    deliver(one.edge, 0, lentRecord(7), 0);
    delivered(receiver);
    expireReceipts(receiver.session, one.edge.nowMs + 59_999, 60_000);
    expect(resultsAt(one, 0)).toEqual([]);
    expireReceipts(receiver.session, one.edge.nowMs + 60_000, 60_000);
    expect(resultsAt(one, 0)).toEqual([[LATER, 7, 0x64]]);
    expect(one.edge.lent.used).toBe(0);
  });
});

describe('windows', () => {
  test('each shard is told its share when a receiver comes and when it goes', () => {
    const one = makeEdge([makeAccount(0, { receiptWindow: 10 })]);
    const first = bindReceiver(one);
    bindReceiver(one, 0, 0x1_0002);
    first.session.end();
    for (const shard of [0, 1]) expect(windowsAt(one, shard)).toEqual([5, 10, 5]);
  });

  test('each shard is told how many of them are of 3.4 or later', () => {
    const one = makeEdge();
    for (const [index, version] of [0x33, 0x34, 0x50].entries()) {
      const [session] = makeSession(one.edge, one.accounts[0], 0x1_0001 + index);
      session.version = version;
      addReceiver(session);
    }
    const told = received(one.edge, one.shards[1]).filter((bytes) => bytes[4] === TYPE_RECEIVERS);
    expect(told.map((bytes) => bytes.readUInt32LE(28))).toEqual([0, 1, 2]);
  });

  test('no shard is left without a share, and none has any without a receiver', () => {
    const one = makeEdge([makeAccount(0, { receiptWindow: 1 })]);
    bindReceiver(one).session.end();
    for (const shard of [0, 1]) expect(windowsAt(one, shard)).toEqual([1, 0]);
  });

  test('a shard whose ring is full is told later, once', () => {
    const one = makeEdge([makeAccount(0, { receiptWindow: 10 })], 4096);
    const ring = one.edge.ends.writers[0];
    while (ring.claim(24) >= 0) {
      ring.bytes.u8[4] = 0;
      ring.commit();
    }
    bindReceiver(one);
    expect([windowsAt(one, 1), one.edge.untold.size]).toEqual([[5], 1]);
    received(one.edge, one.shards[0]);
    expect(sendUntold(one.edge)).toBe(true);
    expect([windowsAt(one, 0), windowsAt(one, 1)]).toEqual([[5], []]);
  });

  test('no session gets more than its window; what is over goes back at once', () => {
    const one = makeEdge([makeAccount(0, { receiptWindow: 4 })]);
    const receivers = [bindReceiver(one), bindReceiver(one, 0, 0x1_0002)];
    for (let slot = 0; slot < 11; slot++) deliver(one.edge, 0, lentRecord(slot), 0);
    expect(receivers.map((receiver) => delivered(receiver).length)).toEqual([4, 4]);
    expect(resultsAt(one, 0)).toEqual([
      [LATER, 8, 0],
      [LATER, 9, 0],
      [LATER, 10, 0],
    ]);
    expect(one.edge.lent.used).toBe(8);
  });

  test('receipts of an account with no receiver here, or no account any more, go back', () => {
    const one = makeEdge();
    bindReceiver(one, 0);
    deliver(one.edge, 0, lentRecord(1, { account: 1 }), 0);
    deliver(one.edge, 1, lentRecord(2, { account: 5 }), 0);
    expect([resultsAt(one, 0), resultsAt(one, 1)]).toEqual([[[LATER, 1, 0]], [[LATER, 2, 0]]]);
  });
});

describe('when the session goes', () => {
  test.each([
    ['its link closes', (receiver: Receiver) => receiver.socket.emit('close')],
    ['it is ended by us', (receiver: Receiver) => receiver.session.end()],
    [
      'it unbinds',
      (receiver: Receiver) => receiver.session.onData(Buffer.from('00000010000000060000000000000005', 'hex')),
    ],
  ])('%s: what it has not answered goes back, in order, once', (_name, leave) => {
    const one = makeEdge();
    const receiver = bindReceiver(one);
    for (const slot of [4, 5, 6]) deliver(one.edge, slot % 2, lentRecord(slot), 0);
    const [first] = delivered(receiver);
    respond(receiver.session, first.sequence_number);
    leave(receiver);
    receiver.socket.emit('close');
    expect(resultsAt(one, 0)).toEqual([
      [TAKEN, 4, 0],
      [LATER, 6, 0],
    ]);
    expect(resultsAt(one, 1)).toEqual([[LATER, 5, 0]]);
    expect([one.edge.lent.used, one.accounts[0].receivers.length]).toEqual([0, 0]);
    deliver(one.edge, 0, lentRecord(8), 0);
    expect(resultsAt(one, 0)).toEqual([[LATER, 8, 0]]);
  });

  test('results that find the ring full are kept in order until there is room', () => {
    const one = makeEdge([makeAccount(0, { receiptWindow: 1000 })], 4096);
    const receiver = bindReceiver(one);
    received(one.edge, one.shards[0]);
    for (let slot = 0; slot < 500; slot++) deliver(one.edge, 0, lentRecord(slot), 0);
    receiver.session.end();
    const results: number[][] = [];
    for (let turn = 0; turn < 100 && results.length < 500; turn++) {
      results.push(...resultsAt(one, 0));
      sendHeldResults(one.edge);
    }
    expect(results).toEqual(Array.from({ length: 500 }, (_, slot) => [LATER, slot, 0]));
    expect([one.edge.lent.used, one.edge.resultsHeld.length]).toEqual([0, 0]);
  });
});

test('to a client in lock step receipts go in groups, each after its time', () => {
  const one = makeEdge([makeAccount(0, { receiptGroupMs: 200 })]);
  const receiver = bindReceiver(one);
  receiver.session.lockStep = 100;
  deliver(one.edge, 0, lentRecord(1), 0);
  one.edge.nowMs += 150;
  deliver(one.edge, 0, lentRecord(2), 0);
  expect(delivered(receiver)).toEqual([]);
  one.edge.nowMs += 50;
  expect(delivered(receiver).map(({ receipted_message_id: id }) => id)).toEqual([
    '0102030400000001',
    '0102030400000002',
  ]);
});
