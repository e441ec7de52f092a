/**
 * Requests that an SMSC answers: about a message that it has already, as far as its configuration says that it
 * supports them, and broadcasts. What is to be done with the answer is kept under a token; a link that goes down
 * answers, too.
 */
import { DEST_AT, SMSC_ID_AT, SOURCE_AT, TEXT_BYTES } from '../core/message-table.ts';
import { USER_DATA_OCTETS } from '../core/parts.ts';
import {
  NO_RESPONSE,
  OPERATION_COMMAND,
  OPERATION_DATA,
  OPERATION_DATA_LENGTH,
  OPERATION_DEFAULT_MESSAGE,
  OPERATION_EXPIRES,
  OPERATION_REGISTERED_DELIVERY,
  OPERATION_SCHEDULE,
  OPERATION_SMSC,
} from '../core/records.ts';
import type { Bytes } from '../core/bytes.ts';
import { encodePdu } from '../smpp/codec.ts';
import type { PduInput } from '../smpp/codec.ts';
import { decodePdu } from '../smpp/codec.ts';
import {
  CANCEL_SM,
  ESME_ROK,
  ESME_RSYSERR,
  HEADER_BYTES,
  QUERY_SM,
  REPLACE_SM,
  VERSION_33,
  VERSION_50,
} from '../smpp/constants.ts';
import { endText } from '../smpp/validity.ts';
import { fieldsFor } from '../smpp/shape-fields.ts';
import { defaultMessageMax } from '../smpp/shape-profile.ts';
import { parseReceiptDate } from '../smpp/times.ts';
import { answerOperation } from './operation-answers.ts';
import type { Answer, OnOperationResponse } from './answer.ts';
import { newTextOf, senderOfText } from './replace.ts';
import type { ShardState, Smsc } from './state.ts';
import type { State } from './whole.ts';

/** Requests that wait for their SMSC, over all of the shard's. */
const FORWARDED_MAX = 10_000;

/** message_id without its NUL, in 3.3. */
const MESSAGE_ID_33_MAX = 8;

/** False: the SMSC is not asked such things, or can not be now. `since`: the version that has the command. */
function pass(
  shard: ShardState,
  smsc: Smsc,
  command: number,
  body: Buffer,
  onResponse: OnOperationResponse,
  since: number = VERSION_33,
): boolean {
  if (shard.forwarded.size >= FORWARDED_MAX) return false;
  const token = ++shard.lastToken;
  const bind = smsc.binds.find(
    (each) => each.version >= since && each.operate(command, body, token, shard.nowMs),
  );
  if (bind === undefined) return false;
  shard.forwarded.set(token, onResponse);
  bind.flush();
  return true;
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
  const onResponse = shard.forwarded.get(token);
  if (onResponse === undefined) return;
  shard.forwarded.delete(token);
  onResponse(status, bytes, start, end);
}

/** The message as its SMSC knows it: id and source address as they were sent, which is how the slot has them. */
function namesOf(
  { table }: ShardState,
  slot: number,
): { messageId: string; sourceAddrTon: number; sourceAddrNpi: number; sourceAddr: string } {
  const { text } = table;
  const base = slot * TEXT_BYTES;
  const { ton, npi, address } = addressAt(text, base + SOURCE_AT, table.sourceLength[slot]);
  return {
    messageId: text.toString('latin1', base + SMSC_ID_AT, base + SMSC_ID_AT + table.smscIdLength[slot]),
    sourceAddrTon: ton,
    sourceAddrNpi: npi,
    sourceAddr: address,
  };
}

/** ton npi addr NUL, `length` octets in all. */
function addressAt(text: Buffer, at: number, length: number): { ton: number; npi: number; address: string } {
  return { ton: text[at], npi: text[at + 1], address: text.toString('latin1', at + 2, at + length - 1) };
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
  const { configured, version } = smsc.profile;
  // An id that it gave when it spoke a later version has no room; one that is configured for 3.3 knows what it gave.
  const isLowered = configured !== undefined && version === VERSION_33;
  const most = isLowered ? MESSAGE_ID_33_MAX : Infinity;
  const length = shard.table.smscIdLength[slot];
  return length > 0 && length <= most ? smsc : undefined;
}

/** `onState` is told what the SMSC says; undefined: it does not know better than we. False: it is not asked. */
export function forwardQuery(
  shard: ShardState,
  slot: number,
  onState: (state: State | undefined) => void,
): boolean {
  const smsc = upstream(shard, slot, 'query_sm');
  if (smsc === undefined) return false;
  const body = bodyOf(
    { command: 'query_sm', sequenceNumber: 1, ...namesOf(shard, slot) },
    smsc.profile.version,
  );
  return pass(shard, smsc, QUERY_SM, body, (status, bytes, start, end) =>
    onState(status === ESME_ROK ? stateIn(bytes, start, end) : undefined),
  );
}

function stateIn(bytes: Buffer, start: number, end: number): State | undefined {
  const decoded = decodePdu(bytes, start, end, undefined, { lenient: true });
  if (!decoded.ok || decoded.pdu.command !== 'query_sm_resp') return undefined;
  const { messageState, errorCode, finalDate } = decoded.pdu;
  if (messageState === null) return undefined;
  const date = Buffer.from(finalDate ?? '', 'latin1');
  return { state: messageState, errorCode: errorCode ?? 0, doneMs: parseReceiptDate(date, 0, date.length) };
}

/** Could the SMSC of this slot be asked to cancel its message? */
export function canForwardCancel(shard: ShardState, slot: number): boolean {
  return upstream(shard, slot, 'cancel_sm') !== undefined;
}

/**
 * Both addresses go along: with a message_id the destination may be NULL (v3.4 section 4.9.1), but 3.3 wants it to
 * match, and some SMSCs do later. `onStatus` is told the SMSC's command_status, ESME_RSYSERR where none came. False: it
 * is not asked.
 */
export function forwardCancel(shard: ShardState, slot: number, onStatus: (status: number) => void): boolean {
  const smsc = upstream(shard, slot, 'cancel_sm');
  if (smsc === undefined) return false;
  const { table } = shard;
  const dest = addressAt(table.text, slot * TEXT_BYTES + DEST_AT, table.destLength[slot]);
  const pdu: PduInput = {
    command: 'cancel_sm',
    sequenceNumber: 1,
    ...namesOf(shard, slot),
    destAddrTon: dest.ton,
    destAddrNpi: dest.npi,
    destinationAddr: dest.address,
  };
  return pass(shard, smsc, CANCEL_SM, bodyOf(pdu, smsc.profile.version), (status) =>
    onStatus(statusOf(status)),
  );
}

function statusOf(status: number): number {
  return status === NO_RESPONSE ? ESME_RSYSERR : status;
}

/**
 * The text can not be converted any more, since which data_coding the message had is not known here: it goes as the
 * client sent it where the SMSC reads it alike, and where it is one SMS whatever the data_coding. The other fields go
 * as the SMSC's version takes them. False: it is not asked.
 */
export function forwardReplace(
  shard: ShardState,
  slot: number,
  bytes: Bytes,
  at: number,
  onStatus: (status: number) => void,
): boolean {
  const smsc = upstream(shard, slot, 'replace_sm');
  if (smsc === undefined || senderOfText(shard, slot) === undefined) return false;
  const { u8, f64 } = bytes;
  const shortMessage = newTextOf(bytes, at);
  if (shortMessage.length > USER_DATA_OCTETS) return false;
  const asked = {
    schedule: timeOf(f64[(at + OPERATION_SCHEDULE) >> 3]),
    validity: timeOf(f64[(at + OPERATION_EXPIRES) >> 3]),
    registeredDelivery: u8[at + OPERATION_REGISTERED_DELIVERY],
  };
  const { schedule, validity, registeredDelivery } = fieldsFor(asked, smsc.profile, shard.nowMs);
  const smDefaultMsgId = u8[at + OPERATION_DEFAULT_MESSAGE];
  if (smDefaultMsgId > defaultMessageMax(smsc.profile)) return false;
  const pdu: PduInput = {
    command: 'replace_sm',
    sequenceNumber: 1,
    ...namesOf(shard, slot),
    scheduleDeliveryTime: schedule,
    validityPeriod: validity,
    registeredDelivery,
    smDefaultMsgId,
    shortMessage,
  };
  return pass(shard, smsc, REPLACE_SM, bodyOf(pdu, smsc.profile.version), (status) =>
    onStatus(statusOf(status)),
  );
}

function timeOf(ms: number): string {
  return ms > 0 ? endText(ms) : '';
}

/**
 * A broadcast: the body goes out as it is, and the SMSC's response comes back as it is. ESME_RSYSERR where no bind of
 * the SMSC speaks 5.0, or none can send now.
 */
export function forwardRequest(shard: ShardState, to: Answer, bytes: Bytes, at: number): void {
  const { u8, u16, u32 } = bytes;
  const smsc = shard.smscs[u16[(at + OPERATION_SMSC) >> 1]];
  const from = at + OPERATION_DATA;
  const body = Buffer.from(u8.subarray(from, from + u32[(at + OPERATION_DATA_LENGTH) >> 2]));
  const command = u32[(at + OPERATION_COMMAND) >> 2];
  const onResponse: OnOperationResponse = (status, response, start, end) => {
    const data = end > start ? Buffer.from(response.subarray(start + HEADER_BYTES, end)) : undefined;
    answerOperation(shard, { ...to, status: statusOf(status), data });
  };
  if (smsc !== undefined && pass(shard, smsc, command, body, onResponse, VERSION_50)) return;
  answerOperation(shard, { ...to, status: ESME_RSYSERR });
}
