/** ESME and SMSC of the npm package `smpp`: every command that it knows, each side's words kept. */
import { npm } from '../daemon/esme.ts';
import { DEMO, until } from '../support/daemon.ts';

/** A PDU as that package reads it: names of the specification, TLVs by name. */
export interface NpmPdu {
  [field: string]: unknown;
  command: string;
  command_status: number;
  sequence_number: number;
  response(fields?: object): NpmPdu;
}

type Fields = Record<string, unknown>;
type Request = (fields: Fields, onResponse: (pdu: NpmPdu) => void) => boolean;

interface NpmSession {
  socket: { destroy(): void };
  closed: boolean;
  on(event: string, listener: (pdu: NpmPdu) => void): void;
  send(pdu: NpmPdu): boolean;
}

interface NpmServer {
  listen(port: number, host: string, onListening: () => void): void;
  address(): { port: number };
  close(): void;
}

const lib = npm as unknown as {
  connect(options: object, onConnect: () => void): NpmSession;
  createServer(options: object, onSession: (session: NpmSession) => void): NpmServer;
};

const ANSWER_MS_MAX = 15_000;

/** Sends a request; rejects when no answer comes. */
function request(session: NpmSession, command: string, fields: Fields): Promise<NpmPdu> {
  const send = (session as unknown as Record<string, Request>)[command];
  if (send === undefined) throw new Error(`the package smpp has no ${command}`);
  return new Promise((resolve, reject) => {
    const late = setTimeout(
      () => reject(new Error(`no answer to ${command} in ${ANSWER_MS_MAX} ms`)),
      ANSWER_MS_MAX,
    );
    send.call(session, fields, (pdu) => {
      clearTimeout(late);
      resolve(pdu);
    });
  });
}

/** The octets of the text as the package gives them: a string it decoded, or a Buffer. */
export function textOf(pdu: NpmPdu): string | Buffer {
  const short = (pdu.short_message as { message?: string | Buffer } | undefined)?.message;
  if (short !== undefined && short.length > 0) return short;
  const payload = pdu.message_payload as { message?: string | Buffer } | undefined;
  return payload?.message ?? short ?? '';
}

/** The user data header's elements, as the package cuts them. */
export function udhOf(pdu: NpmPdu): Buffer[] {
  return ((pdu.short_message ?? pdu.message_payload) as { udh?: Buffer[] } | undefined)?.udh ?? [];
}

export interface NpmReceipt {
  id: string;
  stat: string;
  err: string;
  text: string;
  pdu: NpmPdu;
}

export type BindKind = 'bind_transmitter' | 'bind_receiver' | 'bind_transceiver';

export class NpmEsme {
  readonly session: NpmSession;
  readonly bound: NpmPdu;
  /** Everything received, in order. */
  readonly pdus: NpmPdu[];
  readonly receipts: NpmReceipt[];

  constructor(session: NpmSession, bound: NpmPdu, pdus: NpmPdu[], receipts: NpmReceipt[]) {
    this.session = session;
    this.bound = bound;
    this.pdus = pdus;
    this.receipts = receipts;
  }

  /** Connects and binds; `bound` is the answer, whatever it says. */
  static async bind(port: number, kind: BindKind, fields: Fields = {}): Promise<NpmEsme> {
    const session = await new Promise<NpmSession>((resolve) => {
      const made: NpmSession = lib.connect({ host: '127.0.0.1', port }, () => resolve(made));
    });
    return NpmEsme.over(session, kind, fields);
  }

  /** Binds on a connection that is there. */
  static async over(session: NpmSession, kind: BindKind, fields: Fields = {}): Promise<NpmEsme> {
    // A reset ends in 'close' too.
    session.on('error', () => undefined);
    const pdus: NpmPdu[] = [];
    const receipts: NpmReceipt[] = [];
    session.on('pdu', (pdu) => pdus.push(pdu));
    for (const command of ['deliver_sm', 'data_sm', 'enquire_link', 'unbind']) {
      session.on(command, (pdu) => {
        const receipt = readReceipt(pdu);
        if (receipt !== undefined) receipts.push(receipt);
        session.send(pdu.response());
      });
    }
    const whole = { system_id: DEMO.name, password: DEMO.password, interface_version: 0x34, ...fields };
    return new NpmEsme(session, await request(session, kind, whole), pdus, receipts);
  }

  request(command: string, fields: Fields = {}): Promise<NpmPdu> {
    return request(this.session, command, fields);
  }

  /** A submit_sm with a receipt asked for, to an ordinary number from a name. */
  submit(fields: Fields): Promise<NpmPdu> {
    return this.request('submit_sm', {
      source_addr_ton: 5,
      source_addr: 'Interop',
      dest_addr_ton: 1,
      dest_addr_npi: 1,
      destination_addr: '447700900123',
      registered_delivery: 1,
      ...fields,
    });
  }

  /** Waits for the receipt of this id. Throws when it does not come. */
  async receipt(id: string, waitMs = 15_000): Promise<NpmReceipt> {
    await until(() => this.receipts.some((one) => one.id === id), `a receipt of ${id}`, waitMs);
    return this.receipts.find((one) => one.id === id) as NpmReceipt;
  }

  cut(): void {
    this.session.socket.destroy();
  }
}

/** An ESME that is called: it waits for an outbind and binds as a receiver on that connection. */
export class NpmCallee {
  readonly outbinds: NpmPdu[] = [];
  readonly esmes: NpmEsme[] = [];
  readonly #server: NpmServer;
  readonly #sessions: NpmSession[] = [];

  constructor(port: number) {
    this.#server = lib.createServer({}, (session) => this.#onSession(session));
    this.#server.listen(port, '127.0.0.1', () => undefined);
  }

  #onSession(session: NpmSession): void {
    this.#sessions.push(session);
    session.on('outbind', (pdu) => {
      this.outbinds.push(pdu);
      void NpmEsme.over(session, 'bind_receiver').then((esme) => this.esmes.push(esme));
    });
  }

  close(): void {
    this.#server.close();
    for (const { socket } of this.#sessions) socket.destroy();
  }
}

/** v3.4 appendix B; undefined: no receipt. */
export function readReceipt(pdu: NpmPdu): NpmReceipt | undefined {
  if (((pdu.esm_class as number | undefined) ?? 0) === 0) return undefined;
  const text = String(textOf(pdu));
  const found = /^id:(\S+) .*stat:(\S+) err:(\S*) text:([^]*)$/i.exec(text);
  if (found === null) return undefined;
  return { id: found[1], stat: found[2], err: found[3], text: found[4], pdu };
}

export interface Asked {
  pdu: NpmPdu;
  session: NpmSession;
}

/** What to answer: fields of the response; undefined: nothing. */
export type Answer = (asked: Asked, number: number) => Fields | undefined;

const BINDS = ['bind_transceiver', 'bind_transmitter', 'bind_receiver'];
const REQUESTS = [
  ...BINDS,
  'submit_sm',
  'submit_multi',
  'data_sm',
  'query_sm',
  'cancel_sm',
  'replace_sm',
  'broadcast_sm',
  'query_broadcast_sm',
  'cancel_broadcast_sm',
  'enquire_link',
  'unbind',
];

export class NpmUpstream {
  port = 0;
  readonly asked: Asked[] = [];
  readonly sessions: NpmSession[] = [];
  /** Sessions that take deliver_sm. */
  readonly receivers: NpmSession[] = [];
  /** By command; what is not here is answered with ESME_ROK and, where it has one, the next message id. */
  readonly answers = new Map<string, Answer>();
  bindFields: Fields = { system_id: 'npmsmsc' };
  /** Called with each submit_sm once it is answered. */
  onMessage: (asked: Asked) => void = () => undefined;
  /** Of the last message, counted up from here. */
  lastId = 0;
  readonly #ids = new Map<NpmPdu, string>();
  #server: NpmServer | undefined;

  async listen(port = 0): Promise<this> {
    const server = lib.createServer({}, (session) => this.#onSession(session));
    this.#server = server;
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    this.port = server.address().port;
    return this;
  }

  /** Dials a gateway that waits for it, and sends outbind. */
  async dial(port: number, systemId: string, password: string): Promise<void> {
    const session = await new Promise<NpmSession>((resolve) => {
      const made: NpmSession = lib.connect({ host: '127.0.0.1', port }, () => resolve(made));
    });
    this.#onSession(session);
    (session as unknown as { outbind(fields: Fields): void }).outbind({ system_id: systemId, password });
  }

  #onSession(session: NpmSession): void {
    this.sessions.push(session);
    session.on('error', () => undefined);
    for (const command of REQUESTS) session.on(command, (pdu) => this.#onRequest({ pdu, session }));
  }

  #onRequest(asked: Asked): void {
    const { pdu, session } = asked;
    this.asked.push(asked);
    const answer = this.answers.get(pdu.command);
    const number = this.of(pdu.command).length;
    const fields = answer === undefined ? this.#usual(pdu) : answer(asked, number);
    if (fields === undefined) return;
    if ('message_id' in fields) this.#ids.set(pdu, String(fields.message_id));
    session.send(pdu.response(fields));
    if (pdu.command === 'bind_receiver' || pdu.command === 'bind_transceiver') this.receivers.push(session);
    if (pdu.command === 'submit_sm') this.onMessage(asked);
  }

  #usual(pdu: NpmPdu): Fields {
    if (BINDS.includes(pdu.command)) return this.bindFields;
    if (/^(?:submit_sm|submit_multi|data_sm|broadcast_sm)$/.test(pdu.command))
      return { message_id: this.nextId() };
    return {};
  }

  nextId(): string {
    return String(++this.lastId).padStart(10, '0');
  }

  /** The id that a message was answered with. */
  idOf({ pdu }: Asked): string {
    const id = this.#ids.get(pdu);
    if (id === undefined) throw new Error(`${pdu.command} ${pdu.sequence_number} was given no id`);
    return id;
  }

  /** The requests of this command, in order. */
  of(command: string): Asked[] {
    return this.asked.filter(({ pdu }) => pdu.command === command);
  }

  /** Messages, as whatever command they came, whose text is this. */
  withText(text: string): Asked[] {
    return this.asked.filter(
      ({ pdu }) => /^(?:submit_sm|data_sm)$/.test(pdu.command) && textOf(pdu) === text,
    );
  }

  /** Sends a request to the last session that takes them. */
  send(command: string, fields: Fields): Promise<NpmPdu> {
    const session = this.receivers.findLast(({ closed }) => !closed);
    if (session === undefined) throw new Error('nobody is bound to the npm SMSC as a receiver');
    return request(session, command, fields);
  }

  /** A delivery receipt of a message, by the text of v3.4 appendix B. */
  receipt(asked: Asked, stat = 'DELIVRD', fields: Fields = {}): Promise<NpmPdu> {
    const { pdu } = asked;
    return this.send('deliver_sm', {
      esm_class: 4,
      source_addr_ton: pdu.dest_addr_ton,
      source_addr_npi: pdu.dest_addr_npi,
      source_addr: pdu.destination_addr,
      dest_addr_ton: pdu.source_addr_ton,
      dest_addr_npi: pdu.source_addr_npi,
      destination_addr: pdu.source_addr,
      short_message: receiptText(this.idOf(asked), stat),
      ...fields,
    });
  }

  close(): void {
    this.#server?.close();
    for (const session of this.sessions) session.socket.destroy();
  }
}

export function receiptText(id: string, stat: string): string {
  const delivered = stat === 'DELIVRD';
  const dates = 'submit date:2611220101 done date:2611220102';
  return `id:${id} sub:001 dlvrd:00${delivered ? 1 : 0} ${dates} stat:${stat} err:${delivered ? '000' : '027'} text:`;
}
