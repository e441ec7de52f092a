import { createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
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
  let closing: Promise<void> | undefined;
  return {
    port: (server.address() as AddressInfo).port,
    stats: () => ({ ...shared.counts, links: shared.links.size, repeats: recorder?.repeats ?? 0 }),
    close: () => (closing ??= stop(server, shared, sockets)),
  };
}

function accept(socket: Socket, shared: Shared, sockets: Map<Socket, Link>): void {
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
