import { describe, expect, test } from 'vitest';
import { concatenationOf, readUdh } from '../../src/core/udh.ts';
import { concatOf } from '../../src/smpp/concat.ts';
import type { Concat } from '../../src/smpp/concat.ts';
import { MessageFields } from '../../src/smpp/pdu/message-fields.ts';
import { scanSubmitSm } from '../../src/smpp/pdu/submit-sm.ts';
import { seeded } from '../core/random.ts';
import { shiftedInto } from '../support/messages.ts';
import { oracleEncode } from '../support/oracle.ts';

const fields = new MessageFields();

function concat(given: Record<string, unknown>): Concat | undefined {
  const pdu = oracleEncode('submit_sm', { source_addr: 'S', destination_addr: '1', ...given });
  const { b, start, end } = shiftedInto(pdu, 40);
  if (scanSubmitSm(b, start, end, 0x34, fields) !== 0) return undefined;
  const found = concatOf(b, fields);
  return found && { ...found };
}

const withHeader = (hex: string, text = 'text'): Record<string, unknown> => ({
  esm_class: 0x40,
  short_message: Buffer.concat([Buffer.from(hex, 'hex'), Buffer.from(text)]),
});
const sar = (reference: number, total: number, sequence: number): Record<string, unknown> => ({
  short_message: 'x',
  sar_msg_ref_num: reference,
  sar_total_segments: total,
  sar_segment_seqnum: sequence,
});

describe('which part of which message it is', () => {
  test.each<[string, Record<string, unknown>, Concat | undefined]>([
    ['8 bits', withHeader('050003fe0302'), { kind: 'udh8', reference: 0xfe, total: 3, sequence: 2 }],
    ['16 bits', withHeader('0608041234ff01'), { kind: 'udh16', reference: 0x1234, total: 255, sequence: 1 }],
    [
      'behind ports',
      withHeader('0b05040b8423f00003070202'),
      { kind: 'udh8', reference: 7, total: 2, sequence: 2 },
    ],
    [
      'the last of two',
      withHeader('0a00030102010003020303'),
      { kind: 'udh8', reference: 2, total: 3, sequence: 3 },
    ],
    [
      'before an element that nobody knows',
      withHeader('0800030102017f01aa'),
      { kind: 'udh8', reference: 1, total: 2, sequence: 1 },
    ],
    ['sar_*', sar(0xabcd, 4, 4), { kind: 'sar', reference: 0xabcd, total: 4, sequence: 4 }],
    [
      'header before sar_*',
      { ...sar(1, 4, 4), ...withHeader('050003fe0302') },
      { kind: 'udh8', reference: 0xfe, total: 3, sequence: 2 },
    ],
    [
      'in message_payload',
      { esm_class: 0x40, short_message: '', message_payload: Buffer.from('050003fe030278', 'hex') },
      { kind: 'udh8', reference: 0xfe, total: 3, sequence: 2 },
    ],
    ['none of it', { short_message: 'x' }, undefined],
    ['a header without it', withHeader('06050400500051'), undefined],
    ['no header, whatever the text', { short_message: Buffer.from('050003fe0302', 'hex') }, undefined],
    ['part 0', withHeader('050003fe0300'), undefined],
    ['beyond its total', withHeader('050003fe0304'), undefined],
    ['of none', withHeader('050003fe0000'), undefined],
    ['a broken header behind it', withHeader('080003fe03027f05'), undefined],
    ['an element of another length', withHeader('060004fe030201'), undefined],
    ['sar_* 0', sar(1, 4, 0), undefined],
    ['sar_* beyond its total', sar(1, 4, 5), undefined],
    ['sar_* without its total', { short_message: 'x', sar_msg_ref_num: 1, sar_segment_seqnum: 1 }, undefined],
  ])('%s', (_name, given, expected) => {
    expect(concat(given)).toEqual(expected);
  });
});

test('random headers: the quick way finds what the careful one finds', () => {
  const random = seeded(5150);
  let parts = 0;
  for (let round = 0; round < 20_000; round++) {
    const elements: number[] = [];
    for (let count = random.below(4); count > 0; count--) {
      const id = random.pick([0, 0, 8, 8, 5, 0x24, 0x70]);
      const length = random.pick([3, 4, 4, 1, 0]);
      elements.push(id, length, ...Array.from({ length }, () => random.below(5)));
    }
    if (random.below(4) === 0) elements.push(random.below(9), random.below(9));
    const header = Buffer.from([
      Math.max(0, elements.length + random.pick([0, 0, 0, 0, -1, 1])),
      ...elements,
    ]);
    const octets = Buffer.concat([header, Buffer.from('some text')]);
    const careful = readUdh(octets);
    const expected = careful === undefined ? undefined : concatenationOf(careful);
    if (expected !== undefined) parts++;
    const found = concat({ esm_class: 0x40, short_message: octets });
    expect(found, `seed ${random.seed}, ${octets.toString('hex')}`).toEqual(expected);
  }
  expect(parts).toBeGreaterThan(1_000);
});
