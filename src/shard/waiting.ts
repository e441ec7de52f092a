/**
 * How long a message may wait after it was sent: its slot's `expiresMs`, which until then is the end of its validity.
 * Counted from the moment it begins to wait, so that time in a queue takes nothing from it.
 */
import { SLOT_AWAITING, SLOT_RECEIPT } from '../core/message-table.ts';
import type { ShardState } from './state.ts';

/** Sent; its receipt is awaited for receipts.wait_s. */
export function becomeAwaiting(shard: ShardState, slot: number, sinceMs: number = shard.nowMs): void {
  shard.table.state[slot] = SLOT_AWAITING;
  shard.table.expiresMs[slot] = sinceMs + shard.config.receipts.wait_s * 1000;
}

/** Its receipt is here, and offered to the ESME for receipts.keep_s. */
export function becomeReceipt(shard: ShardState, slot: number, sinceMs: number = shard.nowMs): void {
  shard.table.state[slot] = SLOT_RECEIPT;
  shard.table.expiresMs[slot] = sinceMs + shard.config.receipts.keep_s * 1000;
}
