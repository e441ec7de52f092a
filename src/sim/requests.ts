/**
 * The requests of an ESME that are no single message: submit_multi, query_sm, cancel_sm, replace_sm and the broadcast
 * family. This is a tool, not a gateway: values are not judged beyond what is needed to answer.
 */
import { decodePdu, encodePdu } from '../smpp/codec.ts';
import type { Pdu, PduOf } from '../smpp/codec.ts';
import * as smpp from '../smpp/constants.ts';
import { readU32 } from '../smpp/cursor.ts';
import type { NumberAddress } from '../smpp/pdu/grammar/submit-multi.ts';
import type { SimMessage, Wanted } from './messages.ts';
import type { Shared } from './shared.ts';

/** The link that asks. */
export interface Asker {
  readonly version: number;
  readonly systemId: string;
  readonly idText: string;
  /** TLVs of its responses. */
  readonly responseTlvs: { tag: number; value: Buffer }[];
  /** When the next answer is due. */
  answerDueMs(): number;
  answer(dueMs: number, response: Buffer): void;
  /** One destination of a submit_multi, as a submit_sm; it has the latest id. */
  takeOne(answerMs: number, submit: Buffer): void;
}

type Fields = Record<string, unknown> & { commandStatus?: number };

/** Answers the request in [start, end), which is no submit_sm, data_sm or one of the session's own. */
export function serveRequest(link: Asker, shared: Shared, bytes: Buffer, start: number, end: number): void {
  const sequenceNumber = readU32(bytes, start + 12);
  const dueMs = link.answerDueMs();
  const decoded = decodePdu(bytes, start, end, link.version, { lenient: true });
  if (!decoded.ok) {
    const response = Buffer.alloc(smpp.HEADER_BYTES);
    response.writeUInt32BE(smpp.HEADER_BYTES, 0);
    response.writeUInt32BE(smpp.responseIdOf(decoded.commandId), 4);
    response.writeUInt32BE(decoded.status, 8);
    response.writeUInt32BE(sequenceNumber, 12);
    link.answer(dueMs, response);
    return;
  }
  const { pdu } = decoded;
  const { submits = [], ...fields } = serve(link, shared, pdu);
  const tlvs = [...(fields.tlvs ?? []), ...link.responseTlvs];
  const response: object = { ...fields, command: `${pdu.command}_resp`, sequenceNumber, tlvs };
  link.answer(dueMs, encodePdu(response as never, link.version, { lenient: true }));
  for (const submit of submits) link.takeOne(dueMs, submit);
}

interface Served {
  commandStatus?: number;
  messageId?: string;
  tlvs?: { tag: number; value: Buffer }[];
  /** Messages that came of it. */
  submits?: Buffer[];
  [field: string]: unknown;
}

function serve(link: Asker, shared: Shared, pdu: Pdu): Served {
  switch (pdu.command) {
    case 'submit_multi':
      return submitMulti(link, shared, pdu);
    case 'query_sm':
      return query(shared, wanted(link, pdu));
    case 'cancel_sm':
      return cancel(shared, wanted(link, pdu));
    case 'replace_sm':
      return replace(shared, wanted(link, pdu), pdu);
    case 'broadcast_sm':
      return broadcast(link, shared, pdu);
    case 'query_broadcast_sm':
      return queryBroadcast(shared, pdu);
    case 'cancel_broadcast_sm':
      return shared.broadcasts.delete(pdu.messageId) ? {} : failed(smpp.ESME_RBCASTCANCELFAIL);
    default:
      return failed(smpp.ESME_RSYSERR);
  }
}

function failed(commandStatus: number): Fields {
  return { commandStatus };
}

function wanted({ systemId }: Asker, pdu: PduOf<'query_sm' | 'cancel_sm' | 'replace_sm'>): Wanted {
  const more = pdu.command === 'cancel_sm' ? pdu : { destinationAddr: '', serviceType: '' };
  return {
    systemId,
    id: pdu.messageId,
    source: pdu.sourceAddr,
    dest: more.destinationAddr,
    serviceType: more.serviceType,
  };
}

/** One id for all; each destination may be refused by chance, as a submit_sm may. Lists are known to nobody here. */
function submitMulti(link: Asker, shared: Shared, pdu: PduOf<'submit_multi'>): Served {
  const { counts } = shared;
  const numbers = pdu.destAddress.filter((one): one is NumberAddress => one.destFlag === NUMBER);
  counts.submits += numbers.length;
  if (numbers.length < pdu.destAddress.length) {
    counts.refused += numbers.length;
    return failed(smpp.ESME_RINVDLNAME);
  }
  if (numbers.length === 0) return failed(smpp.ESME_RINVNUMDESTS);
  shared.ids.next();
  const unsuccessSme: object[] = [];
  const submits: Buffer[] = [];
  for (const { destAddrTon, destAddrNpi, destinationAddr } of numbers) {
    const errorStatusCode = shared.drawStatus();
    const address = { destAddrTon, destAddrNpi, destinationAddr };
    if (errorStatusCode === 0) submits.push(asSubmit(pdu, address));
    else unsuccessSme.push({ ...address, errorStatusCode });
  }
  return { messageId: link.idText, unsuccessSme, submits };
}

const NUMBER = 1;

function asSubmit(pdu: PduOf<'submit_multi'>, address: object): Buffer {
  const { destAddress: _addresses, ...rest } = pdu;
  const submit: object = { ...rest, ...address, command: 'submit_sm' };
  return encodePdu(submit as never, smpp.VERSION_50, { lenient: true });
}

function query(shared: Shared, which: Wanted): Served {
  const message = shared.messages.find(which);
  if (message === undefined) return failed(smpp.ESME_RINVMSGID);
  return {
    messageId: message.id,
    finalDate: shared.messages.isPending(message) ? '' : shared.dateOf(message.endMs),
    messageState: shared.stateOf(message),
    errorCode: 0,
  };
}

/** By its id, or without one all of these addresses. */
function cancel(shared: Shared, which: Wanted): Fields {
  const { messages } = shared;
  if (which.id !== '') {
    const message = messages.find(which);
    if (message === undefined) return failed(smpp.ESME_RINVMSGID);
    if (!messages.isPending(message)) return failed(smpp.ESME_RCANCELFAIL);
    messages.end(message, 'DELETED', shared.epochMs);
    return {};
  }
  const all = messages.pending(which);
  if (all.length === 0) return failed(smpp.ESME_RCANCELFAIL);
  for (const message of all) messages.end(message, 'DELETED', shared.epochMs);
  return {};
}

function replace(shared: Shared, which: Wanted, pdu: PduOf<'replace_sm'>): Fields {
  const message: SimMessage | undefined = shared.messages.find(which);
  if (message === undefined) return failed(smpp.ESME_RINVMSGID);
  if (!shared.messages.isPending(message)) return failed(smpp.ESME_RREPLACEFAIL);
  message.registeredDelivery = pdu.registeredDelivery;
  shared.counts.replaced++;
  shared.recorder?.add(pdu.shortMessage, 0, pdu.shortMessage.length, ' ~');
  return {};
}

function broadcast(link: Asker, shared: Shared, pdu: PduOf<'broadcast_sm'>): Served {
  const status = shared.drawStatus();
  if (status !== 0) return failed(status);
  if (pdu.messageId !== '' && !shared.broadcasts.has(pdu.messageId)) return failed(smpp.ESME_RINVMSGID);
  if (pdu.messageId === '') shared.ids.next();
  const messageId = pdu.messageId === '' ? link.idText : pdu.messageId;
  const areas = pdu.tlvs.filter(({ tag }) => tag === smpp.TLV_BROADCAST_AREA_IDENTIFIER);
  shared.broadcasts.set(
    messageId,
    areas.map(({ value }) => Buffer.from(value)),
  );
  return { messageId };
}

const SUCCESS_ALL = 100;

function queryBroadcast(shared: Shared, { messageId }: PduOf<'query_broadcast_sm'>): Served {
  const areas = shared.broadcasts.get(messageId);
  if (areas === undefined) return failed(smpp.ESME_RINVMSGID);
  const tlvs = [
    { tag: smpp.TLV_MESSAGE_STATE, value: Buffer.from([smpp.STATE_DELIVERED]) },
    ...areas.map((value) => ({ tag: smpp.TLV_BROADCAST_AREA_IDENTIFIER, value })),
    ...areas.map(() => ({ tag: smpp.TLV_BROADCAST_AREA_SUCCESS, value: Buffer.from([SUCCESS_ALL]) })),
  ];
  return { messageId, tlvs };
}
