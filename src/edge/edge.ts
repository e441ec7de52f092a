/** One edge put together: its listeners, its sessions, its step through the rings, its stop. */
import * as net from 'node:net';
import { hrtime } from 'node:process';
import { parseListen } from '../core/config-values.ts';
import {
  ALERT,
  ANSWER,
  ANSWER_SEQUENCE,
  ANSWER_SESSION,
  DELIVER,
  OPERATION_ANSWER,
  OPERATION_ANSWER_DATA,
  OPERATION_ANSWER_DONE,
  OPERATION_ANSWER_ERROR,
  OPERATION_ANSWER_LENGTH,
  OPERATION_ANSWER_STATUS,
  OPERATION_SEQUENCE,
  OPERATION_SESSION,
  RECEIPTS_WAITING,
  RECORD_B,
  RECORD_ID_HIGH,
  RECORD_ID_LOW,
  RECORD_TYPE,
  SESSIONS_MAX,
  SESSION_SLOT_BITS,
} from '../core/records.ts';
import type { Bytes } from '../core/bytes.ts';
import {
  CELL_CONNECTIONS_REFUSED,
  CELL_HEARTBEAT_MS,
  CELL_SESSIONS,
  CELL_STALLED,
  RateCells,
  threadCells,
} from '../core/ring/counters.ts';
import { MessageFields } from '../smpp/pdu/message-fields.ts';
import { MessageTimes } from '../smpp/times.ts';
import { referenceNumbers } from '../smpp/upstream.ts';
import { chargeDebts } from './admission.ts';
import { EdgeHttp } from './http.ts';
import { PartValues } from '../core/part-values.ts';
import { PartWays } from '../core/ring/part-ways.ts';
import { rulesOf } from './route.ts';
import { LentReceipts } from './lent.ts';
import { EsmeCaller, sendOutbind } from './outbind.ts';
import { alert, deliver, expireReceipts, sendHeldResults, sendUntold } from './receipts.ts';
import { EsmeSession } from './session.ts';
import { followVersions } from './spoken.ts';
import { TICKS_PER_SECOND, makeAccount, makeSmsc } from './setup.ts';
import type { EdgeSetup } from './setup.ts';
import type { EdgeAccount, EdgeSmsc, EdgeState, Session } from './state.ts';
import { EdgeTraces } from './trace.ts';

const RECORDS_PER_STEP = 4096;
const TICK_MS = 50;
const READ_BYTES = 256 * 1024;

export class Edge {
  readonly state: EdgeState;
  readonly traces: EdgeTraces;
  readonly #server: net.Server;
  readonly #http: EdgeHttp;
  readonly #caller: EsmeCaller;
  readonly #takes: ((bytes: Bytes, at: number, length: number) => boolean)[];
  #timer: NodeJS.Timeout | undefined;
  #ticks = 0;
  /** All sessions read through this one: whatever outlives a chunk is copied by its FrameReader. */
  readonly #readBuffer = Buffer.allocUnsafeSlow(READ_BYTES);
  readonly #addresses = new Map<string, number>();

  constructor(setup: EdgeSetup) {
    this.state = this.#makeState(setup);
    this.traces = new EdgeTraces(this.state, (batch) => setup.onTraced(batch));
    this.#http = new EdgeHttp(this.state);
    this.state.http = this.#http;
    this.#caller = new EsmeCaller(this.state, (socket, account) => this.#onConnection(socket, account));
    this.#server = net.createServer({ pauseOnConnect: true }, (socket) => this.#onConnection(socket));
    this.#takes = setup.ends.readers.map(
      (_, shard) => (bytes: Bytes, at: number, length: number) => this.#take(shard, bytes, at, length),
    );
  }

  #makeState(setup: EdgeSetup): EdgeState {
    const { config, accountNames, mesh, pages } = setup;
    const accounts = accountNames.map((name, index) => makeAccount(config, name, index));
    const smscs = new Map(config.smsc.map(({ id }) => [id, makeSmsc(setup, id)]));
    const smscOf = (id: string): EdgeSmsc => smscs.get(id) as EdgeSmsc;
    const ways = new PartWays(pages);
    const hasSeveral = config.edge.threads > 1;
    const byName = accounts
      .filter((account) => account !== undefined)
      .map((each) => [each.name, each] as const);
    return {
      edge: setup.edge,
      config,
      ends: setup.ends,
      cells: setup.cells,
      shardCells: Array.from({ length: mesh.shards }, (_, shard) => threadCells(pages, mesh.edges + shard)),
      rates: new RateCells(pages),
      debts: new Map(),
      multis: { waiting: new Set(), bytes: 0 },
      accounts,
      accountsByName: new Map(byName),
      takesLong: config.account.some(({ long_credentials: isLong }) => isLong),
      route: config.route.smscs.map(smscOf),
      rules: rulesOf(config, smscOf),
      smscs: [...smscs.values()],
      partWays: new PartValues(false),
      sharedWays: hasSeveral ? ways : undefined,
      recoveredWays: hasSeveral || ways.isEmpty() ? undefined : ways,
      references: referenceNumbers(mesh.edges + mesh.shards, setup.edge, Date.now()),
      partsOfLast: 1,
      sessions: [],
      generations: new Uint16Array(SESSIONS_MAX),
      freeSlots: [],
      lent: new LentReceipts(),
      dirty: new Set(),
      stalled: new Set(),
      untold: new Map(),
      resultsHeld: [],
      fields: new MessageFields(),
      times: new MessageTimes(),
      control: setup.control,
      log: setup.log,
      draining: false,
      nowMs: Date.now(),
      nowTicks: 0,
      http: { onAnswer: () => undefined },
      readClock: () => this.#readClock(),
      afterRead: (session) => this.#afterRead(session),
      removeSession: (session) => this.#removeSession(session),
    };
  }

  #readClock(): void {
    const { state } = this;
    state.nowMs = Date.now();
    const [seconds, nanoseconds] = hrtime();
    // Modulo 2^32 by the bit operator; the sum stays far below 2^53.
    state.nowTicks = (seconds * TICKS_PER_SECOND + Math.floor(nanoseconds / 62.5)) | 0;
  }

  /** Opens the listeners. Rejects with one line when an address can not be listened on. */
  async listen(): Promise<Record<string, unknown>> {
    const { config } = this.state;
    this.#readClock();
    this.#refreshRates();
    const several = config.edge.threads > 1;
    const address = parseListen(config.smpp.listen) as { host: string; port: number };
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', (error) =>
        reject(new Error(`smpp.listen ${config.smpp.listen}: ${error.message}`)),
      );
      this.#server.listen({ ...address, reusePort: several, backlog: 1024 }, resolve);
    });
    const http = await this.#http.listen(several);
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
    const { port } = this.#server.address() as net.AddressInfo;
    return { smppPort: port, ...http };
  }

  /** `called`: it was we who connected, to the ESME of this account. */
  #onConnection(socket: net.Socket, called?: EdgeAccount): Session | undefined {
    const { state } = this;
    const { sessions_max, sessions_per_ip_max } = state.config.smpp;
    // Each edge has its share: the kernel spreads connections over them, and none asks the others.
    const max = Math.ceil(sessions_max / state.config.edge.threads);
    const perAddressMax = Math.ceil(sessions_per_ip_max / state.config.edge.threads);
    const address = socket.remoteAddress ?? '';
    const count = this.#addresses.get(address) ?? 0;
    const open = state.sessions.length - state.freeSlots.length;
    if (state.draining || open >= max || count >= perAddressMax) {
      state.cells[CELL_CONNECTIONS_REFUSED]++;
      state.log.warn('connection refused', { address, open, ofThisAddress: count, draining: state.draining });
      socket.destroy();
      return undefined;
    }
    this.#addresses.set(address, count + 1);
    this.#readClock();
    return this.#open(socket, address, called);
  }

  #open(accepted: net.Socket, address: string, called: EdgeAccount | undefined): Session {
    const { state } = this;
    const slot = state.freeSlots.pop() ?? state.sessions.length;
    state.generations[slot]++;
    // Slot numbers begin with 1: session 0 of a record is HTTP.
    const reference = ((state.generations[slot] << SESSION_SLOT_BITS) | (slot + 1)) >>> 0;
    const socket = withReadBuffer(accepted, this.#readBuffer, (chunk) => session.onData(chunk));
    const session = new EsmeSession(state, socket, address, reference);
    state.sessions[slot] = session;
    this.traces.opened(session);
    state.cells[CELL_SESSIONS]++;
    if (called !== undefined) sendOutbind(session, called);
    socket.resume();
    return session;
  }

  #removeSession(session: Session): void {
    const { state } = this;
    const slot = (session.reference & (SESSIONS_MAX - 1)) - 1;
    this.traces.closed(session);
    state.sessions[slot] = undefined;
    state.freeSlots.push(slot);
    state.stalled.delete(session);
    state.dirty.delete(session);
    state.cells[CELL_SESSIONS]--;
    const count = this.#addresses.get(session.address) ?? 1;
    if (count <= 1) this.#addresses.delete(session.address);
    else this.#addresses.set(session.address, count - 1);
    if (session.account === undefined) return;
    state.control.sessionEnded(session.account.name);
    state.log.info('esme session ended', session.describe());
  }

  #afterRead(_session: Session): void {
    this.#publish();
    this.#flush();
  }

  #publish(): void {
    for (const ring of this.state.ends.writers) ring.publish();
  }

  #flush(): void {
    const { dirty, nowMs } = this.state;
    if (dirty.size === 0) return;
    for (const session of dirty) session.flush(nowMs);
    dirty.clear();
  }

  #take(shard: number, bytes: Bytes, at: number, length: number): boolean {
    const type = bytes.u8[at + RECORD_TYPE];
    if (type === ANSWER) this.#onAnswer(shard, bytes, at);
    else if (type === OPERATION_ANSWER) this.#onOperation(bytes, at);
    else if (type === DELIVER) deliver(this.state, shard, bytes, at);
    else if (type === ALERT) alert(this.state, bytes, at, length);
    else if (type === RECEIPTS_WAITING) this.#caller.onWaiting(bytes.u16[(at + RECORD_B) >> 1]);
    else throw new Error(`record of type ${type} from shard ${shard}`);
    return true;
  }

  #onAnswer(shard: number, bytes: Bytes, at: number): void {
    const { u16, u32 } = bytes;
    const reference = u32[(at + ANSWER_SESSION) >> 2];
    const sequence = u32[(at + ANSWER_SEQUENCE) >> 2];
    const status = u16[(at + RECORD_B) >> 1];
    const idHigh = u32[(at + RECORD_ID_HIGH) >> 2];
    const idLow = u32[(at + RECORD_ID_LOW) >> 2];
    if (reference === 0) {
      this.state.http.onAnswer(sequence, status, idHigh, idLow);
      return;
    }
    const session = this.state.sessions[(reference & (SESSIONS_MAX - 1)) - 1];
    // The session may be gone: to its client the answer is unknown, as after any lost connection.
    if (session === undefined || session.reference !== reference) return;
    session.answer(shard, status, sequence, idHigh, idLow);
  }

  #onOperation(bytes: Bytes, at: number): void {
    const { u8, u16, u32, f64 } = bytes;
    const reference = u32[(at + OPERATION_SESSION) >> 2];
    const session = this.state.sessions[(reference & (SESSIONS_MAX - 1)) - 1];
    if (session === undefined || session.reference !== reference) return;
    const from = at + OPERATION_ANSWER_DATA;
    session.onOperation(u32[(at + OPERATION_SEQUENCE) >> 2], {
      status: u32[(at + OPERATION_ANSWER_STATUS) >> 2],
      state: u16[(at + RECORD_B) >> 1],
      errorCode: u32[(at + OPERATION_ANSWER_ERROR) >> 2],
      doneMs: f64[(at + OPERATION_ANSWER_DONE) >> 3],
      data: u8.subarray(from, from + u32[(at + OPERATION_ANSWER_LENGTH) >> 2]),
    });
  }

  /** One turn through the rings; returns how many records were taken. */
  step(): number {
    const { state } = this;
    this.#readClock();
    let taken = 0;
    const { readers } = state.ends;
    for (let shard = 0; shard < readers.length; shard++)
      taken += readers[shard].read(this.#takes[shard], RECORDS_PER_STEP);
    this.#flush();
    if (taken > 0 || state.stalled.size > 0) this.#unstall();
    this.#publish();
    return taken;
  }

  hasWork(): boolean {
    return this.state.ends.readers.some((reader) => !reader.isEmpty());
  }

  #unstall(): void {
    const { state } = this;
    if (state.resultsHeld.length > 0) sendHeldResults(state);
    if (state.untold.size > 0) sendUntold(state);
    if (state.multis.waiting.size > 0) for (const multi of state.multis.waiting) multi.resume();
    for (const session of state.stalled) session.resume();
  }

  #tick(): void {
    const { state } = this;
    this.#readClock();
    state.cells[CELL_HEARTBEAT_MS] = state.nowMs;
    state.cells[CELL_STALLED] = state.stalled.size;
    followVersions(state);
    const timeoutMs = state.config.smpp.response_s * 1000;
    for (const session of state.sessions) {
      if (session === undefined) continue;
      session.tick(state.nowMs);
      expireReceipts(session, state.nowMs, timeoutMs);
    }
    if (state.debts.size > 0) chargeDebts(state);
    // Cells that fall behind must not come to look like the future; see RateCells.
    if (++this.#ticks % 20 === 0) this.#refreshRates();
    this.#http.tick(state.nowMs);
    this.#unstall();
    this.#publish();
    this.#flush();
  }

  #refreshRates(): void {
    const { rates, accountsByName, nowTicks } = this.state;
    for (const { index } of accountsByName.values()) rates.refresh(index, nowTicks);
  }

  /** Takes no new connections and no new submits; sessions stay for their answers and receipts. */
  refuseNew(): void {
    this.state.draining = true;
    this.#server.close();
    this.#caller.stop();
  }

  /** Waits until every submit is answered and every lent receipt is answered, or until `deadlineMs`. */
  async drain(deadlineMs: number): Promise<boolean> {
    const { state } = this;
    const idle = () =>
      state.lent.used === 0 &&
      state.sessions.every((session) => session === undefined || session.inFlight === 0);
    while (!idle() && Date.now() < deadlineMs) await new Promise((resolve) => setTimeout(resolve, 10));
    return idle();
  }

  /** Unbinds every session, gives back what is lent, closes the listeners. */
  async stop(): Promise<void> {
    const { state } = this;
    for (const session of state.sessions) session?.unbind();
    this.#flush();
    await new Promise((resolve) => setTimeout(resolve, 100));
    for (const session of state.sessions) session?.end();
    this.#publish();
    await this.#http.close();
    clearInterval(this.#timer);
  }
}

/**
 * The accepted connection as a socket that reads into `buffer`. Node offers this for outgoing connections only
 * (net.connect's `onread`), but the Socket's constructor takes it with a handle too. A fresh 64 KiB a chunk cost an
 * edge 16 % of its time in the collector at 300,000 messages a second.
 */
function withReadBuffer(accepted: net.Socket, buffer: Buffer, onChunk: (chunk: Buffer) => void): net.Socket {
  const owner = accepted as unknown as { _handle: object | null };
  const handle = owner._handle;
  owner._handle = null;
  const onread = {
    buffer,
    callback: (length: number, bytes: Buffer): boolean => {
      onChunk(bytes.subarray(0, length));
      return true;
    },
  };
  return new net.Socket({ handle, onread } as unknown as net.SocketConstructorOpts);
}
