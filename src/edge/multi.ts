/**
 * submit_multi: one message for each destination, told under one id. The destinations of a shard go as one batch; the
 * first batch that is accepted gives the id, and the others follow with it. Who was refused is in the response.
 */
import { BATCH_COUNT_MAX, EXTENSION_FLAG_MULTI, PROTOCOL_SMPP } from '../core/records.ts';
import type { PduOf } from '../smpp/codec.ts';
import * as smpp from '../smpp/constants.ts';
import { encodeMessage } from '../smpp/pdu/message-encode.ts';
import type { MessageObject } from '../smpp/pdu/message-encode.ts';
import { scanDeliverSm } from '../smpp/pdu/deliver-sm.ts';
import { validityStatus } from '../smpp/times.ts';
import { hasNoRoom, spendTokens, takeToken } from './admission.ts';
import { formatIdFor } from './message-ids.ts';
import { respond, statusAnswer } from './responses.ts';
import { chooseSmsc } from './route.ts';
import type { PendingRequest } from './pending-requests.ts';
import type { EdgeAccount, Session } from './state.ts';
import { BATCH_BYTES_MAX, batchBytes, entriesOf, sendEntries } from './submit-message.ts';
import type { Entry, Origin } from './submit-message.ts';

/** Destinations of one request, the members of its lists counted. */
const DESTINATIONS_MAX = 10_000;
/** no_unsuccess is one octet. */
const UNSUCCESS_MAX = 255;

export interface Destination {
  ton: number;
  npi: number;
  address: string;
}

interface Unsuccess {
  destAddrTon: number;
  destAddrNpi: number;
  destinationAddr: string;
  errorStatusCode: number;
}

/** What goes to one shard together. */
interface Batch {
  shard: number;
  entries: Entry[];
  destinations: Destination[];
}

/** ESME_ROK: at least one destination is on its way, or the response is written; else what to refuse all with. */
export function submitMulti(session: Session, pdu: PduOf<'submit_multi'>, sequence: number): number {
  const { edge } = session;
  const account = session.account as EdgeAccount;
  const schedule = Buffer.from(pdu.scheduleDeliveryTime, 'latin1');
  const validity = Buffer.from(pdu.validityPeriod, 'latin1');
  const both = Buffer.concat([schedule, validity]);
  const status = validityStatus(
    both,
    0,
    schedule.length,
    schedule.length,
    both.length,
    edge.nowMs,
    edge.times,
  );
  if (status !== smpp.ESME_ROK) return status;
  // 3.4 forbids it, 5.0 leaves it to the SMSC: which of the waiting messages would give way?
  if (pdu.replaceIfPresentFlag !== 0) return smpp.ESME_RINVSUBREP;
  const refused: Unsuccess[] = [];
  const destinations = destinationsOf(account, pdu, refused);
  if (typeof destinations === 'number') return destinations;
  const batches = batchesOf(session, pdu, sequence, destinations, refused);
  if (batches.length === 0) return refused[0]?.errorStatusCode ?? smpp.ESME_RINVNUMDESTS;
  const request = new Multi(session, sequence, batches, refused);
  if (!request.start()) return refused[0].errorStatusCode;
  session.expect(sequence, request);
  return smpp.ESME_ROK;
}

/** Numbers and the members of lists, each once; a command_status where one is wrong. */
function destinationsOf(
  account: EdgeAccount,
  pdu: PduOf<'submit_multi'>,
  refused: Unsuccess[],
): Destination[] | number {
  const all = new Map<string, Destination>();
  for (const each of pdu.destAddress) {
    if (each.destFlag === 1) {
      const { destAddrTon: ton, destAddrNpi: npi, destinationAddr: address } = each;
      if (address === '') refused.push(unsuccess({ ton, npi, address }, smpp.ESME_RINVDSTADR));
      else all.set(`${ton} ${npi} ${address}`, { ton, npi, address });
      continue;
    }
    const list = account.config.list.find(({ name }) => name === each.dlName);
    if (list === undefined) return smpp.ESME_RINVDLNAME;
    for (const address of list.numbers) all.set(`1 1 ${address}`, { ton: 1, npi: 1, address });
  }
  if (all.size > DESTINATIONS_MAX) return smpp.ESME_RINVNUMDESTS;
  return [...all.values()];
}

function messageFor(pdu: PduOf<'submit_multi'>, { ton, npi, address }: Destination): MessageObject {
  return {
    serviceType: pdu.serviceType,
    sourceTon: pdu.sourceAddrTon,
    sourceNpi: pdu.sourceAddrNpi,
    source: pdu.sourceAddr,
    destTon: ton,
    destNpi: npi,
    dest: address,
    esmClass: pdu.esmClass,
    protocolId: pdu.protocolId,
    priority: pdu.priorityFlag,
    validity: pdu.validityPeriod,
    registeredDelivery: pdu.registeredDelivery,
    dataCoding: pdu.dataCoding,
    defaultMessageId: pdu.smDefaultMsgId,
    message: pdu.shortMessage,
    tlvs: pdu.tlvs,
  };
}

function batchesOf(
  session: Session,
  pdu: PduOf<'submit_multi'>,
  sequence: number,
  destinations: readonly Destination[],
  refused: Unsuccess[],
): Batch[] {
  const open = new Map<number, Batch>();
  const done: Batch[] = [];
  const origin = {
    version: session.version,
    protocol: PROTOCOL_SMPP,
    session: session.reference,
    sequence,
    isMulti: true,
  };
  for (const destination of destinations) {
    const ready = prepare(session, origin, messageFor(pdu, destination), destinations.length > 1);
    if (typeof ready === 'number') {
      refused.push(unsuccess(destination, ready));
      continue;
    }
    const { shard, entries } = ready;
    let batch = open.get(shard);
    const more = batchBytes(entries);
    if (batch !== undefined && isOver(batch, entries.length, more)) {
      done.push(batch);
      batch = undefined;
    }
    if (batch === undefined) {
      batch = { shard, entries: [], destinations: [] };
      open.set(shard, batch);
    }
    batch.entries.push(...entries);
    batch.destinations.push(destination);
  }
  return [...done, ...open.values()];
}

function isOver(batch: Batch, count: number, bytes: number): boolean {
  return (
    batch.entries.length + count > BATCH_COUNT_MAX || batchBytes(batch.entries) + bytes > BATCH_BYTES_MAX / 4
  );
}

/** The records for one destination, or what it is refused with. */
function prepare(
  session: Session,
  origin: Origin,
  message: MessageObject,
  isOneOfSeveral: boolean,
): { shard: number; entries: Entry[] } | number {
  const { edge } = session;
  const account = session.account as EdgeAccount;
  const bytes = encodeMessage(smpp.SUBMIT_SM, message, 0);
  scanDeliverSm(bytes, 0, bytes.length, session.version, edge.fields);
  const smsc = chooseSmsc(edge, account, bytes, edge.fields);
  if (hasNoRoom(edge, smsc)) return smpp.ESME_RMSGQFUL;
  const shaped = entriesOf(edge, account, smsc, origin, message, isOneOfSeveral ? SHARES_ID : {});
  if (!shaped.ok) return shaped.status;
  if (!takeToken(edge, account)) return smpp.ESME_RTHROTTLED;
  spendTokens(edge, account, shaped.parts - 1);
  return { shard: smsc.shard, entries: shaped.entries };
}

function unsuccess({ ton, npi, address }: Destination, status: number): Unsuccess {
  return { destAddrTon: ton, destAddrNpi: npi, destinationAddr: address, errorStatusCode: status };
}

/** Its id stands for the other destinations, too. */
const SHARES_ID = { flags: EXTENSION_FLAG_MULTI };

class Multi implements PendingRequest {
  readonly command = smpp.SUBMIT_MULTI;
  readonly #session: Session;
  readonly #sequence: number;
  readonly #refused: Unsuccess[];
  /** Not sent yet, and sent but not answered: answers of one shard come in order. */
  #waiting: Batch[];
  #sent: Batch[] = [];
  #idHigh = 0;
  #idLow = 0;

  constructor(session: Session, sequence: number, batches: Batch[], refused: Unsuccess[]) {
    this.#session = session;
    this.#sequence = sequence;
    this.#waiting = batches;
    this.#refused = refused;
  }

  /** Sends the first batch that a ring has room for. False: none could be sent. */
  start(): boolean {
    while (this.#waiting.length > 0 && this.#sent.length === 0) this.#send();
    return this.#sent.length > 0;
  }

  #send(): void {
    const batch = this.#waiting.shift() as Batch;
    const { edge, reference } = this.#session;
    const origin = {
      version: this.#session.version,
      protocol: PROTOCOL_SMPP,
      session: reference,
      sequence: this.#sequence,
    };
    const status = sendEntries(edge, batch.shard, origin, batch.entries, this.#idHigh, this.#idLow);
    if (status === smpp.ESME_ROK) this.#sent.push(batch);
    else this.#refuse(batch, status);
  }

  #refuse(batch: Batch, status: number): void {
    for (const destination of batch.destinations) this.#refused.push(unsuccess(destination, status));
  }

  onAnswer(shard: number, status: number, idHigh: number, idLow: number): boolean | undefined {
    const at = this.#sent.findIndex((each) => each.shard === shard);
    if (at < 0) return undefined;
    const [batch] = this.#sent.splice(at, 1);
    if (status !== smpp.ESME_ROK) this.#refuse(batch, status);
    else if (this.#idHigh === 0) {
      this.#idHigh = idHigh;
      this.#idLow = idLow;
    }
    // The id is known now (or the next batch is to give it): one at a time until then, all at once after.
    while (this.#waiting.length > 0 && (this.#idHigh !== 0 || this.#sent.length === 0)) this.#send();
    if (this.#sent.length > 0) return false;
    this.#respond();
    return true;
  }

  #respond(): void {
    const { command } = this;
    if (this.#idHigh === 0) {
      statusAnswer(this.#session, this.#sequence, command, this.#refused[0].errorStatusCode);
      return;
    }
    respond(this.#session, {
      command: 'submit_multi_resp',
      sequenceNumber: this.#sequence,
      messageId: formatIdFor(this.#session, this.#idHigh, this.#idLow),
      unsuccessSme: this.#refused.slice(0, UNSUCCESS_MAX),
    });
  }
}
