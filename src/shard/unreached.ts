/**
 * Messages for which an SMSC may have set its delivery pending flag (v3.4 section 4.12; set_dpf and dpf_result):
 * it then tells with an alert_notification that the handset can be reached again, when the message may long be over.
 */
import { DEST_AT, FLAG_DATA_SM, SLOT_AWAITING, SOURCE_AT, TEXT_BYTES } from '../core/message-table.ts';
import {
  STATE_ACCEPTED,
  STATE_EXPIRED,
  STATE_REJECTED,
  STATE_UNDELIVERABLE,
  STATE_UNKNOWN,
} from '../smpp/constants.ts';
import type { ShardState } from './state.ts';

/** Digits begin behind ton and npi. */
const DIGITS = 2;
/** By message_state: the handset did not get it, or that is not known. */
const MAY_BE_PENDING = new Uint8Array(256);
for (const state of [STATE_EXPIRED, STATE_UNDELIVERABLE, STATE_UNKNOWN, STATE_REJECTED]) {
  MAY_BE_PENDING[state] = 1;
}

/** The slot's message ended in a state other than DELIVERED. One that was never sent is not the SMSC's to tell of. */
export function noteEnd(shard: ShardState, slot: number, state: number): void {
  const { table } = shard;
  // Of a data_sm nothing more may come than that the SMSC took it, and it sets the flag unless set_dpf says otherwise.
  const isData = state === STATE_ACCEPTED && (table.flags[slot] & FLAG_DATA_SM) !== 0;
  if ((isData || MAY_BE_PENDING[state] === 1) && table.attempts[slot] > 0) note(shard, slot);
}

/** The slot's message leaves memory for the store. */
export function noteLeaving(shard: ShardState, slot: number): void {
  const { finalState, state } = shard.table;
  if (state[slot] === SLOT_AWAITING) note(shard, slot);
  else noteEnd(shard, slot, finalState[slot]);
}

export function note(shard: ShardState, slot: number): void {
  const { table, unreached } = shard;
  const base = slot * TEXT_BYTES;
  unreached.note(
    table.text,
    base + SOURCE_AT + DIGITS,
    table.sourceLength[slot] - DIGITS,
    base + DEST_AT + DIGITS,
    table.destLength[slot] - DIGITS,
    table.account[slot],
    table.acceptedMs[slot],
  );
}
