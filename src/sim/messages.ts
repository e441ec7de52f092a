/**
 * Messages that the SMSC has taken and whose end is not come yet (receiptDelayMs): they can be asked for, cancelled and
 * replaced. The last of those that have ended can still be asked for.
 */
import { DueHeap } from '../core/due-heap.ts';
import { DATA_SM, HEADER_BYTES } from '../smpp/constants.ts';
import { readU32 } from '../smpp/cursor.ts';
import type { Responses } from './responses.ts';
import { SubmitScan, textAt } from './submit.ts';

export interface SimMessage {
  /** As in the response. */
  id: string;
  /** As in the receipt. */
  receiptId: Buffer;
  /** The whole submit_sm or data_sm; its addresses are the receipt's. */
  pdu: Buffer;
  isData: boolean;
  systemId: string;
  serviceType: string;
  source: string;
  dest: string;
  registeredDelivery: number;
  /** Stat word; 'ENROUTE' until it has ended. */
  state: string;
  endMs: number;
  /** Its receipt is never sent. */
  isLost: boolean;
}

const ENDED_MAX = 10_000;
const EN_ROUTE = 'ENROUTE';

/** The message of a submit_sm or data_sm that was given the latest id of `responses`. */
export function messageOf(pdu: Buffer, systemId: string, responses: Responses, isLost: boolean): SimMessage {
  const isData = readU32(pdu, 4) === DATA_SM;
  const scan = scanned(pdu, isData);
  return {
    id: responses.idText,
    receiptId: Buffer.from(responses.receiptId.subarray(0, responses.receiptIdLength)),
    pdu,
    isData,
    systemId,
    serviceType: textAt(pdu, HEADER_BYTES),
    source: textAt(pdu, scan.sourceAt + 2),
    dest: textAt(pdu, scan.destAt + 2),
    registeredDelivery: scan.registeredDelivery,
    state: EN_ROUTE,
    endMs: 0,
    isLost,
  };
}

/** Where the parts of a message are that was taken, so that it can be scanned. */
export function scanned(pdu: Buffer, isData: boolean): SubmitScan {
  const scan = new SubmitScan();
  const sound = isData ? scan.scanData(pdu, 0, pdu.length) : scan.scan(pdu, 0, pdu.length);
  if (!sound) throw new Error('a message that was taken can not be scanned');
  return scan;
}

/** Which messages a request means. */
export interface Wanted {
  systemId: string;
  /** Empty: all with these addresses. */
  id: string;
  source: string;
  /** Empty: any. */
  dest: string;
  /** Empty: any. */
  serviceType: string;
}

export class Messages {
  readonly #byId = new Map<string, SimMessage>();
  readonly #slots: (SimMessage | undefined)[] = [];
  readonly #free: number[] = [];
  readonly #due = new DueHeap();
  readonly #ended: string[] = [];
  readonly #onEnd: (message: SimMessage) => void;

  /** `onEnd`: its time is come, or it was cancelled; `state` says which. */
  constructor(onEnd: (message: SimMessage) => void) {
    this.#onEnd = onEnd;
  }

  get isEmpty(): boolean {
    return this.#due.length === 0;
  }

  /** It ends at `dueMs`. */
  add(message: SimMessage, dueMs: number): void {
    this.#byId.set(message.id, message);
    const slot = this.#free.pop() ?? this.#slots.length;
    this.#slots[slot] = message;
    this.#due.push(slot, dueMs);
  }

  /** Ends those that are due, in the given state. */
  flush(nowMs: number, epochMs: number, state: string): void {
    for (let slot = this.#due.takeDue(nowMs); slot >= 0; slot = this.#due.takeDue(nowMs)) {
      const message = this.#slots[slot] as SimMessage;
      this.#slots[slot] = undefined;
      this.#free.push(slot);
      // It may have been cancelled meanwhile.
      if (message.state === EN_ROUTE) this.end(message, state, epochMs);
    }
  }

  /** By its id, of this account and this source address; undefined: there is none. */
  find(wanted: Wanted): SimMessage | undefined {
    const message = this.#byId.get(wanted.id);
    return message !== undefined && fits(message, wanted) ? message : undefined;
  }

  /** Those of these addresses that have not ended. */
  pending(wanted: Wanted): SimMessage[] {
    return [...this.#byId.values()].filter((one) => one.state === EN_ROUTE && fits(one, wanted));
  }

  isPending(message: SimMessage): boolean {
    return message.state === EN_ROUTE;
  }

  end(message: SimMessage, state: string, epochMs: number): void {
    message.state = state;
    message.endMs = epochMs;
    this.#ended.push(message.id);
    if (this.#ended.length > ENDED_MAX) this.#byId.delete(this.#ended.shift() as string);
    this.#onEnd(message);
  }
}

function fits(message: SimMessage, { systemId, source, dest, serviceType }: Wanted): boolean {
  if (message.systemId !== systemId || message.source !== source) return false;
  if (dest !== '' && message.dest !== dest) return false;
  return serviceType === '' || message.serviceType === serviceType;
}
