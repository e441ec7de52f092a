/**
 * The relay that anyone would write first: the npm package `smpp` on both sides, a Map from the SMSC's id to
 * ours, every message acknowledged at once, nothing stored.
 *
 *   node bench/smpp-relay.ts --listen 2775 --upstream 2776
 */
import { createRequire } from 'node:module';
import { parseArgs } from 'node:util';

interface Pdu {
  command: string;
  command_status: number;
  sequence_number: number;
  message_id: string;
  short_message: { message: string | Buffer };
  response(fields?: object): Pdu;
  [field: string]: unknown;
}
interface Session {
  socket: { setNoDelay(on: boolean): void };
  on(event: string, listener: (pdu: Pdu) => void): void;
  send(pdu: Pdu): boolean;
  submit_sm(fields: object, onResponse: (pdu: Pdu) => void): boolean;
  deliver_sm(fields: object): boolean;
  bind_transceiver(fields: object, onResponse: (pdu: Pdu) => void): boolean;
}
interface Smpp {
  connect(options: object, listener: () => void): Session;
  createServer(options: object, listener: (session: Session) => void): { listen(port: number): void };
}

const smpp = createRequire(import.meta.url)('smpp') as Smpp;
const { values } = parseArgs({
  options: { listen: { type: 'string', default: '2775' }, upstream: { type: 'string', default: '2776' } },
});

const ownIds = new Map<string, string>();
let esme: Session | undefined;
let lastId = 0;

function fieldsOf(pdu: Pdu): object {
  const { service_type, source_addr_ton, source_addr_npi, source_addr } = pdu;
  const { dest_addr_ton, dest_addr_npi, destination_addr, esm_class, registered_delivery, data_coding } = pdu;
  const from = { service_type, source_addr_ton, source_addr_npi, source_addr };
  const to = { dest_addr_ton, dest_addr_npi, destination_addr };
  return { ...from, ...to, esm_class, registered_delivery, data_coding, short_message: pdu.short_message };
}

const upstream = smpp.connect({ host: '127.0.0.1', port: Number(values.upstream) }, () => {
  upstream.socket.setNoDelay(true);
  upstream.bind_transceiver({ system_id: 'relay', password: 'relay' }, (pdu) => {
    if (pdu.command_status !== 0) throw new Error(`bind refused: ${pdu.command_status}`);
  });
});

upstream.on('deliver_sm', (pdu) => {
  upstream.send(pdu.response());
  const text = String(pdu.short_message.message);
  const smscId = /id:(\S+)/.exec(text)?.[1] ?? '';
  const ownId = ownIds.get(smscId);
  if (ownId === undefined) return;
  ownIds.delete(smscId);
  esme?.deliver_sm({ ...fieldsOf(pdu), short_message: text.replace(smscId, ownId) });
});

const server = smpp.createServer({}, (session) => {
  session.socket.setNoDelay(true);
  session.on('error', () => undefined);
  session.on('bind_transceiver', (pdu) => {
    esme = session;
    session.send(pdu.response());
  });
  session.on('enquire_link', (pdu) => session.send(pdu.response()));
  session.on('unbind', (pdu) => session.send(pdu.response()));
  session.on('submit_sm', (pdu) => {
    const ownId = String(++lastId).padStart(10, '0');
    session.send(pdu.response({ message_id: ownId }));
    upstream.submit_sm(fieldsOf(pdu), (response) => ownIds.set(response.message_id, ownId));
  });
});
server.listen(Number(values.listen));
console.log(`smpp relay on ${values.listen}`);
