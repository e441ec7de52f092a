/** Messages that do not pass as they came: what their shard finds in its ring, drawn as core/records.ts has it. */
import { describe, expect, test } from 'vitest';
import { TICKS_PER_MS } from '../../src/core/ring/counters.ts';
import type { AccountConfig, SmscConfig } from '../../src/core/config.ts';
import { submit } from '../../src/edge/submit.ts';
import { readSubmit } from '../daemon/octet-smsc.ts';
import type { Sms } from '../daemon/octet-smsc.ts';
import { TIME_MS } from '../support/ledger.ts';
import { oracleEncode } from '../support/oracle.ts';
import { makeAccount, makeEdge, received } from './harness.ts';
import type { TestEdge } from './harness.ts';

const [ROK, RINVMSGLEN, RTHROTTLED] = [0, 1, 0x58];
const [ACCEPTED, SUBMIT_BATCH] = [1, 66];
const [EXTENDED, REPLACE] = [1, 2];
const [HELD, LED] = [1, 8];

function make(smsc: Partial<SmscConfig> = {}, account: Partial<AccountConfig> = {}, rate = {}): TestEdge {
  const one = makeEdge([makeAccount(0, rate, account)], undefined, smsc);
  one.edge.route.length = 1;
  return one;
}

function send({ edge, accounts }: TestEdge, fields: Record<string, unknown>, version = 0x34): number {
  const pdu = oracleEncode('submit_sm', { source_addr: 'S', destination_addr: '1', ...fields });
  return submit(edge, accounts[0], version, 1, 0x0002_0001, 77, pdu, 0, pdu.length);
}

/** Each ACCEPTED record in the shard's ring, those of a batch one by one. */
interface Read {
  sms: Sms;
  flags: number;
  registered: number;
  expiresMs: number;
  part: number;
  parts: number;
  scheduleMs: number;
  bits: number;
  key: number;
}

function readAll(one: TestEdge): Read[] {
  return received(one.edge, one.shards[0]).flatMap((record) => {
    if (record[4] === ACCEPTED) return [readAccepted(record)];
    expect(record[4]).toBe(SUBMIT_BATCH);
    expect([record.readUInt32LE(24), record.readUInt32LE(28)]).toEqual([0x0002_0001, 77]);
    const reads: Read[] = [];
    let at = 48;
    for (let count = record.readUInt32LE(40); count > 0; count--) {
      const length = record.readUInt32LE(at);
      reads.push(readAccepted(record.subarray(at, at + length)));
      at += (length + 7) & ~7;
    }
    return reads;
  });
}

function readAccepted(record: Buffer): Read {
  const flags = record.readUInt16LE(26);
  const isExtended = (flags & EXTENDED) !== 0;
  const bodyEnd = isExtended ? record.length - 24 - ((flags >> 4) & 7) : record.length;
  const extension = isExtended ? record.subarray(record.length - 24) : Buffer.alloc(24);
  expect(record.readUInt32LE(0)).toBe(record.length);
  return {
    sms: readSubmit(Buffer.concat([Buffer.alloc(16), record.subarray(56, bodyEnd)])),
    flags,
    registered: record[36],
    expiresMs: record.readDoubleLE(48),
    scheduleMs: extension.readDoubleLE(8),
    part: extension[16],
    parts: extension[17],
    bits: extension[18],
    key: extension.readUInt32LE(20),
  };
}

const long = (octets: number): Record<string, unknown> => ({
  short_message: '',
  message_payload: Buffer.alloc(octets, 0x61),
});
const piece = (sequence: number, reference = 9): Record<string, unknown> => ({
  esm_class: 0x40,
  short_message: { udh: Buffer.from([5, 0, 3, reference, 3, sequence]), message: Buffer.from('text') },
});

describe('a message that we cut', () => {
  test('is one batch of numbered parts', () => {
    const one = make();
    expect(send(one, long(400))).toBe(ROK);
    const reads = readAll(one);
    expect(reads.map(({ part, parts, bits }) => [part, parts, bits])).toEqual([
      [1, 3, 0],
      [2, 3, 0],
      [3, 3, 0],
    ]);
    expect(reads.map(({ sms }) => sms.octets.length)).toEqual([159, 159, 100]);
    expect(one.edge.partsOfLast).toBe(3);
  });

  test('of more parts than the account may have is refused, whoever would cut it', () => {
    for (const long_messages of ['as-is', 'udh16', 'sar', 'payload'] as const) {
      const one = make({ long_messages }, { parts_max: 3 });
      expect([long_messages, send(one, long(3 * 153 + 1))]).toEqual([long_messages, RINVMSGLEN]);
      expect(readAll(one)).toEqual([]);
    }
  });

  test('costs the rate as many tokens as it has parts, and is not refused for them', () => {
    for (const long_messages of ['udh8', 'payload'] as const) {
      // One a second; not even a second message may follow at once.
      const one = make({ long_messages }, {}, { intervalTicks: 1000 * TICKS_PER_MS });
      expect(send(one, long(400))).toBe(ROK);
      expect(readAll(one)).toHaveLength(long_messages === 'udh8' ? 3 : 1);
      for (const ms of [999, 1999, 2999]) {
        one.edge.nowTicks = ms * TICKS_PER_MS;
        expect([ms, send(one, { short_message: 'x' })]).toEqual([ms, RTHROTTLED]);
      }
      one.edge.nowTicks = 3000 * TICKS_PER_MS;
      expect(send(one, { short_message: 'x' })).toBe(ROK);
    }
  });

  test('asks its SMSC for the receipts that this can give, and is told of as its client asked', () => {
    const one = make({ interface_version: '3.4' });
    expect(send(one, { ...long(400), registered_delivery: 3 }, 0x50)).toBe(ROK);
    expect(readAll(one).map(({ sms, registered }) => [sms.registeredDelivery, registered])).toEqual(
      Array.from({ length: 3 }, () => [1, 3]),
    );
    expect(send(one, { short_message: 'x', registered_delivery: 3 }, 0x50)).toBe(ROK);
    expect(readAll(one).map(({ sms, registered }) => [sms.registeredDelivery, registered])).toEqual([[1, 3]]);
  });

  test('does not ask the SMSC for what the gateway does: the schedule, the replacing', () => {
    const one = make();
    const fields = { schedule_delivery_time: '000000010000000R', replace_if_present_flag: 1 };
    expect(send(one, { ...fields, short_message: 'x', validity_period: '000000003000000R' })).toBe(ROK);
    const [{ sms, flags, scheduleMs, expiresMs }] = readAll(one);
    expect([sms.schedule, sms.validity, flags & REPLACE]).toEqual(['', '000000003000000R', REPLACE]);
    expect([scheduleMs, expiresMs]).toEqual([TIME_MS + 3_600_000, TIME_MS + 3_600_000 + 1_800_000]);
  });

  test('that is scheduled is valid for the SMSC from its time on', () => {
    const one = make({ validity_default_s: 100 });
    one.edge.route[0].validityMs = 100_000;
    expect(send(one, { short_message: 'x', schedule_delivery_time: '000000010000000R' })).toBe(ROK);
    expect(readAll(one)[0].expiresMs).toBe(TIME_MS + 3_600_000 + 100_000);
  });
});

describe('a part of the client’s own', () => {
  test('passes as it came, and names its message', () => {
    const one = make();
    for (const sequence of [1, 2, 3]) expect(send(one, piece(sequence))).toBe(ROK);
    expect(send(one, piece(1, 10))).toBe(ROK);
    const reads = readAll(one);
    expect(reads.map(({ part, parts, bits }) => [part, parts, bits])).toEqual([
      [1, 3, LED],
      [2, 3, LED],
      [3, 3, LED],
      [1, 3, LED],
    ]);
    expect(new Set(reads.slice(0, 3).map(({ key }) => key)).size).toBe(1);
    expect(reads[3].key).not.toBe(reads[0].key);
    expect(reads[0].sms.octets.toString('hex')).toBe('0500030903017465' + '7874');
  });

  test('that takes another form on its way names it too, by the same key', () => {
    const one = make({ long_messages: 'sar' });
    expect(send(one, piece(1))).toBe(ROK);
    expect(send(one, { ...piece(2), schedule_delivery_time: '000000010000000R' })).toBe(ROK);
    const reads = readAll(one);
    expect(reads.map(({ part, parts, bits, scheduleMs }) => [part, parts, bits, scheduleMs])).toEqual([
      [1, 3, LED, 0],
      [2, 3, LED, TIME_MS + 3_600_000],
    ]);
    expect(reads[0].key).toBe(reads[1].key);
    expect(reads[0].sms.tlvs.get(0x020c)?.toString('hex')).toBe('0009');
  });

  test.each<[string, Partial<SmscConfig>, Partial<AccountConfig>]>([
    ['where its SMSC wants the text in one piece', { long_messages: 'payload' }, {}],
    ['where its client wants one receipt', {}, { receipts: 'merged' }],
  ])('waits for the others %s, as it came', (_why, smsc, account) => {
    const one = make(smsc, account);
    expect(send(one, { ...piece(2), schedule_delivery_time: '000000010000000R' })).toBe(ROK);
    const [read] = readAll(one);
    expect([read.part, read.parts, read.bits, read.scheduleMs]).toEqual([2, 3, HELD, TIME_MS + 3_600_000]);
    expect(read.sms.octets.toString('hex')).toBe('0500030903027465' + '7874');
    expect(read.sms.schedule).toBe('');
  });
});

test('when the ring is full: all parts of a message are in it, or none', () => {
  const one = makeEdge([makeAccount(0)], 4096);
  one.edge.route.length = 1;
  const statuses = Array.from({ length: 40 }, () => send(one, long(400)));
  const taken = statuses.filter((status) => status === ROK).length;
  expect(new Set(statuses)).toEqual(new Set([ROK, RTHROTTLED]));
  expect(readAll(one)).toHaveLength(3 * taken);
});
