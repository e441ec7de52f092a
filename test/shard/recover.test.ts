import * as fs from 'node:fs';
import { describe, expect, test } from 'vitest';
import { removeSegment, segmentPath } from '../../src/cdr/segments.ts';
import { FLAG_DUPLICATE_RISK, NO_BLOCK, SMSC_ID_AT, TEXT_BYTES } from '../../src/core/message-table.ts';
import * as slots from '../../src/core/message-table.ts';
import { forget } from '../../src/shard/events.ts';
import { fillSlot } from '../../src/shard/fill-slot.ts';
import { recover } from '../../src/shard/recover.ts';
import type { Recovery } from '../../src/shard/recover.ts';
import { bodyLengthOf, unpackRow } from '../../src/shard/row.ts';
import { keepBodyOf, rowOf } from '../../src/shard/spill.ts';
import type { ShardState } from '../../src/shard/state.ts';
import * as store from '../../src/store/pending.ts';
import type { PendingRow } from '../../src/store/pending.ts';
import { bytesWith } from '../core/memory.ts';
import { seeded } from '../core/random.ts';
import type { Random } from '../core/random.ts';
import { accepted, attemptFailed, buildSegment, temporaryDirectory } from '../support/ledger.ts';
import { makeShard } from './harness.ts';
import { FIRST_SEGMENT, foldSteps, makeHistory, openMessages } from './history.ts';
import type { Message, Model, Step } from './history.ts';

const KINDS = {
  queued: store.KIND_QUEUED,
  retry: store.KIND_RETRY,
  awaiting: store.KIND_AWAITING,
  receipt: store.KIND_RECEIPT,
};
const SLOT_STATES = {
  queued: slots.SLOT_QUEUED,
  retry: slots.SLOT_RETRY,
  awaiting: slots.SLOT_AWAITING,
  receipt: slots.SLOT_RECEIPT,
};

interface Found {
  kind: number;
  key: number;
  account: number;
  smsc: number;
  attempts: number;
  dueMs: number;
  smscId: string;
  finalState: number;
  risk: boolean;
  text: string;
}

/** What the store says of a message, read through the slot that it would be loaded into. */
function foundIn(shard: ShardState, row: PendingRow): Found {
  const { table } = shard;
  const slot = table.allocate();
  table.state[slot] = slots.SLOT_QUEUED;
  unpackRow(table, slot, row);
  const idAt = slot * TEXT_BYTES + SMSC_ID_AT;
  const body = row.blob.subarray(row.blob.length - bodyLengthOf(row)).toString('latin1');
  const found = {
    kind: row.kind,
    key: row.key,
    account: table.account[slot],
    smsc: table.smsc[slot],
    attempts: table.attempts[slot],
    dueMs: row.kind === store.KIND_RETRY ? row.dueMs : 0,
    smscId: table.text.toString('latin1', idAt, idAt + table.smscIdLength[slot]),
    finalState: table.finalState[slot],
    risk: (table.flags[slot] & FLAG_DUPLICATE_RISK) !== 0,
    text: /text .*$/.exec(body)?.[0] ?? '',
  };
  table.release(slot);
  return found;
}

function storedIds(shard: ShardState): string[] {
  return [...shard.store.idsFrom(0)].map(([high, low]) => `${high}/${low}`);
}

/** The whole store as plain values, to compare two recoveries. */
function snapshot(shard: ShardState): Record<string, Found> {
  const rows: Record<string, Found> = {};
  for (const [high, low] of shard.store.idsFrom(0)) {
    const found = foundIn(shard, shard.store.get(high, low) as PendingRow);
    // With few slots a message may be stored while it waits, and so be marked, before the event that ended it.
    const isOurs = found.kind === store.KIND_RECEIPT && found.smscId === '';
    rows[`${high}/${low}`] = isOurs ? { ...found, risk: false } : found;
  }
  return rows;
}

interface Scene {
  dataDir: string;
  kept: Step[];
  /** Messages with a row before the recovery. */
  stored: Set<number>;
  /** Of those, the ones that were in memory too. */
  loaded: Set<number>;
  /** Messages with events in segments that are replayed. */
  touched: Set<number>;
  why: string;
}

/** The store must hold the open messages of the model, each as far as it came, and nothing else. */
function expectModel(shard: ShardState, scene: Scene, model = foldSteps(scene.kept)): void {
  const open = openMessages(model);
  const ids = [...model.messages].filter(([, { state }]) => state !== 'final').map(([id]) => id);
  expect(storedIds(shard).toSorted(), scene.why).toEqual(
    open.map(({ idHigh, idLow }) => `${idHigh}/${idLow}`).toSorted(),
  );
  for (const [at, one] of open.entries()) {
    const row = shard.store.get(one.idHigh, one.idLow) as PendingRow;
    const why = `${scene.why}, message ${ids[at]} (${one.state})`;
    expect(foundIn(shard, row), why).toMatchObject(expectedOf(shard, scene, ids[at], one));
  }
  expect(
    [...shard.parking.all()].map(({ smsc, smscId }) => `${smsc}:${smscId}`).toSorted(),
    scene.why,
  ).toEqual(parkedOf(scene, model));
}

function expectedOf(shard: ShardState, scene: Scene, id: number, one: Message): Partial<Found> {
  const { account, smsc, attempts, smscId, text, state } = one;
  const kind = KINDS[state as keyof typeof KINDS];
  const same = { kind, key: state === 'receipt' ? account : smsc, account, smsc, attempts };
  if (state === 'awaiting') return { ...same, smscId, risk: one.risk };
  if (state === 'receipt') return { ...same, smscId, finalState: one.finalState };
  // What may have been on its way when the daemon died is marked; a row that no event touches stays as it was.
  if (state === 'queued') return { ...same, text, risk: !scene.stored.has(id) || scene.loaded.has(id) };
  const due = (scene.touched.has(id) || scene.loaded.has(id)) && one.dueMs <= shard.nowMs;
  return { ...same, text, dueMs: one.dueMs, risk: one.risk || due };
}

/** Receipts parked in segments that are still there; settled ones were carried over by the daemon. */
function parkedOf(scene: Scene, model: Model): string[] {
  const settled = foldSteps(scene.kept.filter(({ segment }) => segment <= settledOf(scene.dataDir))).parked;
  return [...model.parked.keys()].filter((key) => !settled.has(key)).toSorted();
}

const settledByScene = new Map<string, number>();
const settledOf = (dataDir: string): number => settledByScene.get(dataDir) ?? 0;

/** Builds the segments; the last one ends after a random block, without a footer. Returns what is in them. */
async function writeSegments(random: Random, dataDir: string, steps: readonly Step[]): Promise<Step[]> {
  const kept: Step[] = [];
  const numbers = [...new Set(steps.map(({ segment }) => segment))];
  for (const segment of numbers) {
    const mine = steps.filter((step) => step.segment === segment);
    const blocks: Step[][] = [];
    for (let from = 0; from < mine.length;) {
      const length = 1 + random.below(Math.ceil(mine.length / 4));
      blocks.push(mine.slice(from, from + length));
      from += length;
    }
    const isLast = segment === numbers.at(-1);
    const written = isLast ? blocks.slice(0, 1 + random.below(blocks.length)) : blocks;
    const events = written.map((block) => block.map(({ event }) => event));
    const messages = mine.filter(({ event }) => event[4] === 1).length;
    await buildSegment(dataDir, 0, segment, events, isLast ? {} : { sealedAt: messages - 1 });
    kept.push(...written.flat());
  }
  return kept;
}

/** The row of a message as the daemon writes it when its memory is needed, or when its segment is settled. */
function makeRow(shard: ShardState, steps: readonly Step[], id: number, one: Message): PendingRow {
  const { table } = shard;
  const { event } = steps.find((step) => step.id === id) as Step;
  const slot = table.allocate();
  fillSlot(shard, slot, bytesWith(event), 0, event.readUInt32LE(0));
  keepBodyOf(shard, slot, event);
  table.state[slot] = SLOT_STATES[one.state as keyof typeof SLOT_STATES];
  table.attempts[slot] = one.attempts;
  table.dueMs[slot] = one.dueMs;
  table.finalState[slot] = one.finalState;
  if (one.risk) table.flags[slot] |= FLAG_DUPLICATE_RISK;
  table.smscIdLength[slot] = table.text.write(one.smscId, slot * TEXT_BYTES + SMSC_ID_AT, 'latin1');
  if (one.state === 'awaiting' || one.state === 'receipt') {
    shard.chunks.drop(table.bodyBlock[slot]);
    table.bodyBlock[slot] = NO_BLOCK;
  }
  const row = rowOf(shard, slot);
  forget(shard, slot);
  return row;
}

/**
 * A data directory as a killed daemon leaves it: segments, of which the first are settled (and perhaps gone), with
 * rows of all that was open in them, and of some younger messages too. `at`: how many steps the rows know of.
 */
async function makeScene(
  random: Random,
  settledSegments: number,
  at: (kept: number) => number,
): Promise<Scene> {
  const dataDir = temporaryDirectory();
  const steps = makeHistory(random, 5, 300 + random.below(300));
  const kept = await writeSegments(random, dataDir, steps);
  const numbers = [...new Set(kept.map(({ segment }) => segment))];
  const settled = settledSegments === 0 ? 0 : numbers[settledSegments - 1];
  const end = kept.filter(({ segment }) => segment <= settled).length;
  const seen = Math.max(end, at(kept.length));
  const then = foldSteps(steps.slice(0, seen));
  const durably = foldSteps(kept).messages;
  const shard = makeShard(dataDir);
  const stored = new Set<number>();
  const loaded = new Set<number>();
  const rows: PendingRow[] = [];
  for (const [id, seenState] of then.messages) {
    // Nobody writes a row of what is not durable yet, and a row stays until the FINAL of its message is.
    const durable = durably.get(id);
    const one = seenState.state === 'final' ? durable : seenState;
    if (durable === undefined || one === undefined || one.state === 'final') continue;
    if (one.idHigh > settled && random.below(3) > 0) continue;
    const row = makeRow(shard, steps, id, one);
    rows.push(row);
    stored.add(id);
    if (random.below(2) === 0) {
      row.kind += store.KIND_LOADED;
      loaded.add(id);
    }
  }
  shard.store.upsert(rows);
  if (settled > 0) shard.store.settle(settled);
  shard.store.close();
  for (const segment of numbers)
    if (segment <= settled && random.below(2) === 0) removeSegment(dataDir, 0, segment);
  const touched = new Set(kept.filter(({ segment }) => segment > settled).map(({ id }) => id));
  settledByScene.set(dataDir, settled);
  return { dataDir, kept, stored, loaded, touched, why: `seed ${random.seed}, ${settledSegments} settled` };
}

const warnings: string[] = [];
async function recovered(
  dataDir: string,
  capacity = 2048,
): Promise<{ shard: ShardState; recovery: Recovery }> {
  const shard = makeShard(dataDir, capacity);
  warnings.length = 0;
  const recovery = await recover(shard, (message) => warnings.push(message));
  return { shard, recovery };
}

describe('random histories, cut after a random block', () => {
  test.each([
    [8_001, 0, 2048],
    [8_002, 0, 40],
    [8_003, 2, 2048],
    [8_004, 3, 40],
    [8_005, 4, 2048],
    [8_006, 1, 40],
  ])('seed %i, %i segments settled, %i slots', async (seed, settledSegments, capacity) => {
    const random = seeded(seed);
    const scene = await makeScene(random, settledSegments, (kept) => random.below(kept + 1));
    const { shard, recovery } = await recovered(scene.dataDir, capacity);
    expect([recovery.quarantined, warnings]).toEqual([[], []]);
    expect(recovery.segmentLast).toBe(scene.kept.at(-1)?.segment);
    expectModel(shard, scene);
    expect(shard.table.used, 'nothing but the scratch slot stays in memory').toBe(1);
    const first = snapshot(shard);
    const parkedFirst = [...shard.parking.all()];
    shard.store.close();
    const again = await recovered(scene.dataDir);
    expect(snapshot(again.shard), scene.why).toEqual(first);
    expect([...again.shard.parking.all()], scene.why).toEqual(parkedFirst);
  });
});

describe('a store that knows more than the ledger', () => {
  // A row is written when memory is needed, which may be before the events that led to it are on disk.
  test.each([8_011, 8_012, 8_013])('loses nothing and starts, seed %i', async (seed) => {
    const random = seeded(seed);
    const scene = await makeScene(random, random.below(4), (kept) => kept + 60);
    const { shard } = await recovered(scene.dataDir, 40);
    const open = openMessages(foldSteps(scene.kept));
    const missing = open.filter(({ idHigh, idLow }) => shard.store.get(idHigh, idLow) === undefined);
    expect(missing, scene.why).toEqual([]);
    expect(storedIds(shard)).toHaveLength(open.length);
  });

  test('a message that was sent, of which the ledger knows a failed attempt only, is not sent again', async () => {
    const dataDir = temporaryDirectory();
    const id = { idHigh: FIRST_SEGMENT, idLow: 0 };
    const steps: Step[] = [{ segment: FIRST_SEGMENT, event: accepted(id), id: 1, apply: () => undefined }];
    const before = makeShard(dataDir);
    const row = makeRow(before, steps, 1, {
      ...id,
      account: 0,
      smsc: 0,
      text: '',
      state: 'awaiting',
      attempts: 2,
      dueMs: 0,
      smscId: 'abc',
      finalState: 0,
      risk: false,
      events: 3,
      parkedAs: undefined,
    });
    before.store.upsert([row]);
    before.store.settle(FIRST_SEGMENT);
    before.store.close();
    await buildSegment(dataDir, 0, FIRST_SEGMENT + 1, [[attemptFailed(id)]]);
    const { shard } = await recovered(dataDir);
    expect(shard.store.awaiting(0, 'abc')).toMatchObject([{ ...id, kind: store.KIND_AWAITING }]);
  });
});

describe('damage', () => {
  test('one corrupt segment is set aside, loudly; everything that the others say is recovered', async () => {
    const random = seeded(8_021);
    const dataDir = temporaryDirectory();
    const kept = await writeSegments(random, dataDir, makeHistory(random, 5, 400));
    const numbers = [...new Set(kept.map(({ segment }) => segment))];
    const bad = numbers[2];
    const path = segmentPath(dataDir, 0, bad);
    const bytes = fs.readFileSync(path);
    // LMDB may keep older copies of a page: all of them, so that the one that counts is among them.
    for (let at = bytes.indexOf('text '); at >= 0; at = bytes.indexOf('text ', at + 1)) bytes[at + 5] ^= 1;
    fs.writeFileSync(path, bytes);
    const { shard, recovery } = await recovered(dataDir);
    expect(recovery.quarantined).toHaveLength(1);
    expect(warnings).toEqual([expect.stringContaining('DAMAGED')]);
    expect(fs.readFileSync(recovery.quarantined[0])).toEqual(bytes);
    expect(fs.existsSync(path)).toBe(false);
    expect(recovery.segmentLast).toBe(numbers.at(-1));
    const rest = kept.filter(({ segment }) => segment !== bad);
    const touched = new Set(rest.map(({ id }) => id));
    expectModel(shard, {
      dataDir,
      kept: rest,
      stored: new Set(),
      loaded: new Set(),
      touched,
      why: `seed ${random.seed}`,
    });
  });

  test('a segment that was opened ahead and never written to is no damage', async () => {
    const dataDir = temporaryDirectory();
    await buildSegment(dataDir, 0, FIRST_SEGMENT, [[accepted({ idHigh: FIRST_SEGMENT, idLow: 0 })]], {
      sealedAt: 0,
    });
    await buildSegment(dataDir, 0, FIRST_SEGMENT + 1, []);
    const { shard, recovery } = await recovered(dataDir);
    expect([recovery.quarantined, recovery.segmentLast]).toEqual([[], FIRST_SEGMENT + 1]);
    expect(storedIds(shard)).toHaveLength(1);
  });

  test('nothing at all is an empty gateway', async () => {
    const { shard, recovery } = await recovered(temporaryDirectory());
    expect([recovery.segmentLast, recovery.events, storedIds(shard)]).toEqual([0, 0, []]);
  });
});
