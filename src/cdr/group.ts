/**
 * A commit group: what is journalled together and what has to be done once that is durable. Two of them take turns:
 * one fills while the other's commit is in flight. Plain typed arrays, so a message costs no object.
 */
import { BATCH_COUNT_MAX } from '../core/records.ts';

export const GROUP_ACTIONS_MAX = 32_768;
export const GROUP_BYTES_MAX = 8 * 1024 * 1024;

/** The last request that is taken in may be a batch. */
const ACCEPTED_MAX = GROUP_ACTIONS_MAX - BATCH_COUNT_MAX;

export interface BlockRange {
  chunk: number;
  from: number;
  to: number;
  events: number;
}

/** Ticket of a receipt that answers no deliver_sm: the gateway made it, or it was parked. */
export const NO_BIND = 0xffff_ffff;

/** Edge of an ACCEPTED event that nobody waits for. */
export const NO_EDGE = 0xff;

/**
 * Something to do when a group is durable; `undone` instead, should its commit fail. Without `undone` it belongs to
 * events that are written all the same once there is room, and waits for that.
 */
export interface AfterCommit {
  done(): void;
  undone?(): void;
}

export class Group {
  /** Segment that the group is written to. */
  segment = 0;
  bytes = 0;
  events = 0;
  readonly blocks: BlockRange[] = [];
  /** ACCEPTED events: where they are, the edge to answer, the message's slot (NO_SLOT: it goes to the store). */
  accepted = 0;
  acceptedChunk = new Int32Array(GROUP_ACTIONS_MAX);
  acceptedAt = new Uint32Array(GROUP_ACTIONS_MAX);
  acceptedSlot = new Int32Array(GROUP_ACTIONS_MAX);
  acceptedEdge = new Uint8Array(GROUP_ACTIONS_MAX);
  /** FINAL events: their messages have ended once the group is on disk. */
  finals = 0;
  /** deliver_sm to answer (a bind's ticket or NO_BIND, sequence_number) and the slot to hand on (or NO_SLOT). */
  receipts = 0;
  /** Messages whose FINAL event is in this group and that have a row in the pending store: it goes after the commit. */
  readonly removedHighs: number[] = [];
  readonly removedLows: number[] = [];
  /** Changes that must not be seen before their events are durable. Rare, so closures are fine. */
  afterCommit: AfterCommit[] = [];
  receiptTicket = new Uint32Array(GROUP_ACTIONS_MAX);
  receiptSequence = new Uint32Array(GROUP_ACTIONS_MAX);
  receiptSlot = new Int32Array(GROUP_ACTIONS_MAX);

  isEmpty(): boolean {
    return this.events === 0 && this.receipts === 0;
  }

  /** No more submits or receipts are taken in; outcomes of what is under way still are. */
  isFull(): boolean {
    return (
      this.bytes > GROUP_BYTES_MAX || this.accepted >= ACCEPTED_MAX || this.receipts >= GROUP_ACTIONS_MAX
    );
  }

  /** `isFull` is asked before, so the arrays are long enough. */
  addAccepted(chunk: number, at: number, slot: number, edge: number): void {
    const index = this.accepted++;
    this.acceptedChunk[index] = chunk;
    this.acceptedAt[index] = at;
    this.acceptedSlot[index] = slot;
    this.acceptedEdge[index] = edge;
  }

  /** Outcomes are taken whatever the group holds, so these arrays grow when they must. */
  addReceipt(ticket: number, sequence: number, slot: number): void {
    const index = this.receipts++;
    if (index === this.receiptSlot.length) this.#grow();
    this.receiptTicket[index] = ticket;
    this.receiptSequence[index] = sequence;
    this.receiptSlot[index] = slot;
  }

  #grow(): void {
    const length = this.receiptSlot.length * 2;
    const [tickets, sequences, slots] = [this.receiptTicket, this.receiptSequence, this.receiptSlot];
    this.receiptTicket = new Uint32Array(length);
    this.receiptTicket.set(tickets);
    this.receiptSequence = new Uint32Array(length);
    this.receiptSequence.set(sequences);
    this.receiptSlot = new Int32Array(length);
    this.receiptSlot.set(slots);
  }

  clear(): void {
    this.bytes = 0;
    this.events = 0;
    this.accepted = 0;
    this.finals = 0;
    this.receipts = 0;
    this.blocks.length = 0;
    if (this.afterCommit.length > 0) this.afterCommit = [];
    this.removedHighs.length = 0;
    this.removedLows.length = 0;
  }
}
