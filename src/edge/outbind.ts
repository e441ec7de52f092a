/**
 * Calling ESMEs (outbind): an account may say where its ESME listens. While receipts wait for it and none of its
 * receivers is bound, it is called there, one connection at a time; then the ESME binds as on any connection.
 */
import * as net from 'node:net';
import { parseListen } from '../core/config-values.ts';
import { BIND_TRANSMITTER } from '../smpp/constants.ts';
import { encodeOutbind } from '../smpp/pdu/outbind.ts';
import type { EdgeAccount, EdgeState, Session } from './state.ts';

/** An outbind has no answer, so any sequence_number does. */
const SEQUENCE = 1;
/** Between two calls of one account; doubles while they bring no bind. */
const CALL_MS_MIN = 30_000;
const CALL_MS_MAX = 600_000;

interface Line {
  /** Calls since the last that brought a bind. */
  failed: number;
  againMs: number;
  dialling: net.Socket | undefined;
  session: Session | undefined;
}

export class EsmeCaller {
  readonly #edge: EdgeState;
  readonly #open: (socket: net.Socket, account: EdgeAccount) => Session | undefined;
  readonly #lines = new Map<EdgeAccount, Line>();

  /**
   * `open`: makes a session of a connection that stands, writes the outbind on it, and sees to it that none but the
   * account binds there; undefined: there is no room for one more.
   */
  constructor(edge: EdgeState, open: (socket: net.Socket, account: EdgeAccount) => Session | undefined) {
    this.#edge = edge;
    this.#open = open;
  }

  /** A shard says that receipts wait for the account of this index. */
  onWaiting(index: number): void {
    const account = this.#edge.accounts[index];
    if (account === undefined || this.#edge.draining || account.receivers.length > 0) return;
    const listen = this.#addressOf(account);
    if (listen === undefined) return;
    const line = this.#lineOf(account);
    if (this.#isBusy(line, account)) return;
    // Further off than the longest wait: the clock was set back.
    const waitMs = line.againMs - this.#edge.nowMs;
    if (waitMs > 0 && waitMs <= CALL_MS_MAX) return;
    line.againMs = this.#edge.nowMs + Math.min(CALL_MS_MAX, CALL_MS_MIN * 2 ** Math.min(line.failed, 16));
    line.failed++;
    this.#dial(account, line, listen);
  }

  #addressOf(account: EdgeAccount): { host: string; port: number } | undefined {
    const config = this.#edge.config.account.find(({ name }) => name === account.name);
    return config?.outbind === undefined ? undefined : parseListen(config.outbind);
  }

  #lineOf(account: EdgeAccount): Line {
    const known = this.#lines.get(account);
    if (known !== undefined) return known;
    const line = { failed: 0, againMs: -Infinity, dialling: undefined, session: undefined };
    this.#lines.set(account, line);
    return line;
  }

  /** A call is under way, or its session stands. */
  #isBusy(line: Line, account: EdgeAccount): boolean {
    if (line.dialling !== undefined) return true;
    const { session } = line;
    if (session === undefined) return false;
    if (this.#edge.sessions.includes(session)) return true;
    line.session = undefined;
    if (session.account === account) line.failed = 0;
    return false;
  }

  #dial(account: EdgeAccount, line: Line, { host, port }: { host: string; port: number }): void {
    const { log, config } = this.#edge;
    const detail = { account: account.name, host, port };
    const socket = net.connect({ host, port, noDelay: true });
    // The session reads it, from its first byte on.
    socket.pause();
    line.dialling = socket;
    const failed = (why: string): void => {
      line.dialling = undefined;
      socket.destroy();
      log.warn('outbind failed', { ...detail, why });
    };
    socket.setTimeout(config.smpp.session_init_s * 1000, () =>
      failed('no connection within smpp.session_init_s'),
    );
    socket.once('error', (error) => failed(error.message));
    socket.once('connect', () => {
      socket.setTimeout(0);
      socket.removeAllListeners('error');
      line.dialling = undefined;
      line.session = this.#open(socket, account);
      if (line.session !== undefined) log.info('outbind sent', detail);
    });
  }

  /** Gives up the calls under way. */
  stop(): void {
    for (const line of this.#lines.values()) line.dialling?.destroy();
  }
}

/** Writes the outbind; from here on none but the account's ESME may bind on this session. */
export function sendOutbind(session: Session, account: EdgeAccount): void {
  const { config } = session.edge;
  const password = config.account.find(({ name }) => name === account.name)?.outbind_password ?? '';
  const outbind = encodeOutbind({ systemId: config.smpp.system_id, password }, SEQUENCE);
  session.called = account;
  session.writer.reserve(outbind.length);
  session.writer.at += outbind.copy(session.writer.buffer, session.writer.at);
  session.writer.flush();
}

/** Whether this bind is the answer to our call: of that account, and one that takes receipts. */
export function answersCall(called: EdgeAccount, systemId: string, command: number): boolean {
  return systemId === called.name && command !== BIND_TRANSMITTER;
}
