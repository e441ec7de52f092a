/** Long messages at random, over crashes at random: each ends once, and its client is told once of how it ended. */
import { expect, test } from 'vitest';
import { SLOT_AWAITING, SLOT_PART_DONE } from '../../src/core/message-table.ts';
import { forget } from '../../src/shard/events.ts';
import { rowOf } from '../../src/shard/spill.ts';
import { KINDS } from '../../src/store/pending.ts';
import { seeded } from '../core/random.ts';
import type { Random } from '../core/random.ts';
import { LongScene } from './long-scene.ts';
import type { Sent, Told } from './long-scene.ts';

const STYLES = ['as-is', 'udh8', 'udh16', 'sar', 'payload'] as const;
const STEPS = 220;
const DELIVERED = 2;
const UNDELIVERABLE = 5;
const ESME_RMSGQFUL = 0x14;

/** A submit that was answered with ESME_ROK. */
interface Submitted {
  /** 0: its client did not ask. */
  registered: number;
  /** Messages to this number are not delivered. */
  fails: boolean;
  /** Of a message in pieces: the place of this one, and whether all of them were sent. */
  place: number;
  isWhole: boolean;
}

class Campaign {
  readonly submitted = new Map<string, Submitted>();
  readonly #scene: LongScene;
  readonly #random: Random;
  readonly #asked = new Map<number, Submitted>();
  /** Ids of SMS that the SMSC has taken and whose report is not acknowledged yet. */
  readonly #unreported = new Map<string, Sent>();
  readonly #reported = new Map<number, string>();
  #messages = 0;
  #smscIds = 0;

  constructor(scene: LongScene, random: Random) {
    this.#scene = scene;
    this.#random = random;
  }

  submit(): void {
    const random = this.#random;
    const scene = this.#scene;
    const number = ++this.#messages;
    const fails = random.below(3) === 0;
    const registered = random.below(5) === 0 ? 0 : 1;
    const fields = { registered_delivery: registered, destination_addr: `96279000000${fails ? 9 : 1}` };
    const common = { registered, fails, place: 0, isWhole: false };
    const kind = random.below(4);
    if (kind === 0) {
      this.#asked.set(scene.submit({ ...fields, short_message: Buffer.from('short') }), common);
    } else if (kind === 1) {
      const text = Buffer.alloc(100 + random.below(500), 0x61);
      this.#asked.set(scene.submit({ ...fields, short_message: '', message_payload: text }), common);
    } else {
      const total = 2 + random.below(3);
      const lost = random.below(8) === 0 ? random.below(total) : -1;
      for (const place of shuffled(random, total)) {
        if (place === lost) continue;
        const text = '.'.repeat(1 + random.below(153));
        const sequence = scene.piece(number & 0xff, place + 1, total, text, fields);
        this.#asked.set(sequence, { ...common, place, isWhole: lost < 0 });
      }
    }
  }

  async commit(): Promise<void> {
    await this.#scene.commit();
    for (const [sequence, submitted] of this.#asked) {
      const answer = this.#scene.answers.get(sequence);
      expect(answer?.status).toBe(0);
      if (answer !== undefined) this.submitted.set(answer.id, submitted);
    }
    this.#asked.clear();
    for (const [sequence, id] of this.#reported) {
      if (this.#scene.acknowledged.get(sequence) === 0) this.#unreported.delete(id);
    }
    this.#reported.clear();
  }

  /** The SMSC answers some of what it was sent. */
  answer(most: number): void {
    const scene = this.#scene;
    for (let count = 0; count < most && scene.inFlight.length > 0; count++) {
      const id = this.#random.below(12) === 0 ? ESME_RMSGQFUL : `s${++this.#smscIds}`;
      const sms = scene.answer(id);
      if (sms !== undefined && typeof id === 'string' && sms.registeredDelivery !== 0) {
        this.#unreported.set(id, sms);
      }
    }
  }

  report(most: number): void {
    for (const [id, { dest }] of [...this.#unreported].slice(0, most)) {
      const end = dest.endsWith('9') ? (['UNDELIV', '013'] as const) : (['DELIVRD', '000'] as const);
      this.#reported.set(this.#scene.report(id, ...end), id);
    }
  }

  /** Some of what has ended or waits for its end leaves memory. */
  evict(): void {
    const { shard } = this.#scene;
    const { table } = shard;
    for (let slot = 0; slot < table.capacity; slot++) {
      const state = table.state[slot];
      if (slot === shard.scratch || (state !== SLOT_AWAITING && state !== SLOT_PART_DONE)) continue;
      if (this.#random.below(2) === 0) continue;
      shard.store.upsert([rowOf(shard, slot)]);
      forget(shard, slot);
    }
  }

  async crash(): Promise<void> {
    // Time that passed may have brought a commit of its own, and answers with it.
    for (const [sequence, submitted] of this.#asked) {
      const answer = this.#scene.answers.get(sequence);
      if (answer?.status === 0) this.submitted.set(answer.id, submitted);
    }
    this.#asked.clear();
    this.#reported.clear();
    await this.#scene.crash();
    if (this.#random.below(2) === 0) await this.#scene.settle();
  }

  async step(): Promise<void> {
    const random = this.#random;
    const what = random.below(100);
    if (what < 30) this.submit();
    else if (what < 50) this.answer(1 + random.below(10));
    else if (what < 70) this.report(1 + random.below(10));
    else if (what < 77) this.evict();
    else if (what < 80) this.#scene.isUp = !this.#scene.isUp;
    else if (what < 90) await this.#scene.pass(1 + random.below(8_000));
    else if (what < 92) await this.crash();
    // What is not committed may be lost in a crash that follows.
    if (random.below(4) > 0) await this.commit();
  }

  /** Until nothing is left to do. */
  async end(): Promise<void> {
    const scene = this.#scene;
    scene.isUp = true;
    await this.commit();
    for (let count = 0; count < 100 && (this.#unreported.size > 0 || !this.#isEmpty()); count++) {
      await scene.pass(5_000);
      this.answer(100);
      this.report(1000);
      await this.commit();
    }
  }

  #isEmpty(): boolean {
    const { store, table } = this.#scene.shard;
    const stored = KINDS.flatMap((kind) => store.keysOf(kind).map((key) => store.count(kind, key)));
    return table.used === 1 && stored.every((count) => count === 0);
  }
}

function shuffled(random: Random, count: number): number[] {
  const places = Array.from({ length: count }, (_, place) => ({ place, at: random.below(1 << 20) }));
  return places.toSorted((a, b) => a.at - b.at).map(({ place }) => place);
}

test.each([71, 72, 73, 74, 75, 76])('seed %i', async (fallback) => {
  const random = seeded(fallback);
  const style = random.pick(STYLES);
  const receipts = random.pick(['each', 'merged'] as const);
  const why = `seed ${random.seed}, ${style}, ${receipts}`;
  const scene = await LongScene.open({
    smsc: { long_messages: style, retry_min_s: 1, retry_max_s: 1, retry_attempts_max: 255 },
    account: { receipts },
    capacity: random.pick([1100, 4096]),
  });
  const campaign = new Campaign(scene, random);
  for (let step = 0; step < STEPS; step++) await campaign.step();
  await campaign.end();
  const ends = await scene.ends();
  const wrong = [...ends].filter(([, each]) => each.length !== 1);
  expect(wrong, why).toEqual([]);
  const told = new Map<string, Told[]>();
  for (const each of scene.told) told.set(each.id, [...(told.get(each.id) ?? []), each]);
  for (const [id, { registered, fails, place, isWhole }] of campaign.submitted) {
    const isSilent = registered === 0 || (receipts === 'merged' && isWhole && place > 0);
    const states = (told.get(id) ?? []).map(({ state }) => state);
    expect(states, `${why}, ${id} ${String(ends.get(id))}`).toEqual(
      isSilent ? [] : [fails ? UNDELIVERABLE : DELIVERED],
    );
    told.delete(id);
  }
  expect([...told.keys()], why).toEqual([]);
  expect(campaign.submitted.size).toBeGreaterThan(50);
});
