/**
 * The messages that a shard holds in memory: a fixed number of slots, each a row over typed arrays, so that a
 * message costs no object and the collector sees nothing of it. What does not fit waits in the pending store.
 *
 * The variable parts of a slot stand in one stretch of TEXT_BYTES:
 *   0 source: ton npi addr NUL (23)   23 dest: the same (23)   46 text (20)   66 err (7)   73 SMSC's id (64)
 */
import type { Bytes } from './bytes.ts';

export const SLOT_FREE = 0;
/** Accepted, its commit not finished: not answered yet. */
export const SLOT_JOURNAL = 1;
export const SLOT_QUEUED = 2;
export const SLOT_IN_FLIGHT = 3;
/** The SMSC took it; its receipt is awaited. */
export const SLOT_AWAITING = 4;
export const SLOT_RETRY = 5;
/** Its receipt is in the ledger and waits for the ESME. */
export const SLOT_RECEIPT = 6;
/** Its receipt is with an edge. */
export const SLOT_DELIVERING = 7;
/** Its receipt was put off by the ESME and is due later. */
export const SLOT_RECEIPT_LATER = 8;

/** A part that has ended; the others of its message have not. */
export const SLOT_PART_DONE = 9;
/** Waits in the store for the other parts of its message, to be joined with them. */
export const SLOT_HELD = 10;
/** Waits in the store for the end of the message that it was joined into. */
export const SLOT_FOLLOWER = 11;

export const TEXT_BYTES = 144;
export const SOURCE_AT = 0;
export const DEST_AT = 23;
export const TEXT_AT = 46;
export const ERR_AT = 66;
export const SMSC_ID_AT = 73;
export const ADDRESS_BYTES_MAX = 23;
export const TEXT_LENGTH_MAX = 20;
export const SMSC_ID_BYTES_MAX = 64;

/** Smallest stretch of the table that is gone round. */
const HORIZON_MIN = 4096;

export const NO_SLOT = -1;
export const NO_BLOCK = -1;

/** Bits of `flags`. */
export const FLAG_DUPLICATE_RISK = 1;
/** The pending store has a row of this message. */
export const FLAG_STORED = 2;
/** It stands in the index by (SMSC, its id). */
export const FLAG_INDEXED = 4;
/** One of several parts: `part` and `parts` count. The parts of a message have neighbouring ids. */
export const FLAG_PART = 8;
/** The client was told another id: `toldHigh` and `toldLow` count. */
export const FLAG_TOLD = 16;
/** Sent as data_sm. */
export const FLAG_DATA_SM = 32;
/** Made by joining parts: no client knows its id, and its followers are told what became of it. */
export const FLAG_INTERNAL = 64;
/** Waits for its schedule_delivery_time. */
export const FLAG_SCHEDULED = 128;
/** What of `flags` a row of the store keeps. */
export const FLAGS_KEPT =
  FLAG_DUPLICATE_RISK | FLAG_PART | FLAG_TOLD | FLAG_DATA_SM | FLAG_INTERNAL | FLAG_SCHEDULED;
/** `networkErrorType` of a slot whose SMSC told none; a code of this very type is with the TLVs of its receipt. */
export const NO_NETWORK_ERROR = 255;
/** `userReference` of a message without one. */
export const NO_REFERENCE = -1;

/**
 * A message whose client was told the short id of 3.3 has this in place of its reference, so that it takes no column
 * of its own: something below NO_REFERENCE. Applied again it gives the reference.
 */
export function shortIdReference(reference: number): number {
  return -3 - reference;
}

export class MessageTable {
  readonly capacity: number;
  readonly state: Uint8Array;
  readonly flags: Uint8Array;
  readonly attempts: Uint8Array;
  readonly priority: Uint8Array;
  readonly registeredDelivery: Uint8Array;
  readonly finalState: Uint8Array;
  readonly idLow: Uint32Array;
  readonly idHigh: Uint32Array;
  readonly account: Uint16Array;
  readonly smsc: Uint16Array;
  /** command_status that ended it (0: none). */
  readonly status: Uint32Array;
  readonly acceptedMs: Float64Array;
  readonly expiresMs: Float64Array;
  /** When a retry is due; for a receipt: the SMSC's done date. */
  readonly dueMs: Float64Array;
  readonly doneMs: Float64Array;
  /** Where the submit_sm body is: block number (see cdr/blocks) or NO_BLOCK, offset, length. */
  readonly bodyBlock: Int32Array;
  readonly bodyAt: Uint32Array;
  readonly bodyLength: Uint32Array;
  /** Link of the queue or free list that the slot is in. */
  readonly next: Int32Array;
  /** First segment with events of this message that the pending store does not know of; 0: none. */
  readonly dirtySegment: Uint32Array;
  readonly hash: Uint32Array;
  readonly hashNext: Int32Array;
  readonly sourceLength: Uint8Array;
  readonly destLength: Uint8Array;
  readonly textLength: Uint8Array;
  readonly errLength: Uint8Array;
  /** network_error_code of its receipt; type NO_NETWORK_ERROR: there was none. */
  readonly networkErrorType: Uint8Array;
  readonly networkErrorCode: Uint16Array;
  /**
   * user_message_reference of the submit, which its receipt repeats; NO_REFERENCE: it had none. Below that: see
   * `shortIdReference`.
   */
  readonly userReference: Int32Array;
  /** Which of how many parts (FLAG_PART). */
  readonly part: Uint8Array;
  readonly parts: Uint8Array;
  /** Its receipt speaks for all its parts: how many were delivered, plus 1; 0: it speaks for itself alone. */
  readonly merged: Uint8Array;
  /** The id that the client was told (FLAG_TOLD); without that flag see held-part.ts and fill-slot.ts. */
  readonly toldLow: Uint32Array;
  readonly toldHigh: Uint32Array;
  readonly smscIdLength: Uint8Array;
  readonly text: Buffer;
  /** By slot, and no column: hardly any message has them, and one that has none is to cost nothing. */
  readonly #receiptTlvs = new Map<number, Buffer>();
  /** Slots whose receipt was answered oddly; likewise. */
  readonly #answeredOddly = new Set<number>();
  /** Sizes of both, so that a message without either pays one comparison. */
  #beside = 0;
  used = 0;
  /**
   * Slots are given out in ascending order, round and round below a horizon of twice what is in use: neighbours in
   * time are neighbours in memory. With a free list the order was random after some million messages, every column of
   * a slot was a cache miss of its own, and a message cost a third more (0.23 to 0.31 s CPU per 100,000).
   */
  #horizon: number;
  #hand = 0;

  constructor(capacity: number) {
    this.capacity = capacity;
    this.state = new Uint8Array(capacity);
    this.flags = new Uint8Array(capacity);
    this.attempts = new Uint8Array(capacity);
    this.priority = new Uint8Array(capacity);
    this.registeredDelivery = new Uint8Array(capacity);
    this.finalState = new Uint8Array(capacity);
    this.idLow = new Uint32Array(capacity);
    this.idHigh = new Uint32Array(capacity);
    this.account = new Uint16Array(capacity);
    this.smsc = new Uint16Array(capacity);
    this.status = new Uint32Array(capacity);
    this.acceptedMs = new Float64Array(capacity);
    this.expiresMs = new Float64Array(capacity);
    this.dueMs = new Float64Array(capacity);
    this.doneMs = new Float64Array(capacity);
    this.bodyBlock = new Int32Array(capacity);
    this.bodyAt = new Uint32Array(capacity);
    this.bodyLength = new Uint32Array(capacity);
    this.next = new Int32Array(capacity);
    this.dirtySegment = new Uint32Array(capacity);
    this.hash = new Uint32Array(capacity);
    this.hashNext = new Int32Array(capacity);
    this.sourceLength = new Uint8Array(capacity);
    this.destLength = new Uint8Array(capacity);
    this.textLength = new Uint8Array(capacity);
    this.errLength = new Uint8Array(capacity);
    this.networkErrorType = new Uint8Array(capacity);
    this.networkErrorCode = new Uint16Array(capacity);
    this.userReference = new Int32Array(capacity);
    this.part = new Uint8Array(capacity);
    this.parts = new Uint8Array(capacity);
    this.merged = new Uint8Array(capacity);
    this.toldLow = new Uint32Array(capacity);
    this.toldHigh = new Uint32Array(capacity);
    this.smscIdLength = new Uint8Array(capacity);
    this.text = Buffer.alloc(capacity * TEXT_BYTES);
    this.#horizon = Math.min(capacity, HORIZON_MIN);
  }

  /** A slot for a new message, or NO_SLOT when memory is full. The caller sets every field it will read. */
  allocate(): number {
    if (this.used === this.capacity) return NO_SLOT;
    if (this.used * 2 >= this.#horizon && this.#horizon < this.capacity) {
      this.#horizon = Math.min(this.capacity, this.#horizon * 2);
    }
    const { state } = this;
    while (state[this.#hand] !== SLOT_FREE) this.#hand = this.#hand + 1 < this.#horizon ? this.#hand + 1 : 0;
    const slot = this.#hand;
    this.#hand = slot + 1 < this.#horizon ? slot + 1 : 0;
    // Taken from here on, also before the caller says what it is.
    state[slot] = SLOT_JOURNAL;
    this.used++;
    this.#begin(slot);
    return slot;
  }

  /** Everything that a message gets in its course, as at the beginning; for a slot that was not just allocated. */
  clear(slot: number): void {
    this.#begin(slot);
    this.#forgetBeside(slot);
  }

  /** What `release` has seen to is left out. */
  #begin(slot: number): void {
    this.flags[slot] = 0;
    this.attempts[slot] = 0;
    this.finalState[slot] = 0;
    this.status[slot] = 0;
    this.dueMs[slot] = 0;
    this.doneMs[slot] = 0;
    this.bodyBlock[slot] = NO_BLOCK;
    this.next[slot] = NO_SLOT;
    this.errLength[slot] = 0;
    this.networkErrorType[slot] = NO_NETWORK_ERROR;
    this.userReference[slot] = NO_REFERENCE;
    this.merged[slot] = 0;
    this.smscIdLength[slot] = 0;
  }

  /** Vendor TLVs of the slot's receipt, as in a PDU; undefined: it has none, as nearly all have none. */
  receiptTlvs(slot: number): Buffer | undefined {
    return this.#beside === 0 ? undefined : this.#receiptTlvs.get(slot);
  }

  /** Keeps them with the slot; the caller leaves their octets alone. */
  keepReceiptTlvs(slot: number, tlvs: Buffer | undefined): void {
    if (tlvs === undefined && this.#beside === 0) return;
    if (tlvs === undefined) this.#receiptTlvs.delete(slot);
    else this.#receiptTlvs.set(slot, tlvs);
    this.#beside = this.#receiptTlvs.size + this.#answeredOddly.size;
  }

  /** Its ESME answered the receipt with a status that does not say what to do. False: it has done so before. */
  noteOddAnswer(slot: number): boolean {
    if (this.#answeredOddly.has(slot)) return false;
    this.#answeredOddly.add(slot);
    this.#beside++;
    return true;
  }

  #forgetBeside(slot: number): void {
    this.#receiptTlvs.delete(slot);
    this.#answeredOddly.delete(slot);
    this.#beside = this.#receiptTlvs.size + this.#answeredOddly.size;
  }

  /** Gives the slot back; it must be in no queue, window or index any more. */
  release(slot: number): void {
    if (this.state[slot] === SLOT_FREE) throw new Error(`slot ${slot} released twice`);
    this.state[slot] = SLOT_FREE;
    this.dirtySegment[slot] = 0;
    if (this.#beside > 0) this.#forgetBeside(slot);
    this.used--;
    if (this.used < this.#horizon >> 3 && this.#horizon > HORIZON_MIN) this.#horizon = this.#horizon >> 1;
  }

  freeSlots(): number {
    return this.capacity - this.used;
  }

  /** Is this slot still the message with this id? Guards what comes back from another thread. */
  holds(slot: number, idHigh: number, idLow: number): boolean {
    return (
      slot < this.capacity &&
      this.state[slot] !== SLOT_FREE &&
      this.idLow[slot] === idLow &&
      this.idHigh[slot] === idHigh
    );
  }

  /** Copies an address (ton npi digits NUL) out of a submit_sm body; returns its length, NUL included. */
  keepAddress(slot: number, place: number, from: Bytes, at: number): number {
    const bytes = from.u8;
    const text = this.text;
    const base = slot * TEXT_BYTES + place;
    text[base] = bytes[at];
    text[base + 1] = bytes[at + 1];
    let length = 2;
    for (;;) {
      const byte = bytes[at + length];
      text[base + length] = byte;
      length++;
      if (byte === 0 || length === ADDRESS_BYTES_MAX) return length;
    }
  }

  /** Copies up to `lengthMax` bytes to `place` of the slot's text; returns how many. */
  keepBytes(
    slot: number,
    place: number,
    from: Uint8Array,
    at: number,
    length: number,
    lengthMax: number,
  ): number {
    const count = length < lengthMax ? length : lengthMax;
    const base = slot * TEXT_BYTES + place;
    for (let index = 0; index < count; index++) this.text[base + index] = from[at + index];
    return count;
  }
}
