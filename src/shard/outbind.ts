/**
 * SMSCs that call us (v3.4 section 2.2.1, outbind): the shard listens for each with outbind_listen, takes an outbind
 * with the right name and password, and binds on that connection. A caller with wrong ones is only disconnected.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import * as net from 'node:net';
import { parseListen } from '../core/config-values.ts';
import type { OutboundBind } from '../smpp/client.ts';
import * as smpp from '../smpp/constants.ts';
import { readU32 } from '../smpp/cursor.ts';
import { versionNumber } from '../smpp/negotiate.ts';
import { decodeOutbind } from '../smpp/pdu/outbind.ts';
import { writeHeaderOnly } from '../smpp/pdu/header-only.ts';
import * as session from '../smpp/session.ts';
import type { ShardLog } from './setup.ts';
import type { Smsc } from './state.ts';

/** Connections of one SMSC that have not sent their outbind yet. */
const CALLERS_MAX = 16;
const BYTES_MAX = 1024;

/** Listens for one SMSC; `smsc.config.outbind_listen` must be set. */
export class OutbindListener {
  readonly #smsc: Smsc;
  readonly #log: Pick<ShardLog, 'info' | 'warn'>;
  readonly #server: net.Server;
  readonly #callers = new Set<Caller>();

  constructor(smsc: Smsc, log: Pick<ShardLog, 'info' | 'warn'>) {
    this.#smsc = smsc;
    this.#log = log;
    this.#server = net.createServer({ noDelay: true }, (socket) => this.#onConnection(socket));
  }

  /** Resolves with the port; rejects with one line when the address can not be listened on. */
  listen(): Promise<number> {
    const { id, outbind_listen: address } = this.#smsc.config;
    const listen = parseListen(address ?? '');
    if (listen === undefined) throw new Error(`smsc ${id}: outbind_listen is not set`);
    return new Promise((resolve, reject) => {
      this.#server.once('error', (error) =>
        reject(new Error(`smsc ${id}: outbind_listen ${address}: ${error.message}`)),
      );
      this.#server.listen(listen, () => {
        // A connection that could not be accepted, for want of descriptors: the next one may be.
        this.#server.on('error', (error) =>
          this.#log.warn('outbind: a connection was not accepted', { smsc: id, error: error.message }),
        );
        resolve((this.#server.address() as net.AddressInfo).port);
      });
    });
  }

  /** Time passes: who has sent no outbind in time is disconnected. */
  tick(nowMs: number): void {
    for (const caller of this.#callers) {
      if (nowMs > caller.deadlineMs) this.#refuse(caller, 'no outbind within connect_timeout_s');
    }
  }

  close(): void {
    this.#server.close();
    for (const caller of this.#callers) caller.leave().destroy();
    this.#callers.clear();
  }

  #onConnection(socket: net.Socket): void {
    if (this.#callers.size >= CALLERS_MAX) {
      this.#log.warn('outbind: too many connections', this.#describe(socket));
      socket.destroy();
      return;
    }
    const { config } = this.#smsc;
    const caller = new Caller(socket, versionNumber(config.interface_version), {
      onOutbind: (systemId, password, rest) => this.#onOutbind(caller, systemId, password, rest),
      onEnd: (why) => this.#refuse(caller, why),
    });
    caller.deadlineMs = Date.now() + config.connect_timeout_s * 1000;
    this.#callers.add(caller);
  }

  #onOutbind(caller: Caller, systemId: string, password: string, rest: Buffer): void {
    const { config, binds } = this.#smsc;
    const known = isSame(systemId, config.outbind_system_id);
    if (!isSame(password, config.outbind_password) || !known) {
      this.#refuse(caller, 'wrong system_id or password');
      return;
    }
    const bind = binds.find((one: OutboundBind) => one.state === session.CLOSED);
    if (bind === undefined) {
      this.#refuse(caller, 'all its binds are up');
      return;
    }
    this.#callers.delete(caller);
    const socket = caller.leave();
    this.#log.info('outbind taken', { ...this.#describe(socket), bind: bind.number });
    if (!bind.adopt(socket, rest, Date.now())) socket.destroy();
  }

  #refuse(caller: Caller, why: string): void {
    if (!this.#callers.delete(caller)) return;
    this.#log.warn('outbind refused', { ...this.#describe(caller.socket), why });
    caller.leave().destroySoon();
  }

  #describe(socket: net.Socket): Record<string, unknown> {
    return { smsc: this.#smsc.config.id, address: socket.remoteAddress };
  }
}

interface CallerEvents {
  onOutbind(systemId: string, password: string, rest: Buffer): void;
  onEnd(why: string): void;
}

/** A connection before its outbind; it is small, so what came is kept in one piece. */
class Caller {
  readonly socket: net.Socket;
  deadlineMs = Infinity;
  readonly #version: number;
  readonly #events: CallerEvents;
  #held: Buffer = Buffer.alloc(0);
  #left = false;
  readonly #onData = (chunk: Buffer): void => this.#read(chunk);
  readonly #onClose = (): void => this.#events.onEnd('it closed the connection');

  constructor(socket: net.Socket, version: number, events: CallerEvents) {
    this.socket = socket;
    this.#version = version;
    this.#events = events;
    // 'close' follows, and says all that matters of a connection that is not bound.
    socket.on('error', () => undefined);
    socket.on('data', this.#onData);
    socket.on('close', this.#onClose);
  }

  /** Lets go of the socket. */
  leave(): net.Socket {
    this.#left = true;
    this.socket.off('data', this.#onData);
    this.socket.off('close', this.#onClose);
    return this.socket;
  }

  #read(chunk: Buffer): void {
    this.#held = Buffer.concat([this.#held, chunk]);
    while (this.#held.length >= smpp.HEADER_BYTES && !this.#left) {
      const length = readU32(this.#held, 0);
      if (length < smpp.HEADER_BYTES || length > BYTES_MAX) {
        this.#events.onEnd(`a PDU of ${length} bytes`);
        return;
      }
      if (this.#held.length < length) return;
      const pdu = this.#held.subarray(0, length);
      this.#held = this.#held.subarray(length);
      this.#onPdu(pdu);
    }
  }

  #onPdu(pdu: Buffer): void {
    const command = readU32(pdu, 4);
    const act = session.judge(session.CLIENT, session.OPEN, this.#version, command);
    if (act === session.ACT_OUTBIND) {
      const { status, systemId, password } = decodeOutbind(pdu, 0, pdu.length);
      if (status === smpp.ESME_ROK) this.#events.onOutbind(systemId, password, this.#held);
      else this.#events.onEnd('an outbind that can not be read');
    } else if (act === session.ACT_ENQUIRE) this.#answer(smpp.ENQUIRE_LINK_RESP, smpp.ESME_ROK, pdu);
    else if (act === session.ACT_UNKNOWN) this.#answer(smpp.GENERIC_NACK, smpp.ESME_RINVCMDID, pdu);
    else if (act === session.ACT_WRONG_STATE) {
      this.#answer(smpp.responseIdOf(command), smpp.ESME_RINVBNDSTS, pdu);
    }
  }

  #answer(command: number, status: number, request: Buffer): void {
    const answer = Buffer.alloc(smpp.HEADER_BYTES);
    writeHeaderOnly(answer, 0, command, status, readU32(request, 12));
    this.socket.write(answer);
  }
}

/** In a time that does not depend on where the two differ. */
function isSame(given: string, expected: string): boolean {
  return timingSafeEqual(digest(given), digest(expected));
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text, 'latin1').digest();
}
