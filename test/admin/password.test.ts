import { expect, test } from 'vitest';
import { hashPassword, verifyPassword } from '../../src/admin/password.ts';
import { parseArgon2Hash } from '../../src/core/phc.ts';

test('a hash verifies its password and no other', () => {
  const hash = hashPassword('pä$$word');
  expect(parseArgon2Hash(hash)).toMatchObject({ memoryKib: 19_456, passes: 2, lanes: 1 });
  expect(verifyPassword(hash, 'pä$$word')).toBe(true);
  for (const wrong of ['pä$$worD', '', 'pä$$word ', 'pä$$word\0'])
    expect(verifyPassword(hash, wrong)).toBe(false);
});

test('hashes of one password differ', () => {
  expect(hashPassword('same')).not.toBe(hashPassword('same'));
});

// From the command line tool of the reference implementation: test/test.c of phc-winner-argon2, version 0x13.
test('verifies hashes of the reference implementation', () => {
  const encoded = '$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc';
  expect(verifyPassword(encoded, 'password')).toBe(true);
  expect(verifyPassword(encoded, 'differentpassword')).toBe(false);
});

test('a text that is no hash is a bug of the caller', () => {
  expect(() => verifyPassword('plain', 'plain')).toThrow('not an argon2id hash');
});
