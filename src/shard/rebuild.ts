/** The second pass of recovery: events in order, applied to slots, written to the pending store in batches. */
import {
  ERR_AT,
  FLAG_DUPLICATE_RISK,
  FLAG_SCHEDULED,
  NO_BLOCK,
  SLOT_AWAITING,
  SLOT_FOLLOWER,
  SLOT_HELD,
  SLOT_PART_DONE,
  SLOT_QUEUED,
  SLOT_RECEIPT,
  SLOT_RETRY,
  SMSC_ID_AT,
  SMSC_ID_BYTES_MAX,
} from '../core/message-table.ts';
import {
  ACCEPTED,
  ATTEMPT_FAILED,
  FAILED_DUE,
  FAILED_STATUS,
  INTERMEDIATE,
  JOINED,
  JOINED_LEADER_HIGH,
  JOINED_LEADER_LOW,
  LATE,
  NO_RESPONSE,
  ORPHANED,
  PARKED,
  PARKED_ID,
  PARKED_ID_LENGTH,
  RECEIPT,
  RECEIPT_BYTES,
  RECEIPT_DONE,
  RECEIPT_ERR,
  RECEIPT_ERR_BYTES_MAX,
  RECEIPT_ERR_LENGTH,
  RECEIPT_MERGED,
  RECEIPT_NETWORK_CODE,
  RECEIPT_NETWORK_TYPE,
  RECEIPT_STATUS,
  RECORD_A,
  RECORD_B,
  RECORD_ID_HIGH,
  RECORD_ID_LOW,
  RECORD_TIME,
  RECORD_TYPE,
  RELEASED,
  REPLACED,
  SENT,
  SENT_FLAGS,
  SENT_FLAG_DUPLICATE_RISK,
  SENT_ID,
  SENT_ID_LENGTH,
} from '../core/records.ts';
import type { MessageTable } from '../core/message-table.ts';
import type { Bytes } from '../core/bytes.ts';
import { indexOf } from '../core/message-id.ts';
import { ESME_ROK, STATE_UNKNOWN } from '../smpp/constants.ts';
import {
  KIND_AWAITING,
  KIND_FOLLOWER,
  KIND_HELD,
  KIND_PART,
  KIND_RECEIPT,
  KIND_RETRY,
} from '../store/pending.ts';
import type { PendingRow } from '../store/pending.ts';
import { CHUNKS_IN_USE_MAX, keepBody, keepBodyOf, loadRow, rowOf } from './spill.ts';
import { dropBody, forget } from './events.ts';
import { fillSlot, isHeld } from './fill-slot.ts';
import { asItCame } from './held-part.ts';
import { becomeFollower, becomeReleased } from './joining.ts';
import { replayLate } from './late.ts';
import { unparkTaken } from './parked.ts';
import { isPart, markUnknown } from './parts.ts';
import { behindText, networkTypeOf, readParked, tlvsFrom } from './read-event.ts';
import { replay } from './replace.ts';
import type { ShardState } from './state.ts';
import { noteLeaving } from './unreached.ts';
import { becomeAwaiting, becomeReceipt } from './waiting.ts';

const ROWS_MAX = 1000;
const STATE_OF_KIND = new Map([
  [KIND_AWAITING, SLOT_AWAITING],
  [KIND_RECEIPT, SLOT_RECEIPT],
  [KIND_RETRY, SLOT_RETRY],
  [KIND_PART, SLOT_PART_DONE],
  [KIND_HELD, SLOT_HELD],
  [KIND_FOLLOWER, SLOT_FOLLOWER],
]);

export class Rebuilder {
  readonly #shard: ShardState;
  readonly #isOrderly: boolean;
  /** Slots of the messages that are being rebuilt, by id. */
  readonly #slots = new Map<number, number>();
  #rows: PendingRow[] = [];
  /** The SENT event before this one, where no parked receipt was found for it: its message, SMSC and SMSC's id. */
  #sent = { key: -1, smsc: 0, smscId: '' };

  /** `isOrderly`: nothing was on its way to an SMSC at the end. */
  constructor(shard: ShardState, isOrderly: boolean) {
    this.#shard = shard;
    this.#isOrderly = isOrderly;
  }

  /** `alone`: no other event of this message follows. */
  apply(bytes: Bytes, at: number, length: number, alone: boolean): void {
    const type = bytes.u8[at + RECORD_TYPE];
    if (type === ACCEPTED) this.#accepted(bytes, at, length, alone);
    else if (type === PARKED) this.#parked(bytes, at);
    else if (type === ORPHANED) this.#orphaned(bytes, at);
    else if (type === SENT || type === RECEIPT || type === ATTEMPT_FAILED) this.#change(bytes, at, type);
    else if (type === REPLACED) this.#replaced(bytes, at, length);
    else if (type === JOINED) this.#joined(bytes, at);
    else if (type === RELEASED) this.#released(bytes, at);
    else if (type === INTERMEDIATE) this.#intermediate(bytes, at);
    else if (type === LATE) this.#late(bytes, at);
  }

  /** An event of a message that needs nothing more: only the receipt that was parked for it may still be there. */
  pass(bytes: Bytes, at: number): void {
    const type = bytes.u8[at + RECORD_TYPE];
    if (type === SENT) this.#unpark(bytes, at);
    else if (type === RECEIPT) this.#unparkTaken(bytes, at);
  }

  finish(): void {
    this.#store();
    if (this.#rows.length > 0) this.#shard.store.upsert(this.#rows);
    this.#rows = [];
  }

  #accepted(bytes: Bytes, at: number, length: number, alone: boolean): void {
    const { table, scratch } = this.#shard;
    if (!alone) {
      this.#makeRoom();
      const slot = table.allocate();
      fillSlot(this.#shard, slot, bytes, at, length);
      table.state[slot] = firstState(table, slot, bytes, at, length);
      keepBodyOf(this.#shard, slot, bytes.u8);
      this.#slots.set(idKey(bytes, at), slot);
      return;
    }
    table.clear(scratch);
    fillSlot(this.#shard, scratch, bytes, at, length);
    table.state[scratch] = firstState(table, scratch, bytes, at, length);
    this.#markUncertain(scratch);
    keepBodyOf(this.#shard, scratch, bytes.u8);
    this.#rows.push(rowOf(this.#shard, scratch));
    this.#dropScratchBody();
    if (this.#rows.length < ROWS_MAX) return;
    this.#shard.store.upsert(this.#rows);
    this.#rows = [];
  }

  #replaced(bytes: Bytes, at: number, length: number): void {
    const slot = this.#slotOf(bytes, at);
    if (slot === undefined) return;
    const { table } = this.#shard;
    // A row may be ahead of the ledger's end.
    if (table.state[slot] !== SLOT_QUEUED && table.state[slot] !== SLOT_RETRY) return;
    replay(this.#shard, slot, bytes, at, length);
    keepBodyOf(this.#shard, slot, bytes.u8);
  }

  #joined(bytes: Bytes, at: number): void {
    const slot = this.#slotOf(bytes, at);
    if (slot === undefined) return;
    const { state } = this.#shard.table;
    // One that was queued before it had to be cut waited as a row, which the ledger does not tell.
    if (state[slot] !== SLOT_HELD && state[slot] !== SLOT_QUEUED && state[slot] !== SLOT_RETRY) return;
    const high = bytes.u32[(at + JOINED_LEADER_HIGH) >> 2];
    const low = bytes.u32[(at + JOINED_LEADER_LOW) >> 2];
    dropBody(this.#shard, slot);
    const told = bytes.u8[at + RECORD_A];
    becomeFollower(this.#shard, slot, high, low, told, bytes.u16[(at + RECORD_B) >> 1]);
  }

  #released(bytes: Bytes, at: number): void {
    const slot = this.#slotOf(bytes, at);
    const { table, chunks } = this.#shard;
    if (slot === undefined || table.state[slot] !== SLOT_HELD) return;
    becomeReleased(this.#shard, slot);
    const from = table.bodyAt[slot];
    const came = chunks.bytesOf(table.bodyBlock[slot]).u8.subarray(from, from + table.bodyLength[slot]);
    const body = asItCame(this.#shard, slot, Buffer.from(came));
    // As other settings will not have it any more: the SMSC is to say what it thinks of it.
    if (typeof body === 'number') return;
    dropBody(this.#shard, slot);
    keepBody(this.#shard, slot, body, 0, body.length);
  }

  #dropScratchBody(): void {
    const { table, scratch, chunks } = this.#shard;
    chunks.drop(table.bodyBlock[scratch]);
    table.bodyBlock[scratch] = NO_BLOCK;
    table.flags[scratch] = 0;
  }

  #change(bytes: Bytes, at: number, type: number): void {
    const slot = this.#slotOf(bytes, at);
    if (slot === undefined) {
      this.pass(bytes, at);
      return;
    }
    const { table } = this.#shard;
    const { u8, u32, f64 } = bytes;
    if (type === SENT) {
      table.attempts[slot] = u8[at + RECORD_A];
      table.flags[slot] &= ~FLAG_DUPLICATE_RISK;
      if ((u8[at + SENT_FLAGS] & SENT_FLAG_DUPLICATE_RISK) !== 0) table.flags[slot] |= FLAG_DUPLICATE_RISK;
      const idLength = u8[at + SENT_ID_LENGTH];
      table.smscIdLength[slot] = table.keepBytes(
        slot,
        SMSC_ID_AT,
        u8,
        at + SENT_ID,
        idLength,
        SMSC_ID_BYTES_MAX,
      );
      becomeAwaiting(this.#shard, slot, f64[(at + RECORD_TIME) >> 3]);
      this.#unpark(bytes, at);
    } else if (type === RECEIPT) {
      this.#unparkTaken(bytes, at);
      this.#keepEnd(slot, bytes, at, RECEIPT_BYTES);
      table.status[slot] = u32[(at + RECEIPT_STATUS) >> 2];
      table.merged[slot] = u8[at + RECEIPT_MERGED];
      // The end of a part is told with its message, by a receipt that says so.
      if (table.merged[slot] === 0 && isPart(this.#shard, slot)) table.state[slot] = SLOT_PART_DONE;
      else becomeReceipt(this.#shard, slot, f64[(at + RECORD_TIME) >> 3]);
    } else if (table.state[slot] === SLOT_QUEUED || table.state[slot] === SLOT_RETRY) {
      // A row may be ahead of the ledger's end: one that was sent already has no body to be sent again.
      table.attempts[slot] = u8[at + RECORD_A];
      table.dueMs[slot] = f64[(at + FAILED_DUE) >> 3];
      if (u32[(at + FAILED_STATUS) >> 2] === NO_RESPONSE) table.flags[slot] |= FLAG_DUPLICATE_RISK;
      table.state[slot] = SLOT_RETRY;
    }
  }

  /** What RECEIPT and INTERMEDIATE events have alike; behind `tlvsAt` there are only vendor TLVs. */
  #keepEnd(slot: number, bytes: Bytes, at: number, tlvsAt: number): void {
    const { table } = this.#shard;
    const { u8, u16, f64 } = bytes;
    table.finalState[slot] = u8[at + RECORD_A];
    table.doneMs[slot] = f64[(at + RECEIPT_DONE) >> 3];
    const length = u8[at + RECEIPT_ERR_LENGTH];
    table.errLength[slot] = table.keepBytes(
      slot,
      ERR_AT,
      u8,
      at + RECEIPT_ERR,
      length,
      RECEIPT_ERR_BYTES_MAX,
    );
    table.networkErrorType[slot] = networkTypeOf(u8[at + RECEIPT_NETWORK_TYPE]);
    table.networkErrorCode[slot] = u16[(at + RECEIPT_NETWORK_CODE) >> 1];
    table.keepReceiptTlvs(slot, tlvsFrom(bytes, at, tlvsAt));
  }

  /** Of those that end nothing only that the state is unknown counts, should nothing follow. */
  #intermediate(bytes: Bytes, at: number): void {
    if (bytes.u8[at + RECORD_A] !== STATE_UNKNOWN) return;
    const slot = this.#slotOf(bytes, at);
    if (slot === undefined || this.#shard.table.state[slot] !== SLOT_AWAITING) return;
    this.#keepEnd(slot, bytes, at, behindText(bytes, at));
    markUnknown(this.#shard.table, slot);
  }

  #late(bytes: Bytes, at: number): void {
    if (bytes.u32[(at + FAILED_STATUS) >> 2] !== ESME_ROK) return;
    const slot = this.#slotOf(bytes, at);
    if (slot !== undefined) replayLate(this.#shard, slot, bytes, at);
  }

  /** The slot of a message that is being rebuilt, or that the store knows; undefined: it is final. */
  #slotOf(bytes: Bytes, at: number): number | undefined {
    const key = idKey(bytes, at);
    const slot = this.#slots.get(key);
    if (slot !== undefined) return slot;
    // A row that was packed for the next batch is in nobody's sight yet.
    if (this.#rows.length > 0) {
      this.#shard.store.upsert(this.#rows);
      this.#rows = [];
    }
    const row = this.#shard.store.get(
      bytes.u32[(at + RECORD_ID_HIGH) >> 2],
      bytes.u32[(at + RECORD_ID_LOW) >> 2],
    );
    if (row === undefined) return undefined;
    this.#makeRoom();
    const loaded = loadRow(this.#shard, row, STATE_OF_KIND.get(row.kind) ?? SLOT_QUEUED);
    this.#slots.set(key, loaded);
    return loaded;
  }

  #makeRoom(): void {
    const { table, chunks } = this.#shard;
    if (table.freeSlots() < 16 || chunks.inUse > CHUNKS_IN_USE_MAX / 2) this.#store();
  }

  #store(): void {
    const slots = [...this.#slots.values()];
    this.#slots.clear();
    for (let from = 0; from < slots.length; from += ROWS_MAX) {
      const batch = slots.slice(from, from + ROWS_MAX);
      for (const slot of batch) this.#markUncertain(slot);
      this.#shard.store.upsert(batch.map((slot) => rowOf(this.#shard, slot)));
      for (const slot of batch) {
        noteLeaving(this.#shard, slot);
        forget(this.#shard, slot);
      }
    }
  }

  /** It may have been on its way to the SMSC when the daemon died: what is sent now may be a duplicate. */
  #markUncertain(slot: number): void {
    if (this.#isOrderly) return;
    const { table, nowMs } = this.#shard;
    const isDue = table.state[slot] === SLOT_RETRY && table.dueMs[slot] <= nowMs;
    if (isDue || table.state[slot] === SLOT_QUEUED) table.flags[slot] |= FLAG_DUPLICATE_RISK;
  }

  #unpark(bytes: Bytes, at: number): void {
    const { parking } = this.#shard;
    this.#sent.key = -1;
    if (parking.size === 0) return;
    const idAt = at + SENT_ID;
    const smscId = bytes.u8.toString('latin1', idAt, idAt + bytes.u8[at + SENT_ID_LENGTH]);
    const smsc = bytes.u16[(at + RECORD_B) >> 1];
    if (parking.take(smsc, smscId) === undefined) this.#sent = { key: idKey(bytes, at), smsc, smscId };
  }

  /** The RECEIPT that follows the SENT of its message at once was parked before. */
  #unparkTaken(bytes: Bytes, at: number): void {
    const { key, smsc, smscId } = this.#sent;
    this.#sent.key = -1;
    if (key !== idKey(bytes, at) || smsc !== bytes.u16[(at + RECORD_B) >> 1]) return;
    const doneMs = bytes.f64[(at + RECEIPT_DONE) >> 3];
    unparkTaken(this.#shard, smsc, smscId, bytes.u8[at + RECORD_A], doneMs);
  }

  #orphaned(bytes: Bytes, at: number): void {
    const idAt = at + PARKED_ID;
    const smscId = bytes.u8.toString('latin1', idAt, idAt + bytes.u8[at + PARKED_ID_LENGTH]);
    this.#shard.parking.take(bytes.u16[(at + RECORD_B) >> 1], smscId);
  }

  #parked(bytes: Bytes, at: number): void {
    this.#shard.parking.add(readParked(bytes, at));
  }
}

/** What a message waits for when nothing but its acceptance is known. */
function firstState(table: MessageTable, slot: number, bytes: Bytes, at: number, length: number): number {
  if (isHeld(bytes, at, length)) return SLOT_HELD;
  return (table.flags[slot] & FLAG_SCHEDULED) === 0 ? SLOT_QUEUED : SLOT_RETRY;
}

function idKey(bytes: Bytes, at: number): number {
  // 53 bits hold an index of 26 and 27 of the segment's number: four years of seconds, far beyond any validity.
  const segment = bytes.u32[(at + RECORD_ID_HIGH) >> 2] % 2 ** 27;
  return segment * 2 ** 26 + indexOf(bytes.u32[(at + RECORD_ID_LOW) >> 2]);
}
