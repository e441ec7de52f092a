/** A message has its final state: who is told of it, and when it is over. */
import { FINAL_FAILED, FINAL_SENT } from '../core/records.ts';
import { STATE_DELIVERED } from '../smpp/constants.ts';
import { appendReceipt, finish } from './events.ts';
import { isPart, partEnded, wantsReceiptOf } from './parts.ts';
import type { ShardState } from './state.ts';
import { becomeReceipt } from './waiting.ts';

/**
 * The slot's finalState, doneMs, err and network error are set: they are journalled. True: the slot is now a receipt
 * for the client, to be handed on after the commit. False: nobody is to be told of this one alone (the client did not
 * ask for a receipt of such a state, or it is a part of a message), and the slot may be free again.
 */
export function settleFinalState(shard: ShardState, slot: number, smsc: number): boolean {
  appendReceipt(shard, slot, smsc);
  const wantsAll = (shard.table.registeredDelivery[slot] & 3) === 1;
  if (isPart(shard, slot) || !wantsAll) return settleOtherwise(shard, slot);
  becomeReceipt(shard, slot);
  return true;
}

/** Apart, so that the usual way above is small enough to be inlined. */
function settleOtherwise(shard: ShardState, slot: number): boolean {
  const { table } = shard;
  if (isPart(shard, slot)) {
    partEnded(shard, slot);
    return false;
  }
  const state = table.finalState[slot];
  if (wantsReceiptOf(table.registeredDelivery[slot], state)) {
    becomeReceipt(shard, slot);
    return true;
  }
  finish(shard, slot, state, state === STATE_DELIVERED ? FINAL_SENT : FINAL_FAILED);
  return false;
}
