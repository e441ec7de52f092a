/** The journal alone, on the disk of the checkout: events a second in large groups, and flushes a second. */
import { join } from 'node:path';
import { Chunks } from '../../src/cdr/chunks.ts';
import { Journal } from '../../src/cdr/journal.ts';
import { ACCEPTED, RECORD_HEADER_BYTES } from '../../src/core/records.ts';
import { makeScratch, median } from '../stage.ts';
import type { Figure } from './stopwatch.ts';

const EVENT_BYTES = 208;
const LARGE_GROUP = 2_000;
const ROUNDS = 5;

/** A journal whose commits can be waited for. */
class Ledger {
  readonly #journal: Journal;
  #committed: (() => void) | undefined;
  #failed: ((error: Error) => void) | undefined;

  constructor(dataDir: string, unsafe: boolean) {
    const settings = {
      dataDir,
      shard: 0,
      unsafe,
      segmentBytesMax: 134_217_728,
      segmentAgeMs: 60_000,
      names: '{"nodeId":"bench","shard":0,"accounts":[],"smscs":[]}',
      segmentBefore: 0,
      indexNext: 0,
    };
    const events = {
      onCommitted: () => this.#committed?.(),
      onFailed: (_group: unknown, error: Error) => this.#failed?.(error),
      onSealed: () => undefined,
    };
    this.#journal = new Journal(settings, new Chunks(), events, Date.now());
  }

  /** Appends `count` events and waits until they are committed. */
  commit(count: number): Promise<void> {
    const journal = this.#journal;
    for (let index = 0; index < count; index++) {
      const at = journal.reserve(ACCEPTED, EVENT_BYTES);
      journal.bytes.u8.fill(index, at + RECORD_HEADER_BYTES, at + EVENT_BYTES);
      journal.bytes.u32[(at + 8) >> 2] = journal.takeIndex();
      journal.bytes.u32[(at + 12) >> 2] = journal.segment;
    }
    return new Promise((resolve, reject) => {
      this.#committed = resolve;
      this.#failed = reject;
      journal.kick(Date.now());
    });
  }

  async close(): Promise<void> {
    // The journal clears the group when onCommitted returns, and closes only when nothing is left.
    await new Promise((resolve) => setImmediate(resolve));
    await this.#journal.close();
  }
}

async function groupsPerSecond(ledger: Ledger, groups: number, events: number): Promise<number> {
  const startMs = performance.now();
  for (let group = 0; group < groups; group++) await ledger.commit(events);
  return (groups * 1000) / (performance.now() - startMs);
}

/** Events of EVENT_BYTES a second in groups of LARGE_GROUP, and groups of one event a second: flushes. */
export async function benchJournal(): Promise<Figure[]> {
  const scratch = makeScratch('journal');
  const full = new Ledger(join(scratch, 'full'), false);
  const unsafe = new Ledger(join(scratch, 'unsafe'), true);
  const rates = { events: [] as number[], unsafe: [] as number[], flushes: [] as number[] };
  for (let round = -1; round < ROUNDS; round++) {
    const events = (await groupsPerSecond(full, 60, LARGE_GROUP)) * LARGE_GROUP;
    const quick = (await groupsPerSecond(unsafe, 60, LARGE_GROUP)) * LARGE_GROUP;
    const flushes = await groupsPerSecond(full, 200, 1);
    // The first round is the warm-up.
    if (round < 0) continue;
    rates.events.push(events);
    rates.unsafe.push(quick);
    rates.flushes.push(flushes);
  }
  await full.close();
  await unsafe.close();
  return [
    { name: 'journal.events', value: median(rates.events), unit: 'events/s' },
    { name: 'journal.events-unsafe', value: median(rates.unsafe), unit: 'events/s' },
    { name: 'journal.flushes', value: median(rates.flushes), unit: 'flushes/s' },
  ];
}
