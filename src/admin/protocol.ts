/**
 * What a daemon and its CLI say to each other over the Unix socket: one JSON object a line, each line with the version.
 *
 *   -> {"v":1,"id":7,"command":"session.list","args":{}}
 *   <- {"v":1,"id":7,"item":{...}}                                any number of these, then one of
 *   <- {"v":1,"id":7,"end":{...}}
 *   <- {"v":1,"id":7,"error":{"code":"unknown-session","message":"..."}}
 *
 * Commands of one connection are answered one after the other. Closing the connection ends the one that runs.
 */
export const ADMIN_VERSION = 1;
/** A request is small; an answer may carry a batch of PDUs in Base64. */
export const REQUEST_BYTES_MAX = 16 * 1024;
export const ANSWER_BYTES_MAX = 8 * 1024 * 1024;

export type Json = Record<string, unknown>;

export interface AdminAnswer {
  v: number;
  id: number;
  item?: Json;
  end?: Json;
  error?: { code: string; message: string };
}

/** A command that can not be done; `code` is stable, `message` is for people. */
export class AdminError extends Error {
  override name = 'AdminError';
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** One session of an ESME, or one bind to an SMSC. Times are milliseconds of the epoch. */
export interface SessionInfo {
  /** `EDGE-REFERENCE` (the reference is `session` in the ledger), or `smsc:ID/BIND`. */
  id: string;
  kind: 'esme' | 'smsc';
  /** Account or SMSC; '' before the bind. */
  name: string;
  /** The peer's `address:port`; '' while there is no connection. */
  remote: string;
  /** `open`, `binding`, `bound`, `unbound` or `closed`. */
  state: string;
  /** `transmitter`, `receiver`, `transceiver`; '' before the bind. */
  bind: string;
  /** `3.3`, `3.4`, `5.0`; '' before the bind. */
  version: string;
  sinceMs: number;
  /** Submits that wait for their answer. */
  inFlight: number;
  /** Receipts that wait for the ESME's answer. */
  receiptsWaiting: number;
  /** PDUs of the peer that were wrong, since the connection; an ESME's count against its error budget. */
  errors: number;
}

/** What a batch of a trace says, as the threads send it: see smpp/trace-feed.ts. `bytes` is Base64. */
export interface TraceItem {
  events: (Json & { kind: string; session: string })[];
  bytes: string;
}

/** Cuts what comes over a socket into lines; a line longer than `bytesMax` ends the conversation. */
export class Lines {
  readonly #bytesMax: number;
  #parts: Buffer[] = [];
  #length = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** The lines that this chunk completes, without their line feed; undefined: one is too long. */
  feed(chunk: Buffer): string[] | undefined {
    const lines: string[] = [];
    let at = 0;
    for (;;) {
      const end = chunk.indexOf(0x0a, at);
      const stop = end < 0 ? chunk.length : end;
      this.#length += stop - at;
      if (this.#length > this.#bytesMax) return undefined;
      // A copy: a chunk of a socket may be written over.
      if (stop > at) this.#parts.push(Buffer.from(chunk.subarray(at, stop)));
      if (end < 0) return lines;
      lines.push(Buffer.concat(this.#parts).toString('utf8'));
      this.#parts = [];
      this.#length = 0;
      at = end + 1;
    }
  }
}
