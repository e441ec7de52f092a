/** What one edge thread knows. */
import type { AccountConfig, Config, SmscConfig } from '../core/config.ts';
import type { PartValues } from '../core/part-values.ts';
import type { ReferenceNumbers } from '../core/reference-numbers.ts';
import type { MeshEnds } from '../core/ring/mesh.ts';
import type { PartWays } from '../core/ring/part-ways.ts';
import type { RateCells } from '../core/ring/counters.ts';
import type { MessageFields } from '../smpp/pdu/message-fields.ts';
import type { MessageTimes } from '../smpp/times.ts';
import type { Sender, SmscProfile } from '../smpp/shape-profile.ts';
import type { LentReceipts } from './lent.ts';
import type { OperationAnswer, PendingRequest, PendingRequests } from './pending-requests.ts';
import type { LinkWriter } from '../smpp/link.ts';
import type { Tap } from '../smpp/tap.ts';
import type { ErrorBudget } from './error-budget.ts';
import type { SessionTimers } from '../smpp/timers.ts';
import type { Window } from '../smpp/window.ts';

export interface Senders {
  v33: Sender;
  v34: Sender;
  v50: Sender;
  http: Sender;
}

/** One account as this edge needs it, by its permanent index. */
export interface EdgeAccount {
  index: number;
  name: string;
  tps: number;
  /** Ticks (1/16 microsecond) between two messages at its rate, and how far ahead of it it may run. */
  intervalTicks: number;
  burstTicks: number;
  submitWindow: number;
  receiptWindow: number;
  receiptGroupMs: number;
  config: AccountConfig;
  /** It as a sender, by how its messages come. */
  senders: Senders;
  /** What passes unchanged, see `plainLimits`: of its sessions of 3.4 and of 5.0, by the SMSC's index. */
  plain34: (Int16Array | undefined)[];
  plain50: (Int16Array | undefined)[];
  /** How its receipts are written: CONTENT_*, in a data_sm, with so many digits of a date. */
  receiptContent: number;
  receiptInDataSm: boolean;
  receiptDateDigits: number;
  /** Its message ids are decimal numbers. */
  decimalIds: boolean;
  /** Its sessions on this edge that take receipts, and whose turn it is. */
  receivers: Session[];
  turn: number;
}

/** One ESME's connection, as the rest of the edge deals with it; edge/session.ts has the whole of it. */
export interface Session {
  readonly edge: EdgeState;
  readonly address: string;
  readonly writer: LinkWriter;
  readonly timers: SessionTimers;
  /** Slot and generation: what the shards answer to. */
  readonly reference: number;
  readonly openedMs: number;
  /** What was wrong with its PDUs. */
  readonly budget: ErrorBudget;
  /** Somebody traces it. */
  tap: Tap | undefined;
  state: number;
  version: number;
  account: EdgeAccount | undefined;
  /** We called this account's ESME: nobody else may bind here. */
  called: EdgeAccount | undefined;
  /** Requests on their way, not answered yet. */
  inFlight: number;
  /** Those that are no plain submit_sm, by sequence_number; made when the first one comes. */
  requests: PendingRequests | undefined;
  /** Receipts that the ESME has not answered; values are indexes of edge.lent. */
  window: Window;
  /** Receipts held back to go out in a group, and since when. */
  readonly held: { bytes: Buffer; at: number; sinceMs: number };
  /** It submits one by one, each after the answer to the last. */
  readonly inLockStep: boolean;
  describe(): Record<string, unknown>;
  /** `address:port` of the connection, ours and the peer's. */
  endpoints(): { local: string; remote: string };
  /** What was read and not taken yet; valid until more is read. */
  unread(): Buffer;
  answer(shard: number, status: number, sequence: number, idHigh: number, idLow: number): void;
  /** Another request waits for what its shards say; it counts as in flight until it is answered. */
  expect(sequence: number, request: PendingRequest): void;
  /** Answers a request with its own response and an error; what a peer's fault is counts against it. */
  refuseRequest(command: number, sequence: number, status: number, malformed?: boolean): void;
  mayRead(): boolean;
  /** An operation's answer. */
  onOperation(sequence: number, answer: OperationAnswer): void;
  headerOnly(command: number, status: number, sequence: number): void;
  /** Writes a whole PDU with the next flush. */
  write(pdu: Buffer): void;
  /** Goes on reading once what stopped it has room again. */
  resume(): void;
  /** The bind was decided: PDUs may be as large as a bound session's. */
  raiseLimit(): void;
  flush(nowMs: number): void;
  tick(nowMs: number): void;
  unbind(): void;
  /** Closes after what is written has gone out; a peer that does not read it is cut. */
  end(): void;
}

/** One SMSC as admission needs it. */
export interface EdgeSmsc {
  index: number;
  shard: number;
  queueMax: number;
  validityMs: number;
  cells: Float64Array;
  config: SmscConfig;
  /** What messages for it must look like: as its binds speak, which may be less than it is configured for. */
  profile: SmscProfile;
  /** The value of SMSC_SPOKEN that `profile` was made by. */
  spoken: number;
}

/** Messages whose TLV has this value take this way. */
export interface RouteRule {
  tag: number;
  type: 'integer' | 'cstring' | 'octets';
  equals: string;
  smscs: EdgeSmsc[];
}

/** What the control thread says of a bind. */
export type BindVerdict = 'ok' | 'refused' | 'busy' | 'full';

/** Questions to the control thread. */
export interface Control {
  authenticate(account: string, password: string, address: string, session: boolean): Promise<BindVerdict>;
  sessionEnded(account: string): void;
  metrics(): Promise<string>;
  readiness(): Promise<{ ready: boolean; reasons: string[] }>;
}

export interface EdgeLog {
  info(message: string, detail?: Record<string, unknown>): void;
  warn(message: string, detail?: Record<string, unknown>): void;
}

export interface EdgeState {
  edge: number;
  config: Config;
  ends: MeshEnds;
  cells: Float64Array;
  shardCells: Float64Array[];
  rates: RateCells;
  /** Ticks that accounts have used of their rate and were not charged for yet. */
  debts: Map<EdgeAccount, number>;
  multis: WaitingMultis;
  /** By permanent index; undefined: no such account any more. */
  accounts: (EdgeAccount | undefined)[];
  accountsByName: Map<string, EdgeAccount>;
  /** One of them at least may have long credentials: then none is told from the others by how it is refused. */
  takesLong: boolean;
  /** The default route, in its order. */
  route: EdgeSmsc[];
  /** Exceptions by the value of a TLV. */
  rules: RouteRule[];
  /** All SMSCs of any route. */
  smscs: EdgeSmsc[];
  /** The way that the first part of a message took: the others follow it, whatever was bound or lost meanwhile. */
  partWays: PartValues<string, EdgeSmsc>;
  /** The same over all edges, where there are several: it does not know when all parts have passed. */
  sharedWays: PartWays | undefined;
  /** What the ledger had of ways when a single edge began; undefined: nothing, or there are several edges. */
  recoveredWays: PartWays | undefined;
  /** Reference numbers of the parts that are made here. */
  references: ReferenceNumbers;
  /** Parts of the submit that was handed on last. */
  partsOfLast: number;
  sessions: (Session | undefined)[];
  generations: Uint16Array;
  freeSlots: number[];
  lent: LentReceipts;
  /** Sessions with something to write. */
  dirty: Set<Session>;
  /** Sessions that stopped reading until there is room. */
  stalled: Set<Session>;
  /** Accounts whose receivers changed and whose shards do not all know yet: bit set of shards to tell. */
  untold: Map<EdgeAccount, Set<number>>;
  /** Results that found their shard's ring full: index in `lent`, RESULT_*, command_status. */
  resultsHeld: [number, number, number][];
  fields: MessageFields;
  times: MessageTimes;
  control: Control;
  log: EdgeLog;
  draining: boolean;
  nowMs: number;
  nowTicks: number;
  http: HttpAnswers;
  /** Takes the time for what follows, once a chunk or step. */
  readClock(): void;
  /** A session's chunk was read: shows the shards what came of it and writes what was answered at once. */
  afterRead(session: Session): void;
  removeSession(session: Session): void;
}

/** Requests of several destinations that are not all handed on yet. */
export interface WaitingMultis {
  readonly waiting: Set<{ resume(): void }>;
  /** What they hold, in bytes of records. */
  bytes: number;
}

/** Submits over HTTP that wait for their answer. */
export interface HttpAnswers {
  onAnswer(sequence: number, status: number, idHigh: number, idLow: number): void;
}
