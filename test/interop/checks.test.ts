import { describe, expect, test } from 'vitest';
import { Checks, exitCode, lastLine, PARTS, table } from './checks.ts';

function ran(part: (typeof PARTS)[number], holds = true): Checks {
  const checks = new Checks(part);
  checks.topic('bind');
  checks.that('answered', holds, 'status 13');
  return checks;
}

describe('an interop run', () => {
  test('says every part in its last line, and fails for none of them', () => {
    const parts = PARTS.map((part) => ran(part));
    expect(lastLine(parts)).toBe('interop: smpp=ok net-smpp=ok kannel=ok tshark=ok');
    expect(exitCode(parts, true)).toBe(0);
  });

  test('fails when one check of one part fails, and says which', () => {
    const parts = [ran('smpp'), ran('net-smpp', false), ran('kannel'), ran('tshark')];
    expect(lastLine(parts)).toBe('interop: smpp=ok net-smpp=failed kannel=ok tshark=ok');
    expect(exitCode(parts, false)).toBe(1);
    expect(table(parts)).toContain('FAILED: net-smpp: bind: answered: status 13');
  });

  test('passes over what is not installed, unless it is required', () => {
    const absent = new Checks('kannel');
    absent.skipped = 'bearerbox is not installed: apt-get install kannel';
    const parts = [ran('smpp'), ran('net-smpp'), absent, ran('tshark')];
    expect(lastLine(parts)).toBe('interop: smpp=ok net-smpp=ok kannel=skipped tshark=ok');
    expect(exitCode(parts, false)).toBe(0);
    expect(exitCode(parts, true)).toBe(1);
    expect(table(parts)).toContain('SKIPPED: kannel: bearerbox is not installed');
  });

  test('a part that was not asked for is skipped; one that checked nothing has failed', () => {
    expect(lastLine([ran('smpp')])).toBe('interop: smpp=ok net-smpp=skipped kannel=skipped tshark=skipped');
    expect(lastLine([new Checks('smpp')])).toContain('smpp=failed');
  });

  test('shows the first failures of a topic and counts all of them', () => {
    const checks = new Checks('tshark');
    checks.topic('submit_sm');
    for (let index = 0; index < 25; index++) checks.that(`PDU ${index}`, false);
    const lines = table([checks]).split('\n');
    expect(lines.filter((line) => line.startsWith('FAILED')).length).toBe(11);
    expect(lines.at(-1)).toBe('FAILED: tshark: submit_sm: and 15 more');
    expect(lines[1]).toContain('25 FAILED');
  });

  test('goes on behind a failure, and shows what was and what should have been', () => {
    const checks = new Checks('tshark');
    checks.topic('submit_sm');
    expect(checks.equal('sm_length', 4, 5)).toBe(false);
    expect(checks.equal('text', Buffer.from('ab'), Buffer.from('ab'))).toBe(true);
    expect(checks.equal('octets', Buffer.from('a'), Buffer.from('b'))).toBe(false);
    expect([checks.passed, checks.failed]).toEqual([1, 2]);
    expect(table([checks])).toContain('sm_length: is 4, should be 5');
    expect(table([checks])).toContain('octets: is 61, should be 62');
  });
});
