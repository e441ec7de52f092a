/**
 * Checks segments before anything maps them. LMDB has no checksums and trusts its pages: a flipped bit is a
 * wrong text, and a damaged page ends the process that reads it. So a short-lived child reads every block
 * first.
 */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export interface VerifyJob {
  path: string;
  segment: number;
  shard: number;
}

export interface VerifyResult {
  path: string;
  segment: number;
  shard: number;
  ok: boolean;
  /** It has its footer: nothing can be missing at its end. */
  sealed: boolean;
  /** Size of the file. */
  bytes: number;
  /** Blocks of events, the footer not counted. */
  blocks: number;
  events: number;
  /** Key of the last sound block; 0 when there is none. */
  lastKey: number;
  /** Message indexes that were given out as far as the segment knows, lowest and highest; -1: none. */
  indexFirst: number;
  indexMax: number;
  /** Time of its first event; 0 when it has none. */
  openedMs: number;
  /** Why it is not ok. */
  fault?: string;
}

const CHILD = fileURLToPath(new URL('./verify-child.ts', import.meta.url));
/** A page can not cause these: the out-of-memory killer, an operator, a terminal. */
const OUTSIDE_SIGNALS = new Set(['SIGKILL', 'SIGTERM', 'SIGINT', 'SIGHUP']);
const STDERR_BYTES_MAX = 2_000;

/** A result to begin with: sound as far as it was read, which is not at all. */
export function emptyResult(job: VerifyJob): VerifyResult {
  const { path, segment, shard } = job;
  const counts = { bytes: 0, blocks: 0, events: 0, lastKey: 0, indexFirst: -1, indexMax: -1, openedMs: 0 };
  return { path, segment, shard, ok: true, sealed: false, ...counts };
}

/**
 * Checks segments one after the other; the results are in the order of the jobs. A segment whose check kills
 * the child, or takes longer than timeoutMs, is faulty, and a new child goes on behind it. A missing tail is
 * no fault of an unsealed segment: LMDB's commits are atomic. Rejects only when no child can be run.
 */
export async function verifySegments(jobs: readonly VerifyJob[], timeoutMs: number): Promise<VerifyResult[]> {
  const results: VerifyResult[] = [];
  while (results.length < jobs.length) {
    const rest = jobs.slice(results.length);
    const run = await runChild(rest, timeoutMs);
    results.push(...run.results);
    if (run.results.length === rest.length) break;
    // A child that is broken itself, or that somebody killed, says nothing about the segment it was at: to blame
    // the segment would throw good data out.
    if (run.started !== run.results.length || run.killedFromOutside) {
      throw new Error(`segments can not be checked: ${run.ending}`);
    }
    results.push({ ...emptyResult(rest[run.started]), ok: false, fault: run.ending });
  }
  return results;
}

interface ChildRun {
  results: VerifyResult[];
  /** Number of the job that was started last; -1: none. */
  started: number;
  /** How the child ended. */
  ending: string;
  killedFromOutside: boolean;
}

function runChild(jobs: readonly VerifyJob[], timeoutMs: number): Promise<ChildRun> {
  // A clean argv: options of this process (a debugger's port, say) are not for the child.
  const child = spawn(process.execPath, [CHILD], { stdio: ['pipe', 'pipe', 'pipe'] });
  const run: ChildRun = { results: [], started: -1, ending: '', killedFromOutside: false };
  let timedOut = false;
  const kill = () => {
    timedOut = true;
    child.kill('SIGKILL');
  };
  let timer = setTimeout(kill, timeoutMs);
  let line = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    clearTimeout(timer);
    timer = setTimeout(kill, timeoutMs);
    const lines = (line + text).split('\n');
    line = lines.pop() as string;
    for (const one of lines) takeLine(JSON.parse(one) as VerifyResult | { start: number }, run);
  });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-STDERR_BYTES_MAX);
  });
  // A child that died early closes its stdin; how it ended says more than the EPIPE.
  child.stdin.on('error', () => undefined);
  child.stdin.end(JSON.stringify(jobs));
  return new Promise((resolve, reject) => {
    child.on('error', (error) => {
      clearTimeout(timer);
      reject(new Error(`segments can not be checked: ${error.message}`, { cause: error }));
    });
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      const how = signal === null ? `ended with code ${code}` : `was killed by ${signal}`;
      run.killedFromOutside = !timedOut && signal !== null && OUTSIDE_SIGNALS.has(signal);
      const lastWords = stderr.trim().split('\n').at(-1) ?? '';
      run.ending = timedOut
        ? `its check took longer than ${timeoutMs} ms`
        : `the process that read it ${how}${lastWords === '' ? '' : ` (${lastWords})`}`;
      resolve(run);
    });
  });
}

function takeLine(message: VerifyResult | { start: number }, run: ChildRun): void {
  if ('start' in message) run.started = message.start;
  else run.results.push(message);
}
