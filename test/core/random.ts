/** Seeded randomness for tests: the same numbers everywhere, and the seed in every failure. */
export interface Random {
  readonly seed: number;
  /** A whole number in [0, limit). */
  below(limit: number): number;
  pick<T>(list: readonly T[]): T;
}

/** mulberry32. The seed comes from TEST_SEED, else it is fixed, so that a run can be repeated. */
export function seeded(fallback: number): Random {
  const seed = Number(process.env.TEST_SEED ?? fallback);
  let state = seed | 0;
  const below = (limit: number): number => {
    state = (state + 0x6d2b_79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  };
  return { seed, below, pick: (list) => list[below(list.length)] };
}
