import { describe, expect, it } from 'vitest';
import { encodeMessage } from '../../../src/smpp/pdu/message-encode.ts';

describe('a message object', () => {
  it('is all zeros and empty strings when nothing is said', () => {
    expect(encodeMessage(4, {}, 1).toString('hex')).toBe(
      `00000021000000040000000000000001${'00'.repeat(17)}`,
    );
  });

  it.each([
    ['service_type of 6', { serviceType: 'TOOLNG' }],
    ['source of 21', { source: '1'.repeat(21) }],
    ['destination of 21', { dest: '1'.repeat(21) }],
    ['time of 17', { validity: '0'.repeat(17) }],
    ['text of 256', { message: Buffer.alloc(256) }],
  ])('may not have a %s', (_what, fields) => {
    expect(() => encodeMessage(4, fields, 1)).toThrow(RangeError);
  });
});
