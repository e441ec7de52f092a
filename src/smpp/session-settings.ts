/** Bounds and times of a library session; all of them may be given as options. */
export interface PduSessionSettings {
  /** Our requests in flight at one time; more wait. */
  windowMax: number;
  /** Our requests that wait. */
  waitingMax: number;
  /** The peer's requests that wait for our answer; then nothing more is read. */
  requestsMax: number;
  /** Until the session is bound; 0: for ever. */
  bindTimeoutMs: number;
  responseTimeoutMs: number;
  /** Silence after which an enquire_link is sent; 0: never. Two that go unanswered end the session. */
  enquireLinkMs: number;
  /** Silence of the peer that ends the session; 0: none. */
  inactivityMs: number;
  pduBytesMax: number;
  /** Before an unbind, and before the answer to the peer's: for what is open to be answered. */
  unbindTimeoutMs: number;
}

export const DEFAULT_SETTINGS: PduSessionSettings = {
  windowMax: 10,
  waitingMax: 10_000,
  requestsMax: 100,
  bindTimeoutMs: 10_000,
  responseTimeoutMs: 60_000,
  enquireLinkMs: 30_000,
  inactivityMs: 300_000,
  pduBytesMax: 131_072,
  unbindTimeoutMs: 5_000,
};

/** The settings among the options of a session. */
export function settingsOf(options: Partial<PduSessionSettings>): Partial<PduSessionSettings> {
  const keys = Object.keys(DEFAULT_SETTINGS) as (keyof PduSessionSettings)[];
  return Object.fromEntries(
    keys.filter((key) => options[key] !== undefined).map((key) => [key, options[key]]),
  );
}
