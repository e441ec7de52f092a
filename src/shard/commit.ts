/** What happens when a group is durable, and what when its commit failed. */
import { NO_BIND, NO_EDGE } from '../cdr/group.ts';
import type { Group } from '../cdr/group.ts';
import {
  FLAG_SCHEDULED,
  FLAG_TOLD,
  NO_BLOCK,
  NO_SLOT,
  SLOT_HELD,
  SLOT_JOURNAL,
  SLOT_QUEUED,
  SLOT_RETRY,
} from '../core/message-table.ts';
import type { Bytes } from '../core/bytes.ts';
import {
  ACCEPTED_SEQUENCE,
  ACCEPTED_SESSION,
  ACCEPTED_SMSC,
  RECORD_ID_HIGH,
  RECORD_ID_LOW,
} from '../core/records.ts';
import {
  CELL_ACCEPTED,
  CELL_COMMITS,
  CELL_COMMITTED_BYTES,
  CELL_COMMIT_FAILURES,
  CELL_COMMIT_MS_LAST,
  CELL_COMMIT_MS_MAX,
  CELL_FINAL,
} from '../core/ring/counters.ts';
import { ESME_ROK, ESME_RSYSERR } from '../smpp/constants.ts';
import { dispatch } from './dispatch.ts';
import { forget } from './events.ts';
import { fillSlot, isHeld } from './fill-slot.ts';
import { answer } from './answers.ts';
import { endRepeated, hold, joinHeld } from './joining.ts';
import { sendHeldOperationAnswers } from './operation-answers.ts';
import { queueReceipt, serveDesks } from './receipts-out.ts';
import { flushStore, rowOf } from './spill.ts';
import type { PartId, ShardState, Smsc } from './state.ts';

/** Every answer that waited for this commit goes out, and the messages enter their queues. */
export function onCommitted(shard: ShardState, group: Group, tookMs: number): void {
  shard.nowMs = Date.now();
  const { cells } = shard;
  cells[CELL_COMMITS]++;
  cells[CELL_COMMITTED_BYTES] += group.bytes;
  cells[CELL_COMMIT_MS_LAST] = tookMs;
  if (tookMs > cells[CELL_COMMIT_MS_MAX]) cells[CELL_COMMIT_MS_MAX] = tookMs;
  cells[CELL_ACCEPTED] += group.accepted;
  cells[CELL_FINAL] += group.finals;
  for (let index = 0; index < group.accepted; index++) settleAccepted(shard, group, index);
  for (const change of group.afterCommit) change.done();
  answerReceipts(shard, group);
  flushStore(shard, group);
  if (shard.joinable.length > 0) joinHeld(shard);
  for (const smsc of shard.owned) {
    smsc.spilling -= smsc.spilled;
    smsc.spilled = 0;
    dispatch(shard, smsc);
  }
  serveDesks(shard);
  publish(shard);
}

function settleAccepted(shard: ShardState, group: Group, index: number): void {
  const { table } = shard;
  const bytes = shard.chunks.bytesOf(group.acceptedChunk[index]);
  const at = group.acceptedAt[index];
  const slot = group.acceptedSlot[index];
  const { u16, u32 } = bytes;
  const smsc = shard.smscs[u16[(at + ACCEPTED_SMSC) >> 1]] as Smsc;
  let first: PartId | undefined;
  if (slot === NO_SLOT) first = settleStored(shard, smsc, bytes, at, group.acceptedChunk[index]);
  else {
    smsc.entering--;
    if ((table.flags[slot] & FLAG_SCHEDULED) === 0) {
      table.state[slot] = SLOT_QUEUED;
      smsc.queue.push(slot, table.priority[slot]);
    } else {
      table.state[slot] = SLOT_RETRY;
      smsc.retries.push(slot, table.dueMs[slot]);
    }
  }
  if (group.acceptedEdge[index] === NO_EDGE) return;
  let idHigh = u32[(at + RECORD_ID_HIGH) >> 2];
  let idLow = u32[(at + RECORD_ID_LOW) >> 2];
  if (slot !== NO_SLOT && (table.flags[slot] & FLAG_TOLD) !== 0) {
    idHigh = table.toldHigh[slot];
    idLow = table.toldLow[slot];
  } else if (first !== undefined) {
    ({ idHigh, idLow } = first);
  }
  tell(shard, group, index, ESME_ROK, idHigh, idLow);
}

/** A message without a slot becomes a row of the store; but for a part that repeats another, which is returned. */
function settleStored(
  shard: ShardState,
  smsc: Smsc,
  bytes: Bytes,
  at: number,
  chunk: number,
): PartId | undefined {
  const { scratch, table } = shard;
  const length = bytes.u32[at >> 2];
  table.clear(scratch);
  fillSlot(shard, scratch, bytes, at, length);
  table.bodyBlock[scratch] = chunk;
  const held = isHeld(bytes, at, length);
  if (held) table.state[scratch] = SLOT_HELD;
  else if ((table.flags[scratch] & FLAG_SCHEDULED) !== 0) table.state[scratch] = SLOT_RETRY;
  const row = rowOf(shard, scratch);
  table.state[scratch] = SLOT_JOURNAL;
  table.bodyBlock[scratch] = NO_BLOCK;
  table.flags[scratch] = 0;
  if (held) {
    shard.holding--;
    const first = hold(shard, row);
    if (first === undefined) shard.spilled.push(row);
    else endRepeated(shard, row, false);
    return first;
  }
  shard.spilled.push(row);
  smsc.spilled++;
  return undefined;
}

function tell(
  shard: ShardState,
  group: Group,
  index: number,
  status: number,
  idHigh: number,
  idLow: number,
): void {
  const { u32 } = shard.chunks.bytesOf(group.acceptedChunk[index]);
  const at = group.acceptedAt[index];
  const edge = group.acceptedEdge[index];
  const session = u32[(at + ACCEPTED_SESSION) >> 2];
  const sequence = u32[(at + ACCEPTED_SEQUENCE) >> 2];
  if (shard.answersHeld.length === 0 && answer(shard, edge, session, sequence, status, idHigh, idLow)) return;
  shard.answersHeld.push([edge, session, sequence, status, idHigh, idLow]);
}

/** Answers that found their edge's ring full; nothing new is taken in before they are out. True: none is left. */
export function sendHeldAnswers(shard: ShardState): boolean {
  const held = shard.answersHeld;
  let sent = 0;
  for (const [edge, session, sequence, status, idHigh, idLow] of held) {
    if (!answer(shard, edge, session, sequence, status, idHigh, idLow)) break;
    sent++;
  }
  if (sent > 0) held.splice(0, sent);
  return held.length === 0 && sendHeldOperationAnswers(shard);
}

function answerReceipts(shard: ShardState, group: Group): void {
  if (group.receipts === 0) return;
  for (let index = 0; index < group.receipts; index++) {
    const ticket = group.receiptTicket[index];
    const slot = group.receiptSlot[index];
    if (ticket !== NO_BIND) {
      shard.binds[ticket & 0xffff].answerDeliver(ticket, group.receiptSequence[index], ESME_ROK);
    }
    if (slot !== NO_SLOT) queueReceipt(shard, slot);
  }
  for (const bind of shard.binds) {
    bind.flush();
    bind.resume();
  }
}

/** Shows the edges what was written into their rings. */
export function publish(shard: ShardState): void {
  for (const ring of shard.ends.writers) ring.publish();
}

/**
 * The disk had no room: nothing of the group is stored. Its submits are refused (unknown, as the contract says of a
 * failed commit), its other events are kept and written once there is room.
 */
export function onNoRoom(shard: ShardState, group: Group): void {
  shard.cells[CELL_COMMIT_FAILURES]++;
  shard.blocked = true;
  refuseAccepted(shard, group);
  undo(group);
  // What came meanwhile would wait for room without an answer.
  refuseAccepted(shard, shard.journal.filling);
  undo(shard.journal.filling);
  shard.journal.voidFilling();
  publish(shard);
}

function undo(group: Group): void {
  for (const change of group.afterCommit) change.undone?.();
  group.afterCommit = group.afterCommit.filter((change) => change.undone === undefined);
}

function refuseAccepted(shard: ShardState, group: Group): void {
  for (let index = 0; index < group.accepted; index++) {
    const bytes = shard.chunks.bytesOf(group.acceptedChunk[index]);
    const at = group.acceptedAt[index];
    const smsc = shard.smscs[bytes.u16[(at + ACCEPTED_SMSC) >> 1]] as Smsc;
    const slot = group.acceptedSlot[index];
    if (group.acceptedEdge[index] !== NO_EDGE) tell(shard, group, index, ESME_RSYSERR, 0, 0);
    if (slot === NO_SLOT && isHeld(bytes, at, bytes.u32[at >> 2])) shard.holding--;
    else if (slot === NO_SLOT) smsc.spilling--;
    else {
      smsc.entering--;
      forget(shard, slot);
    }
  }
}
