import { expect, test } from 'vitest';
import { LentReceipts } from '../../src/edge/lent.ts';
import { seeded } from '../core/random.ts';

test('any order of lending and giving back keeps rows apart, also while it grows', () => {
  const random = seeded(7_040);
  const lent = new LentReceipts();
  const model = new Map<number, number[]>();
  for (let round = 0; round < 20_000; round++) {
    const why = `seed ${random.seed}, round ${round}`;
    if (random.below(3) > 0) {
      const row = [
        random.below(16),
        random.below(2 ** 32),
        random.below(2 ** 32),
        random.below(2 ** 32),
        random.below(10_000),
      ];
      const index = lent.add(row[0], row[1], row[2], row[3], row[4]);
      expect(model.has(index), why).toBe(false);
      model.set(index, row);
    } else if (model.size > 0) {
      const [index, row] = model.entries().next().value as [number, number[]];
      const found = [lent.shard, lent.slot, lent.idHigh, lent.idLow, lent.account].map(
        (column) => column[index],
      );
      expect(found, why).toEqual(row);
      lent.remove(index);
      model.delete(index);
    }
    expect(lent.used, why).toBe(model.size);
  }
  expect(model.size).toBeGreaterThan(2048);
});
