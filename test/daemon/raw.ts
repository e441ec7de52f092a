/** Peers whose every byte the test chooses: a client of the daemon, and an SMSC that it binds to. */
import { connect, createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { DEMO, until } from '../support/daemon.ts';

export const BIND_RECEIVER = 1;
export const BIND_TRANSMITTER = 2;
export const BIND_TRANSCEIVER = 9;
const HEADER_BYTES = 16;

/** command_length, command_id, command_status, sequence_number, body. */
export function pduBytes(
  command: number,
  sequence: number,
  body: Buffer = Buffer.alloc(0),
  status = 0,
): Buffer {
  const header = Buffer.alloc(16);
  header.writeUInt32BE(16 + body.length, 0);
  header.writeUInt32BE(command, 4);
  header.writeUInt32BE(status, 8);
  header.writeUInt32BE(sequence, 12);
  return Buffer.concat([header, body]);
}

/** system_id, password, system_type "", interface_version, addr_ton, addr_npi, address_range "". */
export function bindBytes(
  command = BIND_TRANSCEIVER,
  { name = DEMO.name, password = DEMO.password, version = 0x34, sequence = 1 } = {},
): Buffer {
  const body = Buffer.concat([Buffer.from(`${name}\0${password}\0\0`), Buffer.from([version, 0, 0, 0])]);
  return pduBytes(command, sequence, body);
}

/** To +962790000001 from "a"; `text` of at most 254 octets. */
export function submitBytes(sequence: number, text = 'x', registeredDelivery = 0): Buffer {
  const addresses = Buffer.from('\0\x05\0a\0\x01\x01962790000001\0', 'latin1');
  const flags = Buffer.from([0, 0, 0, 0, 0, registeredDelivery, 0, 0, 0, text.length]);
  return pduBytes(4, sequence, Buffer.concat([addresses, flags, Buffer.from(text, 'latin1')]));
}

/** One connection: what it heard is kept as hexadecimal, its end as a flag. */
export class RawPeer {
  readonly socket: Socket;
  closed = false;
  #bytes: Buffer = Buffer.alloc(0);
  #chunks: Buffer[] = [];

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (chunk) => this.#chunks.push(chunk));
    socket.on('close', () => (this.closed = true));
    // A reset is an end like any other here.
    socket.on('error', () => undefined);
  }

  write(bytes: Buffer): void {
    this.socket.write(bytes);
  }

  /** What was heard and not taken yet. */
  get #heard(): Buffer {
    if (this.#chunks.length > 0) this.#bytes = Buffer.concat([this.#bytes, ...this.#chunks.splice(0)]);
    return this.#bytes;
  }

  get heard(): string {
    return this.#heard.toString('hex');
  }

  /** Waits for so many bytes and takes what was heard; more than that is the next `take`'s. */
  async take(bytes: number): Promise<string> {
    await until(() => this.#heard.length >= bytes || this.closed, `${bytes} bytes`);
    const taken = this.#heard.toString('hex', 0, bytes);
    this.#bytes = this.#heard.subarray(bytes);
    return taken;
  }

  /** The next whole PDU. */
  async takePdu(): Promise<string> {
    await until(() => this.#heard.length >= HEADER_BYTES || this.closed, 'a PDU');
    if (this.#heard.length < HEADER_BYTES) throw new Error(`closed before a PDU; heard ${this.heard}`);
    return this.take(this.#heard.readUInt32BE(0));
  }

  untilClosed(waitMs = 15_000): Promise<void> {
    return until(() => this.closed, 'the connection ends', waitMs);
  }

  destroy(): void {
    this.socket.destroy();
  }
}

export async function rawClient(port: number): Promise<RawPeer> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  const peer = new RawPeer(socket);
  await until(() => !socket.connecting, 'the connection');
  return peer;
}

/** Binds; throws with the answer when it is not ESME_ROK. */
export async function rawBound(port: number, command = BIND_TRANSCEIVER, version = 0x34): Promise<RawPeer> {
  const peer = await rawClient(port);
  peer.write(bindBytes(command, { version }));
  const answer = await peer.takePdu();
  if (answer.slice(16, 24) !== '00000000') throw new Error(`the bind was refused: ${answer}`);
  return peer;
}

/** An SMSC that takes every bind and leaves the rest to the test. */
export class RawSmsc {
  port = 0;
  /** sc_interface_version of the next bind responses. */
  version: number | undefined = undefined;
  readonly #server: Server;
  /** Connections whose bind was answered, in order. */
  readonly bound: RawPeer[] = [];
  /** Their bind requests. */
  readonly requests: Buffer[] = [];

  private constructor(server: Server) {
    this.#server = server;
    server.on('connection', (socket) => void this.#onConnection(new RawPeer(socket)));
  }

  /** `version`: its sc_interface_version. */
  static async start(version?: number): Promise<RawSmsc> {
    const server = createServer();
    const smsc = new RawSmsc(server);
    smsc.version = version;
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    smsc.port = address.port;
    return smsc;
  }

  async #onConnection(peer: RawPeer): Promise<void> {
    const request = Buffer.from(await peer.takePdu(), 'hex');
    this.requests.push(request);
    // The response has the request's id with bit 31 set; the body is our system_id, and the TLV 0210 of one octet.
    const command = (request.readUInt32BE(4) | 0x8000_0000) >>> 0;
    const announced = this.version === undefined ? [] : [0x02, 0x10, 0, 1, this.version];
    const body = Buffer.concat([Buffer.from('raw\0'), Buffer.from(announced)]);
    peer.write(pduBytes(command, request.readUInt32BE(12), body));
    this.bound.push(peer);
  }

  /** The latest bound connection that is still open. */
  async peer(): Promise<RawPeer> {
    await until(() => this.bound.at(-1)?.closed === false, 'a bind');
    return this.bound.at(-1) as RawPeer;
  }

  close(): void {
    this.#server.close();
    for (const peer of this.bound) peer.destroy();
  }
}
