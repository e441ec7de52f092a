/**
 * alert_notification: a handset can be reached again (v3.4 section 4.12). It names no account, so it goes to the one
 * whose latest message here went from the ESME's address that it names to that handset. It has no answer: it is offered
 * once to a receiver of that account, and kept nowhere.
 */
import { DEST_AT, NO_SLOT, SOURCE_AT, TEXT_BYTES } from '../core/message-table.ts';
import { ALERT, ALERT_BODY, RECORD_B, RECORD_TYPE } from '../core/records.ts';
import { RING_FULL } from '../core/ring/ring.ts';
import { decodePdu } from '../smpp/codec.ts';
import { HEADER_BYTES } from '../smpp/constants.ts';
import type { Faults } from '../smpp/faults.ts';
import { deskOf } from './receipts-out.ts';
import type { ShardState } from './state.ts';

/** Looking for the message takes some tenths of a millisecond: an SMSC that floods us is not followed. */
const ALERTS_A_SECOND_MAX = 100;

/** True: it was handed to an edge. What can not be read is counted in `faults`. */
export function onAlert(
  shard: ShardState,
  faults: Faults,
  bytes: Buffer,
  start: number,
  end: number,
): boolean {
  const second = Math.floor(shard.nowMs / 1000);
  if (shard.alerts.second !== second) shard.alerts = { second, count: 0 };
  if (++shard.alerts.count > ALERTS_A_SECOND_MAX) return false;
  const decoded = decodePdu(bytes, start, end, undefined, { lenient: true });
  if (!decoded.ok) faults.add('malformed');
  if (!decoded.ok || decoded.pdu.command !== 'alert_notification') return false;
  const { sourceAddr, esmeAddr } = decoded.pdu;
  const account = accountBetween(shard, esmeAddr, sourceAddr);
  if (account < 0) return false;
  const edge = deskOf(shard, account).newer.findIndex((count) => count > 0);
  if (edge < 0) return false;
  const ring = shard.ends.writers[edge];
  const body = start + HEADER_BYTES;
  const at = ring.claim(ALERT_BODY + end - body);
  if (at === RING_FULL) return false;
  ring.bytes.u8[at + RECORD_TYPE] = ALERT;
  ring.bytes.u16[(at + RECORD_B) >> 1] = account;
  bytes.copy(ring.bytes.u8, at + ALERT_BODY, body, end);
  ring.commit();
  return true;
}

/** Type and plan of numbers differ between the two sides of a gateway: only the digits are compared. -1: none. */
function accountBetween(shard: ShardState, from: string, to: string): number {
  const { table, unreached } = shard;
  const source = Buffer.from(`${from}\0`, 'latin1');
  const dest = Buffer.from(`${to}\0`, 'latin1');
  const slot = latestBetween(shard, source, dest);
  const place = unreached.find(source, dest);
  if (slot === NO_SLOT) return place < 0 ? -1 : unreached.accountAt(place);
  const isNewer = place >= 0 && unreached.acceptedMsAt(place) > table.acceptedMs[slot];
  return isNewer ? unreached.accountAt(place) : table.account[slot];
}

/** In slots that are free, too: they say what was there until another message comes, and that costs nothing. */
function latestBetween({ table, scratch }: ShardState, source: Buffer, dest: Buffer): number {
  let found = NO_SLOT;
  for (let slot = 0; slot < table.capacity; slot++) {
    if (slot === scratch) continue;
    if (table.destLength[slot] !== dest.length + 2 || table.sourceLength[slot] !== source.length + 2)
      continue;
    if (found !== NO_SLOT && table.acceptedMs[slot] < table.acceptedMs[found]) continue;
    if (
      isAt(table.text, slot * TEXT_BYTES + DEST_AT + 2, dest) &&
      isAt(table.text, slot * TEXT_BYTES + SOURCE_AT + 2, source)
    ) {
      found = slot;
    }
  }
  return found;
}

function isAt(text: Buffer, at: number, bytes: Buffer): boolean {
  return text.compare(bytes, 0, bytes.length, at, at + bytes.length) === 0;
}
