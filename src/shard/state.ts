/**
 * What one shard knows. Plain data that the files of this folder work on; each of them owns one step of a message's
 * life: intake, commit, dispatch, outcome, receipts-in, receipts-out, spill, settle.
 */
import type { Chunks } from '../cdr/chunks.ts';
import type { Journal } from '../cdr/journal.ts';
import type { ReferenceNumbers } from '../core/reference-numbers.ts';
import type { ReceiptTags } from '../smpp/receipt-tlvs.ts';
import type { SmscProfile } from '../smpp/shape-profile.ts';
import type { AccountConfig, Config, SmscConfig } from '../core/config.ts';
import type { Assembly } from '../core/assembly.ts';
import type { Chains } from '../core/chains.ts';
import type { DueHeap } from '../core/due-heap.ts';
import type { IdIndex } from '../core/id-index.ts';
import type { RecentFinals } from '../core/recent-finals.ts';
import type { MessageTable } from '../core/message-table.ts';
import type { MeshEnds } from '../core/ring/mesh.ts';
import type { PriorityQueue, SlotQueue } from '../core/slot-queue.ts';
import type { TokenBucket } from '../core/throttle.ts';
import type { Unreached } from '../core/unreached.ts';
import type { OutboundBind } from '../smpp/client.ts';
import type { PendingRow, PendingStore } from '../store/pending.ts';
import type { Answer, OnOperationResponse } from './answer.ts';
import type { ReceiptAlphabets } from '../core/receipt-alphabets.ts';
import type { Parking } from './parking.ts';
import type { PartValues } from '../core/part-values.ts';
import type { PartSlots } from './part-slots.ts';
import type { SecondIds } from './second-ids.ts';

/** One upstream: its queue in memory, what waits in the store, its rate and its binds. */
export interface Smsc {
  index: number;
  config: SmscConfig;
  /** What messages for it must look like: as its binds speak, which may be less than it is configured for. */
  profile: SmscProfile;
  /** The vendor TLVs of its receipts that are handed on; undefined: none. */
  receiptTags: ReceiptTags | undefined;
  queue: PriorityQueue;
  bucket: TokenBucket;
  binds: OutboundBind[];
  /** Where the next dispatch begins, so that the binds share the load. */
  turn: number;
  cells: Float64Array;
  retries: DueHeap;
  /** Accepted, not committed yet: on their way into the queue, or into the store. */
  entering: number;
  spilling: number;
  /** Of those spilling, the ones whose row is ready for the store. */
  spilled: number;
  /** Messages answered in the second before, for the rate to go on with after a throttle. */
  answered: number;
  answeredBefore: number;
}

/** One account's receipts and the room its receivers have for them. */
export interface ReceiptDesk {
  account: number;
  queue: SlotQueue;
  /** By edge: sum of the receipt windows of its receivers, and how many receipts are with it. */
  window: Int32Array;
  lent: Int32Array;
  /** By edge: how many of its receivers are of 3.4 or later: notifications and alerts are for them. */
  newer: Int32Array;
  turn: number;
  /** Given back since the desk was served last, because their session went away. */
  returned: number[];
}

export interface PartId {
  idHigh: number;
  idLow: number;
}

/** A part that waits to be joined; `print` tells two apart that claim the same place. */
export interface HeldPart extends PartId {
  print: number;
}

/** Parts that were held: to be joined where they are complete, else to go as they came. */
export interface HeldSet {
  complete: boolean;
  parts: PartId[];
}

/** A cancel_sm without a message_id, and how far its search is. */
export interface GroupCancel {
  to: Answer;
  sinceMs: number;
  /** Does the message in this slot, or in the scratch slot and this row, belong to it? */
  matches: (slot: number, row?: PendingRow) => boolean;
  /** Messages from this id on came later. */
  idHighEnd: number;
  idLowEnd: number;
  /** Memory, the store, and once more memory, where what the store had may be now. */
  pass: number;
  slot: number;
  /** Which SMSC's rows, of which kind, behind which id. */
  smsc: number;
  kind: number;
  idHigh: number;
  idLow: number;
  cancelled: number;
}

/** They are served one after the other; what was done in this tick has a bound. */
export interface GroupCancels {
  waiting: GroupCancel[];
  looks: number;
  cancelled: number;
}

/** Where messages are in memory (shard/lookups); each is there while anybody asks for it. */
export interface Lookups {
  byId: Chains | undefined;
  /** Messages that wait, or soon will: by `hashOfWay`. */
  byWay: Chains | undefined;
}

export interface ShardState {
  shard: number;
  config: Config;
  table: MessageTable;
  index: IdIndex;
  chunks: Chunks;
  journal: Journal;
  store: PendingStore;
  /** By SMSC index over the whole gateway; undefined where another shard owns it. */
  smscs: (Smsc | undefined)[];
  owned: Smsc[];
  /** All outbound binds of the shard, by their number. */
  binds: OutboundBind[];
  /** Answers that found their edge's ring full: edge, session, sequence, status, idHigh, idLow. */
  answersHeld: [number, number, number, number, number, number][];
  /** By account; a desk is made when its account first has something for it. */
  desks: (ReceiptDesk | undefined)[];
  ends: MeshEnds;
  cells: Float64Array;
  parking: Parking;
  receiptsLater: DueHeap;
  /** Where bodies that come back from the store are put. */
  loading: { chunk: number; at: number };
  /** Where the search for messages to move out goes on. */
  hand: number;
  expiryHand: number;
  dataDir: string;
  /** Slot used to build rows of messages that have none. */
  scratch: number;
  /** Rows of accepted messages that go to the store with the next step. */
  spilled: PendingRow[];
  /** Rows of messages whose FINAL is durable, to be taken out of the store once the disk allows it. */
  removedHighs: number[];
  removedLows: number[];
  /** Requests that timed out and may still be answered, by bind and sequence_number. */
  late: Map<number, { slot: number; idHigh: number; idLow: number; attempt: number }>;
  /** What such answers said, where the message was sent again. */
  secondIds: SecondIds;
  /** First parts of the messages whose parts pass as they come. */
  leaders: PartValues<number, PartId>;
  /** Parts of long messages that are in memory, by id. */
  parts: PartSlots;
  /** Parts that wait in the store to be joined, and those on their way there. */
  held: Assembly<HeldPart>;
  holding: number;
  /** Sets of parts to be joined, or to go as they are, with the next commit. */
  joinable: HeldSet[];
  /** Reference numbers of the parts that are made here. */
  references: ReferenceNumbers;
  /** By permanent index; undefined: no such account any more. */
  accounts: (AccountConfig | undefined)[];
  /** For the text in receipts. */
  receiptAlphabets: ReceiptAlphabets;
  /** Where messages are, while anybody asks; undefined: nobody did for a while. */
  lookups: Lookups | undefined;
  /** Until when (performance.now) requests of the ring that is being read are dealt with; 0: it has had none yet. */
  requestsUntilMs: number;
  /** What became of the messages that ended last. */
  finals: RecentFinals;
  /** Answers to operations that found their edge's ring full. */
  operationAnswers: Answer[];
  /** Requests of clients that an SMSC is to answer, by token. */
  forwarded: Map<number, OnOperationResponse>;
  /** Requests to cancel all of an address, which are done bit by bit. */
  groupCancels: GroupCancels;
  /** Who is to hear that a handset can be reached again, beyond the end of messages. */
  unreached: Unreached;
  /** alert_notifications of this second. */
  alerts: { second: number; count: number };
  /** Token of the request that was passed on last. */
  lastToken: number;
  /** Desks with something to hand out. */
  deskWork: Set<ReceiptDesk>;
  /** The disk is full: nothing new is accepted. */
  refusing: boolean;
  /** A commit failed for want of room and waits to be tried again. */
  blocked: boolean;
  /** SIGTERM: nothing more is sent to an SMSC. */
  draining: boolean;
  nowMs: number;
}
