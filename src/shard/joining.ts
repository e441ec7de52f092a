/**
 * Parts that a client sent one by one and that are to go out in another form, or be told of with one receipt: each is
 * accepted and answered by itself and waits in the store; once all are there they are joined and go out as one message
 * in the form of their SMSC. Parts whose others do not come in time go as they came, or are converted by themselves.
 */
import { crc32 } from 'node:zlib';
import type { AssemblyLimits } from '../core/assembly.ts';
import type { Bytes } from '../core/bytes.ts';
import { allocateBytes } from '../core/bytes.ts';
import {
  FLAG_SCHEDULED,
  FLAG_STORED,
  SLOT_FOLLOWER,
  SLOT_QUEUED,
  SLOT_RETRY,
} from '../core/message-table.ts';
import {
  EXTENSION_FLAG_INTERNAL,
  FINAL_REPEATED,
  JOINED_TOLD_EACH,
  JOINED_TOLD_FOR_ALL,
  JOINED_TOLD_NOT,
  PROTOCOL_SMPP,
  RECORD_BYTES_MAX,
} from '../core/records.ts';
import { GROUP_ACTIONS_MAX, NO_EDGE } from '../cdr/group.ts';
import { writeAccepted } from '../smpp/accepted.ts';
import { STATE_DELETED, STATE_UNDELIVERABLE, SUBMIT_SM } from '../smpp/constants.ts';
import { encodeMessage } from '../smpp/pdu/message-encode.ts';
import { joinParts, shape } from '../smpp/shape.ts';
import { askingForAll } from '../smpp/shape-fields.ts';
import { KIND_HELD } from '../store/pending.ts';
import type { PendingRow } from '../store/pending.ts';
import { appendFinal, appendJoined, appendReleased } from './events.ts';
import {
  asItCame,
  bodyOf,
  isShaped,
  objectOf,
  placeOf,
  readAlike,
  readingOf,
  scheduleOf,
  senderOf,
} from './held-part.ts';
import { accept } from './intake.ts';
import { fail } from './outcome.ts';
import { packRow, unpackRow, withBody } from './row.ts';
import { resetScratch } from './scratch.ts';
import { loadRow } from './spill.ts';
import type { HeldSet, PartId, ShardState, Smsc } from './state.ts';

/** A client sends the parts of a message in one go: after a minute the others are not coming. */
export const HELD_LIMITS: AssemblyLimits = { setsMax: 50_000, partsMax: 200_000, waitMs: 60_000 };
const SETS_A_SWEEP = 200;
const PAGE_ROWS = 500;
let scratchBytes: Bytes | undefined;

/**
 * A part became a row of the store; `row` need not be written yet. Returns the held part that it repeats, octet by
 * octet: its client did not hear of the answer to that one. Then it is not held.
 */
export function hold(shard: ShardState, row: PendingRow): PartId | undefined {
  const { held } = shard;
  const print = crc32(bodyOf(row));
  const part = { idHigh: row.idHigh, idLow: row.idLow, print };
  const place = placeOf(shard, row);
  if (place === undefined) {
    shard.joinable.push({ complete: isShaped(readingOf(shard, row)), parts: [part] });
    return undefined;
  }
  const { key, sequence, acceptedMs } = place;
  let added = held.add(key, sequence, part, acceptedMs);
  if (added.outcome === 'duplicate') {
    if (added.held.print === print) return added.held;
    // The number means another message now, and the rest of the one before is not coming: they must not be mixed.
    shard.joinable.push({ complete: false, parts: [...held.take(key)] });
    added = held.add(key, sequence, part, acceptedMs);
  }
  if (added.outcome === 'complete') shard.joinable.push({ complete: true, parts: [...added.parts] });
  // Impossible: it goes by itself.
  else if (added.outcome !== 'waiting') shard.joinable.push({ complete: false, parts: [part] });
  if (held.isOver) letGo(shard, 1);
  return undefined;
}

/** The end of a part that `hold` did not take. `isStored`: its row is written. */
export function endRepeated(shard: ShardState, row: PendingRow, isStored: boolean): void {
  const { table, scratch } = shard;
  unpackRow(table, scratch, row);
  if (isStored) table.flags[scratch] |= FLAG_STORED;
  appendFinal(shard, scratch, STATE_DELETED, FINAL_REPEATED);
  resetScratch(shard);
}

/** Those that wait too long, or longest where there are too many, are to go as they came. */
function letGo(shard: ShardState, setsMax: number): void {
  for (let count = 0; count < setsMax; count++) {
    const parts = shard.held.takeOverdue(shard.nowMs);
    if (parts === undefined) return;
    shard.joinable.push({ complete: false, parts: [...parts] });
  }
}

/** What `hold` found complete, or to go as it is; the rows are in the store now. */
export function joinHeld(shard: ShardState): void {
  for (let left = shard.joinable.length; left > 0 && !shard.blocked && !shard.refusing; left--) {
    if (shard.journal.filling.accepted > GROUP_ACTIONS_MAX - 512) return;
    const { complete, parts } = shard.joinable.shift() as HeldSet;
    if (!complete || !join(shard, parts)) release(shard, parts);
  }
}

/** Those that waited long enough, or are too many. */
export function sweepHeld(shard: ShardState): void {
  letGo(shard, SETS_A_SWEEP);
  joinHeld(shard);
}

/** After a start: what waits in the store is known again. */
export function restoreHeld(shard: ShardState): void {
  for (const smsc of shard.owned) {
    let [high, low] = [-1, -1];
    for (;;) {
      const rows = shard.store.next(KIND_HELD, smsc.index, high, low, PAGE_ROWS);
      for (const row of rows) if (hold(shard, row) !== undefined) endRepeated(shard, row, true);
      if (rows.length < PAGE_ROWS) break;
      const last = rows[rows.length - 1];
      [high, low] = [last.idHigh, last.idLow];
    }
  }
  resetScratch(shard);
}

function rowsOf(shard: ShardState, parts: readonly PartId[]): PendingRow[] {
  const rows: PendingRow[] = [];
  for (const part of parts) {
    const row = shard.store.get(part.idHigh, part.idLow);
    if (row?.kind === KIND_HELD) rows.push(row);
  }
  return rows;
}

/** False: it can not be done, the parts must go as they are. */
function join(shard: ShardState, held: PartId[]): boolean {
  const rows = rowsOf(shard, held);
  if (rows.length < held.length) return false;
  const { table, scratch } = shard;
  const whole = joinParts(rows.map((row) => objectOf(bodyOf(row))));
  if (whole === undefined || !readAlike(shard, rows)) return false;
  unpackRow(table, scratch, rows[0]);
  const smsc = shard.smscs[table.smsc[scratch]] as Smsc;
  const account = shard.accounts[table.account[scratch]];
  const head = {
    protocol: PROTOCOL_SMPP,
    account: table.account[scratch],
    smsc: smsc.index,
    session: 0,
    sequence: 0,
    expiresMs: table.expiresMs[scratch],
    priority: table.priority[scratch],
    registeredDelivery: whole.registeredDelivery ?? 0,
  };
  const scheduleMs = scheduleOf(shard, scratch);
  resetScratch(shard);
  if (account === undefined) return false;
  const reading = readingOf(shard, rows[0]);
  const sender = senderOf(account, smsc, reading);
  const sentMs = Math.max(shard.nowMs, scheduleMs);
  // Also one body alone: the client's parts wait for its end, and may have asked for different ones.
  const asking = { ...whole, registeredDelivery: askingForAll(head.registeredDelivery) };
  const shaped = shape(asking, sender, smsc.profile, shard.references, sentMs);
  if (!shaped.ok) return false;
  const parts = shaped.bodies.length;
  let leaderLow = 0;
  scratchBytes ??= allocateBytes(RECORD_BYTES_MAX);
  for (const [index, body] of shaped.bodies.entries()) {
    const pdu = encodeMessage(SUBMIT_SM, body, 0);
    const extension = { part: index + 1, parts, flags: EXTENSION_FLAG_INTERNAL, scheduleMs };
    const length = writeAccepted(scratchBytes, 0, pdu, { ...head, extension });
    const idLow = accept(shard, NO_EDGE, scratchBytes, 0, length);
    if (index === 0) leaderLow = idLow;
  }
  const isMerged = account.receipts === 'merged' && !isShaped(reading);
  follow(shard, held, rows, leaderLow, isMerged, head.registeredDelivery);
  return true;
}

/** The parts wait for the end of what they were made into. */
function follow(
  shard: ShardState,
  parts: PartId[],
  rows: PendingRow[],
  leaderLow: number,
  isMerged: boolean,
  registeredDelivery: number,
): void {
  const { table, scratch, journal } = shard;
  const leaderHigh = journal.segment;
  const followers = rows.map((row, index) => {
    unpackRow(table, scratch, row);
    const told = !isMerged ? JOINED_TOLD_EACH : index === 0 ? JOINED_TOLD_FOR_ALL : JOINED_TOLD_NOT;
    // Whichever of them asked for it: the first tells for all.
    const asked = isMerged ? registeredDelivery : table.registeredDelivery[scratch];
    appendJoined(shard, row.idHigh, row.idLow, leaderHigh, leaderLow, told, asked);
    becomeFollower(shard, scratch, leaderHigh, leaderLow, told, asked);
    return packRow(table, scratch, undefined);
  });
  resetScratch(shard);
  journal.filling.afterCommit.push({
    // They are written with the others of the commit.
    done: () => void shard.spilled.push(...followers),
    undone: () => void shard.joinable.push({ complete: true, parts }),
  });
  journal.kick(shard.nowMs);
}

/** `told`: JOINED_TOLD_*. */
export function becomeFollower(
  shard: ShardState,
  slot: number,
  leaderHigh: number,
  leaderLow: number,
  told: number,
  registeredDelivery: number,
): void {
  const { table } = shard;
  table.state[slot] = SLOT_FOLLOWER;
  table.toldHigh[slot] = leaderHigh;
  table.toldLow[slot] = leaderLow;
  table.registeredDelivery[slot] = told === JOINED_TOLD_NOT ? 0 : registeredDelivery;
  // What its receipt speaks for: all parts, or itself.
  if (told !== JOINED_TOLD_FOR_ALL) table.parts[slot] = 0;
}

function release(shard: ShardState, parts: readonly PartId[]): void {
  const { table, scratch, store } = shard;
  for (const row of rowsOf(shard, parts)) {
    unpackRow(table, scratch, row);
    const body = asItCame(shard, scratch, bodyOf(row));
    if (typeof body === 'number') {
      resetScratch(shard);
      if (table.freeSlots() === 0) {
        shard.joinable.push({ complete: false, parts: [row] });
        continue;
      }
      store.claim(row);
      fail(shard, loadRow(shard, row, SLOT_QUEUED), body, STATE_UNDELIVERABLE);
      continue;
    }
    appendReleased(shard, row.idHigh, row.idLow);
    becomeReleased(shard, scratch);
    store.upsert([withBody(packRow(table, scratch, undefined), body)]);
    resetScratch(shard);
  }
}

/** The slot's message waits to be sent, now or at its time. */
export function becomeReleased({ table }: ShardState, slot: number): void {
  table.state[slot] = (table.flags[slot] & FLAG_SCHEDULED) === 0 ? SLOT_QUEUED : SLOT_RETRY;
}
