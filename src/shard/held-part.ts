/** One part that waits for the others of its message: what its row says. */
import type { AssemblyKey } from '../core/assembly.ts';
import type { AccountConfig } from '../core/config.ts';
import { FLAG_SCHEDULED } from '../core/message-table.ts';
import { HELD_HTTP, HELD_SHAPED, HELD_VERSION_MASK } from '../core/records.ts';
import { ESME_ROK, HEADER_BYTES, SUBMIT_SM, VERSION_33, VERSION_50 } from '../smpp/constants.ts';
import { concatOf } from '../smpp/concat.ts';
import { writeHeader } from '../smpp/cursor.ts';
import { scanDeliverSm } from '../smpp/pdu/deliver-sm.ts';
import { encodeMessage, readMessage } from '../smpp/pdu/message-encode.ts';
import type { MessageObject } from '../smpp/pdu/message-encode.ts';
import { MessageFields } from '../smpp/pdu/message-fields.ts';
import { shapeLonePart } from '../smpp/shape-part.ts';
import type { Sender } from '../smpp/shape-profile.ts';
import type { PendingRow } from '../store/pending.ts';
import { bodyLengthOf, unpackRow } from './row.ts';
import { resetScratch } from './scratch.ts';
import type { PartId, ShardState, Smsc } from './state.ts';

const fields = new MessageFields();

/** Where a part belongs. */
export interface Place {
  key: AssemblyKey;
  sequence: number;
  acceptedMs: number;
}

/** Which part of which message a held part is; undefined: of none. */
export function placeOf(shard: ShardState, row: PendingRow): Place | undefined {
  const { table, scratch } = shard;
  const pdu = pduOf(bodyOf(row));
  const isRead = scanDeliverSm(pdu, 0, pdu.length, VERSION_50, fields) === ESME_ROK;
  const concat = isRead ? concatOf(pdu, fields) : undefined;
  if (concat === undefined) return undefined;
  unpackRow(table, scratch, row);
  const { kind, reference, total, sequence } = concat;
  const key = {
    account: table.account[scratch],
    source: `${row.smsc} ${pdu.toString('latin1', fields.sourceAt - 2, fields.sourceEnd)}`,
    dest: pdu.toString('latin1', fields.destAt - 2, fields.destEnd),
    kind,
    reference,
    total,
  };
  const acceptedMs = table.acceptedMs[scratch];
  resetScratch(shard);
  return { key, sequence, acceptedMs };
}

/**
 * Takes a part out of those that wait. False: it does not wait any more; it is a piece of what is to be sent, or that
 * is just being written down.
 */
export function leaveHeld(shard: ShardState, row: PendingRow): boolean {
  const isIt = ({ idHigh, idLow }: PartId): boolean => idHigh === row.idHigh && idLow === row.idLow;
  const place = placeOf(shard, row);
  if (place !== undefined && shard.held.takeOne(place.key, place.sequence, isIt) !== undefined) return true;
  const set = shard.joinable.find(({ parts }) => parts.some(isIt));
  if (set === undefined) return false;
  set.complete = false;
  set.parts = set.parts.filter((part) => !isIt(part));
  return true;
}

export function bodyOf(row: PendingRow): Buffer {
  return row.blob.subarray(row.blob.length - bodyLengthOf(row));
}

/** A submit_sm, or as good as a data_sm, around a body. */
export function pduOf(body: Buffer): Buffer {
  const pdu = Buffer.alloc(HEADER_BYTES + body.length);
  writeHeader(pdu, 0, pdu.length, SUBMIT_SM, 0, 0);
  body.copy(pdu, HEADER_BYTES);
  return pdu;
}

export function objectOf(body: Buffer): MessageObject {
  const pdu = pduOf(body);
  scanDeliverSm(pdu, 0, pdu.length, VERSION_50, fields);
  return readMessage(pdu, fields);
}

/**
 * The body of the held part in `slot`, which came as `body`, by itself and for its SMSC; a command_status: that can not
 * be told it.
 */
export function asItCame(shard: ShardState, slot: number, body: Buffer): Buffer | number {
  const { table } = shard;
  const smsc = shard.smscs[table.smsc[slot]];
  const account = shard.accounts[table.account[slot]];
  // One of them is gone with its settings: the part goes as it is.
  if (account === undefined || smsc === undefined) return body;
  const sentMs = Math.max(shard.nowMs, scheduleOf(shard, slot));
  const sender = senderOf(account, smsc, table.toldLow[slot]);
  const shaped = shapeLonePart(objectOf(body), sender, smsc.profile, shard.references, sentMs);
  if (!shaped.ok) return shaped.status;
  return encodeMessage(SUBMIT_SM, shaped.bodies[0], 0).subarray(HEADER_BYTES);
}

/** When a message in a slot is to be sent; 0: at once. */
export function scheduleOf({ table }: ShardState, slot: number): number {
  return (table.flags[slot] & FLAG_SCHEDULED) === 0 ? 0 : table.dueMs[slot];
}

/** How the sender of a held part means its data_coding: the toldLow of its record. */
export function readingOf(shard: ShardState, row: PendingRow): number {
  const { table, scratch } = shard;
  unpackRow(table, scratch, row);
  const reading = table.toldLow[scratch];
  resetScratch(shard);
  return reading;
}

/** Whether the data_coding of these parts means the same in all of them. */
export function readAlike(shard: ShardState, rows: readonly PendingRow[]): boolean {
  const ways = rows.map((row) => {
    const reading = readingOf(shard, row);
    return `${reading & HELD_HTTP} ${versionOf(reading) <= VERSION_33}`;
  });
  return new Set(ways).size <= 1;
}

/** It is a whole message that waits to be cut. */
export function isShaped(reading: number): boolean {
  return (reading & HELD_SHAPED) !== 0;
}

/** Parts of releases before this one do not say it. */
function versionOf(reading: number): number {
  return reading & HELD_VERSION_MASK || VERSION_50;
}

/** `reading`: what the record of a held part says of its sender; or that it was made for its SMSC before. */
export function senderOf(account: AccountConfig, { profile }: Smsc, reading: number): Sender {
  const { default_alphabet: alphabet, transliterate, parts_max: partsMax } = account;
  if (isShaped(reading)) {
    return { version: versionOf(reading), alphabet: profile.alphabet, transliterate: false, partsMax };
  }
  const sender = { version: versionOf(reading), alphabet, transliterate, partsMax };
  // Over HTTP data_coding 0 is the GSM alphabet, whatever the account's sessions use.
  return (reading & HELD_HTTP) === 0 ? sender : { ...sender, alphabet: 'gsm', recode: true };
}
