/**
 * When a message whose text is replaced is to be sent, and until when it lives. What replace_sm leaves out stays (v3.4
 * section 4.10.1); a validity that is a period, told or the SMSC's default, counts from the scheduled time and moves
 * with it.
 */
import type { Bytes } from '../core/bytes.ts';
import { FLAG_SCHEDULED } from '../core/message-table.ts';
import {
  OPERATION_EXPIRES,
  OPERATION_FLAGS,
  OPERATION_FLAG_PERIOD,
  OPERATION_SCHEDULE,
  RECORD_TIME,
} from '../core/records.ts';
import { ESME_RINVEXPIRY, ESME_RINVSCHED } from '../smpp/constants.ts';
import { type MessageTimes, parseTime } from '../smpp/times.ts';
import { endText, isPeriod, validityFor } from '../smpp/validity.ts';
import type { ShardState, Smsc } from './state.ts';

export interface ReplacedTimes extends MessageTimes {
  /** validity_period of the body from here on. */
  validity: string;
}

/**
 * `validity`: of the body as it is. A command_status where the message could not be sent any more: ESME_RINVEXPIRY for
 * an end that is told and before its schedule, ESME_RINVSCHED for a schedule that is told and behind its end.
 */
export function replacedTimes(
  shard: ShardState,
  slot: number,
  validity: string,
  bytes: Bytes,
  at: number,
): ReplacedTimes | number {
  const { f64, u8 } = bytes;
  const movedMs = f64[(at + OPERATION_SCHEDULE) >> 3];
  const scheduleMs = movedMs > 0 ? movedMs : dueOf(shard, slot);
  const toldMs = f64[(at + OPERATION_EXPIRES) >> 3];
  if (toldMs > 0) {
    const isSpan = (u8[at + OPERATION_FLAGS] & OPERATION_FLAG_PERIOD) !== 0;
    // The edge did not know of the schedule that the message has.
    const later = isSpan && movedMs === 0 && scheduleMs > 0 ? scheduleMs - f64[(at + RECORD_TIME) >> 3] : 0;
    const times = { scheduleMs, expiresMs: toldMs + later };
    if (times.expiresMs <= scheduleMs) return ESME_RINVEXPIRY;
    return { ...times, validity: isSpan ? validityFor('', times) : endText(times.expiresMs) };
  }
  const times = { scheduleMs, expiresMs: movedMs > 0 ? endAfter(shard, slot, validity, movedMs) : 0 };
  if (movedMs === 0) times.expiresMs = shard.table.expiresMs[slot];
  if (times.expiresMs <= scheduleMs) return ESME_RINVSCHED;
  return { ...times, validity: validity === '' ? '' : validityFor(validity, times) };
}

/** The end of a message that is moved to this time. */
function endAfter({ smscs, table }: ShardState, slot: number, validity: string, movedMs: number): number {
  const { config } = smscs[table.smsc[slot]] as Smsc;
  if (validity === '') return movedMs + config.validity_default_s * 1000;
  if (!isPeriod(validity)) return table.expiresMs[slot];
  return parseTime(Buffer.from(validity, 'latin1'), 0, validity.length, movedMs);
}

/** The scheduled time that it waits for; 0: it waits for none. */
function dueOf({ nowMs, table }: ShardState, slot: number): number {
  const waits = (table.flags[slot] & FLAG_SCHEDULED) !== 0 && table.attempts[slot] === 0;
  return waits && table.dueMs[slot] > nowMs ? table.dueMs[slot] : 0;
}
