/**
 * Message ids: 64 bits that are unique for ever on this node, sort by time, and say where the message lives.
 *
 *   high 32 bits                    low 32 bits
 *  +-------------------------------+--------+--------------------------+
 *  | segment: seconds since EPOCH  | shard 6| index 26                 |
 *  +-------------------------------+--------+--------------------------+
 *
 * A segment's number is the second in which it was opened, or the last number plus one if that is larger, so a
 * number is never given twice even when the data directory was wiped in between. The index counts the messages of the
 * shard, over segments and starts, for 3.3 has no room for more than the low half: that comes again only after 2^26
 * messages. Within a segment it only grows; a segment ends where the index begins anew. Printed as 16 lower-case
 * hexadecimal digits: the form every SMPP 3.4 client can hold (message_id C65) and any tool can sort.
 */

/** 2024-01-01T00:00:00Z in seconds; 32 bits of seconds last until 2160. */
export const SEGMENT_EPOCH_S = 1_704_067_200;
export const SHARD_BITS = 6;
export const INDEX_BITS = 26;
export const SHARDS_MAX = 1 << SHARD_BITS;
export const INDEX_MAX = 2 ** INDEX_BITS - 1;
/** Where the index begins anew as soon as there is another segment; there may be none at once. */
export const INDEX_TURN = INDEX_MAX - 2 ** 20;
export const MESSAGE_ID_DIGITS = 16;

/** The number of a segment opened now, after `previous` (0: none yet). */
export function nextSegmentNumber(previous: number, nowMs: number): number {
  return Math.max(previous + 1, Math.floor(nowMs / 1000) - SEGMENT_EPOCH_S);
}

export function idLowOf(shard: number, index: number): number {
  return ((shard << INDEX_BITS) | index) >>> 0;
}

export function shardOf(idLow: number): number {
  return idLow >>> INDEX_BITS;
}

export function indexOf(idLow: number): number {
  return idLow & INDEX_MAX;
}

/** Of two indexes the one that was reached later, where less than half of all lies between them. */
export function laterIndex(one: number, other: number): number {
  return ((other - one) & INDEX_MAX) <= INDEX_MAX >>> 1 ? other : one;
}

/** The printed form: 16 lower-case hexadecimal digits. */
export function formatMessageId(idHigh: number, idLow: number): string {
  return idHigh.toString(16).padStart(8, '0') + idLow.toString(16).padStart(8, '0');
}

/** Reads the printed form in either case; undefined when it is not one of our ids. */
export function parseMessageId(text: string): { idHigh: number; idLow: number } | undefined {
  if (!/^[0-9a-fA-F]{16}$/.test(text)) return undefined;
  return { idHigh: Number.parseInt(text.slice(0, 8), 16), idLow: Number.parseInt(text.slice(8), 16) };
}
