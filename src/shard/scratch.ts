/** The slot that is given to no message: a row of the store is unpacked into it to be looked at or written on. */
import { SLOT_JOURNAL } from '../core/message-table.ts';
import type { ShardState } from './state.ts';

/** After a look: nothing of the message that was in it may pass for that of the next. */
export function resetScratch({ table, scratch }: ShardState): void {
  table.state[scratch] = SLOT_JOURNAL;
  table.dirtySegment[scratch] = 0;
  table.flags[scratch] = 0;
}
