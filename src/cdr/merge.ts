/** A message's events folded into its call detail record, for people to read. */
import type { AcceptedEvent, IntermediateEvent, LedgerEvent, NetworkError } from './event.ts';
import { messageText } from './message-text.ts';
import { tlvFields } from './tlv-fields.ts';
import type { TlvView } from './tlv-fields.ts';

/** Names of the segment that an event stands in: its indexes mean nothing elsewhere. */
export interface Names {
  accounts: readonly string[];
  smscs: readonly string[];
}

export type Fields = Record<string, string | number | boolean>;

export function accountName(names: Names, index: number): string {
  return names.accounts[index] ?? `#${index}`;
}

export function smscName(names: Names, index: number): string {
  return names.smscs[index] ?? `#${index}`;
}

export function isoTime(ms: number): string {
  // Times come from the disk and from SMSCs: one that no calendar has is shown as it is.
  return Math.abs(ms) <= 8.64e15 ? new Date(ms).toISOString() : String(ms);
}

/**
 * All that an event says, by name, in reading order; without its type, time and message id. Of its TLVs those that
 * `views` names.
 */
export function eventFields(event: LedgerEvent, names: Names, views: readonly TlvView[] = []): Fields {
  const fields = plainFields(event, names);
  return 'tlvs' in event ? { ...fields, ...tlvFields(event.tlvs, views) } : fields;
}

function plainFields(event: LedgerEvent, names: Names): Fields {
  switch (event.type) {
    case 'ACCEPTED':
    case 'REPLACED':
      return acceptedFields(event, names);
    case 'JOINED':
      return { into: event.leaderId, receipt: !event.silent };
    case 'SENT':
      return {
        smsc: smscName(names, event.smsc),
        attempt: event.attempt,
        bind: event.bind,
        smscMessageId: event.smscMessageId,
        duplicateRisk: event.duplicateRisk,
      };
    case 'ATTEMPT_FAILED':
      return {
        smsc: smscName(names, event.smsc),
        attempt: event.attempt,
        commandStatus: event.commandStatus === undefined ? 'no response' : hex32(event.commandStatus),
        due: isoTime(event.dueMs),
      };
    case 'RECEIPT':
      return {
        state: event.state,
        smsc: event.smsc === undefined ? '(gateway)' : smscName(names, event.smsc),
        done: isoTime(event.doneMs),
        err: event.err,
        ...networkFields(event.networkError),
        commandStatus: hex32(event.commandStatus),
      };
    case 'INTERMEDIATE':
      return intermediateFields(event, names);
    case 'FINAL':
      return {
        state: event.state,
        reason: event.reason,
        attempts: event.attempts,
        commandStatus: hex32(event.commandStatus),
        duplicateRisk: event.duplicateRisk,
      };
    case 'PARKED':
    case 'ORPHANED':
      return {
        state: event.state,
        smsc: smscName(names, event.smsc),
        smscMessageId: event.smscMessageId,
        done: isoTime(event.doneMs),
        err: event.err,
        ...networkFields(event.networkError),
      };
    case 'LATE':
      return {
        smsc: smscName(names, event.smsc),
        attempt: event.attempt,
        commandStatus: hex32(event.commandStatus),
        smscMessageId: event.smscMessageId,
      };
    case 'NAMES':
      return {
        nodeId: event.nodeId,
        shard: event.shard,
        accounts: event.accounts.length,
        smscs: event.smscs.length,
      };
    default:
      return {};
  }
}

function acceptedFields(event: AcceptedEvent, names: Names): Fields {
  const { source, destination } = event;
  const { charset, text, userDataHeader } = messageText(event.dataCoding, event.esmClass, event.message);
  return {
    account: accountName(names, event.account),
    protocol: event.protocol,
    smsc: smscName(names, event.smsc),
    session: event.session,
    sequenceNumber: event.sequenceNumber,
    source: source.address,
    sourceTon: source.ton,
    sourceNpi: source.npi,
    destination: destination.address,
    destinationTon: destination.ton,
    destinationNpi: destination.npi,
    registeredDelivery: event.registeredDelivery,
    esmClass: event.esmClass,
    dataCoding: event.dataCoding,
    priority: event.priority,
    expires: isoTime(event.expiresAtMs),
    ...partFields(event),
    messageBytes: event.message.length,
    charset,
    ...(userDataHeader === undefined ? {} : { userDataHeader }),
    text,
  };
}

/** What only a part, a scheduled message or one of several destinations has. */
function partFields(event: AcceptedEvent): Fields {
  const fields: Fields = {};
  if (event.command === 'data_sm') fields.command = event.command;
  const message = event.toldId ?? event.leaderId;
  if (message !== undefined) fields.message = message;
  if (event.scheduleMs > 0) fields.schedule = isoTime(event.scheduleMs);
  if (event.parts > 0) fields.part = `${event.part}/${event.parts}`;
  if (event.held) fields.held = true;
  if (event.internal) fields.joined = true;
  return fields;
}

/** Type and code, as `3/27`: GSM, absent subscriber. */
function networkFields(error: NetworkError | undefined): Fields {
  return error === undefined ? {} : { networkError: `${error.type}/${error.code}` };
}

function intermediateFields(event: IntermediateEvent, names: Names): Fields {
  const fields: Fields = {
    ...(event.state === undefined ? {} : { state: event.state }),
    smsc: smscName(names, event.smsc),
    esmClass: event.esmClass,
    done: isoTime(event.doneMs),
    err: event.err,
    ...networkFields(event.networkError),
  };
  if (event.userResponseCode !== undefined) fields.userResponseCode = event.userResponseCode;
  if (event.text.length > 0) fields.text = messageText(event.dataCoding, event.esmClass, event.text).text;
  return fields;
}

/** The CDR of one message; its events in the order of the ledger, each with the names of its own segment. */
export function mergeEvents(
  events: readonly { event: LedgerEvent; names: Names }[],
  views: readonly TlvView[] = [],
): Fields {
  const cdr: Fields = { state: 'ACCEPTED', attempts: 0, duplicateRisk: false };
  for (const { event, names } of events) {
    switch (event.type) {
      case 'ACCEPTED':
        Object.assign(cdr, {
          messageId: event.messageId,
          account: accountName(names, event.account),
          protocol: event.protocol,
          source: event.source.address,
          destination: event.destination.address,
          acceptedAt: isoTime(event.timeMs),
          ...partFields(event),
          ...tlvFields(event.tlvs, views),
        });
        break;
      case 'REPLACED':
        cdr.replacedAt = isoTime(event.timeMs);
        break;
      case 'JOINED':
        cdr.joinedInto = event.leaderId;
        break;
      case 'SENT':
        cdr.state = 'ENROUTE';
        cdr.smsc = smscName(names, event.smsc);
        cdr.smscMessageId = event.smscMessageId;
        cdr.attempts = event.attempt;
        cdr.sentAt = isoTime(event.timeMs);
        cdr.duplicateRisk ||= event.duplicateRisk;
        break;
      case 'ATTEMPT_FAILED':
        cdr.attempts = event.attempt;
        break;
      case 'RECEIPT':
        cdr.state = event.state;
        cdr.doneAt = isoTime(event.doneMs);
        if (event.err !== '') cdr.err = event.err;
        Object.assign(cdr, networkFields(event.networkError), tlvFields(event.tlvs, views, 'receipt.tlv'));
        break;
      case 'FINAL':
        cdr.state = event.state;
        cdr.reason = event.reason;
        cdr.attempts = event.attempts;
        cdr.duplicateRisk ||= event.duplicateRisk;
        if (event.commandStatus !== 0) cdr.commandStatus = hex32(event.commandStatus);
        cdr.finalAt = isoTime(event.timeMs);
        break;
    }
  }
  return cdr;
}

function hex32(value: number): string {
  return `0x${value.toString(16).padStart(8, '0')}`;
}
