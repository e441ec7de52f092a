import { createRequire } from 'node:module';

/** The parts of the npm package `smpp` that serve the load generator in these tests. */
export interface NpmPdu {
  command: string;
  command_status: number;
  sequence_number: number;
  source_addr: string;
  destination_addr: string;
  registered_delivery: number;
  system_id: string;
  password: string;
  short_message: { message: string | Buffer };
  response(fields?: object): NpmPdu;
}

export interface NpmSession {
  socket: { destroy(): void };
  on(event: string, listener: (pdu: NpmPdu) => void): void;
  send(pdu: NpmPdu): boolean;
  deliver_sm(fields: object, onResponse?: (pdu: NpmPdu) => void): boolean;
  enquire_link(onResponse: (pdu: NpmPdu) => void): boolean;
}

interface Npm {
  createServer(
    options: object,
    onSession: (session: NpmSession) => void,
  ): {
    listen(port: number, host: string, done: () => void): void;
    address(): { port: number };
    close(): void;
  };
  PDU: new (bytes: Buffer) => NpmPdu;
}

export const npmSmpp = createRequire(import.meta.url)('smpp') as Npm;

export interface NpmSmsc {
  port: number;
  submits: NpmPdu[];
  sessions: NpmSession[];
  receiptsAnswered: number;
  close(): void;
}

/** What the server does with the n-th submit (from 1); `receipt` sends one for an id. */
export type OnSubmit = (
  pdu: NpmPdu,
  number: number,
  session: NpmSession,
  receipt: (messageId: string, source?: string) => void,
) => void;

/** An SMSC of the npm package that takes every bind; receipts go to the last bind that can receive. */
export async function npmSmsc(onSubmit: OnSubmit, bindStatus = 0): Promise<NpmSmsc> {
  const smsc: NpmSmsc = { port: 0, submits: [], sessions: [], receiptsAnswered: 0, close: () => undefined };
  let receiving: NpmSession | undefined;
  const server = npmSmpp.createServer({}, (session) => {
    smsc.sessions.push(session);
    session.on('error', () => undefined);
    for (const bind of ['bind_transceiver', 'bind_receiver', 'bind_transmitter']) {
      session.on(bind, (pdu) => {
        if (bind !== 'bind_transmitter') receiving = session;
        session.send(pdu.response({ command_status: bindStatus }));
      });
    }
    session.on('unbind', (pdu) => session.send(pdu.response()));
    session.on('submit_sm', (pdu) => {
      smsc.submits.push(pdu);
      onSubmit(pdu, smsc.submits.length, session, (messageId, source = pdu.destination_addr) => {
        const fields = { esm_class: 4, source_addr: source, destination_addr: pdu.source_addr };
        receiving?.deliver_sm(
          { ...fields, short_message: `id:${messageId} stat:DELIVRD err:000 text:` },
          () => {
            smsc.receiptsAnswered++;
          },
        );
      });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  smsc.port = server.address().port;
  smsc.close = () => {
    server.close();
    for (const session of smsc.sessions) session.socket.destroy();
  };
  return smsc;
}
