/** Admission of a submit_sm, and its way into the ring of the shard that owns the chosen SMSC. */
import { USER_DATA_OCTETS } from '../core/parts.ts';
import { ACCEPTED_BODY, PROTOCOL_SMPP } from '../core/records.ts';
import { RING_FULL } from '../core/ring/ring.ts';
import {
  ESME_RMSGQFUL,
  ESME_ROK,
  ESME_RTHROTTLED,
  HEADER_BYTES,
  VERSION_33,
  VERSION_34,
  VERSION_50,
} from '../smpp/constants.ts';
import { concatOf } from '../smpp/concat.ts';
import type { MessageFields } from '../smpp/pdu/message-fields.ts';
import { readMessage } from '../smpp/pdu/message-encode.ts';
import { scanSubmitSm } from '../smpp/pdu/submit-sm.ts';
import { hasValuesOf50, needsShape, plainLimits } from '../smpp/shape-profile.ts';
import { validityStatus } from '../smpp/times.ts';
import { timeToLiveIn } from '../smpp/validity.ts';
import { hasNoRoom, idFlagOf, senderOf, takeTimeToLive, takeToken, writeAsItIs } from './admission.ts';
import { chooseSmsc } from './route.ts';
import type { EdgeAccount, EdgeSmsc, EdgeState } from './state.ts';
import { sendPart, submitMessage } from './submit-message.ts';

const BLANK = 0x20;

/**
 * Checks the submit_sm in bytes [start, end) and hands it to its shard. Returns ESME_ROK when it is on its way (the
 * answer comes after the commit), else the command_status to refuse it with: nothing is stored then.
 */
export function submit(
  edge: EdgeState,
  account: EdgeAccount,
  version: number,
  protocol: number,
  session: number,
  sequence: number,
  bytes: Buffer,
  start: number,
  end: number,
): number {
  const { fields, times } = edge;
  let status = scanSubmitSm(bytes, start, end, version, fields);
  if (status !== ESME_ROK) return status;
  const { scheduleAt, scheduleEnd, validityAt, validityEnd } = fields;
  status = validityStatus(bytes, scheduleAt, scheduleEnd, validityAt, validityEnd, edge.nowMs, times);
  if (status !== ESME_ROK) return status;
  if (!takeToken(edge, account)) return ESME_RTHROTTLED;
  const smsc = chooseSmsc(edge, account, bytes, fields);
  if (hasNoRoom(edge, smsc)) return ESME_RMSGQFUL;
  edge.partsOfLast = 1;
  if (protocol === PROTOCOL_SMPP && version >= VERSION_34 && isUsual(fields, account, smsc, version)) {
    return send(edge, account, smsc, protocol, session, sequence, bytes, start, end, 0);
  }
  return submitOtherwise(edge, account, smsc, version, protocol, session, sequence, bytes, start, end);
}

/**
 * The message that most are: one SMS of a session of 3.4 or 5.0, without header, TLVs or schedule, that its SMSC takes
 * as it is. Asked by a table: `isPlain` says the same of it and costs five times as much.
 */
function isUsual(f: MessageFields, account: EdgeAccount, smsc: EdgeSmsc, version: number): boolean {
  if (f.tlvAt < f.end || f.udhLength > 0 || f.scheduleAt !== f.scheduleEnd || f.replaceIfPresent !== 0) {
    return false;
  }
  const limits = (version >= VERSION_50 ? account.plain50 : account.plain34)[smsc.index];
  if (limits === undefined) return learnLimits(account, smsc);
  return f.dataLength <= limits[f.dataCoding] && !hasValuesOf50(f);
}

/** For the next message. */
function learnLimits({ plain34, plain50, senders }: EdgeAccount, smsc: EdgeSmsc): boolean {
  for (let index = plain34.length; index <= smsc.index; index++) {
    plain34[index] = undefined;
    plain50[index] = undefined;
  }
  plain34[smsc.index] = plainLimits(senders.v34, smsc.profile);
  plain50[smsc.index] = plainLimits(senders.v50, smsc.profile);
  return false;
}

function submitOtherwise(
  edge: EdgeState,
  account: EdgeAccount,
  smsc: EdgeSmsc,
  version: number,
  protocol: number,
  session: number,
  sequence: number,
  bytes: Buffer,
  start: number,
  end: number,
): number {
  const { fields } = edge;
  const concat = fields.udhLength > 0 || fields.sarRef >= 0 ? concatOf(bytes, fields) : undefined;
  const part = concat !== undefined && concat.total > 1 ? concat : undefined;
  const origin = { version, protocol, session, sequence };
  const timeToLive = fields.tlvAt < fields.end ? timeToLiveIn(bytes, fields.tlvAt, fields.end) : 0;
  takeTimeToLive(edge, timeToLive);
  if (timeToLive === 0 && isPlain(edge, account, smsc, version, protocol, bytes)) {
    if (part === undefined) {
      const flags = idFlagOf(version, protocol);
      return send(edge, account, smsc, protocol, session, sequence, bytes, start, end, flags);
    }
    if (account.config.receipts === 'each') {
      return sendPart(edge, account, smsc, origin, bytes, start, end, part);
    }
  }
  return submitMessage(edge, account, smsc, origin, readMessage(bytes, fields), bytes, part);
}

/** The usual short message: its bytes go on as they are. What may be several parts on the air is counted first. */
function isPlain(
  edge: EdgeState,
  account: EdgeAccount,
  smsc: EdgeSmsc,
  version: number,
  protocol: number,
  bytes: Buffer,
): boolean {
  const { fields } = edge;
  if (fields.scheduleAt !== fields.scheduleEnd || fields.replaceIfPresent !== 0) return false;
  if (fields.payloadLength > USER_DATA_OCTETS) return false;
  if (version <= VERSION_33 && hasBlanks(bytes, fields)) return false;
  return !needsShape(bytes, fields, senderOf(account, version, protocol), smsc.profile);
}

/** 3.3 allows leading spaces in addresses; they are cut. */
function hasBlanks(bytes: Buffer, { sourceAt, destAt }: MessageFields): boolean {
  return bytes[sourceAt] === BLANK || bytes[destAt] === BLANK;
}

function send(
  edge: EdgeState,
  account: EdgeAccount,
  smsc: EdgeSmsc,
  protocol: number,
  session: number,
  sequence: number,
  bytes: Buffer,
  start: number,
  end: number,
  flags: number,
): number {
  const body = start + HEADER_BYTES;
  const ring = edge.ends.writers[smsc.shard];
  const at = ring.claim(ACCEPTED_BODY + end - body);
  // Full: a definite refusal, nothing is stored. Sessions stop reading well before this happens.
  if (at === RING_FULL) return ESME_RTHROTTLED;
  writeAsItIs(edge, account, smsc, protocol, session, sequence, bytes, body, end, at, flags);
  ring.commit();
  return ESME_ROK;
}

/** A submit that did not come over a session: the fields that the scan needs are those of 3.4. */
export const HTTP_VERSION = VERSION_34;
