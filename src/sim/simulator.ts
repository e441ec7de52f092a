import { createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { encodePdu } from '../smpp/codec.ts';
import { TLV_MS_AVAILABILITY_STATUS } from '../smpp/constants.ts';
import { Caller } from './caller.ts';
import { Link } from './link.ts';
import { completeOptions } from './options.ts';
import type { SimulatorOptions } from './options.ts';
import { Recorder } from './recorder.ts';
import { Shared } from './shared.ts';
import type { SimulatorCounts } from './shared.ts';

/** How long close() waits for the peers to close their side after the unbind. */
const CLOSE_MS = 300;

export interface SimulatorStats extends SimulatorCounts {
  /** connections open now */
  links: number;
  /** messages taken more than once, by their key; 0 without a record */
  repeats: number;
}

export interface RunningSimulator {
  port: number;
  stats(): SimulatorStats;
  /** Sends alert_notification to every receiving session of 3.4 and later; returns to how many. */
  alert(sourceAddr: string): number;
  /** Unbinds and closes every link, stops listening, writes the rest of the record. */
  close(): Promise<void>;
}

/**
 * Starts an SMSC simulator. Rejects when an option is out of range, the port is taken or the record
 * unwritable.
 */
export async function startSimulator(options: Partial<SimulatorOptions> = {}): Promise<RunningSimulator> {
  const whole = completeOptions(options);
  const recorder = whole.record === '' ? undefined : new Recorder(whole.record);
  const shared = new Shared(whole, recorder);
  const sockets = new Map<Socket, Link>();
  const server = createServer({ noDelay: true }, (socket) => accept(socket, shared, sockets));
  try {
    await listen(server, whole.port, whole.host);
  } catch (error) {
    recorder?.close();
    throw error;
  }
  const alert = (sourceAddr: string): number => sendAlerts(shared, sourceAddr);
  const everyMs = whole.alertEveryS * 1000;
  const alerting = everyMs > 0 ? setInterval(() => alert(ALERT_SOURCE), everyMs) : undefined;
  const calling =
    whole.outbind === '' ? undefined : new Caller(whole, (socket) => accept(socket, shared, sockets));
  let closing: Promise<void> | undefined;
  return {
    port: (server.address() as AddressInfo).port,
    stats: () => ({ ...shared.counts, links: shared.links.size, repeats: recorder?.repeats ?? 0 }),
    alert,
    close: () => {
      clearInterval(alerting);
      calling?.stop();
      return (closing ??= stop(server, shared, sockets));
    },
  };
}

/** The number in alerts that nobody asked for. */
const ALERT_SOURCE = '962790000001';

function sendAlerts(shared: Shared, sourceAddr: string): number {
  const alert = encodePdu({
    command: 'alert_notification',
    sequenceNumber: 0,
    sourceAddrTon: 1,
    sourceAddrNpi: 1,
    sourceAddr,
    tlvs: [{ tag: TLV_MS_AVAILABILITY_STATUS, value: Buffer.from([0]) }],
  });
  const links = [...shared.links].filter((link) => link.takesAlerts);
  for (const link of links) link.notify(alert);
  return links.length;
}

function accept(socket: Socket, shared: Shared, sockets: Map<Socket, Link>): Link {
  const link = new Link(socket, shared);
  sockets.set(socket, link);
  shared.links.add(link);
  socket.on('data', (chunk: Buffer) => link.onChunk(chunk));
  socket.on('drain', () => socket.resume());
  // A reset by the peer is an end like any other here: 'close' follows and counts.
  socket.on('error', () => socket.destroy());
  socket.on('close', () => {
    sockets.delete(socket);
    shared.links.delete(link);
    link.onClosed();
    shared.flushLinks();
  });
  return link;
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

async function stop(server: Server, shared: Shared, sockets: Map<Socket, Link>): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  shared.stopTicking();
  for (const link of sockets.values()) link.unbind();
  const impatient = setTimeout(() => {
    for (const socket of sockets.keys()) socket.destroy();
  }, CLOSE_MS);
  await closed;
  clearTimeout(impatient);
  shared.stopTicking();
  shared.recorder?.close();
}
