import { expect, test } from 'vitest';
import { quoted } from '../../src/core/quote.ts';

test('nothing that steers a terminal or turns the direction of text gets through', () => {
  const text = 'a"\\\u0000\u001b[31m\u007f\u009b2J\u2028\u202e\u2066سلام';
  expect(quoted(text)).toBe('"a\\"\\\\\\u0000\\u001b[31m\\u007f\\u009b2J\\u2028\\u202e\\u2066سلام"');
  expect(JSON.parse(quoted(text))).toBe(text);
});
