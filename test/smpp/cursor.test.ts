import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  cStringEnd,
  readU16,
  readU32,
  writeHeader,
  writeHex32,
  writeU16,
  writeU32,
} from '../../src/smpp/cursor.ts';
import { vectorNamed } from '../support/vectors.ts';

describe('integers', () => {
  it('are those of Buffer, at every offset', () => {
    const property = fc.property(fc.integer({ min: 0, max: 0xffff_ffff }), fc.nat(8), (value, at) => {
      const ours = Buffer.alloc(16);
      const theirs = Buffer.alloc(16);
      writeU32(ours, at, value);
      theirs.writeUInt32BE(value, at);
      writeU16(ours, at + 4, value & 0xffff);
      theirs.writeUInt16BE(value & 0xffff, at + 4);
      expect(ours).toEqual(theirs);
      expect(readU32(ours, at)).toBe(value);
      expect(readU16(ours, at + 4)).toBe(value & 0xffff);
      writeHex32(ours, at, value);
      expect(ours.toString('latin1', at, at + 8)).toBe(value.toString(16).padStart(8, '0'));
    });
    fc.assert(property, { numRuns: 300, seed: 20_260_106 });
  });

  it('make the header of the specification', () => {
    const b = Buffer.alloc(16);
    writeHeader(b, 0, 16, 0x8000_0000, 3, 5);
    expect(b).toEqual(vectorNamed('generic_nack_invcmdid').bytes);
  });
});

describe('C-strings', () => {
  it('end at the first NUL before the limit', () => {
    const b = Buffer.from('ab\0cd\0');
    expect(cStringEnd(b, 0, 6)).toBe(2);
    expect(cStringEnd(b, 3, 6)).toBe(5);
    expect(cStringEnd(b, 3, 5)).toBe(-1);
    expect(cStringEnd(b, 0, 99)).toBe(2);
  });
});
