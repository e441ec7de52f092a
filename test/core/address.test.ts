import { describe, expect, test } from 'vitest';
import { isSameAddress, parseDestination, parseSender } from '../../src/core/address.ts';

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

describe('two ways to write an address', () => {
  test.each([
    ['962790000001', '962790000001', true],
    ['962790000001', '+962790000001', true],
    ['962790000001', '00962790000001', true],
    ['962790000001', '0790000001', true],
    ['962790000001', '790000001', true],
    ['962790000001', '962790000002', false],
    ['962790000001', '00001', false],
    ['962790000001', '962790', false],
    ['12345', '12345', true],
    ['12345', '012345', true],
    ['12345', '112345', false],
    ['1234567', '91234567', true],
    ['Shop', 'Shop', true],
    ['Shop', 'SHOP', true],
    ['Shop', 'Shops', false],
    ['Bookshop', 'shop', false],
    ['a@b', 'a`b', false],
    ['Shop1234567', '1234567', false],
    ['', '', true],
    ['', '962790000001', false],
    ['+', '962790000001', false],
    ['0', '00', true],
  ])('%j and %j: %s', (a, b, expected) => {
    const [left, right] = [Buffer.from(a, 'latin1'), Buffer.from(b, 'latin1')];
    expect([isSameAddress(left, right), isSameAddress(right, left)]).toEqual([expected, expected]);
  });
});
