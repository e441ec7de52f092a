import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { maskMsisdn } from '../../src/admin/log.ts';

test('masks numbers', () => {
  expect(maskMsisdn('+962771234556')).toBe('+96277***56');
  expect(maskMsisdn('962771234556')).toBe('96277***56');
  expect(maskMsisdn('077123')).toBe('07***');
  expect(maskMsisdn('1909')).toBe('***');
  expect(maskMsisdn('')).toBe('***');
});

test('writes JSON lines on stderr, and nothing below its level', () => {
  const script = `
    const { openLog } = await import(${JSON.stringify(new URL('../../src/admin/log.ts', import.meta.url).href)});
    const log = await openLog('warn', 'shard 0');
    log.info('quiet');
    log.warn({ smsc: 'one' }, 'loud');
    process.kill(process.pid, 'SIGKILL');
  `;
  let stderr = '';
  try {
    execFileSync(process.execPath, ['--input-type=module', '-e', script], {
      stdio: 'pipe',
      encoding: 'utf8',
    });
  } catch (error) {
    stderr = (error as { stderr: string }).stderr;
  }
  const lines = stderr.trim().split('\n');
  expect(lines).toHaveLength(1);
  expect(JSON.parse(lines[0])).toMatchObject({ level: 40, thread: 'shard 0', smsc: 'one', msg: 'loud' });
});
