/** One whole request, the same whichever engine read it. */
export interface HttpRequest {
  /** Upper case. */
  readonly method: string;
  /** As sent, still percent-encoded, without the query. */
  readonly path: string;
  /** What stands behind the `?`, still encoded; empty when there is none. */
  readonly query: string;
  /** By lower-case name; repeated ones joined with a comma. No prototype, so any name is safe to look up. */
  readonly headers: Readonly<Record<string, string>>;
  /** Whole, at most `bodyBytesMax`; the handler may keep it. */
  readonly body: Buffer;
  /** The peer's address; an IPv4 peer on an IPv6 socket is written as IPv4. */
  readonly remoteAddress: string;
}

export interface HttpReply {
  /** The client is gone or has its answer: send() would do nothing. */
  readonly done: boolean;
  /**
   * Answers, now or later, from anywhere in this thread. Does nothing when the client is gone.
   * Throws when called twice, and on a header that is not one.
   */
  send(status: number, contentType: string, body: string | Buffer, headers?: HttpHeaders): void;
}

export type HttpHeaders = Readonly<Record<string, string>>;

/** A throw is answered with status 500 and then ends the process as any uncaught exception does. */
export type HttpHandler = (request: HttpRequest, reply: HttpReply) => void;

export interface HttpLimits {
  /** A larger body is answered with status 413. */
  readonly bodyBytesMax: number;
  /** A request that is not whole after this many milliseconds is cut. */
  readonly bodyMsMax: number;
  /** Several threads of this process listen on the port; else a taken port is an error. */
  readonly sharedPort: boolean;
}

export interface RunningHttp {
  /** The port in use, which is news when port 0 was asked for. */
  readonly port: number;
  /**
   * Stops listening, lets requests in flight finish for up to a second, closes every connection. In a worker
   * thread it must have resolved before the thread ends: uWebSockets.js aborts the process otherwise.
   */
  close(): Promise<void>;
}

export interface HttpEngine {
  /** Rejects with one line when the address can not be listened on. */
  listen(host: string, port: number, handler: HttpHandler, limits: HttpLimits): Promise<RunningHttp>;
}
