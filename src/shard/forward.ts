/**
 * Requests that an SMSC answers: about a message that it has already, as far as its configuration says that it
 * supports them, and broadcasts. The answer finds its client by a token; a link that goes down answers, too.
 */
import { SMSC_ID_AT, SOURCE_AT, TEXT_BYTES } from '../core/message-table.ts';
import {
  NO_RESPONSE,
  OPERATION_COMMAND,
  OPERATION_DATA,
  OPERATION_DATA_LENGTH,
  OPERATION_DEFAULT_MESSAGE,
  OPERATION_DEST_LENGTH,
  OPERATION_EXPIRES,
  OPERATION_FORWARD,
  OPERATION_QUERY,
  OPERATION_REGISTERED_DELIVERY,
  OPERATION_SCHEDULE,
  OPERATION_SERVICE_LENGTH,
  OPERATION_SMSC,
  OPERATION_SOURCE_LENGTH,
} from '../core/records.ts';
import type { Bytes } from '../core/bytes.ts';
import { encodePdu } from '../smpp/codec.ts';
import type { PduInput } from '../smpp/codec.ts';
import { decodePdu } from '../smpp/codec.ts';
import { CANCEL_SM, ESME_ROK, ESME_RSYSERR, HEADER_BYTES, QUERY_SM, REPLACE_SM } from '../smpp/constants.ts';
import { formatTime, parseReceiptDate } from '../smpp/times.ts';
import { answerOperation } from './operation-answers.ts';
import type { Answer } from './answer.ts';
import type { ShardState, Smsc } from './state.ts';

/** Requests that wait for their SMSC, over all of the shard's. */
const FORWARDED_MAX = 10_000;

/** False: the SMSC is not asked such things, or can not be now. */
function pass(shard: ShardState, smsc: Smsc, to: Answer, command: number, body: Buffer): boolean {
  if (shard.forwarded.size >= FORWARDED_MAX) return false;
  const token = ++shard.lastToken;
  const bind = smsc.binds.find((each) => each.operate(command, body, token, shard.nowMs));
  if (bind === undefined) return false;
  shard.forwarded.set(token, to);
  bind.flush();
  return true;
}

/** The message as its SMSC knows it: id and source address. */
function namesOf(
  shard: ShardState,
  slot: number,
): { messageId: string; sourceAddrTon: number; sourceAddrNpi: number; sourceAddr: string } {
  const { table } = shard;
  const { text } = table;
  const base = slot * TEXT_BYTES;
  const sourceAt = base + SOURCE_AT;
  return {
    messageId: text.toString('latin1', base + SMSC_ID_AT, base + SMSC_ID_AT + table.smscIdLength[slot]),
    sourceAddrTon: text[sourceAt],
    sourceAddrNpi: text[sourceAt + 1],
    sourceAddr: text.toString('latin1', sourceAt + 2, sourceAt + table.sourceLength[slot] - 1),
  };
}

function bodyOf(pdu: PduInput, version: number): Buffer {
  return encodePdu(pdu, version, { lenient: true }).subarray(HEADER_BYTES);
}

function upstream(
  shard: ShardState,
  slot: number,
  needs: 'query_sm' | 'cancel_sm' | 'replace_sm',
): Smsc | undefined {
  const smsc = shard.smscs[shard.table.smsc[slot]];
  if (smsc === undefined || !smsc.config.supports.includes(needs)) return undefined;
  return shard.table.smscIdLength[slot] > 0 ? smsc : undefined;
}

/** `answer`: what is answered should the SMSC not know better. */
export function forwardQuery(shard: ShardState, answer: Answer, slot: number): boolean {
  const smsc = upstream(shard, slot, 'query_sm');
  if (smsc === undefined) return false;
  const body = bodyOf(
    { command: 'query_sm', sequenceNumber: 1, ...namesOf(shard, slot) },
    smsc.profile.version,
  );
  return pass(shard, smsc, answer, QUERY_SM, body);
}

export function forwardCancel(shard: ShardState, to: Answer, slot: number): boolean {
  const smsc = upstream(shard, slot, 'cancel_sm');
  if (smsc === undefined) return false;
  const body = bodyOf(
    { command: 'cancel_sm', sequenceNumber: 1, ...namesOf(shard, slot) },
    smsc.profile.version,
  );
  return pass(shard, smsc, to, CANCEL_SM, body);
}

/** The text goes as the client sent it. */
export function forwardReplace(
  shard: ShardState,
  to: Answer,
  slot: number,
  bytes: Bytes,
  at: number,
): boolean {
  const smsc = upstream(shard, slot, 'replace_sm');
  if (smsc === undefined) return false;
  const { u8, u32, f64 } = bytes;
  const lengths =
    u8[at + OPERATION_SOURCE_LENGTH] + u8[at + OPERATION_DEST_LENGTH] + u8[at + OPERATION_SERVICE_LENGTH];
  const textAt = at + OPERATION_DATA + lengths;
  const shortMessage = Buffer.from(u8.subarray(textAt, textAt + u32[(at + OPERATION_DATA_LENGTH) >> 2]));
  if (shortMessage.length > 254) return false;
  const pdu: PduInput = {
    command: 'replace_sm',
    sequenceNumber: 1,
    ...namesOf(shard, slot),
    scheduleDeliveryTime: timeOf(f64[(at + OPERATION_SCHEDULE) >> 3]),
    validityPeriod: timeOf(f64[(at + OPERATION_EXPIRES) >> 3]),
    registeredDelivery: u8[at + OPERATION_REGISTERED_DELIVERY],
    smDefaultMsgId: u8[at + OPERATION_DEFAULT_MESSAGE],
    shortMessage,
  };
  return pass(shard, smsc, to, REPLACE_SM, bodyOf(pdu, smsc.profile.version));
}

function timeOf(ms: number): string {
  return ms > 0 ? formatTime(ms) : '';
}

/** A broadcast: the body goes out as it is. */
export function forwardRequest(shard: ShardState, to: Answer, bytes: Bytes, at: number): void {
  const { u8, u16, u32 } = bytes;
  const smsc = shard.smscs[u16[(at + OPERATION_SMSC) >> 1]];
  const from = at + OPERATION_DATA;
  const body = Buffer.from(u8.subarray(from, from + u32[(at + OPERATION_DATA_LENGTH) >> 2]));
  if (smsc !== undefined && pass(shard, smsc, to, u32[(at + OPERATION_COMMAND) >> 2], body)) return;
  answerOperation(shard, { ...to, status: ESME_RSYSERR });
}

/** The SMSC's answer, or that there is none (NO_RESPONSE and an empty range). */
export function onOperationResponse(
  shard: ShardState,
  token: number,
  status: number,
  bytes: Buffer,
  start: number,
  end: number,
): void {
  const to = shard.forwarded.get(token);
  if (to === undefined) return;
  shard.forwarded.delete(token);
  if (to.operation === OPERATION_QUERY) {
    // What we know ourselves is better than no answer.
    answerOperation(shard, status === ESME_ROK ? withState(to, bytes, start, end) : to);
    return;
  }
  const answer = { ...to, status: status === NO_RESPONSE ? ESME_RSYSERR : status };
  if (to.operation === OPERATION_FORWARD && end > start) {
    answer.data = Buffer.from(bytes.subarray(start + HEADER_BYTES, end));
  }
  answerOperation(shard, answer);
}

function withState(to: Answer, bytes: Buffer, start: number, end: number): Answer {
  const decoded = decodePdu(bytes, start, end, undefined, { lenient: true });
  if (!decoded.ok || decoded.pdu.command !== 'query_sm_resp') return to;
  const { messageState, errorCode, finalDate } = decoded.pdu;
  if (messageState === null) return to;
  const date = Buffer.from(finalDate ?? '', 'latin1');
  return {
    ...to,
    state: messageState,
    errorCode: errorCode ?? 0,
    doneMs: parseReceiptDate(date, 0, date.length),
  };
}
