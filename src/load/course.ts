import { MatchTable } from './matches.ts';
import type { LoadOptions } from './options.ts';
import type { LoadRecorder } from './recorder.ts';
import { Tally } from './tally.ts';
import { SubmitTemplate } from './template.ts';

/** Flat out, one message in so many has its times recorded: a histogram entry costs 30 ns, a message 400. */
const SAMPLE_EVERY = 16;
const SAMPLE_SLOTS = 65_536;

/** Something that submits can go out on. */
export interface Sender {
  /** submits its window still takes; 0 when it is not bound */
  room(): number;
  send(count: number): void;
}

/** The course of one load: which message is next, what may be sent now, what became of each. */
export class Course {
  readonly options: LoadOptions;
  readonly recorder: LoadRecorder | undefined;
  readonly tally = new Tally();
  readonly matches: MatchTable;
  readonly template: SubmitTemplate;
  /** messages to send; grows by what a lost connection left unanswered; Infinity under a duration */
  target: number;
  nowMs = 0;
  stopped = false;
  private readonly msPerMessage: number;
  private readonly sampledSentMs = new Float64Array(SAMPLE_SLOTS);

  constructor(options: LoadOptions, recorder: LoadRecorder | undefined) {
    this.options = options;
    this.recorder = recorder;
    this.template = new SubmitTemplate(
      options.textBytes,
      options.receipts,
      options.keyPrefix,
      options.destinations,
    );
    this.matches = new MatchTable(messagesExpected(options));
    this.target = options.messages > 0 ? options.messages : Infinity;
    this.msPerMessage = options.rate > 0 ? 1000 / options.rate : 0;
  }

  start(nowMs: number): void {
    this.nowMs = nowMs;
    this.tally.firstSentMs = nowMs;
    this.tally.lastEventMs = nowMs;
  }

  /** Messages that may go out now, over all links. */
  due(): number {
    const { tally, options } = this;
    if (this.stopped) return 0;
    const left = this.target - tally.sent;
    if (options.rate > 0) {
      const paced = Math.floor((this.nowMs - tally.firstSentMs) / this.msPerMessage) + 1;
      return Math.min(left, paced - tally.sent);
    }
    const finished = options.receipts
      ? tally.receipts - this.matches.early + tally.refused + tally.acceptedWithoutId
      : tally.accepted + tally.refused;
    const unfinished = tally.sent - finished - tally.timedOut - tally.abandoned;
    return Math.min(left, options.maxWithoutReceipt - unfinished);
  }

  /** When message `index` leaves: under a rate the time it is due at, however late it really is. */
  sendTimeMs(index: number): number {
    if (this.msPerMessage > 0) return this.tally.firstSentMs + index * this.msPerMessage;
    if (index % SAMPLE_EVERY === 0) this.sampledSentMs[(index / SAMPLE_EVERY) % SAMPLE_SLOTS] = this.nowMs;
    return this.nowMs;
  }

  onAnswered(index: number, sentMs: number): void {
    this.tally.lastEventMs = this.nowMs;
    if (this.msPerMessage === 0 && index % SAMPLE_EVERY !== 0) return;
    this.tally.responseMicros.recordValue(Math.max(0, Math.round((this.nowMs - sentMs) * 1000)));
  }

  /** The receipt of message `index` arrived and its id is known to be its own. */
  onReceiptMatched(index: number): void {
    let sentMs: number;
    if (this.msPerMessage > 0) {
      sentMs = this.sendTimeMs(index);
    } else {
      if (index % SAMPLE_EVERY !== 0 || this.tally.sent - index > SAMPLE_EVERY * SAMPLE_SLOTS) return;
      sentMs = this.sampledSentMs[(index / SAMPLE_EVERY) % SAMPLE_SLOTS];
    }
    this.tally.receiptMicros.recordValue(Math.max(0, Math.round((this.nowMs - sentMs) * 1000)));
  }

  matchedReceipts(): number {
    return this.tally.receipts - this.matches.early;
  }

  hasSentAll(): boolean {
    return this.stopped || this.tally.sent >= this.target;
  }

  /** Every message sent has its answer, and its receipt where one was asked for. */
  isFinished(): boolean {
    const { tally } = this;
    if (!this.hasSentAll()) return false;
    if (tally.accepted + tally.refused + tally.timedOut + tally.abandoned < tally.sent) return false;
    return !this.options.receipts || this.matchedReceipts() + tally.acceptedWithoutId >= tally.accepted;
  }
}

function messagesExpected(options: LoadOptions): number {
  if (!options.receipts) return 0;
  if (options.messages > 0) return options.messages;
  return options.rate > 0 ? options.rate * options.durationS : 500_000;
}
