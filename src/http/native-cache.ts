import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, lstatSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

// A wrong native binary kills the process rather than throwing, so a new one first serves one request in a
// child process; the verdict is kept, so that later starts cost one hash.

const PROBE_MS_MAX = 20_000;

/**
 * The folder of verdicts and relaxed binaries, made if it is not there. Throws when another user could have
 * put a binary there.
 */
export function openCacheFolder(environment: NodeJS.ProcessEnv = process.env): string {
  const folder =
    environment.CACHE_DIRECTORY ?? join(environment.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'tollgate');
  // Not recursive: that loops for ever in a place that pretends to exist, such as below /proc.
  for (const one of [dirname(folder), folder]) makeFolder(one);
  const stat = lstatSync(folder);
  const owner = process.getuid?.() ?? stat.uid;
  if (!stat.isDirectory() || stat.uid !== owner || (stat.mode & 0o022) !== 0) {
    throw new Error(`${folder} must be a folder of this user that no one else can write to`);
  }
  return folder;
}

function makeFolder(path: string): void {
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    if (!existsSync(path)) throw error;
  }
}

/** Puts bytes into the cache under their SHA-256 and returns the path; what is there already is compared. */
export function cachedBinary(folder: string, bytes: Buffer): string {
  const path = join(folder, `${sha256(bytes)}.node`);
  try {
    if (sha256(readFileSync(path)) === sha256(bytes)) return path;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  replaceFile(path, bytes, 0o700);
  return path;
}

/**
 * Whether the binary serves a request, by the kept verdict for these bytes, Node.js and glibc, or by
 * trying.
 */
export async function servesRequests(folder: string, path: string, bytes: Buffer): Promise<boolean> {
  const verdict = join(folder, `${sha256(bytes)}-${process.version}-${glibcVersion()}.verdict`);
  try {
    const kept = readFileSync(verdict, 'utf8').trim();
    if (kept === 'serves' || kept === 'fails') return kept === 'serves';
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  const serves = await probe(path);
  replaceFile(verdict, serves ? 'serves\n' : 'fails\n', 0o600);
  return serves;
}

function probe(path: string): Promise<boolean> {
  const script = fileURLToPath(new URL('./probe.ts', import.meta.url));
  const options = { timeout: PROBE_MS_MAX, killSignal: 'SIGKILL' } as const;
  return new Promise((done) => {
    execFile(process.execPath, [script, path], options, (error, said) => {
      done(error === null && said.trim() === 'serves');
    });
  });
}

function replaceFile(path: string, content: Buffer | string, mode: number): void {
  const fresh = `${path}.${process.pid}.${process.hrtime.bigint()}`;
  writeFileSync(fresh, content, { mode, flag: 'wx' });
  renameSync(fresh, path);
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** What of Node.js's diagnostic report is used; its types lack both. */
interface Report {
  excludeNetwork: boolean;
  getReport(): { readonly header: { readonly glibcVersionRuntime?: string } };
}

function glibcVersion(): string {
  const report = process.report as unknown as Report;
  // Else it looks up the names of all peers.
  report.excludeNetwork = true;
  return report.getReport().header.glibcVersionRuntime ?? 'none';
}
