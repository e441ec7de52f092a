import { describe, expect, test } from 'vitest';
import { receiptTagsOf, receiptTlvsOf, withNetworkError } from '../../src/smpp/receipt-tlvs.ts';
import { seeded } from '../core/random.ts';
import { vectors } from '../support/vectors.ts';

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');
const TAGS = new Map([
  [0x1401, 0x1401],
  [0x1402, 0x1402],
  [0x1501, 0x1403],
]);

function kept(text: string, tags = TAGS): string | undefined {
  const bytes = Buffer.concat([hex('14010001ee'), hex(text), hex('14010001ee')]);
  return receiptTlvsOf(bytes, 5, bytes.length - 5, tags).kept?.toString('hex');
}

describe('the tags that an SMSC writes', () => {
  const of = (tags: number[], map: [number, number][] = []) => [
    ...(receiptTagsOf(tags, new Map(map)) ?? [['none']]),
  ];

  test('are those of the configuration', () => {
    expect(of([0x1401, 0x1402])).toEqual([
      [0x1401, 0x1401],
      [0x1402, 0x1402],
    ]);
    expect(of([])).toEqual([['none']]);
  });

  test('or what its tlv_map makes of them; none of one that it is not sent', () => {
    expect(
      of(
        [0x1401, 0x1402],
        [
          [0x1401, 0x1501],
          [0x1402, 0],
        ],
      ),
    ).toEqual([[0x1501, 0x1401]]);
    expect(of([0x1401], [[0x1401, 0]])).toEqual([['none']]);
  });

  test('that are another name there go before the tag itself, in whatever order they are listed', () => {
    for (const tags of [
      [0x1401, 0x1501],
      [0x1501, 0x1401],
    ]) {
      expect(of(tags, [[0x1401, 0x1501]])).toEqual([[0x1501, 0x1401]]);
    }
  });

  test('are none of those that a receipt of ours has anyway', () => {
    // receipted_message_id, message_state, network_error_code, message_payload, user_message_reference, -response_code
    expect(of([0x001e, 0x0427, 0x0423, 0x0424, 0x0204, 0x0205])).toEqual([['none']]);
  });
});

describe('of the TLVs of a receipt', () => {
  test.each([
    ['none', '', undefined],
    ['none that is named', '001e 0002 6100  0427 0001 02  1499 0001 01', undefined],
    ['one', '001e 0002 6100  1401 0003 616200  0427 0001 02', '14010003616200'],
    ['one under our tag', '1501 0001 09', '1403000109'],
    ['several, in their order', '1402 0002 0007  1499 0000  1401 0001 61', '140200020007' + '1401000161'],
    ['a repeated one', '1401 0001 61  1401 0001 62', '1401000161' + '1401000162'],
    ['one without a value', '1401 0000', '14010000'],
    ['those before one that runs over the end', '1402 0001 01  1401 0006 61', '1402000101'],
    ['those before octets that are left over', '1402 0001 01  1401 00', '1402000101'],
  ])('%s', (_what, tlvs, expected) => {
    expect(kept(tlvs)).toBe(expected);
  });

  // 255 octets in all, headers counted: 251 and a header fill them.
  test.each([
    ['251 octets are handed on', [251], [251], 0],
    ['252 are left out, and counted', [252], [], 1],
    ['65,519 are', [65_519], [], 1],
    ['what fits behind one that does not is handed on', [10, 240, 8], [10, 8], 1],
    [
      'as many as there is room for',
      Array.from({ length: 60 }, () => 1),
      Array.from({ length: 51 }, () => 1),
      9,
    ],
  ])('%s', (_what, lengths, expected, leftOut) => {
    const tlv = (length: number): Buffer => {
      const one = Buffer.alloc(4 + length, length & 0xff);
      one.writeUInt16BE(0x1402, 0);
      one.writeUInt16BE(length, 2);
      return one;
    };
    const bytes = Buffer.concat(lengths.map(tlv));
    const { kept: rest, leftOut: count } = receiptTlvsOf(bytes, 0, bytes.length, TAGS);
    expect(rest?.toString('hex') ?? '').toBe(Buffer.concat(expected.map(tlv)).toString('hex'));
    expect(count).toBe(leftOut);
  });

  test('those of a receipt from the field', () => {
    const capture = vectors.find(({ bytes }) => bytes.includes(Buffer.from('14540004', 'hex')));
    if (capture === undefined) throw new Error('no vector with tag 1454');
    const tags = new Map([
      [0x1418, 0x1418],
      [0x1454, 0x1401],
    ]);
    const { bytes } = capture;
    const at = bytes.length - 23;
    expect(bytes.toString('hex', at, at + 4)).toBe('04230003');
    const { kept: some, leftOut } = receiptTlvsOf(bytes, at, bytes.length, tags);
    expect([some?.toString('hex'), leftOut]).toEqual(['1401000400000001' + '1418000400000000', 0]);
  });

  test('what is kept is a copy: the buffer that was read is used again', () => {
    const bytes = hex('1401 0001 61');
    const { kept: one } = receiptTlvsOf(bytes, 0, bytes.length, TAGS);
    bytes.fill(0xff);
    expect(one?.toString('hex')).toBe('1401000161');
  });

  test('whatever octets there are: never more than 255 come out, and they can be read', () => {
    const random = seeded(7_611);
    for (let round = 0; round < 20_000; round++) {
      const why = `seed ${random.seed}, round ${round}`;
      const bytes = Buffer.alloc(random.below(400));
      for (let at = 0; at < bytes.length; at++)
        bytes[at] = random.pick([0, 1, 2, 0x14, 0x15, random.below(256)]);
      const { kept: some } = receiptTlvsOf(bytes, 0, bytes.length, TAGS);
      if (some === undefined) continue;
      expect(some.length, why).toBeLessThanOrEqual(255);
      let at = 0;
      while (at < some.length) {
        expect([0x1401, 0x1402, 0x1403], why).toContain(some.readUInt16BE(at));
        at += 4 + some.readUInt16BE(at + 2);
      }
      expect(at, why).toBe(some.length);
    }
  });
});

test('a network_error_code of type ff, which has no place of its own, is in front of the vendor TLVs', () => {
  const vendor = Buffer.from('140200020007', 'hex');
  expect(withNetworkError(vendor, 0xff, 0x1234)?.toString('hex')).toBe('04230003ff1234' + '140200020007');
  expect(withNetworkError(undefined, 0xff, 0)?.toString('hex')).toBe('04230003ff0000');
  for (const type of [-1, 0, 3, 0xfe]) {
    expect(withNetworkError(vendor, type, 1)).toBe(vendor);
    expect(withNetworkError(undefined, type, 1)).toBeUndefined();
  }
});
