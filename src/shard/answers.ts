/** Answers to submits, on their way back to their edge. */
import {
  ANSWER,
  ANSWER_BYTES,
  ANSWER_SEQUENCE,
  ANSWER_SESSION,
  RECORD_B,
  RECORD_ID_HIGH,
  RECORD_ID_LOW,
  RECORD_TYPE,
} from '../core/records.ts';
import { RING_FULL } from '../core/ring/ring.ts';
import type { ShardState } from './state.ts';

/** Answers a submit through its edge's ring; false when the ring is full. */
export function answer(
  shard: ShardState,
  edge: number,
  session: number,
  sequence: number,
  status: number,
  idHigh: number,
  idLow: number,
): boolean {
  const ring = shard.ends.writers[edge];
  const at = ring.claim(ANSWER_BYTES);
  if (at === RING_FULL) return false;
  const { u8, u16, u32 } = ring.bytes;
  u8[at + RECORD_TYPE] = ANSWER;
  u16[(at + RECORD_B) >> 1] = status;
  u32[(at + RECORD_ID_LOW) >> 2] = idLow;
  u32[(at + RECORD_ID_HIGH) >> 2] = idHigh;
  u32[(at + ANSWER_SESSION) >> 2] = session;
  u32[(at + ANSWER_SEQUENCE) >> 2] = sequence;
  ring.commit();
  return true;
}
