import { createHmac, randomBytes } from 'node:crypto';
import { Piscina } from 'piscina';
import type { AccountConfig } from '../core/config.ts';
import {
  HASH_QUEUE_MAX,
  HASH_THREADS,
  PASSWORD_CACHE_ENTRIES_MAX,
  PASSWORD_CACHE_MS_MAX,
} from '../core/limits.ts';
import { hashPassword } from './password.ts';

/**
 * refused: wrong or unknown, told apart by nothing. busy: nothing was decided, for too many checks wait, or the checker
 * was closed.
 */
export type PasswordAnswer = 'ok' | 'refused' | 'busy';

/**
 * Checks passwords of accounts on its own threads. A right password is remembered for ten minutes as an
 * HMAC under a key that lives as long as the process, so a client that binds again costs microseconds.
 */
export class PasswordChecker {
  readonly #hashes: ReadonlyMap<string, string>;
  /**
   * Verified for names that do not exist, so that their refusal takes as long as that of a wrong password.
   */
  readonly #dummyHash = hashPassword(randomBytes(16).toString('hex'));
  readonly #cacheKey = randomBytes(32);
  /** Digest of name, password and hash to the time in ms until which it is known to be right. */
  readonly #known = new Map<string, number>();
  readonly #now: () => number;
  readonly #pool: Piscina;
  #waiting = 0;
  #closed = false;

  constructor(
    accounts: readonly Pick<AccountConfig, 'name' | 'password_hash'>[],
    now: () => number = Date.now,
  ) {
    this.#hashes = new Map(accounts.map((account) => [account.name, account.password_hash]));
    this.#now = now;
    this.#pool = new Piscina({
      filename: new URL('./hash-worker.ts', import.meta.url).href,
      minThreads: 0,
      maxThreads: HASH_THREADS,
      idleTimeout: 30_000,
      concurrentTasksPerWorker: 1,
      recordTiming: false,
    });
  }

  /** Rejects only when a hashing thread itself fails. */
  async check(name: string, password: string): Promise<PasswordAnswer> {
    const hash = this.#hashes.get(name);
    const phc = hash ?? this.#dummyHash;
    const digest = this.#digest(name, password, phc);
    if (hash !== undefined && (this.#known.get(digest) ?? 0) > this.#now()) return 'ok';
    // A pool that was destroyed would start a thread again.
    if (this.#closed) return 'busy';
    // One runs, the rest wait: piscina's own bound does not count the ones that wait for a thread to start.
    if (this.#waiting >= HASH_QUEUE_MAX + HASH_THREADS) return 'busy';
    this.#waiting++;
    try {
      const right: boolean = await this.#pool.run({ phc, password }, { name: 'verify' });
      if (!right || hash === undefined) return 'refused';
      this.#remember(digest);
      return 'ok';
    } catch (error) {
      // A client that knocks while the daemon stops is no reason for the daemon to die of it.
      if (this.#closed) return 'busy';
      throw error;
    } finally {
      this.#waiting--;
    }
  }

  /** Ends the threads; checks under way, and those that still come, answer busy. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#known.clear();
    await this.#pool.destroy();
  }

  #digest(name: string, password: string, phc: string): string {
    // Names and hashes hold no NUL, so the three parts can not run into one another.
    return createHmac('sha256', this.#cacheKey).update(`${name}\0${phc}\0${password}`).digest('base64');
  }

  #remember(digest: string): void {
    if (this.#known.size >= PASSWORD_CACHE_ENTRIES_MAX) this.#known.clear();
    this.#known.set(digest, this.#now() + PASSWORD_CACHE_MS_MAX);
  }
}
