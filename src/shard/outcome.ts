/** What became of a submit_sm: taken, to be tried again, failed for good, or not answered. */
import {
  ERR_AT,
  FLAG_DUPLICATE_RISK,
  SLOT_IN_FLIGHT,
  SLOT_QUEUED,
  SLOT_RETRY,
  TEXT_BYTES,
} from '../core/message-table.ts';
import { FINAL_FAILED, NO_RESPONSE, SMSC_NONE } from '../core/records.ts';
import {
  CLASS_PERMANENT,
  CLASS_QUEUE_FULL,
  CLASS_SESSION,
  CLASS_THROTTLE,
  DELIVERY_FAILURE,
  backoffMs,
  classOfDeliveryFailure,
} from '../core/retry.ts';
import {
  SMSC_CONGESTION,
  SMSC_FAILED,
  SMSC_RETRIES,
  SMSC_THROTTLED,
  SMSC_TIMEOUTS,
} from '../core/ring/counters.ts';
import { NO_BIND } from '../cdr/group.ts';
import type { OutboundBind } from '../smpp/client.ts';
import { ESME_ROK, NETWORK_SMPP, STATE_REJECTED, STATE_UNDELIVERABLE } from '../smpp/constants.ts';
import { deliveryFailureReason } from '../smpp/pdu/response-tlvs.ts';
import { appendAttemptFailed, appendReceipt, dropBody, finish } from './events.ts';
import { awaitLate, wasTaken } from './late.ts';
import { partEnded, wantsReceiptOf } from './parts.ts';
import type { ShardState, Smsc } from './state.ts';
import { endsWithOthers, taken } from './taken.ts';
import { becomeReceipt } from './waiting.ts';

/** After a full queue the next try waits at least so many times as long as after another error. */
const QUEUE_FULL_FACTOR = 4;
const NEARLY_CONGESTED = 90;
const CONGESTED = 100;

export function onSubmitResponse(
  shard: ShardState,
  bind: OutboundBind,
  slot: number,
  status: number,
  bytes: Buffer,
  start: number,
  end: number,
): void {
  const smsc = shard.smscs[bind.smsc] as Smsc;
  smsc.answered++;
  if (status === ESME_ROK) taken(shard, smsc, bind, slot, bytes, start, end);
  else refused(shard, smsc, bind, slot, status, kindOf(shard, bind, slot, status, bytes, start, end));
}

/** CLASS_* of an error; what the SMSC's configuration says of the code comes first. */
function kindOf(
  shard: ShardState,
  bind: OutboundBind,
  slot: number,
  status: number,
  bytes: Buffer,
  start: number,
  end: number,
): number {
  if (status !== DELIVERY_FAILURE || bind.classes.names(status)) return bind.classes.of(status);
  const again = shard.table.status[slot] === DELIVERY_FAILURE;
  return classOfDeliveryFailure(deliveryFailureReason(bytes, start, end), again);
}

function refused(
  shard: ShardState,
  smsc: Smsc,
  bind: OutboundBind,
  slot: number,
  status: number,
  kind: number,
): void {
  const isTaken = wasTaken(shard, smsc, slot);
  if (kind === CLASS_THROTTLE) {
    smsc.cells[SMSC_THROTTLED]++;
    smsc.bucket.slow(shard.nowMs, smsc.answeredBefore);
    if (!isTaken) putBack(shard, smsc, slot);
    return;
  }
  if (kind === CLASS_SESSION) {
    if (!isTaken) returnToQueue(shard, smsc, slot);
    bind.recycle('the SMSC says that the bind is in the wrong state');
    return;
  }
  if (isTaken) return;
  if (kind === CLASS_PERMANENT) {
    smsc.cells[SMSC_FAILED]++;
    fail(shard, slot, status, STATE_REJECTED);
    return;
  }
  retryLater(shard, smsc, slot, status, kind === CLASS_QUEUE_FULL ? QUEUE_FULL_FACTOR : 1);
}

/** Back to the head of its queue, the attempt not counted. */
function putBack(shard: ShardState, smsc: Smsc, slot: number): void {
  const { table } = shard;
  table.attempts[slot]--;
  table.state[slot] = SLOT_QUEUED;
  smsc.queue.unshift(slot, table.priority[slot]);
}

function retryLater(shard: ShardState, smsc: Smsc, slot: number, status: number, factor: number): void {
  const { table } = shard;
  const { retry_attempts_max: attemptsMax, retry_min_s: min, retry_max_s: max } = smsc.config;
  if (table.attempts[slot] >= attemptsMax) {
    smsc.cells[SMSC_FAILED]++;
    fail(shard, slot, status === NO_RESPONSE ? 0 : status, STATE_UNDELIVERABLE);
    return;
  }
  smsc.cells[SMSC_RETRIES]++;
  const wait = factor * backoffMs(table.attempts[slot], min * 1000, max * 1000, Math.random());
  const dueMs = Math.round(shard.nowMs + wait);
  table.state[slot] = SLOT_RETRY;
  table.dueMs[slot] = dueMs;
  if (status !== NO_RESPONSE) table.status[slot] = status;
  appendAttemptFailed(shard, slot, status, dueMs);
  smsc.retries.push(slot, dueMs);
}

/**
 * Ends a message that will not be sent; the ESME gets a receipt if it asked for one. `status` 0: none. `reason`: that
 * of its FINAL event where no receipt is wanted.
 */
export function fail(
  shard: ShardState,
  slot: number,
  status: number,
  state: number,
  reason: number = FINAL_FAILED,
): void {
  const { table } = shard;
  table.status[slot] = status;
  const withOthers = endsWithOthers(shard, slot);
  if (!withOthers && !wantsReceiptOf(table.registeredDelivery[slot], state)) {
    finish(shard, slot, state, reason);
    return;
  }
  dropBody(shard, slot);
  table.finalState[slot] = state;
  table.doneMs[slot] = shard.nowMs;
  const err = status.toString(16).padStart(3, '0').slice(-7);
  table.errLength[slot] = err.length;
  table.text.write(err, slot * TEXT_BYTES + ERR_AT, 'latin1');
  if (status > 0 && status <= 0xffff) {
    table.networkErrorType[slot] = NETWORK_SMPP;
    table.networkErrorCode[slot] = status;
  }
  if (withOthers) {
    appendReceipt(shard, slot, SMSC_NONE);
    partEnded(shard, slot);
    return;
  }
  becomeReceipt(shard, slot);
  appendReceipt(shard, slot, SMSC_NONE);
  shard.journal.filling.addReceipt(NO_BIND, 0, slot);
}

/** Nothing came within response_timeout_s: whether the SMSC has it is unknown. Policy: send it again. */
export function onTimeouts(shard: ShardState, smsc: Smsc, bind: OutboundBind): void {
  const { table } = shard;
  bind.window.expire(shard.nowMs, smsc.config.response_timeout_s * 1000, (sequence, slot) => {
    smsc.cells[SMSC_TIMEOUTS]++;
    table.flags[slot] |= FLAG_DUPLICATE_RISK;
    awaitLate(shard, bind, sequence, slot);
    if (!wasTaken(shard, smsc, slot)) retryLater(shard, smsc, slot, NO_RESPONSE, 1);
  });
}

/** congestion_state of a 5.0 SMSC: it aims at 80 to 90; above it wants less of us, and at 100 nothing for a while. */
export function onCongestion(shard: ShardState, smsc: Smsc, percent: number): void {
  smsc.cells[SMSC_CONGESTION] = percent;
  if (percent >= CONGESTED) smsc.bucket.slow(shard.nowMs, smsc.answeredBefore);
  else if (percent >= NEARLY_CONGESTED) smsc.bucket.ease(shard.nowMs, smsc.answeredBefore);
}

/** The link is gone: what was in flight is sent again, in order, before what waits. */
export function onBindDown(shard: ShardState, smsc: Smsc, bind: OutboundBind): void {
  const { table } = shard;
  const slots: number[] = [];
  bind.window.forEach((sequence, slot) => {
    bind.window.take(sequence);
    slots.push(slot);
  });
  for (let index = slots.length - 1; index >= 0; index--) {
    const slot = slots[index];
    if (table.state[slot] !== SLOT_IN_FLIGHT) throw new Error(`slot ${slot} in a window but not in flight`);
    table.flags[slot] |= FLAG_DUPLICATE_RISK;
    if (!wasTaken(shard, smsc, slot)) returnToQueue(shard, smsc, slot);
  }
}

/**
 * Back to the head after a first loss. After a second one the message is put off like after an error: should one of
 * the window be what makes the SMSC drop the link, the others go without it, and it ends after retry_attempts_max.
 */
function returnToQueue(shard: ShardState, smsc: Smsc, slot: number): void {
  const { table } = shard;
  if (table.attempts[slot] > 1) {
    retryLater(shard, smsc, slot, NO_RESPONSE, 1);
    return;
  }
  table.state[slot] = SLOT_QUEUED;
  smsc.queue.unshift(slot, table.priority[slot]);
}
