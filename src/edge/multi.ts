/**
 * submit_multi: one message for each destination, told under one id. All of them are looked at before the first is
 * handed on: who is refused must have room in the response, or the request is refused as a whole. multi-request.ts does
 * the rest.
 */
import { BATCH_COUNT_MAX, EXTENSION_FLAG_MULTI, PROTOCOL_SMPP } from '../core/records.ts';
import { TICKS_PER_MS } from '../core/ring/counters.ts';
import type { PduOf } from '../smpp/codec.ts';
import * as smpp from '../smpp/constants.ts';
import { encodeMessage } from '../smpp/pdu/message-encode.ts';
import type { MessageObject } from '../smpp/pdu/message-encode.ts';
import { tlvValueOf } from '../smpp/pdu/tlv.ts';
import { scanDeliverSm } from '../smpp/pdu/deliver-sm.ts';
import { validityStatus } from '../smpp/times.ts';
import { hasNoRoom, oweTokens, spendTokens, takeTimeToLive, takeToken } from './admission.ts';
import { MultiRequest, UNSUCCESS_MAX, unsuccess } from './multi-request.ts';
import type { Batch, Destination, Unsuccess } from './multi-request.ts';
import { chooseSmsc } from './route.ts';
import type { EdgeAccount, Session } from './state.ts';
import { BATCH_BYTES_MAX, batchBytes, entriesOf } from './submit-message.ts';
import type { Entry, Origin } from './submit-message.ts';

/** Destinations of one request, the members of its lists counted. */
const DESTINATIONS_MAX = 10_000;
/** Seconds that an account's rate may be used up for by the destinations of one request. */
const RATE_S_MAX = 60;
/**
 * Records of one request, and their bytes: making a record takes some twenty microseconds, and the thread does nothing
 * else meanwhile.
 */
const REQUEST_RECORDS_MAX = 40_000;
const REQUEST_BYTES_MAX = 64 * 1024 * 1024;
/** Bytes of the records of all requests that wait at one edge. */
const WAITING_BYTES_MAX = 128 * 1024 * 1024;

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
  const timeToLive = tlvValueOf(pdu.tlvs, smpp.TLV_QOS_TIME_TO_LIVE);
  takeTimeToLive(edge, timeToLive?.length === 4 ? timeToLive.readUInt32BE(0) : 0);
  // 3.4 forbids it, 5.0 leaves it to the SMSC: which of the waiting messages would give way?
  if (pdu.replaceIfPresentFlag !== 0) return smpp.ESME_RINVSUBREP;
  const refused: Unsuccess[] = [];
  const destinations = destinationsOf(account, pdu, refused);
  if (typeof destinations === 'number') return destinations;
  if (destinations.length === 0) return refused[0]?.errorStatusCode ?? smpp.ESME_RINVNUMDESTS;
  if (isOverRate(account, destinations.length)) return smpp.ESME_RINVNUMDESTS;
  if (!takeToken(edge, account)) return smpp.ESME_RTHROTTLED;
  const made = batchesOf(session, pdu, sequence, destinations, refused);
  if (made === undefined) return smpp.ESME_RINVNUMDESTS;
  const { batches, parts, bytes } = made;
  if (batches.length === 0 || refused.length > UNSUCCESS_MAX) return refused[0].errorStatusCode;
  if (destinations.length > 1 && isOverRate(account, parts)) return smpp.ESME_RINVNUMDESTS;
  if (edge.multis.bytes + bytes > WAITING_BYTES_MAX) return smpp.ESME_RTHROTTLED;
  const request = new MultiRequest(session, sequence, batches, refused);
  if (!request.start()) return smpp.ESME_RTHROTTLED;
  if (destinations.length > 1) oweTokens(edge, account, parts - 1);
  else spendTokens(edge, account, parts - 1);
  session.expect(sequence, request);
  return smpp.ESME_ROK;
}

/** What follows waits until the destinations are paid for: not for longer than this. */
function isOverRate({ intervalTicks }: EdgeAccount, parts: number): boolean {
  return intervalTicks * parts > RATE_S_MAX * 1000 * TICKS_PER_MS;
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

/** undefined: it is too much for one request. */
function batchesOf(
  session: Session,
  pdu: PduOf<'submit_multi'>,
  sequence: number,
  destinations: readonly Destination[],
  refused: Unsuccess[],
): { batches: Batch[]; parts: number; bytes: number } | undefined {
  const open = new Map<number, Batch>();
  const done: Batch[] = [];
  const made = { parts: 0, records: 0, bytes: 0 };
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
    if (more > BATCH_BYTES_MAX) {
      refused.push(unsuccess(destination, smpp.ESME_RINVMSGLEN));
      continue;
    }
    made.parts += ready.parts;
    made.records += entries.length;
    made.bytes += more;
    if (made.records > REQUEST_RECORDS_MAX || made.bytes > REQUEST_BYTES_MAX) return undefined;
    if (batch !== undefined && isOver(batch, entries.length, more)) {
      done.push(batch);
      batch = undefined;
    }
    if (batch === undefined) {
      batch = { shard, entries: [], destinations: [], bytes: 0 };
      open.set(shard, batch);
    }
    batch.entries.push(...entries);
    batch.destinations.push(destination);
    batch.bytes += more;
  }
  return { ...made, batches: [...done, ...open.values()] };
}

function isOver(batch: Batch, count: number, bytes: number): boolean {
  return batch.entries.length + count > BATCH_COUNT_MAX || batch.bytes + bytes > BATCH_BYTES_MAX / 4;
}

/** The records for one destination, or what it is refused with. */
function prepare(
  session: Session,
  origin: Origin,
  message: MessageObject,
  isOneOfSeveral: boolean,
): { shard: number; entries: Entry[]; parts: number } | number {
  const { edge } = session;
  const account = session.account as EdgeAccount;
  const bytes = encodeMessage(smpp.SUBMIT_SM, message, 0);
  scanDeliverSm(bytes, 0, bytes.length, session.version, edge.fields);
  const smsc = chooseSmsc(edge, account, bytes, edge.fields);
  if (hasNoRoom(edge, smsc)) return smpp.ESME_RMSGQFUL;
  const shaped = entriesOf(edge, account, smsc, origin, message, isOneOfSeveral ? SHARES_ID : {});
  if (!shaped.ok) return shaped.status;
  return { shard: smsc.shard, entries: shaped.entries, parts: shaped.parts };
}

/** Its id stands for the other destinations, too. */
const SHARES_ID = { flags: EXTENSION_FLAG_MULTI };
