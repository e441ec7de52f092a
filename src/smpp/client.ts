/**
 * One outbound bind to an SMSC: connects, or takes over a connection that the SMSC made, binds, keeps the link alive,
 * sends messages within its window and other requests beside it, and comes back with exponential back-off and jitter
 * when it is lost. What the PDUs mean is the handler's business.
 */
import type { Socket } from 'node:net';
import type { SmscConfig } from '../core/config.ts';
import { StatusClasses } from '../core/retry.ts';
import { COMMAND_OF, Reconnect, bindRequest, clientTimers, isBindResponse, refusal } from './client-bind.ts';
import type { BindKind } from './client-bind.ts';
import { ClientDelivers } from './client-delivers.ts';
import type { HandlerOf } from './client-handler.ts';
import { ClientRequests } from './client-requests.ts';
import * as smpp from './constants.ts';
import { readU32, writeHeader } from './cursor.ts';
import { Faults } from './faults.ts';
import { Leave } from './leave.ts';
import type { LinkWriter } from './link.ts';
import { negotiate, versionNumber } from './negotiate.ts';
import { decodeBindResp } from './pdu/bind.ts';
import * as session from './session.ts';
import { type LinkOwner, SocketLink } from './socket-link.ts';
import { type SessionTimers, TICK_ENQUIRE, TICK_OK } from './timers.ts';
import type { Window } from './window.ts';

export type BindHandler = HandlerOf<OutboundBind>;

const PDU_BYTES_MAX = 131_072;
/** A peer that does not read is sent no more requests above the first; answers go on, to the second: then it is cut. */
const BACKLOG_BYTES_MAX = 1024 * 1024;
const BACKLOG_CUT_BYTES = 16 * 1024 * 1024;

export class OutboundBind {
  readonly smsc: number;
  readonly number: number;
  readonly config: SmscConfig;
  readonly kind: BindKind;
  readonly window: Window;
  /** What the SMSC's command_status codes mean for a message. */
  readonly classes: StatusClasses;
  state = session.CLOSED;
  /** What was negotiated with the bind; before it, what we ask for. */
  version: number;
  /** Whether TLVs may be sent. */
  tlvs = false;
  /** Counts connections: an answer for an earlier one is dropped. */
  generation = 0;
  readonly faults = new Faults();
  /** For traces: bytes as they are read, and as they are written; valid during the call. */
  onBytesIn: ((chunk: Buffer) => void) | undefined = undefined;
  onBytesOut: ((bytes: Buffer) => void) | undefined = undefined;
  readonly #handler: BindHandler;
  readonly #requests: ClientRequests<OutboundBind>;
  /** What waits for `answerDeliver`. */
  readonly #delivers = new ClientDelivers();
  readonly #leave = new Leave();
  #link: SocketLink | undefined;
  #writer: LinkWriter | undefined;
  #timers: SessionTimers;
  readonly #reconnect: Reconnect;
  #connectDeadlineMs = 0;
  #stopping = false;
  readonly #owner: LinkOwner = {
    onOpen: () => this.#bind(),
    onBytesIn: (chunk) => this.onBytesIn?.(chunk),
    onPdu: (b, start, end) => this.#onPdu(b, start, end),
    onRead: (partial) => this.#afterRead(partial),
    onBroken: (length, sequence) => this.#onBroken(length, sequence),
    onClosed: (why) => this.#down(why || 'the SMSC closed the connection'),
  };

  /** `smsc` and `number` (of this bind in its shard) are the handler's own indexes. */
  constructor(smsc: number, number: number, kind: BindKind, config: SmscConfig, handler: BindHandler) {
    this.kind = kind;
    this.smsc = smsc;
    this.number = number;
    this.config = config;
    this.#handler = handler;
    this.#requests = new ClientRequests(this, config.window, handler);
    this.window = this.#requests.window;
    this.#reconnect = new Reconnect(config);
    this.classes = new StatusClasses(config.status_classes);
    this.version = versionNumber(config.interface_version);
    this.#timers = clientTimers(this.config, this.#handler.now());
  }

  /** The present connection. */
  get link(): SocketLink | undefined {
    return this.#link;
  }

  /** Names this bind and this connection in 32 bits. */
  ticket(): number {
    return (((this.generation & 0xffff) << 16) | this.number) >>> 0;
  }

  canSend(): boolean {
    return (
      this.state !== session.CLOSED &&
      session.isBound(this.state) &&
      this.kind !== 'receiver' &&
      !this.#stopping &&
      (this.#writer as LinkWriter).backlogBytes() < BACKLOG_BYTES_MAX
    );
  }

  /** Room in the window now. */
  room(): number {
    return this.canSend() ? this.window.limit - this.window.size : 0;
  }

  /**
   * Writes a message with the body [at, at + length) of `body`, as submit_sm or as data_sm; it goes out with the next
   * flush. Its response is the handler's `onSubmitResponse`.
   */
  submit(
    slot: number,
    body: Buffer,
    at: number,
    length: number,
    nowMs: number,
    command: number = smpp.SUBMIT_SM,
  ): void {
    this.#request(command, this.#requests.addMessage(slot, nowMs), body, at, length);
  }

  /**
   * Writes any other request with the body `body`; it goes out with the next flush, and `onOperationResponse` gets its
   * answer with `token` (0 or more). False: this bind can not send now, or too many are in flight.
   */
  operate(commandId: number, body: Buffer, token: number, nowMs: number): boolean {
    if (!this.canSend()) return false;
    const sequence = this.#requests.addOperation(commandId, token, nowMs);
    if (sequence < 0) return false;
    this.#request(commandId, sequence, body, 0, body.length);
    return true;
  }

  #request(command: number, sequence: number, body: Buffer, at: number, length: number): void {
    const writer = this.#writer as LinkWriter;
    const total = smpp.HEADER_BYTES + length;
    writer.reserve(total);
    const out = writer.buffer;
    const to = writer.at;
    writeHeader(out, to, total, command, smpp.ESME_ROK, sequence);
    body.copy(out, to + smpp.HEADER_BYTES, at, at + length);
    writer.at = to + total;
  }

  /** Answers a deliver_sm or data_sm of the connection that `ticket` names; gone ones are not answered. */
  answerDeliver(ticket: number, sequence: number, status: number): void {
    if (ticket !== this.ticket() || this.#writer === undefined) return;
    this.#delivers.answer(this.#writer, sequence, status, this.version);
  }

  flush(): void {
    if (this.#writer === undefined || this.#writer.at === 0) return;
    this.#writer.flush();
    this.#timers.onSent(this.#handler.now());
  }

  /** Time passes: connect when due, enquire_link, give up on a silent peer. Call some times a second. */
  tick(nowMs: number): void {
    if (this.state === session.CLOSED) {
      // An SMSC that calls us (outbind_listen) is not called.
      const mayCall = !this.#stopping && this.config.outbind_listen === undefined;
      if (mayCall && this.#reconnect.isDue(nowMs)) this.#connect(nowMs);
      return;
    }
    const waiting = !session.isBound(this.state) && this.state !== session.UNBOUND;
    if (waiting && nowMs > this.#connectDeadlineMs) {
      this.#drop('no bind within connect_timeout_s');
      return;
    }
    this.#requests.expireOperations(nowMs - this.config.response_timeout_s * 1000);
    if (this.#leaveIfDue(nowMs)) return;
    if ((this.#writer as LinkWriter).backlogBytes() > BACKLOG_CUT_BYTES) {
      this.#drop('the SMSC does not read what it is sent');
      return;
    }
    const verdict = this.#timers.tick(nowMs);
    if (verdict === TICK_ENQUIRE) {
      this.#headerOnly(smpp.ENQUIRE_LINK, smpp.ESME_ROK, this.window.nextSequence());
      this.flush();
    } else if (verdict !== TICK_OK && session.isBound(this.state)) {
      this.#drop('the SMSC does not answer enquire_link');
    }
  }

  #connect(nowMs: number): void {
    this.#begin(nowMs);
    const { host, port } = this.config;
    this.#use(SocketLink.dial({ host, port }, this.#owner, PDU_BYTES_MAX));
  }

  /**
   * Takes over a connection on which the SMSC sent its outbind, and binds on it. `rest`: what was read behind the
   * outbind. False: this bind has a connection, or is stopping.
   */
  adopt(socket: Socket, rest: Buffer, nowMs: number): boolean {
    if (this.state !== session.CLOSED || this.#stopping) return false;
    this.#begin(nowMs);
    this.#use(SocketLink.adopt(socket, this.#owner, PDU_BYTES_MAX));
    this.#bind();
    this.#link?.feed(rest);
    return true;
  }

  #begin(nowMs: number): void {
    this.#reconnect.onTry();
    this.#connectDeadlineMs = nowMs + this.config.connect_timeout_s * 1000;
    this.generation++;
    this.#requests.restart();
    this.#leave.restart();
    this.#delivers.restart();
    this.faults.total = 0;
    this.state = session.OPEN;
  }

  #use(link: SocketLink): void {
    this.#link = link;
    this.#writer = link.writer;
    link.writer.onFlush = (bytes) => this.onBytesOut?.(bytes);
  }

  #bind(): void {
    this.state = session.BINDING;
    this.#timers = clientTimers(this.config, this.#handler.now());
    this.version = versionNumber(this.config.interface_version);
    this.#write(bindRequest(this.config, this.kind, this.window.nextSequence()));
    this.flush();
  }

  #write(pdu: Buffer): void {
    const writer = this.#writer as LinkWriter;
    writer.reserve(pdu.length);
    writer.at += pdu.copy(writer.buffer, writer.at);
  }

  /** Goes on reading after a handler stopped it. */
  resume(): void {
    this.#link?.resume();
  }

  #afterRead(partial: boolean): void {
    if (partial) this.#timers.onPartial(this.#handler.now());
    this.#handler.onRead(this);
    this.#leaveIfDue(this.#handler.now());
  }

  #onBroken(length: number, sequence: number): void {
    this.#headerOnly(smpp.GENERIC_NACK, smpp.ESME_RINVCMDLEN, sequence);
    this.#drop(`the SMSC sent a PDU of ${length} bytes`);
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
      this.#reconnect.onAnswer();
      this.#requests.onMessageResponse(b, start, end, sequence);
      return true;
    }
    const act = session.judge(session.CLIENT, this.state, this.version, command);
    if (act === session.ACT_DELIVER || act === session.ACT_DATA) {
      this.#delivers.onRequest(sequence, act === session.ACT_DATA);
      return this.#handler.onDeliver(this, b, start, end);
    }
    if (act === session.ACT_RESPONSE) this.#onOtherResponse(command, sequence, b, start, end);
    else if (act === session.ACT_ENQUIRE) this.#headerOnly(smpp.ENQUIRE_LINK_RESP, smpp.ESME_ROK, sequence);
    else if (act === session.ACT_UNBIND) this.#onUnbind(sequence);
    else if (act === session.ACT_ALERT) this.#handler.onAlert(this, b, start, end);
    else if (act === session.ACT_UNKNOWN || act === session.ACT_WRONG_STATE)
      this.#write(this.faults.refuse(act, command, sequence, this.version));
    return true;
  }

  #onOtherResponse(command: number, sequence: number, b: Buffer, start: number, end: number): void {
    if (command === smpp.GENERIC_NACK) this.#onNack(b, start, end, sequence);
    else if (command === smpp.UNBIND_RESP) {
      if (this.#leave.sent) this.#drop('unbound');
    } else if (isBindResponse(command)) {
      if (this.state === session.BINDING) this.#onBindResponse(b, start, end);
    } else if (command !== smpp.ENQUIRE_LINK_RESP) {
      this.#reconnect.onAnswer();
      this.#requests.onOtherResponse(b, start, end, sequence);
    }
  }

  #onNack(b: Buffer, start: number, end: number, sequence: number): void {
    if (this.state === session.BINDING)
      this.#bindRefused(session.responseStatus(b, start), smpp.GENERIC_NACK);
    else {
      const why = this.#requests.onNack(b, start, end, sequence);
      if (why !== '') this.#drop(why);
    }
  }

  #onBindResponse(b: Buffer, start: number, end: number): void {
    const { status, scInterfaceVersion } = decodeBindResp(b, start, end);
    if (status !== smpp.ESME_ROK) {
      this.#bindRefused(status, readU32(b, start + 4));
      return;
    }
    const { version, tlvs } = negotiate(this.version, scInterfaceVersion, this.config.assume_tlvs);
    this.version = version;
    this.tlvs = tlvs;
    this.state = session.boundStateOf(COMMAND_OF[this.kind]);
    this.#reconnect.onBound();
    this.#timers.onBound(this.#handler.now());
    this.#handler.onBound(this);
    this.#requests.readsCongestion = version >= smpp.VERSION_50;
    if (version >= smpp.VERSION_50) this.#requests.readCongestion(b, start, end);
  }

  #bindRefused(status: number, command: number): void {
    this.#reconnect.onRefused();
    this.#drop(refusal(status, command, this.kind));
  }

  #onUnbind(sequence: number): void {
    const before = this.#leave.asked;
    if (before !== undefined) this.#headerOnly(smpp.UNBIND_RESP, smpp.ESME_ROK, before);
    this.state = session.UNBOUND;
    this.#leave.onUnbind(sequence, this.#handler.now());
    // One that says so again waits no longer.
    if (before !== undefined) this.#takeLeave();
  }

  /** Goes on with the end of the session once nothing is open between both sides, or was for too long. */
  #leaveIfDue(nowMs: number): boolean {
    const isQuiet = this.window.size === 0 && this.#requests.operations === 0 && this.#delivers.open <= 0;
    if (this.#link === undefined || !this.#leave.isDue(isQuiet, nowMs)) return false;
    this.#takeLeave();
    return true;
  }

  #takeLeave(): void {
    const { asked } = this.#leave;
    if (asked !== undefined) {
      this.#headerOnly(smpp.UNBIND_RESP, smpp.ESME_ROK, asked);
      this.#drop('the SMSC unbound');
      return;
    }
    this.#leave.wanted = false;
    this.#leave.sent = true;
    this.state = session.UNBOUND;
    this.#headerOnly(smpp.UNBIND, smpp.ESME_ROK, this.window.nextSequence());
    this.flush();
  }

  #headerOnly(command: number, status: number, sequence: number): void {
    (this.#link as SocketLink).headerOnly(command, status, sequence);
  }

  /** Asks the SMSC to end the session, once what is open is answered; no request is sent any more. */
  unbind(): void {
    this.#stopping = true;
    if (session.isBound(this.state)) {
      this.#leave.want(this.#handler.now());
      this.#leaveIfDue(this.#handler.now());
    } else if (this.#leave.asked === undefined) this.#drop('stopping');
  }

  /** Drops this connection and comes back. */
  recycle(why: string): void {
    this.#drop(why);
  }

  /** Cuts the link now. */
  close(): void {
    this.#stopping = true;
    if (this.#leave.wanted) this.#takeLeave();
    this.#drop('closed');
  }

  #drop(why: string): void {
    if (this.#link === undefined) {
      this.state = session.CLOSED;
      return;
    }
    this.#link.end();
    this.#down(why);
  }

  #down(why: string): void {
    this.#link = undefined;
    this.#writer = undefined;
    this.state = session.CLOSED;
    this.generation++;
    this.#reconnect.onDown(this.#handler.now(), Math.random());
    this.#requests.expireOperations(Infinity);
    this.#handler.onDown(this, why);
  }
}
