/** A bare SMSC for tests of the client: it listens, and the test says what every connection answers. */
import { createServer } from 'node:net';
import type { Server } from 'node:net';
import type { SmscConfig } from '../../src/core/config.ts';
import { checkConfig } from '../../src/core/config.ts';
import type { BindHandler, OutboundBind } from '../../src/smpp/client.ts';
import { RawPeer } from '../daemon/raw.ts';
import { until } from '../support/daemon.ts';

export class PeerSmsc {
  readonly connections: RawPeer[] = [];
  port = 0;
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
    server.on('connection', (socket) => this.connections.push(new RawPeer(socket)));
  }

  static async start(): Promise<PeerSmsc> {
    const server = createServer();
    const smsc = new PeerSmsc(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    smsc.port = address.port;
    return smsc;
  }

  /** The newest connection, once there are so many. */
  async connection(count = 1): Promise<RawPeer> {
    await until(() => this.connections.length >= count, `connection ${count}`);
    return this.connections[count - 1];
  }

  close(): void {
    this.#server.close();
    for (const peer of this.connections) peer.destroy();
  }
}

/** What the schema makes of these options. */
export function smscConfig(options: Record<string, unknown>): SmscConfig {
  const one = { id: 'one', host: '127.0.0.1', port: 1, system_id: 'us', password: 'pw', ...options };
  // Routes lead to another, so that this one may be bound as a receiver.
  const other = { id: 'other', host: '127.0.0.1', port: 2, system_id: 'us', password: 'pw' };
  const result = checkConfig({ smsc: [one, other], route: { smscs: ['other'] } });
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result.config.smsc[0];
}

/** What a handler was told, in order, as lines; the PDUs of it as hexadecimal. */
export class Told implements BindHandler {
  readonly lines: string[] = [];
  readonly pdus: string[] = [];
  /** Answers a deliver_sm or data_sm with this at once; undefined: not. */
  deliverStatus: number | undefined = 0;

  now(): number {
    return Date.now();
  }

  #note(line: string, bytes?: Buffer, start = 0, end = 0): void {
    this.lines.push(line);
    if (bytes !== undefined) this.pdus.push(bytes.toString('hex', start, end));
  }

  onBound(bind: OutboundBind): void {
    this.#note(`bound ${bind.version.toString(16)} ${bind.tlvs ? 'tlvs' : 'plain'}`);
  }

  onDown(_bind: OutboundBind, why: string): void {
    this.#note(`down: ${why}`);
  }

  onSubmitResponse(
    _: OutboundBind,
    slot: number,
    status: number,
    b: Buffer,
    start: number,
    end: number,
  ): void {
    this.#note(`submit ${slot} ${status.toString(16)}`, b, start, end);
  }

  onUnmatched(_: OutboundBind, sequence: number, status: number): void {
    this.#note(`unmatched ${sequence} ${status.toString(16)}`);
  }

  onOperationResponse(
    _: OutboundBind,
    token: number,
    status: number,
    b: Buffer,
    start: number,
    end: number,
  ): void {
    this.#note(`operation ${token} ${status.toString(16)} ${end - start}`, b, start, end);
  }

  onDeliver(bind: OutboundBind, b: Buffer, start: number, end: number): boolean {
    this.#note(`deliver ${b.readUInt32BE(start + 4).toString(16)}`, b, start, end);
    if (this.deliverStatus === undefined) return true;
    bind.answerDeliver(bind.ticket(), b.readUInt32BE(start + 12), this.deliverStatus);
    return true;
  }

  onAlert(_: OutboundBind, b: Buffer, start: number, end: number): void {
    this.#note('alert', b, start, end);
  }

  onCongestion(_: OutboundBind, state: number): void {
    this.#note(`congestion ${state}`);
  }

  onRead(bind: OutboundBind): void {
    bind.flush();
  }

  /** Waits for a line that begins so. */
  async line(beginning: string): Promise<string> {
    const find = (): string | undefined => this.lines.find((line) => line.startsWith(beginning));
    await until(() => find() !== undefined, `"${beginning}" among ${JSON.stringify(this.lines)}`);
    return find() as string;
  }
}
