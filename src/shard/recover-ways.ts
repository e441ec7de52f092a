/**
 * The ways that parts took before the daemon was started: a part that comes now is to go where the others went, though
 * their SMSC is not back yet. From the events that are replayed, and from what the store has open of the segments
 * before them; of what had ended and was settled nothing is known any more.
 */
import {
  ACCEPTED,
  ACCEPTED_BODY,
  ACCEPTED_DEST_AT,
  ACCEPTED_FLAGS,
  ACCEPTED_FLAG_EXTENDED,
  ACCEPTED_SMSC,
  ACCEPTED_SOURCE_AT,
  EXTENSION_BYTES,
  EXTENSION_FLAGS,
  EXTENSION_FLAG_HELD,
  EXTENSION_FLAG_LED,
  EXTENSION_KEY,
  EXTENSION_PART,
  EXTENSION_PARTS,
  RECORD_B,
  RECORD_TIME,
  RECORD_TYPE,
  acceptedBodyLength,
} from '../core/records.ts';
import type { Bytes } from '../core/bytes.ts';
import { DEST_AT, FLAG_PART, FLAG_TOLD, SOURCE_AT, TEXT_BYTES } from '../core/message-table.ts';
import { PART_WAYS, WAY_MS } from '../core/ring/part-ways.ts';
import type { PartWays } from '../core/ring/part-ways.ts';
import { concatOf } from '../smpp/concat.ts';
import { ESME_ROK, HEADER_BYTES, VERSION_50 } from '../smpp/constants.ts';
import { partKey, wayPlace } from '../smpp/part-key.ts';
import type { WayPlace } from '../smpp/part-key.ts';
import { scanDeliverSm } from '../smpp/pdu/deliver-sm.ts';
import { MessageFields } from '../smpp/pdu/message-fields.ts';
import { KIND_FOLLOWER, KIND_HELD } from '../store/pending.ts';
import type { PendingRow } from '../store/pending.ts';
import { markOfKey } from './fill-slot.ts';
import { isShaped } from './held-part.ts';
import { bodyLengthOf, unpackRow } from './row.ts';
import { resetScratch } from './scratch.ts';
import type { ShardState } from './state.ts';

/** toldLow has no key then. */
const FLAGS_OTHERWISE = FLAG_PART | FLAG_TOLD;

interface Way extends WayPlace {
  smsc: number;
  seen: Set<number>;
  /** When its last part was accepted. */
  lastMs: number;
}

export class WaysFound {
  readonly #shard: ShardState;
  /** In the order of their last parts; those of which all parts have passed are not in it. */
  readonly #ways = new Map<number, Way>();
  readonly #f = new MessageFields();
  #endMs = 0;

  constructor(shard: ShardState) {
    this.#shard = shard;
  }

  /** The rows of the segments in [fromHigh, belowHigh). Before the events, which are of later segments. */
  seeRows(fromHigh: number, belowHigh: number): void {
    const rows = this.#shard.store.parts(fromHigh, belowHigh, PART_WAYS);
    for (const row of rows.toReversed()) this.#seeRow(row);
    resetScratch(this.#shard);
  }

  #seeRow(row: PendingRow): void {
    const { table, scratch } = this.#shard;
    if (row.kind === KIND_FOLLOWER) return;
    const bodyAt = unpackRow(table, scratch, row);
    let key = table.toldLow[scratch];
    if (row.kind === KIND_HELD) {
      // Cut anew it is no part of what its client cut.
      if (isShaped(key)) return;
      const body = row.blob.subarray(bodyAt, bodyAt + bodyLengthOf(row));
      key = this.#keyOf(Buffer.concat([Buffer.alloc(HEADER_BYTES), body]), HEADER_BYTES, body.length);
    } else if (
      (table.flags[scratch] & FLAGS_OTHERWISE) !== 0 ||
      table.toldHigh[scratch] !== markOfKey(key, row.idLow)
    ) {
      return;
    }
    const base = scratch * TEXT_BYTES;
    const { text } = table;
    const at = wayPlace(table.account[scratch], key, text, base + SOURCE_AT, text, base + DEST_AT);
    this.#pass(at, row.smsc, table.part[scratch], table.parts[scratch], table.acceptedMs[scratch]);
  }

  /** An event that is replayed. */
  see(bytes: Bytes, at: number, length: number): void {
    const { u8, u16, u32, f64 } = bytes;
    const timeMs = f64[(at + RECORD_TIME) >> 3];
    if (timeMs > this.#endMs) this.#endMs = timeMs;
    if (u8[at + RECORD_TYPE] !== ACCEPTED) return;
    const flags = u16[(at + ACCEPTED_FLAGS) >> 1];
    if ((flags & ACCEPTED_FLAG_EXTENDED) === 0) return;
    const extension = at + length - EXTENSION_BYTES;
    const bits = u8[extension + EXTENSION_FLAGS];
    if ((bits & (EXTENSION_FLAG_LED | EXTENSION_FLAG_HELD)) === 0) return;
    const body = at + ACCEPTED_BODY;
    const key =
      (bits & EXTENSION_FLAG_LED) === 0
        ? this.#keyOf(u8, body, acceptedBodyLength(flags, length))
        : u32[(extension + EXTENSION_KEY) >> 2];
    const sourceAt = body + u16[(at + ACCEPTED_SOURCE_AT) >> 1];
    const destAt = body + u16[(at + ACCEPTED_DEST_AT) >> 1];
    const place = wayPlace(u16[(at + RECORD_B) >> 1], key, u8, sourceAt, u8, destAt);
    const [part, parts] = [u8[extension + EXTENSION_PART], u8[extension + EXTENSION_PARTS]];
    this.#pass(place, u16[(at + ACCEPTED_SMSC) >> 1], part, parts, timeMs);
  }

  /** Of a body that is as it came; the header that would stand before it is not looked at. */
  #keyOf(b: Buffer, at: number, length: number): number {
    const f = this.#f;
    const status = scanDeliverSm(b, at - HEADER_BYTES, at + length, VERSION_50, f);
    const concat = status === ESME_ROK ? concatOf(b, f) : undefined;
    return concat === undefined ? 0 : partKey(b, f, concat);
  }

  #pass({ place, tag }: WayPlace, smsc: number, part: number, parts: number, lastMs: number): void {
    if (lastMs > this.#endMs) this.#endMs = lastMs;
    // 16 bits of the place are all that the table has of it, and 53 bits are exact.
    const key = (place & (PART_WAYS - 1)) * 2 ** 32 + tag;
    const known = this.#ways.get(key);
    const seen = known?.seen ?? new Set();
    seen.add(part);
    this.#ways.delete(key);
    if (seen.size >= parts) return;
    this.#ways.set(key, { place, tag, smsc, seen, lastMs });
    if (this.#ways.size <= PART_WAYS) return;
    for (const oldest of this.#ways.keys()) {
      this.#ways.delete(oldest);
      return;
    }
  }

  /** Into the table of the edges: what was young when the ledger ends is young again, however long that is ago. */
  fill(ways: PartWays, nowMs: number): void {
    for (const { place, tag, smsc, lastMs } of this.#ways.values()) {
      if (lastMs > this.#endMs - WAY_MS) ways.of(place, tag, nowMs, () => smsc);
    }
  }
}
