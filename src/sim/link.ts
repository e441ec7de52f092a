import type { Socket } from 'node:net';
import {
  BIND_RECEIVER,
  BIND_TRANSCEIVER,
  BIND_TRANSMITTER,
  DELIVER_SM_RESP,
  ENQUIRE_LINK,
  ENQUIRE_LINK_RESP,
  ESME_RALYBND,
  ESME_RBINDFAIL,
  ESME_RINVBNDSTS,
  ESME_RINVCMDID,
  ESME_RINVCMDLEN,
  ESME_RTHROTTLED,
  GENERIC_NACK,
  HEADER_BYTES,
  RESPONSE_BIT,
  SUBMIT_SM,
  SUBMIT_SM_RESP,
  UNBIND,
  UNBIND_RESP,
  VERSION_34,
} from '../smpp/constants.ts';
import { readU32, writeHeader, writeU32 } from '../smpp/cursor.ts';
import { FrameReader } from '../smpp/frame.ts';
import type { PduSink } from '../smpp/frame.ts';
import { decodeBind, encodeBindResp } from '../smpp/pdu/bind.ts';
import type { Mailbox, ReceiptTarget } from './mailbox.ts';
import { Output } from './output.ts';
import { RECEIPT_BYTES_MAX } from './receipt.ts';
import type { Shared } from './shared.ts';
import { SubmitScan } from './submit.ts';
import { Wheel } from './wheel.ts';
import type { PduQueue } from './wheel.ts';

const RESPONSE_BYTES_MAX = HEADER_BYTES + 65;
const PDU_BYTES_MAX = 131_072;
const PASSWORD_BYTES_MAX = 65;
const OUTPUT_BYTES = 262_144;
/** bytes the peer has not taken before the link stops reading from it */
const UNSENT_BYTES_MAX = 8_388_608;
/** answers must wait this long to be shuffled, so that there are several to shuffle */
const SHUFFLE_MS = 2;

/** One connection of the simulator. */
export class Link implements PduSink, ReceiptTarget {
  readonly output: Output;
  readonly answers = new Wheel();
  private readonly shared: Shared;
  private readonly socket: Socket;
  private readonly frames = new FrameReader(PDU_BYTES_MAX);
  private readonly scan = new SubmitScan();
  private readonly scratch = Buffer.allocUnsafe(RESPONSE_BYTES_MAX + RECEIPT_BYTES_MAX);
  private readonly unacknowledged = new Map<number, Buffer>();
  private mailbox: Mailbox | undefined;
  private transmits = false;
  private receives = false;
  private closed = false;
  private sequenceNumber = 0;
  private unacknowledgedCount = 0;

  constructor(socket: Socket, shared: Shared) {
    this.socket = socket;
    this.shared = shared;
    this.output = new Output(socket, OUTPUT_BYTES);
  }

  onChunk(chunk: Buffer): void {
    if (this.closed) return;
    this.shared.readClock();
    if (!this.frames.feed(chunk, this)) {
      this.writeEmpty(GENERIC_NACK, ESME_RINVCMDLEN, this.frames.badSequence);
      this.hangUp();
    }
    this.output.flush();
    if (this.shared.otherLinksTouched) this.shared.flushLinks();
    if (this.socket.writableLength > UNSENT_BYTES_MAX) this.socket.pause();
  }

  onPdu(bytes: Buffer, start: number, end: number): boolean {
    const command = readU32(bytes, start + 4);
    if (command === SUBMIT_SM) this.onSubmit(bytes, start, end);
    else if (command === DELIVER_SM_RESP) this.onReceiptAcknowledged(readU32(bytes, start + 12));
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
    if (!this.closed) this.writeEmpty(UNBIND, 0, ++this.sequenceNumber);
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
      this.writeEmpty(SUBMIT_SM_RESP, ESME_RINVBNDSTS, sequenceNumber);
      return;
    }
    shared.counts.submits++;
    if (!scan.scan(bytes, start, end)) {
      shared.counts.refused++;
      this.writeEmpty(SUBMIT_SM_RESP, ESME_RINVCMDLEN, sequenceNumber);
      return;
    }
    if (!shared.plain) {
      this.onSubmitWithFaults(bytes, end, sequenceNumber);
      return;
    }
    if (shared.recorder !== undefined) this.record(bytes, end, '');
    this.output.reserve(RESPONSE_BYTES_MAX + RECEIPT_BYTES_MAX);
    shared.ids.next();
    this.output.length += this.writeResponse(this.output.bytes, this.output.length, 0, sequenceNumber);
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

  private onSubmitWithFaults(bytes: Buffer, end: number, sequenceNumber: number): void {
    const { shared } = this;
    const { options, random, counts } = shared;
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
    const status = random.hits(options.throttleRate)
      ? ESME_RTHROTTLED
      : random.hits(options.errorRate)
        ? options.errorStatus
        : 0;
    const answerMs = this.answerDueMs();
    if (status !== 0) {
      counts.refused++;
      if (status === ESME_RTHROTTLED) counts.throttled++;
      this.record(bytes, end, ` ${status.toString(16).padStart(8, '0')}`);
      this.answer(answerMs, this.writeResponse(this.scratch, 0, status, sequenceNumber));
      return;
    }
    this.record(bytes, end, '');
    shared.ids.next();
    if (options.receiptFirst) this.scheduleReceipt(answerMs, bytes);
    this.answer(answerMs, this.writeResponse(this.scratch, 0, 0, sequenceNumber));
    if (!options.receiptFirst) this.scheduleReceipt(answerMs + random.delay(options.receiptDelayMs), bytes);
  }

  private answerDueMs(): number {
    const { shared } = this;
    const { options } = shared;
    let dueMs = shared.nowMs + shared.random.delay(options.latencyMs) + (options.outOfOrder ? SHUFFLE_MS : 0);
    if (options.tps > 0) {
      dueMs = Math.max(dueMs, shared.answerFreeMs);
      shared.answerFreeMs = dueMs + 1000 / options.tps;
    }
    return dueMs;
  }

  private answer(dueMs: number, length: number): void {
    if (dueMs <= this.shared.nowMs) {
      this.output.append(this.scratch, 0, length);
    } else {
      this.answers.add(this.shared.nowMs, dueMs, this.scratch, 0, length);
      this.shared.startTicking();
    }
  }

  private scheduleReceipt(dueMs: number, submit: Buffer): void {
    const { shared } = this;
    if ((this.scan.registeredDelivery & 3) === 0 || !shared.sendsReceipts) return;
    if (shared.random.hits(shared.options.receiptLoss)) {
      shared.counts.receiptsLost++;
      return;
    }
    const length = this.writeReceipt(this.scratch, 0, submit, 0);
    if (dueMs <= shared.nowMs) {
      this.mailbox?.deliver(this.scratch, 0, length);
    } else {
      this.mailbox?.wheel.add(shared.nowMs, dueMs, this.scratch, 0, length);
      shared.startTicking();
    }
  }

  private writeReceipt(out: Buffer, at: number, submit: Buffer, sequenceNumber: number): number {
    const { ids, receipts } = this.shared;
    return receipts.write(out, at, submit, this.scan, ids.receiptBytes, ids.receiptLength, sequenceNumber);
  }

  /** submit_sm_resp: header and the id with its NUL, or the header alone with an error. */
  private writeResponse(out: Buffer, at: number, status: number, sequenceNumber: number): number {
    const { ids } = this.shared;
    const idLength = ids.responseLength;
    const length = status === 0 ? HEADER_BYTES + idLength + 1 : HEADER_BYTES;
    writeHeader(out, at, length, SUBMIT_SM_RESP, status, sequenceNumber);
    if (status !== 0) return length;
    const id = ids.responseBytes;
    for (let index = 0; index < idLength; index++) out[at + HEADER_BYTES + index] = id[index];
    out[at + HEADER_BYTES + idLength] = 0;
    return length;
  }

  private record(bytes: Buffer, end: number, note: string): void {
    const { recorder } = this.shared;
    if (recorder === undefined) return;
    this.scan.usePayload(bytes, end);
    recorder.add(bytes, this.scan.textAt, this.scan.textEnd, note);
  }

  private onOther(command: number, bytes: Buffer, start: number, end: number): void {
    const sequenceNumber = readU32(bytes, start + 12);
    if (command === BIND_TRANSCEIVER || command === BIND_TRANSMITTER || command === BIND_RECEIVER) {
      this.onBind(command, bytes, start, end);
    } else if (command === ENQUIRE_LINK) {
      this.writeEmpty(ENQUIRE_LINK_RESP, 0, sequenceNumber);
    } else if (command === UNBIND) {
      this.writeEmpty(UNBIND_RESP, 0, sequenceNumber);
      this.hangUp();
    } else if (command < RESPONSE_BIT) {
      this.writeEmpty(GENERIC_NACK, ESME_RINVCMDID, sequenceNumber);
    }
  }

  private onBind(command: number, bytes: Buffer, start: number, end: number): void {
    const { options } = this.shared;
    const sequenceNumber = readU32(bytes, start + 12);
    if (this.mailbox !== undefined) {
      this.writeEmpty(command + RESPONSE_BIT, ESME_RALYBND, sequenceNumber);
      return;
    }
    const bind = decodeBind(bytes, start, end, PASSWORD_BYTES_MAX);
    const refused =
      (options.systemId !== '' && options.systemId !== bind.systemId) ||
      (options.password !== '' && options.password !== bind.password);
    const status = bind.status === 0 && refused ? ESME_RBINDFAIL : bind.status;
    // sc_interface_version only for those who know TLVs
    const version = bind.interfaceVersion >= VERSION_34 ? VERSION_34 : undefined;
    const response = encodeBindResp(command, status, sequenceNumber, 'tollgatesim', version);
    this.output.append(response, 0, response.length);
    if (status !== 0) {
      this.hangUp();
      return;
    }
    this.transmits = command !== BIND_RECEIVER;
    this.receives = command !== BIND_TRANSMITTER;
    this.mailbox = this.shared.mailbox(bind.systemId);
    this.shared.counts.binds++;
    if (this.receives) this.mailbox.join(this);
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
