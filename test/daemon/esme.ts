/** An ESME of the npm package `smpp`: an independent client at the other end of a whole daemon. */
import { createRequire } from 'node:module';
import { DEMO, until } from '../support/daemon.ts';

export interface Pdu {
  command: string;
  command_status: number;
  sequence_number: number;
  message_id: string;
  source_addr: string;
  destination_addr: string;
  esm_class: number;
  interface_version: number;
  sc_interface_version?: number;
  registered_delivery: number;
  short_message: { message: string | Buffer };
  receipted_message_id?: string;
  message_state?: number;
  user_message_reference?: number;
  network_error_code?: Buffer;
  message_payload?: { message: string | Buffer };
  response(fields?: object): Pdu;
  toBuffer(): Buffer;
}

export interface Session {
  socket: { destroy(): void };
  on(event: string, listener: (pdu: Pdu) => void): void;
  send(pdu: Pdu): boolean;
  submit_sm(fields: object, onResponse: (pdu: Pdu) => void): boolean;
  deliver_sm(fields: object, onResponse?: (pdu: Pdu) => void): boolean;
  data_sm(fields: object, onResponse?: (pdu: Pdu) => void): boolean;
  unbind(onResponse: (pdu: Pdu) => void): boolean;
  enquire_link(onResponse: (pdu: Pdu) => void): boolean;
  bind_transceiver(fields: object, onResponse: (pdu: Pdu) => void): boolean;
  bind_transmitter(fields: object, onResponse: (pdu: Pdu) => void): boolean;
  bind_receiver(fields: object, onResponse: (pdu: Pdu) => void): boolean;
}

interface Server {
  listen(port: number, host: string, onListening: () => void): void;
  address(): { port: number };
  close(): void;
}

interface Npm {
  connect(options: object, onConnect: () => void): Session;
  createServer(options: object, onSession: (session: Session) => void): Server;
  PDU: new (command: string, fields?: object) => Pdu;
}

export const npm = createRequire(import.meta.url)('smpp') as Npm;

export interface Receipt {
  id: string;
  stat: string;
  err: string;
  pdu: Pdu;
}

export interface EsmeOptions {
  kind?: 'bind_transceiver' | 'bind_transmitter' | 'bind_receiver';
  /** Of the bind request, beside the demo account's credentials. */
  fields?: object;
  /** The status that the n-th receipt (from 0) is answered with; undefined: not answered. */
  answer?: (receipt: Receipt, index: number) => number | undefined;
}

export class Esme {
  readonly session: Session;
  readonly bound: Pdu;
  readonly receipts: Receipt[];
  readonly pdus: Pdu[];
  readonly closed: Promise<void>;

  constructor(session: Session, bound: Pdu, receipts: Receipt[], pdus: Pdu[], closed: Promise<void>) {
    this.session = session;
    this.bound = bound;
    this.receipts = receipts;
    this.pdus = pdus;
    this.closed = closed;
  }

  /** Submits and resolves with the response. */
  submit(fields: object = {}): Promise<Pdu> {
    const whole = {
      source_addr: 'Sender',
      destination_addr: '962790000001',
      registered_delivery: 1,
      short_message: 'hello',
      ...fields,
    };
    return new Promise((resolve) => this.session.submit_sm(whole, resolve));
  }

  /** Submits one that must be accepted; resolves with its message id. */
  async send(fields: object = {}): Promise<string> {
    const answer = await this.submit(fields);
    if (answer.command_status !== 0) throw new Error(`submit_sm refused: ${answer.command_status}`);
    return answer.message_id;
  }

  /** `count` messages with their number as the text; resolves with their ids, in order. */
  sendMany(count: number, fields: object = {}): Promise<string[]> {
    return Promise.all(
      Array.from({ length: count }, (_, index) => this.send({ short_message: `m${index} `, ...fields })),
    );
  }

  async receipt(id: string, waitMs = 15_000): Promise<Receipt> {
    await until(() => this.receipts.some((one) => one.id === id), `a receipt of ${id}`, waitMs);
    return this.receipts.find((one) => one.id === id) as Receipt;
  }

  /** Waits until each id has a receipt; throws when one has two. */
  async receiptsOf(ids: readonly string[], waitMs = 20_000): Promise<Receipt[]> {
    const missing = (): string[] => {
      const had = new Set(this.receipts.map(({ id }) => id));
      return ids.filter((id) => !had.has(id));
    };
    try {
      await until(() => missing().length === 0, 'all receipts', waitMs);
    } catch {
      throw new Error(
        `${missing().length} of ${ids.length} receipts missing, ${missing().slice(0, 5).join(' ')}`,
      );
    }
    const byId = Map.groupBy(this.receipts, ({ id }) => id);
    return ids.map((id) => {
      const copies = byId.get(id) as Receipt[];
      if (copies.length > 1) throw new Error(`${copies.length} receipts of ${id}`);
      return copies[0];
    });
  }

  async unbind(): Promise<void> {
    await new Promise<Pdu>((resolve) => this.session.unbind(resolve));
    this.session.socket.destroy();
    await this.closed;
  }

  /** Cuts the connection without a word. */
  async cut(): Promise<void> {
    this.session.socket.destroy();
    await this.closed;
  }
}

/** Connects and binds; `esme.bound` is the answer, whatever it says. */
export async function bindEsme(port: number, options: EsmeOptions = {}): Promise<Esme> {
  const { kind = 'bind_transceiver', fields = {}, answer = () => 0 } = options;
  const receipts: Receipt[] = [];
  const pdus: Pdu[] = [];
  const session = await new Promise<Session>((resolve) => {
    const made: Session = npm.connect({ host: '127.0.0.1', port }, () => resolve(made));
  });
  // A reset ends in 'close' too, which is what the tests look at.
  session.on('error', () => undefined);
  const closed = new Promise<void>((resolve) => session.on('close', () => resolve()));
  session.on('pdu', (pdu) => pdus.push(pdu));
  session.on('enquire_link', (pdu) => session.send(pdu.response()));
  // Listens before the bind: receipts that waited may come in one read with its answer.
  for (const carrier of ['deliver_sm', 'data_sm']) {
    session.on(carrier, (pdu) => {
      const receipt = readReceipt(pdu);
      receipts.push(receipt);
      const status = answer(receipt, receipts.length - 1);
      if (status !== undefined) session.send(pdu.response({ command_status: status }));
    });
  }
  const whole = {
    system_id: DEMO.name,
    password: DEMO.password,
    interface_version: 0x34,
    ...fields,
  };
  const bound = await new Promise<Pdu>((resolve) => session[kind](whole, resolve));
  return new Esme(session, bound, receipts, pdus, closed);
}

/** By its text, else by its TLVs: `stat` is then the number of the state. */
function readReceipt(pdu: Pdu): Receipt {
  const text = String((pdu.message_payload ?? pdu.short_message)?.message ?? '');
  const found = /^id:(\S+) .*stat:(\S+) err:(\S*)/.exec(text);
  if (found !== null) return { id: found[1], stat: found[2], err: found[3], pdu };
  const { receipted_message_id: id, message_state: state } = pdu;
  if (id === undefined) throw new Error(`no receipt: ${JSON.stringify(text)}`);
  return { id, stat: String(state ?? ''), err: '', pdu };
}
