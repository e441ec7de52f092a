/** The bind of an outbound link: what it asks for, what it was answered, and when it is tried again. */
import type { SmscConfig } from '../core/config.ts';
import { backoffMs } from '../core/retry.ts';
import * as smpp from './constants.ts';
import { versionNumber } from './negotiate.ts';
import { encodeBind } from './pdu/bind.ts';
import { SessionTimers } from './timers.ts';

/** What one connection is bound as; a configured pair is two connections. */
export type BindKind = 'transceiver' | 'transmitter' | 'receiver';

export const COMMAND_OF: Record<BindKind, number> = {
  transceiver: smpp.BIND_TRANSCEIVER,
  transmitter: smpp.BIND_TRANSMITTER,
  receiver: smpp.BIND_RECEIVER,
};

/** Attempts that make the next wait the longest. */
const SLOWEST = 32;

/**
 * The bind request that an SMSC's configuration asks for. bind_transceiver is no command of 3.3, but where it is
 * configured it is sent; the address fields are NULL, as 3.3 wants it of a bind_transmitter.
 */
export function bindRequest(config: SmscConfig, kind: BindKind, sequence: number): Buffer {
  return encodeBind(COMMAND_OF[kind], sequence, {
    systemId: config.system_id,
    password: config.password,
    systemType: config.system_type,
    interfaceVersion: versionNumber(config.interface_version),
    addrTon: 0,
    addrNpi: 0,
    addressRange: '',
  });
}

/** enquire_link after silence, two of which may go unanswered; a PDU must be whole within half a minute. */
export function clientTimers(config: SmscConfig, nowMs: number): SessionTimers {
  const settings = {
    sessionInitMs: config.connect_timeout_s * 1000,
    enquireMs: config.enquire_link_s * 1000,
    enquireResponseMs: Math.min(10_000, config.response_timeout_s * 1000),
    enquireAttemptsMax: 2,
    inactivityMs: 0,
    partialMs: 30_000,
  };
  return new SessionTimers(settings, nowMs);
}

/** Why a bind did not come about, for the operator. `command`: what the SMSC answered with. */
export function refusal(status: number, command: number, kind: BindKind): string {
  const by = command === smpp.GENERIC_NACK ? ' with generic_nack' : '';
  const unknown = status === smpp.ESME_RINVCMDID && kind === 'transceiver';
  const hint = unknown ? '; it may not know bind_transceiver: set bind = "pair"' : '';
  return `the SMSC refused the bind${by}: ${smpp.statusName(status)}${hint}`;
}

export function isBindResponse(command: number): boolean {
  return (
    command === smpp.BIND_TRANSCEIVER_RESP ||
    command === smpp.BIND_TRANSMITTER_RESP ||
    command === smpp.BIND_RECEIVER_RESP
  );
}

/** When an SMSC is connected to again: exponential back-off with jitter, between reconnect_min_s and _max_s. */
export class Reconnect {
  readonly #minMs: number;
  readonly #maxMs: number;
  /** Connections tried since the last that held. */
  #attempts = 0;
  #atMs = 0;

  constructor(config: SmscConfig) {
    this.#minMs = config.reconnect_min_s * 1000;
    this.#maxMs = config.reconnect_max_s * 1000;
  }

  isDue(nowMs: number): boolean {
    // Further off than the longest wait: the clock was set back.
    const waitMs = this.#atMs - nowMs;
    return waitMs <= 0 || waitMs > this.#maxMs;
  }

  onTry(): void {
    this.#attempts++;
  }

  /** Bound. Not 0 before the SMSC has answered something: one that drops every bind at once is not hammered. */
  onBound(): void {
    this.#attempts = Math.min(this.#attempts, 4);
  }

  /** The SMSC answered a request. */
  onAnswer(): void {
    this.#attempts = 0;
  }

  /** Wrong credentials do not mend in a second: at the slowest pace, so that we never become an SMSC's flood. */
  onRefused(): void {
    this.#attempts = SLOWEST;
  }

  onDown(nowMs: number, random: number): void {
    this.#atMs = nowMs + backoffMs(Math.max(1, this.#attempts), this.#minMs, this.#maxMs, random);
  }
}
