/**
 * The launcher and control thread: builds the ring mesh, starts the threads in order, watches them, and drains them
 * in reverse. It never touches a message.
 */
import * as net from 'node:net';
import { join, resolve } from 'node:path';
import { Worker } from 'node:worker_threads';
import { AuditLog } from './admin/audit.ts';
import { adminHandler } from './admin/commands.ts';
import { PasswordChecker } from './admin/hash-pool.ts';
import { openLog } from './admin/log.ts';
import type { Logger } from './admin/log.ts';
import { Metrics } from './admin/metrics.ts';
import { assignNames } from './admin/names.ts';
import { AdminServer } from './admin/server.ts';
import { checkSocketPath } from './admin/socket-path.ts';
import { Supervisor } from './control/supervisor.ts';
import { printDemo } from './control/demo.ts';
import { Gatekeeper } from './control/gatekeeper.ts';
import { Sessions } from './control/sessions.ts';
import type { Config } from './core/config.ts';
import { parseListen } from './core/config-values.ts';
import { createCounterPages } from './core/ring/counters.ts';
import { createMesh } from './core/ring/mesh.ts';
import { lockDataDirectory } from './store/data-lock.ts';
import type { WorkerSetup } from './threads/protocol.ts';

const RING_BYTES = 8 * 1024 * 1024;

/**
 * Runs the gateway until a signal stops it; the process then exits with 0. Rejects with one line when it can not
 * start: a port in use, a data directory in use or unreadable.
 */
export async function runDaemon(config: Config, configPath: string): Promise<void> {
  process.umask(0o077);
  const log = await openLog(config.log.level, 'control');
  dieOfUncaught(log);
  // Before anything is written: a start that fails for a port leaves the disk as it was.
  await requireFreePort(`${configPath}: smpp.listen`, config.smpp.listen);
  await requireFreePort(`${configPath}: http.listen`, config.http.listen);
  checkSocketPath(resolve(config.data_dir, config.admin.socket));
  const lock = lockDataDirectory(config.data_dir);
  const names = assignNames(config.data_dir, {
    nodeId: config.node_id,
    shards: config.shards,
    accounts: config.account.map((account) => account.name),
    smscs: config.smsc.map((smsc) => smsc.id),
  });
  if (config.ledger.durability === 'unsafe-none') {
    log.warn(
      'UNSAFE: ledger.durability = "unsafe-none": a power cut loses or corrupts acknowledged messages',
    );
  }
  const { threads: edges } = config.edge;
  const { shards } = config;
  const pages = createCounterPages(edges + shards, names.smscs.length, names.accounts.length);
  const setup: Omit<WorkerSetup, 'index'> = {
    config,
    dataDir: config.data_dir,
    accountNames: names.accounts,
    smscNames: names.smscs,
    mesh: createMesh(edges, shards, RING_BYTES),
    pages,
  };
  const supervisor = new Supervisor(config, pages, log);
  const gatekeeper = new Gatekeeper(config.account, new PasswordChecker(config.account));
  const sessions = new Sessions(
    supervisor,
    config.account.map(({ name }) => name),
  );
  const metrics = new Metrics({ pages, edges, shards, smscNames: names.smscs });
  supervisor.answerWith({
    authenticate: (question) => gatekeeper.decide(question),
    sessionEnded: (account) => gatekeeper.sessionEnded(account),
    metrics: () => metrics.text(),
    traced: (from, batch) => sessions.traced(from, batch),
  });
  const admin = await openAdmin(config, sessions, log);
  const demo = config.demo.simulator ? await startDemoSimulator(config) : undefined;
  const detail = await supervisor.start(setup, spawn).catch(async (error: unknown) => {
    await admin.close();
    throw error;
  });
  sessions.started();
  log.info(
    { ...detail, config: configPath, pid: process.pid, durability: config.ledger.durability },
    'tollgate is ready',
  );
  if (config.demo.simulator) printDemo(config);
  const clean = await supervisor.untilStopped();
  await admin.close();
  await gatekeeper.close();
  if (demo !== undefined) await demo.terminate();
  lock.release();
  log.info({ clean }, 'tollgate has stopped');
  process.exit(0);
}

function openAdmin(config: Config, gateway: Sessions, log: Logger): Promise<AdminServer> {
  const audit = new AuditLog(join(config.data_dir, 'audit.log'));
  const handler = adminHandler({ gateway, audit, log, traceSMax: config.admin.trace_s_max });
  return AdminServer.open(resolve(config.data_dir, config.admin.socket), handler, log);
}

const THREADS = {
  edge: new URL('./threads/edge.ts', import.meta.url),
  shard: new URL('./threads/shard.ts', import.meta.url),
};

function spawn(kind: 'edge' | 'shard', data: WorkerSetup): Worker {
  return new Worker(THREADS[kind], { workerData: data, name: `${kind}-${data.index}` });
}

function startDemoSimulator(config: Config): Promise<Worker> {
  const [smsc] = config.smsc;
  const worker = new Worker(new URL('./threads/demo.ts', import.meta.url), {
    workerData: { host: smsc.host, port: smsc.port },
    name: 'demo-simulator',
  });
  return new Promise((resolve, reject) => {
    worker.once('message', () => resolve(worker));
    worker.once('error', (error) => reject(new Error(`demo.simulator: ${error.message}`, { cause: error })));
  });
}

/** Crash-only: what was answered is in the ledger, and start-up is recovery; nothing is put in order here. */
function dieOfUncaught(log: Logger): void {
  const die = (error: unknown): void => {
    log.fatal({ err: error }, 'uncaught error: the process ends itself');
    process.kill(process.pid, 'SIGKILL');
  };
  process.on('uncaughtException', die);
  process.on('unhandledRejection', die);
}

/** The edges share a port between them, so a port that somebody else has is found here, before they listen. */
async function requireFreePort(key: string, listen: string): Promise<void> {
  const address = parseListen(listen) as { host: string; port: number };
  const server = net.createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) =>
      reject(new Error(`${key} ${listen}: ${error.message}`, { cause: error })),
    );
    server.listen(address, () => server.close(() => resolve()));
  });
}
