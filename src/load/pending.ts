const SEQUENCE_MAX = 0x7fffffff;

/** Unanswered submits of one link by sequence number: typed arrays, no object per message. */
export class Pending {
  count = 0;
  readonly limit: number;
  private readonly mask: number;
  private readonly sequences: Int32Array;
  private readonly indexes: Int32Array;
  private readonly sentMs: Float64Array;
  private lastSequence = 0;
  /** when the message taken last was sent (or should have been) */
  takenSentMs = 0;

  constructor(limit: number) {
    let capacity = 64;
    while (capacity < limit * 2) capacity *= 2;
    this.limit = limit;
    this.mask = capacity - 1;
    this.sequences = new Int32Array(capacity);
    this.indexes = new Int32Array(capacity);
    this.sentMs = new Float64Array(capacity);
  }

  room(): number {
    return this.limit - this.count;
  }

  /** Returns the sequence number to use. The caller has checked the room. */
  add(index: number, sentMs: number): number {
    let sequence = this.lastSequence;
    let slot: number;
    // A slot still held by an old unanswered submit is stepped over with its sequence number.
    do {
      sequence = sequence === SEQUENCE_MAX ? 1 : sequence + 1;
      slot = sequence & this.mask;
    } while (this.sequences[slot] !== 0);
    this.lastSequence = sequence;
    this.sequences[slot] = sequence;
    this.indexes[slot] = index;
    this.sentMs[slot] = sentMs;
    this.count++;
    return sequence;
  }

  /** Index of the message answered; -1 when nothing waits under this sequence number. */
  take(sequence: number): number {
    const slot = sequence & this.mask;
    if (sequence === 0 || this.sequences[slot] !== sequence) return -1;
    this.sequences[slot] = 0;
    this.count--;
    this.takenSentMs = this.sentMs[slot];
    return this.indexes[slot];
  }

  /** Drops what was sent before `beforeMs`; returns how many. */
  expire(beforeMs: number): number {
    if (this.count === 0) return 0;
    let dropped = 0;
    for (let slot = 0; slot <= this.mask; slot++) {
      if (this.sequences[slot] === 0 || this.sentMs[slot] >= beforeMs) continue;
      this.sequences[slot] = 0;
      dropped++;
    }
    this.count -= dropped;
    return dropped;
  }
}
