/**
 * The events of a block: where they are, whether they are whole, and each as an object for people to read.
 * The bytes are drawn in core/records.ts.
 */
import { formatMessageId } from '../core/message-id.ts';
import * as records from '../core/records.ts';
import { EVENT_NAMES, FINAL_REASONS, stateName } from './event-names.ts';
import type {
  AcceptedEvent,
  Address,
  AttemptFailedEvent,
  Common,
  FinalEvent,
  IntermediateEvent,
  JoinedEvent,
  LateEvent,
  LedgerEvent,
  NamesEvent,
  NetworkError,
  ParkedEvent,
  ReceiptEvent,
  SentEvent,
} from './event.ts';
import { BLOCK_FLAG_FOOTER, BLOCK_FLAGS, BLOCK_HEADER_BYTES } from './block.ts';

/**
 * What a failed and repeated commit leaves of an ACCEPTED event that was refused: a record that means
 * nothing.
 */
export const VOID = 0;

/** The least length of each type, by its number. */
const BYTES_MIN = [
  records.RECORD_HEADER_BYTES,
  records.ACCEPTED_BODY,
  records.SENT_ID,
  records.FAILED_DUE + 8,
  records.RECEIPT_BYTES,
  records.FINAL_FLAGS + 1,
  records.PARKED_ID,
  records.PARKED_ID,
  records.SENT_ID,
  records.RECORD_HEADER_BYTES,
  records.ACCEPTED_BODY,
  records.JOINED_BYTES,
  records.RECORD_HEADER_BYTES,
  records.INTERMEDIATE_TEXT,
];

const TAG_NETWORK_ERROR_CODE = 0x0423;
const TAG_MESSAGE_PAYLOAD = 0x0424;

export interface EventPlace {
  at: number;
  length: number;
  type: number;
}

/** The events of a block that was checked with blockFault; the object is the same at each step. */
export function* eventsOf(block: Buffer): Generator<EventPlace> {
  if ((block.readUInt16LE(BLOCK_FLAGS) & BLOCK_FLAG_FOOTER) !== 0) return;
  const place = { at: BLOCK_HEADER_BYTES, length: 0, type: 0 };
  while (place.at < block.length) {
    place.length = block.readUInt32LE(place.at + records.RECORD_LENGTH);
    if (place.length < records.RECORD_HEADER_BYTES) throw new Error(`an event of ${place.length} bytes`);
    place.type = block[place.at + records.RECORD_TYPE];
    yield place;
    place.at += records.align8(place.length);
  }
}

/** What is wrong with the event at `at`; undefined when every offset in it stays inside of it. */
export function eventFault(block: Buffer, at: number): string | undefined {
  if (at + records.RECORD_HEADER_BYTES > block.length) return 'its header is cut off';
  const length = block.readUInt32LE(at + records.RECORD_LENGTH);
  const type = block[at + records.RECORD_TYPE];
  if (length > records.RECORD_BYTES_MAX || at + records.align8(length) > block.length) {
    return `its length of ${length} leaves the block`;
  }
  if (type >= BYTES_MIN.length) return `its type ${type} is not known`;
  if (length < BYTES_MIN[type]) return `its length of ${length} is too short for ${EVENT_NAMES[type]}`;
  return innerFault(block, at, length, type);
}

function innerFault(block: Buffer, at: number, length: number, type: number): string | undefined {
  const inside = (offset: number, bytes: number) => offset + bytes <= length;
  const fault = `an offset in it leaves the ${EVENT_NAMES[type]} event`;
  if (type === records.ACCEPTED || type === records.REPLACED) {
    const flags = block.readUInt16LE(at + records.ACCEPTED_FLAGS);
    const bodyBytes = records.acceptedBodyLength(flags, length);
    const u16 = (field: number) => records.ACCEPTED_BODY + block.readUInt16LE(at + field);
    const smLength = block[at + records.ACCEPTED_SM_LENGTH];
    const messageAt = u16(records.ACCEPTED_MESSAGE_AT);
    const addresses = [u16(records.ACCEPTED_SOURCE_AT), u16(records.ACCEPTED_DEST_AT)];
    // Each address is at least its ton, npi and NUL.
    const inBody = (offset: number, bytes: number) => offset + bytes <= records.ACCEPTED_BODY + bodyBytes;
    if (bodyBytes < 0 || !inBody(messageAt, smLength)) return fault;
    if (!addresses.every((address) => inBody(address, 3))) return fault;
  }
  if (type === records.SENT && !inside(records.SENT_ID, block[at + records.SENT_ID_LENGTH])) return fault;
  if (type === records.INTERMEDIATE) {
    const textLength = block[at + records.INTERMEDIATE_TEXT_LENGTH];
    if (!inside(records.INTERMEDIATE_TEXT, textLength)) return fault;
  }
  const isParked = type === records.PARKED || type === records.ORPHANED;
  if (isParked && !inside(records.PARKED_ID, block[at + records.PARKED_ID_LENGTH])) return fault;
  return undefined;
}

/** The event at `at` as an object, with copies of its bytes. Throws what eventFault finds. */
export function decodeEvent(block: Buffer, at: number): LedgerEvent {
  const fault = eventFault(block, at);
  if (fault !== undefined) throw new Error(`event at byte ${at}: ${fault}`);
  const event = block.subarray(at, at + block.readUInt32LE(at));
  const common: Common = {
    messageId: formatMessageId(
      event.readUInt32LE(records.RECORD_ID_HIGH),
      event.readUInt32LE(records.RECORD_ID_LOW),
    ),
    timeMs: event.readDoubleLE(records.RECORD_TIME),
  };
  switch (event[records.RECORD_TYPE]) {
    case records.ACCEPTED:
      return decodeAccepted(event, common, 'ACCEPTED');
    case records.REPLACED:
      return decodeAccepted(event, common, 'REPLACED');
    case records.JOINED:
      return decodeJoined(event, common);
    case records.RELEASED:
      return { type: 'RELEASED', ...common };
    case records.SENT:
      return decodeSent(event, common);
    case records.ATTEMPT_FAILED:
      return decodeAttemptFailed(event, common);
    case records.RECEIPT:
      return decodeReceipt(event, common);
    case records.INTERMEDIATE:
      return decodeIntermediate(event, common);
    case records.FINAL:
      return decodeFinal(event, common);
    case records.PARKED:
      return decodeParked(event, common, 'PARKED');
    case records.ORPHANED:
      return decodeParked(event, common, 'ORPHANED');
    case records.LATE:
      return decodeLate(event, common);
    case records.NAMES:
      return { type: 'NAMES', ...common, ...namesIn(event) };
    default:
      return { type: 'VOID', ...common };
  }
}

function decodeAccepted(event: Buffer, common: Common, type: 'ACCEPTED' | 'REPLACED'): AcceptedEvent {
  const flags = event.readUInt16LE(records.ACCEPTED_FLAGS);
  const bodyEnd = records.ACCEPTED_BODY + records.acceptedBodyLength(flags, event.length);
  const body = Buffer.from(event.subarray(records.ACCEPTED_BODY, bodyEnd));
  const messageAt = event.readUInt16LE(records.ACCEPTED_MESSAGE_AT);
  const messageEnd = messageAt + event[records.ACCEPTED_SM_LENGTH];
  const payload = messageEnd === messageAt ? payloadIn(body, messageEnd) : undefined;
  return {
    type,
    ...common,
    protocol: event[records.RECORD_A] === records.PROTOCOL_HTTP ? 'http' : 'smpp',
    account: event.readUInt16LE(records.RECORD_B),
    smsc: event.readUInt16LE(records.ACCEPTED_SMSC),
    session: event.readUInt32LE(records.ACCEPTED_SESSION),
    sequenceNumber: event.readUInt32LE(records.ACCEPTED_SEQUENCE),
    registeredDelivery: event[records.ACCEPTED_REGISTERED_DELIVERY] & ~records.DELIVERY_CONVERTED,
    esmClass: event[records.ACCEPTED_ESM_CLASS],
    dataCoding: event[records.ACCEPTED_DATA_CODING],
    priority: event[records.ACCEPTED_PRIORITY],
    source: addressAt(body, event.readUInt16LE(records.ACCEPTED_SOURCE_AT)),
    destination: addressAt(body, event.readUInt16LE(records.ACCEPTED_DEST_AT)),
    expiresAtMs: event.readDoubleLE(records.ACCEPTED_EXPIRES),
    message: payload ?? body.subarray(messageAt, messageEnd),
    tlvs: body.subarray(messageEnd),
    body,
    command: (flags & records.ACCEPTED_FLAG_DATA_SM) === 0 ? 'submit_sm' : 'data_sm',
    ...extensionOf(event, flags),
  };
}

type Extension = Pick<
  AcceptedEvent,
  'toldId' | 'leaderId' | 'scheduleMs' | 'part' | 'parts' | 'held' | 'internal'
>;

function extensionOf(event: Buffer, flags: number): Extension {
  if ((flags & records.ACCEPTED_FLAG_EXTENDED) === 0) {
    return {
      toldId: undefined,
      leaderId: undefined,
      scheduleMs: 0,
      part: 0,
      parts: 0,
      held: false,
      internal: false,
    };
  }
  const at = event.length - records.EXTENSION_BYTES;
  const toldLow = event.readUInt32LE(at + records.EXTENSION_TOLD_LOW);
  const toldHigh = event.readUInt32LE(at + records.EXTENSION_TOLD_HIGH);
  const bits = event[at + records.EXTENSION_FLAGS];
  const isLed = (bits & records.EXTENSION_FLAG_LED) !== 0;
  return {
    toldId: toldHigh === 0 || isLed ? undefined : formatMessageId(toldHigh, toldLow),
    leaderId: isLed ? formatMessageId(toldHigh, toldLow) : undefined,
    scheduleMs: event.readDoubleLE(at + records.EXTENSION_SCHEDULE),
    part: event[at + records.EXTENSION_PART],
    parts: event[at + records.EXTENSION_PARTS],
    held: (bits & records.EXTENSION_FLAG_HELD) !== 0,
    internal: (bits & records.EXTENSION_FLAG_INTERNAL) !== 0,
  };
}

function decodeJoined(event: Buffer, common: Common): JoinedEvent {
  const low = event.readUInt32LE(records.JOINED_LEADER_LOW);
  const high = event.readUInt32LE(records.JOINED_LEADER_HIGH);
  return {
    type: 'JOINED',
    ...common,
    leaderId: formatMessageId(high, low),
    silent: event[records.RECORD_A] === 1,
  };
}

/** The first message_payload among the TLVs (tag u16, length u16, value; big-endian) from `at` on. */
function payloadIn(body: Buffer, at: number): Buffer | undefined {
  while (at + 4 <= body.length) {
    const end = at + 4 + body.readUInt16BE(at + 2);
    if (end > body.length) return undefined;
    if (body.readUInt16BE(at) === TAG_MESSAGE_PAYLOAD) return body.subarray(at + 4, end);
    at = end;
  }
  return undefined;
}

function addressAt(body: Buffer, at: number): Address {
  const end = body.indexOf(0, at + 2);
  return {
    ton: body[at],
    npi: body[at + 1],
    address: body.toString('latin1', at + 2, end === -1 ? body.length : end),
  };
}

function decodeSent(event: Buffer, common: Common): SentEvent {
  const idEnd = records.SENT_ID + event[records.SENT_ID_LENGTH];
  return {
    type: 'SENT',
    ...common,
    attempt: event[records.RECORD_A],
    smsc: event.readUInt16LE(records.RECORD_B),
    bind: event[records.SENT_BIND],
    duplicateRisk: (event[records.SENT_FLAGS] & records.SENT_FLAG_DUPLICATE_RISK) !== 0,
    smscMessageId: event.toString('latin1', records.SENT_ID, idEnd),
  };
}

function decodeAttemptFailed(event: Buffer, common: Common): AttemptFailedEvent {
  const commandStatus = event.readUInt32LE(records.FAILED_STATUS);
  return {
    type: 'ATTEMPT_FAILED',
    ...common,
    attempt: event[records.RECORD_A],
    smsc: event.readUInt16LE(records.RECORD_B),
    commandStatus: commandStatus === records.NO_RESPONSE ? undefined : commandStatus,
    dueMs: event.readDoubleLE(records.FAILED_DUE),
  };
}

function decodeReceipt(event: Buffer, common: Common): ReceiptEvent {
  const smsc = event.readUInt16LE(records.RECORD_B);
  return {
    type: 'RECEIPT',
    ...common,
    state: stateName(event[records.RECORD_A]),
    smsc: smsc === records.SMSC_NONE ? undefined : smsc,
    doneMs: event.readDoubleLE(records.RECEIPT_DONE),
    err: errText(event, records.RECEIPT_ERR_LENGTH, records.RECEIPT_ERR),
    commandStatus: event.readUInt32LE(records.RECEIPT_STATUS),
    ...toldBy(event, records.RECEIPT_NETWORK_TYPE, records.RECEIPT_NETWORK_CODE, records.RECEIPT_BYTES),
  };
}

function decodeIntermediate(event: Buffer, common: Common): IntermediateEvent {
  const state = event[records.RECORD_A];
  const responseCode = event.readUInt16LE(records.INTERMEDIATE_RESPONSE_CODE);
  const textEnd = records.INTERMEDIATE_TEXT + event[records.INTERMEDIATE_TEXT_LENGTH];
  // A long text is in front of the TLVs.
  const long = leadingTlv(event, textEnd, TAG_MESSAGE_PAYLOAD);
  const tlvsAt = long === undefined ? textEnd : textEnd + 4 + long.length;
  return {
    type: 'INTERMEDIATE',
    ...common,
    state: state === records.STATE_NOT_TOLD ? undefined : stateName(state),
    smsc: event.readUInt16LE(records.RECORD_B),
    doneMs: event.readDoubleLE(records.RECEIPT_DONE),
    err: errText(event, records.RECEIPT_ERR_LENGTH, records.RECEIPT_ERR),
    esmClass: event[records.INTERMEDIATE_ESM_CLASS],
    dataCoding: event[records.INTERMEDIATE_DATA_CODING],
    userResponseCode: responseCode === 0 ? undefined : responseCode - 1,
    text: Buffer.from(long ?? event.subarray(records.INTERMEDIATE_TEXT, textEnd)),
    ...toldBy(event, records.RECEIPT_NETWORK_TYPE, records.RECEIPT_NETWORK_CODE, tlvsAt),
  };
}

/** Value of the TLV that begins at `at`, if it has this tag. */
function leadingTlv(event: Buffer, at: number, tag: number): Buffer | undefined {
  if (at + 4 > event.length || event.readUInt16BE(at) !== tag) return undefined;
  return event.subarray(at + 4, at + 4 + event.readUInt16BE(at + 2));
}

/** network_error_code, in its fields or, with a type that these have no value for, in front of the vendor TLVs. */
function toldBy(
  event: Buffer,
  typeAt: number,
  codeAt: number,
  tlvsAt: number,
): { networkError: NetworkError | undefined; tlvs: Buffer } {
  const whole = leadingTlv(event, tlvsAt, TAG_NETWORK_ERROR_CODE);
  if (whole?.length === 3) {
    const networkError = { type: whole[0], code: whole.readUInt16BE(1) };
    return { networkError, tlvs: Buffer.from(event.subarray(tlvsAt + 4 + whole.length)) };
  }
  const tlvs = Buffer.from(event.subarray(tlvsAt));
  if (event[typeAt] === 0) return { networkError: undefined, tlvs };
  return { networkError: { type: event[typeAt] - 1, code: event.readUInt16LE(codeAt) }, tlvs };
}

function decodeFinal(event: Buffer, common: Common): FinalEvent {
  const reason = event.readUInt16LE(records.RECORD_B);
  return {
    type: 'FINAL',
    ...common,
    state: stateName(event[records.RECORD_A]),
    reason: FINAL_REASONS[reason] ?? `reason ${reason}`,
    commandStatus: event.readUInt32LE(records.FINAL_STATUS),
    attempts: event[records.FINAL_ATTEMPTS],
    duplicateRisk: (event[records.FINAL_FLAGS] & records.SENT_FLAG_DUPLICATE_RISK) !== 0,
  };
}

function decodeParked(event: Buffer, common: Common, type: 'PARKED' | 'ORPHANED'): ParkedEvent {
  const idEnd = records.PARKED_ID + event[records.PARKED_ID_LENGTH];
  return {
    type,
    ...common,
    state: stateName(event[records.RECORD_A]),
    smsc: event.readUInt16LE(records.RECORD_B),
    doneMs: event.readDoubleLE(records.RECEIPT_DONE),
    err: errText(event, records.RECEIPT_ERR_LENGTH, records.RECEIPT_ERR),
    smscMessageId: event.toString('latin1', records.PARKED_ID, idEnd),
    ...toldBy(event, records.PARKED_NETWORK_TYPE, records.PARKED_NETWORK_CODE, idEnd),
  };
}

function decodeLate(event: Buffer, common: Common): LateEvent {
  return {
    type: 'LATE',
    ...common,
    attempt: event[records.RECORD_A],
    smsc: event.readUInt16LE(records.RECORD_B),
    commandStatus: event.readUInt32LE(records.FAILED_STATUS),
    smscMessageId: event.toString('latin1', records.SENT_ID),
  };
}

function errText(event: Buffer, lengthAt: number, at: number): string {
  return event.toString('latin1', at, at + Math.min(event[lengthAt], records.RECEIPT_ERR_BYTES_MAX));
}

function namesIn(event: Buffer): Pick<NamesEvent, 'nodeId' | 'shard' | 'accounts' | 'smscs'> {
  const text = event.toString('utf8', records.RECORD_HEADER_BYTES);
  const names = JSON.parse(text) as Partial<Pick<NamesEvent, 'nodeId' | 'shard' | 'accounts' | 'smscs'>>;
  return {
    nodeId: names.nodeId ?? '',
    shard: names.shard ?? 0,
    accounts: names.accounts ?? [],
    smscs: names.smscs ?? [],
  };
}
