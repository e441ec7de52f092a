/** An SMSC that keeps the octets of what it is sent, read by hand, and whose answers and receipts the test decides. */
import { createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { freePort } from '../support/ports.ts';
import { pduBytes } from './raw.ts';

const SUBMIT_SM = 4;
const DELIVER_SM = 5;
const UNBIND = 6;
const ENQUIRE_LINK = 0x15;
const BINDS = [1, 2, 9];
const RESPONSE = 0x8000_0000;
const UDHI = 0x40;
export const PAYLOAD = 0x0424;
export const SAR_REFERENCE = 0x020c;
export const SAR_TOTAL = 0x020e;
export const SAR_SEQUENCE = 0x020f;

/** One submit_sm. */
export interface Sms {
  source: string;
  dest: string;
  esmClass: number;
  priority: number;
  schedule: string;
  validity: string;
  registeredDelivery: number;
  dataCoding: number;
  /** short_message, its header too. */
  octets: Buffer;
  tlvs: Map<number, Buffer>;
  /** What it was answered with: an id, or a command_status. */
  answered: string | number | undefined;
  atMs: number;
}

/** Which part of which message an SMS is, and its text without the header. */
export interface PartOf {
  header: string;
  reference: number;
  total: number;
  sequence: number;
  text: Buffer;
}

export interface OctetSmscOptions {
  /** The id or command_status for the n-th SMS (from 1); undefined: none, `OctetSmsc.answer` may give it later. */
  answer?: (sms: Sms, number: number) => string | number | undefined;
  /** The stat of a receipt that follows the answer at once; undefined: none follows. */
  stat?: (sms: Sms, number: number) => string | undefined;
  port?: number;
  version?: number;
}

export class OctetSmsc {
  readonly sms: Sms[] = [];
  /** Requests of other kinds, which the test answers. */
  readonly others: Buffer[] = [];
  port = 0;
  /** sc_interface_version of the next bind responses; undefined: none. */
  version: number | undefined;
  readonly #server: Server;
  readonly #options: OctetSmscOptions;
  readonly #sockets = new Set<Socket>();
  /** Receipts that are not answered, by sequence_number: they are sent again on the next session. */
  readonly #waiting = new Map<number, { pdu: Buffer; resolve: (status: number) => void }>();
  #count = 0;
  #sequence = 0;

  private constructor(server: Server, options: OctetSmscOptions) {
    this.#server = server;
    this.#options = options;
    server.on('connection', (socket) => this.#onConnection(socket));
  }

  static async start(options: OctetSmscOptions = {}): Promise<OctetSmsc> {
    const server = createServer();
    const smsc = new OctetSmsc(server, options);
    // One that nobody else takes while it is away.
    const port = options.port ?? (await freePort());
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject).listen(port, '127.0.0.1', resolve);
    });
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    smsc.port = address.port;
    smsc.version = options.version;
    return smsc;
  }

  #onConnection(socket: Socket): void {
    let bytes: Buffer = Buffer.alloc(0);
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => {
      bytes = Buffer.concat([bytes, chunk]);
      while (bytes.length >= 4 && bytes.length >= bytes.readUInt32BE(0)) {
        const length = bytes.readUInt32BE(0);
        this.#onPdu(socket, bytes.subarray(0, length));
        bytes = bytes.subarray(length);
      }
    });
    socket.on('close', () => this.#sockets.delete(socket));
    // A reset is an end like any other here.
    socket.on('error', () => undefined);
  }

  #onPdu(socket: Socket, pdu: Buffer): void {
    const command = pdu.readUInt32BE(4);
    const sequence = pdu.readUInt32BE(12);
    const respond = (body: Buffer, status = 0): void =>
      void socket.write(pduBytes((command | RESPONSE) >>> 0, sequence, body, status));
    if (BINDS.includes(command)) {
      this.#sockets.add(socket);
      const announced = this.version === undefined ? [] : [0x02, 0x10, 0, 1, this.version];
      respond(Buffer.concat([Buffer.from('octets\0'), Buffer.from(announced)]));
      for (const { pdu: unanswered } of this.#waiting.values()) socket.write(unanswered);
    } else if (command === ENQUIRE_LINK || command === UNBIND) respond(Buffer.alloc(0));
    else if (command === SUBMIT_SM) this.#onSubmit(pdu, respond);
    else if (command === (DELIVER_SM | RESPONSE) >>> 0) {
      this.#waiting.get(sequence)?.resolve(pdu.readUInt32BE(8));
      this.#waiting.delete(sequence);
    } else if (command < RESPONSE) this.others.push(Buffer.from(pdu));
  }

  /** Answers one of `others`. */
  respond(request: Buffer, body: Buffer, status = 0): void {
    const [socket] = this.#sockets;
    const command = (request.readUInt32BE(4) | RESPONSE) >>> 0;
    socket.write(pduBytes(command, request.readUInt32BE(12), body, status));
  }

  #onSubmit(pdu: Buffer, respond: (body: Buffer, status?: number) => void): void {
    const sms = readSubmit(pdu);
    this.sms.push(sms);
    const { answer = (_sms, number) => `s${number}`, stat = () => undefined } = this.#options;
    const number = ++this.#count;
    const given = answer(sms, number);
    sms.answered = given;
    if (given === undefined) return;
    if (typeof given === 'number') respond(Buffer.alloc(0), given);
    else respond(Buffer.from(`${given}\0`));
    const state = stat(sms, number);
    if (state !== undefined && typeof given === 'string') void this.receipt(given, state);
  }

  /** Sends a receipt on any session, or on the next; resolves with the command_status of its answer. */
  receipt(id: string, stat = 'DELIVRD', err = '000', doneDate = '2611220102'): Promise<number> {
    const [socket] = this.#sockets as Iterable<Socket | undefined>;
    const dates = `submit date:2611220101 done date:${doneDate}`;
    const text = `id:${id} sub:001 dlvrd:001 ${dates} stat:${stat} err:${err} text:x`;
    const head = Buffer.from('\0\x01\x01962790000001\0\x05\0Sender\0', 'latin1');
    const flags = Buffer.from([4, 0, 0, 0, 0, 0, 0, 0, 0, text.length]);
    const sequence = ++this.#sequence;
    const pdu = pduBytes(DELIVER_SM, sequence, Buffer.concat([head, flags, Buffer.from(text)]));
    socket?.write(pdu);
    return new Promise((resolve) => this.#waiting.set(sequence, { pdu, resolve }));
  }

  /** Sessions that are bound now. */
  get bound(): number {
    return this.#sockets.size;
  }

  /** Cuts every connection. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  close(): void {
    this.#server.close();
    this.cut();
  }
}

/** A submit_sm, its header too. */
export function readSubmit(pdu: Buffer): Sms {
  let at = 16;
  const text = (): string => {
    const end = pdu.indexOf(0, at);
    const value = pdu.toString('latin1', at, end);
    at = end + 1;
    return value;
  };
  const byte = (): number => pdu[at++];
  text(); // service_type
  at += 2;
  const source = text();
  at += 2;
  const dest = text();
  const esmClass = byte();
  byte(); // protocol_id
  const priority = byte();
  const schedule = text();
  const validity = text();
  const registeredDelivery = byte();
  byte(); // replace_if_present_flag
  const dataCoding = byte();
  byte(); // sm_default_msg_id
  const length = byte();
  const octets = Buffer.from(pdu.subarray(at, at + length));
  const tlvs = new Map<number, Buffer>();
  for (at += length; at < pdu.length; at += 4 + pdu.readUInt16BE(at + 2)) {
    tlvs.set(pdu.readUInt16BE(at), Buffer.from(pdu.subarray(at + 4, at + 4 + pdu.readUInt16BE(at + 2))));
  }
  const fields = { source, dest, esmClass, priority, schedule, validity, registeredDelivery, dataCoding };
  return { ...fields, octets, tlvs, answered: undefined, atMs: Date.now() };
}

/** By the two concatenation elements or the sar_* parameters; throws where there are none. */
export function partOf({ esmClass, octets, tlvs }: Sms): PartOf {
  if ((esmClass & UDHI) !== 0) {
    const end = octets[0] + 1;
    const wide = octets[1] === 8;
    if (!wide && octets[1] !== 0) throw new Error(`no concatenation in ${octets.toString('hex')}`);
    return {
      header: octets.toString('hex', 0, 3),
      reference: wide ? octets.readUInt16BE(3) : octets[3],
      total: octets[wide ? 5 : 4],
      sequence: octets[wide ? 6 : 5],
      text: octets.subarray(end),
    };
  }
  const [reference, total, sequence] = [SAR_REFERENCE, SAR_TOTAL, SAR_SEQUENCE].map((tag) => tlvs.get(tag));
  if (reference === undefined || total === undefined || sequence === undefined) throw new Error('no part');
  return {
    header: 'sar',
    reference: reference.readUInt16BE(0),
    total: total[0],
    sequence: sequence[0],
    text: octets,
  };
}
