import { expect, test } from 'vitest';
import { EARLY, FRESH, MatchTable, REPEATED } from '../../src/load/matches.ts';

/** A small seeded generator (xorshift32), so that a failure can be repeated. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
}

test('agrees with a Map over random responses and receipts, growing on the way', () => {
  const seed = 20_260_101;
  const next = generator(seed);
  // expect() itself, 200,000 times, would take seconds.
  const check = (actual: number, expected: number, step: number): void => {
    if (actual !== expected) expect.fail(`seed ${seed}, step ${step}: ${actual}, expected ${expected}`);
  };
  const table = new MatchTable(0);
  const responded = new Map<string, number>();
  const receipted = new Set<string>();
  for (let step = 0; step < 200_000; step++) {
    const text = (next() % 90_000).toString(16);
    const id = Buffer.from(`..${text}.`, 'latin1');
    if (next() % 2 === 0) {
      const expected = responded.has(text) ? REPEATED : receipted.has(text) ? step : FRESH;
      if (!responded.has(text)) responded.set(text, step);
      check(table.onResponse(id, 2, id.length - 1, step), expected, step);
    } else {
      const expected = receipted.has(text) ? REPEATED : (responded.get(text) ?? EARLY);
      receipted.add(text);
      check(table.onReceipt(id, 2, id.length - 1), expected, step);
    }
  }
  expect(table.early).toBe([...receipted].filter((text) => !responded.has(text)).length);
});
