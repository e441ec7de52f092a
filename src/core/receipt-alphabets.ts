/** Whether the text of a message is, octet by octet, that of its receipt: both have data_coding 0. */
import type { Alphabet } from './charsets.ts';

/** UTF-8 is never copied as it is, lest a character be cut in two: on the two sides its numbers differ. */
const SMSC_NUMBERS: Record<Alphabet, number> = { gsm: 0, ascii: 1, latin1: 2, utf8: 3 };
const ACCOUNT_NUMBERS: Record<Alphabet, number> = { gsm: 0, ascii: 1, latin1: 2, utf8: 4 };

/**
 * What data_coding 0 means to SMSCs and accounts, by permanent index. undefined: there is none any more, and its
 * alphabet was the default one.
 */
export class ReceiptAlphabets {
  readonly #smscs: Uint8Array;
  readonly #accounts: Uint8Array;

  constructor(smscs: readonly (Alphabet | undefined)[], accounts: readonly (Alphabet | undefined)[]) {
    this.#smscs = Uint8Array.from(smscs, (alphabet = 'gsm') => SMSC_NUMBERS[alphabet]);
    this.#accounts = Uint8Array.from(accounts, (alphabet = 'gsm') => ACCOUNT_NUMBERS[alphabet]);
  }

  /** What the one reads the other reads alike, octet by octet. Asked for each message. */
  isSame(smsc: number, account: number): boolean {
    return this.#smscs[smsc] === this.#accounts[account];
  }
}
