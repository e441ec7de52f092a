import { describe, expect, test } from 'vitest';
import * as counters from '../../../src/core/ring/counters.ts';
import {
  RateCells,
  SMSC_CELLS,
  THREAD_CELLS,
  TICKS_PER_MS,
  createCounterPages,
} from '../../../src/core/ring/counters.ts';
import { seeded } from '../random.ts';

const TICKS_PER_S = 1000 * TICKS_PER_MS;

function makeCells(): RateCells {
  return new RateCells(createCounterPages(1, 1, 4));
}

/** How many of an account pass when it asks every `stepTicks` from `from` on. */
function passed(
  cells: RateCells,
  from: number,
  steps: number,
  stepTicks: number,
  interval: number,
  burst: number,
): number {
  let count = 0;
  for (let step = 0; step < steps; step++)
    if (cells.take(1, (from + step * stepTicks) | 0, interval, burst)) count++;
  return count;
}

describe('pages', () => {
  test('every counter has a cell of its own inside its page', () => {
    const all = Object.entries(counters).filter(([, value]) => typeof value === 'number');
    for (const [prefix, cells] of [
      ['CELL_', THREAD_CELLS],
      ['SMSC_', SMSC_CELLS],
    ] as const) {
      const numbers = all
        .filter(([name]) => name.startsWith(prefix) && name !== 'SMSC_CELLS')
        .map(([, value]) => value as number);
      expect(new Set(numbers).size, prefix).toBe(numbers.length);
      expect(Math.max(...numbers), prefix).toBeLessThan(cells);
    }
  });

  test('threads and SMSCs do not write into each other', () => {
    const pages = createCounterPages(2, 3, 1);
    counters.threadCells(pages, 0)[5] = 1;
    counters.threadCells(pages, 1)[5] = 2;
    for (const smsc of [0, 1, 2]) counters.smscCells(pages, smsc).fill(10 + smsc);
    expect([counters.threadCells(pages, 0)[5], counters.threadCells(pages, 1)[5]]).toEqual([1, 2]);
    for (const smsc of [0, 1, 2]) expect([...new Set(counters.smscCells(pages, smsc))]).toEqual([10 + smsc]);
  });

  test('a gateway without SMSCs and accounts has pages all the same', () => {
    const pages = createCounterPages(1, 0, 0);
    expect(counters.smscCells(pages, 0)).toHaveLength(SMSC_CELLS);
    expect(new RateCells(pages).take(0, 0, 1, 1)).toBe(true);
  });
});

describe('rates', () => {
  test('at once: the burst and the one that opens it', () => {
    const interval = TICKS_PER_S / 100;
    expect(passed(makeCells(), 5, 1000, 0, interval, TICKS_PER_S / 10)).toBe(11);
    expect(passed(makeCells(), 5, 1000, 0, interval, 0)).toBe(1);
  });

  test.each([1, 7, 100, 5000])('over 20 s: %i a second', (tps) => {
    const interval = Math.round(TICKS_PER_S / tps);
    const burst = TICKS_PER_S / 10;
    const count = passed(makeCells(), 0, 200_000, TICKS_PER_MS / 10, interval, burst);
    expect(count).toBeGreaterThanOrEqual(20 * tps);
    expect(count).toBeLessThanOrEqual(20 * tps + burst / interval + 1.001);
  });

  test('idleness earns no more than one burst', () => {
    const cells = makeCells();
    const interval = TICKS_PER_S / 100;
    passed(cells, 0, 100, 0, interval, TICKS_PER_S / 10);
    expect(passed(cells, 60 * TICKS_PER_S, 1000, 0, interval, TICKS_PER_S / 10)).toBe(11);
  });

  test('accounts do not use each other up', () => {
    const cells = makeCells();
    const interval = TICKS_PER_S / 10;
    expect([cells.take(0, 0, interval, 0), cells.take(0, 0, interval, 0)]).toEqual([true, false]);
    expect(cells.take(2, 0, interval, 0)).toBe(true);
  });

  test('the parts of a message put its account ahead, beyond the burst, and what follows waits', () => {
    const cells = makeCells();
    const interval = TICKS_PER_S / 2;
    expect(cells.take(1, 0, interval, 0)).toBe(true);
    cells.spend(1, 0, interval, 2);
    expect(cells.take(1, TICKS_PER_S * 1.4, interval, 0)).toBe(false);
    expect(cells.take(1, TICKS_PER_S * 1.5, interval, 0)).toBe(true);
    // Behind its rate it begins with now.
    cells.spend(1, TICKS_PER_S * 10, interval, 1);
    expect(cells.take(1, TICKS_PER_S * 10.4, interval, 0)).toBe(false);
    expect(cells.take(1, TICKS_PER_S * 10.5, interval, 0)).toBe(true);
  });

  test('no message puts its account ahead by more than 7.5 s, and a refresh leaves that as it is', () => {
    for (const count of [20, 255]) {
      const cells = makeCells();
      for (let message = 0; message < 3; message++) cells.spend(1, 5, TICKS_PER_S, count);
      cells.refresh(1, 5);
      expect(cells.take(1, 5 + TICKS_PER_S * 7.4, TICKS_PER_S, 0)).toBe(false);
      expect(cells.take(1, 5 + TICKS_PER_S * 7.5, TICKS_PER_S, 0)).toBe(true);
    }
  });

  test('a charge says what it had no room for; asked for again as time passes, all of it is paid', () => {
    const cells = makeCells();
    let owed = TICKS_PER_S * 60;
    owed = cells.charge(1, 5, owed);
    expect(owed).toBe(TICKS_PER_S * 52.5);
    let now = 5;
    for (; owed > 0; now += TICKS_PER_S / 20) {
      owed = cells.charge(1, now | 0, owed);
      expect(cells.take(1, now | 0, 1, 0)).toBe(false);
    }
    // All but the last 7.5 s have passed.
    expect(Math.abs(now - TICKS_PER_S * 52.5)).toBeLessThan(TICKS_PER_S / 5);
    expect(cells.take(1, (TICKS_PER_S * 59.9) | 0, 1, 0)).toBe(false);
    expect(cells.take(1, (TICKS_PER_S * 60.1) | 0, 1, 0)).toBe(true);
  });

  test('nothing changes where the tick count wraps, at 2^31 and at 2^32', () => {
    for (const wrap of [2 ** 31, 2 ** 32]) {
      const interval = TICKS_PER_S / 50;
      const cells = makeCells();
      cells.refresh(1, (wrap - TICKS_PER_S) | 0);
      const count = passed(cells, wrap - TICKS_PER_S, 4000, TICKS_PER_MS / 2, interval, 0);
      expect(Math.abs(count - 100), `${wrap}: ${count}`).toBeLessThanOrEqual(1);
    }
  });

  test('a cell that is refreshed never looks like the future, however long it is idle', () => {
    const cells = makeCells();
    const interval = TICKS_PER_S / 10;
    expect(cells.take(1, 0, interval, 0)).toBe(true);
    for (let second = 0; second < 1000; second += 30) cells.refresh(1, (second * TICKS_PER_S) | 0);
    expect(cells.take(1, (1000 * TICKS_PER_S) | 0, interval, 0)).toBe(true);
    expect(cells.take(1, (1000 * TICKS_PER_S) | 0, interval, 0)).toBe(false);
  });

  test('a cell that was never used passes at once after its refresh, whatever the clock says', () => {
    for (let nowTicks = -(2 ** 31); nowTicks < 2 ** 31; nowTicks += 2 ** 24) {
      const cells = makeCells();
      cells.refresh(1, nowTicks);
      expect(cells.take(1, nowTicks, TICKS_PER_S, 0), `${nowTicks}`).toBe(true);
    }
  });

  test('a process that was stopped for minutes goes on after one refresh', () => {
    for (const seconds of [60, 134, 135, 200, 260, 3600]) {
      const cells = makeCells();
      cells.refresh(1, 5);
      expect(cells.take(1, 5, TICKS_PER_S, 0)).toBe(true);
      const nowTicks = (5 + seconds * TICKS_PER_S) | 0;
      cells.refresh(1, nowTicks);
      expect(cells.take(1, nowTicks, TICKS_PER_S, 0), `${seconds} s`).toBe(true);
    }
  });

  test('a refresh takes nothing from who is ahead of its rate', () => {
    const cells = makeCells();
    const interval = TICKS_PER_S / 10;
    expect(cells.take(1, 0, interval, 0)).toBe(true);
    cells.refresh(1, TICKS_PER_S / 20);
    expect(cells.take(1, TICKS_PER_S / 20, interval, 0)).toBe(false);
  });

  test('whatever is asked when, no more than rate * time + burst + 1 pass', () => {
    const random = seeded(7_009);
    for (let round = 0; round < 40; round++) {
      const cells = makeCells();
      const interval = 1 + random.below(TICKS_PER_S);
      const burst = random.below(TICKS_PER_S);
      const start = random.below(2 ** 32);
      let [elapsed, count] = [0, 0];
      cells.refresh(1, start | 0);
      for (let step = 0; step < 2000; step++) {
        elapsed += random.below(interval);
        if (cells.take(1, (start + elapsed) | 0, interval, burst)) count++;
        const most = (elapsed + burst) / interval + 1;
        expect(count, `seed ${random.seed}, round ${round}, step ${step}`).toBeLessThanOrEqual(most + 0.001);
      }
    }
  });
});
