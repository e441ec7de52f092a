/** An SMSC of the npm package `smpp` whose every answer the test decides. */
import { npm } from './esme.ts';
import type { Pdu, Session } from './esme.ts';

export interface Submitted {
  pdu: Pdu;
  session: Session;
  /** From 1, over all sessions. */
  number: number;
  text: string;
  /** Answers with an id, or with an error status. */
  answer: (idOrStatus: string | number) => void;
  /** Sends a receipt to the session that submitted; resolves with the status of its answer. */
  receipt: (id: string, stat?: string) => Promise<number>;
  /** The same with these fields, in a PDU of this command. */
  report: (fields: object, command?: 'deliver_sm' | 'data_sm') => Promise<number>;
}

export class NpmSmsc {
  port = 0;
  readonly submits: Submitted[] = [];
  readonly sessions: Session[] = [];
  binds = 0;
  /** Status of the next bind responses. */
  bindStatus = 0;
  /** sc_interface_version of the next bind responses. */
  version: number | undefined = undefined;
  #close: () => void = () => undefined;

  static async start(onSubmit: (submitted: Submitted) => void, port = 0): Promise<NpmSmsc> {
    const smsc = new NpmSmsc();
    const server = npm.createServer({}, (session) => smsc.#onSession(session, onSubmit));
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    smsc.port = server.address().port;
    smsc.#close = () => server.close();
    return smsc;
  }

  #onSession(session: Session, onSubmit: (submitted: Submitted) => void): void {
    this.sessions.push(session);
    // Ends of connections are part of these tests; 'close' follows.
    session.on('error', () => undefined);
    for (const bind of ['bind_transceiver', 'bind_transmitter', 'bind_receiver']) {
      session.on(bind, (pdu) => {
        this.binds++;
        const version = this.version === undefined ? {} : { sc_interface_version: this.version };
        session.send(pdu.response({ command_status: this.bindStatus, system_id: 'npm', ...version }));
      });
    }
    session.on('unbind', (pdu) => session.send(pdu.response()));
    session.on('enquire_link', (pdu) => session.send(pdu.response()));
    session.on('submit_sm', (pdu) => {
      const submitted = this.#submitted(pdu, session);
      this.submits.push(submitted);
      onSubmit(submitted);
    });
  }

  #submitted(pdu: Pdu, session: Session): Submitted {
    const addresses = { source_addr: pdu.destination_addr, destination_addr: pdu.source_addr };
    const report: Submitted['report'] = (fields, command = 'deliver_sm') =>
      new Promise((resolve) => {
        const whole = { esm_class: 4, ...addresses, ...fields };
        session[command](whole, (answer) => resolve(answer.command_status));
      });
    return {
      pdu,
      session,
      number: this.submits.length + 1,
      text: String(pdu.short_message.message),
      answer: (idOrStatus) => {
        const fields =
          typeof idOrStatus === 'string' ? { message_id: idOrStatus } : { command_status: idOrStatus };
        session.send(pdu.response(fields));
      },
      receipt: (id, stat = 'DELIVRD') => report({ short_message: receiptText(id, stat) }),
      report,
    };
  }

  /** Cuts every connection. */
  cut(): void {
    for (const session of this.sessions.splice(0)) session.socket.destroy();
  }

  close(): void {
    this.#close();
    this.cut();
  }
}

/** v3.4 appendix B. */
export function receiptText(id: string, stat: string): string {
  const dates = 'submit date:2611220101 done date:2611220102';
  return `id:${id} sub:001 dlvrd:001 ${dates} stat:${stat} err:000 text:hello`;
}
