/** The npm package `smpp` at the other end of a library session, in both roles. */
import { npm } from '../daemon/esme.ts';
import type { Pdu, Session } from '../daemon/esme.ts';

export type NpmPdu = Pdu & Record<string, unknown>;
export type NpmSession = Session &
  Record<string, (fields: object, onResponse?: (pdu: NpmPdu) => void) => boolean> & {
    closed: boolean;
    close(): void;
  };

/** Answers every request with the fields of `answers[command]`, binds with ESME_ROK; keeps what came. */
export class NpmPeer {
  readonly seen: NpmPdu[] = [];
  readonly sessions: NpmSession[] = [];
  answers: Record<string, object> = {};
  port = 0;
  #close: () => void = () => undefined;

  /** An SMSC. */
  static async smsc(options: object = {}): Promise<NpmPeer> {
    const peer = new NpmPeer();
    const server = npm.createServer(options, (session) => peer.take(session as NpmSession));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    peer.port = server.address().port;
    peer.#close = () => server.close();
    return peer;
  }

  /** An ESME that is connected; the test binds. */
  static async esme(options: object): Promise<NpmPeer> {
    const peer = new NpmPeer();
    const session = await new Promise<Session>((resolve) => {
      const made: Session = npm.connect({ host: '127.0.0.1', ...options }, () => resolve(made));
    });
    peer.take(session as NpmSession);
    return peer;
  }

  take(session: NpmSession): void {
    this.sessions.push(session);
    // Ends of connections are part of these tests; 'close' follows.
    session.on('error', () => undefined);
    session.on('pdu', (pdu) => {
      this.seen.push(pdu as NpmPdu);
      const isRequest = !pdu.command.endsWith('_resp') && pdu.command !== 'generic_nack';
      const answered = !['alert_notification', 'outbind'].includes(pdu.command);
      if (isRequest && answered) session.send(pdu.response(this.answers[pdu.command] ?? {}));
    });
  }

  get session(): NpmSession {
    return this.sessions[this.sessions.length - 1];
  }

  /** Sends a request and resolves with its response. */
  ask(command: string, fields: object): Promise<NpmPdu> {
    return new Promise((resolve) => this.session[command](fields, resolve));
  }

  of(command: string): NpmPdu[] {
    return this.seen.filter((pdu) => pdu.command === command);
  }

  close(): void {
    this.#close();
    for (const session of this.sessions) session.socket.destroy();
  }
}
