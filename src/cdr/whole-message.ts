/**
 * A message with everything that belongs to it: the parts of a long one, whoever took it apart, and the destinations of
 * a submit_multi, which the client knows under one id. All of them are in the segment of the id and later ones.
 */
import { formatMessageId, idLowOf, indexOf, shardOf } from '../core/message-id.ts';
import * as records from '../core/records.ts';
import { decodeEvent, eventsOf } from './decode.ts';
import { eachBlock, namesAt } from './follow.ts';
import type { PlacedEvent } from './follow.ts';
import type { Names } from './merge.ts';

export interface WholeMessage {
  /** Of the message itself. */
  events: PlacedEvent[];
  /** Of each message that is a part of it, in order of their ids. */
  parts: { messageId: string; events: PlacedEvent[] }[];
}

/** What ties messages together, found in one pass. */
interface Ties {
  /** By the id that they name as theirs, or were joined into: the messages. */
  members: Map<string, Set<string>>;
  /** By the first part's id: how many parts follow it with neighbouring ids. */
  counts: Map<string, number>;
}

/** Reads the ledger twice, ties first. Throws when a block on the way is damaged. */
export async function readWholeMessage(
  dataDir: string,
  shard: number,
  idHigh: number,
  idLow: number,
): Promise<WholeMessage> {
  const root = formatMessageId(idHigh, idLow);
  const ties: Ties = { members: new Map(), counts: new Map() };
  await eachBlock(dataDir, shard, idHigh, (bytes) => {
    for (const { at, type } of eventsOf(bytes)) noteTie(ties, bytes, at, type);
  });
  const wanted = new Map<string, PlacedEvent[]>();
  for (const id of [root, ...idsOf(ties, root)]) wanted.set(id, []);
  let names: Names = { accounts: [], smscs: [] };
  await eachBlock(dataDir, shard, idHigh, (bytes) => {
    for (const { at, type } of eventsOf(bytes)) {
      if (type === records.NAMES) names = namesAt(bytes, at);
      else wanted.get(idAt(bytes, at))?.push({ event: decodeEvent(bytes, at), names });
    }
  });
  const events = wanted.get(root) ?? [];
  wanted.delete(root);
  return { events, parts: Array.from(wanted, ([messageId, each]) => ({ messageId, events: each })) };
}

function idAt(bytes: Buffer, at: number): string {
  return formatMessageId(
    bytes.readUInt32LE(at + records.RECORD_ID_HIGH),
    bytes.readUInt32LE(at + records.RECORD_ID_LOW),
  );
}

function noteTie(ties: Ties, bytes: Buffer, at: number, type: number): void {
  if (type === records.JOINED) {
    const event = decodeEvent(bytes, at);
    if (event.type === 'JOINED') tie(ties, event.messageId, event.leaderId);
    return;
  }
  if (type !== records.ACCEPTED) return;
  // Only what is no plain message has a tie.
  if ((bytes.readUInt16LE(at + records.ACCEPTED_FLAGS) & records.ACCEPTED_FLAG_EXTENDED) === 0) return;
  const event = decodeEvent(bytes, at);
  if (event.type !== 'ACCEPTED') return;
  const whole = event.toldId ?? event.leaderId;
  if (whole !== undefined && whole !== event.messageId) tie(ties, whole, event.messageId);
  const isFirst = event.part === 1 && event.parts > 1 && !event.held && event.leaderId === undefined;
  if (isFirst) ties.counts.set(event.messageId, event.parts);
}

function tie(ties: Ties, whole: string, part: string): void {
  const members = ties.members.get(whole);
  if (members === undefined) ties.members.set(whole, new Set([part]));
  else members.add(part);
}

/** Everything tied to a message, and to that in turn; ascending. */
function idsOf(ties: Ties, root: string): string[] {
  const seen = new Set([root]);
  const open = [root];
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    for (const next of [...(ties.members.get(id) ?? []), ...neighboursOf(ties, id)]) {
      if (seen.has(next)) continue;
      seen.add(next);
      open.push(next);
    }
  }
  seen.delete(root);
  return [...seen].toSorted();
}

function neighboursOf(ties: Ties, id: string): string[] {
  const count = ties.counts.get(id) ?? 1;
  const idHigh = Number.parseInt(id.slice(0, 8), 16);
  const idLow = Number.parseInt(id.slice(8), 16);
  return Array.from({ length: count - 1 }, (_, index) =>
    formatMessageId(idHigh, idLowOf(shardOf(idLow), indexOf(idLow) + index + 1)),
  );
}
