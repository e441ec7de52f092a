import { describe, expect, test } from 'vitest';
import type { Charset } from '../../src/core/charsets.ts';
import { capacityOf, countParts, type PartStyle, splitParts } from '../../src/core/parts.ts';
import { encodeText, PLAIN_TARGET } from '../../src/core/text.ts';
import { type InformationElement, concatenationOf, readUdh } from '../../src/core/udh.ts';
import { textOf, unitsOf, type UserData } from '../../src/core/user-data.ts';
import { type Random, seeded } from './random.ts';

const PORTS: InformationElement = { id: 0x05, data: Buffer.from('0b8423f0', 'hex') };
const SINGLE: InformationElement = { id: 0x24, data: Buffer.from([1]) };
const LOCKING: InformationElement = { id: 0x25, data: Buffer.from([1]) };

function dataOf(charset: Charset, octets: Buffer | string, elements: InformationElement[] = []): UserData {
  return { charset, octets: typeof octets === 'string' ? Buffer.from(octets, 'latin1') : octets, elements };
}
const ucs2 = (text: string): UserData => dataOf('ucs2', Buffer.from(text, 'utf16le').swap16());
const split = (data: UserData, style: PartStyle = 'udh8', partsMax = 255) =>
  splitParts(data, style, partsMax, () => 0x2a);
const lengths = (data: UserData, style: PartStyle = 'udh8') =>
  split(data, style)?.map(({ octets }) => octets.length);

// Section 11 of the SMPP reference, from 3GPP TS 23.040: 140 octets, of which a header takes U.
describe('capacityOf', () => {
  test.each([
    ['no header', 0, 160, 140, 70],
    ['concatenation, 8 bits', 6, 153, 134, 67],
    ['concatenation, 16 bits', 7, 152, 133, 66],
    ['ports, 16 bits', 7, 152, 133, 66],
    ['concatenation and ports', 12, 146, 128, 64],
    ['one shift table', 4, 155, 136, 68],
    ['concatenation and one shift table', 9, 149, 131, 65],
    ['concatenation and both shift tables', 12, 146, 128, 64],
    ['all of it', 140, 0, 0, 0],
    ['more than there is', 150, 0, 0, 0],
  ])('%s: %i octets leave %i septets, %i octets, %i UCS-2 units', (_name, header, septets, octets, units) => {
    expect(capacityOf('gsm', header)).toBe(septets);
    expect(capacityOf('octets', header)).toBe(octets);
    expect(capacityOf('ucs2', header)).toBe(units);
  });
});

describe('countParts and splitParts', () => {
  test.each<[string, PartStyle, InformationElement[], number, number]>([
    ['8 bits', 'udh8', [], 160, 153],
    ['16 bits', 'udh16', [], 160, 152],
    ['sar_*', 'sar', [], 160, 153],
    ['8 bits and ports', 'udh8', [PORTS], 152, 146],
    ['8 bits and a shift table', 'udh8', [SINGLE], 155, 149],
    ['8 bits and both shift tables', 'udh8', [SINGLE, LOCKING], 152, 146],
  ])('GSM, %s: the last that fits, and one more', (_name, style, elements, single, part) => {
    const counts = [single, single + 1, 2 * part, 2 * part + 1, 255 * part, 255 * part + 1].map((length) =>
      countParts(dataOf('gsm', 'a'.repeat(length), elements), style),
    );
    expect(counts).toEqual([1, 2, 2, 3, 255, 256]);
  });

  test.each<[string, UserData, number[]]>([
    ['a short one', dataOf('gsm', 'hello'), [5]],
    ['an empty one', dataOf('gsm', ''), [0]],
    ['161 septets', dataOf('gsm', 'a'.repeat(161)), [153, 8]],
    ['141 octets', dataOf('binary', Buffer.alloc(141)), [134, 7]],
    ['71 units', ucs2('ж'.repeat(71)), [134, 8]],
    // An escape and what it leads to: septets 153 and 154.
    ['an escape at the edge', dataOf('gsm', `${'a'.repeat(152)}\x1b\x65${'b'.repeat(20)}`), [152, 22]],
    ['escapes only', dataOf('gsm', '\x1b\x65'.repeat(81)), [152, 10]],
    // Units 67 and 68.
    ['a surrogate pair at the edge', ucs2(`${'a'.repeat(66)}😀${'b'.repeat(10)}`), [132, 24]],
    ['pairs only', ucs2('😀'.repeat(36)), [132, 12]],
    // The accent would stand alone at the start of the second part.
    ['a cluster at the edge', ucs2(`${'a'.repeat(66)}e\u0301${'b'.repeat(10)}`), [132, 24]],
    ['a family at the edge', ucs2(`${'a'.repeat(62)}👨‍👩‍👧${'b'.repeat(10)}`), [124, 36]],
    // Kept together it would take a third part.
    ['a cluster that costs a part', ucs2(`${'a'.repeat(66)}e\u0301${'b'.repeat(66)}`), [134, 134]],
    ['one cluster longer than a part', ucs2(`e${'\u0301'.repeat(80)}`), [134, 28]],
    ['CR LF at the edge', dataOf('gsm', `${'a'.repeat(152)}\r\n${'b'.repeat(20)}`), [152, 22]],
    // 8-bit alphabets go over the air in GSM, where a bracket takes two septets, or in UCS-2.
    ['Latin-1 of GSM characters', dataOf('latin1', `${'a'.repeat(152)}[${'b'.repeat(10)}`), [152, 11]],
    ['Latin-1 of other characters', dataOf('latin1', '\xea'.repeat(71)), [67, 4]],
    ['70 of those', dataOf('latin1', '\xea'.repeat(70)), [70]],
    ['UTF-8 of GSM characters', dataOf('utf8', Buffer.from('é'.repeat(161))), [306, 16]],
    ['160 of those', dataOf('utf8', Buffer.from('é'.repeat(160))), [320]],
    ['UTF-8 of other characters', dataOf('utf8', Buffer.from('漢'.repeat(71))), [201, 12]],
    ['octets that are no UTF-8', dataOf('utf8', Buffer.alloc(141, 0xff)), [134, 7]],
  ])('%s', (_name, data, expected) => {
    expect(lengths(data)).toEqual(expected);
    expect(countParts(data)).toBe(expected.length);
  });

  test('each part has the header that section 9.2.3.24 draws, its own elements behind it', () => {
    const headers = split(dataOf('gsm', 'a'.repeat(300), [SINGLE]))?.map(({ header }) =>
      header.toString('hex'),
    );
    expect(headers).toEqual(['0800032a0301240101', '0800032a0302240101', '0800032a0303240101']);
    const wide = splitParts(dataOf('gsm', 'a'.repeat(161)), 'udh16', 9, () => 0x12a);
    expect(wide?.map(({ header }) => header.toString('hex'))).toEqual(['060804012a0201', '060804012a0202']);
    const sar = split(dataOf('gsm', 'a'.repeat(161)), 'sar');
    expect(
      sar?.map(({ header, reference, sequence, total }) => [header.length, reference, sequence, total]),
    ).toEqual([
      [0, 0x2a, 1, 2],
      [0, 0x2a, 2, 2],
    ]);
  });

  test('style payload is one piece, whatever it counts', () => {
    const data = dataOf('gsm', 'a'.repeat(1_000));
    expect(countParts(data, 'payload')).toBe(7);
    expect(lengths(data, 'payload')).toEqual([1_000]);
  });

  test('over the limit it is refused, not cut, and no reference is used', () => {
    const never = (): number => {
      throw new Error('asked for a reference');
    };
    expect(splitParts(dataOf('gsm', 'a'.repeat(307)), 'udh8', 2, never)).toBeUndefined();
    expect(splitParts(dataOf('gsm', 'a'.repeat(153 * 255 + 1)), 'udh8', 1_000, never)).toBeUndefined();
    expect(splitParts(dataOf('gsm', 'a'.repeat(160)), 'udh8', 1, never)).toHaveLength(1);
    expect(splitParts(dataOf('gsm', 'a'.repeat(1_000)), 'payload', 6, never)).toBeUndefined();
  });

  test('a header that leaves no room', () => {
    const element = (length: number): InformationElement => ({ id: 0x70, data: Buffer.alloc(length) });
    expect(countParts(dataOf('gsm', 'ab', [element(136)]))).toBe(Number.POSITIVE_INFINITY);
    expect(countParts(dataOf('gsm', 'a', [element(136)]))).toBe(1);
    expect(countParts(dataOf('gsm', '', [element(138)]))).toBe(Number.POSITIVE_INFINITY);
  });
});

/** Texts of many scripts, with what is hard to cut. */
const ALPHABETS = [
  [...'abcdefghij ABC019.,\n'],
  [...'ab{}[]~€|^'],
  [...'abcğışŞİ '],
  [...'привет мир'],
  ['न', 'म', 'स्', 'ते', ' ', 'क्षि', 'a'],
  ['😀', '👨‍👩‍👧', '🇯🇴', 'e\u0301', 'a', '한', '漢'],
  [...'ãõê ação'],
  [...'שלום عالم'],
];

function randomText(random: Random): string {
  const alphabet = random.pick(ALPHABETS);
  return Array.from({ length: random.below(700) }, () => random.pick(alphabet)).join('');
}

describe('random texts', () => {
  test('encoded, cut, joined and decoded they are what they were; no part is over its capacity', () => {
    const random = seeded(11_140);
    for (let round = 0; round < 1_500; round++) {
      const text = randomText(random);
      const style = random.pick(['udh8', 'udh16', 'sar'] as const);
      const alphabet = random.pick(['gsm', 'gsm', 'latin1', 'utf8', 'ascii'] as const);
      const languages = random.pick([[], ['turkish', 'hindi', 'portuguese']] as const);
      const elements = random.pick([[], [PORTS]]);
      const target = { ...PLAIN_TARGET, style, alphabet, languages, elements };
      const { data, parts } = encodeText(text, target);
      const pieces = splitParts(data, style, 255, () => random.below(256)) ?? [];
      const label = `seed ${random.seed}, round ${round}`;
      expect(pieces.length, label).toBe(parts);
      expect(countParts(data, style), label).toBe(parts);
      expect(textOf({ ...data, octets: Buffer.concat(pieces.map(({ octets }) => octets)) }), label).toBe(
        text,
      );
      for (const { header, octets, sequence } of pieces) {
        const units = unitsOf({ ...data, octets });
        const cost = units.costs.slice(0, units.count).reduce((sum, one) => sum + one, 0);
        // The whole text may need UCS-2 where this part alone would not.
        const air = unitsOf(data).air;
        const room = style === 'sar' && parts > 1 ? Math.max(1, header.length) + 5 : header.length;
        const taken = air === 'ucs2' && units.air === 'gsm' ? textOf({ ...data, octets }).length : cost;
        expect(taken, label).toBeLessThanOrEqual(capacityOf(air, room));
        if (parts === 1 || style === 'sar') continue;
        const written = readUdh(Buffer.concat([header, octets])) ?? [];
        expect(concatenationOf(written), label).toMatchObject({ total: parts, sequence, kind: style });
        expect(written.slice(1), label).toEqual(data.elements);
      }
    }
  });

  test('no split is shorter: each part is full but for what could not be cut', () => {
    const random = seeded(153);
    for (let round = 0; round < 300; round++) {
      const text = randomText(random);
      const { data, parts } = encodeText(text, PLAIN_TARGET);
      if (parts === 1) continue;
      const { air, count, costs } = unitsOf(data);
      const total = costs.slice(0, count).reduce((sum, one) => sum + one, 0);
      // A part may stay one short, before an escape or a pair.
      const capacity = capacityOf(air, 6);
      expect(parts).toBeGreaterThanOrEqual(Math.ceil(total / capacity));
      expect(parts, `seed ${random.seed}`).toBeLessThanOrEqual(Math.ceil(total / (capacity - 1)));
    }
  });
});
