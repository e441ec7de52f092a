/**
 * Which message a receipt is about: by the SMSC's id, in memory and in the store, as the SMSC's receipt_ids says (spec
 * section 9.3). Exactly this id first; then one that differs in letter case only; then in leading zeros; then in its
 * base. Never one of two.
 */
import { isSameAddress } from '../core/address.ts';
import { AMBIGUOUS } from '../core/id-index.ts';
import { DEST_AT, NO_SLOT, SOURCE_AT, TEXT_BYTES } from '../core/message-table.ts';
import { IDS_DIFFER, SEVERAL, likenessOfIds, lookUpId } from '../core/smsc-id.ts';
import type { MessageFields } from '../smpp/pdu/message-fields.ts';
import type { PendingRow } from '../store/pending.ts';
import { unpackRow } from './row.ts';
import type { ShardState, Smsc } from './state.ts';

/** A slot, or the row of a message that is only in the store. */
export type Awaited = number | PendingRow;

/** The message that the SMSC's receipt names with the id in [at, at + length); undefined: none, or not one alone. */
export function findAwaited(
  shard: ShardState,
  smsc: Smsc,
  bytes: Uint8Array,
  at: number,
  length: number,
): Awaited | undefined {
  const { index } = shard;
  const mode = smsc.config.receipt_ids;
  if (mode === 'auto' || mode === 'as-is') {
    const slot = index.find(smsc.index, bytes, at, length);
    if (slot !== NO_SLOT) {
      index.habits.alike(smsc.index);
      return slot;
    }
  }
  return findOtherwise(shard, smsc, bytes, at, length);
}

/** Apart, so that the usual way above makes no closure. */
function findOtherwise(
  shard: ShardState,
  { index: smsc, config }: Smsc,
  bytes: Uint8Array,
  at: number,
  length: number,
): Awaited | undefined {
  const id = Buffer.from(bytes.buffer, bytes.byteOffset + at, length).toString('latin1');
  const { habits } = shard.index;
  return lookUpId<Awaited>(smsc, config.receipt_ids, id, true, habits, (each) => look(shard, smsc, each));
}

/** TON and NPI before an address, the NUL behind it. */
const AROUND_BYTES = 3;

/**
 * Does the PDU go from where the message went to where it came from? What SMSCs make of a message without a source
 * address is anything. A row is read by way of the scratch slot, which the caller sets back.
 */
export function isAnswerTo(
  shard: ShardState,
  found: Awaited,
  message: MessageFields,
  bytes: Buffer,
): boolean {
  const { scratch, table } = shard;
  if (typeof found !== 'number') unpackRow(table, scratch, found);
  const slot = typeof found === 'number' ? found : scratch;
  const base = slot * TEXT_BYTES;
  const own = (at: number, length: number): Uint8Array =>
    table.text.subarray(base + at + AROUND_BYTES - 1, base + at + Math.max(length, AROUND_BYTES) - 1);
  const dest = own(DEST_AT, table.destLength[slot]);
  const source = own(SOURCE_AT, table.sourceLength[slot]);
  if (!isSameAddress(dest, bytes.subarray(message.sourceAt, message.sourceEnd))) return false;
  return source.length === 0 || isSameAddress(source, bytes.subarray(message.destAt, message.destEnd));
}

/** Is the message in memory, or none in the store? Then the store need not be asked. */
export function isInMemory(
  shard: ShardState,
  smsc: Smsc,
  bytes: Uint8Array,
  at: number,
  length: number,
): boolean {
  if (!shard.store.hasAwaiting(smsc.index)) return true;
  return typeof findAwaited(shard, smsc, bytes, at, length) === 'number';
}

function look(shard: ShardState, smsc: number, id: string): Awaited | undefined | typeof SEVERAL {
  const { index, store } = shard;
  const bytes = Buffer.from(id, 'latin1');
  const slot = index.find(smsc, bytes, 0, bytes.length);
  if (slot !== NO_SLOT) return slot;
  const { similar, similarity } = index;
  const inMemory = similar === NO_SLOT ? undefined : similar === AMBIGUOUS ? SEVERAL : similar;
  if (!store.hasAwaiting(smsc)) return inMemory;
  const stored = mostSimilar(store.awaiting(smsc, id), bytes);
  if (stored.similarity !== similarity) return stored.similarity > similarity ? stored.found : inMemory;
  return similarity === IDS_DIFFER ? undefined : SEVERAL;
}

/** The one row whose id is most like this one; rows of one id count as one, and the newest is it. */
function mostSimilar(
  rows: readonly PendingRow[],
  id: Buffer,
): { found: PendingRow | undefined | typeof SEVERAL; similarity: number } {
  let found: PendingRow | undefined;
  let similarity = IDS_DIFFER;
  let several = false;
  for (const row of rows) {
    const theirs = Buffer.from(row.smscId ?? '', 'latin1');
    const likeness = likenessOfIds(theirs, 0, theirs.length, id, 0, id.length);
    if (likeness > similarity) {
      similarity = likeness;
      found = row;
      several = false;
    } else if (likeness === similarity && row.smscId !== found?.smscId) several = true;
  }
  return { found: several ? SEVERAL : found, similarity };
}
