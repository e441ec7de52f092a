/**
 * Messages that were made for an SMSC as it is configured, before its binds turned out to speak less. Each is looked at
 * before it is sent: most go as they are, some are written anew, and what the lower version can not say at all ends.
 */
import { FLAG_DATA_SM, FLAG_PART, FLAG_TOLD, NO_BLOCK, SLOT_HELD } from '../core/message-table.ts';
import { PARTS_MAX } from '../core/limits.ts';
import { DELIVERY_CONVERTED, HELD_SHAPED } from '../core/records.ts';
import { SMSC_FAILED } from '../core/ring/counters.ts';
import {
  DATA_SM,
  ESME_RINVMSGLEN,
  ESME_ROK,
  HEADER_BYTES,
  STATE_UNDELIVERABLE,
  SUBMIT_SM,
  TLV_QOS_TIME_TO_LIVE,
  VERSION_50,
} from '../smpp/constants.ts';
import { encodeDataSm } from '../smpp/pdu/data-sm-encode.ts';
import { scanDataSm } from '../smpp/pdu/data-sm-scan.ts';
import { scanDeliverSm } from '../smpp/pdu/deliver-sm.ts';
import { encodeMessage, readMessage } from '../smpp/pdu/message-encode.ts';
import type { MessageObject } from '../smpp/pdu/message-encode.ts';
import { MessageFields } from '../smpp/pdu/message-fields.ts';
import { shapeLonePart } from '../smpp/shape-part.ts';
import { needsShape, sendsTlvs } from '../smpp/shape-profile.ts';
import type { Sender } from '../smpp/shape-profile.ts';
import { isConverted } from '../smpp/shape-text.ts';
import { shape } from '../smpp/shape.ts';
import { endText, isTimeToLive, livingUntil } from '../smpp/validity.ts';
import { forget } from './events.ts';
import { fail } from './outcome.ts';
import { packRow, withBody } from './row.ts';
import { configuredProfile } from './spoken.ts';
import { storedBody } from './spill.ts';
import type { ShardState, Smsc } from './state.ts';

/** What is sent in place of the message's own body. */
export interface Reshaped {
  readonly command: number;
  readonly body: Buffer;
}

/** The message goes as it is. */
export const AS_IT_IS = 0;
/** It has left the queue for good: it ended, or comes back in parts. */
export const GONE = 1;
/** It needs the store, which can not be written to now: it waits. */
export const LATER = 2;

/** Those that can not become the parts of a message of their own: they are parts, or one destination of several. */
const FLAGS_TIED = FLAG_PART | FLAG_TOLD;
const fields = new MessageFields();

/** What to send for the queued message in a slot, whose SMSC may speak less than it was made for. */
export function reshape(
  shard: ShardState,
  smsc: Smsc,
  slot: number,
): Reshaped | typeof AS_IT_IS | typeof GONE | typeof LATER {
  const { table, references, nowMs } = shard;
  const { profile } = smsc;
  const { version, alphabet } = configuredProfile(smsc);
  // What it was made for is how it reads now.
  const sender: Sender = { version, alphabet, transliterate: false, partsMax: partsMaxOf(shard, slot) };
  const isData = (table.flags[slot] & FLAG_DATA_SM) !== 0;
  const message = messageToChange(shard, slot, isData, sender, smsc);
  if (message === undefined) return AS_IT_IS;
  if (typeof message === 'number') return end(shard, smsc, slot, message);
  let shaped = shape(message, sender, profile, references, nowMs);
  if (!shaped.ok) shaped = shapeLonePart(message, sender, profile, references, nowMs);
  if (!shaped.ok) return end(shard, smsc, slot, shaped.status);
  const [body] = shaped.bodies;
  if (shaped.bodies.length > 1) {
    // Without its account's settings it could not be cut either.
    const isTied =
      (table.flags[slot] & FLAGS_TIED) !== 0 || shard.accounts[table.account[slot]] === undefined;
    if (isTied) return end(shard, smsc, slot, ESME_RINVMSGLEN);
    return holdToSplit(shard, slot, message, version);
  }
  // Its SMSC has it in another character set from here on.
  if (isConverted(message, sender, body, profile)) table.registeredDelivery[slot] |= DELIVERY_CONVERTED;
  if (isData && sendsTlvs(profile)) {
    const tag = profile.tlvMap.get(TLV_QOS_TIME_TO_LIVE) ?? TLV_QOS_TIME_TO_LIVE;
    const isLimited = (body.validity ?? '') !== '';
    const left = isLimited ? livingUntil(body, tag, table.expiresMs[slot], nowMs) : body;
    return { command: DATA_SM, body: encodeDataSm(left, 0).subarray(HEADER_BYTES) };
  }
  return { command: SUBMIT_SM, body: encodeMessage(SUBMIT_SM, body, 0).subarray(HEADER_BYTES) };
}

function partsMaxOf({ accounts, table }: ShardState, slot: number): number {
  return accounts[table.account[slot]]?.parts_max ?? PARTS_MAX;
}

/** The message, where it must change; undefined: it is one for the SMSC as it is; a command_status: it is none. */
function messageToChange(
  shard: ShardState,
  slot: number,
  isData: boolean,
  sender: Sender,
  { profile }: Smsc,
): MessageObject | number | undefined {
  const { table } = shard;
  const chunk = table.bodyBlock[slot];
  const isHere = chunk !== NO_BLOCK;
  const bytes = isHere
    ? shard.chunks.bytesOf(chunk).u8
    : storedBody(shard, table.idHigh[slot], table.idLow[slot]);
  const at = isHere ? table.bodyAt[slot] : 0;
  const end = isHere ? at + table.bodyLength[slot] : bytes.length;
  // Scanned in place: the header that would stand before it is not looked at.
  const start = at - HEADER_BYTES;
  const status = isData
    ? scanDataSm(bytes, start, end, fields)
    : scanDeliverSm(bytes, start, end, VERSION_50, fields);
  if (status !== ESME_ROK) return status;
  const fits = !needsShape(bytes, fields, sender, profile);
  if (fits && (!isData || sendsTlvs(profile))) return undefined;
  const message = readMessage(bytes, fields);
  // Relative to now it would be longer.
  const isLimited = message.validity !== '' || message.tlvs.some(isTimeToLive);
  if (!isLimited) return message;
  const tlvs = message.tlvs.filter((tlv) => !isTimeToLive(tlv));
  return { ...message, tlvs, validity: endText(table.expiresMs[slot]) };
}

function end(shard: ShardState, smsc: Smsc, slot: number, status: number): typeof GONE {
  smsc.cells[SMSC_FAILED]++;
  fail(shard, slot, status, STATE_UNDELIVERABLE);
  return GONE;
}

/**
 * It must be several messages now. They are made where parts that waited for each other are joined and cut anew: it
 * waits there as the only part of its message, complete. A crash in between leaves it there, or in the queue.
 */
function holdToSplit(
  shard: ShardState,
  slot: number,
  message: MessageObject,
  version: number,
): typeof GONE | typeof LATER {
  const { table, store } = shard;
  if (shard.refusing || shard.blocked) return LATER;
  const body = encodeMessage(SUBMIT_SM, message, 0).subarray(HEADER_BYTES);
  table.state[slot] = SLOT_HELD;
  table.flags[slot] &= ~FLAG_DATA_SM;
  table.toldLow[slot] = version | HELD_SHAPED;
  const row = withBody(packRow(table, slot, undefined), body);
  store.upsert([row]);
  forget(shard, slot);
  shard.joinable.push({ complete: true, parts: [{ idHigh: row.idHigh, idLow: row.idLow }] });
  return GONE;
}
