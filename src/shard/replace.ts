/** A waiting message gets another text: replace_sm, and submit_sm with replace_if_present_flag. */
import type { Bytes } from '../core/bytes.ts';
import { allocateBytes, copyRecord } from '../core/bytes.ts';
import {
  FLAGS_KEPT,
  FLAG_DATA_SM,
  FLAG_DUPLICATE_RISK,
  FLAG_INDEXED,
  FLAG_PART,
  FLAG_SCHEDULED,
  FLAG_STORED,
  FLAG_TOLD,
  NO_BLOCK,
  NO_REFERENCE,
  SLOT_QUEUED,
  SLOT_RETRY,
} from '../core/message-table.ts';
import {
  DELIVERY_CONVERTED,
  OPERATION_DATA,
  OPERATION_DATA_LENGTH,
  OPERATION_DEFAULT_MESSAGE,
  OPERATION_DEST_LENGTH,
  OPERATION_REGISTERED_DELIVERY,
  OPERATION_SERVICE_LENGTH,
  OPERATION_SOURCE_LENGTH,
  PROTOCOL_SMPP,
  RECORD_BYTES_MAX,
  RECORD_ID_HIGH,
  RECORD_ID_LOW,
  RECORD_TIME,
  RECORD_TYPE,
  REPLACED,
} from '../core/records.ts';
import { writeAccepted } from '../smpp/accepted.ts';
import {
  ESME_ROK,
  ESME_RREPLACEFAIL,
  ESME_RSYSERR,
  ESM_UDHI,
  HEADER_BYTES,
  SUBMIT_SM,
  TLV_MESSAGE_PAYLOAD,
  VERSION_50,
} from '../smpp/constants.ts';
import { writeHeader } from '../smpp/cursor.ts';
import { scanDeliverSm } from '../smpp/pdu/deliver-sm.ts';
import { dataStatus } from '../smpp/pdu/message-body.ts';
import { encodeMessage, readMessage } from '../smpp/pdu/message-encode.ts';
import { MessageFields } from '../smpp/pdu/message-fields.ts';
import { shape } from '../smpp/shape.ts';
import type { Sender } from '../smpp/shape-profile.ts';
import { isConverted } from '../smpp/shape-text.ts';
import { KIND_RETRY } from '../store/pending.ts';
import type { PendingRow } from '../store/pending.ts';
import { dropBody } from './events.ts';
import { fillSlot } from './fill-slot.ts';
import { answer } from './answers.ts';
import { replacedTimes } from './replaced-times.ts';
import { unpackRow } from './row.ts';
import { configuredProfile } from './spoken.ts';
import { loadRow, storedBody } from './spill.ts';
import type { ShardState, Smsc } from './state.ts';

const SHORT_MESSAGE_MAX = 254;
const fields = new MessageFields();
let scratchBytes: Bytes | undefined;

/** The body of a waiting message, wherever it is; shares its memory. */
export function bodyOf(shard: ShardState, slot: number): Buffer {
  const { table } = shard;
  const chunk = table.bodyBlock[slot];
  if (chunk === NO_BLOCK) return storedBody(shard, table.idHigh[slot], table.idLow[slot]);
  const at = table.bodyAt[slot];
  return shard.chunks.bytesOf(chunk).u8.subarray(at, at + table.bodyLength[slot]);
}

/** service_type, which the body begins with. */
export function serviceTypeOf(shard: ShardState, slot: number): string {
  return serviceTypeIn(bodyOf(shard, slot));
}

export function serviceTypeIn(body: Buffer): string {
  return body.toString('latin1', 0, body.indexOf(0));
}

/**
 * Who writes another text for the message in a slot: someone who means by its data_coding what its SMSC, as it is
 * configured, takes it for. undefined: what the SMSC reads would not be what the client wrote, for the message is a
 * part, or one of several destinations, or was or may have been converted.
 */
export function senderOfText({ accounts, smscs, table }: ShardState, slot: number): Sender | undefined {
  if ((table.flags[slot] & (FLAG_PART | FLAG_TOLD | FLAG_DATA_SM)) !== 0) return undefined;
  if ((table.registeredDelivery[slot] & DELIVERY_CONVERTED) !== 0) return undefined;
  const account = accounts[table.account[slot]];
  const smsc = smscs[table.smsc[slot]];
  if (account === undefined || account.transliterate || smsc === undefined) return undefined;
  const { version, alphabet } = configuredProfile(smsc);
  if (alphabet !== account.default_alphabet) return undefined;
  return { version, alphabet, transliterate: false, partsMax: 1 };
}

/** replace_sm on a message in memory that waits; answers a command_status, ESME_ROK when the event is appended. */
export function replaceSlot(shard: ShardState, slot: number, bytes: Bytes, at: number): number {
  const { table } = shard;
  const sender = senderOfText(shard, slot);
  if (sender === undefined) return ESME_RREPLACEFAIL;
  const smsc = shard.smscs[table.smsc[slot]] as Smsc;
  const body = bodyOf(shard, slot);
  const pdu = Buffer.alloc(HEADER_BYTES + body.length);
  writeHeader(pdu, 0, pdu.length, SUBMIT_SM, ESME_ROK, 0);
  body.copy(pdu, HEADER_BYTES);
  if (scanDeliverSm(pdu, 0, pdu.length, VERSION_50, fields) !== ESME_ROK) return ESME_RREPLACEFAIL;
  const message = readMessage(pdu, fields);
  if ((message.esmClass & ESM_UDHI) !== 0) return ESME_RREPLACEFAIL;
  const text = newTextOf(bytes, at);
  const status = dataStatus(sender.version, message.dataCoding, text.length, 0);
  if (status !== ESME_ROK) return status;
  message.message = text.length > SHORT_MESSAGE_MAX ? Buffer.alloc(0) : text;
  message.tlvs = message.tlvs.filter(({ tag }) => tag !== TLV_MESSAGE_PAYLOAD);
  if (text.length > SHORT_MESSAGE_MAX) {
    message.tlvs = [...message.tlvs, { tag: TLV_MESSAGE_PAYLOAD, value: text }];
  }
  message.registeredDelivery = bytes.u8[at + OPERATION_REGISTERED_DELIVERY] & ~DELIVERY_CONVERTED;
  message.defaultMessageId = bytes.u8[at + OPERATION_DEFAULT_MESSAGE];
  const times = replacedTimes(shard, slot, message.validity, bytes, at);
  if (typeof times === 'number') return times;
  const { scheduleMs, expiresMs, validity } = times;
  // Before it is sent it is looked at like all that was queued: its SMSC may speak less now.
  const shaped = shape(message, sender, configuredProfile(smsc), shard.references, shard.nowMs);
  if (!shaped.ok) return shaped.status;
  // Whatever version the SMSC speaks: a period becomes an end when it is sent.
  const goes = { ...shaped.bodies[0], validity };
  const converted = isConverted(message, sender, goes, configuredProfile(smsc)) ? DELIVERY_CONVERTED : 0;
  scratchBytes ??= allocateBytes(RECORD_BYTES_MAX);
  const length = writeAccepted(
    scratchBytes,
    0,
    encodeMessage(SUBMIT_SM, goes, 0),
    {
      protocol: PROTOCOL_SMPP,
      account: table.account[slot],
      smsc: smsc.index,
      session: 0,
      sequence: 0,
      expiresMs,
      priority: table.priority[slot],
      registeredDelivery: message.registeredDelivery | converted,
      isIdShort: table.userReference[slot] < NO_REFERENCE,
      extension: { scheduleMs },
    },
    REPLACED,
  );
  apply(shard, slot, scratchBytes, 0, length);
  return ESME_ROK;
}

/** The text of a replace_sm. */
export function newTextOf(bytes: Bytes, at: number): Buffer {
  const { u8, u32 } = bytes;
  const lengths =
    u8[at + OPERATION_SOURCE_LENGTH] + u8[at + OPERATION_DEST_LENGTH] + u8[at + OPERATION_SERVICE_LENGTH];
  const from = at + OPERATION_DATA + lengths;
  return Buffer.from(u8.subarray(from, from + u32[(at + OPERATION_DATA_LENGTH) >> 2]));
}

/** The same for a message that only the store has: it comes into memory. */
export function replaceRow(shard: ShardState, row: PendingRow, bytes: Bytes, at: number): number {
  const { table } = shard;
  if (table.freeSlots() === 0) return ESME_RSYSERR;
  unpackRow(table, shard.scratch, row);
  const canBe = senderOfText(shard, shard.scratch) !== undefined;
  table.flags[shard.scratch] = 0;
  if (!canBe) return ESME_RREPLACEFAIL;
  shard.store.claim(row);
  const state = row.kind === KIND_RETRY ? SLOT_RETRY : SLOT_QUEUED;
  const slot = loadRow(shard, row, state);
  const smsc = shard.smscs[table.smsc[slot]] as Smsc;
  if (state === SLOT_RETRY) smsc.retries.push(slot, table.dueMs[slot]);
  else smsc.queue.push(slot, table.priority[slot]);
  return replaceSlot(shard, slot, bytes, at);
}

/** The whole of a new submit_sm takes the place of a waiting message, which keeps its id. */
export function replaceWith(
  shard: ShardState,
  slot: number,
  bytes: Bytes,
  at: number,
  length: number,
  to: { edge: number; session: number; sequence: number },
): void {
  const { table } = shard;
  const [idHigh, idLow] = [table.idHigh[slot], table.idLow[slot]];
  apply(shard, slot, bytes, at, length);
  const tell = (status: number): void => {
    const { edge, session, sequence } = to;
    const isHeld = shard.answersHeld.length > 0;
    if (!isHeld && answer(shard, edge, session, sequence, status, idHigh, idLow)) return;
    shard.answersHeld.push([edge, session, sequence, status, idHigh, idLow]);
  };
  shard.journal.filling.afterCommit.push({ done: () => tell(ESME_ROK), undone: () => tell(ESME_RSYSERR) });
}

/**
 * Appends the REPLACED event and changes the message in memory at once: should it be sent before the event is durable
 * and the daemon die then, the request was not answered yet, and whether it was done is unknown to the client as well.
 */
function apply(shard: ShardState, slot: number, from: Bytes, fromAt: number, length: number): void {
  const { journal, table } = shard;
  const [idHigh, idLow] = [table.idHigh[slot], table.idLow[slot]];
  const { acceptedMs, dirtySegment } = table;
  const [since, dirty, attempts] = [acceptedMs[slot], dirtySegment[slot], table.attempts[slot]];
  const to = journal.reserve(REPLACED, length);
  copyRecord(from, fromAt, journal.bytes, to, length);
  const { u8, u32, f64 } = journal.bytes;
  u8[to + RECORD_TYPE] = REPLACED;
  u32[(to + RECORD_ID_LOW) >> 2] = idLow;
  u32[(to + RECORD_ID_HIGH) >> 2] = idHigh;
  f64[(to + RECORD_TIME) >> 3] = shard.nowMs;
  const before = placeOf(shard, slot);
  table.flags[slot] &= FLAG_DUPLICATE_RISK | FLAG_STORED | FLAG_INDEXED;
  dropBody(shard, slot);
  fillSlot(shard, slot, journal.bytes, to, length);
  acceptedMs[slot] = since;
  table.attempts[slot] = attempts;
  dirtySegment[slot] = dirty === 0 ? journal.segment : dirty;
  table.bodyBlock[slot] = journal.chunk;
  shard.chunks.use(journal.chunk);
  requeue(shard, slot, before);
}

/** Where a message waits to be sent. */
interface Place {
  smsc: number;
  /** SLOT_QUEUED or SLOT_RETRY */
  state: number;
  priority: number;
  dueMs: number;
}

function placeOf({ table }: ShardState, slot: number): Place {
  return {
    smsc: table.smsc[slot],
    state: table.state[slot],
    priority: table.priority[slot],
    dueMs: table.dueMs[slot],
  };
}

/** Takes a message that waits to be sent out of its SMSC's queue, or from among those that wait for a time. */
export function leavePlace(shard: ShardState, slot: number, place = placeOf(shard, slot)): void {
  const { queue, retries } = shard.smscs[place.smsc] as Smsc;
  if (place.state === SLOT_RETRY) retries.remove(slot, place.dueMs);
  else queue.sift((each) => each !== slot);
}

/** The message waits as it is now: for its time or not, and perhaps for another SMSC or with another priority. */
function requeue(shard: ShardState, slot: number, before: Place): void {
  const { table } = shard;
  const smsc = shard.smscs[table.smsc[slot]] as Smsc;
  const scheduled = (table.flags[slot] & FLAG_SCHEDULED) !== 0 && table.dueMs[slot] > shard.nowMs;
  table.state[slot] = scheduled ? SLOT_RETRY : SLOT_QUEUED;
  const now = placeOf(shard, slot);
  const isSame = now.smsc === before.smsc && now.state === before.state;
  // It keeps its turn.
  if (isSame && !scheduled && now.priority === before.priority) return;
  leavePlace(shard, slot, before);
  if (scheduled) smsc.retries.push(slot, now.dueMs);
  else smsc.queue.push(slot, now.priority);
}

/** The event of a start: `slot` holds the message as it was. */
export function replay(shard: ShardState, slot: number, bytes: Bytes, at: number, length: number): void {
  const { table } = shard;
  const [since, attempts] = [table.acceptedMs[slot], table.attempts[slot]];
  table.flags[slot] &= (FLAGS_KEPT & ~(FLAG_SCHEDULED | FLAG_TOLD)) | FLAG_STORED;
  dropBody(shard, slot);
  fillSlot(shard, slot, bytes, at, length);
  table.acceptedMs[slot] = since;
  table.attempts[slot] = attempts;
  table.state[slot] = (table.flags[slot] & FLAG_SCHEDULED) === 0 ? SLOT_QUEUED : SLOT_RETRY;
}
