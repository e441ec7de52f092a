import { LONG_CREDENTIAL_LENGTH_MAX } from '../core/limits.ts';

export interface LoadOptions {
  host: string;
  port: number;
  systemId: string;
  password: string;
  /** binds of bindType; a pair is one transmitter and one receiver */
  binds: number;
  bindType: 'transceiver' | 'pair';
  /** most unanswered submits on one bind */
  window: number;
  /** stop after so many messages; 0 = no such bound */
  messages: number;
  /** stop after so many seconds; 0 = no such bound */
  durationS: number;
  /** messages a second, paced by time whatever the answers do; 0 = flat out */
  rate: number;
  /** flat out only: most messages whose receipt is outstanding; 0 = 4 x window x binds */
  maxWithoutReceipt: number;
  textBytes: number;
  /** ask for receipts and wait for them */
  receipts: boolean;
  /** without any answer or receipt for so long after the last submit, what is missing counts as lost */
  waitReceiptsS: number;
  /** an unanswered submit counts as lost after this */
  responseTimeoutS: number;
  /** different destinations in turn; 0 = every message its own */
  destinations: number;
  /** each text begins with this and the 8-digit number of the message */
  keyPrefix: string;
  /** file that gets a line per submit, answer and receipt; empty = none */
  record: string;
  /** bind again after a lost connection; its unanswered messages are sent again under new keys */
  reconnect: boolean;
  /** receipts of messages that this load did not send are expected: it shares its account */
  foreignReceipts: boolean;
  noDelay: boolean;
}

export const DEFAULT_LOAD_OPTIONS: LoadOptions = {
  host: '127.0.0.1',
  port: 2775,
  systemId: 'demo',
  password: 'demo1234',
  binds: 1,
  bindType: 'transceiver',
  window: 100,
  messages: 0,
  durationS: 0,
  rate: 0,
  maxWithoutReceipt: 0,
  textBytes: 100,
  receipts: true,
  waitReceiptsS: 30,
  responseTimeoutS: 60,
  destinations: 0,
  keyPrefix: 'm',
  record: '',
  reconnect: false,
  foreignReceipts: false,
  noDelay: true,
};

const MESSAGES_WITHOUT_ANY_BOUND = 10_000;

/** Fills in the defaults. Throws on a value out of its range. */
export function completeLoadOptions(options: Partial<LoadOptions>): LoadOptions {
  const whole = { ...DEFAULT_LOAD_OPTIONS, ...options };
  if (whole.messages === 0 && whole.durationS === 0) whole.messages = MESSAGES_WITHOUT_ANY_BOUND;
  if (whole.maxWithoutReceipt === 0) whole.maxWithoutReceipt = 4 * whole.window * whole.binds;
  if (whole.textBytes < 0 || whole.textBytes > 254) throw new Error('textBytes must be between 0 and 254');
  if (whole.window < 1 || whole.window > 1_000_000) throw new Error('window must be between 1 and 1000000');
  if (whole.systemId.length > LONG_CREDENTIAL_LENGTH_MAX)
    throw new Error(`systemId must be at most ${LONG_CREDENTIAL_LENGTH_MAX} characters`);
  if (whole.binds < 1) throw new Error('binds must be at least 1');
  if (!/^[!-~]{0,32}$/.test(whole.keyPrefix))
    throw new Error('keyPrefix must be up to 32 characters, no space');
  return whole;
}
