/**
 * One session of the library, whichever side we are: PDUs as objects over one link, promises for our requests, a
 * handler for the peer's. What the two sides do of their own is in esme-session.ts and server-session.ts.
 */
import type { Socket } from 'node:net';
import { decodePdu, encodePdu } from './codec.ts';
import type { DecodedPdu, Pdu, PduInput } from './codec.ts';
import * as smpp from './constants.ts';
import { readU32 } from './cursor.ts';
import { RequestError } from './library-types.ts';
import type { Answer, AnswerFields, Fields, RequestCommand, ResponseTo } from './library-types.ts';
import { Leave } from './leave.ts';
import { PendingRequests } from './pending-requests.ts';
import { refusalOf } from './refusal.ts';
import type { PduSessionSettings } from './session-settings.ts';
import * as session from './session.ts';
import { SocketLink } from './socket-link.ts';
import type { LinkOwner } from './socket-link.ts';
import { SessionTimers, TICK_CLOSE_INIT, TICK_ENQUIRE, TICK_OK } from './timers.ts';

/** What can not be read; it has been answered. */
export type Malformed = Extract<DecodedPdu, { ok: false }>;

export interface PduSessionEvents {
  /** The connection stands. */
  onOpen(): void;
  /** A request of the peer that fits the state. A throw or a rejection is answered `failureStatus`. */
  onRequest(pdu: Pdu): Answer | Promise<Answer>;
  /** alert_notification or outbind: nothing is answered. */
  onNotice(pdu: Pdu): void;
  /** The peer unbound; it has its answer. */
  onUnbind(): void;
  onMalformed(refused: Malformed): void;
  /** What a handler threw. */
  onError(error: unknown): void;
  onClosed(why: string): void;
}

const ONLY_33 = new Set([smpp.PARAM_RETRIEVE, smpp.QUERY_LAST_MSGS, smpp.QUERY_MSG_DETAILS]);
const TICK_MS = 200;
const PDU_COMPLETE_MS = 30_000;
/** A peer that asks and does not read the answers is cut when so much is written for it. */
const BACKLOG_BYTES_MAX = 16 * 1024 * 1024;
const ENQUIRE_RESPONSE_MS = 10_000;

export class PduSession {
  readonly role: session.Role;
  state = session.CLOSED;
  version: number;
  readonly #settings: PduSessionSettings;
  readonly #events: PduSessionEvents;
  readonly #pending: PendingRequests;
  readonly #timers: SessionTimers;
  readonly #leave: Leave;
  #unbound: Promise<void> | undefined;
  /** Ends the wait of `unbind`. */
  #onLeft: () => void = () => undefined;
  #link: SocketLink | undefined;
  #ticking: NodeJS.Timeout | undefined;
  #unanswered = 0;
  #flushing = false;
  readonly #owner: LinkOwner = {
    onOpen: () => this.#onOpen(),
    onBytesIn: () => undefined,
    onPdu: (b, start, end) => this.#onPdu(b, start, end),
    onRead: (partial) => {
      if (partial) this.#timers.onPartial(performance.now());
    },
    onBroken: (length, sequence) => this.#onBroken(length, sequence),
    onClosed: (why) => this.#ended(why === '' ? 'the peer closed the connection' : why),
  };

  constructor(role: session.Role, version: number, settings: PduSessionSettings, events: PduSessionEvents) {
    this.role = role;
    this.version = version;
    this.#settings = settings;
    this.#events = events;
    this.#pending = new PendingRequests(settings.windowMax, settings.waitingMax);
    this.#leave = new Leave(settings.unbindTimeoutMs);
    const timers = {
      sessionInitMs: settings.bindTimeoutMs,
      enquireMs: settings.enquireLinkMs,
      enquireResponseMs: Math.min(ENQUIRE_RESPONSE_MS, settings.responseTimeoutMs),
      enquireAttemptsMax: 2,
      inactivityMs: settings.inactivityMs,
      partialMs: PDU_COMPLETE_MS,
    };
    this.#timers = new SessionTimers(timers, performance.now());
  }

  get remoteAddress(): string | undefined {
    return this.#link?.socket.remoteAddress;
  }

  /** Takes over a socket; `opened`: the event that says it stands, where it does not yet. Once a session. */
  use(socket: Socket, opened?: string): void {
    this.state = session.OPEN;
    this.#link = SocketLink.adopt(socket, this.#owner, this.#settings.pduBytesMax, opened);
    this.#ticking = setInterval(() => this.#tick(), TICK_MS);
    if (opened === undefined) this.#onOpen();
  }

  /** Reads what came before the socket was taken over. */
  feed(bytes: Buffer): void {
    this.#link?.feed(bytes);
  }

  #onOpen(): void {
    this.#events.onOpen();
  }

  /** The bind is decided: what the session is from here on. */
  bound(state: number, version: number): void {
    this.state = state;
    this.version = version;
    this.#timers.onBound(performance.now());
  }

  /**
   * Sends a request; resolves with its response, whatever its command_status. Rejects with a RequestError where none
   * came, and with a RangeError naming the field where a value does not fit the version.
   */
  request<C extends RequestCommand>(command: C, fields: Fields<C>): Promise<ResponseTo<C>> {
    return new Promise((resolve, reject) => this.send(command, fields, resolve, reject));
  }

  /** The same, with functions that are called before the PDU behind the response is read. Throws the RangeError. */
  send<C extends RequestCommand>(
    command: C,
    fields: Fields<C>,
    resolve: (response: ResponseTo<C>) => void,
    reject: (error: RequestError) => void,
  ): void {
    if (!this.#isOpen()) throw new RequestError(`${command}: the session has ended`);
    const bytes = this.#encode(command, fields, 1);
    const response = smpp.responseIdOf(readU32(bytes, 4));
    this.#pending.add({
      bytes,
      command,
      response,
      resolve: (pdu) => resolve(pdu as ResponseTo<C>),
      reject,
      sentMs: 0,
    });
    this.#sendWaiting();
  }

  /** Sends a request that has no response: alert_notification, outbind. */
  notify<C extends 'alert_notification' | 'outbind'>(command: C, fields: Fields<C>): void {
    if (!this.#isOpen()) throw new RequestError(`${command}: the session has ended`);
    this.#write(this.#encode(command, fields, this.#pending.nextSequence()));
  }

  #encode(command: string, fields: object, sequenceNumber: number): Buffer {
    const pdu: object = { ...fields, command, sequenceNumber };
    // data_sm is none of 3.3; who sends one all the same gets its response.
    const lenient = command === 'data_sm_resp' && this.version <= smpp.VERSION_33;
    return encodePdu(pdu as PduInput, this.version, { lenient });
  }

  #isOpen(): boolean {
    return this.#link !== undefined && this.state !== session.UNBOUND && !this.#leave.wanted;
  }

  #sendWaiting(): void {
    for (;;) {
      const bytes = this.#pending.take(performance.now());
      if (bytes === undefined) return;
      this.#write(bytes);
    }
  }

  /** Many PDUs of one turn of the event loop go out in one write. */
  #write(bytes: Buffer): void {
    const writer = this.#link?.writer;
    if (writer === undefined) return;
    writer.reserve(bytes.length);
    writer.at += bytes.copy(writer.buffer, writer.at);
    this.#flushSoon();
  }

  #headerOnly(command: number, status: number, sequence: number): void {
    this.#link?.headerOnly(command, status, sequence);
    this.#flushSoon();
  }

  #flushSoon(): void {
    if (this.#flushing) return;
    this.#flushing = true;
    queueMicrotask(() => {
      this.#flushing = false;
      if (this.#link === undefined) return;
      this.#link.writer.flush();
      this.#timers.onSent(performance.now());
      if (this.#link.writer.backlogBytes() > BACKLOG_BYTES_MAX) this.close('the peer does not read');
    });
  }

  #onPdu(b: Buffer, start: number, end: number): boolean {
    if (this.#link === undefined) return true;
    const command = readU32(b, start + 4);
    const sequence = readU32(b, start + 12);
    this.#timers.onReceived(performance.now());
    this.#timers.onWhole();
    if (command >= smpp.RESPONSE_BIT) {
      this.#onResponse(command, sequence, b, start, end);
      return true;
    }
    const act = this.#judge(command);
    if (act === session.ACT_ENQUIRE) this.#headerOnly(smpp.ENQUIRE_LINK_RESP, smpp.ESME_ROK, sequence);
    else if (act === session.ACT_UNBIND) this.#onUnbind(sequence);
    else if (act === session.ACT_UNKNOWN) this.#refuse(command, smpp.ESME_RINVCMDID, sequence);
    else if (act === session.ACT_ALREADY_BOUND) this.#refuse(command, smpp.ESME_RALYBND, sequence);
    else if (act === session.ACT_WRONG_STATE) this.#refuse(command, smpp.ESME_RINVBNDSTS, sequence);
    else if (act !== session.ACT_IGNORE) this.#onRequest(act, b, start, end);
    return this.#mayRead();
  }

  /** The commands that 3.3 alone has are for the handler to serve. */
  #judge(command: number): number {
    const act = session.judge(this.role, this.state, this.version, command);
    if (act !== session.ACT_UNKNOWN || this.version > smpp.VERSION_33 || !ONLY_33.has(command)) return act;
    return session.judge(this.role, this.state, this.version, smpp.QUERY_SM);
  }

  #mayRead(): boolean {
    return this.state !== session.BINDING && this.#unanswered < this.#settings.requestsMax;
  }

  #onRequest(act: number, b: Buffer, start: number, end: number): void {
    // A handler may take its time; the bytes that were read are used again.
    const own = Buffer.from(b.subarray(start, end));
    const decoded = decodePdu(own, 0, own.length, this.version, { lenient: this.role === session.CLIENT });
    if (!decoded.ok) {
      if (!smpp.hasNoResponse(decoded.commandId)) {
        this.#refuse(decoded.commandId, decoded.status, decoded.sequenceNumber);
      }
      this.#events.onMalformed(decoded);
      return;
    }
    const { pdu } = decoded;
    if (act === session.ACT_ALERT || act === session.ACT_OUTBIND) {
      this.#events.onNotice(pdu);
      return;
    }
    if (act === session.ACT_BIND) this.state = session.BINDING;
    void this.#answer(pdu, readU32(own, 4));
  }

  async #answer(pdu: Pdu, command: number): Promise<void> {
    this.#unanswered++;
    let answer: Answer;
    try {
      answer = await this.#events.onRequest(pdu);
      this.#respond(pdu, command, answer);
    } catch (error) {
      const failure = this.role === session.CLIENT ? smpp.ESME_RX_T_APPN : smpp.ESME_RSYSERR;
      this.#respond(pdu, command, failure);
      this.#events.onError(error);
    }
    this.#unanswered--;
    this.#leaveIfDue();
    if (this.#mayRead()) this.#link?.resume();
  }

  #respond(request: Pdu, command: number, answer: Answer): void {
    if (this.#link === undefined) return;
    const { sequenceNumber } = request;
    if (answer === smpp.ESME_RINVCMDID) {
      this.#refuse(command, answer, sequenceNumber);
      return;
    }
    const fields: AnswerFields = typeof answer === 'number' ? { commandStatus: answer } : answer;
    const { tlvs = [], details, ...own } = fields;
    // Version 3.3 knows no TLVs.
    const known = this.version > smpp.VERSION_33 ? tlvs : [];
    const whole = { ...own, ...details, tlvs: known };
    this.#write(this.#encode(`${request.command}_resp`, whole, sequenceNumber));
  }

  #refuse(command: number, status: number, sequence: number): void {
    this.#write(refusalOf(this.role, command, status, sequence, this.version));
  }

  #onResponse(command: number, sequence: number, b: Buffer, start: number, end: number): void {
    if (command === smpp.GENERIC_NACK) {
      const status = session.responseStatus(b, start);
      const request = this.#pending.answered(sequence);
      const what = `generic_nack ${smpp.statusName(status)}`;
      request?.reject(new RequestError(`${request.command}: ${what}`, status));
    } else if (this.#pending.expects(sequence, command)) {
      const own = Buffer.from(b.subarray(start, end));
      const decoded = decodePdu(own, 0, own.length, this.version, { lenient: true });
      const request = this.#pending.answered(sequence);
      if (decoded.ok) request?.resolve(decoded.pdu);
      else {
        request?.reject(
          new RequestError(`${request.command}: the response can not be read: ${decoded.reason}`),
        );
        this.#events.onMalformed(decoded);
      }
    }
    this.#sendWaiting();
    this.#leaveIfDue();
  }

  #onUnbind(sequence: number): void {
    const before = this.#leave.asked;
    if (before !== undefined) {
      // One that says so again waits no longer.
      this.#headerOnly(smpp.UNBIND_RESP, smpp.ESME_ROK, before);
      this.#answerUnbind(sequence);
      return;
    }
    if (this.state === session.UNBOUND) {
      this.#headerOnly(smpp.UNBIND_RESP, smpp.ESME_ROK, sequence);
      return;
    }
    this.state = session.UNBOUND;
    this.#pending.failWaiting('the peer unbound');
    this.#leave.onUnbind(sequence, performance.now());
    this.#leaveIfDue();
  }

  #answerUnbind(sequence: number): void {
    this.#leave.asked = undefined;
    this.#headerOnly(smpp.UNBIND_RESP, smpp.ESME_ROK, sequence);
    this.#events.onUnbind();
  }

  /** The unbind or its response, once nothing is open between both sides, or was for too long. */
  #leaveIfDue(): void {
    if (this.#link === undefined) return;
    const { asked } = this.#leave;
    // What an ESME that goes owes us it may still answer before it closes.
    const awaits = asked !== undefined && this.role === session.SERVER ? 0 : this.#pending.open;
    if (!this.#leave.isDue(this.#unanswered === 0 && awaits === 0, performance.now())) return;
    if (asked !== undefined) {
      this.#answerUnbind(asked);
      return;
    }
    this.#leave.wanted = false;
    this.#pending.fail('no answer before the unbind');
    this.send('unbind', {}, this.#onLeft, this.#onLeft);
    this.state = session.UNBOUND;
  }

  #onBroken(length: number, sequence: number): void {
    this.#link?.headerOnly(smpp.GENERIC_NACK, smpp.ESME_RINVCMDLEN, sequence);
    this.close(`the peer sent a PDU of ${length} octets`);
  }

  #tick(): void {
    const nowMs = performance.now();
    this.#pending.expire(nowMs, this.#settings.responseTimeoutMs);
    const verdict = this.#timers.tick(nowMs);
    if (verdict === TICK_ENQUIRE) {
      this.#headerOnly(smpp.ENQUIRE_LINK, smpp.ESME_ROK, this.#pending.nextSequence());
    } else if (verdict === TICK_CLOSE_INIT) this.close('no bind in time');
    else if (verdict !== TICK_OK) this.close('the peer was silent for too long');
    this.#sendWaiting();
    this.#leaveIfDue();
  }

  /**
   * Ends the session in order: what is open between both sides is answered, no longer than `unbindTimeoutMs`, then
   * comes the unbind, and with its answer or without one the end.
   */
  unbind(): Promise<void> {
    this.#unbound ??= this.#askToLeave();
    return this.#unbound;
  }

  async #askToLeave(): Promise<void> {
    if (this.#isOpen()) {
      await new Promise<void>((resolve) => {
        this.#onLeft = resolve;
        this.#leave.want(performance.now());
        this.#leaveIfDue();
      });
    }
    this.close('unbound');
  }

  /** Ends the connection behind what is written; requests that wait for an answer are rejected. */
  close(why = 'closed'): void {
    if (this.#link === undefined) return;
    this.#link.end();
    this.#ended(why);
  }

  #ended(why: string): void {
    clearInterval(this.#ticking);
    this.#link = undefined;
    this.state = session.CLOSED;
    this.#pending.fail(why);
    this.#onLeft();
    this.#events.onClosed(why);
  }
}
