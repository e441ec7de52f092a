import { IdSource } from './ids.ts';
import { Mailbox } from './mailbox.ts';
import type { SimulatorOptions } from './options.ts';
import { Random } from './random.ts';
import { ReceiptWriter } from './receipt.ts';
import type { Recorder } from './recorder.ts';
import type { PduQueue, Wheel } from './wheel.ts';

/** Counted since the start. refused includes throttled; unanswered = dropped on purpose. */
export interface SimulatorCounts {
  binds: number;
  disconnects: number;
  submits: number;
  refused: number;
  throttled: number;
  unanswered: number;
  receiptsSent: number;
  receiptsLost: number;
  receiptsAcked: number;
}

/** What the simulator's clock needs of a link. */
export interface TickedLink {
  readonly answers: Wheel;
  readonly output: { flush(): void };
  onDue(slot: PduQueue): void;
}

/** What the links of one simulator have in common. */
export class Shared {
  readonly options: SimulatorOptions;
  readonly counts: SimulatorCounts = {
    binds: 0,
    disconnects: 0,
    submits: 0,
    refused: 0,
    throttled: 0,
    unanswered: 0,
    receiptsSent: 0,
    receiptsLost: 0,
    receiptsAcked: 0,
  };
  readonly links = new Set<TickedLink>();
  readonly ids: IdSource;
  readonly random: Random;
  readonly receipts: ReceiptWriter;
  readonly recorder: Recorder | undefined;
  /** no fault, delay or bound is asked for: answer and receipt are written straight behind one another */
  readonly plain: boolean;
  readonly redeliver: boolean;
  readonly sendsReceipts: boolean;
  /** monotonic clock, read once per chunk and tick */
  nowMs = 0;
  /** when the next answer may leave under `tps` */
  answerFreeMs = 0;
  otherLinksTouched = false;
  private readonly mailboxes = new Map<string, Mailbox>();
  private ticking: NodeJS.Timeout | undefined;

  constructor(options: SimulatorOptions, recorder: Recorder | undefined) {
    this.options = options;
    this.recorder = recorder;
    // second of the day x 100,000: another start finds other ids below 100,000 messages a second on average
    const clockStart = (Math.floor(Date.now() / 1000) % 86_400) * 100_000 + 1;
    this.ids = new IdSource(options.idFormat, options.idStart < 0 ? clockStart : options.idStart);
    this.random = new Random(options.seed);
    this.receipts = new ReceiptWriter(options.receiptState, options.receiptTlvs);
    this.sendsReceipts = options.receipts === 'final';
    this.redeliver = options.redeliver || options.disconnectEvery > 0;
    const faults = options.errorRate + options.throttleRate + options.receiptLoss + options.dropRespRate;
    const delays = options.latencyMs.max + options.receiptDelayMs.max;
    const bounds = options.window + options.tps + options.disconnectEvery;
    this.plain =
      faults + delays + bounds === 0 && !this.redeliver && !options.receiptFirst && !options.outOfOrder;
  }

  readClock(): void {
    this.nowMs = performance.now();
    this.receipts.setTime(Date.now());
  }

  mailbox(systemId: string): Mailbox {
    let mailbox = this.mailboxes.get(systemId);
    if (mailbox === undefined) {
      mailbox = new Mailbox();
      this.mailboxes.set(systemId, mailbox);
    }
    return mailbox;
  }

  flushLinks(): void {
    this.otherLinksTouched = false;
    for (const link of this.links) link.output.flush();
  }

  /** Something is due later: tick each millisecond until nothing is. */
  startTicking(): void {
    this.ticking ??= setInterval(() => this.tick(), 1);
  }

  stopTicking(): void {
    clearInterval(this.ticking);
    this.ticking = undefined;
  }

  private tick(): void {
    this.readClock();
    if (this.options.receiptFirst) this.flushMailboxes();
    for (const link of this.links) link.answers.flush(this.nowMs, link);
    if (!this.options.receiptFirst) this.flushMailboxes();
    this.flushLinks();
    for (const link of this.links) if (!link.answers.isEmpty()) return;
    for (const mailbox of this.mailboxes.values()) if (!mailbox.wheel.isEmpty()) return;
    this.stopTicking();
  }

  private flushMailboxes(): void {
    for (const mailbox of this.mailboxes.values()) mailbox.wheel.flush(this.nowMs, mailbox);
  }
}
