/** Admission of a submit_sm, and its way into the ring of the shard that owns the chosen SMSC. */
import {
  ACCEPTED,
  ACCEPTED_BODY,
  ACCEPTED_DATA_CODING,
  ACCEPTED_DEST_AT,
  ACCEPTED_ESM_CLASS,
  ACCEPTED_EXPIRES,
  ACCEPTED_MESSAGE_AT,
  ACCEPTED_PRIORITY,
  ACCEPTED_REGISTERED_DELIVERY,
  ACCEPTED_SEQUENCE,
  ACCEPTED_SESSION,
  ACCEPTED_SMSC,
  ACCEPTED_SM_LENGTH,
  ACCEPTED_SOURCE_AT,
  RECORD_A,
  RECORD_B,
  RECORD_TYPE,
} from '../core/records.ts';
import {
  CELL_DISK_REFUSING,
  CELL_QUEUE_FULL,
  CELL_SUBMIT_THROTTLED,
  SMSC_BOUND,
  SMSC_QUEUED,
} from '../core/ring/counters.ts';
import { RING_FULL } from '../core/ring/ring.ts';
import { ESME_RMSGQFUL, ESME_ROK, ESME_RTHROTTLED, HEADER_BYTES, VERSION_34 } from '../smpp/constants.ts';
import { scanSubmitSm } from '../smpp/pdu/submit-sm.ts';
import { validityStatus } from '../smpp/times.ts';
import type { EdgeAccount, EdgeSmsc, EdgeState } from './state.ts';

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
  if (edge.draining) return ESME_RTHROTTLED;
  const { intervalTicks } = account;
  if (
    intervalTicks > 0 &&
    !edge.rates.take(account.index, edge.nowTicks, intervalTicks, account.burstTicks)
  ) {
    edge.cells[CELL_SUBMIT_THROTTLED]++;
    return ESME_RTHROTTLED;
  }
  const smsc = chooseSmsc(edge, bytes);
  if (edge.shardCells[smsc.shard][CELL_DISK_REFUSING] !== 0 || smsc.cells[SMSC_QUEUED] >= smsc.queueMax) {
    edge.cells[CELL_QUEUE_FULL]++;
    return ESME_RMSGQFUL;
  }
  return send(edge, account, smsc, protocol, session, sequence, bytes, start, end);
}

/**
 * The default route. One destination always takes the same way while the same SMSCs are bound, so that its messages
 * keep their order and the parts of a long one stay together.
 */
function chooseSmsc(edge: EdgeState, bytes: Buffer): EdgeSmsc {
  const { route, fields } = edge;
  if (route.length === 1) return route[0];
  let hash = 0x811c_9dc5;
  for (let at = fields.destAt; at < fields.destEnd; at++) hash = Math.imul(hash ^ bytes[at], 0x0100_0193);
  hash = (hash ^ (hash >>> 15)) >>> 0;
  let bound = 0;
  for (const smsc of route) if (smsc.cells[SMSC_BOUND] > 0) bound++;
  if (bound === 0) return route[hash % route.length];
  let choice = hash % bound;
  for (const smsc of route) if (smsc.cells[SMSC_BOUND] > 0 && choice-- === 0) return smsc;
  return route[0];
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
): number {
  const { fields, times } = edge;
  const body = start + HEADER_BYTES;
  const ring = edge.ends.writers[smsc.shard];
  const at = ring.claim(ACCEPTED_BODY + end - body);
  // Full: a definite refusal, nothing is stored. Sessions stop reading well before this happens.
  if (at === RING_FULL) return ESME_RTHROTTLED;
  const { u8, u16, u32, f64 } = ring.bytes;
  u8[at + RECORD_TYPE] = ACCEPTED;
  u8[at + RECORD_A] = protocol;
  u16[(at + RECORD_B) >> 1] = account.index;
  u16[(at + ACCEPTED_SMSC) >> 1] = smsc.index;
  u16[(at + ACCEPTED_SMSC + 2) >> 1] = 0;
  u32[(at + ACCEPTED_SESSION) >> 2] = session;
  u32[(at + ACCEPTED_SEQUENCE) >> 2] = sequence;
  u8[at + ACCEPTED_REGISTERED_DELIVERY] = fields.registeredDelivery;
  u8[at + ACCEPTED_ESM_CLASS] = fields.esmClass;
  u8[at + ACCEPTED_DATA_CODING] = fields.dataCoding;
  u8[at + ACCEPTED_PRIORITY] = fields.priority;
  u16[(at + ACCEPTED_SOURCE_AT) >> 1] = fields.sourceAt - 2 - body;
  u16[(at + ACCEPTED_DEST_AT) >> 1] = fields.destAt - 2 - body;
  u16[(at + ACCEPTED_MESSAGE_AT) >> 1] = fields.messageAt - body;
  u8[at + ACCEPTED_SM_LENGTH] = fields.smLength;
  u8[at + ACCEPTED_SM_LENGTH + 1] = 0;
  f64[(at + ACCEPTED_EXPIRES) >> 3] = times.expiresMs > 0 ? times.expiresMs : edge.nowMs + smsc.validityMs;
  bytes.copy(u8, at + ACCEPTED_BODY, body, end);
  ring.commit();
  return ESME_ROK;
}

/** A submit that did not come over a session: the fields that the scan needs are those of 3.4. */
export const HTTP_VERSION = VERSION_34;
