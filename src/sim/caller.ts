import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { parseListen } from '../core/config-values.ts';
import { encodeOutbind } from '../smpp/pdu/outbind.ts';
import type { Link } from './link.ts';
import type { SimulatorOptions } from './options.ts';

/** Between two calls. */
const AGAIN_MS = 1_000;

/** Calls an ESME with outbind: at once, and again a second after its connection was lost or refused. */
export class Caller {
  private readonly address: { host: string; port: number };
  private readonly outbind: Buffer;
  private readonly accept: (socket: Socket) => Link;
  private socket: Socket | undefined;
  private waiting: NodeJS.Timeout | undefined;
  private stopped = false;

  /** `accept`: makes a link of the connection. */
  constructor(options: SimulatorOptions, accept: (socket: Socket) => Link) {
    const address = parseListen(options.outbind);
    if (address === undefined) throw new Error(`outbind must be "host:port", not "${options.outbind}"`);
    this.address = address;
    this.outbind = encodeOutbind({ systemId: options.outbindSystemId, password: options.outbindPassword }, 0);
    this.accept = accept;
    this.call();
  }

  private call(): void {
    const socket = connect({ ...this.address, noDelay: true });
    this.socket = socket;
    socket.on('connect', () => this.accept(socket).notify(this.outbind));
    // 'close' follows: it is called again.
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      if (!this.stopped) this.waiting = setTimeout(() => this.call(), AGAIN_MS);
    });
  }

  stop(): void {
    this.stopped = true;
    clearTimeout(this.waiting);
    // Before it stands nobody else ends it.
    if (this.socket?.connecting === true) this.socket.destroy();
  }
}
