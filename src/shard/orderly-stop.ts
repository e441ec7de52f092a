/** The last that a shard does: it leaves word that nothing was on its way to an SMSC. */
import { FLAG_DUPLICATE_RISK, SLOT_QUEUED, SLOT_RETRY } from '../core/message-table.ts';
import { loadedRowOf } from './spill.ts';
import type { ShardState } from './state.ts';

const BATCH = 500;

/**
 * Closes the store. `isOrderly`: all that was sent was answered for, and all events are durable. Then the next start
 * takes no message for one that may be with its SMSC but those that are known to be, which memory alone may know.
 */
export function closeStore(shard: ShardState, isOrderly: boolean): void {
  const { journal, store } = shard;
  if (!isOrderly || shard.blocked || shard.refusing) {
    store.close();
    return;
  }
  const slots = uncertain(shard);
  for (let from = 0; from < slots.length; from += BATCH) {
    store.upsert(slots.slice(from, from + BATCH).map((slot) => loadedRowOf(shard, slot)));
  }
  store.close(journal.segment);
}

function uncertain({ scratch, table }: ShardState): number[] {
  const slots: number[] = [];
  for (let slot = 0; slot < table.capacity; slot++) {
    const waits = table.state[slot] === SLOT_QUEUED || table.state[slot] === SLOT_RETRY;
    if (waits && slot !== scratch && (table.flags[slot] & FLAG_DUPLICATE_RISK) !== 0) slots.push(slot);
  }
  return slots;
}
