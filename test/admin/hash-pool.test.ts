import { afterEach, expect, test } from 'vitest';
import { PasswordChecker } from '../../src/admin/hash-pool.ts';
import { hashPassword } from '../../src/admin/password.ts';
import { HASH_QUEUE_MAX, HASH_THREADS, PASSWORD_CACHE_MS_MAX } from '../../src/core/limits.ts';

const accounts = [
  { name: 'alice', password_hash: hashPassword('right') },
  { name: 'bob', password_hash: hashPassword('other') },
];
let checker: PasswordChecker;
let now = 1_000_000;

afterEach(() => checker.close());

function open(): PasswordChecker {
  checker = new PasswordChecker(accounts, () => now);
  return checker;
}

test('tells right from wrong and unknown', async () => {
  open();
  expect(await checker.check('alice', 'right')).toBe('ok');
  expect(await checker.check('alice', 'other')).toBe('refused');
  expect(await checker.check('bob', 'right')).toBe('refused');
  expect(await checker.check('carol', 'right')).toBe('refused');
  expect(await checker.check('', '')).toBe('refused');
});

test('a right password is remembered for ten minutes, a wrong one never', async () => {
  open();
  expect(await checker.check('alice', 'right')).toBe('ok');
  // While every thread and every place is taken, only what is remembered is answered.
  const fill = (): Promise<string>[] =>
    Array.from({ length: HASH_QUEUE_MAX + HASH_THREADS }, () => checker.check('bob', 'wrong'));
  let waiting = fill();
  expect(await checker.check('alice', 'right')).toBe('ok');
  expect(await checker.check('alice', 'wrong')).toBe('busy');
  expect(await checker.check('bob', 'right')).toBe('busy');
  now += PASSWORD_CACHE_MS_MAX;
  expect(await checker.check('alice', 'right')).toBe('busy');
  expect(new Set(await Promise.all(waiting))).toEqual(new Set(['refused']));
  waiting = [];
  expect(await checker.check('alice', 'right')).toBe('ok');
});

test('refusing an unknown name takes the time of a wrong password', async () => {
  open();
  await checker.check('alice', 'warm');
  const timed = async (name: string): Promise<number> => {
    const times = [];
    for (let run = 0; run < 5; run++) {
      const start = performance.now();
      await checker.check(name, 'wrong');
      times.push(performance.now() - start);
    }
    return Math.min(...times);
  };
  const [known, unknown] = [await timed('alice'), await timed('nobody')];
  // A refusal without hashing would be a hundred times faster.
  expect(unknown).toBeGreaterThan(known / 4);
});

test('checks that the end overtakes decide nothing, and do not fail', async () => {
  open();
  const underWay = checker.check('alice', 'wrong');
  const waits = checker.check('bob', 'wrong');
  await checker.close();
  expect(await underWay).toBe('busy');
  expect(await waits).toBe('busy');
  expect(await checker.check('alice', 'right')).toBe('busy');
});
