import { seeded } from '../core/random.ts';

/** What producer and consumer both know of the next record. Mostly small, some of a kilobyte and more. */
export function makeSequence(seed: number): () => { length: number; mark: number } {
  const random = seeded(seed);
  return () => {
    const length = 8 + (random.below(50) === 0 ? random.below(4000) : random.below(160));
    return { length, mark: random.below(256) };
  };
}
