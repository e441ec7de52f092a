/** Random lives of messages as ledger events, and the plain model that recovery must agree with. */
import { idLowOf } from '../../src/core/message-id.ts';
import type { Random } from '../core/random.ts';
import { TIME_MS, accepted, receipt, record } from '../support/ledger.ts';

export type State = 'queued' | 'retry' | 'awaiting' | 'receipt' | 'final';

export interface Message {
  idHigh: number;
  idLow: number;
  account: number;
  smsc: number;
  text: string;
  state: State;
  attempts: number;
  dueMs: number;
  smscId: string;
  finalState: number;
  risk: boolean;
  /** Number of its events so far. */
  events: number;
  /** A receipt that waits for its submit_sm_resp is parked under this id. */
  parkedAs: string | undefined;
}

/** One step: the event as it is stored, and what it makes of the model. */
export interface Step {
  segment: number;
  event: Buffer;
  id: number;
  apply(model: Model): void;
}

export interface Model {
  messages: Map<number, Message>;
  parked: Map<string, number>;
}

export const FIRST_SEGMENT = 0x0100_0000;

export function emptyModel(): Model {
  return { messages: new Map(), parked: new Map() };
}

export function foldSteps(steps: readonly Step[]): Model {
  const model = emptyModel();
  for (const step of steps) step.apply(model);
  return model;
}

export function openMessages(model: Model): Message[] {
  return [...model.messages.values()].filter(({ state }) => state !== 'final');
}

function bytes32(...words: number[]): Buffer {
  const buffer = Buffer.alloc(words.length * 4);
  for (const [at, word] of words.entries()) buffer.writeUInt32LE(word >>> 0, at * 4);
  return buffer;
}

function change(model: Model, id: number, values: Partial<Message>): void {
  const message = model.messages.get(id);
  // Its ACCEPTED event was lost with its segment.
  if (message === undefined) return;
  Object.assign(message, values, { events: message.events + 1 });
}

/** Writes `count` steps over `segments` segments, one after the other. */
export function makeHistory(random: Random, segments: number, count: number): Step[] {
  const writer = new HistoryWriter(random);
  for (let number = 0; number < count; number++) {
    writer.segment = FIRST_SEGMENT + Math.floor((number * segments) / count) * 3;
    writer.step();
  }
  return writer.steps;
}

class HistoryWriter {
  readonly steps: Step[] = [];
  segment = FIRST_SEGMENT;
  readonly #random: Random;
  readonly #model = emptyModel();
  readonly #indexes = new Map<number, number>();
  #ids = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  step(): void {
    const open = [...this.#model.messages].filter(([, { state }]) => state !== 'final');
    const what = this.#random.below(20);
    if (open.length === 0 || what < 6) this.#accept();
    else if (what === 6) this.#park();
    else this.#advance(...this.#random.pick(open));
  }

  #add(id: number, event: Buffer, apply: (model: Model) => void): void {
    const step = { segment: this.segment, event, id, apply };
    apply(this.#model);
    this.steps.push(step);
  }

  #accept(): void {
    const index = this.#indexes.get(this.segment) ?? 0;
    this.#indexes.set(this.segment, index + 1);
    const id = ++this.#ids;
    const message: Message = {
      idHigh: this.segment,
      idLow: idLowOf(0, index),
      account: this.#random.below(4),
      smsc: this.#random.below(3),
      text: `text ${id} ${'x'.repeat(this.#random.below(100))}`,
      state: 'queued',
      attempts: 0,
      dueMs: 0,
      smscId: '',
      finalState: 0,
      risk: false,
      events: 1,
      parkedAs: undefined,
    };
    const { idHigh, idLow, account, smsc, text } = message;
    const event = accepted({ idHigh, idLow, account, smsc, text: Buffer.from(text) });
    this.#add(id, event, (model) => model.messages.set(id, { ...message }));
  }

  /** A receipt that overtakes its submit_sm_resp, or that never finds one. */
  #park(): void {
    const waiting = [...this.#model.messages].filter(
      ([, one]) => (one.state === 'queued' || one.state === 'retry') && one.parkedAs === undefined,
    );
    const stray = waiting.length === 0 || this.#random.below(4) === 0;
    const smscId = `p${this.steps.length}`;
    const [id, owner] = stray ? [0, undefined] : this.#random.pick(waiting);
    const smsc = owner?.smsc ?? 1;
    const event = unmatched(6, smsc, smscId);
    this.#add(0, event, (model) => {
      model.parked.set(`${smsc}:${smscId}`, 2);
      const one = model.messages.get(id);
      if (one !== undefined) one.parkedAs = smscId;
    });
    if (stray && this.#random.below(2) === 0) {
      this.#add(0, unmatched(7, smsc, smscId), (model) => model.parked.delete(`${smsc}:${smscId}`));
    }
  }

  #advance(id: number, one: Message): void {
    const what = this.#random.below(4);
    if (one.state === 'queued' || one.state === 'retry') {
      if (what === 0) this.#fail(id, one);
      else if (what === 1) this.#attempt(id, one);
      else this.#send(id, one);
    } else if (one.state === 'awaiting') {
      if (what === 0) this.#end(id, one, 8, 4);
      else this.#receive(id, one);
    } else this.#end(id, one, one.finalState, 1);
  }

  #attempt(id: number, one: Message): void {
    const attempts = one.attempts + 1;
    const noResponse = this.#random.below(2) === 0;
    const dueMs = TIME_MS + this.#random.below(7_200_000);
    const payload = Buffer.concat([bytes32(noResponse ? 0xffff_ffff : 0x58, 0), Buffer.alloc(8)]);
    payload.writeDoubleLE(dueMs, 8);
    this.#add(id, record(3, attempts, one.smsc, one, payload), (model) => {
      const risk = noResponse || (model.messages.get(id)?.risk ?? false);
      change(model, id, { state: 'retry', attempts, dueMs, risk });
    });
  }

  #send(id: number, one: Message): void {
    const attempts = one.attempts + 1;
    const smscId = one.parkedAs ?? `s${this.steps.length}`;
    const risk = this.#random.below(5) === 0;
    const head = Buffer.from([risk ? 1 : 0, 2, smscId.length, 0]);
    const payload = Buffer.concat([head, Buffer.from(smscId)]);
    this.#add(id, record(2, attempts, one.smsc, one, payload), (model) => {
      model.parked.delete(`${one.smsc}:${smscId}`);
      change(model, id, { state: 'awaiting', attempts, smscId, risk });
    });
    if (one.parkedAs !== undefined) this.#receive(id, one);
  }

  #receive(id: number, one: Message): void {
    const finalState = this.#random.pick([2, 3, 5, 8]);
    this.#add(id, receipt({ ...one, state: finalState }), (model) =>
      change(model, id, { state: 'receipt', finalState }),
    );
  }

  /** Failed by the gateway: with a receipt to the client, or at once. */
  #fail(id: number, one: Message): void {
    if (this.#random.below(2) === 0) this.#receive(id, one);
    else this.#end(id, one, 5, 3);
  }

  #end(id: number, one: Message, state: number, reason: number): void {
    const payload = Buffer.from([0, 0, 0, 0, one.attempts, 0, 0, 0]);
    this.#add(id, record(5, state, reason, one, payload), (model) => change(model, id, { state: 'final' }));
  }
}

function unmatched(type: 6 | 7, smsc: number, smscId: string): Buffer {
  const payload = Buffer.alloc(20 + smscId.length);
  payload.writeDoubleLE(TIME_MS, 0);
  payload[16] = smscId.length;
  payload.write(smscId, 20, 'latin1');
  return record(type, 2, smsc, {}, payload);
}
