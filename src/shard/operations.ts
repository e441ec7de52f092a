/**
 * What clients ask about a message that is here: query_sm, cancel_sm, replace_sm, and a submit_sm that replaces a
 * waiting one. A message that went to its SMSC already is the SMSC's: what it supports is passed on (shard/forward).
 */
import {
  DEST_AT,
  FLAG_PART,
  FLAG_SCHEDULED,
  SLOT_AWAITING,
  SLOT_QUEUED,
  SLOT_RETRY,
  SOURCE_AT,
} from '../core/message-table.ts';
import {
  ACCEPTED_BODY,
  ACCEPTED_DEST_AT,
  ACCEPTED_SEQUENCE,
  ACCEPTED_SESSION,
  ACCEPTED_SOURCE_AT,
  FINAL_CANCELLED,
  OPERATION_CANCEL,
  OPERATION_CANCEL_GROUP,
  OPERATION_DATA,
  OPERATION_DEST_LENGTH,
  OPERATION_FLAGS,
  OPERATION_FLAG_SHORT_ID,
  OPERATION_FORWARD,
  OPERATION_QUERY,
  OPERATION_REPLACE,
  OPERATION_SERVICE_LENGTH,
  OPERATION_SEQUENCE,
  OPERATION_SESSION,
  OPERATION_SOURCE_LENGTH,
  RECORD_A,
  RECORD_B,
  RECORD_ID_HIGH,
  RECORD_ID_LOW,
} from '../core/records.ts';
import type { Bytes } from '../core/bytes.ts';
import {
  ESME_RCANCELFAIL,
  ESME_RINVMSGID,
  ESME_ROK,
  ESME_RREPLACEFAIL,
  ESME_RSYSERR,
  STATE_DELETED,
  STATE_ENROUTE,
  STATE_SCHEDULED,
} from '../smpp/constants.ts';
import { KIND_AWAITING, KIND_QUEUED, KIND_RECEIPT, KIND_RETRY } from '../store/pending.ts';
import type { PendingRow } from '../store/pending.ts';
import { errorCodeOf } from './events.ts';
import { findMessage, sameAddress } from './find-message.ts';
import type { Asker, Found } from './find-message.ts';
import { forwardCancel, forwardQuery, forwardReplace, forwardRequest } from './forward.ts';
import { answerOperation, answered } from './operation-answers.ts';
import type { Answer } from './answer.ts';
import { fail } from './outcome.ts';
import { leavePlace, replaceRow, replaceSlot, replaceWith, serviceTypeIn, serviceTypeOf } from './replace.ts';
import { bodyLengthOf, unpackRow } from './row.ts';
import { loadRow } from './spill.ts';
import type { ShardState } from './state.ts';

const GROUP_ROWS = 500;
/** Rows of the store that one cancel_sm without an id looks at. */
const GROUP_ROWS_MAX = 20_000;

/** False leaves the record in its ring: the group is full. */
export function takeOperation(shard: ShardState, edge: number, bytes: Bytes, at: number): boolean {
  const operation = bytes.u8[at + RECORD_A];
  const { u32 } = bytes;
  const to: Answer = {
    edge,
    session: u32[(at + OPERATION_SESSION) >> 2],
    sequence: u32[(at + OPERATION_SEQUENCE) >> 2],
    operation,
    idHigh: u32[(at + RECORD_ID_HIGH) >> 2],
    idLow: u32[(at + RECORD_ID_LOW) >> 2],
    status: ESME_ROK,
    state: 0,
    errorCode: 0,
    doneMs: 0,
    data: undefined,
  };
  if (operation === OPERATION_QUERY) query(shard, to, bytes, at);
  else if (operation === OPERATION_FORWARD) forwardRequest(shard, to, bytes, at);
  else if (shard.blocked || shard.refusing) answerOperation(shard, { ...to, status: ESME_RSYSERR });
  else if (shard.journal.filling.isFull()) return false;
  else if (operation === OPERATION_CANCEL) cancel(shard, to, bytes, at);
  else if (operation === OPERATION_CANCEL_GROUP) cancelGroup(shard, to, bytes, at);
  else if (operation === OPERATION_REPLACE) replace(shard, to, bytes, at);
  else throw new Error(`operation ${operation} from edge ${edge}`);
  return true;
}

function askerOf(bytes: Bytes, at: number): Asker {
  return {
    account: bytes.u16[(at + RECORD_B) >> 1],
    bytes,
    sourceAt: at + OPERATION_DATA,
    sourceLength: bytes.u8[at + OPERATION_SOURCE_LENGTH],
  };
}

function find(shard: ShardState, to: Answer, bytes: Bytes, at: number): Found | undefined {
  const short = (bytes.u8[at + OPERATION_FLAGS] & OPERATION_FLAG_SHORT_ID) !== 0;
  return findMessage(shard, short ? -1 : to.idHigh, to.idLow, askerOf(bytes, at));
}

function query(shard: ShardState, to: Answer, bytes: Bytes, at: number): void {
  const found = find(shard, to, bytes, at);
  if (found === undefined) {
    answerOperation(shard, { ...to, status: ESME_RINVMSGID });
    return;
  }
  if (found.where === 'ended') {
    const { finals } = shard;
    const state = finals.stateAt(found.at);
    const errorCode = finals.errorCodeAt(found.at);
    answerOperation(shard, { ...to, state, errorCode, doneMs: finals.doneMsAt(found.at) });
    return;
  }
  if (found.where === 'store') unpackRow(shard.table, shard.scratch, found.row);
  const slot = found.where === 'store' ? shard.scratch : found.slot;
  const answer = { ...to, ...stateOf(shard, slot, found) };
  const waits = found.where === 'store' ? found.row.kind === KIND_AWAITING : isAwaiting(shard, slot);
  if (!waits || !forwardQuery(shard, answer, slot)) answerOperation(shard, answer);
  shard.table.flags[shard.scratch] = 0;
}

function isAwaiting(shard: ShardState, slot: number): boolean {
  return shard.table.state[slot] === SLOT_AWAITING;
}

function stateOf(
  shard: ShardState,
  slot: number,
  found: Found,
): Pick<Answer, 'state' | 'errorCode' | 'doneMs'> {
  const { table } = shard;
  const hasEnded =
    found.where === 'store'
      ? found.row.kind === KIND_RECEIPT
      : table.state[slot] > SLOT_RETRY && !isPartDone(shard, slot);
  if (hasEnded) {
    return { state: table.finalState[slot], errorCode: errorCodeOf(shard, slot), doneMs: table.doneMs[slot] };
  }
  const waits = (table.flags[slot] & FLAG_SCHEDULED) !== 0 && table.attempts[slot] === 0;
  const scheduled = waits && table.dueMs[slot] > shard.nowMs;
  return { state: scheduled ? STATE_SCHEDULED : STATE_ENROUTE, errorCode: 0, doneMs: 0 };
}

/** Part and message are told apart: that the first part has ended says nothing of the others. */
function isPartDone(shard: ShardState, slot: number): boolean {
  return (shard.table.flags[slot] & FLAG_PART) !== 0 && shard.table.merged[slot] === 0;
}

function cancel(shard: ShardState, to: Answer, bytes: Bytes, at: number): void {
  const found = find(shard, to, bytes, at);
  if (found === undefined) {
    answerOperation(shard, { ...to, status: ESME_RINVMSGID });
    return;
  }
  const all = found.where === 'ended' ? undefined : waitingParts(shard, found);
  if (all !== undefined && all.length > shard.table.freeSlots()) {
    answerOperation(shard, { ...to, status: ESME_RSYSERR });
    return;
  }
  if (all !== undefined) {
    for (const each of all) endWaiting(shard, each);
    answered(shard, to);
    return;
  }
  if (found.where === 'memory' && forwardCancel(shard, to, found.slot)) return;
  answerOperation(shard, { ...to, status: ESME_RCANCELFAIL });
}

/** The message's slots and rows where all of it still waits to be sent; else undefined. */
function waitingParts(shard: ShardState, found: Exclude<Found, { where: 'ended' }>): Found[] | undefined {
  const { table, scratch } = shard;
  if (found.where === 'store') unpackRow(table, scratch, found.row);
  const slot = found.where === 'store' ? scratch : found.slot;
  const parts = (table.flags[slot] & FLAG_PART) === 0 ? 1 : table.parts[slot];
  const [idHigh, first] = [table.idHigh[slot], table.idLow[slot] - (parts > 1 ? table.part[slot] - 1 : 0)];
  table.flags[scratch] = 0;
  if (parts === 1) return waits(shard, found) ? [found] : undefined;
  const all: Found[] = [];
  for (let idLow = first; idLow < first + parts; idLow++) {
    const at = shard.parts.find(idHigh, idLow);
    const row = at >= 0 ? undefined : shard.store.get(idHigh, idLow);
    const each: Found | undefined = at >= 0 ? { where: 'memory', slot: at } : row && { where: 'store', row };
    if (each === undefined || !waits(shard, each)) return undefined;
    all.push(each);
  }
  return all;
}

function waits(shard: ShardState, found: Found): boolean {
  if (found.where === 'store') return found.row.kind === KIND_QUEUED || found.row.kind === KIND_RETRY;
  if (found.where === 'ended') return false;
  const state = shard.table.state[found.slot];
  return state === SLOT_QUEUED || state === SLOT_RETRY;
}

/** A waiting message ends as DELETED. Store rows need a free slot, of which some are kept for such things. */
function endWaiting(shard: ShardState, found: Found): void {
  if (found.where === 'ended') return;
  let slot: number;
  if (found.where === 'store') {
    shard.store.claim(found.row);
    slot = loadRow(shard, found.row, SLOT_RETRY);
  } else {
    slot = found.slot;
    leavePlace(shard, slot);
  }
  fail(shard, slot, 0, STATE_DELETED, FINAL_CANCELLED);
}

/** cancel_sm without a message_id: all that waits with these addresses, and this service_type if one is told. */
function cancelGroup(shard: ShardState, to: Answer, bytes: Bytes, at: number): void {
  const matches = groupMatcher(shard, bytes, at);
  const { table } = shard;
  const slots: number[] = [];
  for (let slot = 0; slot < table.capacity; slot++) {
    const state = table.state[slot];
    if ((state === SLOT_QUEUED || state === SLOT_RETRY) && slot !== shard.scratch && matches(slot))
      slots.push(slot);
  }
  const going = new Set(slots);
  if (going.size > 0) for (const smsc of shard.owned) smsc.queue.sift((slot) => !going.has(slot));
  for (const slot of slots) {
    if (table.state[slot] === SLOT_RETRY) leavePlace(shard, slot);
    fail(shard, slot, 0, STATE_DELETED, FINAL_CANCELLED);
  }
  const rows = storedGroup(shard, matches);
  for (const row of rows) endWaiting(shard, { where: 'store', row });
  if (slots.length + rows.length > 0) answered(shard, to);
  else answerOperation(shard, { ...to, status: ESME_RCANCELFAIL });
}

/** Does the message in this slot, or in the scratch slot and this row, belong to the group? */
type Matcher = (slot: number, row?: PendingRow) => boolean;

function groupMatcher(shard: ShardState, bytes: Bytes, at: number): Matcher {
  const { table } = shard;
  const { u8 } = bytes;
  const account = bytes.u16[(at + RECORD_B) >> 1];
  const sourceAt = at + OPERATION_DATA;
  const sourceLength = u8[at + OPERATION_SOURCE_LENGTH];
  const destAt = sourceAt + sourceLength;
  const destLength = u8[at + OPERATION_DEST_LENGTH];
  const serviceAt = destAt + destLength;
  const service = u8.toString('latin1', serviceAt, serviceAt + u8[at + OPERATION_SERVICE_LENGTH]);
  const hasService = (slot: number, row?: PendingRow): boolean =>
    (row === undefined
      ? serviceTypeOf(shard, slot)
      : serviceTypeIn(row.blob.subarray(-bodyLengthOf(row)))) === service;
  return (slot, row) =>
    table.account[slot] === account &&
    sameAddress(shard, slot, SOURCE_AT, table.sourceLength[slot], bytes, sourceAt, sourceLength) &&
    sameAddress(shard, slot, DEST_AT, table.destLength[slot], bytes, destAt, destLength) &&
    (service === '' || hasService(slot, row));
}

function storedGroup(shard: ShardState, matches: Matcher): PendingRow[] {
  const found: PendingRow[] = [];
  let looked = 0;
  for (const smsc of shard.owned) {
    for (const kind of [KIND_QUEUED, KIND_RETRY]) {
      let [high, low] = [-1, -1];
      while (looked < GROUP_ROWS_MAX) {
        const rows = shard.store.next(kind, smsc.index, high, low, GROUP_ROWS);
        looked += rows.length;
        for (const row of rows) {
          unpackRow(shard.table, shard.scratch, row);
          if (matches(shard.scratch, row) && found.length < shard.table.freeSlots()) found.push(row);
        }
        if (rows.length < GROUP_ROWS) break;
        [high, low] = [rows[rows.length - 1].idHigh, rows[rows.length - 1].idLow];
      }
    }
  }
  shard.table.flags[shard.scratch] = 0;
  return found;
}

function replace(shard: ShardState, to: Answer, bytes: Bytes, at: number): void {
  const found = find(shard, to, bytes, at);
  if (found === undefined) {
    answerOperation(shard, { ...to, status: ESME_RINVMSGID });
    return;
  }
  if (found.where !== 'ended' && waits(shard, found)) {
    const status =
      found.where === 'memory'
        ? replaceSlot(shard, found.slot, bytes, at)
        : replaceRow(shard, found.row, bytes, at);
    if (status === ESME_ROK) answered(shard, to);
    else answerOperation(shard, { ...to, status });
    return;
  }
  if (found.where === 'memory' && forwardReplace(shard, to, found.slot, bytes, at)) return;
  answerOperation(shard, { ...to, status: ESME_RREPLACEFAIL });
}

/**
 * A submit_sm with replace_if_present_flag: a waiting message of the same account, addresses and service_type takes
 * its text, keeps its id, and is answered for. False: there is none in memory, it is a new message.
 */
export function replacePresent(
  shard: ShardState,
  edge: number,
  bytes: Bytes,
  at: number,
  length: number,
): boolean {
  const { table } = shard;
  const { u8, u16, u32 } = bytes;
  const account = u16[(at + RECORD_B) >> 1];
  const sourceAt = at + ACCEPTED_BODY + u16[(at + ACCEPTED_SOURCE_AT) >> 1];
  const destAt = at + ACCEPTED_BODY + u16[(at + ACCEPTED_DEST_AT) >> 1];
  const sourceLength = u8.indexOf(0, sourceAt + 2) + 1 - sourceAt;
  const destLength = u8.indexOf(0, destAt + 2) + 1 - destAt;
  const service = u8.toString('latin1', at + ACCEPTED_BODY, sourceAt - 1);
  for (let slot = 0; slot < table.capacity; slot++) {
    const state = table.state[slot];
    if ((state !== SLOT_QUEUED && state !== SLOT_RETRY) || table.account[slot] !== account) continue;
    if (slot === shard.scratch || (table.flags[slot] & FLAG_PART) !== 0 || table.attempts[slot] > 0) continue;
    if (!sameAddress(shard, slot, DEST_AT, table.destLength[slot], bytes, destAt, destLength)) continue;
    if (!sameAddress(shard, slot, SOURCE_AT, table.sourceLength[slot], bytes, sourceAt, sourceLength))
      continue;
    if (serviceTypeOf(shard, slot) !== service) continue;
    const to = {
      edge,
      session: u32[(at + ACCEPTED_SESSION) >> 2],
      sequence: u32[(at + ACCEPTED_SEQUENCE) >> 2],
    };
    replaceWith(shard, slot, bytes, at, length, to);
    return true;
  }
  return false;
}
