/** One ESME's connection: its PDUs come in here, answers and receipts go out. */
import type { Socket } from 'node:net';
import { endpoint } from '../core/endpoint.ts';
import { PROTOCOL_SMPP } from '../core/records.ts';
import {
  CELL_BROKEN_STREAMS,
  CELL_ERROR_BUDGETS,
  CELL_MALFORMED,
  CELL_SUBMIT_OK,
  CELL_SUBMIT_REFUSED,
} from '../core/ring/counters.ts';
import * as smpp from '../smpp/constants.ts';
import { readU32 } from '../smpp/cursor.ts';
import type { ErrorKind } from '../smpp/faults.ts';
import { FrameReader } from '../smpp/frame.ts';
import { LinkWriter } from '../smpp/link.ts';
import { writeGenericNack, writeHeaderOnly } from '../smpp/pdu/header-only.ts';
import {
  ACT_ALREADY_BOUND,
  ACT_BIND,
  ACT_ENQUIRE,
  ACT_IGNORE,
  ACT_REQUEST,
  ACT_RESPONSE,
  ACT_SUBMIT,
  ACT_UNBIND,
  ACT_UNKNOWN,
  BINDING,
  CLOSED,
  OPEN,
  SERVER,
  UNBOUND,
  judge,
  responseStatus,
} from '../smpp/session.ts';
import { SessionTimers, TICK_CLOSE_ENQUIRE, TICK_ENQUIRE, TICK_OK } from '../smpp/timers.ts';
import { Window } from '../smpp/window.ts';
import type { Tap } from '../smpp/tap.ts';
import { bind } from './bind.ts';
import { ErrorBudget, isMalformedSubmit, isOfForm } from './error-budget.ts';
import { Leaving } from './leave.ts';
import { onDeliverResponse, sessionGone } from './receipts.ts';
import type { OperationAnswer, PendingRequest } from './pending-requests.ts';
import type { EdgeAccount, EdgeState, Session } from './state.ts';
import { PendingRequests } from './pending-requests.ts';
import { onRequest } from './requests.ts';
import { statusAnswer } from './responses.ts';
import { submit } from './submit.ts';
import { writeSubmitResponse } from './submit-response.ts';

/** A peer that does not read: above the first nothing more is read from it, above the second it is cut. */
const BACKLOG_PAUSE_BYTES = 1024 * 1024;
const BACKLOG_CUT_BYTES = 16 * 1024 * 1024;
/** With less room than this in a ring, sessions stop reading: each may have a chunk in hand. */
const RING_ROOM_BYTES = 1024 * 1024;
const LOCK_STEP_CHUNKS = 8;

export class EsmeSession implements Session {
  readonly edge: EdgeState;
  readonly socket: Socket;
  readonly address: string;
  readonly writer: LinkWriter;
  /** Slot and generation: what the shards answer to. */
  readonly reference: number;
  readonly openedMs: number;
  state = OPEN;
  version = smpp.VERSION_34;
  account: EdgeAccount | undefined;
  called: EdgeAccount | undefined = undefined;
  /** Requests on their way, not answered yet. */
  inFlight = 0;
  requests: PendingRequests | undefined;
  /** Receipts that the ESME has not answered; values are indexes of edge.lent. */
  window = new Window(1);
  timers: SessionTimers;
  readonly budget: ErrorBudget;
  tap: Tap | undefined = undefined;
  /** Receipts held back to go out in a group, and since when. */
  readonly held: { bytes: Buffer; at: number; sinceMs: number } = { bytes: EMPTY, at: 0, sinceMs: 0 };
  /** Chunks in a row that brought one submit with nothing else in flight. */
  lockStep = 0;
  #reader: FrameReader;
  #submitsInChunk = 0;
  #ending = false;
  readonly #leaving = new Leaving(this);
  readonly #sink = { onPdu: (b: Buffer, start: number, end: number) => this.#onPdu(b, start, end) };

  constructor(edge: EdgeState, socket: Socket, address: string, reference: number) {
    const { smpp: settings } = edge.config;
    this.edge = edge;
    this.socket = socket;
    this.address = address;
    this.reference = reference;
    this.writer = new LinkWriter(socket);
    this.openedMs = edge.nowMs;
    this.#reader = new FrameReader(settings.pdu_bytes_max_unbound);
    this.budget = new ErrorBudget(settings.errors_max, settings.errors_s * 1000);
    this.timers = new SessionTimers(
      {
        sessionInitMs: settings.session_init_s * 1000,
        enquireMs: settings.enquire_link_s * 1000,
        enquireResponseMs: Math.min(10_000, settings.enquire_link_s * 1000),
        enquireAttemptsMax: 2,
        inactivityMs: settings.inactivity_s * 1000,
        partialMs: settings.pdu_complete_s * 1000,
      },
      edge.nowMs,
    );
    socket.setNoDelay(true);
    socket.on('error', (error) =>
      edge.log.info('esme link error', { ...this.describe(), error: error.message }),
    );
    socket.on('close', () => this.#onClose());
  }

  describe(): Record<string, unknown> {
    return { account: this.account?.name, address: this.address };
  }

  endpoints(): { local: string; remote: string } {
    const { localAddress, localPort, remotePort } = this.socket;
    return { local: endpoint(localAddress, localPort), remote: endpoint(this.address, remotePort) };
  }

  unread(): Buffer {
    return this.#reader.heldBytes();
  }

  /** The next bytes of the stream; `chunk` is valid during the call only. */
  onData(chunk: Buffer): void {
    if (this.state === CLOSED) return;
    const { edge } = this;
    edge.readClock();
    this.#submitsInChunk = 0;
    if (this.tap !== undefined) this.tap.received(chunk);
    if (!this.#reader.feed(chunk, this.#sink)) this.#broken();
    else this.#afterRead();
    edge.afterRead(this);
  }

  /** Goes on reading once what stopped it has room again. */
  resume(): void {
    if (this.state === CLOSED) this.edge.stalled.delete(this);
    if (this.state === CLOSED || !this.mayRead()) return;
    this.edge.stalled.delete(this);
    if (this.#reader.isStopped()) {
      if (!this.#reader.resume(this.#sink)) this.#broken();
      else this.#afterRead();
      this.edge.afterRead(this);
    } else if (this.socket.isPaused()) this.socket.resume();
  }

  /** The bind was decided: what was pipelined behind it is read now. */
  raiseLimit(): void {
    this.#reader.lengthMax = this.edge.config.smpp.pdu_bytes_max;
  }

  #afterRead(): void {
    const { edge } = this;
    if (this.state === CLOSED) return;
    if (this.#submitsInChunk === 1 && this.inFlight === 1) this.lockStep++;
    else if (this.#submitsInChunk > 0) this.lockStep = 0;
    if (this.#reader.isStopped() || !this.mayRead()) {
      this.socket.pause();
      edge.stalled.add(this);
    } else if (this.socket.isPaused()) this.socket.resume();
    if (this.#reader.hasPartial()) this.timers.onPartial(edge.nowMs);
  }

  get inLockStep(): boolean {
    return this.lockStep >= LOCK_STEP_CHUNKS;
  }

  mayRead(): boolean {
    if (this.state === BINDING) return false;
    if (this.writer.backlogBytes() > BACKLOG_PAUSE_BYTES) return false;
    if (this.account !== undefined && this.inFlight >= this.account.submitWindow) return false;
    return this.edge.ends.writers.every((ring) => ring.freeBytes() > RING_ROOM_BYTES);
  }

  #onPdu(b: Buffer, start: number, end: number): boolean {
    const command = readU32(b, start + 4);
    const sequence = readU32(b, start + 12);
    const act = judge(SERVER, this.state, this.version, command);
    if (act !== ACT_IGNORE) this.timers.onReceived(this.edge.nowMs);
    this.timers.onWhole();
    if (act === ACT_SUBMIT) return this.#onSubmit(b, start, end, sequence);
    if (act === ACT_REQUEST) return onRequest(this, b, start, end) && this.state !== CLOSED;
    if (act === ACT_RESPONSE) this.#onResponse(command, sequence, b, start);
    else if (act === ACT_ENQUIRE) this.headerOnly(smpp.ENQUIRE_LINK_RESP, smpp.ESME_ROK, sequence);
    else if (act === ACT_BIND) return bind(this, command, sequence, b, start, end);
    else if (act === ACT_UNBIND) this.#leaving.onUnbind(sequence);
    else if (act === ACT_UNKNOWN)
      this.#refuse('unknownCommand', smpp.GENERIC_NACK, smpp.ESME_RINVCMDID, sequence);
    else if (act === ACT_ALREADY_BOUND)
      this.#refuse('wrongState', smpp.responseIdOf(command), smpp.ESME_RALYBND, sequence);
    else if (act !== ACT_IGNORE)
      this.#refuse('wrongState', smpp.responseIdOf(command), smpp.ESME_RINVBNDSTS, sequence);
    return this.state !== CLOSED;
  }

  #onSubmit(b: Buffer, start: number, end: number, sequence: number): boolean {
    const { edge } = this;
    const account = this.account as EdgeAccount;
    this.#submitsInChunk++;
    if (this.requests?.has(sequence) === true) {
      // The answers of two requests with one number could not be told apart.
      this.#writeSubmitResponse(smpp.ESME_RSYSERR, sequence, 0, 0);
      return true;
    }
    const status = submit(
      edge,
      account,
      this.version,
      PROTOCOL_SMPP,
      this.reference,
      sequence,
      b,
      start,
      end,
    );
    if (status === smpp.ESME_ROK) {
      this.inFlight++;
      return this.inFlight < account.submitWindow;
    }
    edge.cells[CELL_SUBMIT_REFUSED]++;
    this.#writeSubmitResponse(status, sequence, 0, 0);
    if (isMalformedSubmit(status, b, start, end, this.version, edge.fields)) this.fault('malformed');
    return this.state !== CLOSED;
  }

  /** The shard's answer to a submit: it is durable, or was refused. */
  answer(shard: number, status: number, sequence: number, idHigh: number, idLow: number): void {
    this.edge.cells[status === smpp.ESME_ROK ? CELL_SUBMIT_OK : CELL_SUBMIT_REFUSED]++;
    const isDone = this.requests?.onAnswer(shard, status, sequence, idHigh, idLow);
    if (isDone === false) return;
    this.inFlight--;
    if (isDone === undefined) this.#writeSubmitResponse(status, sequence, idHigh, idLow);
    if (this.inFlight === 0 && this.state === UNBOUND) this.#leaving.onIdle();
  }

  onOperation(sequence: number, answer: OperationAnswer): void {
    if (this.requests?.onOperation(sequence, answer) !== true) return;
    if (--this.inFlight === 0 && this.state === UNBOUND) this.#leaving.onIdle();
  }

  expect(sequence: number, request: PendingRequest): void {
    this.requests ??= new PendingRequests();
    this.requests.add(sequence, request);
    this.inFlight++;
  }

  refuseRequest(command: number, sequence: number, status: number, malformed = isOfForm(status)): void {
    this.edge.cells[CELL_SUBMIT_REFUSED]++;
    statusAnswer(this, sequence, command, status);
    if (malformed) this.fault('malformed');
  }

  #writeSubmitResponse(status: number, sequence: number, idHigh: number, idLow: number): void {
    writeSubmitResponse(this, status, sequence, idHigh, idLow);
    this.edge.dirty.add(this);
  }

  write(pdu: Buffer): void {
    const { writer } = this;
    writer.reserve(pdu.length);
    writer.at += pdu.copy(writer.buffer, writer.at);
    this.edge.dirty.add(this);
  }

  #onResponse(command: number, sequence: number, b: Buffer, start: number): void {
    const isOfReceipt = command === smpp.DELIVER_SM_RESP || command === smpp.DATA_SM_RESP;
    if (isOfReceipt || command === smpp.GENERIC_NACK) {
      onDeliverResponse(this, sequence, responseStatus(b, start));
    } else if (command === smpp.UNBIND_RESP) this.#leaving.onAnswer();
  }

  #refuse(kind: ErrorKind, response: number, status: number, sequence: number): void {
    // 3.3 has no responses without their body.
    if (this.version <= smpp.VERSION_33 && response !== smpp.GENERIC_NACK) {
      statusAnswer(this, sequence, response, status);
    } else this.headerOnly(response, status, sequence);
    this.fault(kind);
  }

  /** A PDU that was wrong, and is answered. One too many: the session ends behind that answer. */
  fault(kind: ErrorKind): void {
    const { edge, budget } = this;
    edge.cells[CELL_MALFORMED]++;
    if (!budget.add(kind, edge.nowMs) || this.state === CLOSED) return;
    edge.cells[CELL_ERROR_BUDGETS]++;
    const { errors_max: max, errors_s: withinS } = edge.config.smpp;
    edge.log.warn('esme sent too many bad PDUs: closed', {
      ...this.describe(),
      ...budget.counts,
      max,
      withinS,
    });
    this.end();
  }

  headerOnly(command: number, status: number, sequence: number): void {
    const { writer } = this;
    writer.reserve(16);
    writer.at += writeHeaderOnly(writer.buffer, writer.at, command, status, sequence);
    this.edge.dirty.add(this);
  }

  #broken(): void {
    this.edge.cells[CELL_BROKEN_STREAMS]++;
    const { badLength, badSequence } = this.#reader;
    this.edge.log.info('esme broke the framing', { ...this.describe(), commandLength: badLength });
    this.writer.reserve(16);
    this.writer.at += writeGenericNack(this.writer.buffer, this.writer.at, smpp.ESME_RINVCMDLEN, badSequence);
    this.end();
  }

  /** Time passes. */
  tick(nowMs: number): void {
    if (this.state === CLOSED) return;
    if (this.held.at > 0 && nowMs - this.held.sinceMs >= (this.account?.receiptGroupMs ?? 0)) {
      this.edge.dirty.add(this);
    }
    if (this.writer.backlogBytes() > BACKLOG_CUT_BYTES) {
      this.edge.log.warn('esme does not read what it is sent: cut', this.describe());
      this.socket.destroy();
      return;
    }
    // While its bind is decided the peer has done its part: a queue of logins is no reason to cut it unanswered.
    if (this.state === BINDING) return;
    const verdict = this.timers.tick(nowMs);
    if (verdict === TICK_OK) return;
    if (verdict === TICK_ENQUIRE) {
      this.headerOnly(smpp.ENQUIRE_LINK, smpp.ESME_ROK, this.window.nextSequence());
      return;
    }
    this.edge.log.info('esme timed out', { ...this.describe(), verdict });
    // One that does not answer enquire_link is dead: what is written to it would only wait in the kernel.
    if (verdict === TICK_CLOSE_ENQUIRE) this.socket.destroy();
    else this.end();
  }

  /** Writes what gathered; receipts that are held back go with it once their time has come. */
  flush(nowMs: number): void {
    const { held, writer } = this;
    if (held.at > 0 && (!this.inLockStep || nowMs - held.sinceMs >= (this.account?.receiptGroupMs ?? 0))) {
      writer.reserve(held.at);
      held.bytes.copy(writer.buffer, writer.at, 0, held.at);
      writer.at += held.at;
      held.at = 0;
    }
    if (writer.at > 0) this.timers.onSent(nowMs);
    writer.flush();
  }

  /** Tells the ESME that we go. */
  unbind(): void {
    this.#leaving.unbind();
  }

  /** Closes after what is written has gone out; a peer that does not read it is cut. */
  end(): void {
    if (this.#ending) return;
    this.#ending = true;
    this.writer.flush();
    this.#leave();
    this.socket.end();
    setTimeout(() => this.socket.destroy(), LINGER_MS).unref();
  }

  #leave(): void {
    if (this.state === CLOSED) return;
    sessionGone(this);
    this.state = CLOSED;
    this.edge.removeSession(this);
  }

  #onClose(): void {
    this.#leave();
  }
}

const EMPTY = Buffer.alloc(0);
const LINGER_MS = 1_000;
