import { connect } from 'node:net';
import type { Socket } from 'node:net';
import {
  BIND_RECEIVER,
  BIND_TRANSCEIVER,
  BIND_TRANSMITTER,
  DELIVER_SM,
  DELIVER_SM_RESP,
  ENQUIRE_LINK,
  ENQUIRE_LINK_RESP,
  ESME_RINVCMDID,
  GENERIC_NACK,
  HEADER_BYTES,
  RESPONSE_BIT,
  SUBMIT_SM_RESP,
  UNBIND,
  UNBIND_RESP,
  VERSION_34,
  statusName,
} from '../smpp/constants.ts';
import { readU32, writeHeader } from '../smpp/cursor.ts';
import { FrameReader } from '../smpp/frame.ts';
import type { PduSink } from '../smpp/frame.ts';
import { encodeBind } from '../smpp/pdu/bind.ts';
import type { Course, Sender } from './course.ts';
import { EARLY, REPEATED } from './matches.ts';
import { Output } from './output.ts';
import { Pending } from './pending.ts';
import { ReceiptScan } from './receipt.ts';
import { messageKey } from './template.ts';

const PDU_BYTES_MAX = 131_072;
const BUFFER_BYTES = 262_144;
const DELIVER_SM_RESP_BYTES = HEADER_BYTES + 1;
const CONTROL_SEQUENCE_FIRST = 0x70000000;

export type BindKind = 'transceiver' | 'transmitter' | 'receiver';
const BIND_COMMANDS = {
  transceiver: BIND_TRANSCEIVER,
  transmitter: BIND_TRANSMITTER,
  receiver: BIND_RECEIVER,
} as const;

/** What a link tells its owner. */
export interface LinkOwner {
  onBound(link: LoadLink): void;
  /** The connection is gone; `reason` says what happened, `wasBound` whether it ever carried messages. */
  onLost(link: LoadLink, reason: string, wasBound: boolean): void;
  /** A chunk was read: its answers are in the output, further submits may join them before the write. */
  onChunkRead(link: LoadLink): void;
}

/** One connection of the load generator. A lost one is not used again; its owner makes another. */
export class LoadLink implements PduSink, Sender {
  readonly kind: BindKind;
  readonly pending: Pending;
  readonly output: Output;
  bound = false;
  private readonly course: Course;
  private readonly owner: LinkOwner;
  private readonly socket: Socket;
  private readonly frames = new FrameReader(PDU_BYTES_MAX);
  private readonly scan = new ReceiptScan();
  private controlSequence = CONTROL_SEQUENCE_FIRST;
  private reason = 'connection closed by the peer';
  private unbinding = false;

  constructor(kind: BindKind, course: Course, owner: LinkOwner) {
    this.kind = kind;
    this.course = course;
    this.owner = owner;
    const { options } = course;
    this.pending = new Pending(options.window);
    // One buffer for every read: frames are cut in place and only an unfinished PDU is copied out of it.
    this.socket = connect({
      host: options.host,
      port: options.port,
      noDelay: options.noDelay,
      onread: {
        buffer: Buffer.allocUnsafeSlow(BUFFER_BYTES),
        callback: (length, buffer) => this.onChunk((buffer as Buffer).subarray(0, length)),
      },
    });
    this.output = new Output(this.socket, BUFFER_BYTES);
    this.socket.on('connect', () => this.bind());
    this.socket.on('error', (error) => {
      this.reason = error.message;
    });
    this.socket.on('close', () => {
      const wasBound = this.bound;
      this.bound = false;
      this.owner.onLost(this, this.reason, wasBound);
    });
  }

  room(): number {
    return this.bound && !this.unbinding && this.kind !== 'receiver' ? this.pending.room() : 0;
  }

  /** Appends `count` submits to the output; the caller flushes. */
  send(count: number): void {
    const { course, output } = this;
    const { template, tally, recorder } = course;
    const length = template.bytes.length;
    output.reserve(count * length);
    const { bytes } = output;
    let at = output.length;
    for (let left = count; left > 0; left--) {
      const index = tally.sent++;
      template.writeNext(bytes, at, this.pending.add(index, course.sendTimeMs(index)));
      at += length;
      if (recorder !== undefined) recorder.sent(messageKey(course.options.keyPrefix, index));
    }
    output.length = at;
  }

  enquire(): void {
    if (this.bound) this.writeControl(ENQUIRE_LINK, 0, ++this.controlSequence);
    this.output.flush();
  }

  /** Asks for the end; the peer's answer or close ends the connection. */
  unbind(): void {
    this.unbinding = true;
    if (this.bound) this.writeControl(UNBIND, 0, ++this.controlSequence);
    this.output.flush();
    if (!this.bound) this.socket.destroy();
  }

  destroy(): void {
    this.unbinding = true;
    this.socket.destroy();
  }

  onPdu(bytes: Buffer, start: number, end: number): boolean {
    const command = readU32(bytes, start + 4);
    if (command === SUBMIT_SM_RESP) this.onResponse(bytes, start, end);
    else if (command === DELIVER_SM) this.onDeliver(bytes, start, end);
    else this.onOther(command, bytes, start);
    return true;
  }

  private onChunk(chunk: Buffer): boolean {
    this.course.nowMs = performance.now();
    if (!this.frames.feed(chunk, this)) {
      this.reason = `peer sent command_length ${this.frames.badLength}`;
      this.socket.destroy();
      return true;
    }
    this.owner.onChunkRead(this);
    this.output.flush();
    return true;
  }

  private onResponse(bytes: Buffer, start: number, end: number): void {
    const { course, pending } = this;
    const { tally, recorder } = course;
    const index = pending.take(readU32(bytes, start + 12));
    if (index < 0) {
      tally.unmatchedResponses++;
      return;
    }
    course.onAnswered(index, pending.takenSentMs);
    const status = readU32(bytes, start + 8);
    let idEnd = start + HEADER_BYTES;
    if (status === 0) while (idEnd < end && bytes[idEnd] !== 0) idEnd++;
    if (recorder !== undefined) {
      const id = bytes.toString('latin1', start + HEADER_BYTES, idEnd);
      recorder.answered(messageKey(course.options.keyPrefix, index), id, status);
    }
    if (status !== 0) {
      tally.refuse(status);
      return;
    }
    tally.accepted++;
    if (idEnd === start + HEADER_BYTES) {
      tally.acceptedWithoutId++;
      return;
    }
    if (!course.options.receipts) return;
    const matched = course.matches.onResponse(bytes, start + HEADER_BYTES, idEnd, index);
    if (matched === REPEATED) tally.repeatedIds++;
    else if (matched >= 0) course.onReceiptMatched(matched);
  }

  private onDeliver(bytes: Buffer, start: number, end: number): void {
    const { course, output, scan } = this;
    const { tally } = course;
    const sequence = readU32(bytes, start + 12);
    output.reserve(DELIVER_SM_RESP_BYTES);
    writeHeader(output.bytes, output.length, DELIVER_SM_RESP_BYTES, DELIVER_SM_RESP, 0, sequence);
    output.bytes[output.length + HEADER_BYTES] = 0;
    output.length += DELIVER_SM_RESP_BYTES;
    scan.scan(bytes, start, end);
    if (!scan.isReceipt) {
      tally.mobileOriginated++;
      return;
    }
    tally.lastEventMs = course.nowMs;
    if (course.recorder !== undefined) {
      course.recorder.receipt(bytes.toString('latin1', scan.idAt, scan.idEnd), scan.stat(bytes));
    }
    const matched = course.matches.onReceipt(bytes, scan.idAt, scan.idEnd);
    if (matched === REPEATED) {
      tally.duplicateReceipts++;
      return;
    }
    tally.receipts++;
    if (matched === EARLY) return;
    course.onReceiptMatched(matched);
    if (!course.template.isDestination(bytes, scan.sourceAt, matched)) tally.misaddressedReceipts++;
  }

  private onOther(command: number, bytes: Buffer, start: number): void {
    const sequence = readU32(bytes, start + 12);
    if (command === ENQUIRE_LINK) {
      this.writeControl(ENQUIRE_LINK_RESP, 0, sequence);
    } else if (command === UNBIND) {
      this.reason = 'unbind by the peer';
      this.writeControl(UNBIND_RESP, 0, sequence);
      this.output.flush();
      this.socket.end();
    } else if (command === UNBIND_RESP) {
      this.socket.end();
    } else if (command === BIND_COMMANDS[this.kind] + RESPONSE_BIT) {
      this.onBindResponse(readU32(bytes, start + 8));
    } else if (command === GENERIC_NACK) {
      this.onNack(readU32(bytes, start + 8), sequence);
    } else if (command < RESPONSE_BIT) {
      this.writeControl(GENERIC_NACK, ESME_RINVCMDID, sequence);
    }
  }

  private onBindResponse(status: number): void {
    if (status === 0) {
      this.bound = true;
      this.owner.onBound(this);
      return;
    }
    this.reason = `bind refused: ${statusName(status)}`;
    this.socket.destroy();
  }

  /** A nack of one of our submits is its refusal. */
  private onNack(status: number, sequence: number): void {
    const { course } = this;
    const index = this.pending.take(sequence);
    if (index < 0) {
      course.tally.unmatchedResponses++;
      return;
    }
    course.onAnswered(index, this.pending.takenSentMs);
    course.recorder?.answered(messageKey(course.options.keyPrefix, index), '', status);
    course.tally.refuse(status);
  }

  private bind(): void {
    const { systemId, password } = this.course.options;
    const bind = encodeBind(BIND_COMMANDS[this.kind], CONTROL_SEQUENCE_FIRST, {
      systemId,
      password,
      systemType: '',
      interfaceVersion: VERSION_34,
      addrTon: 0,
      addrNpi: 0,
      addressRange: '',
    });
    this.output.append(bind, 0, bind.length);
    this.output.flush();
  }

  private writeControl(command: number, status: number, sequence: number): void {
    this.output.reserve(HEADER_BYTES);
    writeHeader(this.output.bytes, this.output.length, HEADER_BYTES, command, status, sequence);
    this.output.length += HEADER_BYTES;
  }
}
