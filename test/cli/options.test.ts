import { describe, expect, test } from 'vitest';
import { runCommand } from '../support/daemon.ts';

const USAGE = 64;

describe('a number that is none, or below its least, is named and nothing runs', () => {
  test.each([
    ['load', '--messages', '-3', 0],
    ['load', '--rate', 'abc', 0],
    ['sim', '--port', 'abc', 0],
    ['sim', '--id-start', '-2', -1],
  ])('%s %s %s', async (command, option, value, least) => {
    const { code, stderr } = await runCommand([command, `${option}=${value}`]);
    expect(stderr).toContain(`${option} must be one number of at least ${least}`);
    expect(code).toBe(USAGE);
  });
});

test('load with a system_id longer than any peer takes says so', async () => {
  const { code, stderr } = await runCommand(['load', '--system-id', 'x'.repeat(65)]);
  expect(stderr.trim()).toBe('tollgate: systemId must be at most 64 characters');
  expect(code).toBe(1);
});
