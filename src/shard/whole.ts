/**
 * A message as its client knows it, under one id: itself, or all the parts that were made of it. What is asked of the
 * id is asked of all of them.
 */
import {
  FLAG_DUPLICATE_RISK,
  FLAG_PART,
  FLAG_SCHEDULED,
  FLAG_TOLD,
  NO_SLOT,
  SLOT_AWAITING,
  SLOT_QUEUED,
  SLOT_RETRY,
} from '../core/message-table.ts';
import {
  STATE_ACCEPTED,
  STATE_DELETED,
  STATE_ENROUTE,
  STATE_EXPIRED,
  STATE_REJECTED,
  STATE_SCHEDULED,
  STATE_SKIPPED,
  STATE_UNDELIVERABLE,
  STATE_UNKNOWN,
} from '../smpp/constants.ts';
import {
  KIND_AWAITING,
  KIND_LOADED,
  KIND_PART,
  KIND_QUEUED,
  KIND_RECEIPT,
  KIND_RETRY,
} from '../store/pending.ts';
import type { Answer } from './answer.ts';
import { errorCodeOf } from './events.ts';
import type { Found } from './find-message.ts';
import { unpackRow } from './row.ts';
import type { ShardState } from './state.ts';

/** message_state, error_code and end of a part, as query_sm tells them. */
export type State = Pick<Answer, 'state' | 'errorCode' | 'doneMs'>;

export interface Whole {
  /** The message, or its parts in the order of the text. */
  members: Found[];
  /** Else some ended so long ago, or before a start, that nothing is known of them. */
  isComplete: boolean;
}

/** undefined: the id stands for the destinations of a submit_multi, which may be anywhere. */
export function wholeOf(shard: ShardState, found: Found): Whole | undefined {
  const { finals, table } = shard;
  const isShared =
    found.where === 'ended'
      ? finals.isSharedAt(found.at)
      : withSlot(shard, found, (slot) => (table.flags[slot] & FLAG_TOLD) !== 0);
  return isShared ? undefined : partsOf(shard, found);
}

/** The message to one destination, whoever else it was sent to. */
export function partsOf(shard: ShardState, found: Found): Whole {
  const { finals, table } = shard;
  if (found.where === 'ended') {
    const { at } = found;
    const first = finals.idLowAt(at) - (finals.partAt(at) - 1);
    return finals.partsAt(at) < 2
      ? oneOf(found)
      : partsFrom(shard, finals.idHighAt(at), first, finals.partsAt(at));
  }
  return withSlot(shard, found, (slot) => {
    // Once all parts have ended, the first speaks for them.
    const isOne = (table.flags[slot] & FLAG_PART) === 0 || table.parts[slot] < 2 || table.merged[slot] > 0;
    if (isOne) return oneOf(found);
    const first = table.idLow[slot] - (table.part[slot] - 1);
    return partsFrom(shard, table.idHigh[slot], first, table.parts[slot]);
  });
}

function oneOf(found: Found): Whole {
  return { members: [found], isComplete: true };
}

function partsFrom(shard: ShardState, idHigh: number, first: number, parts: number): Whole {
  const members: Found[] = [];
  for (let idLow = first; idLow < first + parts; idLow++) {
    const slot = shard.parts.find(idHigh, idLow);
    const row = slot === NO_SLOT ? shard.store.get(idHigh, idLow) : undefined;
    const isStored = row !== undefined && row.kind < KIND_LOADED;
    const at = slot !== NO_SLOT || isStored ? -1 : shard.finals.find(idHigh, idLow);
    if (slot !== NO_SLOT) members.push({ where: 'memory', slot });
    else if (isStored) members.push({ where: 'store', row });
    else if (at >= 0) members.push({ where: 'ended', at });
  }
  return { members, isComplete: members.length === parts };
}

/** Calls `use` with the slot that says what is known of a message: its own, or the scratch slot for a stored one. */
export function withSlot<T>(
  shard: ShardState,
  found: Exclude<Found, { where: 'ended' }>,
  use: (slot: number) => T,
): T {
  if (found.where === 'memory') return use(found.slot);
  const { table, scratch } = shard;
  unpackRow(table, scratch, found.row);
  const result = use(scratch);
  table.flags[scratch] = 0;
  return result;
}

/** It has not been sent, or is to be sent again. */
export function waitsToBeSent(shard: ShardState, found: Found): boolean {
  if (found.where === 'store') return found.row.kind === KIND_QUEUED || found.row.kind === KIND_RETRY;
  if (found.where === 'ended') return false;
  const state = shard.table.state[found.slot];
  return state === SLOT_QUEUED || state === SLOT_RETRY;
}

/**
 * It waits, and no SMSC can have it. One that was on its way when its link went down, or the daemon, and one that was
 * never answered for, may be with its SMSC: nobody can say of it that it will not be delivered, or not as it was.
 */
export function canBeTakenBack(shard: ShardState, found: Found): boolean {
  if (found.where === 'ended' || !waitsToBeSent(shard, found)) return false;
  return withSlot(shard, found, (slot) => (shard.table.flags[slot] & FLAG_DUPLICATE_RISK) === 0);
}

/** Its SMSC has it, and its receipt is awaited. */
export function isAwaiting(shard: ShardState, found: Found): boolean {
  if (found.where === 'store') return found.row.kind === KIND_AWAITING;
  return found.where === 'memory' && shard.table.state[found.slot] === SLOT_AWAITING;
}

/** What this gateway knows of a message or part by itself. */
export function stateOf(shard: ShardState, found: Found): State {
  if (found.where === 'ended') {
    const { finals } = shard;
    const { at } = found;
    return { state: finals.stateAt(at), errorCode: finals.errorCodeAt(at), doneMs: finals.doneMsAt(at) };
  }
  const { table } = shard;
  return withSlot(shard, found, (slot) => {
    const hasEnded =
      found.where === 'store'
        ? found.row.kind === KIND_RECEIPT || found.row.kind === KIND_PART
        : table.state[slot] > SLOT_RETRY;
    if (hasEnded) {
      return {
        state: table.finalState[slot],
        errorCode: errorCodeOf(shard, slot),
        doneMs: table.doneMs[slot],
      };
    }
    const waits = (table.flags[slot] & FLAG_SCHEDULED) !== 0 && table.attempts[slot] === 0;
    const isScheduled = waits && table.dueMs[slot] > shard.nowMs;
    return { state: isScheduled ? STATE_SCHEDULED : STATE_ENROUTE, errorCode: 0, doneMs: 0 };
  });
}

/**
 * The state of the whole. A part that failed fails it, for it can not be put together any more: the first of them, in
 * the order of the text, as in the receipt. Else the least that all have come to.
 */
export function mergeStates(states: readonly State[]): State {
  if (states.length === 1) return states[0];
  const doneMs = Math.max(...states.map((each) => each.doneMs));
  const failed = states.find(({ state }) => FAILURES.has(state));
  if (failed !== undefined) return { ...failed, doneMs };
  if (states.every(({ state }) => state === STATE_SCHEDULED)) return states[0];
  if (states.some(({ state }) => state === STATE_ENROUTE || state === STATE_SCHEDULED)) {
    return { state: STATE_ENROUTE, errorCode: 0, doneMs: 0 };
  }
  const told = [STATE_UNKNOWN, STATE_ACCEPTED].find((state) => states.some((each) => each.state === state));
  return { ...(states.find(({ state }) => state === told) ?? states[0]), doneMs };
}

const FAILURES = new Set<number>([
  STATE_EXPIRED,
  STATE_DELETED,
  STATE_UNDELIVERABLE,
  STATE_REJECTED,
  STATE_SKIPPED,
]);

/** The message, or this part of it, will not be delivered. */
export function isUndeliverable(shard: ShardState, found: Found): boolean {
  return FAILURES.has(stateOf(shard, found).state);
}
