import { createRequire } from 'node:module';

/** The parts of the npm package `smpp` that these tests drive sockets with. */
export interface NpmPdu {
  command: string;
  command_status: number;
  sequence_number: number;
  message_id: string;
  source_addr: string;
  destination_addr: string;
  esm_class: number;
  registered_delivery: number;
  short_message: { message: string | Buffer };
  receipted_message_id?: string;
  message_state?: number;
  response(fields?: object): NpmPdu;
}

export interface NpmSession {
  socket: { destroy(): void };
  on(event: string, listener: (pdu: NpmPdu) => void): void;
  send(pdu: NpmPdu): boolean;
  submit_sm(fields: object, onResponse?: (pdu: NpmPdu) => void): boolean;
  deliver_sm(fields: object, onResponse?: (pdu: NpmPdu) => void): boolean;
  enquire_link(onResponse: (pdu: NpmPdu) => void): boolean;
  query_sm(fields: object, onResponse?: (pdu: NpmPdu) => void): boolean;
  query_broadcast_sm(fields: object): boolean;
  unbind(onResponse: (pdu: NpmPdu) => void): boolean;
  bind_transceiver(fields: object, onResponse: (pdu: NpmPdu) => void): boolean;
  bind_transmitter(fields: object, onResponse: (pdu: NpmPdu) => void): boolean;
  bind_receiver(fields: object, onResponse: (pdu: NpmPdu) => void): boolean;
  destroy(): void;
}

export interface NpmServer {
  listen(port: number, host: string, onListening: () => void): void;
  address(): { port: number };
  close(): void;
}

interface Npm {
  connect(options: object, onConnect: () => void): NpmSession;
  createServer(options: object, onSession: (session: NpmSession) => void): NpmServer;
  PDU: new (command: string | Buffer, fields?: object) => NpmPdu;
}

export const npmSmpp = createRequire(import.meta.url)('smpp') as Npm;

type BindKind = 'bind_transceiver' | 'bind_transmitter' | 'bind_receiver';

export interface NpmClient {
  session: NpmSession;
  bindStatus: number;
  bindAnswer: NpmPdu;
  /** every PDU received after the bind, in order */
  received: NpmPdu[];
  /** resolves with the response; rejects when none comes within two seconds */
  submit(fields?: object): Promise<NpmPdu>;
  closed: Promise<void>;
}

/** Binds the npm client. deliver_sm is answered unless `acknowledges` is false. */
export async function bindNpm(
  port: number,
  kind: BindKind = 'bind_transceiver',
  acknowledges = true,
  credentials: object = { system_id: 'esme', password: 'pw' },
): Promise<NpmClient> {
  const received: NpmPdu[] = [];
  const session = await new Promise<NpmSession>((resolve) => {
    const made: NpmSession = npmSmpp.connect({ host: '127.0.0.1', port }, () => resolve(made));
  });
  session.on('error', () => undefined);
  const closed = new Promise<void>((resolve) => session.on('close', () => resolve()));
  // Listens before the bind: receipts that waited may come in one read with its answer.
  session.on('pdu', (pdu) => {
    if (!pdu.command.startsWith('bind_')) received.push(pdu);
    if (acknowledges && pdu.command === 'deliver_sm') session.send(pdu.response());
  });
  const bindAnswer = await new Promise<NpmPdu>((resolve) => session[kind](credentials, resolve));
  const submit = (fields: object = {}): Promise<NpmPdu> =>
    new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error('no submit_sm_resp')), 2000);
      const whole = {
        source_addr: 'Sender',
        destination_addr: '962790000001',
        registered_delivery: 1,
        short_message: 'hello',
        ...fields,
      };
      session.submit_sm(whole, (pdu) => {
        clearTimeout(timer);
        resolve(pdu);
      });
    });
  return { session, bindStatus: bindAnswer.command_status, bindAnswer, received, submit, closed };
}

/** Polls until the condition holds; throws after five seconds. */
export async function until(condition: () => boolean, what: string): Promise<void> {
  const deadline = performance.now() + 5000;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`never happened: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

export function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
