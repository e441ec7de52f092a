/**
 * Parts that a client sent one by one and that are to go out in another form, or be told of with one receipt: each is
 * accepted and answered by itself and waits in the store; once all are there they are joined and go out as one message
 * in the form of their SMSC. Parts whose others do not come in time go as they came.
 */
import type { AssemblyLimits } from '../core/assembly.ts';
import type { Bytes } from '../core/bytes.ts';
import { allocateBytes } from '../core/bytes.ts';
import type { AccountConfig } from '../core/config.ts';
import { SLOT_FOLLOWER, SLOT_JOURNAL, SLOT_QUEUED } from '../core/message-table.ts';
import { EXTENSION_FLAG_INTERNAL, PROTOCOL_SMPP, RECORD_BYTES_MAX } from '../core/records.ts';
import { GROUP_ACTIONS_MAX, NO_EDGE } from '../cdr/group.ts';
import { writeAccepted } from '../smpp/accepted.ts';
import { ESME_ROK, HEADER_BYTES, STATE_REJECTED, SUBMIT_SM, VERSION_50 } from '../smpp/constants.ts';
import { concatOf } from '../smpp/concat.ts';
import { writeHeader } from '../smpp/cursor.ts';
import { scanDeliverSm } from '../smpp/pdu/deliver-sm.ts';
import { encodeMessage, readMessage } from '../smpp/pdu/message-encode.ts';
import type { MessageObject } from '../smpp/pdu/message-encode.ts';
import { MessageFields } from '../smpp/pdu/message-fields.ts';
import { joinParts, shape } from '../smpp/shape.ts';
import type { Sender } from '../smpp/shape-profile.ts';
import { KIND_HELD } from '../store/pending.ts';
import type { PendingRow } from '../store/pending.ts';
import { appendJoined, appendReleased } from './events.ts';
import { accept } from './intake.ts';
import { fail } from './outcome.ts';
import { bodyLengthOf, packRow, unpackRow, withBody } from './row.ts';
import { loadRow } from './spill.ts';
import type { HeldSet, PartId, ShardState, Smsc } from './state.ts';

/** A client sends the parts of a message in one go: after a minute the others are not coming. */
export const HELD_LIMITS: AssemblyLimits = { setsMax: 50_000, partsMax: 200_000, waitMs: 60_000 };
const SETS_A_SWEEP = 200;
const PAGE_ROWS = 500;
const fields = new MessageFields();
let scratchBytes: Bytes | undefined;

/** A part became a row of the store; `row` need not be written yet. */
export function hold(shard: ShardState, row: PendingRow): void {
  const { table, scratch } = shard;
  unpackRow(table, scratch, row);
  const pdu = pduOf(row);
  const isRead = scanDeliverSm(pdu, 0, pdu.length, VERSION_50, fields) === ESME_ROK;
  const concat = isRead ? concatOf(pdu, fields) : undefined;
  const part = { idHigh: row.idHigh, idLow: row.idLow };
  if (concat === undefined) {
    shard.joinable.push({ complete: false, parts: [part] });
    return;
  }
  const key = {
    account: table.account[scratch],
    source: `${row.smsc} ${pdu.toString('latin1', fields.sourceAt - 2, fields.sourceEnd)}`,
    dest: pdu.toString('latin1', fields.destAt - 2, fields.destEnd),
    kind: concat.kind,
    reference: concat.reference,
    total: concat.total,
  };
  const added = shard.held.add(key, concat.sequence, part, table.acceptedMs[scratch]);
  if (added.outcome === 'complete') shard.joinable.push({ complete: true, parts: [...added.parts] });
  // Held already, or impossible: it goes by itself.
  else if (added.outcome !== 'waiting') shard.joinable.push({ complete: false, parts: [part] });
}

/** What `hold` found complete, or to go as it is; the rows are in the store now. */
export function joinHeld(shard: ShardState): void {
  while (shard.joinable.length > 0 && !shard.blocked && !shard.refusing) {
    if (shard.journal.filling.accepted > GROUP_ACTIONS_MAX - 512) return;
    const { complete, parts } = shard.joinable.shift() as HeldSet;
    if (!complete || !join(shard, parts)) release(shard, parts);
  }
}

/** Those that waited long enough, or are too many. */
export function sweepHeld(shard: ShardState): void {
  for (let count = 0; count < SETS_A_SWEEP; count++) {
    const parts = shard.held.takeOverdue(shard.nowMs);
    if (parts === undefined) break;
    shard.joinable.push({ complete: false, parts: [...parts] });
  }
  joinHeld(shard);
}

/** After a start: what waits in the store is known again. */
export function restoreHeld(shard: ShardState): void {
  for (const smsc of shard.owned) {
    let [high, low] = [-1, -1];
    for (;;) {
      const rows = shard.store.next(KIND_HELD, smsc.index, high, low, PAGE_ROWS);
      for (const row of rows) hold(shard, row);
      if (rows.length < PAGE_ROWS) break;
      const last = rows[rows.length - 1];
      [high, low] = [last.idHigh, last.idLow];
    }
  }
  resetScratch(shard);
}

function pduOf(row: PendingRow): Buffer {
  const body = row.blob.subarray(row.blob.length - bodyLengthOf(row));
  const pdu = Buffer.alloc(HEADER_BYTES + body.length);
  writeHeader(pdu, 0, pdu.length, SUBMIT_SM, 0, 0);
  body.copy(pdu, HEADER_BYTES);
  return pdu;
}

function rowsOf(shard: ShardState, parts: readonly PartId[]): PendingRow[] {
  const rows: PendingRow[] = [];
  for (const part of parts) {
    const row = shard.store.get(part.idHigh, part.idLow);
    if (row?.kind === KIND_HELD) rows.push(row);
  }
  return rows;
}

function objectOf(row: PendingRow): MessageObject {
  const pdu = pduOf(row);
  scanDeliverSm(pdu, 0, pdu.length, VERSION_50, fields);
  return readMessage(pdu, fields);
}

/** False: it can not be done, the parts must go as they are. */
function join(shard: ShardState, held: PartId[]): boolean {
  const rows = rowsOf(shard, held);
  if (rows.length < held.length) return false;
  const { table, scratch } = shard;
  const objects = rows.map(objectOf);
  const whole = joinParts(objects);
  if (whole === undefined) return false;
  unpackRow(table, scratch, rows[0]);
  const smsc = shard.smscs[table.smsc[scratch]] as Smsc;
  const account = shard.accounts[table.account[scratch]];
  if (account === undefined) return false;
  const shaped = shape(whole, senderOf(account), smsc.profile, shard.references, shard.nowMs);
  if (!shaped.ok) return false;
  const head = {
    protocol: PROTOCOL_SMPP,
    account: table.account[scratch],
    smsc: smsc.index,
    session: 0,
    sequence: 0,
    expiresMs: table.expiresMs[scratch],
    priority: table.priority[scratch],
  };
  const parts = shaped.bodies.length;
  let leaderLow = 0;
  scratchBytes ??= allocateBytes(RECORD_BYTES_MAX);
  for (const [index, body] of shaped.bodies.entries()) {
    const pdu = encodeMessage(SUBMIT_SM, body, 0);
    const extension = { part: index + 1, parts, flags: EXTENSION_FLAG_INTERNAL };
    const length = writeAccepted(scratchBytes, 0, pdu, { ...head, extension });
    const idLow = accept(shard, NO_EDGE, scratchBytes, 0, length);
    if (index === 0) leaderLow = idLow;
  }
  follow(shard, held, rows, leaderLow, account.receipts === 'merged');
  return true;
}

/** The parts wait for the end of what they were made into. */
function follow(
  shard: ShardState,
  parts: PartId[],
  rows: PendingRow[],
  leaderLow: number,
  firstOnly: boolean,
): void {
  const { table, scratch, journal, store } = shard;
  const leaderHigh = journal.segment;
  const followers = rows.map((row, index) => {
    const silent = firstOnly && index > 0;
    appendJoined(shard, row.idHigh, row.idLow, leaderHigh, leaderLow, silent);
    unpackRow(table, scratch, row);
    becomeFollower(shard, scratch, leaderHigh, leaderLow, silent);
    return packRow(table, scratch, undefined);
  });
  resetScratch(shard);
  journal.filling.afterCommit.push({
    done: () => store.upsert(followers),
    undone: () => void shard.joinable.push({ complete: true, parts }),
  });
  journal.kick(shard.nowMs);
}

/** `silent`: the client is told of it with the first part. */
export function becomeFollower(
  shard: ShardState,
  slot: number,
  leaderHigh: number,
  leaderLow: number,
  silent: boolean,
): void {
  const { table } = shard;
  table.state[slot] = SLOT_FOLLOWER;
  table.toldHigh[slot] = leaderHigh;
  table.toldLow[slot] = leaderLow;
  if (silent) table.registeredDelivery[slot] = 0;
}

function release(shard: ShardState, parts: readonly PartId[]): void {
  const { table, scratch, store } = shard;
  for (const row of rowsOf(shard, parts)) {
    unpackRow(table, scratch, row);
    const body = asItCame(shard, row);
    if (body === undefined) {
      if (table.freeSlots() === 0) {
        shard.joinable.push({ complete: false, parts: [row] });
        continue;
      }
      store.claim(row);
      fail(shard, loadRow(shard, row, SLOT_QUEUED), 0, STATE_REJECTED);
      continue;
    }
    appendReleased(shard, row.idHigh, row.idLow);
    table.state[scratch] = SLOT_QUEUED;
    store.upsert([withBody(packRow(table, scratch, undefined), body)]);
  }
  resetScratch(shard);
}

/** The body of a part by itself, for its SMSC; undefined: that does not take it. The row is in the scratch slot. */
function asItCame(shard: ShardState, row: PendingRow): Buffer | undefined {
  const { table, scratch } = shard;
  const smsc = shard.smscs[table.smsc[scratch]] as Smsc;
  const account = shard.accounts[table.account[scratch]];
  // The account is gone with its settings: the part goes as it is.
  if (account === undefined) return row.blob.subarray(row.blob.length - bodyLengthOf(row));
  const profile = { ...smsc.profile, longMessages: 'as-is' as const };
  const shaped = shape(objectOf(row), senderOf(account), profile, shard.references, shard.nowMs);
  if (!shaped.ok || shaped.bodies.length > 1) return undefined;
  return encodeMessage(SUBMIT_SM, shaped.bodies[0], 0).subarray(HEADER_BYTES);
}

/** What is held came over a session of 3.4 or later, or reads the same. */
function senderOf({ default_alphabet: alphabet, transliterate, parts_max: partsMax }: AccountConfig): Sender {
  return { version: VERSION_50, alphabet, transliterate, partsMax };
}

function resetScratch(shard: ShardState): void {
  shard.table.state[shard.scratch] = SLOT_JOURNAL;
  shard.table.dirtySegment[shard.scratch] = 0;
  shard.table.flags[shard.scratch] = 0;
}
