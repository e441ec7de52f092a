/** Rates as plain arithmetic; time comes in. */

/**
 * Token bucket of one SMSC: `perSecond` messages, at most 100 ms worth at once. A rate of 0 is no limit.
 * `slow` halves the rate after a throttle, `ease` takes a fifth of it; it rises again by a tenth of the set rate each
 * second.
 */
export class TokenBucket {
  readonly #perSecond: number;
  #current: number;
  #tokens: number;
  #lastMs: number;
  #pausedUntilMs = 0;
  #slowed = false;
  #easedMs = -Infinity;
  /** What `ease` does not go below. */
  #floor = 1;

  constructor(perSecond: number, nowMs: number) {
    this.#perSecond = perSecond;
    this.#current = perSecond;
    this.#tokens = this.#burst();
    this.#lastMs = nowMs;
  }

  #burst(): number {
    return Math.max(1, this.#current / 10);
  }

  /** How many messages may go now, at most `wanted`; they count as gone. */
  take(wanted: number, nowMs: number): number {
    if (nowMs < this.#pausedUntilMs) return 0;
    this.#recover(nowMs);
    if (this.#current === 0) return wanted;
    this.#refill(nowMs);
    const count = Math.min(wanted, Math.floor(this.#tokens));
    this.#tokens -= count;
    return count;
  }

  /** Returns messages that were taken but not sent. */
  giveBack(count: number): void {
    if (this.#current !== 0) this.#tokens += count;
  }

  #refill(nowMs: number): void {
    const elapsedMs = Math.max(0, nowMs - this.#lastMs);
    this.#lastMs = nowMs;
    this.#tokens = Math.min(this.#burst(), this.#tokens + (elapsedMs * this.#current) / 1000);
  }

  #recover(nowMs: number): void {
    if (!this.#slowed) return;
    const step = Math.max(1, (this.#perSecond || this.#current * 10) / 10);
    const seconds = (nowMs - this.#pausedUntilMs) / 1000;
    if (seconds < 1) return;
    this.#pausedUntilMs = nowMs;
    this.#current += step * Math.floor(seconds);
    if (this.#perSecond !== 0 && this.#current < this.#perSecond) return;
    if (this.#perSecond === 0 && this.#current < RATE_UNLIMITED_FROM) return;
    this.#current = this.#perSecond;
    this.#slowed = false;
  }

  /** The SMSC said ESME_RTHROTTLED: stop for a second, go on at half of `observedPerSecond` or of the set rate. */
  slow(nowMs: number, observedPerSecond: number): void {
    if (nowMs < this.#pausedUntilMs) return;
    const rate = this.#current === 0 ? observedPerSecond : this.#current;
    this.#current = Math.max(1, rate / 2);
    this.#tokens = 0;
    this.#lastMs = nowMs + THROTTLE_PAUSE_MS;
    this.#pausedUntilMs = nowMs + THROTTLE_PAUSE_MS;
    this.#slowed = true;
  }

  /**
   * The SMSC is near its limit: a fifth less once a second, without a stop and not below a tenth of the set rate (or
   * of `observedPerSecond`); and no rise while it goes on saying so.
   */
  ease(nowMs: number, observedPerSecond: number): void {
    if (nowMs < this.#pausedUntilMs) return;
    this.#pausedUntilMs = nowMs;
    if (nowMs - this.#easedMs < 1000) return;
    this.#easedMs = nowMs;
    if (!this.#slowed) this.#floor = Math.max(1, (this.#perSecond || observedPerSecond) / 10);
    const rate = this.#current === 0 ? observedPerSecond : this.#current;
    this.#current = Math.max(Math.min(rate, this.#floor), rate * EASE_FACTOR, 1);
    this.#tokens = Math.min(this.#tokens, this.#burst());
    this.#lastMs = nowMs;
    this.#slowed = true;
  }

  /** When it makes sense to ask again, in ms from now; 0: now. */
  waitMs(nowMs: number): number {
    if (nowMs < this.#pausedUntilMs) return this.#pausedUntilMs - nowMs;
    if (this.#current === 0 || this.#tokens >= 1) return 0;
    return Math.ceil(((1 - this.#tokens) * 1000) / this.#current);
  }
}

export const THROTTLE_PAUSE_MS = 1000;
const EASE_FACTOR = 0.8;
/** A slowed bucket without a set rate is open again once it would pass this many a second. */
const RATE_UNLIMITED_FROM = 100_000;
