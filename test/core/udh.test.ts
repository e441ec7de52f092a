import { describe, expect, test } from 'vitest';
import {
  concatenationElement,
  concatenationOf,
  isShift,
  portsElement,
  portsOf,
  readUdh,
  shiftElements,
  shiftsOf,
  udhLength,
  writeUdh,
} from '../../src/core/udh.ts';
import { udhLengthOf } from '../../src/smpp/pdu/message-body.ts';
import { seeded } from './random.ts';

const read = (hex: string) => readUdh(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
const ids = (hex: string) => read(hex)?.map(({ id }) => id);

describe('readUdh', () => {
  test.each([
    // 3GPP TS 23.040 section 9.2.3.24, drawn by hand; text may stand behind.
    ['05 00 03 2a 02 01', [0x00]],
    ['05 00 03 2a 02 01 48 69', [0x00]],
    ['06 08 04 01 2a 02 01', [0x08]],
    ['0b 05 04 0b 84 23 f0 00 03 03 02 01', [0x05, 0x00]],
    ['0a 24 01 01 25 01 01 70 02 aa bb', [0x24, 0x25, 0x70]],
    ['02 22 00', [0x22]],
    ['00 48', []],
    ['00', []],
    // Broken: longer than what is there; an element beyond the header; an identifier without a length.
    ['', undefined],
    ['05 00 03 2a 02', undefined],
    ['05 00 04 2a 02 01 01', undefined],
    ['01 00', undefined],
    ['04 00 00 05 03 00', undefined],
  ])('%s', (hex, expected) => {
    expect(ids(hex)).toEqual(expected);
  });

  test('keeps order and repeats, and is written back octet for octet', () => {
    const header = Buffer.from('140003010201' + '050400010002' + '0003030302' + '7002aabb', 'hex');
    expect(writeUdh(readUdh(header) ?? []).toString('hex')).toBe(header.toString('hex'));
  });

  test('agrees with the scanner of the hot path on any octets', () => {
    const random = seeded(40);
    for (let round = 0; round < 20_000; round++) {
      const octets = Buffer.from(Array.from({ length: 1 + random.below(12) }, () => random.below(8)));
      const elements = readUdh(octets);
      const scanned = udhLengthOf(octets, 0, octets.length);
      const label = `seed ${random.seed}: ${octets.toString('hex')}`;
      expect(elements === undefined, label).toBe(scanned < 0);
      if (elements !== undefined) expect(Math.max(1, udhLength(elements)), label).toBe(scanned);
    }
  });
});

describe('writeUdh', () => {
  test('draws what section 9.2.3.24 draws', () => {
    expect(writeUdh([concatenationElement('udh8', 0x2a, 3, 1)]).toString('hex')).toBe('0500032a0301');
    expect(writeUdh([concatenationElement('udh16', 0x12a, 3, 2)]).toString('hex')).toBe('060804012a0302');
    expect(writeUdh([portsElement({ destination: 2948, source: 9200 })]).toString('hex')).toBe(
      '0605040b8423f0',
    );
    expect(writeUdh(shiftElements({ locking: 1, single: 3 })).toString('hex')).toBe('06240103250101');
    expect(writeUdh([])).toHaveLength(0);
  });

  test('refuses more than its length octet can say', () => {
    const element = { id: 0x70, data: Buffer.alloc(250) };
    expect(writeUdh([element])).toHaveLength(253);
    expect(() => writeUdh([element, { id: 0x70, data: Buffer.alloc(2) }])).toThrow('257 octets');
  });
});

describe('what the elements say', () => {
  const concatenation = (hex: string) => concatenationOf(read(hex) ?? []);

  test.each([
    ['05 00 03 2a 02 01', { kind: 'udh8', reference: 0x2a, total: 2, sequence: 1 }],
    ['06 08 04 01 2a ff ff', { kind: 'udh16', reference: 0x12a, total: 255, sequence: 255 }],
    // The last counts.
    ['0b 00 03 01 02 01 08 04 00 07 03 02', { kind: 'udh16', reference: 7, total: 3, sequence: 2 }],
    // Impossible ones do not: no total, no sequence, beyond the total, a wrong length.
    ['05 00 03 2a 00 01', undefined],
    ['05 00 03 2a 02 00', undefined],
    ['05 00 03 2a 02 03', undefined],
    ['04 00 02 2a 02', undefined],
    ['05 08 03 2a 02 01', undefined],
    ['0a 00 03 2a 02 01 00 03 2a 02 03', { kind: 'udh8', reference: 0x2a, total: 2, sequence: 1 }],
    ['06 05 04 0b 84 23 f0', undefined],
  ])('the part: %s', (hex, expected) => {
    expect(concatenation(hex)).toEqual(expected);
  });

  test('ports and shift tables: the last of each that is whole', () => {
    const elements = read('0c 05 04 0b 84 23 f0 24 01 01 24 01 03') ?? [];
    expect(portsOf(elements)).toEqual({ destination: 2948, source: 9200 });
    expect(shiftsOf(elements)).toEqual({ locking: 0, single: 3 });
    expect(elements.filter(isShift)).toHaveLength(2);
    expect(portsOf(read('04 05 02 0b 84') ?? [])).toBeUndefined();
    expect(shiftsOf(read('04 25 02 01 01') ?? [])).toEqual({ locking: 0, single: 0 });
    expect(shiftsOf(read('03 25 01 0d') ?? [])).toEqual({ locking: 13, single: 0 });
  });
});
