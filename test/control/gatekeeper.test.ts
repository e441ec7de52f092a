import { expect, test } from 'vitest';
import type { PasswordChecker } from '../../src/admin/hash-pool.ts';
import { Gatekeeper } from '../../src/control/gatekeeper.ts';
import type { AccountConfig } from '../../src/core/config.ts';

type Verdict = 'ok' | 'refused' | 'busy';

function makeGatekeeper(sessionsMax: number, answers: Record<string, Verdict> = {}): Gatekeeper {
  const checker = {
    check: (_account: string, password: string) => Promise.resolve(answers[password] ?? 'ok'),
    close: () => Promise.resolve(),
  } as unknown as PasswordChecker;
  const account = { name: 'demo', sessions_max: sessionsMax } as AccountConfig;
  return new Gatekeeper([account, { ...account, name: 'other' }], checker);
}

const knock = (changes = {}) => ({
  account: 'demo',
  password: 'right',
  address: '127.0.0.1',
  session: true,
  ...changes,
});

test('an account has its number of sessions over all edges, and each one that ends makes room', async () => {
  const gate = makeGatekeeper(2);
  expect([await gate.decide(knock()), await gate.decide(knock()), await gate.decide(knock())]).toEqual([
    'ok',
    'ok',
    'full',
  ]);
  expect(await gate.decide(knock({ account: 'other' }))).toBe('ok');
  gate.sessionEnded('demo');
  expect([await gate.decide(knock()), await gate.decide(knock())]).toEqual(['ok', 'full']);
});

test('binds that are decided at the same time do not get past the limit together', async () => {
  const gate = makeGatekeeper(3);
  const verdicts = await Promise.all(Array.from({ length: 20 }, () => gate.decide(knock())));
  expect(verdicts.filter((verdict) => verdict === 'ok')).toHaveLength(3);
});

test('what the passwords say stands, and costs no session', async () => {
  const gate = makeGatekeeper(1, { wrong: 'refused', later: 'busy' });
  expect(await gate.decide(knock({ password: 'wrong' }))).toBe('refused');
  expect(await gate.decide(knock({ password: 'later' }))).toBe('busy');
  expect(await gate.decide(knock())).toBe('ok');
});

test('requests over HTTP are no sessions', async () => {
  const gate = makeGatekeeper(1);
  for (let request = 0; request < 5; request++)
    expect(await gate.decide(knock({ session: false }))).toBe('ok');
  expect(await gate.decide(knock())).toBe('ok');
  expect(await gate.decide(knock({ session: false }))).toBe('ok');
});

test('an end that is told twice gives no session away', async () => {
  const gate = makeGatekeeper(1);
  gate.sessionEnded('demo');
  gate.sessionEnded('demo');
  expect([await gate.decide(knock()), await gate.decide(knock())]).toEqual(['ok', 'full']);
});
