/** Requests of an ESME that are no plain submit_sm: read, handed on, and answered in the form of their session. */
import {
  OPERATION_CANCEL,
  OPERATION_CANCEL_GROUP,
  OPERATION_QUERY,
  OPERATION_REPLACE,
} from '../core/records.ts';
import { shardOf } from '../core/message-id.ts';
import { decodePdu } from '../smpp/codec.ts';
import type { PduOf } from '../smpp/codec.ts';
import * as smpp from '../smpp/constants.ts';
import { validityStatus } from '../smpp/times.ts';
import { isPeriod } from '../smpp/validity.ts';
import { takeToken } from './admission.ts';
import { broadcast } from './broadcast.ts';
import { dataSm } from './data-sm.ts';
import { isMalformedRequest } from './error-budget.ts';
import { readMessageId } from './message-ids.ts';
import type { MessageIdParts } from './message-ids.ts';
import { submitMulti } from './multi.ts';
import { addressBytes, expect, sendOperation } from './operation.ts';
import type { Operation } from './operation.ts';
import { queryAnswer, statusAnswer } from './responses.ts';
import type { OperationAnswer } from './pending-requests.ts';
import type { EdgeAccount, Session } from './state.ts';

/** A request of these commands in [start, end). False stops the reading: the session's window is full. */
export function onRequest(session: Session, b: Buffer, start: number, end: number): boolean {
  const decoded = decodePdu(b, start, end, session.version);
  const command = b.readUInt32BE(start + 4);
  const sequence = b.readUInt32BE(start + 12);
  if (!decoded.ok) {
    const { status } = decoded;
    const malformed = isMalformedRequest(status, b, start, end, session.version);
    session.refuseRequest(command, sequence, status, malformed);
    return true;
  }
  if (session.requests?.has(sequence) === true) {
    // Two requests with one number: their answers could not be told apart.
    session.refuseRequest(command, sequence, smpp.ESME_RSYSERR);
    return true;
  }
  const status = dispatch(session, decoded.pdu as Served, sequence);
  if (status !== smpp.ESME_ROK) session.refuseRequest(command, sequence, status);
  return session.mayRead();
}

type Served = PduOf<
  | 'data_sm'
  | 'submit_multi'
  | 'query_sm'
  | 'cancel_sm'
  | 'replace_sm'
  | 'broadcast_sm'
  | 'query_broadcast_sm'
  | 'cancel_broadcast_sm'
>;

/**
 * What costs as much of the account's rate as a submit_sm: a shard looks through all that it has, or an SMSC is sent
 * something. The others take their tokens by their messages.
 */
const COST_A_TOKEN = new Set([
  'query_sm',
  'cancel_sm',
  'replace_sm',
  'broadcast_sm',
  'query_broadcast_sm',
  'cancel_broadcast_sm',
]);

/** ESME_ROK: it is on its way and will be answered; else what to refuse it with. */
function dispatch(session: Session, pdu: Served, sequence: number): number {
  const { account, edge } = session;
  const costsToken = COST_A_TOKEN.has(pdu.command);
  if (costsToken && !takeToken(edge, account as EdgeAccount)) return smpp.ESME_RTHROTTLED;
  switch (pdu.command) {
    case 'data_sm':
      return dataSm(session, pdu, sequence);
    case 'submit_multi':
      return submitMulti(session, pdu, sequence);
    case 'query_sm':
      return query(session, pdu, sequence);
    case 'cancel_sm':
      return cancel(session, pdu, sequence);
    case 'replace_sm':
      return replace(session, pdu, sequence);
    default:
      return broadcast(session, pdu, sequence);
  }
}

function query(session: Session, pdu: PduOf<'query_sm'>, sequence: number): number {
  const id = readMessageId(session, pdu.messageId);
  if (id === undefined) return smpp.ESME_RINVMSGID;
  const source = addressBytes(pdu.sourceAddrTon, pdu.sourceAddrNpi, pdu.sourceAddr);
  return ask(session, sequence, smpp.QUERY_SM, { operation: OPERATION_QUERY, id, source }, (answer) =>
    queryAnswer(session, sequence, pdu.messageId, answer),
  );
}

function cancel(session: Session, pdu: PduOf<'cancel_sm'>, sequence: number): number {
  const source = addressBytes(pdu.sourceAddrTon, pdu.sourceAddrNpi, pdu.sourceAddr);
  const dest = addressBytes(pdu.destAddrTon, pdu.destAddrNpi, pdu.destinationAddr);
  const { serviceType } = pdu;
  if (pdu.messageId === '') return cancelGroup(session, sequence, source, dest, serviceType);
  const id = readMessageId(session, pdu.messageId);
  if (id === undefined) return smpp.ESME_RINVMSGID;
  // From 3.4 on the id and the source say all (v3.4 section 4.9.1), and the destination is often left out or wrong.
  const operation = { operation: OPERATION_CANCEL, id, source, ...(id.isShort && { dest }) };
  return ask(session, sequence, smpp.CANCEL_SM, operation, ({ status }) =>
    statusAnswer(session, sequence, smpp.CANCEL_SM, status),
  );
}

/** Every shard is asked; it succeeded where one of them had something to cancel. */
function cancelGroup(
  session: Session,
  sequence: number,
  source: Buffer,
  dest: Buffer,
  serviceType: string,
): number {
  const { edge } = session;
  const shards = [...edge.ends.writers.keys()];
  if (shards.some((shard) => edge.ends.writers[shard].freeBytes() < OPERATION_BYTES))
    return smpp.ESME_RTHROTTLED;
  let left = shards.length;
  let best: number = smpp.ESME_RCANCELFAIL;
  expect(session, sequence, smpp.CANCEL_SM, ({ status }) => {
    if (status === smpp.ESME_ROK || best !== smpp.ESME_ROK) best = status;
    if (--left > 0) return false;
    statusAnswer(session, sequence, smpp.CANCEL_SM, best);
    return true;
  });
  for (const shard of shards) {
    const operation = { operation: OPERATION_CANCEL_GROUP, source, dest, serviceType };
    if (sendOperation(edge, shard, session, sequence, operation) !== smpp.ESME_ROK) left--;
  }
  return smpp.ESME_ROK;
}

/** More than an operation of one message needs. */
const OPERATION_BYTES = 4096;

function replace(session: Session, pdu: PduOf<'replace_sm'>, sequence: number): number {
  const id = readMessageId(session, pdu.messageId);
  if (id === undefined) return smpp.ESME_RINVMSGID;
  const { edge } = session;
  const { times } = edge;
  const schedule = Buffer.from(pdu.scheduleDeliveryTime, 'latin1');
  const validity = Buffer.from(pdu.validityPeriod, 'latin1');
  const both = Buffer.concat([schedule, validity]);
  const status = validityStatus(both, 0, schedule.length, schedule.length, both.length, edge.nowMs, times);
  if (status !== smpp.ESME_ROK) return status;
  const payload = pdu.tlvs.find(({ tag }) => tag === smpp.TLV_MESSAGE_PAYLOAD)?.value;
  const operation = {
    operation: OPERATION_REPLACE,
    id,
    source: addressBytes(pdu.sourceAddrTon, pdu.sourceAddrNpi, pdu.sourceAddr),
    data: payload ?? pdu.shortMessage,
    scheduleMs: times.scheduleMs,
    expiresMs: times.expiresMs,
    isPeriod: isPeriod(pdu.validityPeriod),
    registeredDelivery: pdu.registeredDelivery,
    defaultMessageId: pdu.smDefaultMsgId,
  };
  return ask(session, sequence, smpp.REPLACE_SM, operation, (answer) =>
    statusAnswer(session, sequence, smpp.REPLACE_SM, answer.status),
  );
}

/** Asks the shard that the message's id names. */
function ask(
  session: Session,
  sequence: number,
  command: number,
  operation: Operation & { id: MessageIdParts },
  answer: (answer: OperationAnswer) => void,
): number {
  const { edge } = session;
  const shard = shardOf(operation.id.idLow);
  if (shard >= edge.ends.writers.length) return smpp.ESME_RINVMSGID;
  const status = sendOperation(edge, shard, session, sequence, operation);
  if (status !== smpp.ESME_ROK) return status;
  expect(session, sequence, command, (told) => {
    answer(told);
    return true;
  });
  return status;
}
