/** Messages that wait to be sent and never will be: cancelled. */
import { SLOT_RETRY } from '../core/message-table.ts';
import { FINAL_CANCELLED } from '../core/records.ts';
import { STATE_DELETED } from '../smpp/constants.ts';
import type { Found } from './find-message.ts';
import { fail } from './outcome.ts';
import { loadRow } from './spill.ts';
import type { ShardState } from './state.ts';

/**
 * They end as DELETED, in the filling group; all must wait to be sent. False, and none does, where memory has no room
 * for those that are in the store: each ends in a slot.
 */
export function endWaiting(shard: ShardState, found: readonly Found[]): boolean {
  const { smscs, store, table } = shard;
  const rows = found.flatMap((each) => (each.where === 'store' ? [each.row] : []));
  if (rows.length > table.freeSlots()) return false;
  const slots: number[] = [];
  const going = new Set<number>();
  const left = new Set<number>();
  for (const each of found) {
    if (each.where !== 'memory') continue;
    going.add(each.slot);
    left.add(table.smsc[each.slot]);
    slots.push(each.slot);
  }
  for (const index of left) {
    smscs[index]?.queue.sift((slot) => !going.has(slot));
    smscs[index]?.retries.sift((slot) => !going.has(slot));
  }
  if (rows.length > 0) store.claim(...rows);
  for (const row of rows) slots.push(loadRow(shard, row, SLOT_RETRY));
  for (const slot of slots) fail(shard, slot, 0, STATE_DELETED, FINAL_CANCELLED);
  return true;
}
