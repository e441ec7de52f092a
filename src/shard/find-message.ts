/** Finds a message by the id that its client was told: in memory, in the store, or among those that ended last. */
import { NO_PLACE } from '../core/chains.ts';
import { DEST_AT, NO_SLOT, SOURCE_AT, TEXT_BYTES } from '../core/message-table.ts';
import { sourceMark } from '../core/recent-finals.ts';
import type { MessageTable } from '../core/message-table.ts';
import { KIND_LOADED } from '../store/pending.ts';
import type { PendingRow } from '../store/pending.ts';
import { slotsById } from './lookups.ts';
import { unpackRow } from './row.ts';
import type { ShardState } from './state.ts';

const NUL_ADDRESS_BYTES = 3;

export type Found =
  | { readonly where: 'memory'; readonly slot: number }
  | { readonly where: 'store'; readonly row: PendingRow }
  | { readonly where: 'ended'; readonly at: number };

/**
 * Who asks, and by which addresses: account and source address must be those of the message (v3.4 section 4.8.1), in a
 * cancel_sm of 3.3 the destination, too (v3.3 section 4.2).
 */
export interface Asker {
  account: number;
  /** ton npi addr NUL. */
  source: Buffer;
  /** Likewise; empty: it is not asked for. */
  dest: Buffer;
}

/** `idHigh`: the id is the short one of 3.3, which has no high half. */
const ANY_HIGH = -1;

/**
 * The message with this id, if it is one of this account and these addresses; `idHigh` -1: the latest of those that
 * have the low half.
 */
export function findMessage(
  shard: ShardState,
  idHigh: number,
  idLow: number,
  asker: Asker,
): Found | undefined {
  const slot = findSlot(shard, idHigh, idLow, asker);
  if (slot !== NO_SLOT) return { where: 'memory', slot };
  const row = findRow(shard, idHigh, idLow, asker);
  if (row !== undefined) return { where: 'store', row };
  const { finals } = shard;
  const at = finals.find(idHigh, idLow, (place) => hasEndedOf(shard, place, asker));
  return at < 0 ? undefined : { where: 'ended', at };
}

/** Whoever's it is: in memory or, not loaded, in the store. */
export function findById(shard: ShardState, idHigh: number, idLow: number): Found | undefined {
  const slot = findSlot(shard, idHigh, idLow);
  if (slot !== NO_SLOT) return { where: 'memory', slot };
  const row = shard.store.get(idHigh, idLow);
  return row === undefined || row.kind >= KIND_LOADED ? undefined : { where: 'store', row };
}

/** `asker` undefined: anybody's. */
function findSlot(shard: ShardState, idHigh: number, idLow: number, asker?: Asker): number {
  const { table, scratch } = shard;
  const chains = slotsById(shard);
  let found = NO_SLOT;
  for (let at = chains.first(idLow); at !== NO_PLACE; at = chains.after(at)) {
    const high = table.idHigh[at];
    if (at === scratch || !table.holds(at, high, idLow)) continue;
    if (idHigh !== ANY_HIGH && high !== idHigh) continue;
    if (found !== NO_SLOT && high < table.idHigh[found]) continue;
    if (asker === undefined || isAskers(shard, at, asker)) found = at;
  }
  return found;
}

function findRow(shard: ShardState, idHigh: number, idLow: number, asker: Asker): PendingRow | undefined {
  const { scratch, store, table } = shard;
  // A loaded row whose slot is gone has ended: it leaves the store with the commit of its FINAL event.
  const isMeant = (row: PendingRow): boolean => {
    if (row.kind >= KIND_LOADED) return false;
    unpackRow(table, scratch, row);
    const isTheirs = isAskers(shard, scratch, asker);
    table.flags[scratch] = 0;
    return isTheirs;
  };
  if (idHigh === ANY_HIGH) return store.latestOf(idLow, isMeant);
  const row = store.get(idHigh, idLow);
  return row !== undefined && isMeant(row) ? row : undefined;
}

/** Of its destination nothing is known any more; it can not be cancelled in any case. */
function hasEndedOf({ finals }: ShardState, at: number, { account, source }: Asker): boolean {
  if (finals.accountAt(at) !== account) return false;
  return isNoAddress(source) || finals.sourceAt(at) === sourceMark(source, 0, source.length);
}

/** An empty source address stands for the one that was defaulted. */
function isAskers({ table }: ShardState, slot: number, asker: Asker): boolean {
  if (table.account[slot] !== asker.account) return false;
  const { dest, source } = asker;
  if (!isNoAddress(source) && !namesAddress(table, slot, SOURCE_AT, table.sourceLength[slot], source)) {
    return false;
  }
  return isNoAddress(dest) || namesAddress(table, slot, DEST_AT, table.destLength[slot], dest);
}

/** ton, npi and a NUL. */
function isNoAddress(address: Buffer): boolean {
  return address.length <= NUL_ADDRESS_BYTES;
}

/**
 * Whether a request that names `address` (ton npi digits NUL) means the one at `place` of the slot's text: the same
 * digits, and ton and npi the same or 0, which says that they are not known (v3.4 sections 4.8.1, 4.9.1, 4.10.1).
 */
export function namesAddress(
  { text }: MessageTable,
  slot: number,
  place: number,
  placeLength: number,
  address: Buffer,
): boolean {
  if (placeLength !== address.length) return false;
  const base = slot * TEXT_BYTES + place;
  for (let index = placeLength - 1; index >= 2; index--) {
    if (text[base + index] !== address[index]) return false;
  }
  return [0, 1].every((index) => address[index] === 0 || address[index] === text[base + index]);
}

/** Whether ton, npi and digits at `place` of the slot's text are those at `at`. */
export function sameAddress(
  { text }: MessageTable,
  slot: number,
  place: number,
  placeLength: number,
  bytes: Uint8Array,
  at: number,
  length: number,
): boolean {
  if (placeLength !== length) return false;
  const base = slot * TEXT_BYTES + place;
  for (let index = 0; index < length; index++) {
    if (text[base + index] !== bytes[at + index]) return false;
  }
  return true;
}
