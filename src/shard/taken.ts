/** The SMSC took a message: what it waits for from here on. */
import {
  FLAG_DUPLICATE_RISK,
  FLAG_INTERNAL,
  SMSC_ID_AT,
  SMSC_ID_BYTES_MAX,
  TEXT_BYTES,
} from '../core/message-table.ts';
import type { MessageTable } from '../core/message-table.ts';
import { FINAL_SENT } from '../core/records.ts';
import { SMSC_SENT } from '../core/ring/counters.ts';
import type { OutboundBind } from '../smpp/client.ts';
import { ESME_ROK, HEADER_BYTES, STATE_ACCEPTED } from '../smpp/constants.ts';
import { isPendingFlagSet } from '../smpp/pdu/response-tlvs.ts';
import { readResponseId } from '../smpp/pdu/submit-sm.ts';
import { appendSent, dropBody, finish } from './events.ts';
import { matchParked } from './parked.ts';
import { endUntold, isPart } from './parts.ts';
import type { SecondId } from './second-ids.ts';
import type { ShardState, Smsc } from './state.ts';
import { note } from './unreached.ts';
import { becomeAwaiting } from './waiting.ts';

/**
 * The message in `slot`, which is in no queue, was taken by its SMSC: the submit_sm_resp in [start, end) says under
 * which id.
 */
export function taken(
  shard: ShardState,
  smsc: Smsc,
  bind: OutboundBind,
  slot: number,
  bytes: Buffer,
  start: number,
  end: number,
): void {
  const idAt = start + HEADER_BYTES;
  const idLength = readResponseId(bytes, start, end) - idAt;
  const { table } = shard;
  table.smscIdLength[slot] = table.keepBytes(slot, SMSC_ID_AT, bytes, idAt, idLength, SMSC_ID_BYTES_MAX);
  // Hardly any response has TLVs behind the NUL of its id.
  if (end > idAt + idLength + 1 && isPendingFlagSet(bytes, start, end)) note(shard, slot);
  if (!becomeSent(shard, smsc, bind.number, slot)) return;
  if (shard.parking.size > 0) matchAllParked(shard, bind, slot);
}

/** The same under an id that came late. */
export function takenUnder(shard: ShardState, smsc: Smsc, slot: number, { bind, smscId }: SecondId): void {
  keepSmscId(shard.table, slot, smscId);
  if (!becomeSent(shard, smsc, bind, slot)) return;
  if (shard.parking.size > 0) matchParked(shard, slot, shard.table.acceptedMs[slot]);
}

/** The id that the SMSC gave the message, one Latin-1 character an octet. */
export function keepSmscId(table: MessageTable, slot: number, smscId: string): void {
  const at = slot * TEXT_BYTES + SMSC_ID_AT;
  table.smscIdLength[slot] = table.text.write(smscId, at, SMSC_ID_BYTES_MAX, 'latin1');
}

/** False: nothing more is to come, and the message has ended. */
function becomeSent(shard: ShardState, smsc: Smsc, bind: number, slot: number): boolean {
  const { table } = shard;
  // What an earlier attempt failed with.
  if (table.attempts[slot] > 1) table.status[slot] = ESME_ROK;
  smsc.cells[SMSC_SENT]++;
  appendSent(shard, slot, bind);
  // An SMSC that gives no id can never report on the message: it is as final as it gets.
  if (!awaitsReport(shard, slot) || table.smscIdLength[slot] === 0) {
    if (endsWithOthers(shard, slot)) {
      dropBody(shard, slot);
      endUntold(shard, slot, STATE_ACCEPTED);
      return false;
    }
    finish(shard, slot, STATE_ACCEPTED, FINAL_SENT);
    return false;
  }
  dropBody(shard, slot);
  becomeAwaiting(shard, slot);
  shard.index.add(slot);
  return true;
}

/** Of a message that was sent more than once a receipt may have come for an earlier attempt, too. */
function matchAllParked(shard: ShardState, bind: OutboundBind, slot: number): void {
  const { acceptedMs, flags, idHigh, idLow } = shard.table;
  const isFirst = (flags[slot] & FLAG_DUPLICATE_RISK) === 0;
  let isMatched = matchParked(shard, slot, isFirst ? bind.window.takenSentMs : acceptedMs[slot]);
  if (shard.secondIds.size === 0) return;
  for (const { smscId } of shard.secondIds.of(idHigh[slot], idLow[slot])) {
    isMatched ||= matchParked(shard, slot, acceptedMs[slot], smscId);
  }
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
