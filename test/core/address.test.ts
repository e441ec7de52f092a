import { describe, expect, test } from 'vitest';
import { parseDestination, parseSender } from '../../src/core/address.ts';

describe('addresses', () => {
  test.each([
    ['+962790000001', { ton: 1, npi: 1, address: '962790000001' }],
    ['12345', { ton: 1, npi: 1, address: '12345' }],
    ['123456789012345', { ton: 1, npi: 1, address: '123456789012345' }],
    ['1234', undefined],
    ['1234567890123456', undefined],
    ['++962790000001', undefined],
    ['96279 0000001', undefined],
    ['96279000000a', undefined],
    ['٩٦٢٧٩٠٠٠٠', undefined],
    ['962790000001\n', undefined],
    ['', undefined],
  ])('destination %j', (text, expected) => {
    expect(parseDestination(text)).toEqual(expected);
  });

  test.each([
    ['+962790000001', { ton: 1, npi: 1, address: '962790000001' }],
    ['962790000001', { ton: 1, npi: 1, address: '962790000001' }],
    ['1234567', { ton: 1, npi: 1, address: '1234567' }],
    ['123456', { ton: 0, npi: 1, address: '123456' }],
    ['7', { ton: 0, npi: 1, address: '7' }],
    ['Shop', { ton: 5, npi: 0, address: 'Shop' }],
    ['A & B Co.', { ton: 5, npi: 0, address: 'A & B Co.' }],
    ['elevenchars', { ton: 5, npi: 0, address: 'elevenchars' }],
    ['twelvechars!', undefined],
    ['twelve chars', undefined],
    ['Café', undefined],
    ['+123', undefined],
    ['Shop\0', undefined],
    ['', undefined],
  ])('sender %j', (text, expected) => {
    expect(parseSender(text)).toEqual(expected);
  });
});
