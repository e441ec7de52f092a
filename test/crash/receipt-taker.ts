/** An ESME (of the npm package `smpp`) that only takes receipts. */
import { createRequire } from 'node:module';
import { DEMO } from '../support/daemon.ts';

interface Pdu {
  command_status: number;
  short_message: { message: string | Buffer };
  response(): Pdu;
}
interface Session {
  on(event: string, listener: (pdu: Pdu) => void): void;
  bind_receiver(fields: object, onResponse: (pdu: Pdu) => void): void;
  send(pdu: Pdu): void;
  destroy(): void;
}
const smpp = createRequire(import.meta.url)('smpp') as {
  connect(options: object, onConnect: () => void): Session;
};

/** Binds as a receiver of the demo account; `onReceipt` gets the id and the state of each receipt's text. */
export async function takeReceipts(
  port: number,
  onReceipt: (messageId: string, state: string) => void,
): Promise<{ close(): void }> {
  const session = await new Promise<Session>((resolve) => {
    const made: Session = smpp.connect({ host: '127.0.0.1', port }, () => resolve(made));
  });
  // The daemon unbinds and closes when it is stopped; whatever happens, missing receipts are found out.
  session.on('error', () => undefined);
  session.on('deliver_sm', (pdu) => {
    const found = /id:(\S+) .*stat:(\S+)/.exec(String(pdu.short_message.message));
    if (found === null) throw new Error(`no receipt: ${String(pdu.short_message.message)}`);
    onReceipt(found[1], found[2]);
    session.send(pdu.response());
  });
  const fields = { system_id: DEMO.name, password: DEMO.password, interface_version: 0x34 };
  const answer = await new Promise<Pdu>((resolve) => session.bind_receiver(fields, resolve));
  if (answer.command_status !== 0) throw new Error(`bind_receiver: status ${answer.command_status}`);
  return { close: () => session.destroy() };
}
