/** What an interop run found: each check under a topic of its part, the table, and the last line. */
import { inspect, isDeepStrictEqual } from 'node:util';

export const PARTS = ['smpp', 'net-smpp', 'kannel', 'tshark'] as const;
export type PartName = (typeof PARTS)[number];
export type Outcome = 'ok' | 'failed' | 'skipped';

/** Of what an error says: a daemon's whole log is in some. */
const BROKEN_LENGTH_MAX = 1_500;
/** Of one topic. */
const FAILURES_SHOWN_MAX = 10;

interface Topic {
  name: string;
  passed: number;
  failures: string[];
}

/** The checks of one part. A check that fails is kept and the part goes on: one fault should not hide the next. */
export class Checks {
  readonly part: PartName;
  readonly topics: Topic[] = [];
  readonly notes: string[] = [];
  /** Why the part could not run here; empty: it ran. */
  skipped = '';

  constructor(part: PartName) {
    this.part = part;
  }

  /** The checks that follow are counted under this name. */
  topic(name: string): void {
    if (this.topics.at(-1)?.name !== name) this.topics.push({ name, passed: 0, failures: [] });
  }

  that(what: string, holds: boolean, detail = ''): boolean {
    if (this.topics.length === 0) this.topic('start');
    const topic = this.topics[this.topics.length - 1];
    if (holds) topic.passed++;
    else topic.failures.push(detail === '' ? what : `${what}: ${detail}`);
    return holds;
  }

  equal(what: string, actual: unknown, expected: unknown): boolean {
    const same = isDeepStrictEqual(actual, expected);
    return this.that(what, same, same ? '' : `is ${show(actual)}, should be ${show(expected)}`);
  }

  /** Something that whoever reads the table should know. */
  note(text: string): void {
    if (!this.notes.includes(text)) this.notes.push(text);
  }

  /** The part, or a scenario of it, could not go on. */
  broken(error: unknown): void {
    const said = error instanceof Error ? (error.stack ?? error.message) : show(error);
    this.that('runs to its end', false, said.slice(0, BROKEN_LENGTH_MAX));
  }

  get passed(): number {
    return this.topics.reduce((sum, topic) => sum + topic.passed, 0);
  }

  get failed(): number {
    return this.topics.reduce((sum, topic) => sum + topic.failures.length, 0);
  }

  /** A part that checked nothing is not fine. */
  get outcome(): Outcome {
    if (this.skipped !== '') return 'skipped';
    return this.failed === 0 && this.passed > 0 ? 'ok' : 'failed';
  }
}

function show(value: unknown): string {
  if (Buffer.isBuffer(value)) return value.toString('hex');
  return typeof value === 'string'
    ? JSON.stringify(value)
    : inspect(value, { depth: 4, breakLength: Infinity });
}

/** The table of what was checked, then notes, failures, and what was skipped. */
export function table(parts: readonly Checks[]): string {
  const rows = parts.flatMap((checks) =>
    checks.topics.map(({ name, passed, failures }) => [
      checks.part,
      name,
      String(passed + failures.length),
      failures.length === 0 ? 'ok' : `${failures.length} FAILED`,
    ]),
  );
  const lines = columns([['part', 'what', 'checks', 'result'], ...rows]);
  for (const { part, notes } of parts) for (const note of notes) lines.push(`note: ${part}: ${note}`);
  for (const { part, topics } of parts) {
    for (const { name, failures } of topics) {
      for (const failure of failures.slice(0, FAILURES_SHOWN_MAX)) {
        lines.push(`FAILED: ${part}: ${name}: ${failure}`);
      }
      const more = failures.length - FAILURES_SHOWN_MAX;
      if (more > 0) lines.push(`FAILED: ${part}: ${name}: and ${more} more`);
    }
  }
  for (const { part, skipped } of parts) if (skipped !== '') lines.push(`SKIPPED: ${part}: ${skipped}`);
  return lines.join('\n');
}

function columns(rows: readonly string[][]): string[] {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column]))
      .join('  ')
      .trimEnd(),
  );
}

/** `interop: smpp=ok net-smpp=ok kannel=ok tshark=ok`: every part, in this order; one that did not run is skipped. */
export function lastLine(parts: readonly Checks[]): string {
  const outcomes = PARTS.map((name) => `${name}=${outcomeOf(parts, name)}`);
  return `interop: ${outcomes.join(' ')}`;
}

/** 1 when a part failed; with `require` also when one was skipped. */
export function exitCode(parts: readonly Checks[], require: boolean): number {
  const outcomes = PARTS.map((name) => outcomeOf(parts, name));
  return outcomes.includes('failed') || (require && outcomes.includes('skipped')) ? 1 : 0;
}

function outcomeOf(parts: readonly Checks[], name: PartName): Outcome {
  return parts.find(({ part }) => part === name)?.outcome ?? 'skipped';
}
