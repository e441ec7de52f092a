import { describe, expect, test } from 'vitest';
import { SMSC_BOUND, createCounterPages } from '../../src/core/ring/counters.ts';
import { PartWays } from '../../src/core/ring/part-ways.ts';
import { chooseSmsc, rulesOf } from '../../src/edge/route.ts';
import { scanSubmitSm } from '../../src/smpp/pdu/submit-sm.ts';
import { oracleEncode } from '../support/oracle.ts';
import { makeEdge } from './harness.ts';
import type { TestEdge } from './harness.ts';

interface Piece {
  dest?: string;
  reference?: number;
  sequence?: number;
  total?: number;
  form?: 'udh8' | 'udh16' | 'sar';
  /** Value of the TLV that a rule looks at. */
  campaign?: string;
  /** More TLVs, whole, in hexadecimal. */
  tlvs?: string[];
}

/** Index of the SMSC that a part goes to; without a form, a short message. */
function wayOf({ edge, accounts }: TestEdge, piece: Piece = {}, account = 0): number {
  const { dest = '962790000001', reference = 7, sequence = 1, total = 3, form } = piece;
  const fields: Record<string, unknown> = { source_addr: 'Sender', destination_addr: dest };
  if (form === 'sar') {
    fields.sar_msg_ref_num = reference;
    fields.sar_total_segments = total;
    fields.sar_segment_seqnum = sequence;
  } else if (form !== undefined) {
    const number =
      form === 'udh8' ? [5, 0, 3, reference & 0xff] : [6, 8, 4, reference >> 8, reference & 0xff];
    fields.esm_class = 0x40;
    fields.short_message = { udh: Buffer.from([...number, total, sequence]), message: Buffer.from('x') };
  }
  const plain = oracleEncode('submit_sm', fields);
  const given = piece.tlvs ?? [];
  const named = piece.campaign === undefined ? given : [cstring(CAMPAIGN, piece.campaign), ...given];
  const bytes = withTlvs(plain, named);
  expect(scanSubmitSm(bytes, 0, bytes.length, 0x34, edge.fields)).toBe(0);
  return chooseSmsc(edge, accounts[account], bytes, edge.fields).index;
}

const CAMPAIGN = 0x1501;

/** A C-string, in hexadecimal as the others. */
function cstring(tag: number, text: string): string {
  return Buffer.concat([
    Buffer.from([tag >> 8, tag & 0xff, 0, text.length + 1]),
    Buffer.from(`${text}\0`),
  ]).toString('hex');
}

/** The PDU with more TLVs, written by hand. */
function withTlvs(pdu: Buffer, tlvs: readonly string[]): Buffer {
  const longer = Buffer.concat([pdu, Buffer.from(tlvs.join(''), 'hex')]);
  longer.writeUInt32BE(longer.length, 0);
  return longer;
}

/** Messages with campaign "gold" go to SMSC 2, all others to SMSC 0. */
function ruled(one: TestEdge = makeEdge()): TestEdge {
  const { edge } = one;
  const [first, , third] = edge.smscs;
  edge.smscs = [...edge.smscs];
  edge.route = [first];
  edge.rules = [{ tag: CAMPAIGN, type: 'cstring', equals: 'gold', smscs: [third] }];
  return one;
}

/** Two edges of one gateway. */
function severalEdges(): TestEdge[] {
  const ways = new PartWays(createCounterPages(1, 1, 1));
  return [makeEdge(), makeEdge()].map((one) => {
    one.edge.sharedWays = ways;
    return one;
  });
}

function bind({ edge }: TestEdge, bound: readonly number[]): void {
  for (const [index, smsc] of edge.route.entries()) smsc.cells[SMSC_BOUND] = bound.includes(index) ? 1 : 0;
}

const FORMS = ['udh8', 'udh16', 'sar'] as const;

describe('the parts of one message go one way', () => {
  test.each(FORMS)('though another SMSC is bound or lost in between: %s', (form) => {
    const one = makeEdge();
    for (let number = 0; number < 60; number++) {
      const dest = String(962790000000 + number);
      bind(one, [number % 3]);
      const first = wayOf(one, { form, dest, sequence: 2 });
      expect(first).toBe(number % 3);
      bind(one, [(number + 1) % 3, (number + 2) % 3]);
      expect(wayOf(one, { form, dest, sequence: 1 })).toBe(first);
      bind(one, []);
      expect(wayOf(one, { form, dest, sequence: 3 })).toBe(first);
      // What is no part of it, does not.
      bind(one, [(number + 1) % 3]);
      expect(wayOf(one, { dest })).not.toBe(first);
    }
  });

  test('and a part that is sent again, too', () => {
    const one = makeEdge();
    bind(one, [0]);
    wayOf(one, { form: 'udh8', sequence: 1 });
    wayOf(one, { form: 'udh8', sequence: 2 });
    bind(one, [1]);
    expect(wayOf(one, { form: 'udh8', sequence: 2 })).toBe(0);
    expect(wayOf(one, { form: 'udh8', sequence: 3 })).toBe(0);
  });

  test('the next message of the number chooses anew', () => {
    const one = makeEdge();
    bind(one, [0]);
    for (const sequence of [1, 2, 3]) wayOf(one, { form: 'udh8', sequence });
    bind(one, [2]);
    for (const sequence of [1, 2, 3]) expect(wayOf(one, { form: 'udh8', sequence })).toBe(2);
  });

  test.each<[string, Piece, number]>([
    ['reference', { reference: 8 }, 0],
    ['total', { total: 4 }, 0],
    ['form', { form: 'udh16' }, 0],
    ['account', {}, 1],
  ])('another %s is another message', (_name, other, account) => {
    const one = makeEdge();
    bind(one, [0]);
    wayOf(one, { form: 'udh8' });
    bind(one, [1]);
    expect(wayOf(one, { form: 'udh8', sequence: 2, ...other }, account)).toBe(1);
    expect(wayOf(one, { form: 'udh8', sequence: 2 })).toBe(0);
  });

  test.each(FORMS)(
    'whichever edge they come to, and a new message goes to an SMSC that is there: %s',
    (form) => {
      const edges = severalEdges();
      const all = new Set<number>();
      for (let number = 0; number < 60; number++) {
        const dest = String(962790000000 + number);
        for (const one of edges) bind(one, [number % 3]);
        expect(wayOf(edges[0], { form, dest })).toBe(number % 3);
        for (const one of edges) bind(one, [(number + 1) % 3, (number + 2) % 3]);
        expect(wayOf(edges[1], { form, dest, sequence: 2 })).toBe(number % 3);
        expect(wayOf(edges[0], { form, dest, sequence: 3 })).toBe(number % 3);
        // The next number is the next message.
        const next = wayOf(edges[1], { form, dest, reference: 8 });
        expect(next).not.toBe(number % 3);
        expect(wayOf(edges[0], { form, dest, reference: 8, sequence: 2 })).toBe(next);
        all.add(next);
      }
      expect(all.size).toBe(3);
    },
  );

  test('on several edges by what tells messages apart, the account too', () => {
    const edges = severalEdges();
    const others: [Piece, number][] = [
      [{ form: 'udh8' }, 0],
      [{ form: 'udh8', reference: 8 }, 0],
      [{ form: 'udh8', total: 4 }, 0],
      [{ form: 'udh16' }, 0],
      [{ form: 'sar' }, 0],
      [{ form: 'udh8', dest: '962790000002' }, 0],
      [{ form: 'udh8' }, 1],
    ];
    for (const [number, [piece, account]] of others.entries()) {
      bind(edges[0], [number % 3]);
      expect(wayOf(edges[0], piece, account)).toBe(number % 3);
    }
    bind(edges[1], [0, 1, 2]);
    for (const [number, [piece, account]] of others.entries()) {
      expect(wayOf(edges[1], { ...piece, sequence: 2 }, account)).toBe(number % 3);
    }
  });

  test('on several edges though only one of them has the TLV of a rule', () => {
    const edges = severalEdges().map(ruled);
    expect(wayOf(edges[0], { form: 'udh8', campaign: 'gold' })).toBe(2);
    expect(wayOf(edges[1], { form: 'udh8', sequence: 2 })).toBe(2);
  });

  test.each(FORMS)('though only one of them has the TLV of a rule: %s', (form) => {
    const gold = { campaign: 'gold', form };
    const one = ruled();
    expect(wayOf(one, { ...gold, sequence: 1 })).toBe(2);
    expect([2, 3].map((sequence) => wayOf(one, { form, sequence }))).toEqual([2, 2]);
    // The part that comes first decides, whichever it is.
    expect(wayOf(one, { form, sequence: 3 })).toBe(0);
    expect([2, 1].map((sequence) => wayOf(one, { ...gold, sequence }))).toEqual([0, 0]);
    // What is no part of a message goes by its own TLV.
    expect([wayOf(one, { campaign: 'gold' }), wayOf(one)]).toEqual([2, 0]);
  });

  test.each(FORMS)('over a start of the daemon: what the ledger had is gone by for a minute: %s', (form) => {
    const before = makeEdge();
    const ways = new PartWays(createCounterPages(1, 1, 1));
    before.edge.sharedWays = ways;
    bind(before, [2]);
    expect(wayOf(before, { form })).toBe(2);
    const one = makeEdge();
    one.edge.recoveredWays = ways;
    bind(one, [1]);
    expect(wayOf(one, { form, sequence: 2 })).toBe(2);
    expect(wayOf(one, { form, reference: 8 })).toBe(1);
    // Which parts passed before is not known: a message with its number goes with it, and as a whole.
    expect([1, 2, 3].map((sequence) => wayOf(one, { form, sequence }))).toEqual([2, 2, 2]);
    one.edge.nowMs += 65_000;
    expect([1, 2, 3].map((sequence) => wayOf(one, { form, sequence }))).toEqual([1, 1, 1]);
    // An SMSC that is configured no more.
    one.edge.nowMs -= 65_000;
    one.edge.smscs = one.edge.smscs.slice(0, 2);
    expect(wayOf(one, { form, sequence: 2 })).toBe(1);
  });

  test('a part that is its whole message is none', () => {
    const one = makeEdge();
    bind(one, [0]);
    wayOf(one, { form: 'udh8', total: 1 });
    bind(one, [1]);
    expect(wayOf(one, { form: 'udh8', total: 1 })).toBe(1);
  });
});

describe('the rules of [[route.rule]]', () => {
  const types = { text: 'cstring', number: 'integer', blob: 'octets' } as const;
  const tags = { text: 0x1501, number: 0x1502, blob: 0x1503 };
  type Rule = [keyof typeof types, equals: string, smsc: number];

  /** All that fits no rule goes to SMSC 0. */
  function scene(...rules: Rule[]): TestEdge {
    const one = makeEdge();
    const { edge } = one;
    const names = Object.keys(types) as (keyof typeof types)[];
    const tlv = names.map((name) => ({ name, tag: tags[name], type: types[name], log: false }));
    const rule = rules.map(([name, equals, smsc]) => ({ tlv: name, equals, smscs: [String(smsc)] }));
    const route = { ...edge.config.route, rule };
    const smscs = [...edge.smscs];
    edge.route = [smscs[0]];
    edge.rules = rulesOf({ ...edge.config, tlv, route }, (id) => smscs[Number(id)]);
    return one;
  }

  test('one whose TLV is there and not equal: the next one counts', () => {
    const one = scene(['text', 'gold', 2], ['text', 'iron', 1], ['number', '7', 1]);
    const silver = cstring(0x1501, 'silver');
    expect(wayOf(one, { tlvs: [cstring(0x1501, 'gold')] })).toBe(2);
    expect(wayOf(one, { tlvs: [cstring(0x1501, 'iron')] })).toBe(1);
    expect(wayOf(one, { tlvs: [silver, '1502000107'] })).toBe(1);
    expect(wayOf(one, { tlvs: [silver, '1502000108'] })).toBe(0);
    expect(wayOf(one, { tlvs: [] })).toBe(0);
    // The first that fits counts, and of a repeated TLV the first.
    expect(wayOf(one, { tlvs: ['1502000107', cstring(0x1501, 'gold')] })).toBe(2);
    expect(wayOf(one, { tlvs: [silver, cstring(0x1501, 'gold')] })).toBe(0);
  });

  test.each([
    ['7', '1502000107', 1],
    ['7', '15020002 0007', 1],
    ['007', '1502000107', 1],
    ['7', '15020008 0000000000000007', 1],
    ['7', '15020009 000000000000000007', 0],
    ['7', '1502000117', 0],
    ['0', '15020000', 1],
    ['18446744073709551615', '15020008 ffffffffffffffff', 1],
    ['9007199254740993', '15020008 0020000000000000', 0],
  ])('a number: "%s" and the TLV %s', (equals, tlv, smsc) => {
    expect(wayOf(scene(['number', equals, 1]), { tlvs: [tlv.replace(' ', '')] })).toBe(smsc);
  });

  test.each([
    ['DEADBEEF', '15030004deadbeef', 1],
    ['deadBEEF', '15030004deadbeef', 1],
    ['DEADBEEF', '15030003deadbe', 0],
    ['', '15030000', 1],
  ])('octets: "%s" and the TLV %s', (equals, tlv, smsc) => {
    expect(wayOf(scene(['blob', equals, 1]), { tlvs: [tlv] })).toBe(smsc);
  });

  test('a text: its case counts', () => {
    const one = scene(['text', 'Gold', 1]);
    expect([wayOf(one, { tlvs: [cstring(0x1501, 'Gold')] }), wayOf(one, { campaign: 'gold' })]).toEqual([
      1, 0,
    ]);
    // Without its NUL, and with something behind it.
    expect(wayOf(one, { tlvs: ['15010004476f6c64'] })).toBe(1);
    expect(wayOf(one, { tlvs: ['15010006476f6c640078'] })).toBe(1);
  });
});
