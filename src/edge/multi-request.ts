/**
 * A submit_multi on its way: its batches go to their shards, the first one that is accepted gives the id, and the
 * others follow with it. What a ring has no room for waits. The response comes when every batch is answered.
 */
import { PROTOCOL_SMPP } from '../core/records.ts';
import * as smpp from '../smpp/constants.ts';
import { CLOSED } from '../smpp/session.ts';
import { formatIdFor } from './message-ids.ts';
import type { PendingRequest } from './pending-requests.ts';
import { respond, statusAnswer } from './responses.ts';
import type { Session } from './state.ts';
import { sendEntries } from './submit-message.ts';
import type { Entry } from './submit-message.ts';

/** no_unsuccess is one octet. */
export const UNSUCCESS_MAX = 255;

export interface Destination {
  ton: number;
  npi: number;
  address: string;
}

export interface Unsuccess {
  destAddrTon: number;
  destAddrNpi: number;
  destinationAddr: string;
  errorStatusCode: number;
}

export function unsuccess({ ton, npi, address }: Destination, status: number): Unsuccess {
  return { destAddrTon: ton, destAddrNpi: npi, destinationAddr: address, errorStatusCode: status };
}

/** What goes to one shard together. */
export interface Batch {
  shard: number;
  entries: Entry[];
  destinations: Destination[];
  bytes: number;
}

export class MultiRequest implements PendingRequest {
  readonly command = smpp.SUBMIT_MULTI;
  readonly #session: Session;
  readonly #sequence: number;
  readonly #refused: Unsuccess[];
  /** Not sent yet, and sent but not answered: answers of one shard come in order. */
  readonly #waiting: Batch[];
  readonly #sent: { shard: number; destinations: Destination[] }[] = [];
  #idHigh = 0;
  #idLow = 0;

  /** `refused`: who is refused already. */
  constructor(session: Session, sequence: number, batches: Batch[], refused: Unsuccess[]) {
    this.#session = session;
    this.#sequence = sequence;
    this.#waiting = batches;
    this.#refused = refused;
  }

  /** Sends the first batch. False: its ring has no room, and nothing was handed on. */
  start(): boolean {
    if (!this.#send(0)) return false;
    const { multis } = this.#session.edge;
    for (const { bytes } of this.#waiting) multis.bytes += bytes;
    if (this.#waiting.length > 0) multis.waiting.add(this);
    return true;
  }

  /** A ring may have room again. Of a session that is gone nothing more is sent: its client knows no answer. */
  resume(): void {
    if (this.#session.state === CLOSED) this.#abandon();
    else this.#sendOn();
  }

  #abandon(): void {
    const { multis } = this.#session.edge;
    for (const { bytes } of this.#waiting) multis.bytes -= bytes;
    this.#waiting.length = 0;
    multis.waiting.delete(this);
  }

  /**
   * The id is known now, or the next batch is to give it: one at a time until then, all at once after. A quarter of a
   * ring is left to others, who stop reading when there is less than an eighth.
   */
  #sendOn(): void {
    const { ends, multis } = this.#session.edge;
    while (this.#waiting.length > 0 && (this.#idHigh !== 0 || this.#sent.length === 0)) {
      const [{ bytes, shard }] = this.#waiting;
      const ring = ends.writers[shard];
      if (!this.#send(ring.capacity / 4)) return;
      multis.bytes -= bytes;
    }
    if (this.#waiting.length === 0) multis.waiting.delete(this);
  }

  /** False: the ring would be left with less than `spare` bytes. */
  #send(spare: number): boolean {
    const [{ shard, entries, destinations, bytes }] = this.#waiting;
    const { edge, reference, version } = this.#session;
    if (edge.ends.writers[shard].freeBytes() < bytes + spare) return false;
    const origin = { version, protocol: PROTOCOL_SMPP, session: reference, sequence: this.#sequence };
    // No batch is too large for a record, so there is one reason left: the free bytes are in two pieces.
    const status = sendEntries(edge, shard, origin, entries, this.#idHigh, this.#idLow);
    if (status !== smpp.ESME_ROK) return false;
    this.#waiting.shift();
    this.#sent.push({ shard, destinations });
    return true;
  }

  onAnswer(shard: number, status: number, idHigh: number, idLow: number): boolean | undefined {
    const at = this.#sent.findIndex((each) => each.shard === shard);
    if (at < 0) return undefined;
    const [{ destinations }] = this.#sent.splice(at, 1);
    if (status !== smpp.ESME_ROK) {
      for (const destination of destinations) this.#refused.push(unsuccess(destination, status));
    } else if (this.#idHigh === 0) {
      this.#idHigh = idHigh;
      this.#idLow = idLow;
    }
    this.#sendOn();
    if (this.#sent.length > 0 || this.#waiting.length > 0) return false;
    this.#respond();
    return true;
  }

  #respond(): void {
    const refused = this.#refused;
    const { command } = this;
    if (this.#idHigh === 0) {
      statusAnswer(this.#session, this.#sequence, command, refused[0].errorStatusCode);
      return;
    }
    if (refused.length > UNSUCCESS_MAX) {
      // Shards refused more, behind others that took theirs, than can be told: so it is not said to have succeeded.
      const { edge } = this.#session;
      const detail = { ...this.#session.describe(), refused: refused.length };
      edge.log.warn('more destinations of a submit_multi were refused than its response can name', detail);
      statusAnswer(this.#session, this.#sequence, command, smpp.ESME_RSYSERR);
      return;
    }
    respond(this.#session, {
      command: 'submit_multi_resp',
      sequenceNumber: this.#sequence,
      messageId: formatIdFor(this.#session, this.#idHigh, this.#idLow),
      unsuccessSme: refused,
    });
  }
}
