/** A shard thread: its SMSCs' binds, queues and retries, and its journal. Started by main with a WorkerSetup. */
import { parentPort, workerData } from 'node:worker_threads';
import { openLog } from '../admin/log.ts';
import { StepLoop } from '../core/ring/idle.ts';
import { shardEnds } from '../core/ring/mesh.ts';
import { threadCells } from '../core/ring/counters.ts';
import { Shard } from '../shard/shard.ts';
import { ShardTraces, bindId, bindInfo } from '../shard/trace.ts';
import type { ControlMessage, Query, WorkerMessage, WorkerSetup } from './protocol.ts';

const setup = workerData as WorkerSetup;
const port = parentPort;
if (port === null) throw new Error('threads/shard.ts runs as a worker thread');
const tell = (message: WorkerMessage): void => port.postMessage(message);

const logger = await openLog(setup.config.log.level, `shard-${setup.index}`);
const log = {
  debug: (message: string, detail: Record<string, unknown> = {}) => logger.debug(detail, message),
  info: (message: string, detail: Record<string, unknown> = {}) => logger.info(detail, message),
  warn: (message: string, detail: Record<string, unknown> = {}) => logger.warn(detail, message),
  fatal: (message: string, detail: Record<string, unknown> = {}): never => {
    logger.fatal(detail, message);
    // Crash-only: nothing is put in order here. What was answered is in the ledger, and start-up is recovery.
    process.kill(process.pid, 'SIGKILL');
    throw new Error(message);
  },
};

const ends = shardEnds(setup.mesh, setup.index);
const cells = threadCells(setup.pages, setup.mesh.edges + setup.index);
let shard: Shard | undefined;
let loop: StepLoop | undefined;
let traces: ShardTraces | undefined;

async function start(): Promise<void> {
  const { config, dataDir, smscNames, accountNames, pages } = setup;
  shard = await Shard.start(
    { shard: setup.index, config, dataDir, smscNames, accountNames, ends, pages, cells },
    log,
  );
  const running = shard;
  loop = new StepLoop(
    ends.bell,
    () => running.step(),
    () => running.hasWork(),
  );
  await running.run();
  traces = new ShardTraces(
    running.state.binds,
    () => running.state.nowMs,
    (batch) => port?.postMessage({ kind: 'traced', batch }, [batch.bytes.buffer]),
  );
  loop.start();
}

port.on('message', (message: ControlMessage) => {
  if (message.kind === 'order') void obey(message);
  else if (message.kind === 'query') tell({ kind: 'reply', id: message.id, value: reply(message.query) });
  else if (message.kind === 'traceCredit') traces?.credit(message.trace, message.cost);
});

function reply(query: Query): unknown {
  const binds = shard?.state.binds ?? [];
  if (query.what === 'sessions') return binds.map(bindInfo);
  if (query.what === 'startTrace') return traces?.start(query) ?? false;
  if (query.what === 'stopTrace') {
    traces?.stop(query.trace);
    return true;
  }
  const bind = binds.find((each) => bindId(each) === query.session);
  // It comes back by itself; what it had in flight is sent again, as after any lost bind.
  bind?.recycle('closed by order');
  return bind !== undefined;
}

async function obey({ order, deadlineMs }: ControlMessage & { kind: 'order' }): Promise<void> {
  let clean = true;
  if (order === 'drain') clean = (await shard?.drain(deadlineMs)) ?? true;
  if (order === 'stop') {
    await shard?.stop(deadlineMs);
    loop?.stop();
    tell({ kind: 'done', order, clean });
    port?.close();
    return;
  }
  tell({ kind: 'done', order, clean });
}

start().then(
  () => tell({ kind: 'ready', detail: {} }),
  (error: unknown) =>
    tell({ kind: 'failed', message: error instanceof Error ? error.message : String(error) }),
);
