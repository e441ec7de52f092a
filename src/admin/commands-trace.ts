/** session.trace: PDUs of one session or account while they pass, for a limited time, and never in secret. */
import { z } from 'zod';
import { auditOrRefuse, readArguments, said, unknownSession } from './command-setup.ts';
import type { CommandSetup, TraceBatchItem, TraceTarget } from './command-setup.ts';
import { AdminError } from './protocol.ts';
import type { Json } from './protocol.ts';
import type { AdminReply } from './server.ts';

const TRACES_MAX = 8;
const TRACE_S_DEFAULT = 60;
/** Sessions of one trace that its last audit entry names. */
const SESSIONS_NAMED_MAX = 1_000;

const traceArguments = z
  .strictObject({
    session: z.string().min(1).max(128).optional(),
    account: z.string().min(1).max(64).optional(),
    seconds: z.number().positive().optional(),
    hideText: z.boolean().default(false),
    form: z.enum(['text', 'pcap']),
    said,
  })
  .refine(({ session, account }) => (session === undefined) !== (account === undefined), {
    message: 'either session or account',
  });

/** Shows PDUs until the time is over, the client goes, the session ends or the daemon stops. */
export async function traceCommand(setup: CommandSetup, args: Json, reply: AdminReply): Promise<object> {
  const { session, account, hideText, form, said, ...rest } = readArguments(traceArguments, args);
  const seconds = rest.seconds ?? Math.min(TRACE_S_DEFAULT, setup.traceSMax);
  if (seconds > setup.traceSMax) {
    const allowed = `at most ${setup.traceSMax} seconds ([admin] trace_s_max), not ${seconds}`;
    throw new AdminError('bad-arguments', allowed);
  }
  const { traces } = setup;
  if (traces.running >= TRACES_MAX) throw new AdminError('busy', `${TRACES_MAX} traces are running already`);
  const target: TraceTarget = session === undefined ? { account: account as string } : { session };
  await requireTarget(setup, target);
  traces.running++;
  try {
    const trace = ++traces.last;
    const about = { trace, ...target, seconds, form, hideText, said };
    await auditOrRefuse(setup.audit, { event: 'trace-start', ...about });
    setup.log.warn(about, 'session trace begins');
    return await new Trace(setup, trace, target, reply).run(seconds, hideText);
  } finally {
    traces.running--;
  }
}

async function requireTarget({ gateway }: CommandSetup, { session, account }: TraceTarget): Promise<void> {
  if (account !== undefined && !gateway.hasAccount(account)) {
    throw new AdminError('unknown-account', `no [[account]] has the name "${account}"`);
  }
  if (session === undefined) return;
  const sessions = await gateway.sessions();
  if (!sessions.some(({ id }) => id === session)) throw unknownSession(session);
}

type EndReason = 'time' | 'session ended' | 'client gone' | 'daemon stops' | 'failed';

class Trace {
  readonly #setup: CommandSetup;
  readonly #trace: number;
  readonly #target: TraceTarget;
  readonly #reply: AdminReply;
  readonly #sessions = new Set<string>();
  #pdus = 0;
  #dropped = 0;
  #end: (reason: EndReason) => void = () => undefined;
  #begin: () => void = () => undefined;
  /** Every thread takes part: only then the client is told, and shown what came. */
  readonly #begun = new Promise<void>((resolve) => (this.#begin = resolve));

  constructor(setup: CommandSetup, trace: number, target: TraceTarget, reply: AdminReply) {
    this.#setup = setup;
    this.#trace = trace;
    this.#target = target;
    this.#reply = reply;
  }

  async run(seconds: number, hideText: boolean): Promise<object> {
    const { gateway } = this.#setup;
    const { aborted } = this.#reply;
    const ended = new Promise<EndReason>((resolve) => (this.#end = resolve));
    const onAborted = (): void => this.#end(aborted.reason as EndReason);
    aborted.addEventListener('abort', onAborted, { once: true });
    if (aborted.aborted) onAborted();
    const timer = setTimeout(() => this.#end('time'), seconds * 1000);
    let reason: EndReason = 'failed';
    try {
      const onBatch = (batch: TraceBatchItem): Promise<void> => this.#onBatch(batch);
      const found = await gateway.startTrace(this.#trace, this.#target, hideText, onBatch);
      this.#reply.item({ trace: this.#trace, seconds });
      this.#begin();
      reason = found ? await ended : 'session ended';
    } finally {
      clearTimeout(timer);
      aborted.removeEventListener('abort', onAborted);
      await this.#stop(reason);
    }
    return { reason, pdus: this.#pdus, dropped: this.#dropped };
  }

  async #stop(reason: EndReason): Promise<void> {
    try {
      await this.#setup.gateway.stopTrace(this.#trace);
    } finally {
      await this.#writeEnd(reason);
    }
  }

  async #writeEnd(reason: EndReason): Promise<void> {
    const { audit, log } = this.#setup;
    const sessions = [...this.#sessions].slice(0, SESSIONS_NAMED_MAX);
    const about = { trace: this.#trace, reason, pdus: this.#pdus, dropped: this.#dropped, sessions };
    log.info(about, 'session trace ends');
    try {
      await audit.append({ event: 'trace-end', ...about });
    } catch (error) {
      log.error({ err: error, trace: this.#trace }, 'the end of a trace is missing in audit.log');
    }
  }

  async #onBatch({ events, bytes }: TraceBatchItem): Promise<void> {
    await this.#begun;
    for (const event of events) {
      if (event.kind === 'pdu') this.#pdus++;
      else if (event.kind === 'dropped') this.#dropped += Number(event.pdus);
      else if (event.kind === 'session' && this.#sessions.size < SESSIONS_NAMED_MAX)
        this.#sessions.add(event.session);
    }
    const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#reply.item({ events, bytes: view.toString('base64') });
    // An SMSC's bind comes back under its name; an ESME's session does not.
    const { session } = this.#target;
    const isOver = events.some((event) => event.kind === 'ended' && event.session === session);
    if (isOver && session?.startsWith('smsc:') !== true) this.#end('session ended');
    await this.#reply.drained();
  }
}
