/** An edge thread: listening sockets, ESME sessions, HTTP, admission. Started by main with a WorkerSetup. */
import { parentPort, workerData } from 'node:worker_threads';
import { openLog } from '../admin/log.ts';
import { StepLoop } from '../core/ring/idle.ts';
import { edgeEnds } from '../core/ring/mesh.ts';
import { threadCells } from '../core/ring/counters.ts';
import { Edge } from '../edge/edge.ts';
import { closeSession, listSessions } from '../edge/sessions.ts';
import type { BindVerdict, Control } from '../edge/state.ts';
import type { ControlMessage, Query, Question, WorkerMessage, WorkerSetup } from './protocol.ts';

const setup = workerData as WorkerSetup;
const port = parentPort;
if (port === null) throw new Error('threads/edge.ts runs as a worker thread');
const tell = (message: WorkerMessage): void => port.postMessage(message);

const waiting = new Map<number, (value: unknown) => void>();
let lastQuestion = 0;

function ask(question: Question): Promise<unknown> {
  const id = ++lastQuestion;
  return new Promise((resolve) => {
    waiting.set(id, resolve);
    tell({ kind: 'ask', id, question });
  });
}

const control: Control = {
  authenticate: (account, password, address, session) =>
    ask({ what: 'authenticate', account, password, address, session }) as Promise<BindVerdict>,
  sessionEnded: (account) => tell({ kind: 'sessionEnded', account }),
  metrics: () => ask({ what: 'metrics' }) as Promise<string>,
  readiness: () => ask({ what: 'readiness' }) as Promise<{ ready: boolean; reasons: string[] }>,
};

const logger = await openLog(setup.config.log.level, `edge-${setup.index}`);
const edge = new Edge({
  ...setup,
  edge: setup.index,
  ends: edgeEnds(setup.mesh, setup.index),
  cells: threadCells(setup.pages, setup.index),
  control,
  log: {
    info: (message, detail = {}) => logger.info(detail, message),
    warn: (message, detail = {}) => logger.warn(detail, message),
  },
  onTraced: (batch) => port.postMessage({ kind: 'traced', batch }, [batch.bytes.buffer]),
});
const loop = new StepLoop(
  edge.state.ends.bell,
  () => edge.step(),
  () => edge.hasWork(),
);

port.on('message', (message: ControlMessage) => {
  if (message.kind === 'order') void obey(message);
  else if (message.kind === 'query') tell({ kind: 'reply', id: message.id, value: reply(message.query) });
  else if (message.kind === 'traceCredit') edge.traces.credit(message.trace, message.cost);
  else {
    waiting.get(message.id)?.(message.value);
    waiting.delete(message.id);
  }
});

function reply(query: Query): unknown {
  if (query.what === 'sessions') return listSessions(edge.state);
  if (query.what === 'closeSession') return closeSession(edge.state, query.session);
  if (query.what === 'startTrace') return edge.traces.start(query);
  edge.traces.stop(query.trace);
  return true;
}

async function obey({ order, deadlineMs }: ControlMessage & { kind: 'order' }): Promise<void> {
  let clean = true;
  if (order === 'refuse') edge.refuseNew();
  if (order === 'drain') clean = await edge.drain(deadlineMs);
  if (order === 'stop') {
    await edge.stop();
    loop.stop();
    tell({ kind: 'done', order, clean });
    port?.close();
    return;
  }
  tell({ kind: 'done', order, clean });
}

edge.listen().then(
  (detail) => {
    loop.start();
    tell({ kind: 'ready', detail });
  },
  (error: unknown) =>
    tell({ kind: 'failed', message: error instanceof Error ? error.message : String(error) }),
);
