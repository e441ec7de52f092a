/** The SMSC took a message: what it waits for from here on. */
import { FLAG_DUPLICATE_RISK, FLAG_INTERNAL, SMSC_ID_AT, SMSC_ID_BYTES_MAX } from '../core/message-table.ts';
import { FINAL_SENT } from '../core/records.ts';
import { SMSC_SENT } from '../core/ring/counters.ts';
import type { OutboundBind } from '../smpp/client.ts';
import { ESME_ROK, HEADER_BYTES, STATE_ACCEPTED } from '../smpp/constants.ts';
import { readResponseId } from '../smpp/pdu/submit-sm.ts';
import { appendSent, dropBody, finish } from './events.ts';
import { matchParked } from './parked.ts';
import { endUntold, isPart } from './parts.ts';
import type { ShardState, Smsc } from './state.ts';
import { becomeAwaiting } from './waiting.ts';

/**
 * The message in `slot`, which is in no queue, was taken by its SMSC: the submit_sm_resp in [start, end) says under
 * which id. `isLate`: the request had left the window already.
 */
export function taken(
  shard: ShardState,
  smsc: Smsc,
  bind: OutboundBind,
  slot: number,
  bytes: Buffer,
  start: number,
  end: number,
  isLate = false,
): void {
  const { table } = shard;
  // What an earlier attempt failed with.
  if (table.attempts[slot] > 1) table.status[slot] = ESME_ROK;
  const idAt = start + HEADER_BYTES;
  const idLength = readResponseId(bytes, start, end) - idAt;
  table.smscIdLength[slot] = table.keepBytes(slot, SMSC_ID_AT, bytes, idAt, idLength, SMSC_ID_BYTES_MAX);
  smsc.cells[SMSC_SENT]++;
  appendSent(shard, slot, bind.number);
  // An SMSC that gives no id can never report on the message: it is as final as it gets.
  if (!awaitsReport(shard, slot) || table.smscIdLength[slot] === 0) {
    if (endsWithOthers(shard, slot)) {
      dropBody(shard, slot);
      endUntold(shard, slot, STATE_ACCEPTED);
      return;
    }
    finish(shard, slot, STATE_ACCEPTED, FINAL_SENT);
    return;
  }
  dropBody(shard, slot);
  becomeAwaiting(shard, slot);
  shard.index.add(slot);
  if (shard.parking.size === 0) return;
  // An earlier submit_sm may have been taken without our hearing of it.
  const isFirst = !isLate && (table.flags[slot] & FLAG_DUPLICATE_RISK) === 0;
  matchParked(shard, slot, isFirst ? bind.window.takenSentMs : table.acceptedMs[slot]);
}

/** registered_delivery bits 1-0: a receipt of a final state is asked for (v3.4 section 5.2.17). */
export function wantsReceipt(registeredDelivery: number): boolean {
  return (registeredDelivery & 3) !== 0;
}

/** registered_delivery bits 4-2: intermediate notifications, acknowledgements of the recipient. */
const NOTIFICATIONS = 0x1c;

/** The SMSC is to tell more of it: its final state, or of a whole message at least notifications. */
function awaitsReport(shard: ShardState, slot: number): boolean {
  const registeredDelivery = shard.table.registeredDelivery[slot];
  if (wantsReceipt(registeredDelivery)) return true;
  return (registeredDelivery & NOTIFICATIONS) !== 0 && !isPart(shard, slot);
}

/** A part whose end is told with others: of a message that wants receipts, or that was joined from a client's parts. */
export function endsWithOthers(shard: ShardState, slot: number): boolean {
  const { table } = shard;
  if ((table.flags[slot] & FLAG_INTERNAL) !== 0) return true;
  return isPart(shard, slot) && wantsReceipt(table.registeredDelivery[slot]);
}
