/** One shard put together: recovery, its binds, its step through the rings, its stop. */
import { Journal } from '../cdr/journal.ts';
import { PageCache } from '../cdr/page-cache.ts';
import { listSegments, removeSegment, shardDirectory } from '../cdr/segments.ts';
import type { SmscConfig } from '../core/config.ts';
import { SEGMENT_EPOCH_S } from '../core/message-id.ts';
import { CELL_PENDING, CELL_READY, CELL_RECOVERED } from '../core/ring/counters.ts';
import type { BindKind } from '../smpp/client-bind.ts';
import type { BindHandler } from '../smpp/client.ts';
import { OutboundBind } from '../smpp/client.ts';
import { versionName } from '../smpp/negotiate.ts';
import { onAlert } from './alerts.ts';
import { tickGroupCancels } from './cancel-group.ts';
import { onCommitted, onNoRoom, publish, sendHeldAnswers } from './commit.ts';
import { appendParked } from './events.ts';
import { dispatch } from './dispatch.ts';
import { checkDisk, onSecond, onTick, publishCells } from './housekeeping.ts';
import { FaultTeller } from './faults.ts';
import { onOperationResponse } from './forward.ts';
import { takeRecord } from './intake.ts';
import { restoreHeld } from './joining.ts';
import { onBindDown, onCongestion, onSubmitResponse } from './outcome.ts';
import { onUnmatched } from './late.ts';
import { closeStore } from './orderly-stop.ts';
import { dropUnused } from './lookups.ts';
import { OutbindListener } from './outbind.ts';
import { DeliverReader, onDeliver } from './receipts-in.ts';
import { serveDesks } from './receipts-out.ts';
import { WaitingNotices } from './receipts-waiting.ts';
import { buildState } from './setup.ts';
import type { ShardLog, ShardSetup } from './setup.ts';
import type { Recovery } from './recover.ts';
import { Settler } from './settle.ts';
import { flushStore } from './spill.ts';
import { settleVersions } from './spoken.ts';
import type { ShardState, Smsc } from './state.ts';

const RECORDS_PER_STEP = 4096;
const TICK_MS = 20;
/** No tick for so long: this thread was not running, or was busy with one thing. */
const ASLEEP_MS = 250;
const RETENTION_EVERY_MS = 60_000;

export class Shard {
  readonly state: ShardState;
  readonly #setup: ShardSetup;
  readonly #log: ShardLog;
  readonly #reader = new DeliverReader();
  readonly #settler: Settler;
  readonly #pageCache: PageCache;
  #stopping = false;
  /** Why a bind is down, as it was logged: once, however often it is tried again. */
  readonly #downReasons = new Map<OutboundBind, string>();
  /** Of the SMSCs that call us. */
  readonly #listeners: OutbindListener[] = [];
  readonly #notices: WaitingNotices;
  readonly #faults: FaultTeller;
  #lastSecondMs = 0;
  #lastTickMs = 0;
  #wokeMs = 0;
  #lastRetentionMs = 0;
  #timer: NodeJS.Timeout | undefined;
  readonly #take: (
    edge: number,
  ) => (bytes: ShardState['journal']['bytes'], at: number, length: number) => boolean;

  /** Recovers what the ledger holds, then opens a fresh segment. Throws when the data directory is unreadable. */
  static async start(setup: ShardSetup, log: ShardLog): Promise<Shard> {
    try {
      const { state, recovery } = await buildState(setup, log);
      const shard = new Shard(setup, state, log);
      shard.#openJournal(recovery);
      return shard;
    } catch (error) {
      const directory = shardDirectory(setup.dataDir, setup.shard);
      const why = error instanceof Error ? error.message : String(error);
      throw new Error(`the ledger in ${directory} can not be opened: ${why}`, { cause: error });
    }
  }

  private constructor(setup: ShardSetup, state: ShardState, log: ShardLog) {
    this.#setup = setup;
    this.state = state;
    this.#log = log;
    this.#notices = new WaitingNotices(setup.config, setup.accountNames);
    this.#faults = new FaultTeller((message, detail) => log.warn(message, detail));
    this.#settler = new Settler(state, setup.config.ledger.settle_age_s * 1000);
    this.#pageCache = new PageCache((why) =>
      log.info('written segments stay in the page cache; only speed depends on it', { why }),
    );
    const takes = setup.ends.readers.map(
      (_, edge) => (bytes: ShardState['journal']['bytes'], at: number, length: number) =>
        takeRecord(state, edge, bytes, at, length),
    );
    this.#take = (edge) => takes[edge];
  }

  #openJournal(recovery: Recovery): void {
    const { state } = this;
    const { ledger, node_id: nodeId } = this.#setup.config;
    const { accountNames: accounts, smscNames: smscs, shard } = this.#setup;
    state.journal = new Journal(
      {
        dataDir: this.#setup.dataDir,
        shard,
        unsafe: ledger.durability === 'unsafe-none',
        segmentBytesMax: ledger.segment_bytes_max,
        segmentAgeMs: ledger.segment_age_s * 1000,
        names: JSON.stringify({ nodeId, shard, accounts, smscs }),
        segmentBefore: recovery.segmentLast,
        indexNext: recovery.indexNext,
      },
      state.chunks,
      {
        onCommitted: (group, tookMs) => onCommitted(state, group, tookMs),
        onFailed: (group, error) => {
          checkDisk(state);
          if (!state.refusing) this.#log.fatal('the ledger can not be written', { error: error.message });
          if (!state.blocked) onNoRoom(state, group);
          this.#log.warn('disk full: new messages are refused until there is room', { error: error.message });
        },
        onSealed: (segment, error) => {
          if (error !== undefined)
            this.#log.warn('a segment got no footer; it is whole', { segment, error: error.message });
          this.#settler.onSealed(segment, Date.now());
        },
        onNotOpened: (error) =>
          this.#log.warn('the next segment can not be opened, the present one goes on', {
            error: error.message,
          }),
        onWritten: (path) => this.#pageCache.release(path),
      },
      state.nowMs,
    );
    if (recovery.segmentLast > state.store.settledThrough()) {
      for (const receipt of state.parking.all()) {
        receipt.segment = state.journal.segment;
        appendParked(state, receipt);
      }
      this.#settler.onSealed(recovery.segmentLast, 0);
    }
    restoreHeld(state);
    publishCells(state);
    state.cells[CELL_RECOVERED] = state.cells[CELL_PENDING] + state.journal.filling.finals;
    // Else the speed of the first commit would decide whether messages of the store go out on a short disk.
    checkDisk(state);
    state.journal.kick(state.nowMs);
  }

  /** Binds to the SMSCs and begins to work. Rejects when an outbind_listen can not be listened on. */
  async run(): Promise<void> {
    this.#connect();
    await this.#listen();
    this.state.cells[CELL_READY] = 1;
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
  }

  #connect(): void {
    const { state } = this;
    const handler = this.#handler();
    for (const smsc of state.owned) {
      for (const kind of bindKinds(smsc.config)) {
        const bind = new OutboundBind(smsc.index, state.binds.length, kind, smsc.config, handler);
        smsc.binds.push(bind);
        state.binds.push(bind);
      }
    }
  }

  async #listen(): Promise<void> {
    for (const smsc of this.state.owned) {
      if (smsc.config.outbind_listen === undefined) continue;
      const listener = new OutbindListener(smsc, this.#log);
      const port = await listener.listen();
      this.#listeners.push(listener);
      this.#log.info('waits for outbind', { smsc: smsc.config.id, port });
    }
  }

  #handler(): BindHandler {
    const { state } = this;
    const smscOf = (bind: OutboundBind) => state.smscs[bind.smsc] as Smsc;
    return {
      now: () => state.nowMs,
      onBound: (bind) => {
        this.#downReasons.delete(bind);
        this.#log.info('bound', { smsc: smscOf(bind).config.id, bind: bind.number });
        this.#settleVersions(smscOf(bind));
        dispatch(state, smscOf(bind));
      },
      onDown: (bind, why) => {
        const again = this.#downReasons.get(bind) === why;
        this.#downReasons.set(bind, why);
        const detail = { smsc: smscOf(bind).config.id, bind: bind.number, why };
        if (this.#stopping) this.#log.info('unbound', detail);
        else if (!again) this.#log.warn('bind lost', detail);
        this.#settleVersions(smscOf(bind));
        onBindDown(state, smscOf(bind), bind);
      },
      onSubmitResponse: (bind, slot, status, bytes, start, end) =>
        onSubmitResponse(state, bind, slot, status, bytes, start, end),
      onUnmatched: (bind, sequence, status, bytes, start, end) =>
        onUnmatched(state, bind, sequence, status, bytes, start, end),
      onOperationResponse: (_bind, token, status, bytes, start, end) => {
        onOperationResponse(state, token, status, bytes, start, end);
        publish(state);
      },
      onAlert: (bind, bytes, start, end) => {
        const handedOn = onAlert(state, bind.faults, bytes, start, end);
        this.#log.debug('alert_notification', { smsc: smscOf(bind).config.id, handedOn });
      },
      onCongestion: (bind, percent) => onCongestion(state, smscOf(bind), percent),
      onDeliver: (bind, bytes, start, end) => onDeliver(state, this.#reader, bind, bytes, start, end),
      onRead: (bind) => {
        state.nowMs = Date.now();
        if (!state.blocked) state.journal.kick(state.nowMs);
        dispatch(state, smscOf(bind));
        bind.flush();
      },
    };
  }

  #settleVersions(smsc: Smsc): void {
    if (!settleVersions(smsc)) return;
    const { version, tlvs } = smsc.profile;
    const detail = { smsc: smsc.config.id, version: versionName(version), tlvs };
    if (smsc.profile.configured === undefined) this.#log.info('the SMSC speaks as it is configured', detail);
    else this.#log.warn('the SMSC speaks less than it is configured for', detail);
  }

  /** One turn through the rings; returns how many records were taken. */
  step(): number {
    const { state } = this;
    state.nowMs = Date.now();
    if (!sendHeldAnswers(state)) {
      publish(state);
      return 0;
    }
    let taken = 0;
    const { readers } = state.ends;
    for (let edge = 0; edge < readers.length; edge++) {
      state.requestsUntilMs = 0;
      taken += readers[edge].read(this.#take(edge), RECORDS_PER_STEP);
    }
    if (taken > 0) {
      if (!state.blocked) state.journal.kick(state.nowMs);
      serveDesks(state);
      publish(state);
    }
    return taken;
  }

  /** Records wait that could be taken now. */
  hasWork(): boolean {
    const { state } = this;
    if (
      state.answersHeld.length > 0 ||
      state.operationAnswers.length > 0 ||
      (state.journal.filling.isFull() && !state.blocked)
    )
      return false;
    return state.ends.readers.some((reader) => !reader.isEmpty());
  }

  #tick(): void {
    const { state } = this;
    state.nowMs = Date.now();
    this.#checkDeadline();
    if (state.blocked) this.#tryAgain();
    onTick(state);
    tickGroupCancels(state);
    if (state.nowMs - this.#lastSecondMs >= 1000) {
      this.#lastSecondMs = state.nowMs;
      onSecond(state);
      this.#notices.tell(state);
      this.#faults.tell(state.owned, state.nowMs);
    }
    // Settling only spares the next start work, and what it writes would eat up the disk's reserve.
    if (!this.#stopping && !state.blocked && !state.refusing) this.#settler.step(state.nowMs);
    if (state.nowMs - this.#lastRetentionMs >= RETENTION_EVERY_MS) {
      this.#retire();
      dropUnused(state);
    }
    flushStore(state);
    if (!state.blocked) state.journal.kick(state.nowMs);
    for (const bind of state.binds) bind.flush();
    for (const listener of this.#listeners) listener.tick(state.nowMs);
    // What a full ring or a full group had stopped goes on.
    this.step();
    // Receipts that were due went into the rings above, whether or not anything came out of them.
    publish(state);
  }

  #checkDeadline(): void {
    const { nowMs } = this.state;
    // Time in which we did not run (a stopped process, a suspended machine) says nothing about the disk.
    if (nowMs - this.#lastTickMs > ASLEEP_MS) this.#wokeMs = nowMs;
    this.#lastTickMs = nowMs;
    const age = Math.min(this.state.journal.commitAgeMs(nowMs), nowMs - this.#wokeMs);
    if (age > this.#setup.config.ledger.commit_deadline_ms && !this.state.blocked) {
      this.#log.fatal('a commit did not finish within ledger.commit_deadline_ms', { ageMs: age });
    }
  }

  #tryAgain(): void {
    const { state } = this;
    checkDisk(state);
    if (state.refusing) return;
    state.blocked = false;
    this.#log.info('there is room on the disk again');
    state.journal.retryFailed(state.nowMs);
  }

  /** Settled segments that were kept long enough are let go. */
  #retire(): void {
    const { state } = this;
    this.#lastRetentionMs = state.nowMs;
    const settled = state.store.settledThrough();
    const before = state.nowMs / 1000 - this.#setup.config.ledger.retention_s - SEGMENT_EPOCH_S;
    for (const { segment } of listSegments(this.#setup.dataDir, state.shard)) {
      if (segment > settled || segment >= before) continue;
      removeSegment(this.#setup.dataDir, state.shard, segment);
      this.#log.info('segment let go', { segment, retentionS: this.#setup.config.ledger.retention_s });
    }
  }

  /** Sends nothing more and waits until no submit_sm is in flight, or until `deadlineMs`. True: none is. */
  async drain(deadlineMs: number): Promise<boolean> {
    const { state } = this;
    state.draining = true;
    this.#stopping = true;
    const idle = () => state.binds.every((bind) => bind.window.size === 0);
    while (!idle() && Date.now() < deadlineMs) await pause(10);
    return idle();
  }

  /** Unbinds, commits what is left, closes every environment. */
  async stop(deadlineMs: number): Promise<void> {
    const { state } = this;
    const isIdle = state.draining && state.binds.every((bind) => bind.window.size === 0);
    for (const listener of this.#listeners) listener.close();
    for (const bind of state.binds) bind.unbind();
    await pause(50);
    const quiet = () => state.journal.filling.isEmpty() && !state.journal.isCommitting() && !this.hasWork();
    while (!quiet() && Date.now() < deadlineMs) await pause(5);
    clearInterval(this.#timer);
    for (const bind of state.binds) bind.close();
    flushStore(state);
    const isQuiet = quiet();
    if (isQuiet) await state.journal.close();
    this.#pageCache.close();
    closeStore(state, isIdle && isQuiet);
  }
}

/** What the connections of an SMSC are bound as. */
function bindKinds({ bind, binds }: SmscConfig): BindKind[] {
  const each: BindKind[] = bind === 'pair' ? ['transmitter', 'receiver'] : [bind];
  return Array.from({ length: binds }, () => each).flat();
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
