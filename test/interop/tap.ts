/** A relay between a peer and us that keeps every PDU of both sides, so that a fault can be shown in octets. */
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';

const HEADER_BYTES = 16;

export type Side = 'server' | 'client';

/** Cuts a stream into PDUs by their command_length; what is no PDU stays in `rest`. */
export class Cutter {
  readonly pdus: Buffer[] = [];
  rest: Buffer = Buffer.alloc(0);

  add(chunk: Buffer): void {
    this.rest = Buffer.concat([this.rest, chunk]);
    while (this.rest.length >= HEADER_BYTES) {
      const length = this.rest.readUInt32BE(0);
      if (length < HEADER_BYTES || length > this.rest.length) return;
      this.pdus.push(this.rest.subarray(0, length));
      this.rest = this.rest.subarray(length);
    }
  }
}

export class Tap {
  port = 0;
  /** Which side of it we are: a daemon that is dialled is the server, one that dials an SMSC the client. */
  readonly #ourSide: Side;
  readonly #cutters: { side: Side; cutter: Cutter }[] = [];
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;

  constructor(ourSide: Side) {
    this.#ourSide = ourSide;
  }

  async open(targetPort: number): Promise<this> {
    const server = createServer({ noDelay: true }, (near) => this.#relay(near, targetPort));
    this.#server = server;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(0, '127.0.0.1', resolve);
    });
    this.port = (server.address() as AddressInfo).port;
    return this;
  }

  #relay(near: Socket, targetPort: number): void {
    const far = connect({ port: targetPort, host: '127.0.0.1', noDelay: true });
    this.#join(near, far, 'client');
    this.#join(far, near, 'server');
  }

  #join(from: Socket, to: Socket, side: Side): void {
    const cutter = new Cutter();
    this.#cutters.push({ side, cutter });
    this.#sockets.add(from);
    from.on('data', (chunk) => {
      cutter.add(chunk);
      to.write(chunk);
    });
    from.on('end', () => to.end());
    // A reset is passed on as an end: the tests look at what was said before it.
    from.on('error', () => to.destroy());
    from.on('close', () => {
      this.#sockets.delete(from);
      to.destroySoon();
    });
  }

  /** What we wrote, in order of the connections. */
  get ours(): Buffer[] {
    return this.#pdusOf(this.#ourSide);
  }

  get theirs(): Buffer[] {
    return this.#pdusOf(this.#ourSide === 'server' ? 'client' : 'server');
  }

  #pdusOf(side: Side): Buffer[] {
    return this.#cutters.filter((one) => one.side === side).flatMap(({ cutter }) => cutter.pdus);
  }

  close(): void {
    this.#server?.close();
    for (const socket of this.#sockets) socket.destroy();
  }
}

export function commandIdOf(pdu: Buffer): number {
  return pdu.readUInt32BE(4);
}

export function statusOf(pdu: Buffer): number {
  return pdu.readUInt32BE(8);
}

export function sequenceOf(pdu: Buffer): number {
  return pdu.readUInt32BE(12);
}
