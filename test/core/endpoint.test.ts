import { expect, test } from 'vitest';
import { endpoint } from '../../src/core/endpoint.ts';

test.each([
  ['192.0.2.1', 2775, '192.0.2.1:2775'],
  ['::ffff:192.0.2.1', 2775, '192.0.2.1:2775'],
  ['2001:db8::1', 2775, '[2001:db8::1]:2775'],
  ['', 2775, ''],
  [undefined, 2775, ''],
  ['192.0.2.1', undefined, ''],
])('%s and %s are %j', (address, port, text) => {
  expect(endpoint(address, port)).toBe(text);
});
