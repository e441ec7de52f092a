/**
 * An ESME: connects to an SMSC, binds, and sends requests as promises. Usable on its own; see docs/smpp.md.
 *
 *   const login = { host: '127.0.0.1', port: 2775, systemId: 'demo', password: 'demo1234' };
 *   const session = await EsmeSession.connect(login);
 *   const { messageId } = await session.submitSm({ destinationAddr: '962790000001', shortMessage: Buffer.from('hi') });
 */
import * as net from 'node:net';
import * as tls from 'node:tls';
import type { Pdu, PduOf } from './codec.ts';
import * as smpp from './constants.ts';
import { BindError } from './library-types.ts';
import type { Answer, Fields, RequestError, ResponseTo } from './library-types.ts';
import { negotiate, versionNumber } from './negotiate.ts';
import type { VersionName } from './negotiate.ts';
import { PduSession } from './pdu-session.ts';
import type { Malformed } from './pdu-session.ts';
import { DEFAULT_SETTINGS, settingsOf } from './session-settings.ts';
import type { PduSessionSettings } from './session-settings.ts';
import { CLIENT, boundStateOf } from './session.ts';

export interface EsmeBind {
  systemId: string;
  password?: string;
  systemType?: string;
  addrTon?: number;
  addrNpi?: number;
  addressRange?: string;
  bind?: 'transceiver' | 'transmitter' | 'receiver';
  /** Announced in the bind; default 3.4. */
  interfaceVersion?: VersionName;
  /** TLVs may be sent though the response announces no version; default true. */
  assumeTlvs?: boolean;
}

export interface EsmeOptions extends EsmeBind, Partial<PduSessionSettings> {
  host: string;
  port: number;
  /** TLS from the first byte on; `true` with Node's defaults. */
  tls?: boolean | tls.ConnectionOptions;
}

/** What an ESME does with what comes. All of it may be left out. */
export interface EsmeHandlers {
  /** A message or receipt; the answer, ESME_ROK for one, is sent when the promise is fulfilled. */
  onDeliverSm?(pdu: PduOf<'deliver_sm'>): Answer | Promise<Answer>;
  onDataSm?(pdu: PduOf<'data_sm'>): Answer | Promise<Answer>;
  onAlertNotification?(pdu: PduOf<'alert_notification'>): void;
  /** The SMSC ended the session; the connection follows. */
  onUnbind?(): void;
  /** What came and can not be read; it has been answered. */
  onMalformed?(refused: Malformed): void;
  /** What a handler threw; the request was answered ESME_RX_T_APPN. Without this it is thrown on. */
  onError?(error: unknown): void;
  onClosed?(why: string): void;
}

/** The three have the same fields, so one type stands for all. */
const BIND_COMMANDS = {
  transceiver: 'bind_transceiver',
  transmitter: 'bind_transmitter' as 'bind_transceiver',
  receiver: 'bind_receiver' as 'bind_transceiver',
} as const;
const COMMAND_IDS = {
  transceiver: smpp.BIND_TRANSCEIVER,
  transmitter: smpp.BIND_TRANSMITTER,
  receiver: smpp.BIND_RECEIVER,
};

export class EsmeSession {
  /** Whether TLVs may be sent (it was negotiated). */
  tlvs = false;
  /** The SMSC's system_id. */
  smscId = '';
  readonly #core: PduSession;
  readonly #handlers: EsmeHandlers;
  #onOpen: () => void = () => undefined;
  #onClosedEarly: ((why: string) => void) | undefined;

  private constructor(
    interfaceVersion: VersionName,
    settings: Partial<PduSessionSettings>,
    handlers: EsmeHandlers,
  ) {
    this.#handlers = handlers;
    this.#core = new PduSession(
      CLIENT,
      versionNumber(interfaceVersion),
      { ...DEFAULT_SETTINGS, ...settings },
      {
        onOpen: () => this.#onOpen(),
        onRequest: (pdu) => this.#onRequest(pdu),
        onNotice: (pdu) => {
          if (pdu.command === 'alert_notification') handlers.onAlertNotification?.(pdu);
        },
        onUnbind: () => {
          handlers.onUnbind?.();
          this.close('the SMSC unbound');
        },
        onMalformed: (refused) => handlers.onMalformed?.(refused),
        onError: (error) => {
          if (handlers.onError === undefined) throw error;
          handlers.onError(error);
        },
        onClosed: (why) => {
          if (this.#onClosedEarly === undefined) handlers.onClosed?.(why);
          else this.#onClosedEarly(why);
        },
      },
    );
  }

  /** Connects and binds. Rejects with a BindError when the bind is refused, with an Error naming why otherwise. */
  static connect(options: EsmeOptions, handlers: EsmeHandlers = {}): Promise<EsmeSession> {
    const { host, port } = options;
    if (options.tls === undefined || options.tls === false) {
      const socket = net.connect({ host, port, noDelay: true });
      return EsmeSession.#over(socket, 'connect', options, handlers);
    }
    const more = options.tls === true ? {} : options.tls;
    const named = net.isIP(host) === 0 ? { servername: host } : {};
    const socket = tls.connect({ host, port, ...named, ...more });
    socket.setNoDelay(true);
    return EsmeSession.#over(socket, 'secureConnect', options, handlers);
  }

  /**
   * Binds on a connection that the SMSC made; it has sent its outbind. `rest`: what was read behind that.
   */
  static answerOutbind(
    socket: net.Socket,
    rest: Buffer,
    options: EsmeBind & Partial<PduSessionSettings>,
    handlers: EsmeHandlers = {},
  ): Promise<EsmeSession> {
    return EsmeSession.#over(socket, undefined, options, handlers, rest);
  }

  static #over(
    socket: net.Socket,
    opened: string | undefined,
    options: EsmeBind & Partial<PduSessionSettings>,
    handlers: EsmeHandlers,
    rest?: Buffer,
  ): Promise<EsmeSession> {
    return new Promise((resolve, reject) => {
      const session = new EsmeSession(options.interfaceVersion ?? '3.4', settingsOf(options), handlers);
      session.#onClosedEarly = (why) => reject(new Error(`not bound: ${why}`));
      const fail = (error: Error): void => {
        reject(error);
        session.close();
      };
      const bound = (): void => {
        session.#onClosedEarly = undefined;
        resolve(session);
      };
      session.#onOpen = () => session.#bind(options, bound, fail);
      session.#core.use(socket, opened);
      if (rest !== undefined) session.#core.feed(rest);
    });
  }

  #bind(options: EsmeBind, bound: () => void, fail: (error: Error) => void): void {
    const { bind = 'transceiver', interfaceVersion = '3.4', assumeTlvs = true } = options;
    const { systemId, password, systemType, addrTon, addrNpi, addressRange } = options;
    const announced = versionNumber(interfaceVersion);
    const fields = { systemId, password, systemType, addrTon, addrNpi, addressRange };
    const onAnswer = (response: ResponseTo<'bind_transceiver'>): void => {
      if (response.commandStatus !== smpp.ESME_ROK) {
        fail(new BindError(response.commandStatus));
        return;
      }
      const told = response.tlvs.find(
        ({ tag, value }) => tag === smpp.TLV_SC_INTERFACE_VERSION && value.length === 1,
      );
      const { version, tlvs } = negotiate(announced, told?.value[0], assumeTlvs);
      this.tlvs = tlvs;
      this.smscId = response.systemId ?? '';
      this.#core.bound(boundStateOf(COMMAND_IDS[bind]), version);
      bound();
    };
    const onFailure = (error: RequestError): void =>
      fail(
        error.status === undefined ? new Error(`not bound: ${error.message}`) : new BindError(error.status),
      );
    try {
      this.#core.send(BIND_COMMANDS[bind], { ...fields, interfaceVersion: announced }, onAnswer, onFailure);
    } catch (error) {
      fail(error as Error);
    }
  }

  #onRequest(pdu: Pdu): Answer | Promise<Answer> {
    if (pdu.command === 'deliver_sm') return this.#handlers.onDeliverSm?.(pdu) ?? smpp.ESME_ROK;
    if (pdu.command === 'data_sm') return this.#handlers.onDataSm?.(pdu) ?? smpp.ESME_ROK;
    return smpp.ESME_RINVCMDID;
  }

  /** What was negotiated: 0x33, 0x34 or 0x50. */
  get version(): number {
    return this.#core.version;
  }

  submitSm(fields: Fields<'submit_sm'>): Promise<ResponseTo<'submit_sm'>> {
    return this.#core.request('submit_sm', fields);
  }

  submitMulti(fields: Fields<'submit_multi'>): Promise<ResponseTo<'submit_multi'>> {
    return this.#core.request('submit_multi', fields);
  }

  dataSm(fields: Fields<'data_sm'>): Promise<ResponseTo<'data_sm'>> {
    return this.#core.request('data_sm', fields);
  }

  querySm(fields: Fields<'query_sm'>): Promise<ResponseTo<'query_sm'>> {
    return this.#core.request('query_sm', fields);
  }

  cancelSm(fields: Fields<'cancel_sm'>): Promise<ResponseTo<'cancel_sm'>> {
    return this.#core.request('cancel_sm', fields);
  }

  replaceSm(fields: Fields<'replace_sm'>): Promise<ResponseTo<'replace_sm'>> {
    return this.#core.request('replace_sm', fields);
  }

  broadcastSm(fields: Fields<'broadcast_sm'>): Promise<ResponseTo<'broadcast_sm'>> {
    return this.#core.request('broadcast_sm', fields);
  }

  queryBroadcastSm(fields: Fields<'query_broadcast_sm'>): Promise<ResponseTo<'query_broadcast_sm'>> {
    return this.#core.request('query_broadcast_sm', fields);
  }

  cancelBroadcastSm(fields: Fields<'cancel_broadcast_sm'>): Promise<ResponseTo<'cancel_broadcast_sm'>> {
    return this.#core.request('cancel_broadcast_sm', fields);
  }

  /** Of 3.3 only, as the two below. */
  queryLastMsgs(fields: Fields<'query_last_msgs'>): Promise<ResponseTo<'query_last_msgs'>> {
    return this.#core.request('query_last_msgs', fields);
  }

  queryMsgDetails(fields: Fields<'query_msg_details'>): Promise<ResponseTo<'query_msg_details'>> {
    return this.#core.request('query_msg_details', fields);
  }

  paramRetrieve(fields: Fields<'param_retrieve'>): Promise<ResponseTo<'param_retrieve'>> {
    return this.#core.request('param_retrieve', fields);
  }

  enquireLink(): Promise<ResponseTo<'enquire_link'>> {
    return this.#core.request('enquire_link', {});
  }

  /** Ends the session in order; resolves when the connection is given up. */
  unbind(): Promise<void> {
    return this.#core.unbind();
  }

  /** Ends the connection at once; requests in flight are rejected. */
  close(why?: string): void {
    this.#core.close(why);
  }
}
