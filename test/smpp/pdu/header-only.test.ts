import { describe, expect, it } from 'vitest';
import { writeGenericNack, writeHeaderOnly } from '../../../src/smpp/pdu/header-only.ts';
import { validOf, vectors } from '../../support/vectors.ts';

const names = ['unbind', 'unbind_resp', 'enquire_link', 'enquire_link_resp', 'generic_nack'];

describe('PDUs without a body', () => {
  it.each(names.flatMap((name) => validOf(name)))('$name', ({ fields, bytes }) => {
    const b = Buffer.alloc(20, 0xee);
    const sequence = fields.sequence_number as number;
    expect(writeHeaderOnly(b, 4, Number(fields.command_id), Number(fields.command_status), sequence)).toBe(
      16,
    );
    expect(b.subarray(4)).toEqual(bytes);
  });

  it('answer every bad PDU that wants one, to the byte', () => {
    let compared = 0;
    for (const { reaction } of vectors) {
      for (const { command, command_status, sequence_number, hex } of reaction?.respond ?? []) {
        const b = Buffer.alloc(16);
        const id = Number.parseInt(hex.slice(8, 16), 16);
        if (command === 'generic_nack') writeGenericNack(b, 0, Number(command_status), sequence_number);
        else writeHeaderOnly(b, 0, id, Number(command_status), sequence_number);
        expect(b.toString('hex')).toBe(hex);
        compared++;
      }
    }
    expect(compared).toBeGreaterThanOrEqual(40);
  });
});
