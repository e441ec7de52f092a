/** An edge without threads and listeners: its state, sessions that write into memory, and the shards' ends. */
import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { RateCells, createCounterPages, smscCells, threadCells } from '../../src/core/ring/counters.ts';
import { createMesh, edgeEnds, shardEnds } from '../../src/core/ring/mesh.ts';
import type { MeshEnds } from '../../src/core/ring/mesh.ts';
import { account } from '../../src/core/config-account.ts';
import type { AccountConfig, SmscConfig } from '../../src/core/config.ts';
import { sendersOf } from '../../src/edge/admission.ts';
import { LentReceipts } from '../../src/edge/lent.ts';
import { PartValues } from '../../src/core/part-values.ts';
import { profileOf, referenceNumbers } from '../../src/smpp/upstream.ts';
import { EsmeSession } from '../../src/edge/session.ts';
import { RECEIPT_CONTENTS } from '../../src/edge/setup.ts';
import type { EdgeAccount, EdgeSmsc, EdgeState } from '../../src/edge/state.ts';
import { MessageFields } from '../../src/smpp/pdu/message-fields.ts';
import { BOUND_TRX } from '../../src/smpp/session.ts';
import { MessageTimes } from '../../src/smpp/times.ts';
import { TIME_MS } from '../support/ledger.ts';
import { testConfig } from '../shard/harness.ts';

export const SHARDS = 2;
export const RING_BYTES = 4 * 1024 * 1024;

/** What a session needs of a socket: takes what is written, and notes what is done to it. */
export class FakeSocket extends EventEmitter {
  readonly written: Buffer[] = [];
  readonly writableLength = 0;
  writableEnded = false;
  destroyed = false;
  paused = false;

  write(bytes: Buffer): boolean {
    this.written.push(Buffer.from(bytes));
    return true;
  }

  setNoDelay(): void {
    // There is no network.
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
  }

  isPaused(): boolean {
    return this.paused;
  }

  end(): void {
    this.writableEnded = true;
  }

  destroy(): void {
    this.destroyed = true;
  }

  /** Whole PDUs written so far; forgets them. */
  takePdus(): Buffer[] {
    const all = Buffer.concat(this.written.splice(0));
    const pdus: Buffer[] = [];
    for (let at = 0; at < all.length; at += all.readUInt32BE(at)) {
      pdus.push(all.subarray(at, at + all.readUInt32BE(at)));
    }
    return pdus;
  }
}

export interface TestEdge {
  edge: EdgeState;
  shards: MeshEnds[];
  accounts: EdgeAccount[];
}

export function makeAccount(
  index: number,
  changes: Partial<EdgeAccount> = {},
  options: Partial<AccountConfig> = {},
): EdgeAccount {
  const config = accountConfig(`account-${index}`, options);
  return {
    config,
    senders: sendersOf(config),
    plain34: [],
    plain50: [],
    receiptContent: RECEIPT_CONTENTS[config.receipt_content],
    receiptInDataSm: config.receipt_pdu === 'data_sm',
    receiptDateDigits: config.receipt_date_digits,
    decimalIds: config.receipt_id === 'decimal',
    index,
    name: `account-${index}`,
    tps: 0,
    intervalTicks: 0,
    burstTicks: 0,
    submitWindow: 100,
    receiptWindow: 4,
    receiptGroupMs: 0,
    receivers: [],
    turn: 0,
    ...changes,
  };
}

/** The defaults of the configuration, with these changes. */
function accountConfig(name: string, options: Partial<AccountConfig>): AccountConfig {
  const parsed = account.parse({ name, password_hash: HASH });
  return { ...parsed, ...options };
}

const HASH = `$argon2id$v=19$m=19456,t=2,p=1$${'c'.repeat(22)}$${'h'.repeat(43)}`;

export function makeEdge(
  accounts: EdgeAccount[] = [makeAccount(0), makeAccount(1)],
  ringBytes = RING_BYTES,
  options: Partial<SmscConfig> = {},
): TestEdge {
  const mesh = createMesh(1, SHARDS, ringBytes);
  const pages = createCounterPages(1 + SHARDS, 3, accounts.length);
  const ends = edgeEnds(mesh, 0);
  const config = testConfig();
  const route = [0, 1, 2].map((index): EdgeSmsc => {
    const smsc = { ...config.smsc[index], ...options };
    return {
      index,
      shard: index % SHARDS,
      queueMax: 1000,
      validityMs: 172_800_000,
      cells: smscCells(pages, index),
      config: smsc,
      profile: profileOf(smsc, config.tlv),
      spoken: 0,
    };
  });
  const edge: EdgeState = {
    edge: 0,
    config,
    ends,
    cells: threadCells(pages, 0),
    shardCells: [0, 1].map((shard) => threadCells(pages, 1 + shard)),
    rates: new RateCells(pages),
    debts: new Map(),
    multis: { waiting: new Set(), bytes: 0 },
    accounts,
    takesLong: accounts.some(({ config: { long_credentials: isLong } }) => isLong),
    accountsByName: new Map(accounts.map((account) => [account.name, account])),
    route,
    rules: [],
    smscs: route,
    partWays: new PartValues(false),
    sharedWays: undefined,
    recoveredWays: undefined,
    references: referenceNumbers(1, 0, TIME_MS),
    partsOfLast: 1,
    sessions: [],
    generations: new Uint16Array(16),
    freeSlots: [],
    lent: new LentReceipts(),
    dirty: new Set(),
    stalled: new Set(),
    untold: new Map(),
    resultsHeld: [],
    fields: new MessageFields(),
    times: new MessageTimes(),
    control: {
      authenticate: () => Promise.resolve('ok'),
      sessionEnded: () => undefined,
      metrics: () => Promise.resolve(''),
      readiness: () => Promise.resolve({ ready: true, reasons: [] }),
    },
    log: { info: () => undefined, warn: () => undefined },
    draining: false,
    nowMs: TIME_MS,
    nowTicks: 0,
    http: { onAnswer: () => undefined },
    readClock: () => undefined,
    afterRead: () => {
      for (const ring of ends.writers) ring.publish();
    },
    removeSession: () => undefined,
  };
  return { edge, shards: [0, 1].map((shard) => shardEnds(mesh, shard)), accounts };
}

/** A bound transceiver of the account. */
export function makeSession(
  edge: EdgeState,
  account: EdgeAccount,
  reference = 0x1_0001,
): [EsmeSession, FakeSocket] {
  const socket = new FakeSocket();
  const session = new EsmeSession(edge, socket as unknown as Socket, '127.0.0.1', reference);
  session.state = BOUND_TRX;
  session.account = account;
  return [session, socket];
}

/** Copies of the records that a shard finds in its ring. */
export function received(edge: EdgeState, shard: MeshEnds): Buffer[] {
  for (const ring of edge.ends.writers) ring.publish();
  const records: Buffer[] = [];
  for (const reader of shard.readers) {
    reader.read((bytes, at, length) => {
      records.push(Buffer.from(bytes.u8.subarray(at, at + length)));
      return true;
    }, 100_000);
  }
  return records;
}
