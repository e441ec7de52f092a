import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { relax } from '../../src/http/relax.ts';

test.each(['x64', 'arm64'])('a relaxed %s binary asks for nothing newer than glibc 2.36', (arch) => {
  const path = new URL(`../../node_modules/uWebSockets.js/uws_linux_${arch}_137.node`, import.meta.url);
  const source = readFileSync(path);
  const relaxed = relax(source);
  expect(relaxed.length).toBe(source.length);
  const changed = relaxed.reduce((count, byte, at) => count + (byte === source[at] ? 0 : 1), 0);
  // Three names, three version indexes, one version: 4 + 2 bytes each at most, and 8.
  expect(changed).toBeGreaterThan(0);
  expect(changed).toBeLessThanOrEqual(3 * 6 + 8);
  // Running it again finds nothing to change.
  expect(relax(relaxed).equals(relaxed)).toBe(true);
});

test('refuses what is not a shared object of 64 bits', () => {
  expect(() => relax(Buffer.alloc(10))).toThrow('not a 64-bit little-endian ELF file');
  expect(() => relax(Buffer.from('#!/bin/sh\n'.repeat(100)))).toThrow('not a 64-bit little-endian ELF file');
  expect(() => relax(readFileSync(process.execPath).subarray(0, 4_096))).toThrow();
});

test('the choice is reported, and kept between starts', () => {
  const script = `
    import { chooseEngine } from ${JSON.stringify(new URL('../../src/http/choose-engine.ts', import.meta.url).href)};
    const { rung, reason } = await chooseEngine('auto');
    console.log(JSON.stringify({ rung, reason }));
  `;
  const run = (environment: NodeJS.ProcessEnv): unknown =>
    JSON.parse(
      execFileSync(process.execPath, ['--input-type=module', '-e', script], {
        env: { ...process.env, ...environment },
        encoding: 'utf8',
      }),
    );
  const first = run({});
  expect(first).toMatchObject({ rung: expect.stringMatching(/^(?:uws|uws-relaxed|node)$/) });
  expect(run({})).toEqual(first);
  // No place for a checked binary: the engine that needs none.
  expect(run({ CACHE_DIRECTORY: '/proc/nowhere' })).toMatchObject({ rung: 'node' });
});
