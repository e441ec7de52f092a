import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface TempDir {
  readonly path: string;
  remove(): void;
}

/** A fresh directory of its own for one test. */
export function tempDir(): TempDir {
  const path = mkdtempSync(join(tmpdir(), 'tollgate-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}
