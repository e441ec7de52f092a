/**
 * The timers of a session as a value: events go in with the time they happened, `tick` says what is due. Nothing
 * here knows a clock, so thousands of sessions share one interval and a test plays an hour in a microsecond.
 * Times are milliseconds of any one steady clock; a setting of 0 turns its timer off.
 */
export interface TimerSettings {
  /** From the connection to the bind's success. */
  sessionInitMs: number;
  /** Silence (no PDU in either direction) after which an enquire_link is due. */
  enquireMs: number;
  /** How long an enquire_link may stay unanswered; any PDU answers it. */
  enquireResponseMs: number;
  /** enquire_links sent in a row before the session is given up. */
  enquireAttemptsMax: number;
  /** From the last PDU received to the end of the session. */
  inactivityMs: number;
  /** To complete one PDU, from its first byte. */
  partialMs: number;
}

export const TICK_OK = 0;
/** Send an enquire_link; it counts as sent from this tick on. */
export const TICK_ENQUIRE = 1;
export const TICK_CLOSE_INIT = 2;
export const TICK_CLOSE_ENQUIRE = 3;
export const TICK_CLOSE_INACTIVE = 4;
export const TICK_CLOSE_PARTIAL = 5;

const NEVER = -1;

export class SessionTimers {
  private readonly settings: TimerSettings;
  private bound = false;
  private openedMs: number;
  private receivedMs: number;
  private sentMs: number;
  private partialMs = NEVER;
  private enquiredMs = NEVER;
  private enquiries = 0;

  /** Without `nowMs`, the connection counts as opened with the first event or tick. */
  constructor(settings: TimerSettings, nowMs: number = NEVER) {
    this.settings = settings;
    this.openedMs = nowMs;
    this.receivedMs = nowMs;
    this.sentMs = nowMs;
  }

  /** A whole PDU came in, whichever: it also answers an enquire_link. */
  onReceived(nowMs: number): void {
    this.open(nowMs);
    this.receivedMs = nowMs;
    this.enquiredMs = NEVER;
    this.enquiries = 0;
  }

  /** PDUs went out. */
  onSent(nowMs: number): void {
    this.open(nowMs);
    this.sentMs = nowMs;
  }

  onBound(nowMs: number): void {
    this.onReceived(nowMs);
    this.bound = true;
  }

  /** Bytes of an unfinished PDU are held; only the first call for a PDU starts its time. */
  onPartial(nowMs: number): void {
    this.open(nowMs);
    if (this.partialMs === NEVER) this.partialMs = nowMs;
  }

  /** The PDU that was unfinished is whole. */
  onWhole(_nowMs?: number): void {
    this.partialMs = NEVER;
  }

  /** What is due at `nowMs`: one of TICK_*. After a TICK_CLOSE_* the timers are done with. */
  tick(nowMs: number): number {
    this.open(nowMs);
    const s = this.settings;
    if (this.partialMs !== NEVER && s.partialMs > 0 && nowMs - this.partialMs >= s.partialMs) {
      return TICK_CLOSE_PARTIAL;
    }
    if (!this.bound) {
      return s.sessionInitMs > 0 && nowMs - this.openedMs >= s.sessionInitMs ? TICK_CLOSE_INIT : TICK_OK;
    }
    if (s.inactivityMs > 0 && nowMs - this.receivedMs >= s.inactivityMs) return TICK_CLOSE_INACTIVE;
    return this.tickEnquire(nowMs);
  }

  private tickEnquire(nowMs: number): number {
    const s = this.settings;
    if (s.enquireMs <= 0) return TICK_OK;
    if (this.enquiredMs === NEVER) {
      if (nowMs - Math.max(this.receivedMs, this.sentMs) < s.enquireMs) return TICK_OK;
    } else {
      if (nowMs - this.enquiredMs < s.enquireResponseMs) return TICK_OK;
      if (this.enquiries >= s.enquireAttemptsMax) return TICK_CLOSE_ENQUIRE;
    }
    this.enquiredMs = nowMs;
    this.enquiries++;
    return TICK_ENQUIRE;
  }

  private open(nowMs: number): void {
    if (this.openedMs !== NEVER) return;
    this.openedMs = nowMs;
    this.receivedMs = nowMs;
    this.sentMs = nowMs;
  }
}
