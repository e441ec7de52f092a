/**
 * Where messages are in memory: by the low half of their ids, and by who sent them from where to where. A plain message
 * needs neither; so what is asked here for the first time is built over all slots then (some tens of milliseconds on
 * a full table of 262,144), kept up from then on, and dropped after a minute in which nobody asked.
 */
import { Chains, hashOctets } from '../core/chains.ts';
import { DEST_AT, SLOT_FREE, SLOT_RETRY, SOURCE_AT, TEXT_BYTES } from '../core/message-table.ts';
import type { Lookups, ShardState } from './state.ts';

/** By `idLow`. What is found may be free by now: `table.holds` says. */
export function slotsById(shard: ShardState): Chains {
  const lookups = lookupsOf(shard);
  lookups.byId ??= build(shard, addById);
  return lookups.byId;
}

/** By `hashOfWay`. What is found may be free by now, or have been sent. */
export function slotsByWay(shard: ShardState): Chains {
  const lookups = lookupsOf(shard);
  lookups.byWay ??= build(shard, addByWay);
  return lookups.byWay;
}

/** A message has come into a slot; called only while there are lookups. */
export function noteSlot(shard: ShardState, lookups: Lookups, slot: number): void {
  if (lookups.byId !== undefined) addById(shard, lookups.byId, slot);
  if (lookups.byWay !== undefined) addByWay(shard, lookups.byWay, slot);
}

/** Once a minute: what nobody asked since the last time is not kept up any more. */
export function dropUnused(shard: ShardState): void {
  const { lookups } = shard;
  shard.finals.dropUnused();
  if (lookups === undefined) return;
  lookups.byId = stillUsed(lookups.byId);
  lookups.byWay = stillUsed(lookups.byWay);
  if (lookups.byId === undefined && lookups.byWay === undefined) shard.lookups = undefined;
}

/** `source` and `dest`: ton npi digits NUL, at these places. */
export function hashOfWay(
  account: number,
  b: Uint8Array,
  sourceAt: number,
  sourceLength: number,
  destAt: number,
  destLength: number,
): number {
  return hashOctets(hashOctets(account, b, sourceAt, sourceLength), b, destAt, destLength);
}

function lookupsOf(shard: ShardState): Lookups {
  shard.lookups ??= { byId: undefined, byWay: undefined };
  return shard.lookups;
}

function build(shard: ShardState, add: (shard: ShardState, chains: Chains, slot: number) => void): Chains {
  const { scratch, table } = shard;
  const chains = new Chains(table.capacity);
  for (let slot = 0; slot < table.capacity; slot++) {
    if (table.state[slot] !== SLOT_FREE && slot !== scratch) add(shard, chains, slot);
  }
  return chains;
}

function addById({ table }: ShardState, chains: Chains, slot: number): void {
  chains.add(slot, table.idLow[slot]);
}

function addByWay({ table }: ShardState, chains: Chains, slot: number): void {
  if (table.state[slot] > SLOT_RETRY) return;
  const { account, destLength, sourceLength, text } = table;
  const at = slot * TEXT_BYTES;
  const [sourceAt, destAt] = [at + SOURCE_AT, at + DEST_AT];
  chains.add(slot, hashOfWay(account[slot], text, sourceAt, sourceLength[slot], destAt, destLength[slot]));
}

function stillUsed(chains: Chains | undefined): Chains | undefined {
  if (chains?.isUsed !== true) return undefined;
  chains.isUsed = false;
  return chains;
}
