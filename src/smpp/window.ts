import { SEQUENCE_MAX } from './constants.ts';

const EMPTY = 0;

/**
 * Our requests in flight on one session, by sequence_number: three typed arrays, no object an entry. An entry sits
 * in slot `sequence & mask`; with twice as many slots as the limit a free one is near, and a sequence number whose
 * slot is still taken by an old request is skipped, so one request that is never answered costs nothing.
 */
export class Window {
  /** Most requests in flight; may be changed. Above the slots that the first limit made, it has no effect. */
  limit: number;
  size = 0;
  /** When the entry that `take` gave last was added. */
  takenSentMs = 0;
  private readonly mask: number;
  private readonly sequences: Int32Array;
  private readonly values: Float64Array;
  private readonly sentMs: Float64Array;
  private next = 1;
  /** No entry is older than this. */
  private oldestMs = Infinity;

  constructor(limit: number) {
    if (!(limit >= 1 && limit <= 1 << 24)) throw new RangeError(`window limit ${limit}`);
    const capacity = 2 ** Math.ceil(Math.log2(limit * 2));
    this.limit = limit;
    this.mask = capacity - 1;
    this.sequences = new Int32Array(capacity);
    this.values = new Float64Array(capacity);
    this.sentMs = new Float64Array(capacity);
  }

  isFull(): boolean {
    return this.size >= this.limit || this.size === this.mask;
  }

  /**
   * The sequence_number for the next request, counting up from 1 and after 0x7FFFFFFF from 1 again; it is used
   * up by this call, so control requests (enquire_link) may take theirs here and not be added.
   */
  nextSequence(): number {
    let sequence = this.next;
    // Ends: the entries are fewer than the slots.
    while (this.sequences[sequence & this.mask] !== EMPTY) sequence = after(sequence);
    this.next = after(sequence);
    return sequence;
  }

  /** False: the window is full. `sequence` must come from `nextSequence`; `value` is 0 or more. */
  add(sequence: number, value: number, nowMs: number): boolean {
    if (this.size >= this.limit || this.size === this.mask) return false;
    const slot = sequence & this.mask;
    if (this.sequences[slot] !== EMPTY) throw new Error(`sequence_number ${sequence}: its slot is taken`);
    this.sequences[slot] = sequence;
    this.values[slot] = value;
    this.sentMs[slot] = nowMs;
    this.size++;
    if (nowMs < this.oldestMs) this.oldestMs = nowMs;
    return true;
  }

  /** Takes the answered request out; -1 when no such request is in flight (unknown, late or repeated). */
  take(sequence: number): number {
    const slot = sequence & this.mask;
    if (sequence === EMPTY || this.sequences[slot] !== sequence) return -1;
    this.sequences[slot] = EMPTY;
    this.takenSentMs = this.sentMs[slot];
    if (--this.size === 0) this.oldestMs = Infinity;
    return this.values[slot];
  }

  /** The sequence_number of the one request in flight, -1 when there are none or several (generic_nack with 0). */
  single(): number {
    return this.size === 1 ? (this.sequences.find((sequence) => sequence !== EMPTY) ?? -1) : -1;
  }

  /** Takes out what waits since `timeoutMs` or longer, in the order of sending; returns how many. */
  expire(nowMs: number, timeoutMs: number, onExpired: (sequence: number, value: number) => void): number {
    const sentMsMax = nowMs - timeoutMs;
    if (this.size === 0 || this.oldestMs > sentMsMax) return 0;
    const due = this.inOrder(sentMsMax);
    let taken = 0;
    for (const sequence of due) {
      const value = this.take(sequence);
      if (value === -1) continue;
      taken++;
      onExpired(sequence, value);
    }
    this.oldestMs = this.findOldest();
    return taken;
  }

  /** Every request in flight, in the order of sending; it may be taken from inside the callback. */
  forEach(onEntry: (sequence: number, value: number) => void): void {
    for (const sequence of this.inOrder(Infinity)) {
      const slot = sequence & this.mask;
      if (this.sequences[slot] === sequence) onEntry(sequence, this.values[slot]);
    }
  }

  private inOrder(sentMsMax: number): number[] {
    const found: number[] = [];
    for (let slot = 0; slot <= this.mask; slot++) {
      if (this.sequences[slot] !== EMPTY && this.sentMs[slot] <= sentMsMax) found.push(this.sequences[slot]);
    }
    // How far behind `next`, the wrap counted in: the farthest was sent first.
    return found.sort((a, b) => this.behind(b) - this.behind(a));
  }

  private behind(sequence: number): number {
    return sequence < this.next ? this.next - sequence : this.next - sequence + SEQUENCE_MAX;
  }

  private findOldest(): number {
    let oldestMs = Infinity;
    for (let slot = 0; slot <= this.mask; slot++) {
      if (this.sequences[slot] !== EMPTY && this.sentMs[slot] < oldestMs) oldestMs = this.sentMs[slot];
    }
    return oldestMs;
  }
}

function after(sequence: number): number {
  return sequence === SEQUENCE_MAX ? 1 : sequence + 1;
}
