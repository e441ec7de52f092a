/**
 * An SMSC's side: listens, takes binds, answers requests, sends deliver_sm, and calls ESMEs with outbind. Usable on its
 * own; see docs/smpp.md.
 *
 *   const server = await listenSmpp({ host: '127.0.0.1', port: 2775 }, {
 *     onBind: ({ systemId, password }) => (systemId === 'demo' && password === 'demo1234' ? 0 : ESME_RBINDFAIL),
 *     onRequest: (pdu) => (pdu.command === 'submit_sm' ? { messageId: '1' } : ESME_RINVCMDID),
 *   });
 */
import * as net from 'node:net';
import * as tls from 'node:tls';
import { encodePdu } from './codec.ts';
import type { Pdu, PduOf } from './codec.ts';
import * as smpp from './constants.ts';
import type { Answer, Fields, ResponseTo } from './library-types.ts';
import { spokenVersion, versionNumber } from './negotiate.ts';
import type { VersionName } from './negotiate.ts';
import { PduSession } from './pdu-session.ts';
import type { Malformed } from './pdu-session.ts';
import { DEFAULT_SETTINGS, settingsOf } from './session-settings.ts';
import type { PduSessionSettings } from './session-settings.ts';
import { BINDING, CLOSED, SERVER, boundStateOf } from './session.ts';

export type BindPdu = PduOf<'bind_transmitter' | 'bind_receiver' | 'bind_transceiver'>;
/** What a bound ESME may ask. */
export type EsmeRequest = PduOf<
  | 'submit_sm'
  | 'submit_multi'
  | 'data_sm'
  | 'query_sm'
  | 'cancel_sm'
  | 'replace_sm'
  | 'broadcast_sm'
  | 'query_broadcast_sm'
  | 'cancel_broadcast_sm'
  | 'query_last_msgs'
  | 'query_msg_details'
  | 'param_retrieve'
>;

export interface ServerOptions extends Partial<PduSessionSettings> {
  host: string;
  /** 0: any that is free. */
  port: number;
  /** TLS from the first byte on, with at least key and cert. */
  tls?: tls.TlsOptions;
  /** Our name in bind responses; default "smsc". */
  systemId?: string;
  /** Highest version spoken; default 5.0. */
  interfaceVersionMax?: VersionName;
  /** Connections at one time; more are closed at once. Default 1000. */
  sessionsMax?: number;
}

export interface ServerHandlers {
  /** The command_status that answers a bind; ESME_ROK takes it. Anything else, or a throw, ends the connection. */
  onBind(pdu: BindPdu, session: ServerSession): number | Promise<number>;
  /** A request; what is sent is validated as an SMSC does it, and a fault answered before this is called. */
  onRequest(pdu: EsmeRequest, session: ServerSession): Answer | Promise<Answer>;
  onBound?(session: ServerSession): void;
  onUnbind?(session: ServerSession): void;
  /** What came and can not be read; it has been answered. */
  onMalformed?(refused: Malformed, session: ServerSession): void;
  /**
   * What a handler threw (the request was answered ESME_RSYSERR), or, with no session, why a connection could not be
   * accepted. Without this it is thrown on.
   */
  onError?(error: unknown, session: ServerSession | undefined): void;
  onClosed?(session: ServerSession, why: string): void;
}

/** Whoever has unbound closes the connection; who does not within this is closed. */
const UNBOUND_MS = 1_000;

/** One ESME's session. */
export class ServerSession {
  /** Of the bind; undefined until it is taken. */
  bind: BindPdu | undefined;
  readonly #core: PduSession;
  readonly #handlers: ServerHandlers;
  readonly #systemId: string;
  readonly #versionMax: number;

  constructor(options: ServerOptions, handlers: ServerHandlers, onClosed: (session: ServerSession) => void) {
    this.#handlers = handlers;
    this.#systemId = options.systemId ?? 'smsc';
    this.#versionMax = versionNumber(options.interfaceVersionMax ?? '5.0');
    const settings = { ...DEFAULT_SETTINGS, ...settingsOf(options) };
    this.#core = new PduSession(SERVER, this.#versionMax, settings, {
      onOpen: () => undefined,
      onRequest: (pdu) => this.#onRequest(pdu),
      onNotice: () => undefined,
      onUnbind: () => {
        handlers.onUnbind?.(this);
        setTimeout(() => this.close('unbound'), UNBOUND_MS).unref();
      },
      onMalformed: (refused) => {
        handlers.onMalformed?.(refused, this);
        // Nothing that follows is looked at.
        if (BINDS.has(refused.commandId)) this.close('the bind was refused');
      },
      onError: (error) => {
        if (this.#core.state === BINDING) this.close('the bind could not be decided');
        if (handlers.onError === undefined) throw error;
        handlers.onError(error, this);
      },
      onClosed: (why) => {
        onClosed(this);
        handlers.onClosed?.(this, why);
      },
    });
  }

  /** Takes a connection over; the server does it. */
  use(socket: net.Socket): void {
    this.#core.use(socket);
  }

  #onRequest(pdu: Pdu): Answer | Promise<Answer> {
    if (isBind(pdu)) return this.#onBind(pdu);
    // The session table lets nothing else through.
    return this.#handlers.onRequest(pdu as EsmeRequest, this);
  }

  async #onBind(pdu: BindPdu): Promise<Answer> {
    const status = await this.#handlers.onBind(pdu, this);
    if (status !== smpp.ESME_ROK) {
      // Behind the answer.
      setImmediate(() => this.close('the bind was refused'));
      return status;
    }
    // Gone while it was decided: nobody reads the answer.
    if (this.#core.state !== BINDING) return smpp.ESME_RSYSERR;
    const version = Math.min(this.#versionMax, spokenVersion(pdu.interfaceVersion));
    this.bind = pdu;
    this.#core.bound(boundStateOf(BIND_IDS[pdu.command]), version);
    setImmediate(() => {
      if (this.#core.state !== CLOSED) this.#handlers.onBound?.(this);
    });
    const tlvs = [{ tag: smpp.TLV_SC_INTERFACE_VERSION, value: Buffer.from([version]) }];
    return { systemId: this.#systemId, tlvs };
  }

  /** The session's version: 0x33, 0x34 or 0x50. */
  get version(): number {
    return this.#core.version;
  }

  get systemId(): string {
    return this.bind?.systemId ?? '';
  }

  get remoteAddress(): string | undefined {
    return this.#core.remoteAddress;
  }

  /** A message from a handset, or a receipt. */
  deliverSm(fields: Fields<'deliver_sm'>): Promise<ResponseTo<'deliver_sm'>> {
    return this.#core.request('deliver_sm', fields);
  }

  dataSm(fields: Fields<'data_sm'>): Promise<ResponseTo<'data_sm'>> {
    return this.#core.request('data_sm', fields);
  }

  /** Has no answer. */
  alertNotification(fields: Fields<'alert_notification'>): void {
    this.#core.notify('alert_notification', fields);
  }

  /** Has no answer: the ESME binds or closes. */
  outbind(fields: Fields<'outbind'>): void {
    this.#core.notify('outbind', fields);
  }

  enquireLink(): Promise<ResponseTo<'enquire_link'>> {
    return this.#core.request('enquire_link', {});
  }

  /** Ends the session in order; resolves when the connection is given up. */
  unbind(): Promise<void> {
    return this.#core.unbind();
  }

  close(why?: string): void {
    this.#core.close(why);
  }
}

const BIND_IDS: Record<BindPdu['command'], number> = {
  bind_transmitter: smpp.BIND_TRANSMITTER,
  bind_receiver: smpp.BIND_RECEIVER,
  bind_transceiver: smpp.BIND_TRANSCEIVER,
};

const BINDS = new Set(Object.values(BIND_IDS));

function isBind(pdu: Pdu): pdu is BindPdu {
  return pdu.command in BIND_IDS;
}

export class SmppServer {
  readonly sessions = new Set<ServerSession>();
  readonly #options: ServerOptions;
  readonly #handlers: ServerHandlers;
  readonly #server: net.Server;

  /** Throws a RangeError for a system_id that no bind response has room for. */
  constructor(options: ServerOptions, handlers: ServerHandlers) {
    encodePdu({ command: 'bind_transceiver_resp', sequenceNumber: 1, systemId: options.systemId });
    this.#options = options;
    this.#handlers = handlers;
    const take = (socket: net.Socket): void => this.#onConnection(socket);
    this.#server =
      options.tls === undefined
        ? net.createServer({ noDelay: true }, take)
        : tls.createServer(options.tls, (socket) => take(socket.setNoDelay(true)));
  }

  /** Resolves when it listens; rejects when it can not. */
  listen(): Promise<void> {
    const { host, port } = this.#options;
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen({ host, port }, () => {
        this.#server.off('error', reject);
        this.#server.on('error', (error) => {
          if (this.#handlers.onError === undefined) throw error;
          this.#handlers.onError(error, undefined);
        });
        resolve();
      });
    });
  }

  get port(): number {
    return (this.#server.address() as net.AddressInfo).port;
  }

  /**
   * Calls an ESME: connects and sends the outbind. The session's bind comes as any other, or the ESME closes. Rejects
   * when there is no connection.
   */
  outbind(address: { host: string; port: number }, fields: Fields<'outbind'>): Promise<ServerSession> {
    return new Promise((resolve, reject) => {
      const socket = net.connect({ ...address, noDelay: true });
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.off('error', reject);
        const session = this.#open(socket);
        session.outbind(fields);
        resolve(session);
      });
    });
  }

  #onConnection(socket: net.Socket): void {
    if (this.sessions.size < (this.#options.sessionsMax ?? SESSIONS_MAX)) this.#open(socket);
    else socket.destroy();
  }

  #open(socket: net.Socket): ServerSession {
    const session = new ServerSession(this.#options, this.#handlers, (ended) => this.sessions.delete(ended));
    this.sessions.add(session);
    session.use(socket);
    return session;
  }

  /** Takes no more connections, unbinds those that are bound and resolves when all are closed. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    const bound = [...this.sessions].filter((session) => session.bind !== undefined);
    const ends = bound.map((session) => session.unbind());
    for (const session of this.sessions) if (session.bind === undefined) session.close();
    await Promise.all(ends);
    await closed;
  }
}

const SESSIONS_MAX = 1_000;

/** Listens for ESMEs. Rejects when the address can not be listened on, and for options that can not be. */
export async function listenSmpp(options: ServerOptions, handlers: ServerHandlers): Promise<SmppServer> {
  const server = new SmppServer(options, handlers);
  await server.listen();
  return server;
}
