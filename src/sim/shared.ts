import { IdSource } from './ids.ts';
import { Mailbox } from './mailbox.ts';
import type { SimulatorOptions } from './options.ts';
import { Random } from './random.ts';
import { DialectWriter, dateText } from './dialect.ts';
import { Messages, scanned } from './messages.ts';
import type { SimMessage } from './messages.ts';
import { RECEIPT_STATES, isUsualStyle, receiptStyle } from './options.ts';
import { RECEIPT_BYTES_MAX, ReceiptTemplate } from './receipt.ts';
import type { ReceiptWriter } from './receipt.ts';
import { ESME_RTHROTTLED, ESM_INTERMEDIATE } from '../smpp/constants.ts';
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
  replaced: number;
  receiptsSent: number;
  receiptsLost: number;
  receiptsAcked: number;
}

/** What the simulator's clock needs of a link. */
export interface TickedLink {
  readonly answers: Wheel;
  readonly output: { flush(): void };
  readonly takesAlerts: boolean;
  notify(pdu: Buffer): void;
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
    replaced: 0,
    receiptsSent: 0,
    receiptsLost: 0,
    receiptsAcked: 0,
  };
  readonly links = new Set<TickedLink>();
  readonly ids: IdSource;
  readonly random: Random;
  readonly receipts: ReceiptWriter;
  /** Intermediate ones: ENROUTE. */
  readonly onTheWay: ReceiptWriter;
  readonly messages: Messages;
  /** Messages end when their receipt is due, and can be asked for and cancelled until then. */
  readonly keepsMessages: boolean;
  /** Areas by message_id. */
  readonly broadcasts = new Map<string, Buffer[]>();
  readonly recorder: Recorder | undefined;
  /** no fault, delay or bound is asked for: answer and receipt are written straight behind one another */
  readonly plain: boolean;
  readonly redeliver: boolean;
  readonly sendsReceipts: boolean;
  /** monotonic clock, read once per chunk and tick */
  nowMs = 0;
  /** wall clock, likewise */
  epochMs = 0;
  /** when the next answer may leave under `tps` */
  answerFreeMs = 0;
  otherLinksTouched = false;
  private readonly scratch = Buffer.allocUnsafe(RECEIPT_BYTES_MAX);
  private readonly mailboxes = new Map<string, Mailbox>();
  private ticking: NodeJS.Timeout | undefined;

  constructor(options: SimulatorOptions, recorder: Recorder | undefined) {
    this.options = options;
    this.recorder = recorder;
    // second of the day x 100,000: another start finds other ids below 100,000 messages a second on average
    const clockStart = (Math.floor(Date.now() / 1000) % 86_400) * 100_000 + 1;
    this.ids = new IdSource(options.idFormat, options.idStart < 0 ? clockStart : options.idStart);
    this.random = new Random(options.seed);
    this.receipts = this.writerOf(options.receiptState);
    const intermediate = { ...receiptStyle(options), esmClass: ESM_INTERMEDIATE, stat: '' };
    this.onTheWay = new DialectWriter('ENROUTE', intermediate);
    this.messages = new Messages((message) => this.onEnd(message));
    this.keepsMessages = options.receiptDelayMs.max > 0 && !options.receiptFirst;
    this.sendsReceipts = options.receipts !== 'none';
    this.redeliver = options.redeliver || options.disconnectEvery > 0;
    const faults = options.errorRate + options.throttleRate + options.receiptLoss + options.dropRespRate;
    const delays = options.latencyMs.max + options.receiptDelayMs.max;
    const bounds = options.window + options.tps + options.disconnectEvery;
    const usual = !options.receiptFirst && !options.outOfOrder && options.receipts !== 'intermediate';
    this.plain = faults + delays + bounds === 0 && !this.redeliver && usual;
  }

  readClock(): void {
    this.nowMs = performance.now();
    this.epochMs = Date.now();
    this.receipts.setTime(this.epochMs);
    this.onTheWay.setTime(this.epochMs);
  }

  private writerOf(state: string): ReceiptWriter {
    const style = receiptStyle(this.options);
    // A cancelled one is told of as such.
    if (state !== this.options.receiptState) style.stat = '';
    if (isUsualStyle(style)) return new ReceiptTemplate(state, style.tlvs === 'all');
    return new DialectWriter(state, style);
  }

  /** By chance: the command_status of the next message, 0 when it is taken. */
  drawStatus(): number {
    const { options, random, counts } = this;
    if (random.hits(options.throttleRate)) {
      counts.refused++;
      counts.throttled++;
      return ESME_RTHROTTLED;
    }
    if (!random.hits(options.errorRate)) return 0;
    counts.refused++;
    return options.errorStatus;
  }

  /** Whether a receipt is asked for, and whether, by chance, it is lost. */
  drawLoss(registeredDelivery: number): { wanted: boolean; isLost: boolean } {
    const wanted = (registeredDelivery & 3) !== 0 && this.sendsReceipts;
    const isLost = wanted && this.random.hits(this.options.receiptLoss);
    if (isLost) this.counts.receiptsLost++;
    return { wanted, isLost };
  }

  /** A kept message has ended: its receipt, if one is asked for. */
  private onEnd(message: SimMessage): void {
    if (message.isLost || (message.registeredDelivery & 3) === 0 || !this.sendsReceipts) return;
    const { pdu, receiptId } = message;
    const scan = scanned(pdu, message.isData);
    const writer = message.state === this.options.receiptState ? this.receipts : this.writerOf(message.state);
    writer.setTime(this.epochMs);
    const length = writer.write(this.scratch, 0, pdu, scan, receiptId, receiptId.length, 0);
    this.mailbox(message.systemId).deliver(this.scratch, 0, length);
  }

  /** message_state of a kept message. */
  stateOf(message: SimMessage): number {
    return RECEIPT_STATES.indexOf(message.state);
  }

  /** As an SMPP absolute time in UTC. */
  dateOf(ms: number): string {
    return dateText(ms, 16);
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
    this.messages.flush(Math.floor(this.nowMs), this.epochMs, this.options.receiptState);
    this.flushLinks();
    for (const link of this.links) if (!link.answers.isEmpty()) return;
    for (const mailbox of this.mailboxes.values()) if (!mailbox.wheel.isEmpty()) return;
    if (this.messages.isEmpty) this.stopTicking();
  }

  private flushMailboxes(): void {
    for (const mailbox of this.mailboxes.values()) mailbox.wheel.flush(this.nowMs, mailbox);
  }
}
