/**
 * One outbound bind to an SMSC: connects, binds, keeps the link alive, sends submit_sm within its window, and comes
 * back with exponential back-off and jitter when it is lost. What the PDUs mean is the handler's business.
 */
import * as net from 'node:net';
import type { SmscConfig } from '../core/config.ts';
import { backoffMs } from '../core/retry.ts';
import * as smpp from './constants.ts';
import { readU32, writeHeader } from './cursor.ts';
import { FrameReader } from './frame.ts';
import { LinkWriter } from './link.ts';
import { decodeBindResp, encodeBind } from './pdu/bind.ts';
import { writeDeliverSmResp } from './pdu/deliver-sm.ts';
import { writeGenericNack, writeHeaderOnly } from './pdu/header-only.ts';
import {
  ACT_DELIVER,
  ACT_ENQUIRE,
  ACT_IGNORE,
  ACT_RESPONSE,
  ACT_UNBIND,
  ACT_UNKNOWN,
  BINDING,
  CLIENT,
  CLOSED,
  OPEN,
  UNBOUND,
  boundStateOf,
  isBound,
  judge,
  responseStatus,
} from './session.ts';
import { SessionTimers, TICK_ENQUIRE, TICK_OK } from './timers.ts';
import { Window } from './window.ts';

export interface BindHandler {
  onBound(bind: OutboundBind): void;
  /** The link is gone; whatever is in `bind.window` was not answered. */
  onDown(bind: OutboundBind, why: string): void;
  /** A submit_sm_resp (or generic_nack) for `slot`; the PDU is bytes [start, end). */
  onSubmitResponse(
    bind: OutboundBind,
    slot: number,
    status: number,
    bytes: Buffer,
    start: number,
    end: number,
  ): void;
  /** One that matches nothing in the window: late, repeated or made up. */
  onUnmatched(
    bind: OutboundBind,
    sequence: number,
    status: number,
    bytes: Buffer,
    start: number,
    end: number,
  ): void;
  /** A deliver_sm; the handler answers it with `answerDeliver`. False stops the reading until `resume`. */
  onDeliver(bind: OutboundBind, bytes: Buffer, start: number, end: number): boolean;
  /** A chunk was read to its end: commit and write what gathered. */
  onRead(bind: OutboundBind): void;
  now(): number;
}

/** What one connection is bound as; a configured pair is two connections. */
export type BindKind = 'transceiver' | 'transmitter' | 'receiver';

const COMMAND_OF: Record<BindKind, number> = {
  transceiver: smpp.BIND_TRANSCEIVER,
  transmitter: smpp.BIND_TRANSMITTER,
  receiver: smpp.BIND_RECEIVER,
};
const PDU_BYTES_MAX = 131_072;
const READ_BYTES = 256 * 1024;
/** A link whose peer does not read what we send is given no more. */
const BACKLOG_BYTES_MAX = 1024 * 1024;

export class OutboundBind {
  readonly smsc: number;
  readonly number: number;
  readonly config: SmscConfig;
  readonly kind: BindKind;
  readonly window: Window;
  state = CLOSED;
  /** Counts connections: an answer for an earlier one is dropped. */
  generation = 0;
  lastError = '';
  readonly #handler: BindHandler;
  #socket: net.Socket | undefined;
  #writer: LinkWriter | undefined;
  #reader = new FrameReader(PDU_BYTES_MAX);
  #timers: SessionTimers;
  /** Connections tried since the last bind that held. */
  attempts = 0;
  #connectAtMs = 0;
  #connectDeadlineMs = 0;
  #stopping = false;
  readonly #sink = { onPdu: (b: Buffer, start: number, end: number) => this.#onPdu(b, start, end) };

  /** `smsc` and `number` (of this bind in its shard) are the handler's own indexes. */
  constructor(smsc: number, number: number, kind: BindKind, config: SmscConfig, handler: BindHandler) {
    this.kind = kind;
    this.smsc = smsc;
    this.number = number;
    this.config = config;
    this.#handler = handler;
    this.window = new Window(config.window);
    this.#timers = this.#freshTimers();
  }

  #freshTimers(): SessionTimers {
    const { config } = this;
    return new SessionTimers(
      {
        sessionInitMs: config.connect_timeout_s * 1000,
        enquireMs: config.enquire_link_s * 1000,
        enquireResponseMs: Math.min(10_000, config.response_timeout_s * 1000),
        enquireAttemptsMax: 2,
        inactivityMs: 0,
        partialMs: 30_000,
      },
      this.#handler.now(),
    );
  }

  /** Names this bind and this connection in 32 bits. */
  ticket(): number {
    return (((this.generation & 0xffff) << 16) | this.number) >>> 0;
  }

  canSend(): boolean {
    return (
      this.state !== CLOSED &&
      isBound(this.state) &&
      this.kind !== 'receiver' &&
      !this.#stopping &&
      (this.#writer as LinkWriter).backlogBytes() < BACKLOG_BYTES_MAX
    );
  }

  /** Room in the window now. */
  room(): number {
    return this.canSend() ? this.window.limit - this.window.size : 0;
  }

  /** Writes a submit_sm with the body [at, at + length) of `body`; it goes out with the next flush. */
  submit(slot: number, body: Buffer, at: number, length: number, nowMs: number): void {
    const writer = this.#writer as LinkWriter;
    const sequence = this.window.nextSequence();
    if (!this.window.add(sequence, slot, nowMs)) throw new Error('submit into a full window');
    const total = smpp.HEADER_BYTES + length;
    writer.reserve(total);
    const out = writer.buffer;
    const to = writer.at;
    writeHeader(out, to, total, smpp.SUBMIT_SM, smpp.ESME_ROK, sequence);
    body.copy(out, to + smpp.HEADER_BYTES, at, at + length);
    writer.at = to + total;
  }

  /** Answers a deliver_sm of the connection that `ticket` names; gone ones are not answered. */
  answerDeliver(ticket: number, sequence: number, status: number): void {
    if (ticket !== this.ticket() || this.#writer === undefined) return;
    this.#writer.reserve(17);
    this.#writer.at += writeDeliverSmResp(this.#writer.buffer, this.#writer.at, status, sequence);
  }

  flush(): void {
    if (this.#writer === undefined || this.#writer.at === 0) return;
    this.#writer.flush();
    this.#timers.onSent(this.#handler.now());
  }

  /** Time passes: connect when due, enquire_link, give up on a silent peer. Call some times a second. */
  tick(nowMs: number): void {
    if (this.state === CLOSED) {
      // Further off than the longest wait: the clock was set back.
      const waitMs = this.#connectAtMs - nowMs;
      if (!this.#stopping && (waitMs <= 0 || waitMs > this.config.reconnect_max_s * 1000))
        this.#connect(nowMs);
      return;
    }
    if (!isBound(this.state) && this.state !== UNBOUND && nowMs > this.#connectDeadlineMs) {
      this.#drop('no bind within connect_timeout_s');
      return;
    }
    const verdict = this.#timers.tick(nowMs);
    if (verdict === TICK_ENQUIRE) {
      this.#headerOnly(smpp.ENQUIRE_LINK, smpp.ESME_ROK, this.window.nextSequence());
      this.flush();
    } else if (verdict !== TICK_OK && isBound(this.state)) {
      this.#drop('the SMSC does not answer enquire_link');
    }
  }

  #connect(nowMs: number): void {
    this.attempts++;
    this.#connectDeadlineMs = nowMs + this.config.connect_timeout_s * 1000;
    this.generation++;
    this.state = OPEN;
    const socket = net.connect({
      host: this.config.host,
      port: this.config.port,
      noDelay: true,
      // One buffer for all that is read: a fresh one a chunk keeps the collector busy with memory outside its heap.
      onread: {
        buffer: Buffer.allocUnsafeSlow(READ_BYTES),
        callback: (length, buffer) => {
          this.#onData(socket, (buffer as Buffer).subarray(0, length));
          return true;
        },
      },
    });
    this.#socket = socket;
    this.#writer = new LinkWriter(socket);
    this.#reader = new FrameReader(PDU_BYTES_MAX);
    socket.on('connect', () => this.#bind());
    socket.on('error', (error) => (this.lastError = error.message));
    socket.on('close', () => {
      if (socket === this.#socket) this.#down(this.lastError || 'the SMSC closed the connection');
    });
  }

  #bind(): void {
    const { config } = this;
    this.state = BINDING;
    this.#timers = this.#freshTimers();
    this.#socket?.write(
      encodeBind(COMMAND_OF[this.kind], this.window.nextSequence(), {
        systemId: config.system_id,
        password: config.password,
        systemType: config.system_type,
        interfaceVersion: smpp.VERSION_34,
        addrTon: 0,
        addrNpi: 0,
        addressRange: '',
      }),
    );
  }

  #onData(socket: net.Socket, chunk: Buffer): void {
    if (socket !== this.#socket) return;
    if (!this.#reader.feed(chunk, this.#sink)) {
      // An earlier PDU of this chunk may have ended the link already.
      if (this.#writer === undefined) return;
      this.#writer.reserve(16);
      this.#headerOnly(smpp.GENERIC_NACK, smpp.ESME_RINVCMDLEN, this.#reader.badSequence);
      this.flush();
      this.#drop(`the SMSC sent a PDU of ${this.#reader.badLength} bytes`);
      return;
    }
    this.#afterRead();
  }

  /** Goes on reading after a handler stopped it. */
  resume(): void {
    if (this.#socket === undefined || !this.#reader.isStopped()) return;
    if (!this.#reader.resume(this.#sink)) {
      this.#drop('the SMSC broke the framing');
      return;
    }
    this.#afterRead();
  }

  #afterRead(): void {
    if (this.#reader.isStopped()) this.#socket?.pause();
    else if (this.#socket?.isPaused() === true) this.#socket.resume();
    if (this.#reader.hasPartial()) this.#timers.onPartial(this.#handler.now());
    this.#handler.onRead(this);
  }

  #onPdu(b: Buffer, start: number, end: number): boolean {
    // A handler may have dropped the link on account of an earlier PDU of this chunk.
    if (this.#writer === undefined) return true;
    const command = readU32(b, start + 4);
    const sequence = readU32(b, start + 12);
    // A whole PDU is a sign of life, single bytes are not; and it ends the time that its completion was given.
    this.#timers.onReceived(this.#handler.now());
    this.#timers.onWhole();
    if (command === smpp.SUBMIT_SM_RESP) {
      this.#onResponse(b, start, end, sequence);
      return true;
    }
    const act = judge(CLIENT, this.state, smpp.VERSION_34, command);
    if (act === ACT_DELIVER) return this.#handler.onDeliver(this, b, start, end);
    if (act === ACT_RESPONSE) this.#onOtherResponse(command, b, start, end);
    else if (act === ACT_ENQUIRE) this.#headerOnly(smpp.ENQUIRE_LINK_RESP, smpp.ESME_ROK, sequence);
    else if (act === ACT_UNBIND) this.#onUnbind(sequence);
    else if (act === ACT_UNKNOWN) this.#nack(smpp.ESME_RINVCMDID, sequence);
    else if (act !== ACT_IGNORE && !smpp.hasNoResponse(command)) this.#refuse(command, sequence);
    return true;
  }

  #onResponse(b: Buffer, start: number, end: number, sequence: number): void {
    this.attempts = 0;
    const status = responseStatus(b, start);
    const slot = this.window.take(sequence);
    if (slot < 0) this.#handler.onUnmatched(this, sequence, status, b, start, end);
    else this.#handler.onSubmitResponse(this, slot, status, b, start, end);
  }

  #onOtherResponse(command: number, b: Buffer, start: number, end: number): void {
    if (command === smpp.GENERIC_NACK) {
      const sequence = readU32(b, start + 12);
      if (this.state === BINDING) this.#drop('the SMSC refused the bind with generic_nack');
      else if (sequence !== 0) this.#onResponse(b, start, end, sequence);
    } else if (command === smpp.UNBIND_RESP) this.#drop('unbound');
    else if (command !== smpp.ENQUIRE_LINK_RESP && this.state === BINDING)
      this.#onBindResponse(b, start, end);
  }

  #onBindResponse(b: Buffer, start: number, end: number): void {
    const { status } = decodeBindResp(b, start, end);
    if (status !== smpp.ESME_ROK) {
      // Wrong credentials do not mend in a second: at the slowest pace, so that we never become an SMSC's flood.
      this.attempts = 32;
      this.#drop(`the SMSC refused the bind: ${smpp.statusName(status)}`);
      return;
    }
    this.state = boundStateOf(COMMAND_OF[this.kind]);
    // Not 0 before the SMSC has answered something: one that drops every bind at once is not hammered.
    this.attempts = Math.min(this.attempts, 4);
    this.lastError = '';
    this.#timers.onBound(this.#handler.now());
    this.#handler.onBound(this);
  }

  #onUnbind(sequence: number): void {
    this.#headerOnly(smpp.UNBIND_RESP, smpp.ESME_ROK, sequence);
    this.flush();
    this.#drop('the SMSC unbound');
  }

  #refuse(command: number, sequence: number): void {
    const response = (command | smpp.RESPONSE_BIT) >>> 0;
    this.#headerOnly(response, smpp.ESME_RINVBNDSTS, sequence);
  }

  #nack(status: number, sequence: number): void {
    const writer = this.#writer as LinkWriter;
    writer.reserve(16);
    writer.at += writeGenericNack(writer.buffer, writer.at, status, sequence);
  }

  #headerOnly(command: number, status: number, sequence: number): void {
    const writer = this.#writer as LinkWriter;
    writer.reserve(16);
    writer.at += writeHeaderOnly(writer.buffer, writer.at, command, status, sequence);
  }

  /** Asks the SMSC to end the session; nothing is sent after it. */
  unbind(): void {
    this.#stopping = true;
    if (!isBound(this.state)) {
      this.#drop('stopping');
      return;
    }
    this.#headerOnly(smpp.UNBIND, smpp.ESME_ROK, this.window.nextSequence());
    this.flush();
    this.state = UNBOUND;
  }

  /** Drops this connection and comes back. */
  recycle(why: string): void {
    this.#drop(why);
  }

  /** Cuts the link now. */
  close(): void {
    this.#stopping = true;
    this.#drop('closed');
  }

  #drop(why: string): void {
    const socket = this.#socket;
    if (socket === undefined) {
      this.state = CLOSED;
      return;
    }
    // What is written goes out if the peer still reads; a half-open one is cut.
    socket.end();
    setTimeout(() => socket.destroy(), 500).unref();
    this.#down(why);
  }

  #down(why: string): void {
    this.#socket = undefined;
    this.#writer = undefined;
    this.state = CLOSED;
    this.generation++;
    const { reconnect_min_s: min, reconnect_max_s: max } = this.config;
    const nowMs = this.#handler.now();
    this.#connectAtMs = nowMs + backoffMs(Math.max(1, this.attempts), min * 1000, max * 1000, Math.random());
    this.#handler.onDown(this, why);
  }
}
