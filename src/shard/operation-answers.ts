/** Answers to operations on their way back to their edge. */
import {
  OPERATION_ANSWER,
  OPERATION_ANSWER_DATA,
  OPERATION_ANSWER_DONE,
  OPERATION_ANSWER_ERROR,
  OPERATION_ANSWER_LENGTH,
  OPERATION_ANSWER_STATUS,
  OPERATION_SEQUENCE,
  OPERATION_SESSION,
  RECORD_A,
  RECORD_B,
  RECORD_ID_HIGH,
  RECORD_ID_LOW,
  RECORD_TYPE,
} from '../core/records.ts';
import { RING_FULL } from '../core/ring/ring.ts';
import { ESME_RSYSERR } from '../smpp/constants.ts';
import type { Answer } from './answer.ts';
import type { ShardState } from './state.ts';

/** Sends an answer, or keeps it until its edge's ring has room: nothing new is taken in before that. */
export function answerOperation(shard: ShardState, answer: Answer): void {
  if (shard.operationAnswers.length > 0 || !send(shard, answer)) shard.operationAnswers.push(answer);
}

/** The answer ESME_ROK, once what was appended is durable. */
export function answered(shard: ShardState, answer: Answer): void {
  shard.journal.filling.afterCommit.push({
    done: () => answerOperation(shard, answer),
    undone: () => answerOperation(shard, { ...answer, status: ESME_RSYSERR }),
  });
}

/** True: none is left. */
export function sendHeldOperationAnswers(shard: ShardState): boolean {
  const held = shard.operationAnswers;
  let sent = 0;
  while (sent < held.length && send(shard, held[sent])) sent++;
  if (sent > 0) held.splice(0, sent);
  return held.length === 0;
}

function send(shard: ShardState, answer: Answer): boolean {
  const ring = shard.ends.writers[answer.edge];
  const length = answer.data?.length ?? 0;
  const at = ring.claim(OPERATION_ANSWER_DATA + length);
  if (at === RING_FULL) return false;
  const { u8, u16, u32, f64 } = ring.bytes;
  u8[at + RECORD_TYPE] = OPERATION_ANSWER;
  u8[at + RECORD_A] = answer.operation;
  u16[(at + RECORD_B) >> 1] = answer.state;
  u32[(at + RECORD_ID_LOW) >> 2] = answer.idLow;
  u32[(at + RECORD_ID_HIGH) >> 2] = answer.idHigh;
  u32[(at + OPERATION_SESSION) >> 2] = answer.session;
  u32[(at + OPERATION_SEQUENCE) >> 2] = answer.sequence;
  u32[(at + OPERATION_ANSWER_STATUS) >> 2] = answer.status;
  u32[(at + OPERATION_ANSWER_ERROR) >> 2] = answer.errorCode;
  f64[(at + OPERATION_ANSWER_DONE) >> 3] = answer.doneMs;
  u32[(at + OPERATION_ANSWER_LENGTH) >> 2] = length;
  answer.data?.copy(u8, at + OPERATION_ANSWER_DATA);
  ring.commit();
  return true;
}
