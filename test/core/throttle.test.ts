import { expect, test } from 'vitest';
import { THROTTLE_PAUSE_MS, TokenBucket } from '../../src/core/throttle.ts';
import { seeded } from './random.ts';

const START = 1_767_225_600_000;

/** All that goes from `fromMs` on for `forMs`, asking each millisecond. */
function count(bucket: TokenBucket, fromMs: number, forMs: number, wanted = 1000): number {
  let sum = 0;
  for (let ms = 0; ms < forMs; ms++) sum += bucket.take(wanted, fromMs + ms);
  return sum;
}

test('a rate of 0 is no limit', () => {
  const bucket = new TokenBucket(0, START);
  expect(bucket.take(1_000_000, START)).toBe(1_000_000);
  expect(bucket.waitMs(START)).toBe(0);
  bucket.giveBack(5);
  expect(bucket.take(3, START)).toBe(3);
});

test('passes its rate over time, and 100 ms worth at once', () => {
  const bucket = new TokenBucket(500, START);
  expect(bucket.take(1000, START)).toBe(50);
  expect(bucket.take(1000, START)).toBe(0);
  expect(bucket.waitMs(START)).toBe(2);
  expect(count(bucket, START + 1, 10_000)).toBe(5000);
});

test('a pause does not gather more than the burst', () => {
  const bucket = new TokenBucket(500, START);
  expect(bucket.take(1000, START + 3_600_000)).toBe(50);
});

test('a rate below ten a second still lets one go at a time', () => {
  const bucket = new TokenBucket(1, START);
  expect(bucket.take(5, START)).toBe(1);
  expect(bucket.take(5, START + 999)).toBe(0);
  expect(bucket.take(5, START + 1000)).toBe(1);
});

test('what was taken but not sent may go again', () => {
  const bucket = new TokenBucket(100, START);
  expect(bucket.take(10, START)).toBe(10);
  bucket.giveBack(4);
  expect(bucket.take(10, START)).toBe(4);
});

test('a clock that goes back gives nothing away and takes nothing', () => {
  const bucket = new TokenBucket(1000, START);
  expect(bucket.take(1000, START)).toBe(100);
  expect(bucket.take(1000, START - 5000)).toBe(0);
  expect(bucket.take(1000, START - 4990)).toBe(10);
});

test('whatever is asked when, no more than rate * time + burst goes', () => {
  const random = seeded(7_005);
  const bucket = new TokenBucket(730, START);
  let [nowMs, sum] = [START, 0];
  for (let round = 0; round < 20_000; round++) {
    nowMs += random.below(20);
    sum += bucket.take(1 + random.below(40), nowMs);
    const most = (730 * (nowMs - START)) / 1000 + 73;
    expect(sum, `seed ${random.seed}, round ${round}`).toBeLessThanOrEqual(most + 0.001);
  }
});

test('ESME_RTHROTTLED stops for a second, halves the rate, and it rises by a tenth of the set rate a second', () => {
  const bucket = new TokenBucket(1000, START);
  bucket.slow(START, 0);
  expect(bucket.waitMs(START)).toBe(THROTTLE_PAUSE_MS);
  expect(count(bucket, START, 1000)).toBe(0);
  const eachSecond = [1, 2, 3, 4, 5, 6, 7, 8].map((second) => count(bucket, START + second * 1000, 1000));
  const expected = [500, 600, 700, 800, 900, 1000, 1000, 1000];
  for (const [second, sum] of eachSecond.entries()) {
    // Within one token and the burst that the raised rate opens.
    expect(Math.abs(sum - expected[second]), `second ${second}: ${sum}`).toBeLessThanOrEqual(
      expected[second] / 50 + 1,
    );
  }
});

test('throttles that arrive together count once', () => {
  const bucket = new TokenBucket(1000, START);
  for (let answer = 0; answer < 50; answer++) bucket.slow(START + answer, 0);
  expect(count(bucket, START + 1000, 1000)).toBeGreaterThan(450);
});

test('again and again it goes down to one a second and no further', () => {
  const bucket = new TokenBucket(8, START);
  let nowMs = START;
  for (let round = 0; round < 20; round++, nowMs += THROTTLE_PAUSE_MS) bucket.slow(nowMs, 0);
  // From the end of the pause a whole second makes one; after it the rate rises again.
  expect([count(bucket, nowMs, 1000), bucket.take(5, nowMs + 1000)]).toEqual([0, 1]);
});

test('without a set rate it goes on at half of what was seen, and is open again in the end', () => {
  const bucket = new TokenBucket(0, START);
  bucket.slow(START, 400);
  expect(bucket.take(10_000, START)).toBe(0);
  const first = count(bucket, START + 1000, 1000);
  expect(first).toBeGreaterThan(150);
  expect(first).toBeLessThanOrEqual(220);
  expect(count(bucket, START + 2000, 20_000)).toBeGreaterThan(0);
  expect(bucket.take(1_000_000, START + 22_000)).toBe(1_000_000);
});

test('near its limit the SMSC gets a fifth less each second, with no stop, down to a tenth; then it rises', () => {
  const bucket = new TokenBucket(1000, START);
  bucket.take(1000, START);
  const seconds = Array.from({ length: 14 }, (_, second) => {
    let sum = 0;
    for (let ms = 0; ms < 1000; ms++) {
      const nowMs = START + second * 1000 + ms;
      // Many answers a second say so; only the first of them counts.
      bucket.ease(nowMs, 0);
      sum += bucket.take(1000, nowMs);
    }
    return sum;
  });
  for (const [second, sum] of seconds.entries()) {
    const expected = Math.max(100, 1000 * 0.8 ** (second + 1));
    expect(Math.abs(sum - expected), `second ${second}: ${sum}`).toBeLessThanOrEqual(expected / 10 + 1);
  }
  expect(count(bucket, START + 14_000, 1000)).toBeGreaterThan(90);
  expect(count(bucket, START + 24_000, 1000)).toBeGreaterThan(900);
});

test('without a set rate it eases from what was seen', () => {
  const bucket = new TokenBucket(0, START);
  bucket.ease(START, 500);
  expect(Math.abs(count(bucket, START, 999) - 400)).toBeLessThanOrEqual(41);
});

test('a throttle outweighs it: no message goes before the pause is over', () => {
  const bucket = new TokenBucket(1000, START);
  bucket.slow(START, 0);
  bucket.ease(START + 10, 0);
  expect(count(bucket, START + 10, THROTTLE_PAUSE_MS - 10)).toBe(0);
});
