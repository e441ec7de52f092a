/**
 * An edge, a shard with its journal, and an SMSC of one bind, all in this process and under the test's clock: what
 * clients submit goes the whole way, and a crash is a new shard over what the old one has on disk.
 */
import { expect, onTestFinished, vi } from 'vitest';
import type { LedgerEvent } from '../../src/cdr/event.ts';
import type { AccountConfig, SmscConfig } from '../../src/core/config.ts';
import { createMesh, edgeEnds, shardEnds } from '../../src/core/ring/mesh.ts';
import type { RingReader } from '../../src/core/ring/ring.ts';
import { submitMulti } from '../../src/edge/multi.ts';
import { sendOperation } from '../../src/edge/operation.ts';
import type { Operation } from '../../src/edge/operation.ts';
import type { Session } from '../../src/edge/state.ts';
import { submit } from '../../src/edge/submit.ts';
import { onNoRoom } from '../../src/shard/commit.ts';
import { dispatch } from '../../src/shard/dispatch.ts';
import { onSecond, onTick } from '../../src/shard/housekeeping.ts';
import { takeRecord } from '../../src/shard/intake.ts';
import { restoreHeld } from '../../src/shard/joining.ts';
import { onSubmitResponse } from '../../src/shard/outcome.ts';
import { DeliverReader, onDeliver } from '../../src/shard/receipts-in.ts';
import { deskOf } from '../../src/shard/receipts-out.ts';
import { recover } from '../../src/shard/recover.ts';
import { Settler } from '../../src/shard/settle.ts';
import { closeStore } from '../../src/shard/orderly-stop.ts';
import { settleVersions } from '../../src/shard/spoken.ts';
import type { ShardState, Smsc } from '../../src/shard/state.ts';
import type { OutboundBind } from '../../src/smpp/client.ts';
import { StatusClasses } from '../../src/core/retry.ts';
import { decodePdu } from '../../src/smpp/codec.ts';
import type { PduOf } from '../../src/smpp/codec.ts';
import { receiptTagsOf } from '../../src/smpp/receipt-tlvs.ts';
import { profileOf } from '../../src/smpp/upstream.ts';
import { BOUND_TRX } from '../../src/smpp/session.ts';
import { bytesWith } from '../core/memory.ts';
import { makeAccount, makeEdge, received } from '../edge/harness.ts';
import type { TestEdge } from '../edge/harness.ts';
import { oracleEncode, withTlvs } from '../support/oracle.ts';
import { idText, temporaryDirectory } from '../support/ledger.ts';
import { makeShard, openJournal } from './harness.ts';
import { eventsIn, takenResult } from './long-events.ts';
import { readSubmit } from '../daemon/octet-smsc.ts';
import type { Sms } from '../daemon/octet-smsc.ts';

const ANSWER = 80;
const DELIVER = 81;
const OPERATION_ANSWER = 82;

export interface LongOptions {
  smsc?: Partial<SmscConfig>;
  account?: Partial<AccountConfig>;
  /** Slots; more than SLOTS_RESERVED, or every message waits in the store first. */
  capacity?: number;
  version?: number;
  /** Vendor TLVs of receipts that are handed on. */
  tags?: number[];
}

/** One SMS on its way to the SMSC. */
export interface Sent extends Sms {
  slot: number;
  id: string;
}

/** A receipt that the client took, as the shard hands it out. */
export interface Told {
  id: string;
  state: number;
  err: string;
  submitted: number;
  delivered: number;
  /** In hexadecimal; only where it has any. */
  tlvs?: string;
}

export class LongScene {
  shard!: ShardState;
  readonly edge: TestEdge;
  readonly #options: LongOptions;
  readonly #dataDir = temporaryDirectory();
  nowMs: number;
  /** What each submit (by its sequence_number) was answered with after its commit. */
  readonly answers = new Map<number, { status: number; id: string }>();
  /** Likewise for what was asked about messages; `state`: of query_sm. */
  readonly operationAnswers = new Map<number, { status: number; state: number }>();
  /** Sent and not answered. */
  readonly inFlight: Sent[] = [];
  /** All that was ever sent. */
  readonly sent: Sent[] = [];
  readonly told: Told[] = [];
  /** Status of the answer to each deliver_sm of ours, by its sequence_number. */
  readonly acknowledged = new Map<number, number>();
  /** interface_version of the session that submits. */
  version: number;
  /** What the next recovery is to warn of. */
  warnings: string[] = [];
  /** The bind is up: the SMSC takes messages. */
  isUp = true;
  /** What the bind speaks; undefined: what the SMSC is configured for. */
  #spoken: { version: number; tlvs: boolean } | undefined;
  #answersFrom!: RingReader;
  #sequence = 0;
  #segmentLast = 0;

  private constructor(options: LongOptions) {
    this.#options = options;
    this.version = options.version ?? 0x34;
    const account = makeAccount(0, {}, options.account);
    this.edge = makeEdge([account], undefined, options.smsc);
    this.edge.edge.route.length = 1;
    this.nowMs = this.edge.edge.nowMs;
  }

  static async open(options: LongOptions = {}): Promise<LongScene> {
    const scene = new LongScene(options);
    // A commit reads the clock.
    vi.useFakeTimers({ toFake: ['Date'], now: scene.nowMs });
    onTestFinished(() => void vi.useRealTimers());
    await scene.#open();
    return scene;
  }

  async #open(indexNext?: number): Promise<void> {
    const shard = makeShard(this.#dataDir, this.#options.capacity ?? 4096);
    const mesh = createMesh(1, 1, 1 << 20);
    shard.ends = shardEnds(mesh, 0);
    [this.#answersFrom] = edgeEnds(mesh, 0).readers;
    shard.nowMs = this.nowMs;
    const [smsc] = shard.smscs as Smsc[];
    smsc.config = { ...smsc.config, ...this.#options.smsc };
    smsc.profile = profileOf(smsc.config, []);
    smsc.receiptTags = receiptTagsOf(this.#options.tags ?? [], smsc.profile.tlvMap);
    shard.owned = [smsc];
    shard.accounts = [this.edge.accounts[0].config];
    const recovery = await recover(shard, (message) =>
      expect(message).toContain(this.warnings.shift() ?? 'nothing'),
    );
    this.#segmentLast = recovery.segmentLast;
    openJournal(
      shard,
      (group) => onNoRoom(shard, group),
      recovery.segmentLast,
      indexNext ?? recovery.indexNext,
    );
    restoreHeld(shard);
    const bind = this.#bind();
    smsc.binds.push(bind);
    shard.binds.push(bind);
    if (this.#spoken !== undefined) settleVersions(smsc);
    deskOf(shard, 0).window[0] = 100;
    deskOf(shard, 0).newer[0] = 1;
    this.shard = shard;
    await this.commit();
  }

  #bind(): OutboundBind {
    return {
      smsc: 0,
      number: 0,
      kind: 'transceiver',
      state: BOUND_TRX,
      version: this.#spoken?.version ?? 0x50,
      tlvs: this.#spoken?.tlvs ?? true,
      classes: new StatusClasses({}),
      window: { size: 0, expire: () => undefined },
      room: () => (this.isUp ? 100 - this.inFlight.length : 0),
      submit: (slot: number, bytes: Buffer, at: number, length: number) =>
        this.#onSubmit(slot, bytes.subarray(at, at + length)),
      ticket: () => 0,
      faults: { add: () => undefined },
      answerDeliver: (_ticket: number, sequence: number, status: number) =>
        void this.acknowledged.set(sequence, status),
      flush: () => undefined,
      resume: () => undefined,
      tick: () => undefined,
    } as unknown as OutboundBind;
  }

  #onSubmit(slot: number, body: Buffer): void {
    const { idHigh, idLow } = this.shard.table;
    const id = idText(idHigh[slot], idLow[slot]);
    const sms = { ...readSubmit(Buffer.concat([Buffer.alloc(16), body])), slot, id };
    this.inFlight.push(sms);
    this.sent.push(sms);
  }

  /** The SMSC binds anew and speaks this; the edge does not hear of it. */
  speak(version: number, tlvs: boolean): void {
    this.#spoken = { version, tlvs };
    const [smsc] = this.shard.owned;
    Object.assign(smsc.binds[0], this.#spoken);
    settleVersions(smsc);
  }

  /** Submits; returns the sequence_number, which `answers` knows after the commit, or at once when it is refused. */
  submit(fields: Record<string, unknown> = {}): number {
    const sequence = ++this.#sequence;
    const { edge, accounts, shards } = this.edge;
    edge.nowMs = this.nowMs;
    const pdu = oracleEncode('submit_sm', {
      sequence_number: sequence,
      source_addr: 'Sender',
      destination_addr: '962790000001',
      registered_delivery: 1,
      ...fields,
    });
    const status = submit(edge, accounts[0], this.version, 1, 1, sequence, pdu, 0, pdu.length);
    if (status !== 0) this.answers.set(sequence, { status, id: '' });
    for (const record of received(edge, shards[0])) this.#take(record);
    return sequence;
  }

  /** submit_multi to these numbers, all of whose messages this shard has; returns as `submit` does. */
  submitMulti(numbers: readonly string[], fields: Record<string, unknown> = {}): number {
    const sequence = ++this.#sequence;
    const { edge, accounts, shards } = this.edge;
    edge.nowMs = this.nowMs;
    const bytes = oracleEncode('submit_multi', {
      sequence_number: sequence,
      source_addr: 'Sender',
      registered_delivery: 1,
      dest_address: numbers.map((destination_addr) => ({ destination_addr })),
      ...fields,
    });
    const decoded = decodePdu(bytes, 0, bytes.length, this.version);
    if (!decoded.ok) throw new Error(decoded.reason);
    const session = {
      edge,
      account: accounts[0],
      reference: 1,
      version: this.version,
      expect: () => undefined,
    };
    const status = submitMulti(session as unknown as Session, decoded.pdu as PduOf<'submit_multi'>, sequence);
    expect(status).toBe(0);
    for (const record of received(edge, shards[0])) this.#take(record);
    return sequence;
  }

  #take(record: Buffer): void {
    expect(takeRecord(this.shard, 0, bytesWith(record), 0, record.length)).toBe(true);
  }

  /** A part of a client's own, with a UDH of 8 bits. */
  piece(reference: number, sequence: number, total: number, text: string, fields: object = {}): number {
    const udh = Buffer.from([5, 0, 3, reference, total, sequence]);
    return this.submit({ esm_class: 0x40, short_message: { udh, message: Buffer.from(text) }, ...fields });
  }

  /** Asks something (OPERATION_*) of the message with this id, or of these addresses; returns the sequence_number. */
  ask(operation: number, id: string | undefined, fields: Partial<Operation> = {}): number {
    const sequence = ++this.#sequence;
    const { edge, accounts, shards } = this.edge;
    edge.nowMs = this.nowMs;
    const session = { account: accounts[0], reference: 1, version: 0x34 } as unknown as Session;
    const source = Buffer.from('\0\0Sender\0');
    const at = id && {
      idHigh: parseInt(id.slice(0, 8), 16),
      idLow: parseInt(id.slice(8), 16),
      isShort: false,
    };
    const sent = sendOperation(edge, 0, session, sequence, {
      operation,
      source,
      ...(at && { id: at }),
      ...fields,
    });
    expect(sent).toBe(0);
    for (const record of received(edge, shards[0])) this.#take(record);
    return sequence;
  }

  /** Makes everything durable that was appended, and what follows from that, too; unless the disk is full. */
  async commit(): Promise<void> {
    const { journal } = this.shard;
    for (let quiet = false; !quiet;) {
      journal.kick(this.nowMs);
      while (journal.isCommitting() && !this.shard.blocked) await new Promise((next) => setImmediate(next));
      quiet = !this.#read() && (journal.filling.isEmpty() || this.shard.blocked);
    }
  }

  /** There is room on the disk again: what could not be written is. */
  async mend(): Promise<void> {
    const { shard } = this;
    shard.blocked = false;
    shard.journal.retryFailed(this.nowMs);
    await this.commit();
  }

  /** What the shard said to the edge; receipts are taken at once. False: nothing. */
  #read(): boolean {
    for (const ring of this.shard.ends.writers) ring.publish();
    const results: Buffer[] = [];
    const read = this.#answersFrom.read((bytes, at) => {
      const b = Buffer.from(bytes.u8.subarray(at, at + bytes.u32[at >> 2]));
      const id = idText(b.readUInt32LE(12), b.readUInt32LE(8));
      if (b[4] === ANSWER) this.answers.set(b.readUInt32LE(20), { status: b.readUInt16LE(6), id });
      if (b[4] === OPERATION_ANSWER) {
        this.operationAnswers.set(b.readUInt32LE(28), {
          status: b.readUInt32LE(32),
          state: b.readUInt16LE(6),
        });
      }
      if (b[4] === DELIVER) results.push(this.#onReceipt(id, b));
      return true;
    }, 10_000);
    for (const result of results) this.#take(result);
    return read > 0;
  }

  #onReceipt(id: string, b: Buffer): Buffer {
    const err = b.toString('latin1', 33, 33 + b[32]);
    const tlvs = b.toString('hex', 68 + b[46] + b[47] + b[45]);
    const counts = { submitted: b[56], delivered: b[57] };
    this.told.push({ id, state: b[5], err, ...counts, ...(tlvs === '' ? {} : { tlvs }) });
    return takenResult(b);
  }

  /** The SMSC answers what it was sent first, with an id or a command_status; undefined: there is nothing. */
  answer(idOrStatus: string | number): Sent | undefined {
    const sms = this.inFlight.shift();
    if (sms === undefined) return undefined;
    const status = typeof idOrStatus === 'number' ? idOrStatus : 0;
    const body = Buffer.from(status === 0 ? `${idOrStatus}\0` : '');
    const response = Buffer.concat([Buffer.alloc(16), body]);
    sms.answered = idOrStatus;
    onSubmitResponse(this.shard, this.shard.binds[0], sms.slot, status, response, 0, response.length);
    return sms;
  }

  /** Answers all that is in flight, with the ids that `id` gives; sends on until nothing is left. */
  async answerAll(id: (sms: Sent) => string | number): Promise<void> {
    for (;;) {
      dispatch(this.shard, this.shard.owned[0]);
      if (this.inFlight.length === 0) return;
      while (this.inFlight.length > 0) this.answer(id(this.inFlight[0]));
      await this.commit();
    }
  }

  /** The SMSC reports, with these TLVs in hexadecimal; returns the sequence_number, acknowledged after the commit. */
  report(id: string, stat = 'DELIVRD', err = '000', tlvs = ''): number {
    const sequence_number = ++this.#sequence;
    const short_message = Buffer.from(`id:${id} sub:001 dlvrd:001 stat:${stat} err:${err} text:x`);
    const pdu = withTlvs(oracleEncode('deliver_sm', { sequence_number, esm_class: 4, short_message }), tlvs);
    onDeliver(this.shard, new DeliverReader(), this.shard.binds[0], pdu, 0, pdu.length);
    return sequence_number;
  }

  /** So much later: what time brings, committed. */
  async pass(ms: number): Promise<void> {
    this.nowMs += ms;
    vi.setSystemTime(this.nowMs);
    this.shard.nowMs = this.nowMs;
    onTick(this.shard);
    onSecond(this.shard);
    await this.commit();
  }

  /** kill -9, or if `isOrderly` a stop: what is durable is recovered. `indexNext`: of the next message. */
  async crash(isOrderly = false, indexNext?: number): Promise<void> {
    closeStore(this.shard, isOrderly);
    this.inFlight.length = 0;
    await this.#open(indexNext);
  }

  /** What the segments before this life have open goes to the store; the next crash does not read them. */
  async settle(): Promise<void> {
    const settler = new Settler(this.shard, 0);
    if (this.shard.store.settledThrough() >= this.#segmentLast) return;
    settler.onSealed(this.#segmentLast, 0);
    while (this.shard.store.settledThrough() < this.#segmentLast) {
      settler.step(this.nowMs);
      await this.commit();
    }
  }

  /** All events of the ledger, in order. */
  events(): Promise<LedgerEvent[]> {
    return eventsIn(this.#dataDir);
  }

  /** `STATE REASON` of each message's FINAL events, by id; a message without one is there with none. */
  async ends(): Promise<Map<string, string[]>> {
    const ends = new Map<string, string[]>();
    for (const event of await this.events()) {
      if (event.type === 'ACCEPTED') ends.set(event.messageId, []);
      if (event.type === 'FINAL') ends.get(event.messageId)?.push(`${event.state} ${event.reason}`);
    }
    return ends;
  }

  idOf(sequence: number): string {
    const answer = this.answers.get(sequence);
    if (answer?.status !== 0) throw new Error(`submit ${sequence} was answered ${answer?.status}`);
    return answer.id;
  }
}
