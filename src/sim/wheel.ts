import { readU32 } from '../smpp/cursor.ts';

/** Whole PDUs behind one another; the length of each is its first four octets. */
export class PduQueue {
  bytes: Buffer = Buffer.allocUnsafe(4096);
  head = 0;
  tail = 0;

  push(from: Uint8Array, start: number, end: number): void {
    const count = end - start;
    if (this.tail + count > this.bytes.length) this.makeRoom(count);
    this.bytes.set(from.subarray(start, end), this.tail);
    this.tail += count;
  }

  isEmpty(): boolean {
    return this.head === this.tail;
  }

  /** Takes the first PDU off: its bytes are [head before, head after), valid until the next push. */
  shift(): void {
    this.head += readU32(this.bytes, this.head);
    if (this.head === this.tail) this.head = this.tail = 0;
  }

  clear(): void {
    this.head = this.tail = 0;
  }

  private makeRoom(count: number): void {
    const held = this.tail - this.head;
    const roomy = held + count <= this.bytes.length / 2;
    const target = roomy ? this.bytes : Buffer.allocUnsafe(Math.max(this.bytes.length * 2, held + count));
    this.bytes.copy(target, 0, this.head, this.tail);
    this.bytes = target;
    this.head = 0;
    this.tail = held;
  }
}

/** PDUs by the millisecond they are due in: one timer for all of them, none for one. */
export class Wheel {
  private readonly slots = new Map<number, PduQueue>();
  private readonly free: PduQueue[] = [];
  private flushedMs = 0;

  add(nowMs: number, dueMs: number, from: Uint8Array, start: number, end: number): void {
    if (this.slots.size === 0) this.flushedMs = Math.floor(nowMs);
    const slotMs = Math.max(Math.ceil(dueMs), this.flushedMs + 1);
    let slot = this.slots.get(slotMs);
    if (slot === undefined) {
      slot = this.free.pop() ?? new PduQueue();
      this.slots.set(slotMs, slot);
    }
    slot.push(from, start, end);
  }

  isEmpty(): boolean {
    return this.slots.size === 0;
  }

  clear(): void {
    this.slots.clear();
  }

  /** Hands out every slot due at or before nowMs, oldest first. */
  flush(nowMs: number, sink: { onDue(slot: PduQueue): void }): void {
    const lastMs = Math.floor(nowMs);
    for (let slotMs = this.flushedMs + 1; slotMs <= lastMs && this.slots.size > 0; slotMs++) {
      const slot = this.slots.get(slotMs);
      this.flushedMs = slotMs;
      if (slot === undefined) continue;
      this.slots.delete(slotMs);
      sink.onDue(slot);
      slot.clear();
      if (this.free.length < 64) this.free.push(slot);
    }
    if (lastMs > this.flushedMs) this.flushedMs = lastMs;
  }
}
