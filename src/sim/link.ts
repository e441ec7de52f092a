import type { Socket } from 'node:net';
import * as smpp from '../smpp/constants.ts';
import { readU32, writeHeader, writeU32 } from '../smpp/cursor.ts';
import { FrameReader } from '../smpp/frame.ts';
import type { PduSink } from '../smpp/frame.ts';
import * as session from '../smpp/session.ts';
import { decideBind } from './bind.ts';
import type { Mailbox, ReceiptTarget } from './mailbox.ts';
import { messageOf } from './messages.ts';
import { Output } from './output.ts';
import { RECEIPT_BYTES_MAX } from './receipt.ts';
import { serveRequest } from './requests.ts';
import type { Asker } from './requests.ts';
import { RESPONSE_BYTES_MAX, Responses } from './responses.ts';
import type { Shared } from './shared.ts';
import { SubmitScan } from './submit.ts';
import { Wheel } from './wheel.ts';
import type { PduQueue } from './wheel.ts';

const { HEADER_BYTES } = smpp;
/** registered_delivery: an intermediate receipt is asked for */
const INTERMEDIATE = 0x10;
const PDU_BYTES_MAX = 131_072;
const OUTPUT_BYTES = 262_144;
/** bytes the peer has not taken before the link stops reading from it */
const UNSENT_BYTES_MAX = 8_388_608;
/** answers must wait this long to be shuffled, so that there are several to shuffle */
const SHUFFLE_MS = 2;

/** One connection of the simulator. */
export class Link implements PduSink, ReceiptTarget, Asker {
  readonly output: Output;
  readonly answers = new Wheel();
  private readonly shared: Shared;
  private readonly socket: Socket;
  private readonly frames = new FrameReader(PDU_BYTES_MAX);
  private readonly scan = new SubmitScan();
  private readonly scratch = Buffer.allocUnsafe(RESPONSE_BYTES_MAX + RECEIPT_BYTES_MAX);
  private readonly unacknowledged = new Map<number, Buffer>();
  private mailbox: Mailbox | undefined;
  private readonly responses: Responses;
  private state = session.OPEN;
  version = smpp.VERSION_34;
  systemId = '';
  private transmits = false;
  private receives = false;
  private closed = false;
  private sequenceNumber = 0;
  private unacknowledgedCount = 0;

  constructor(socket: Socket, shared: Shared) {
    this.socket = socket;
    this.shared = shared;
    this.output = new Output(socket, OUTPUT_BYTES);
    this.responses = new Responses(shared.ids);
  }

  onChunk(chunk: Buffer): void {
    if (this.closed) return;
    this.shared.readClock();
    if (!this.frames.feed(chunk, this)) {
      this.writeEmpty(smpp.GENERIC_NACK, smpp.ESME_RINVCMDLEN, this.frames.badSequence);
      this.hangUp();
    }
    this.output.flush();
    if (this.shared.otherLinksTouched) this.shared.flushLinks();
    if (this.socket.writableLength > UNSENT_BYTES_MAX) this.socket.pause();
  }

  onPdu(bytes: Buffer, start: number, end: number): boolean {
    const command = readU32(bytes, start + 4);
    if (command === smpp.SUBMIT_SM) this.onSubmit(bytes, start, end);
    else if (command === smpp.DELIVER_SM_RESP) this.onReceiptAcknowledged(readU32(bytes, start + 12));
    else this.onOther(command, bytes, start, end);
    return !this.closed;
  }

  /** The socket is gone: what was not acknowledged goes back to the account. */
  onClosed(): void {
    this.closed = true;
    this.answers.clear();
    const mailbox = this.mailbox;
    this.mailbox = undefined;
    if (mailbox === undefined) return;
    mailbox.leave(this);
    for (const receipt of this.unacknowledged.values()) mailbox.deliver(receipt, 0, receipt.length);
    this.unacknowledged.clear();
  }

  unbind(): void {
    if (!this.closed) this.writeEmpty(smpp.UNBIND, 0, ++this.sequenceNumber);
    this.hangUp();
  }

  hasRoom(): boolean {
    const windowMax = this.shared.options.window;
    return !this.closed && (windowMax === 0 || this.unacknowledgedCount < windowMax);
  }

  sendReceipt(bytes: Buffer, start: number, end: number): void {
    const sequenceNumber = ++this.sequenceNumber;
    const at = this.output.length;
    this.output.append(bytes, start, end);
    writeU32(this.output.bytes, at + 12, sequenceNumber);
    this.unacknowledgedCount++;
    this.shared.counts.receiptsSent++;
    this.shared.otherLinksTouched = true;
    if (this.shared.redeliver) {
      this.unacknowledged.set(sequenceNumber, Buffer.from(bytes.subarray(start, end)));
    }
  }

  /** Answers that are due now. */
  onDue(slot: PduQueue): void {
    if (this.shared.options.outOfOrder) {
      this.writeShuffled(slot);
      return;
    }
    this.output.append(slot.bytes, slot.head, slot.tail);
  }

  private writeShuffled(slot: PduQueue): void {
    const starts: number[] = [];
    for (let at = slot.head; at < slot.tail; at += readU32(slot.bytes, at)) starts.push(at);
    for (let left = starts.length; left > 0; left--) {
      const picked = Math.floor(this.shared.random.next() * left);
      const at = starts[picked];
      starts[picked] = starts[left - 1];
      this.output.append(slot.bytes, at, at + readU32(slot.bytes, at));
    }
  }

  private onReceiptAcknowledged(sequenceNumber: number): void {
    this.shared.counts.receiptsAcked++;
    if (this.unacknowledgedCount > 0) this.unacknowledgedCount--;
    if (this.shared.plain) return;
    if (this.shared.redeliver) this.unacknowledged.delete(sequenceNumber);
    this.mailbox?.drain();
  }

  private onSubmit(bytes: Buffer, start: number, end: number): void {
    const { shared, scan } = this;
    const sequenceNumber = readU32(bytes, start + 12);
    if (!this.transmits) {
      this.writeRefusal(smpp.SUBMIT_SM_RESP, smpp.ESME_RINVBNDSTS, sequenceNumber);
      return;
    }
    shared.counts.submits++;
    if (!scan.scan(bytes, start, end)) {
      shared.counts.refused++;
      this.writeRefusal(smpp.SUBMIT_SM_RESP, smpp.ESME_RINVCMDLEN, sequenceNumber);
      return;
    }
    if (!shared.plain) {
      this.onSubmitWithFaults(bytes, start, end, sequenceNumber);
      return;
    }
    if (shared.recorder !== undefined) this.record(bytes, end, '');
    this.output.reserve(RESPONSE_BYTES_MAX + RECEIPT_BYTES_MAX);
    shared.ids.next();
    this.output.length += this.responses.write(
      this.output.bytes,
      this.output.length,
      smpp.SUBMIT_SM_RESP,
      0,
      sequenceNumber,
    );
    if ((scan.registeredDelivery & 3) === 0 || !shared.sendsReceipts) return;
    if (this.receives) {
      this.output.length += this.writeReceipt(
        this.output.bytes,
        this.output.length,
        bytes,
        ++this.sequenceNumber,
      );
      this.unacknowledgedCount++;
      shared.counts.receiptsSent++;
    } else {
      this.mailbox?.deliver(this.scratch, 0, this.writeReceipt(this.scratch, 0, bytes, 0));
    }
  }

  private onSubmitWithFaults(bytes: Buffer, start: number, end: number, sequenceNumber: number): void {
    const { options, random, counts } = this.shared;
    if (options.disconnectEvery > 0 && counts.submits % options.disconnectEvery === 0) {
      this.record(bytes, end, ' -');
      counts.unanswered++;
      counts.disconnects++;
      this.hangUp();
      return;
    }
    if (random.hits(options.dropRespRate)) {
      this.record(bytes, end, ' -');
      counts.unanswered++;
      return;
    }
    this.take(bytes, start, end, smpp.SUBMIT_SM_RESP, sequenceNumber);
  }

  /** A data_sm is what a submit_sm is. */
  private onData(bytes: Buffer, start: number, end: number, sequenceNumber: number): void {
    this.shared.counts.submits++;
    if (this.scan.scanData(bytes, start, end))
      this.take(bytes, start, end, smpp.DATA_SM_RESP, sequenceNumber);
    else {
      this.shared.counts.refused++;
      this.writeRefusal(smpp.DATA_SM_RESP, smpp.ESME_RINVCMDLEN, sequenceNumber);
    }
  }

  /** Answers the scanned message in its time, by chance with an error, and sees to its receipt. */
  private take(bytes: Buffer, start: number, end: number, response: number, sequenceNumber: number): void {
    const { shared, scratch } = this;
    const { options } = shared;
    const status = shared.drawStatus();
    const answerMs = this.answerDueMs();
    if (status !== 0) {
      this.record(bytes, end, ` ${status.toString(16).padStart(8, '0')}`);
      this.answer(answerMs, scratch, this.responses.write(scratch, 0, response, status, sequenceNumber));
      return;
    }
    this.record(bytes, end, '');
    shared.ids.next();
    if (options.receiptFirst) this.scheduleReceipt(answerMs, bytes);
    this.answer(answerMs, scratch, this.responses.write(scratch, 0, response, 0, sequenceNumber));
    if (!options.receiptFirst) this.taken(answerMs, bytes, start, end);
  }

  /** A message whose addresses are scanned was given the latest id and answered at `answerMs`. */
  private taken(answerMs: number, bytes: Buffer, start: number, end: number): void {
    const { shared } = this;
    const { options } = shared;
    if (options.receipts === 'intermediate' && (this.scan.registeredDelivery & INTERMEDIATE) !== 0) {
      const { receiptId, receiptIdLength } = this.responses;
      const { scratch, scan } = this;
      this.deliver(answerMs, shared.onTheWay.write(scratch, 0, bytes, scan, receiptId, receiptIdLength, 0));
    }
    const dueMs = answerMs + shared.random.delay(options.receiptDelayMs);
    if (!shared.keepsMessages) {
      this.scheduleReceipt(dueMs, bytes);
      return;
    }
    // Not before its answer, which waits for a whole millisecond.
    const wholeMs = Math.max(Math.ceil(dueMs), Math.floor(shared.nowMs) + 1);
    const { isLost } = shared.drawLoss(this.scan.registeredDelivery);
    const pdu = Buffer.from(bytes.subarray(start, end));
    shared.messages.add(messageOf(pdu, this.systemId, this.responses, isLost), wholeMs);
    shared.startTicking();
  }

  /** The same for a message that another request made: one destination of a submit_multi. */
  takeOne(answerMs: number, submit: Buffer): void {
    if (this.scan.scan(submit, 0, submit.length)) this.taken(answerMs, submit, 0, submit.length);
  }

  answerDueMs(): number {
    const { shared } = this;
    const { options } = shared;
    let dueMs = shared.nowMs + shared.random.delay(options.latencyMs) + (options.outOfOrder ? SHUFFLE_MS : 0);
    if (options.tps > 0) {
      dueMs = Math.max(dueMs, shared.answerFreeMs);
      shared.answerFreeMs = dueMs + 1000 / options.tps;
    }
    return dueMs;
  }

  answer(dueMs: number, bytes: Buffer, length: number = bytes.length): void {
    if (dueMs <= this.shared.nowMs) {
      this.output.append(bytes, 0, length);
    } else {
      this.answers.add(this.shared.nowMs, dueMs, bytes, 0, length);
      this.shared.startTicking();
    }
  }

  private scheduleReceipt(dueMs: number, submit: Buffer): void {
    const { shared } = this;
    const { wanted, isLost } = shared.drawLoss(this.scan.registeredDelivery);
    if (wanted && !isLost) this.deliver(dueMs, this.writeReceipt(this.scratch, 0, submit, 0));
  }

  /** The receipt in `scratch`. */
  private deliver(dueMs: number, length: number): void {
    const { shared } = this;
    if (dueMs <= shared.nowMs) {
      this.mailbox?.deliver(this.scratch, 0, length);
    } else {
      this.mailbox?.wheel.add(shared.nowMs, dueMs, this.scratch, 0, length);
      shared.startTicking();
    }
  }

  private writeReceipt(out: Buffer, at: number, submit: Buffer, sequenceNumber: number): number {
    const { receiptId, receiptIdLength } = this.responses;
    const { receipts } = this.shared;
    return receipts.write(out, at, submit, this.scan, receiptId, receiptIdLength, sequenceNumber);
  }

  private record(bytes: Buffer, end: number, note: string): void {
    const { recorder } = this.shared;
    if (recorder === undefined) return;
    this.scan.usePayload(bytes, end);
    recorder.add(bytes, this.scan.textAt, this.scan.textEnd, note);
  }

  private onOther(command: number, bytes: Buffer, start: number, end: number): void {
    const sequenceNumber = readU32(bytes, start + 12);
    const act = session.judge(session.SERVER, this.state, this.version, command);
    if (act === session.ACT_BIND) this.onBind(bytes, start, end);
    else if (act === session.ACT_ENQUIRE) this.writeEmpty(smpp.ENQUIRE_LINK_RESP, 0, sequenceNumber);
    else if (act === session.ACT_UNBIND) {
      this.writeEmpty(smpp.UNBIND_RESP, 0, sequenceNumber);
      this.hangUp();
    } else if (act === session.ACT_REQUEST) {
      if (command === smpp.DATA_SM) this.onData(bytes, start, end, sequenceNumber);
      else serveRequest(this, this.shared, bytes, start, end);
    } else if (act === session.ACT_RESPONSE) {
      if (command === smpp.DATA_SM_RESP) this.onReceiptAcknowledged(sequenceNumber);
    } else if (act === session.ACT_UNKNOWN) {
      this.writeEmpty(smpp.GENERIC_NACK, smpp.ESME_RINVCMDID, sequenceNumber);
    } else if (act === session.ACT_ALREADY_BOUND) {
      this.writeRefusal(smpp.responseIdOf(command), smpp.ESME_RALYBND, sequenceNumber);
    } else if (act === session.ACT_WRONG_STATE) {
      this.writeRefusal(smpp.responseIdOf(command), smpp.ESME_RINVBNDSTS, sequenceNumber);
    }
  }

  private onBind(bytes: Buffer, start: number, end: number): void {
    const { shared } = this;
    const { response, status, systemId, version } = decideBind(bytes, start, end, shared.options);
    const command = readU32(bytes, start + 4);
    this.output.append(response, 0, response.length);
    if (status !== 0) {
      this.hangUp();
      return;
    }
    this.state = session.boundStateOf(command);
    this.version = version;
    this.systemId = systemId;
    this.responses.bound(version, shared.options.congestion);
    this.transmits = command !== smpp.BIND_RECEIVER;
    this.receives = command !== smpp.BIND_TRANSMITTER;
    this.mailbox = shared.mailbox(systemId);
    shared.counts.binds++;
    if (this.receives) this.mailbox.join(this);
  }

  /** The latest id, as it stands in this link's responses. */
  get idText(): string {
    return this.responses.idText;
  }

  get responseTlvs(): { tag: number; value: Buffer }[] {
    return this.responses.tlvs;
  }

  get isBound(): boolean {
    return session.isBound(this.state) && !this.closed;
  }

  get takesAlerts(): boolean {
    return this.isBound && this.receives && this.version >= smpp.VERSION_34;
  }

  /** Sends a PDU that has no answer, with the link's next sequence_number. */
  notify(pdu: Buffer): void {
    if (this.closed) return;
    const at = this.output.length;
    this.output.append(pdu, 0, pdu.length);
    writeU32(this.output.bytes, at + 12, ++this.sequenceNumber);
    this.output.flush();
  }

  /** An error response as the peer's version has it; only what answers a message has a body there. */
  private writeRefusal(command: number, status: number, sequenceNumber: number): void {
    this.output.reserve(RESPONSE_BYTES_MAX);
    const { bytes, length } = this.output;
    const isMessage = command === smpp.SUBMIT_SM_RESP || command === smpp.DATA_SM_RESP;
    if (!isMessage) this.writeEmpty(command, status, sequenceNumber);
    else this.output.length += this.responses.write(bytes, length, command, status, sequenceNumber);
  }

  private writeEmpty(command: number, status: number, sequenceNumber: number): void {
    this.output.reserve(HEADER_BYTES);
    writeHeader(this.output.bytes, this.output.length, HEADER_BYTES, command, status, sequenceNumber);
    this.output.length += HEADER_BYTES;
  }

  /** Sends what is written and closes; nothing read after this counts. */
  private hangUp(): void {
    if (this.closed) return;
    this.closed = true;
    this.output.flush();
    this.mailbox?.leave(this);
    this.socket.destroySoon();
  }
}
