/** What every submit passes on its way into a ring, whatever its form. */
import {
  ACCEPTED,
  ACCEPTED_BODY,
  ACCEPTED_DATA_CODING,
  ACCEPTED_DEST_AT,
  ACCEPTED_ESM_CLASS,
  ACCEPTED_EXPIRES,
  ACCEPTED_FLAGS,
  ACCEPTED_FLAG_SHORT_ID,
  ACCEPTED_MESSAGE_AT,
  ACCEPTED_PRIORITY,
  ACCEPTED_REGISTERED_DELIVERY,
  ACCEPTED_SEQUENCE,
  ACCEPTED_SESSION,
  ACCEPTED_SMSC,
  ACCEPTED_SM_LENGTH,
  ACCEPTED_SOURCE_AT,
  DELIVERY_CONVERTED,
  PROTOCOL_HTTP,
  RECORD_A,
  RECORD_B,
  RECORD_TYPE,
} from '../core/records.ts';
import {
  CELL_DISK_REFUSING,
  CELL_QUEUE_FULL,
  CELL_SUBMIT_THROTTLED,
  SMSC_QUEUED,
} from '../core/ring/counters.ts';
import type { AccountConfig } from '../core/config.ts';
import { VERSION_33, VERSION_34, VERSION_50 } from '../smpp/constants.ts';
import type { Sender } from '../smpp/shape-profile.ts';
import { writeEnd } from '../smpp/validity.ts';
import type { EdgeAccount, EdgeSmsc, EdgeState, Senders } from './state.ts';

/** The account as the sender of a message that came over a session of this version, or over HTTP. */
export function senderOf({ senders }: EdgeAccount, version: number, protocol: number): Sender {
  if (protocol === PROTOCOL_HTTP) return senders.http;
  if (version >= VERSION_50) return senders.v50;
  return version >= VERSION_34 ? senders.v34 : senders.v33;
}

/** All of them. */
export function sendersOf({
  default_alphabet: alphabet,
  transliterate,
  parts_max: partsMax,
}: AccountConfig): Senders {
  const common = { alphabet, transliterate, partsMax };
  return {
    v33: { ...common, version: VERSION_33 },
    v34: { ...common, version: VERSION_34 },
    v50: { ...common, version: VERSION_50 },
    // The text of an HTTP request is encoded here, in the GSM alphabet or UCS-2.
    http: { ...common, version: VERSION_34, alphabet: 'gsm', recode: true },
  };
}

/** Whether a message may pass now by the account's rate; and whether anything is taken at all. */
export function takeToken(edge: EdgeState, { index, intervalTicks, burstTicks }: EdgeAccount): boolean {
  if (edge.draining) return false;
  if (intervalTicks === 0) return true;
  if (edge.rates.take(index, edge.nowTicks, intervalTicks, burstTicks)) return true;
  edge.cells[CELL_SUBMIT_THROTTLED]++;
  return false;
}

/**
 * The rate is counted in parts: what the parts of a message after its first take of it. They are not refused, or an
 * account with a low rate could send no long message at all; what follows them waits.
 */
export function spendTokens(edge: EdgeState, { index, intervalTicks }: EdgeAccount, count: number): void {
  if (intervalTicks > 0 && count > 0) edge.rates.spend(index, edge.nowTicks, intervalTicks, count);
}

/** As `spendTokens`, but all of it: what has no room in the rate now is charged as time passes, by `chargeDebts`. */
export function oweTokens(edge: EdgeState, account: EdgeAccount, count: number): void {
  if (account.intervalTicks === 0 || count === 0) return;
  const owed = edge.debts.get(account) ?? 0;
  edge.debts.set(account, owed + account.intervalTicks * count);
  chargeDebts(edge);
}

/** Goes on with what is owed. Far more often than once in 7.5 s, or an account would be let go in between. */
export function chargeDebts(edge: EdgeState): void {
  for (const [account, owed] of edge.debts) {
    const left = edge.rates.charge(account.index, edge.nowTicks, owed);
    if (left > 0) edge.debts.set(account, left);
    else edge.debts.delete(account);
  }
}

/** Nothing more may be queued for this SMSC, or its shard is short of disk. */
export function hasNoRoom(edge: EdgeState, smsc: EdgeSmsc): boolean {
  const isFull = smsc.cells[SMSC_QUEUED] >= smsc.queueMax;
  if (!isFull && edge.shardCells[smsc.shard][CELL_DISK_REFUSING] === 0) return false;
  edge.cells[CELL_QUEUE_FULL]++;
  return true;
}

/** ACCEPTED_FLAG_SHORT_ID where the session's responses have the short id of 3.3. */
export function idFlagOf(version: number, protocol: number): number {
  return version <= VERSION_33 && protocol !== PROTOCOL_HTTP ? ACCEPTED_FLAG_SHORT_ID : 0;
}

/** qos_time_to_live of so many seconds goes before validity_period; 0: there is none. */
export function takeTimeToLive({ times, nowMs }: EdgeState, seconds: number): void {
  if (seconds > 0) times.expiresMs = Math.max(nowMs, times.scheduleMs) + seconds * 1000;
}

/** The record of the scanned submit_sm whose body is [body, end), without an extension; with these ACCEPTED_FLAG_*. */
export function writeAsItIs(
  edge: EdgeState,
  account: EdgeAccount,
  smsc: EdgeSmsc,
  protocol: number,
  session: number,
  sequence: number,
  bytes: Buffer,
  body: number,
  end: number,
  at: number,
  flags: number,
): void {
  const { fields, times } = edge;
  const { u8, u16, u32, f64 } = edge.ends.writers[smsc.shard].bytes;
  u8[at + RECORD_TYPE] = ACCEPTED;
  u8[at + RECORD_A] = protocol;
  u16[(at + RECORD_B) >> 1] = account.index;
  u16[(at + ACCEPTED_SMSC) >> 1] = smsc.index;
  u16[(at + ACCEPTED_FLAGS) >> 1] = flags;
  u32[(at + ACCEPTED_SESSION) >> 2] = session;
  u32[(at + ACCEPTED_SEQUENCE) >> 2] = sequence;
  u8[at + ACCEPTED_REGISTERED_DELIVERY] = fields.registeredDelivery & ~DELIVERY_CONVERTED;
  u8[at + ACCEPTED_ESM_CLASS] = fields.esmClass;
  u8[at + ACCEPTED_DATA_CODING] = fields.dataCoding;
  u8[at + ACCEPTED_PRIORITY] = fields.priority;
  u16[(at + ACCEPTED_SOURCE_AT) >> 1] = fields.sourceAt - 2 - body;
  u16[(at + ACCEPTED_DEST_AT) >> 1] = fields.destAt - 2 - body;
  u16[(at + ACCEPTED_MESSAGE_AT) >> 1] = fields.messageAt - body;
  u8[at + ACCEPTED_SM_LENGTH] = fields.smLength;
  u8[at + ACCEPTED_SM_LENGTH + 1] = 0;
  bytes.copy(u8, at + ACCEPTED_BODY, body, end);
  if (times.expiresMs > 0) {
    const { validityAt, validityEnd } = fields;
    f64[(at + ACCEPTED_EXPIRES) >> 3] = times.expiresMs;
    writeEnd(u8, at + ACCEPTED_BODY + validityAt - body, validityEnd - validityAt, times.expiresMs);
  } else f64[(at + ACCEPTED_EXPIRES) >> 3] = edge.nowMs + smsc.validityMs;
}
