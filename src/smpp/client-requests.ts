/** What an outbound bind has asked and what is answered: messages by their window, other requests beside it. */
import { NO_RESPONSE } from '../core/records.ts';
import type { HandlerOf } from './client-handler.ts';
import { DATA_SM_RESP, ESME_RINVCMDLEN, GENERIC_NACK } from './constants.ts';
import { readU32 } from './cursor.ts';
import { Operations } from './operations.ts';
import { congestionState } from './pdu/response-tlvs.ts';
import { responseStatus } from './session.ts';
import { Window } from './window.ts';

/** generic_nacks without a sequence_number that one connection may bring before it is given up. */
const BLIND_NACKS_MAX = 1;
const NOTHING = Buffer.alloc(0);

/** `B` is the bind, which the handler is told with everything. */
export class ClientRequests<B> {
  readonly window: Window;
  /** A 5.0 SMSC says how busy it is. */
  readsCongestion = false;
  readonly #operations = new Operations();
  readonly #bind: B;
  readonly #handler: HandlerOf<B>;
  #blindNacks = 0;

  constructor(bind: B, windowMax: number, handler: HandlerOf<B>) {
    this.#bind = bind;
    this.#handler = handler;
    this.window = new Window(windowMax);
  }

  /** Requests in flight that are no messages. */
  get operations(): number {
    return this.#operations.size;
  }

  /** The sequence_number for a message; throws when the window is full. */
  addMessage(slot: number, nowMs: number): number {
    const sequence = this.window.nextSequence();
    if (!this.window.add(sequence, slot, nowMs)) throw new Error('submit into a full window');
    return sequence;
  }

  /** The sequence_number for another request; -1: too many are in flight. */
  addOperation(commandId: number, token: number, nowMs: number): number {
    const sequence = this.window.nextSequence();
    return this.#operations.add(sequence, commandId, token, nowMs) ? sequence : -1;
  }

  /** A submit_sm_resp, or a response that may answer a message like one. */
  onMessageResponse(b: Buffer, start: number, end: number, sequence: number): void {
    const status = responseStatus(b, start);
    const slot = this.window.take(sequence);
    if (slot < 0) this.#handler.onUnmatched(this.#bind, sequence, status, b, start, end);
    else this.#handler.onSubmitResponse(this.#bind, slot, status, b, start, end);
    if (this.readsCongestion) this.readCongestion(b, start, end);
  }

  /** Any other response to a request, or a generic_nack that names one. */
  onOtherResponse(b: Buffer, start: number, end: number, sequence: number): void {
    const command = readU32(b, start + 4);
    const token = this.#operations.take(sequence, command);
    if (token < 0) {
      const mayAnswerMessage = command === DATA_SM_RESP || command === GENERIC_NACK;
      if (mayAnswerMessage) this.onMessageResponse(b, start, end, sequence);
      return;
    }
    this.#handler.onOperationResponse(this.#bind, token, responseStatus(b, start), b, start, end);
    if (this.readsCongestion) this.readCongestion(b, start, end);
  }

  /** A generic_nack; why the session is to be given up, '' where it goes on. */
  onNack(b: Buffer, start: number, end: number, sequence: number): string {
    if (sequence !== 0) this.onOtherResponse(b, start, end, sequence);
    else if (responseStatus(b, start) === ESME_RINVCMDLEN) return 'the SMSC says that it lost the framing';
    else if (!this.#onBlindNack(b, start, end)) {
      return 'the SMSC sent several generic_nacks without a sequence_number';
    }
    return '';
  }

  /**
   * One that names no request answers the only one in flight; with several it is anybody's. False: there were several
   * of these, the two sides do not understand each other.
   */
  #onBlindNack(b: Buffer, start: number, end: number): boolean {
    const message = this.#operations.size === 0 ? this.window.single() : -1;
    const operation = this.window.size === 0 ? this.#operations.single() : -1;
    if (message >= 0) this.onMessageResponse(b, start, end, message);
    else if (operation >= 0) this.onOtherResponse(b, start, end, operation);
    else this.#blindNacks++;
    return this.#blindNacks <= BLIND_NACKS_MAX;
  }

  readCongestion(b: Buffer, start: number, end: number): void {
    const state = congestionState(b, start, end);
    if (state >= 0) this.#handler.onCongestion(this.#bind, state);
  }

  /** Operations that were sent at or before `sentMsMax` have no answer; what is in the window is the handler's. */
  expireOperations(sentMsMax: number): void {
    if (this.#operations.size === 0) return;
    for (const token of this.#operations.expire(sentMsMax)) {
      this.#handler.onOperationResponse(this.#bind, token, NO_RESPONSE, NOTHING, 0, 0);
    }
  }

  /** Another connection. */
  restart(): void {
    this.#blindNacks = 0;
    this.readsCongestion = false;
  }
}
