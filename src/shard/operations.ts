/**
 * What clients ask about a message that is here: query_sm, cancel_sm, replace_sm. A message that went to its SMSC
 * already is the SMSC's: what it supports is passed on (shard/forward).
 */
import {
  OPERATION_CANCEL,
  OPERATION_CANCEL_GROUP,
  OPERATION_DATA,
  OPERATION_DEST_LENGTH,
  OPERATION_FLAGS,
  OPERATION_FLAG_SHORT_ID,
  OPERATION_FORWARD,
  OPERATION_QUERY,
  OPERATION_REPLACE,
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
  ESME_RQUERYFAIL,
  ESME_RREPLACEFAIL,
  ESME_RSYSERR,
} from '../smpp/constants.ts';
import { KIND_HELD } from '../store/pending.ts';
import type { Answer } from './answer.ts';
import { cancelGroup } from './cancel-group.ts';
import { cancelHeld } from './cancel-held.ts';
import { endWaiting } from './end-waiting.ts';
import { findById, findMessage } from './find-message.ts';
import type { Asker, Found } from './find-message.ts';
import { canForwardCancel, forwardCancel, forwardQuery, forwardReplace, forwardRequest } from './forward.ts';
import { answerOperation, answered } from './operation-answers.ts';
import { replaceRow, replaceSlot } from './replace.ts';
import type { ShardState } from './state.ts';
import {
  canBeTakenBack,
  isAwaiting,
  isUndeliverable,
  mergeStates,
  stateOf,
  wholeOf,
  withSlot,
} from './whole.ts';
import type { Whole } from './whole.ts';

const REQUESTS_MS_MAX = 5;

/** False leaves the record in its ring: the group is full, or requests had their share of this step. */
export function takeOperation(shard: ShardState, edge: number, bytes: Bytes, at: number): boolean {
  if (!hasTime(shard)) return false;
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

/**
 * What a request costs depends on what is asked and on the store; a client may send thousands at once. In each step the
 * requests of an edge begin within REQUESTS_MS_MAX of the first of them, which is always taken: others come after that.
 */
export function hasTime(shard: ShardState): boolean {
  const nowMs = performance.now();
  if (shard.requestsUntilMs === 0) shard.requestsUntilMs = nowMs + REQUESTS_MS_MAX;
  return nowMs < shard.requestsUntilMs;
}

function askerOf(bytes: Bytes, at: number): Asker {
  const from = at + OPERATION_DATA;
  const sourceLength = bytes.u8[at + OPERATION_SOURCE_LENGTH];
  const destLength = bytes.u8[at + OPERATION_DEST_LENGTH];
  return {
    account: bytes.u16[(at + RECORD_B) >> 1],
    source: Buffer.from(bytes.u8.subarray(from, from + sourceLength)),
    dest: Buffer.from(bytes.u8.subarray(from + sourceLength, from + sourceLength + destLength)),
  };
}

function find(shard: ShardState, to: Answer, bytes: Bytes, at: number): Found | undefined {
  const short = (bytes.u8[at + OPERATION_FLAGS] & OPERATION_FLAG_SHORT_ID) !== 0;
  return findMessage(shard, short ? -1 : to.idHigh, to.idLow, askerOf(bytes, at));
}

/** The state of the whole message; SMSCs that can be asked know better how far their parts are. */
function query(shard: ShardState, to: Answer, bytes: Bytes, at: number): void {
  const found = find(shard, to, bytes, at);
  const whole = found && wholeOf(shard, found);
  if (whole === undefined) {
    const status = found === undefined ? ESME_RINVMSGID : ESME_RQUERYFAIL;
    answerOperation(shard, { ...to, status });
    return;
  }
  const { members } = whole;
  const states = members.map((each) => stateOf(shard, each));
  let asked = 1;
  const told = (): void => {
    if (--asked === 0) answerOperation(shard, { ...to, ...mergeStates(states) });
  };
  for (const [index, member] of members.entries()) {
    if (member.where === 'ended' || !isAwaiting(shard, member)) continue;
    const isAsked = withSlot(shard, member, (slot) =>
      forwardQuery(shard, slot, (state) => {
        if (state !== undefined) states[index] = state;
        told();
      }),
    );
    if (isAsked) asked++;
  }
  told();
}

const NOTHING_KNOWN: Whole = { members: [], isComplete: false };

/**
 * All parts are cancelled, or none: half a message is of no use to anybody. What waits here can be; a part that its
 * SMSC has is cancelled there first, where that is supported; one that failed already need not be. ESME_RCANCELFAIL
 * where one can not be: it is just being sent, or may have been, or was delivered, or the SMSC says so.
 */
function cancel(shard: ShardState, to: Answer, bytes: Bytes, at: number): void {
  const found = find(shard, to, bytes, at);
  if (found === undefined) {
    answerOperation(shard, { ...to, status: ESME_RINVMSGID });
    return;
  }
  if (found.where === 'store' && found.row.kind === KIND_HELD) {
    const status = cancelHeld(shard, found.row);
    if (status === ESME_ROK) answered(shard, to);
    else answerOperation(shard, { ...to, status });
    return;
  }
  const { members, isComplete } = wholeOf(shard, found) ?? NOTHING_KNOWN;
  const open = members.filter((each) => !isUndeliverable(shard, each));
  const theirs = open.filter((each) => !canBeTakenBack(shard, each));
  const canAll = theirs.every(
    (each) =>
      each.where !== 'ended' &&
      isAwaiting(shard, each) &&
      withSlot(shard, each, (slot) => canForwardCancel(shard, slot)),
  );
  if (open.length === 0 || !isComplete || !canAll) {
    answerOperation(shard, { ...to, status: ESME_RCANCELFAIL });
    return;
  }
  const ours = open.filter((each) => canBeTakenBack(shard, each)).map((each) => idOf(shard, each));
  cancelThere(shard, theirs, (status) => {
    if (status !== ESME_ROK) answerOperation(shard, { ...to, status });
    else cancelHere(shard, to, ours);
  });
}

/** `then` is told ESME_ROK once every SMSC has said so, else what the first said that did not. */
function cancelThere(shard: ShardState, theirs: readonly Found[], then: (status: number) => void): void {
  let asked = 1;
  let worst: number = ESME_ROK;
  const told = (status: number): void => {
    if (worst === ESME_ROK) worst = status;
    if (--asked === 0) then(worst);
  };
  for (const each of theirs) {
    if (each.where === 'ended') continue;
    asked++;
    // Its links may be down, or busy with others: then nothing is known to be cancelled.
    if (!withSlot(shard, each, (slot) => forwardCancel(shard, slot, told))) told(ESME_RCANCELFAIL);
  }
  told(ESME_ROK);
}

/** What waited before the SMSCs were asked may have been sent since. */
function cancelHere(shard: ShardState, to: Answer, ids: readonly [number, number][]): void {
  const found: Found[] = [];
  for (const [idHigh, idLow] of ids) {
    const each = findById(shard, idHigh, idLow);
    if (each !== undefined && canBeTakenBack(shard, each)) found.push(each);
  }
  if (found.length < ids.length) answerOperation(shard, { ...to, status: ESME_RCANCELFAIL });
  else if (shard.blocked || !endWaiting(shard, found))
    answerOperation(shard, { ...to, status: ESME_RSYSERR });
  else if (found.length === 0) answerOperation(shard, to);
  else answered(shard, to);
}

function idOf({ finals, table }: ShardState, found: Found): [number, number] {
  if (found.where === 'memory') return [table.idHigh[found.slot], table.idLow[found.slot]];
  if (found.where === 'store') return [found.row.idHigh, found.row.idLow];
  return [finals.idHighAt(found.at), finals.idLowAt(found.at)];
}

function replace(shard: ShardState, to: Answer, bytes: Bytes, at: number): void {
  const found = find(shard, to, bytes, at);
  if (found === undefined) {
    answerOperation(shard, { ...to, status: ESME_RINVMSGID });
    return;
  }
  if (found.where !== 'ended' && canBeTakenBack(shard, found)) {
    const status =
      found.where === 'memory'
        ? replaceSlot(shard, found.slot, bytes, at)
        : replaceRow(shard, found.row, bytes, at);
    if (status === ESME_ROK) answered(shard, to);
    else answerOperation(shard, { ...to, status });
    return;
  }
  const onStatus = (status: number): void => answerOperation(shard, { ...to, status });
  const isAsked =
    found.where !== 'ended' &&
    isAwaiting(shard, found) &&
    withSlot(shard, found, (slot) => forwardReplace(shard, slot, bytes, at, onStatus));
  if (!isAsked) answerOperation(shard, { ...to, status: ESME_RREPLACEFAIL });
}
