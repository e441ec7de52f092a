import { describe, expect, test } from 'vitest';
import { SMSC_BOUND } from '../../src/core/ring/counters.ts';
import { chooseSmsc } from '../../src/edge/route.ts';
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
  const bytes = oracleEncode('submit_sm', fields);
  expect(scanSubmitSm(bytes, 0, bytes.length, 0x34, edge.fields)).toBe(0);
  return chooseSmsc(edge, accounts[account], bytes, edge.fields).index;
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

  test('on several edges, which do not know of each other, by the destination alone', () => {
    const edges = [makeEdge(), makeEdge()];
    for (const one of edges)
      one.edge.config = { ...one.edge.config, edge: { ...one.edge.config.edge, threads: 2 } };
    const ways = new Set<number>();
    for (let number = 0; number < 60; number++) {
      const dest = String(962790000000 + number);
      bind(edges[0], [0, 1, 2]);
      bind(edges[1], [number % 3]);
      const way = wayOf(edges[0], { form: 'udh8', dest });
      ways.add(way);
      expect(wayOf(edges[1], { form: 'udh8', dest, sequence: 2 })).toBe(way);
    }
    expect(ways.size).toBe(3);
  });

  test('a part that is its whole message is none', () => {
    const one = makeEdge();
    bind(one, [0]);
    wayOf(one, { form: 'udh8', total: 1 });
    bind(one, [1]);
    expect(wayOf(one, { form: 'udh8', total: 1 })).toBe(1);
  });
});
