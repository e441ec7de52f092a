/** The start of a message, kept for the text of its receipt: as its account means data_coding 0. */
import type { Bytes } from '../core/bytes.ts';
import type { Alphabet } from '../core/charsets.ts';
import { ESCAPE } from '../core/gsm-tables.ts';
import { TEXT_AT, TEXT_LENGTH_MAX } from '../core/message-table.ts';
import {
  ACCEPTED_BODY,
  ACCEPTED_DATA_CODING,
  ACCEPTED_ESM_CLASS,
  ACCEPTED_MESSAGE_AT,
  ACCEPTED_SM_LENGTH,
  HELD_HTTP,
  HELD_VERSION_MASK,
} from '../core/records.ts';
import { ESM_UDHI, TLV_MESSAGE_PAYLOAD, VERSION_34, VERSION_50 } from '../smpp/constants.ts';
import { readU16 } from '../smpp/cursor.ts';
import { findTlv } from '../smpp/pdu/tlv.ts';
import { receiptTextOf } from '../smpp/receipt-text.ts';
import { configuredProfile } from './spoken.ts';
import type { ShardState } from './state.ts';

/** In place of a reading: the message is in the form of its SMSC. */
export const MADE_FOR_SMSC = -1;
/** What is looked at of a message_payload. */
const LOOKED_AT_MAX = 255;
const scratch = new Uint8Array(TEXT_LENGTH_MAX);

/**
 * Keeps the text of the ACCEPTED event at `at`, without its user data header, with a slot whose body, account and SMSC
 * are set; returns its octets. `reading`: what the record of a held part says of its sender, or MADE_FOR_SMSC.
 */
export function keepText(shard: ShardState, slot: number, bytes: Bytes, at: number, reading: number): number {
  const { table } = shard;
  const { u8, u16 } = bytes;
  const body = at + ACCEPTED_BODY;
  const bodyEnd = body + table.bodyLength[slot];
  let from = body + u16[(at + ACCEPTED_MESSAGE_AT) >> 1];
  let length = u8[at + ACCEPTED_SM_LENGTH];
  if (length === 0 && from < bodyEnd) {
    from = findTlv(u8, from, bodyEnd, TLV_MESSAGE_PAYLOAD);
    if (from >= 0) length = Math.min(LOOKED_AT_MAX, readU16(u8, from - 2));
  }
  if (length === 0) return 0;
  let header = 0;
  if ((u8[at + ACCEPTED_ESM_CLASS] & ESM_UDHI) !== 0) {
    header = Math.min(length, u8[from] + 1);
    from += header;
    length -= header;
  }
  const coding = u8[at + ACCEPTED_DATA_CODING];
  const isCopied = coding === 0 && header === 0 && reading === MADE_FOR_SMSC;
  if (isCopied && shard.receiptAlphabets.isSame(table.smsc[slot], table.account[slot])) {
    const kept = table.keepBytes(slot, TEXT_AT, u8, from, length, TEXT_LENGTH_MAX);
    // An escape whose second octet was not taken would swallow what follows.
    return kept < length && u8[from + kept - 1] === ESCAPE ? kept - 1 : kept;
  }
  const kept = convert(shard, slot, reading, u8, from, length, coding, header);
  return table.keepBytes(slot, TEXT_AT, scratch, 0, kept, TEXT_LENGTH_MAX);
}

/** Into `scratch`; returns how many octets. There are `header` octets of a header before `from`. */
function convert(
  { table, smscs, accounts }: ShardState,
  slot: number,
  reading: number,
  u8: Uint8Array,
  from: number,
  length: number,
  coding: number,
  header: number,
): number {
  const told = accounts[table.account[slot]]?.default_alphabet ?? 'gsm';
  const smsc = smscs[table.smsc[slot]];
  let [version, alphabet]: [number, Alphabet] = [VERSION_34, 'gsm'];
  if (reading !== MADE_FOR_SMSC) {
    version = reading & HELD_VERSION_MASK || VERSION_50;
    // Over HTTP data_coding 0 is the GSM alphabet, whatever the account's sessions use.
    if ((reading & HELD_HTTP) === 0) alphabet = told;
  } else if (smsc !== undefined) ({ version, alphabet } = configuredProfile(smsc));
  return receiptTextOf(u8, from, length, coding, scratch, TEXT_LENGTH_MAX, alphabet, header, told, version);
}
