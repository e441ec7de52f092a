/**
 * What the parts of a long message that its client cut have in common, as numbers: `PartWays` and the names of leaders
 * go by them. They follow from what a shard has of a part as well as from its PDU.
 */
import type { Concat } from './concat.ts';
import type { MessageFields } from './pdu/message-fields.ts';

/** FNV-1a. */
const BASIS = 0x811c_9dc5;
const OTHER_BASIS = 0x050c_5d1f;
const PRIME = 0x0100_0193;
const GOLDEN = 0x9e37_79b1;
/** 3.3 allows leading spaces in addresses; they are cut. */
const BLANK = 0x20;

/** By the addresses and the concatenation: different ones between the same addresses have different keys. */
export function partKey(b: Uint8Array, { sourceAt, destAt }: MessageFields, concat: Concat): number {
  const { kind, reference, total } = concat;
  const numbers = reference | (total << 16) | (kind.length << 24);
  return hashAddresses(b, sourceAt - 2, b, destAt - 2, BASIS ^ numbers);
}

/** Where a message is in `PartWays`. */
export interface WayPlace {
  place: number;
  tag: number;
}

const found: WayPlace = { place: 0, tag: 0 };

/**
 * `key`: its partKey; the addresses stand at `sourceAt` and `destAt` as ton, npi, digits, NUL, in memory of their own
 * each. The object is the same at each call.
 */
export function wayPlace(
  account: number,
  key: number,
  sources: Uint8Array,
  sourceAt: number,
  dests: Uint8Array,
  destAt: number,
): WayPlace {
  found.tag = (key ^ Math.imul(account, GOLDEN)) >>> 0;
  found.place = hashAddresses(sources, sourceAt, dests, destAt, OTHER_BASIS ^ found.tag);
  return found;
}

function hashAddresses(
  sources: Uint8Array,
  sourceAt: number,
  dests: Uint8Array,
  destAt: number,
  basis: number,
): number {
  const hash = hashAddress(dests, destAt, hashAddress(sources, sourceAt, basis));
  return (hash ^ (hash >>> 15)) >>> 0;
}

function hashAddress(b: Uint8Array, at: number, basis: number): number {
  let hash = step(step(basis, b[at]), b[at + 1]);
  let next = at + 2;
  while (b[next] === BLANK) next++;
  for (; b[next] > 0; next++) hash = step(hash, b[next]);
  return step(hash, 0);
}

function step(hash: number, octet: number): number {
  return Math.imul(hash ^ octet, PRIME);
}
