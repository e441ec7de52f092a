import { describe, expect, test } from 'vitest';
import {
  CELL_DISK_REFUSING,
  CELL_QUEUE_FULL,
  CELL_SUBMIT_THROTTLED,
  SMSC_BOUND,
  SMSC_QUEUED,
  TICKS_PER_MS,
} from '../../src/core/ring/counters.ts';
import { submit } from '../../src/edge/submit.ts';
import { VERSION_34 } from '../../src/smpp/constants.ts';
import { TIME_MS } from '../support/ledger.ts';
import { shiftedInto } from '../support/messages.ts';
import { oracleEncode } from '../support/oracle.ts';
import { makeAccount, makeEdge, received } from './harness.ts';
import type { TestEdge } from './harness.ts';

const [ROK, RINVMSGLEN, RINVDSTADR, RMSGQFUL, RTHROTTLED] = [0, 0x01, 0x0b, 0x14, 0x58];

function pdu(fields: Record<string, unknown> = {}): Buffer {
  return oracleEncode('submit_sm', {
    sequence_number: 77,
    source_addr_ton: 5,
    source_addr: 'Shop',
    dest_addr_ton: 1,
    dest_addr_npi: 1,
    destination_addr: '962790000001',
    registered_delivery: 1,
    short_message: Buffer.from('hello'),
    ...fields,
  });
}

function send({ edge, accounts }: TestEdge, bytes = pdu(), account = 0): number {
  const { b, start, end } = shiftedInto(bytes, 24);
  return submit(edge, accounts[account], VERSION_34, 1, 0x0002_0001, 77, b, start, end);
}

const refusals: [string, number, Record<string, unknown>][] = [
  ['a destination of 21 octets', RINVDSTADR, { destination_addr: '1'.repeat(21) }],
  ['a text of 255 octets in 3.4', RINVMSGLEN, { short_message: Buffer.alloc(255, 0x61) }],
];

describe('refuses, and hands nothing to a shard', () => {
  test.each(refusals)('%s', (_name, status, fields) => {
    const one = makeEdge();
    expect(send(one, pdu(fields))).toBe(status);
    expect(one.shards.flatMap((shard) => received(one.edge, shard))).toEqual([]);
  });

  test('while it stops', () => {
    const one = makeEdge();
    one.edge.draining = true;
    expect(send(one)).toBe(RTHROTTLED);
    expect(one.shards.flatMap((shard) => received(one.edge, shard))).toEqual([]);
  });

  test('over the rate of the account, counted, and not those of another account', () => {
    const intervalTicks = 100 * TICKS_PER_MS;
    const one = makeEdge([makeAccount(0, { intervalTicks, burstTicks: intervalTicks }), makeAccount(1)]);
    expect([send(one), send(one), send(one), send(one)]).toEqual([ROK, ROK, RTHROTTLED, RTHROTTLED]);
    expect(send(one, pdu(), 1)).toBe(ROK);
    expect(one.edge.cells[CELL_SUBMIT_THROTTLED]).toBe(2);
    one.edge.nowTicks += intervalTicks;
    expect([send(one), send(one)]).toEqual([ROK, RTHROTTLED]);
  });

  test('a bad message costs nothing of the rate', () => {
    const one = makeEdge([makeAccount(0, { intervalTicks: TICKS_PER_MS })]);
    expect(send(one, pdu({ destination_addr: '1'.repeat(21) }))).toBe(RINVDSTADR);
    expect(send(one)).toBe(ROK);
  });

  test('when the queue of the SMSC is full, and takes again below it', () => {
    const one = makeEdge();
    one.edge.route.length = 1;
    const [smsc] = one.edge.route;
    smsc.cells[SMSC_QUEUED] = smsc.queueMax - 1;
    expect(send(one)).toBe(ROK);
    smsc.cells[SMSC_QUEUED] = smsc.queueMax;
    expect(send(one)).toBe(RMSGQFUL);
    expect(one.edge.cells[CELL_QUEUE_FULL]).toBe(1);
    smsc.cells[SMSC_QUEUED] = 0;
    expect(send(one)).toBe(ROK);
  });

  test('when the disk of the shard is full', () => {
    const one = makeEdge();
    one.edge.route.length = 1;
    one.edge.shardCells[1][CELL_DISK_REFUSING] = 1;
    expect(send(one)).toBe(ROK);
    one.edge.shardCells[0][CELL_DISK_REFUSING] = 1;
    expect(send(one)).toBe(RMSGQFUL);
  });

  test('when the ring is full: every message that got ESME_ROK is in it, no other', () => {
    const one = makeEdge(undefined, 4096);
    one.edge.route.length = 1;
    const statuses = Array.from({ length: 100 }, () => send(one));
    const taken = statuses.filter((status) => status === ROK).length;
    expect(new Set(statuses)).toEqual(new Set([ROK, RTHROTTLED]));
    expect(received(one.edge, one.shards[0])).toHaveLength(taken);
    expect(send(one)).toBe(ROK);
  });
});

test('what reaches the shard is the ACCEPTED event, byte for byte, with the body as it was received', () => {
  const one = makeEdge();
  one.edge.route.length = 1;
  const bytes = pdu({ esm_class: 3, data_coding: 4, priority_flag: 2, service_type: 'CMT' });
  expect(send(one, bytes)).toBe(ROK);
  const [record] = received(one.edge, one.shards[0]);
  const body = bytes.subarray(16);
  expect(record.length).toBe(56 + body.length);
  expect(record.readUInt32LE(0)).toBe(56 + body.length);
  expect([record[4], record[5], record.readUInt16LE(6)]).toEqual([1, 1, 0]);
  expect([record.readUInt16LE(24), record.readUInt32LE(28), record.readUInt32LE(32)]).toEqual([
    0, 0x0002_0001, 77,
  ]);
  expect([...record.subarray(36, 40)]).toEqual([1, 3, 4, 2]);
  // service_type "CMT" and its NUL, then ton, npi, "Shop" and NUL.
  expect([record.readUInt16LE(40), record.readUInt16LE(42)]).toEqual([4, 11]);
  expect(body.toString('latin1', record.readUInt16LE(44), record.readUInt16LE(44) + record[46])).toBe(
    'hello',
  );
  expect(record.readDoubleLE(48)).toBe(TIME_MS + 172_800_000);
  expect(record.subarray(56).equals(body)).toBe(true);
});

test('a validity_period is when it expires, in place of the default', () => {
  const one = makeEdge();
  one.edge.route.length = 1;
  expect(send(one, pdu({ validity_period: '000000000130000R' }))).toBe(ROK);
  expect(received(one.edge, one.shards[0])[0].readDoubleLE(48)).toBe(TIME_MS + 90_000);
});

describe('the default route', () => {
  const smscsOf = (one: TestEdge): number[] =>
    one.shards.flatMap((shard) => received(one.edge, shard)).map((record) => record.readUInt16LE(24));

  function ways(one: TestEdge, numbers: number): number[] {
    return Array.from({ length: numbers }, (_, number) => {
      expect(send(one, pdu({ destination_addr: `9627900${String(number).padStart(5, '0')}` }))).toBe(ROK);
      return smscsOf(one)[0];
    });
  }

  test('one destination always takes the same way, and many take all of them', () => {
    const one = makeEdge();
    for (const smsc of one.edge.route) smsc.cells[SMSC_BOUND] = 1;
    const first = ways(one, 300);
    expect(ways(one, 300)).toEqual(first);
    for (const smsc of [0, 1, 2]) {
      expect(first.filter((way) => way === smsc).length, `smsc ${smsc}`).toBeGreaterThan(60);
    }
  });

  test('the parts of a long message stay together', () => {
    const one = makeEdge();
    for (const smsc of one.edge.route) smsc.cells[SMSC_BOUND] = 1;
    for (let part = 1; part <= 3; part++) {
      const header = Buffer.from([5, 0, 3, 0x42, 3, part]);
      expect(
        send(one, pdu({ esm_class: 0x40, short_message: Buffer.concat([header, Buffer.from('part')]) })),
      ).toBe(ROK);
    }
    expect(new Set(smscsOf(one)).size).toBe(1);
  });

  test('goes round an SMSC that is not bound, and back', () => {
    const one = makeEdge();
    for (const smsc of one.edge.route) smsc.cells[SMSC_BOUND] = 1;
    const before = ways(one, 100);
    one.edge.route[1].cells[SMSC_BOUND] = 0;
    expect(new Set(ways(one, 100))).toEqual(new Set([0, 2]));
    one.edge.route[1].cells[SMSC_BOUND] = 2;
    expect(ways(one, 100)).toEqual(before);
  });

  test('with none bound the messages wait, shared out as ever', () => {
    const one = makeEdge();
    expect(new Set(ways(one, 100))).toEqual(new Set([0, 1, 2]));
  });
});
