/** Finds a message by the id that its client was told: in memory, in the store, or among those that ended last. */
import { NO_SLOT, SOURCE_AT, TEXT_BYTES } from '../core/message-table.ts';
import { sourceMark } from '../core/recent-finals.ts';
import type { MessageTable } from '../core/message-table.ts';
import { KIND_LOADED } from '../store/pending.ts';
import type { PendingRow } from '../store/pending.ts';
import { unpackRow } from './row.ts';
import type { ShardState } from './state.ts';

const NUL_ADDRESS_BYTES = 3;

export type Found =
  | { readonly where: 'memory'; readonly slot: number }
  | { readonly where: 'store'; readonly row: PendingRow }
  | { readonly where: 'ended'; readonly at: number };

/** Who asks, and from which source address: both must be those of the message (v3.4 section 4.8.1). */
export interface Asker {
  account: number;
  /** ton npi addr NUL. */
  source: Buffer;
}

/**
 * `idHigh` -1: the id is the short one of 3.3, and the latest message with it is meant. undefined: there is none, or
 * not of this account and source address.
 */
export function findMessage(
  shard: ShardState,
  idHigh: number,
  idLow: number,
  asker: Asker,
): Found | undefined {
  const { table, finals } = shard;
  const slot = findSlot(shard, idHigh, idLow);
  if (slot !== NO_SLOT) return isAskers(shard, slot, asker) ? { where: 'memory', slot } : undefined;
  const row = idHigh < 0 ? shard.store.latestOf(idLow) : shard.store.get(idHigh, idLow);
  // A loaded row whose slot is gone has ended: it leaves the store with the commit of its FINAL event.
  if (row !== undefined && row.kind < KIND_LOADED) {
    unpackRow(table, shard.scratch, row);
    const mine = isAskers(shard, shard.scratch, asker);
    table.flags[shard.scratch] = 0;
    return mine ? { where: 'store', row } : undefined;
  }
  const at = finals.find(idHigh, idLow);
  if (at < 0 || finals.accountAt(at) !== asker.account) return undefined;
  const { source } = asker;
  const isSame = isNoAddress(source) || finals.sourceAt(at) === sourceMark(source, 0, source.length);
  return isSame ? { where: 'ended', at } : undefined;
}

/** Whoever's it is: in memory or, not loaded, in the store. */
export function findById(shard: ShardState, idHigh: number, idLow: number): Found | undefined {
  const slot = findSlot(shard, idHigh, idLow);
  if (slot !== NO_SLOT) return { where: 'memory', slot };
  const row = shard.store.get(idHigh, idLow);
  return row === undefined || row.kind >= KIND_LOADED ? undefined : { where: 'store', row };
}

/** One pass over the ids: some tens of microseconds, and no index that every message would have to pay for. */
function findSlot(shard: ShardState, idHigh: number, idLow: number): number {
  const { table, scratch } = shard;
  let found = NO_SLOT;
  for (let at = table.idLow.indexOf(idLow); at >= 0; at = table.idLow.indexOf(idLow, at + 1)) {
    if (at === scratch || !table.holds(at, table.idHigh[at], idLow)) continue;
    if (table.idHigh[at] === idHigh) return at;
    if (idHigh < 0 && (found === NO_SLOT || table.idHigh[at] > table.idHigh[found])) found = at;
  }
  return found;
}

/** An empty source address stands for the one that was defaulted. */
function isAskers({ table }: ShardState, slot: number, asker: Asker): boolean {
  if (table.account[slot] !== asker.account) return false;
  const { source } = asker;
  return isNoAddress(source) || namesAddress(table, slot, SOURCE_AT, table.sourceLength[slot], source);
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
