import { join } from 'node:path';
import { expect, test } from 'vitest';
import { PendingStore } from '../../src/store/pending.ts';
import { temporaryDirectory } from '../support/ledger.ts';

test('a stop is known to the next life alone', () => {
  const path = join(temporaryDirectory(), 'pending.sqlite');
  const lives = [0, 0, 63_000_000, 0, 63_000_500, 63_000_500].map((stop) => {
    const store = PendingStore.open(path);
    const { stoppedAt } = store;
    store.close(stop);
    return stoppedAt;
  });
  expect(lives).toEqual([0, 0, 0, 63_000_000, 0, 63_000_500]);
  // Closed without a word, as by a kill: nothing is left of the last stop but one.
  PendingStore.open(path).close();
  const last = PendingStore.open(path);
  expect(last.stoppedAt).toBe(0);
  last.close();
});
