import { PduQueue, Wheel } from './wheel.ts';

/** What a mailbox needs of a link that can take receipts. */
export interface ReceiptTarget {
  hasRoom(): boolean;
  /** Gives the deliver_sm a sequence number of the link and sends it. */
  sendReceipt(bytes: Buffer, start: number, end: number): void;
}

/**
 * Receipts of one account (system_id): due later, or waiting for a receiving link with room in its window.
 */
export class Mailbox {
  readonly wheel = new Wheel();
  private readonly waiting = new PduQueue();
  private readonly links: ReceiptTarget[] = [];
  private turn = 0;

  join(link: ReceiptTarget): void {
    this.links.push(link);
    this.drain();
  }

  leave(link: ReceiptTarget): void {
    const index = this.links.indexOf(link);
    if (index >= 0) this.links.splice(index, 1);
  }

  deliver(bytes: Buffer, start: number, end: number): void {
    const link = this.waiting.isEmpty() ? this.pick() : undefined;
    if (link === undefined) this.waiting.push(bytes, start, end);
    else link.sendReceipt(bytes, start, end);
  }

  onDue(slot: PduQueue): void {
    while (!slot.isEmpty()) {
      const start = slot.head;
      const end = start + slot.bytes.readUInt32BE(start);
      this.deliver(slot.bytes, start, end);
      slot.shift();
    }
  }

  /** Sends what waits for as long as a link has room. */
  drain(): void {
    while (!this.waiting.isEmpty()) {
      const link = this.pick();
      if (link === undefined) return;
      const start = this.waiting.head;
      link.sendReceipt(this.waiting.bytes, start, start + this.waiting.bytes.readUInt32BE(start));
      this.waiting.shift();
    }
  }

  private pick(): ReceiptTarget | undefined {
    for (let tried = 0; tried < this.links.length; tried++) {
      const link = this.links[this.turn++ % this.links.length];
      if (link.hasRoom()) return link;
    }
    return undefined;
  }
}
