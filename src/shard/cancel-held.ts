/** Parts that wait for the others of their message, cancelled. */
import { ESME_RCANCELFAIL, ESME_ROK, ESME_RSYSERR } from '../smpp/constants.ts';
import type { PendingRow } from '../store/pending.ts';
import { endWaiting } from './end-waiting.ts';
import { leaveHeld } from './held-part.ts';
import type { ShardState } from './state.ts';

/**
 * The part ends as DELETED, in the filling group; the others wait on, and its place is free for another. Answers
 * ESME_ROK, ESME_RCANCELFAIL where it waits no more, ESME_RSYSERR where memory has no room for its end.
 */
export function cancelHeld(shard: ShardState, row: PendingRow): number {
  if (shard.table.freeSlots() === 0) return ESME_RSYSERR;
  if (!leaveHeld(shard, row)) return ESME_RCANCELFAIL;
  return endWaiting(shard, [{ where: 'store', row }]) ? ESME_ROK : ESME_RSYSERR;
}
