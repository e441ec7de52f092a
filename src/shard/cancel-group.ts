/**
 * cancel_sm without a message_id: all that waits to be sent with these addresses, and with this service_type if one is
 * told, is cancelled. There is no index for it, so everything that waits is looked at, in slices: what one client asks
 * takes no more than a small share of the thread's time from the others. What was accepted later is left alone.
 */
import type { Bytes } from '../core/bytes.ts';
import { DEST_AT, SLOT_QUEUED, SLOT_RETRY, SOURCE_AT } from '../core/message-table.ts';
import {
  OPERATION_DATA,
  OPERATION_DEST_LENGTH,
  OPERATION_SERVICE_LENGTH,
  OPERATION_SOURCE_LENGTH,
  RECORD_B,
} from '../core/records.ts';
import { ESME_RCANCELFAIL, ESME_ROK, ESME_RSYSERR, ESME_RTHROTTLED } from '../smpp/constants.ts';
import { KIND_HELD, KIND_QUEUED, KIND_RETRY } from '../store/pending.ts';
import type { PendingRow } from '../store/pending.ts';
import type { Answer } from './answer.ts';
import { cancelHeld } from './cancel-held.ts';
import { endWaiting } from './end-waiting.ts';
import { namesAddress } from './find-message.ts';
import type { Found } from './find-message.ts';
import { answerOperation, answered } from './operation-answers.ts';
import { serviceTypeIn, serviceTypeOf } from './replace.ts';
import { bodyLengthOf, unpackRow } from './row.ts';
import type { GroupCancel, GroupCancels, ShardState } from './state.ts';
import { canBeTakenBack, partsOf } from './whole.ts';

/** What is looked at in one tick, over all that is asked: slots, and a row of the store counts as so many. */
const LOOKS_A_TICK = 262_144;
const LOOKS_A_ROW = 256;
const PAGE_ROWS = 500;
/** What waits in the store. */
const KINDS: readonly number[] = [KIND_QUEUED, KIND_RETRY, KIND_HELD];
/** Cancelled in one tick, so that the group of a commit stays a group. */
const CANCELLED_A_TICK = 1_000;
/** Of all clients, that wait for their turn. */
const WAITING_MAX = 100;
/** Clients do not wait longer for a response. */
const SEARCH_MS_MAX = 60_000;

/** Begins at once; answers ESME_RTHROTTLED where too many wait. */
export function cancelGroup(shard: ShardState, to: Answer, bytes: Bytes, at: number): void {
  const { waiting } = shard.groupCancels;
  if (waiting.length >= WAITING_MAX) {
    answerOperation(shard, { ...to, status: ESME_RTHROTTLED });
    return;
  }
  waiting.push({
    to,
    sinceMs: shard.nowMs,
    matches: matcherOf(shard, bytes, at),
    idHighEnd: shard.journal.segment,
    idLowEnd: shard.journal.peekIndex(),
    pass: 0,
    slot: 0,
    smsc: 0,
    kind: KIND_QUEUED,
    idHigh: -1,
    idLow: -1,
    cancelled: 0,
  });
  goOn(shard);
}

/** Another tick's share. */
export function tickGroupCancels(shard: ShardState): void {
  shard.groupCancels.looks = 0;
  shard.groupCancels.cancelled = 0;
  goOn(shard);
}

function goOn(shard: ShardState): void {
  const { groupCancels } = shard;
  const { waiting } = groupCancels;
  while (waiting.length > 0 && hasShareLeft(groupCancels) && !shard.blocked && !shard.refusing) {
    const [request] = waiting;
    if (shard.nowMs - request.sinceMs > SEARCH_MS_MAX) {
      // It may have been done in part.
      waiting.shift();
      answerOperation(shard, { ...request.to, status: ESME_RSYSERR });
      continue;
    }
    const isDone = request.pass === 1 ? lookInStore(shard, request) : lookInMemory(shard, request);
    if (!isDone) continue;
    request.pass++;
    if (request.pass === 2 || (request.pass === 1 && hasRows(shard))) continue;
    waiting.shift();
    if (request.cancelled > 0) answered(shard, request.to);
    else answerOperation(shard, { ...request.to, status: ESME_RCANCELFAIL });
  }
}

function hasShareLeft({ looks, cancelled }: GroupCancels): boolean {
  return looks < LOOKS_A_TICK && cancelled < CANCELLED_A_TICK;
}

function hasRows({ owned, store }: ShardState): boolean {
  return owned.some(({ index }) => KINDS.some((kind) => store.count(kind, index) > 0));
}

/** True: all slots were looked at. */
function lookInMemory(shard: ShardState, request: GroupCancel): boolean {
  const { groupCancels, scratch, table } = shard;
  const { state } = table;
  const found: Found[] = [];
  while (request.slot < table.capacity && groupCancels.looks < LOOKS_A_TICK) {
    const slot = request.slot++;
    groupCancels.looks++;
    if (state[slot] !== SLOT_QUEUED && state[slot] !== SLOT_RETRY) continue;
    if (slot === scratch || !isMeant(shard, slot, request)) continue;
    found.push({ where: 'memory', slot });
    if (groupCancels.cancelled + found.length >= CANCELLED_A_TICK) break;
  }
  end(shard, request, found);
  if (request.slot < table.capacity) return false;
  request.slot = 0;
  return true;
}

/** True: all rows were looked at. */
function lookInStore(shard: ShardState, request: GroupCancel): boolean {
  const { groupCancels, owned, scratch, store, table } = shard;
  const rows = store.next(request.kind, owned[request.smsc].index, request.idHigh, request.idLow, PAGE_ROWS);
  groupCancels.looks += LOOKS_A_ROW * Math.max(1, rows.length);
  for (const row of rows) {
    unpackRow(table, scratch, row);
    const isOurs = isMeant(shard, scratch, request, row);
    table.flags[scratch] = 0;
    if (isOurs && !endRow(shard, request, row)) {
      // No slot is free for it to end in: that takes some time.
      groupCancels.looks = LOOKS_A_TICK;
      return false;
    }
    [request.idHigh, request.idLow] = [row.idHigh, row.idLow];
  }
  if (rows.length === PAGE_ROWS) return false;
  [request.idHigh, request.idLow] = [-1, -1];
  const next = (KINDS.indexOf(request.kind) + 1) % KINDS.length;
  request.smsc += next === 0 ? 1 : 0;
  request.kind = KINDS[next];
  return request.smsc === owned.length;
}

/** False: no room. */
function endRow(shard: ShardState, request: GroupCancel, row: PendingRow): boolean {
  if (row.kind !== KIND_HELD) return end(shard, request, [{ where: 'store', row }]);
  const status = cancelHeld(shard, row);
  if (status === ESME_ROK) {
    request.cancelled++;
    shard.groupCancels.cancelled++;
  }
  return status !== ESME_RSYSERR;
}

/** False: no room. */
function end(shard: ShardState, request: GroupCancel, found: readonly Found[]): boolean {
  // The parts of one message are found each by itself, and go together.
  const going = new Map<string, Found>();
  for (const each of found)
    for (const member of goingWith(shard, each)) going.set(keyOf(shard, member), member);
  if (!endWaiting(shard, [...going.values()])) return false;
  request.cancelled += going.size;
  shard.groupCancels.cancelled += going.size;
  return true;
}

function keyOf({ table }: ShardState, found: Found): string {
  if (found.where === 'memory') return `${table.idHigh[found.slot]} ${table.idLow[found.slot]}`;
  return found.where === 'store' ? `${found.row.idHigh} ${found.row.idLow}` : '';
}

/** All parts of the message, or nothing where one of them may be with its SMSC: no half of it is cancelled. */
function goingWith(shard: ShardState, found: Found): Found[] {
  const { members, isComplete } = partsOf(shard, found);
  return isComplete && members.every((each) => canBeTakenBack(shard, each)) ? members : [];
}

function isMeant(
  { table }: ShardState,
  slot: number,
  { matches, idHighEnd, idLowEnd }: GroupCancel,
  row?: PendingRow,
): boolean {
  const isLater =
    table.idHigh[slot] > idHighEnd || (table.idHigh[slot] === idHighEnd && table.idLow[slot] >= idLowEnd);
  return !isLater && matches(slot, row);
}

function matcherOf(shard: ShardState, bytes: Bytes, at: number): GroupCancel['matches'] {
  const { table } = shard;
  const account = bytes.u16[(at + RECORD_B) >> 1];
  const sourceEnd = bytes.u8[at + OPERATION_SOURCE_LENGTH];
  const destEnd = sourceEnd + bytes.u8[at + OPERATION_DEST_LENGTH];
  const serviceEnd = destEnd + bytes.u8[at + OPERATION_SERVICE_LENGTH];
  const from = at + OPERATION_DATA;
  // The record is gone when the last slice is looked at.
  const names = Buffer.from(bytes.u8.subarray(from, from + serviceEnd));
  const source = names.subarray(0, sourceEnd);
  const dest = names.subarray(sourceEnd, destEnd);
  const service = names.toString('latin1', destEnd);
  const serviceOf = (slot: number, row?: PendingRow): string =>
    row === undefined
      ? serviceTypeOf(shard, slot)
      : serviceTypeIn(row.blob.subarray(row.blob.length - bodyLengthOf(row)));
  return (slot, row) =>
    table.account[slot] === account &&
    namesAddress(table, slot, SOURCE_AT, table.sourceLength[slot], source) &&
    namesAddress(table, slot, DEST_AT, table.destLength[slot], dest) &&
    (service === '' || serviceOf(slot, row) === service);
}
