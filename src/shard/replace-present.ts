/** A submit_sm with replace_if_present_flag: the waiting message whose place it takes, if there is one. */
import { NO_PLACE } from '../core/chains.ts';
import {
  DEST_AT,
  FLAG_DATA_SM,
  FLAG_DUPLICATE_RISK,
  FLAG_INTERNAL,
  FLAG_TOLD,
  NO_SLOT,
  SLOT_AWAITING,
  SLOT_FREE,
  SLOT_JOURNAL,
  SLOT_QUEUED,
  SLOT_RETRY,
  SOURCE_AT,
} from '../core/message-table.ts';
import {
  ACCEPTED_BODY,
  ACCEPTED_DEST_AT,
  ACCEPTED_FLAGS,
  ACCEPTED_FLAG_EXTENDED,
  ACCEPTED_SEQUENCE,
  ACCEPTED_SESSION,
  ACCEPTED_SOURCE_AT,
  EXTENSION_BYTES,
  EXTENSION_PARTS,
  RECORD_B,
} from '../core/records.ts';
import type { Bytes } from '../core/bytes.ts';
import { concatOf } from '../smpp/concat.ts';
import { ESME_ROK, VERSION_50 } from '../smpp/constants.ts';
import { scanDataSm } from '../smpp/pdu/data-sm-scan.ts';
import { scanDeliverSm } from '../smpp/pdu/deliver-sm.ts';
import { MessageFields } from '../smpp/pdu/message-fields.ts';
import { sameAddress } from './find-message.ts';
import { pduOf } from './held-part.ts';
import { hashOfWay, slotsByWay } from './lookups.ts';
import { bodyOf, replaceWith, serviceTypeIn } from './replace.ts';
import type { ShardState } from './state.ts';

/** Among others what was to be sent when the daemon died: an SMSC may have been offered it. */
const FLAGS_KEEPING = FLAG_TOLD | FLAG_INTERNAL | FLAG_DUPLICATE_RISK;
/** More messages that wait between two addresses are not looked at: a client may have any number of them. */
const LOOKS_MAX = 256;

const fields = new MessageFields();

/**
 * A waiting message of the same account, addresses and service_type takes the whole of the record, keeps its id, and
 * is answered for. False: there is none in memory, or the record is a part of a longer message; it is a new message.
 */
export function replacePresent(
  shard: ShardState,
  edge: number,
  bytes: Bytes,
  at: number,
  length: number,
): boolean {
  if (isPartOfMore(bytes, at, length)) return false;
  const { u16, u32 } = bytes;
  const slot = waitingLike(
    shard,
    u16[(at + RECORD_B) >> 1],
    bytes.u8,
    at + ACCEPTED_BODY,
    at + ACCEPTED_BODY + u16[(at + ACCEPTED_SOURCE_AT) >> 1],
    at + ACCEPTED_BODY + u16[(at + ACCEPTED_DEST_AT) >> 1],
  );
  if (slot === NO_SLOT) return false;
  const session = u32[(at + ACCEPTED_SESSION) >> 2];
  replaceWith(shard, slot, bytes, at, length, {
    edge,
    session,
    sequence: u32[(at + ACCEPTED_SEQUENCE) >> 2],
  });
  return true;
}

/**
 * The slot of the message that waits the longest of those of this account with the service_type and the addresses (ton
 * npi digits NUL) at these places of `b`; NO_SLOT: there is none.
 */
function waitingLike(
  shard: ShardState,
  account: number,
  b: Buffer,
  serviceAt: number,
  sourceAt: number,
  destAt: number,
): number {
  const { table } = shard;
  const sourceLength = b.indexOf(0, sourceAt + 2) + 1 - sourceAt;
  const destLength = b.indexOf(0, destAt + 2) + 1 - destAt;
  const service = b.toString('latin1', serviceAt, sourceAt - 1);
  const chains = slotsByWay(shard);
  let next = chains.first(hashOfWay(account, b, sourceAt, sourceLength, destAt, destLength));
  for (let looks = 0; next !== NO_PLACE && looks < LOOKS_MAX;) {
    const slot = next;
    next = chains.after(slot);
    // Amortized: each message is put here once.
    if (isOver(shard, slot)) {
      chains.remove(slot);
      continue;
    }
    looks++;
    if (table.account[slot] !== account || !isUntried(shard, slot)) continue;
    if (!sameAddress(table, slot, DEST_AT, table.destLength[slot], b, destAt, destLength)) continue;
    if (!sameAddress(table, slot, SOURCE_AT, table.sourceLength[slot], b, sourceAt, sourceLength)) continue;
    if (isWholeWith(shard, slot, service)) return slot;
  }
  return NO_SLOT;
}

/** Nothing that is at this place now can be replaced any more. */
function isOver({ table }: ShardState, slot: number): boolean {
  const state = table.state[slot];
  if (state === SLOT_FREE || state > SLOT_RETRY || state === SLOT_AWAITING) return true;
  return state !== SLOT_JOURNAL && (table.flags[slot] & FLAGS_KEEPING) !== 0;
}

/** The client cut its message: a part that took the place of another would be half of two messages. */
function isPartOfMore({ u8, u16 }: Bytes, at: number, length: number): boolean {
  if ((u16[(at + ACCEPTED_FLAGS) >> 1] & ACCEPTED_FLAG_EXTENDED) === 0) return false;
  return u8[at + length - EXTENSION_BYTES + EXTENSION_PARTS] > 1;
}

/** It waits, and no SMSC was offered it. */
function isUntried({ table }: ShardState, slot: number): boolean {
  const state = table.state[slot];
  return (state === SLOT_QUEUED || state === SLOT_RETRY) && table.attempts[slot] === 0;
}

/** Has this service_type and is no part of a longer one, whoever cut it: its body says so. */
function isWholeWith(shard: ShardState, slot: number, service: string): boolean {
  const body = bodyOf(shard, slot);
  if (serviceTypeIn(body) !== service) return false;
  const pdu = pduOf(body);
  const isData = (shard.table.flags[slot] & FLAG_DATA_SM) !== 0;
  const status = isData
    ? scanDataSm(pdu, 0, pdu.length, fields)
    : scanDeliverSm(pdu, 0, pdu.length, VERSION_50, fields);
  return status === ESME_ROK && (concatOf(pdu, fields)?.total ?? 1) < 2;
}
