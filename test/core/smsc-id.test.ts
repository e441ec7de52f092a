import { describe, expect, it, test } from 'vitest';
import {
  AS_NUMBER,
  AS_WRITTEN,
  GUESSED,
  IDS_DIFFER,
  IDS_EQUAL,
  IDS_SAME_BUT_CASE,
  IDS_SAME_BUT_ZEROS,
  IdHabits,
  SEVERAL,
  choose,
  decimalToHexId,
  hashSmscId,
  hexToDecimalId,
  likenessOfIds,
  lookUpId,
  normalSmscId,
} from '../../src/core/smsc-id.ts';
import type { ReceiptIds } from '../../src/core/smsc-id.ts';
import { seeded } from './random.ts';

function likeness(a: string, b: string): number {
  const [left, right] = [Buffer.from(`..${a}`, 'latin1'), Buffer.from(`.${b}!`, 'latin1')];
  return likenessOfIds(left, 2, a.length, right, 1, b.length);
}

const hash = (smsc: number, id: string): number =>
  hashSmscId(smsc, Buffer.from(`_${id}_`, 'latin1'), 1, id.length);

describe('two ids', () => {
  const pairs: [string, string, number][] = [
    ['3f2a', '3f2a', IDS_EQUAL],
    ['', '', IDS_EQUAL],
    ['3f2a', '3F2A', IDS_SAME_BUT_CASE],
    ['003f2a', '003F2a', IDS_SAME_BUT_CASE],
    ['003f2a', '3f2a', IDS_SAME_BUT_ZEROS],
    ['3F2A', '0000003f2a', IDS_SAME_BUT_ZEROS],
    ['000', '0', IDS_SAME_BUT_ZEROS],
    ['0', '', IDS_SAME_BUT_ZEROS],
    ['3f2a', '3f2b', IDS_DIFFER],
    ['3f2a', '3f2a0', IDS_DIFFER],
    ['30', '3', IDS_DIFFER],
    // Bit 5 set makes these the same octets, but they are no letters.
    ['[', '{', IDS_DIFFER],
    ['@', '`', IDS_DIFFER],
    ['\u0010', '0', IDS_DIFFER],
  ];
  test.each(pairs)('"%s" and "%s"', (a, b, expected) => {
    expect([likeness(a, b), likeness(b, a)]).toEqual([expected, expected]);
    if (expected === IDS_DIFFER) return;
    expect(normalSmscId(a)).toBe(normalSmscId(b));
    expect(hash(1, a)).toBe(hash(1, b));
  });

  test('that differ, or are of two SMSCs, have other hashes', () => {
    expect(hash(1, '3f2a')).not.toBe(hash(2, '3f2a'));
    expect(hash(1, '3f2a')).not.toBe(hash(1, '3f2b'));
    expect(hash(1, '3f2a')).not.toBe(hash(1, '3f2a0'));
  });
});

test('ids that count up do not fall into few chains', () => {
  for (const write of [
    (number: number) => number.toString().padStart(10, '0'),
    (number: number) => number.toString(16).toUpperCase(),
  ]) {
    const used = new Set<number>();
    for (let number = 0; number < 1024; number++) used.add(hash(1, write(number)) & 1023);
    // 1,024 balls in 1,024 boxes at random leave some 647 boxes with one or more.
    expect(used.size).toBeGreaterThan(550);
  }
});

describe('an id in the other base', () => {
  it.each([
    ['1059757072', '3f2a9c10'],
    ['0000000010', 'a'],
    ['0', '0'],
    // Beyond 2^53, where Number would be one off, and beyond 64 bits.
    ['9007199254740993', '20000000000001'],
    ['340282366920938463463374607431768211455', 'f'.repeat(32)],
  ])('%s is %s', (decimal, hex) => {
    expect(decimalToHexId(decimal)).toBe(hex);
    expect(hexToDecimalId(hex)).toBe(decimal.replace(/^0+(?=.)/, ''));
    expect(hexToDecimalId(hex.toUpperCase().padStart(16, '0'))).toBe(decimal.replace(/^0+(?=.)/, ''));
  });

  it('is none where the digits are of no such number, or too many for an id', () => {
    for (const id of ['', '3f2a', '-5', '1e3', '12 ', '0x10', '1'.repeat(65)])
      expect(decimalToHexId(id)).toBeUndefined();
    for (const id of ['', 'xyz', '123e4567-e89b', 'f'.repeat(64), '1'.repeat(65)]) {
      expect(hexToDecimalId(id)).toBeUndefined();
    }
  });

  it('comes back, whatever it is', () => {
    const random = seeded(7_503);
    for (let round = 0; round < 2_000; round++) {
      const digits = 1 + random.below(50);
      const hex = Array.from({ length: digits }, () => random.below(16).toString(16)).join('');
      const decimal = hexToDecimalId(hex);
      expect(decimal, `seed ${random.seed}: ${hex}`).toBe(String(BigInt(`0x${hex}`)));
      expect(normalSmscId(decimalToHexId(decimal as string) as string), `seed ${random.seed}: ${hex}`).toBe(
        normalSmscId(hex),
      );
    }
  });
});

describe('what belongs to an id', () => {
  /** What is found for `id` where these are known; an id that is there twice means several. */
  function found(
    mode: ReceiptIds,
    id: string,
    known: string[],
    { isReceipt = true, habits = new IdHabits() } = {},
  ): string | undefined {
    return lookUpId(3, mode, id, isReceipt, habits, (each) => {
      const alike = known.filter((one) => normalSmscId(one) === normalSmscId(each));
      return alike.length > 1 ? SEVERAL : alike[0];
    });
  }

  test('as-is: the same id and no other', () => {
    expect(found('as-is', '16', ['16', '10'])).toBe('16');
    expect(found('as-is', '16', ['10', '22'])).toBeUndefined();
    expect(found('as-is', '16', ['16', '016'])).toBeUndefined();
  });

  test.each([
    // Of the receipt; what the response had.
    ['hex-to-decimal', '1059757072', ['3F2A9C10'], '3F2A9C10'],
    ['hex-to-decimal', '0000000010', ['10', 'a'], 'a'],
    ['hex-to-decimal', '10', ['10'], '10'],
    ['hex-to-decimal', '3f2a9c10', ['3F2A9C10', '1059757072'], '3F2A9C10'],
    ['hex-to-decimal', '10', ['a', '0a', '10'], undefined],
    ['decimal-to-hex', '3f2a9c10', ['1059757072'], '1059757072'],
    ['decimal-to-hex', '10', ['10', '0000000016'], '0000000016'],
    ['decimal-to-hex', 'x-y', ['x-y'], 'x-y'],
  ] as const)('%s: %s among %j', (mode, id, known, expected) => {
    expect(found(mode, id, [...known])).toBe(expected);
  });

  test('the other way round, from a response to the receipt that overtook it', () => {
    expect(found('hex-to-decimal', '3f2a9c10', ['1059757072'], { isReceipt: false })).toBe('1059757072');
    expect(found('hex-to-decimal', 'a', ['a', '10'], { isReceipt: false })).toBe('10');
    expect(found('decimal-to-hex', '16', ['16', '10'], { isReceipt: false })).toBe('10');
  });

  test('auto: either base, from a receipt to the message that awaits it', () => {
    expect(found('auto', '1059757072', ['3f2a9c10'])).toBe('3f2a9c10');
    expect(found('auto', '3f2a9c10', ['1059757072'])).toBe('1059757072');
  });

  test('auto: a receipt that waits is given away in another base only where that is known of its SMSC', () => {
    const habits = new IdHabits();
    const early = { habits, isReceipt: false };
    expect(found('auto', '3f2a9c10', ['1059757072'], early)).toBeUndefined();
    expect(found('auto', '1059757072', ['3f2a9c10'], early)).toBeUndefined();
    // Short ids show nothing, however many there are.
    for (let id = 10; id < 100; id++)
      expect(found('auto', String(id), [id.toString(16)], { habits })).toBeUndefined();
    expect(found('auto', '3f2a9c10', ['1059757072'], early)).toBeUndefined();
    expect(found('auto', '1059757072', ['003F2A9C10'], { habits })).toBe('003F2A9C10');
    expect(found('auto', '3f2a9c11', ['1059757073'], early)).toBe('1059757073');
    expect(found('auto', 'a', ['10'], early)).toBe('10');
    // Not of another SMSC.
    expect(
      lookUpId(4, 'auto', 'a', false, habits, (each) => (each === '10' ? each : undefined)),
    ).toBeUndefined();
    // As it is written it always is.
    expect(found('auto', 'a', ['a', '10'], early)).toBe('a');
  });

  test('auto: what waited teaches nothing, and an SMSC may lose the habit', () => {
    const habits = new IdHabits();
    const early = { habits, isReceipt: false };
    found('auto', '1059757072', ['3f2a9c10'], { habits });
    for (let count = 0; count < 50; count++)
      expect(found('auto', '3f2a9c10', ['1059757072'], early)).toBe('1059757072');
    found('auto', '5', ['5'], { habits });
    expect(found('auto', '3f2a9c10', ['1059757072'], early)).toBeUndefined();
  });

  test('auto: as it is written first, then in either base, if that is one alone', () => {
    const of = (id: string, known: string[]): string | undefined => {
      const habits = new IdHabits();
      habits.converted(3, 7);
      return found('auto', id, known, { habits });
    };
    expect(of('16', ['16', '10', '22'])).toBe('16');
    expect(of('16', ['10'])).toBe('10');
    expect(of('16', ['22'])).toBe('22');
    expect(of('16', ['10', '22'])).toBeUndefined();
    expect(of('16', ['10', '010'])).toBeUndefined();
    expect(of('16', ['16', '016'])).toBeUndefined();
    expect(of('x-1', ['x-1'])).toBe('x-1');
    expect(of('x-1', ['1'])).toBeUndefined();
    expect(of('7', ['8'])).toBeUndefined();
  });

  test.each([
    // Seven hexadecimal digits and more, on either side of the base; six and fewer.
    ['16777216', '1000000', true],
    ['1000000', '16777216', true],
    ['16777215', 'ffffff', false],
    ['ffffff', '16777215', false],
    ['16', '10', false],
    ['0000000016', '10', false],
  ])('auto: of an SMSC of which nothing is known, %s is %s: %s', (receipt, response, isBelieved) => {
    expect(found('auto', receipt, [response])).toBe(isBelieved ? response : undefined);
  });

  test('auto: ids of an SMSC that writes them alike are not turned into others', () => {
    const habits = new IdHabits();
    for (let id = 100; id < 200; id++)
      expect(found('auto', String(id), [String(id)], { habits })).toBe(String(id));
    // Sent again: message 16 is long gone, and 10 is another.
    expect(found('auto', '16', ['10'], { habits })).toBeUndefined();
    expect(found('auto', '17', ['17'], { habits })).toBe('17');
    // Another SMSC has its own habits.
    const look = (id: string): string | undefined => (id === '3f2a9c10' ? id : undefined);
    expect(lookUpId(4, 'auto', '1059757072', true, habits, look)).toBe('3f2a9c10');
  });

  test('auto: one id that happens to be the same in both bases decides nothing', () => {
    const habits = new IdHabits();
    expect(found('auto', '1059757072', ['3f2a9c10'], { habits })).toBe('3f2a9c10');
    expect(found('auto', '20', ['20'], { habits })).toBe('20');
    expect(found('auto', '1059757073', ['3f2a9c11'], { habits })).toBe('3f2a9c11');
  });

  test('auto: an SMSC that changes its ways is followed after some receipts', () => {
    const habits = new IdHabits();
    for (let id = 0; id < 1000; id++) found('auto', String(id), [String(id)], { habits });
    let missed = 0;
    while (found('auto', '1059757072', ['3f2a9c10'], { habits }) === undefined) missed++;
    expect(missed).toBe(15);
  });
});

describe('the candidate that belongs to an id', () => {
  const [exact, otherCase, otherZeros] = [IDS_EQUAL, IDS_SAME_BUT_CASE, IDS_SAME_BUT_ZEROS];
  type Case = [string, number, [string, number][], string | undefined];
  // Of capital letters the addresses fit.
  test.each<Case>([
    ['one that has the id is taken as it is', AS_WRITTEN, [['a', exact]], 'a'],
    [
      'and goes before those that are similar',
      AS_WRITTEN,
      [
        ['a', exact],
        ['B', otherCase],
      ],
      'a',
    ],
    [
      'of two the one that fits',
      AS_WRITTEN,
      [
        ['a', exact],
        ['B', exact],
        ['C', otherCase],
      ],
      'B',
    ],
    [
      'of two none where both fit',
      AS_WRITTEN,
      [
        ['A', exact],
        ['B', exact],
      ],
      SEVERAL,
    ],
    [
      'of two none where neither fits',
      AS_WRITTEN,
      [
        ['a', exact],
        ['b', exact],
        ['C', otherCase],
      ],
      SEVERAL,
    ],
    ['a similar one that fits', AS_WRITTEN, [['A', otherCase]], 'A'],
    [
      'and no similar one else',
      AS_WRITTEN,
      [
        ['a', otherCase],
        ['b', otherZeros],
      ],
      undefined,
    ],
    [
      'case goes before zeros',
      AS_WRITTEN,
      [
        ['A', otherZeros],
        ['B', otherCase],
      ],
      'B',
    ],
    [
      'among those that fit',
      AS_WRITTEN,
      [
        ['A', otherZeros],
        ['b', otherCase],
      ],
      'A',
    ],
    [
      'of two similar ones none',
      AS_WRITTEN,
      [
        ['A', otherZeros],
        ['B', otherZeros],
      ],
      SEVERAL,
    ],
    ['a number has neither letters nor zeros before it', AS_NUMBER, [['a', otherZeros]], 'a'],
    [
      'of two numbers the one that fits',
      AS_NUMBER,
      [
        ['a', exact],
        ['B', otherCase],
      ],
      'B',
    ],
    ['what is guessed must fit', GUESSED, [['a', exact]], undefined],
    ['and then is taken', GUESSED, [['A', otherZeros]], 'A'],
    ['none', AS_WRITTEN, [], undefined],
  ])('%s', (_name, manner, given, expected) => {
    const candidates = given.map(([item, likeness]) => ({ item, likeness }));
    const asked: string[][] = [];
    const chosen = choose(
      candidates,
      manner,
      (item) => item === item.toUpperCase(),
      (items) => {
        asked.push(items);
        return undefined;
      },
    );
    expect(chosen).toBe(expected);
    expect(asked.every((items) => items.length > 1)).toBe(true);
  });

  test('of several that fit, the one that is said', () => {
    const candidates = ['A', 'B', 'c', 'D'].map((item) => ({ item, likeness: exact }));
    const chosen = choose(
      candidates,
      AS_WRITTEN,
      (item) => item !== 'c',
      (items) => items.at(-1),
    );
    expect(chosen).toBe('D');
  });
});
