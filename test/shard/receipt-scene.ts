/** A shard with a journal, one bind and sent messages, for tests of what comes back for them. */
import { expect } from 'vitest';
import { eventFields } from '../../src/cdr/merge.ts';
import { decodeEvent, eventsOf } from '../../src/cdr/decode.ts';
import type { LedgerEvent } from '../../src/cdr/event.ts';
import { openSegmentReader } from '../../src/cdr/lmdb.ts';
import { segmentPath } from '../../src/cdr/segments.ts';
import type { SmscConfig } from '../../src/core/config.ts';
import {
  DEST_AT,
  NO_NETWORK_ERROR,
  SLOT_AWAITING,
  SMSC_ID_AT,
  SOURCE_AT,
  TEXT_AT,
  TEXT_BYTES,
} from '../../src/core/message-table.ts';
import { createMesh, edgeEnds, shardEnds } from '../../src/core/ring/mesh.ts';
import { forget } from '../../src/shard/events.ts';
import { DeliverReader, onDeliver } from '../../src/shard/receipts-in.ts';
import { deskOf } from '../../src/shard/receipts-out.ts';
import { rowOf } from '../../src/shard/spill.ts';
import type { ShardState } from '../../src/shard/state.ts';
import { becomeAwaiting } from '../../src/shard/waiting.ts';
import type { OutboundBind } from '../../src/smpp/client.ts';
import { npm } from '../daemon/esme.ts';
import { temporaryDirectory } from '../support/ledger.ts';
import { withTlvs } from '../support/oracle.ts';
import { makeShard, openJournal } from './harness.ts';

export interface SentOptions {
  registeredDelivery?: number;
  smsc?: number;
  account?: number;
  source?: string;
  dest?: string;
  /** In the pending store only. */
  stored?: boolean;
  flags?: number;
}

/** What a DELIVER record says, read by hand. */
export interface Offered {
  state: number;
  slot: number;
  idLow: number;
  ownIdLow: number;
  esmClass: number;
  err: string;
  text: string;
  dataCoding: number;
  responseCode: number;
  network: [number, number];
  /** Vendor TLVs, in hexadecimal. */
  tlvs: string;
}

/** Where messages go, and their receipts come from, unless told otherwise. */
export const DEST = '447700900123';

export class ReceiptScene {
  readonly shard: ShardState;
  /** One of each SMSC; `deliver` takes the first unless told otherwise. */
  readonly binds: OutboundBind[];
  readonly reader = new DeliverReader();
  /** [sequence_number, command_status] of each answer to the SMSC. */
  readonly answered: [number, number][] = [];
  readonly #edge;
  #ids = 0;
  #sequence = 0;

  constructor(options: Partial<SmscConfig> = {}, capacity = 64) {
    this.shard = makeShard(temporaryDirectory(), capacity);
    const mesh = createMesh(1, 1, 1 << 16);
    this.shard.ends = shardEnds(mesh, 0);
    this.#edge = edgeEnds(mesh, 0).readers[0];
    this.binds = this.shard.smscs.map((_, smsc) => this.#bindOf(smsc));
    this.shard.binds.push(...this.binds);
    // No dispatching after commits.
    this.shard.owned = [];
    for (const smsc of this.shard.smscs) if (smsc !== undefined) smsc.config = { ...smsc.config, ...options };
    openJournal(this.shard);
    deskOf(this.shard, 0).window[0] = 10;
    deskOf(this.shard, 0).newer[0] = 1;
  }

  #bindOf(smsc: number): OutboundBind {
    return {
      smsc,
      ticket: () => smsc,
      faults: { add: () => undefined },
      answerDeliver: (_ticket: number, sequence: number, status: number) =>
        void this.answered.push([sequence, status]),
      flush: () => undefined,
      resume: () => undefined,
    } as unknown as OutboundBind;
  }

  /** A message that the SMSC took under this id and that awaits its receipt; returns the low half of its own id. */
  sent(smscId: string, options: SentOptions = {}): number {
    const { table } = this.shard;
    const slot = table.allocate();
    const base = slot * TEXT_BYTES;
    table.idHigh[slot] = 7;
    table.idLow[slot] = ++this.#ids;
    table.account[slot] = options.account ?? 0;
    table.smsc[slot] = options.smsc ?? 0;
    table.registeredDelivery[slot] = options.registeredDelivery ?? 1;
    table.acceptedMs[slot] = this.shard.nowMs - 1000;
    table.sourceLength[slot] = table.text.write(
      `\u0005\0${options.source ?? 'Shop'}\0`,
      base + SOURCE_AT,
      'latin1',
    );
    table.destLength[slot] = table.text.write(
      `\u0001\u0001${options.dest ?? DEST}\0`,
      base + DEST_AT,
      'latin1',
    );
    table.textLength[slot] = table.text.write('hello', base + TEXT_AT, 'latin1');
    table.smscIdLength[slot] = table.text.write(smscId, base + SMSC_ID_AT, 'latin1');
    table.flags[slot] |= options.flags ?? 0;
    becomeAwaiting(this.shard, slot);
    this.shard.index.add(slot);
    if (options.stored === true) {
      this.shard.store.upsert([rowOf(this.shard, slot)]);
      forget(this.shard, slot);
    }
    return this.#ids;
  }

  /** Fills memory up; returns the slots. */
  fillMemory(): number[] {
    const { table } = this.shard;
    const taken: number[] = [];
    while (table.freeSlots() > 0) {
      const slot = table.allocate();
      table.state[slot] = SLOT_AWAITING;
      taken.push(slot);
    }
    return taken;
  }

  /** A PDU of the npm package from the SMSC, with these TLVs in hexadecimal behind it; returns its sequence_number. */
  deliver(fields: Record<string, unknown>, command = 'deliver_sm', smsc = 0, tlvs = ''): number {
    const sequence_number = ++this.#sequence;
    const whole = { sequence_number, esm_class: 4, source_addr: DEST, destination_addr: 'Shop' };
    const pdu = withTlvs(new npm.PDU(command, { ...whole, ...fields }).toBuffer(), tlvs);
    onDeliver(this.shard, this.reader, this.binds[smsc], pdu, 0, pdu.length);
    return sequence_number;
  }

  /** A receipt with a text; resolves with the status of its answer, after the commit. */
  async receipt(
    id: string,
    stat = 'DELIVRD',
    fields: Record<string, unknown> = {},
    smsc = 0,
  ): Promise<number | undefined> {
    const text = `id:${id} stat:${stat} err:000 text:x`;
    const sequence = this.deliver({ short_message: text, ...fields }, 'deliver_sm', smsc);
    await this.commit();
    return this.statusOf(sequence);
  }

  statusOf(sequence: number): number | undefined {
    return this.answered.find(([one]) => one === sequence)?.[1];
  }

  async commit(): Promise<void> {
    const { journal } = this.shard;
    journal.kick(this.shard.nowMs);
    while (journal.isCommitting()) await new Promise((resolve) => setImmediate(resolve));
  }

  /** What the ledger has of a message, in order. */
  async events(idLow?: number): Promise<LedgerEvent[]> {
    const reader = openSegmentReader(segmentPath(this.shard.dataDir, 0, this.shard.journal.segment));
    const events: LedgerEvent[] = [];
    for (const { bytes } of reader.blocks(1)) {
      for (const { at, type } of eventsOf(bytes)) {
        if (type !== 9 && (idLow === undefined || bytes.readUInt32LE(at + 8) === idLow)) {
          events.push(decodeEvent(bytes, at));
        }
      }
    }
    await reader.close();
    return events;
  }

  /** Types of a message's events, the final ones with state and reason. */
  async story(idLow: number): Promise<string[]> {
    const events = await this.events(idLow);
    return events.map((event) => {
      if (event.type === 'FINAL') return `FINAL ${event.state} ${event.reason}`;
      return event.type === 'RECEIPT' ? `RECEIPT ${event.state}` : event.type;
    });
  }

  /** Fields of the first event of a type, as people see them. */
  async fields(idLow: number, type: string): Promise<Record<string, unknown>> {
    const event = (await this.events(idLow)).find((each) => each.type === type);
    if (event === undefined) throw new Error(`no ${type} of message ${idLow}`);
    return eventFields(event, { accounts: [], smscs: [] });
  }

  /** What was handed to the edge since the last call. */
  offered(): Offered[] {
    for (const ring of this.shard.ends.writers) ring.publish();
    const offered: Offered[] = [];
    this.#edge.read((bytes, at) => {
      const b = Buffer.from(bytes.u8.subarray(at, at + bytes.u32[at >> 2]));
      expect(b[4]).toBe(81);
      const textAt = 68 + b[46] + b[47];
      offered.push({
        state: b[5],
        slot: b.readInt32LE(40),
        idLow: b.readUInt32LE(8),
        ownIdLow: b.readUInt32LE(48),
        esmClass: b[44],
        err: b.toString('latin1', 33, 33 + b[32]),
        text: b.toString('latin1', textAt, textAt + b[45]),
        dataCoding: b[58],
        responseCode: b.readUInt16LE(60) - 1,
        network: [b[59] - 1, b.readUInt16LE(62)],
        tlvs: b.toString('hex', textAt + b[45]),
      });
      return true;
    }, 1000);
    return offered;
  }

  /** network_error_code that the slot of a message keeps, as [type, code]. */
  networkErrorOf(idLow: number): [number, number] | undefined {
    const { table } = this.shard;
    const slot = table.idLow.indexOf(idLow);
    const type = table.networkErrorType[slot];
    return type === NO_NETWORK_ERROR ? undefined : [type, table.networkErrorCode[slot]];
  }
}
