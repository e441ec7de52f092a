import { expect, test } from 'vitest';
import { ReceiptAlphabets } from '../../src/core/receipt-alphabets.ts';

test('an SMSC and an account read alike where both have the same alphabet, but for UTF-8', () => {
  const all = ['gsm', 'ascii', 'latin1', 'utf8', undefined] as const;
  const alphabets = new ReceiptAlphabets(all, all);
  const alike = all.map((_smsc, smsc) => all.flatMap((_, one) => (alphabets.isSame(smsc, one) ? [one] : [])));
  // What is not there any more had the GSM alphabet. UTF-8 is cut between characters, so never copied.
  expect(alike).toEqual([[0, 4], [1], [2], [], [0, 4]]);
});
