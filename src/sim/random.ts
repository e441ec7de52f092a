import type { DelayMs } from './options.ts';

/** Seeded generator (mulberry32): the same seed and the same order of calls give the same faults. */
export class Random {
  private state: number;

  constructor(seed: number) {
    this.state = seed >>> 0;
  }

  /** even in [0, 1) */
  next(): number {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.state ^ (this.state >>> 15), this.state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  }

  /** True in `share` of the calls; draws no number when the share is 0. */
  hits(share: number): boolean {
    return share > 0 && this.next() < share;
  }

  delay(range: DelayMs): number {
    return range.max === range.min ? range.min : range.min + this.next() * (range.max - range.min);
  }
}
