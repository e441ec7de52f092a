import { spawn } from 'node:child_process';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { createSegment, openSegmentIfThere, openSegmentReader } from '../../src/cdr/lmdb.ts';
import { temporaryDirectory } from '../support/ledger.ts';

const LMDB = fileURLToPath(new URL('../../src/cdr/lmdb.ts', import.meta.url));

const modeOf = (name: string) => fs.statSync(name).mode & 0o777;

function newPath(): string {
  return join(temporaryDirectory(), 'shard-00', '00000001.mdb');
}

async function keysIn(path: string, fromKey = 1): Promise<number[]> {
  const reader = openSegmentReader(path);
  try {
    return Array.from(reader.blocks(fromKey), (block) => block.key);
  } finally {
    await reader.close();
  }
}

test('blocks of any size come back whole and in order', async () => {
  const path = newPath();
  const writer = createSegment(path, { unsafe: false });
  const sizes = [48, 1, 4_096, 1_048_576, 70_000, 3];
  const blocks = sizes.map((size, i) => Buffer.alloc(size, i + 1));
  // Several puts of one turn share a transaction; the last one goes alone.
  await Promise.all(blocks.slice(0, 5).map((block, i) => writer.put(i + 1, block)));
  await writer.put(6, blocks[5]);
  await writer.close();
  const reader = openSegmentReader(path);
  expect(reader.blockCount()).toBe(6);
  let at = 0;
  for (const { key, bytes } of reader.blocks(1)) {
    expect(key).toBe(at + 1);
    expect(bytes.equals(blocks[at++])).toBe(true);
  }
  expect(at).toBe(6);
  await reader.close();
  expect(await keysIn(path, 4)).toEqual([4, 5, 6]);
});

test('only the owner can read a segment and its directory', async () => {
  const path = newPath();
  const writer = createSegment(path, { unsafe: false });
  await writer.close();
  expect([modeOf(path), modeOf(`${path}-lock`), modeOf(join(path, '..'))]).toEqual([0o600, 0o600, 0o700]);
});

test('a segment that exists is not opened to write, and one that does not is not made by reading', async () => {
  const path = newPath();
  expect(() => openSegmentReader(path)).toThrow('there is no segment');
  expect(fs.existsSync(path)).toBe(false);
  await createSegment(path, { unsafe: false }).close();
  expect(() => createSegment(path, { unsafe: false })).toThrow('exists already');
});

test('a put whose key does not ascend is rejected, not lost in silence', async () => {
  const path = newPath();
  const writer = createSegment(path, { unsafe: false });
  await writer.put(2, Buffer.from('two'));
  await expect(writer.put(2, Buffer.from('again'))).rejects.toThrow('does not follow');
  await expect(writer.put(1, Buffer.from('one'))).rejects.toThrow('does not follow');
  await writer.put(3, Buffer.from('three'));
  await writer.close();
  expect(await keysIn(path, 2)).toEqual([2, 3]);
});

test('a gap between blocks is told', async () => {
  const path = newPath();
  const writer = createSegment(path, { unsafe: false });
  await writer.put(1, Buffer.from('one'));
  await writer.put(3, Buffer.from('three'));
  await writer.close();
  await expect(keysIn(path)).rejects.toThrow('block 2 is missing, but there is a block 3');
});

test('a reader sees what is committed after it was opened', async () => {
  const path = newPath();
  const writer = createSegment(path, { unsafe: false });
  const reader = openSegmentReader(path);
  expect(reader.blockCount()).toBe(0);
  await writer.put(1, Buffer.from('one'));
  expect(Array.from(reader.blocks(1), ({ bytes }) => bytes.toString())).toEqual(['one']);
  await writer.put(2, Buffer.from('two'));
  expect(Array.from(reader.blocks(2), ({ bytes }) => bytes.toString())).toEqual(['two']);
  await reader.close();
  await writer.close();
});

/** Runs a script in a child that is killed the moment it says so; resolves with what it printed. */
function runAndKill(script: string, path: string): Promise<string> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', script, LMDB, path], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let printed = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    printed += text;
    if (printed.includes('\n')) child.kill('SIGKILL');
  });
  return new Promise((resolve) => child.on('close', () => resolve(printed.trim())));
}

test('what a put was resolved for survives kill -9', async () => {
  const script = `
    import { writeSync } from 'node:fs';
    const { createSegment } = await import(process.argv[1]);
    const writer = createSegment(process.argv[2], { unsafe: false });
    for (let key = 1; ; key++) {
      await writer.put(key, Buffer.alloc(20_000, key));
      if (key === 20) writeSync(1, 'resolved ' + key + '\\n');
    }`;
  const path = newPath();
  expect(await runAndKill(script, path)).toBe('resolved 20');
  const keys = await keysIn(path);
  expect(keys.length).toBeGreaterThanOrEqual(20);
  expect(keys).toEqual(keys.map((_, i) => i + 1));
}, 30_000);

test('a commit that the disk refuses rejects with its cause, stores nothing, and can be tried again', async () => {
  // A file size limit makes the write fail with EFBIG; the kernel's signal for it is ignored by Node.
  const script = `
    import { writeSync } from 'node:fs';
    const { createSegment } = await import(process.argv[1]);
    const writer = createSegment(process.argv[2], { unsafe: false });
    await writer.put(1, Buffer.alloc(1_000, 1));
    const outcomes = await Promise.allSettled([
      writer.put(2, Buffer.alloc(1_000, 2)),
      writer.put(3, Buffer.alloc(4_000_000, 3)),
    ]);
    await writer.put(2, Buffer.from('again'));
    writeSync(1, outcomes.map((o) => o.status + ': ' + o.reason?.message).join('; ') + '\\n');
    setInterval(() => undefined, 1_000);`;
  const path = newPath();
  const shell = `ulimit -f 1024; exec "$0" "$@"`;
  const child = spawn(
    'sh',
    ['-c', shell, process.execPath, '--input-type=module', '-e', script, LMDB, path],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  let printed = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    printed += text;
    if (printed.includes('\n')) child.kill('SIGKILL');
  });
  await new Promise((resolve) => child.on('close', resolve));
  expect(printed).toMatch(/^rejected: the commit failed: .+; rejected: the commit failed: /);
  const reader = openSegmentReader(path);
  const sizes = Array.from(reader.blocks(1), ({ bytes }) => bytes.length);
  await reader.close();
  expect(sizes).toEqual([1_000, 'again'.length]);
}, 30_000);

test('a file that LMDB has only begun is no segment yet: reading it does not end the process', async () => {
  const path = newPath();
  await createSegment(path, { unsafe: false }).close();
  const begun = join(path, '..', 'begun.mdb');
  fs.writeFileSync(begun, '');
  expect(() => openSegmentReader(begun)).toThrow('the file is empty');
  expect(openSegmentIfThere(begun)).toBeUndefined();
  // As it is once it has its meta pages.
  fs.copyFileSync(path, begun);
  const reader = openSegmentIfThere(begun);
  expect(reader?.blockCount()).toBe(0);
  await reader?.close();
});
