import { Course } from './course.ts';
import { LoadLink } from './link.ts';
import type { BindKind, LinkOwner } from './link.ts';
import { completeLoadOptions } from './options.ts';
import type { LoadOptions } from './options.ts';
import { LoadRecorder } from './recorder.ts';
import { makeResult } from './result.ts';
import type { LoadResult } from './result.ts';

const RECONNECT_MS = 50;
const CHECK_MS = 100;
const ENQUIRE_MS = 20_000;
const UNBIND_MS = 1000;
const UNBOUND_MS_MAX = 60_000;

/** One load from the first bind to the last unbind. */
class Load implements LinkOwner {
  private readonly course: Course;
  private readonly links = new Set<LoadLink>();
  private readonly timers: NodeJS.Timeout[] = [];
  private unboundLeft: number;
  private started = false;
  private finished = false;
  private cpuAtStart = process.cpuUsage();
  private lastEnquireMs = 0;
  private turn = 0;
  private lastBoundMs = 0;
  private result: LoadResult | undefined;
  private error: Error | undefined;
  private impatient: NodeJS.Timeout | undefined;
  private settle: { resolve(result: LoadResult): void; reject(error: Error): void } | undefined;

  constructor(course: Course) {
    this.course = course;
    this.unboundLeft = course.options.binds * (course.options.bindType === 'pair' ? 2 : 1);
  }

  run(): Promise<LoadResult> {
    const { binds, bindType } = this.course.options;
    return new Promise((resolve, reject) => {
      this.settle = { resolve, reject };
      for (let bind = 0; bind < binds; bind++) {
        if (bindType === 'pair') {
          this.open('receiver');
          this.open('transmitter');
        } else {
          this.open('transceiver');
        }
      }
    });
  }

  onBound(_link: LoadLink): void {
    if (this.started) {
      this.spread();
      return;
    }
    if (--this.unboundLeft > 0) return;
    this.started = true;
    this.course.start(performance.now());
    this.lastEnquireMs = this.course.nowMs;
    this.lastBoundMs = this.course.nowMs;
    this.cpuAtStart = process.cpuUsage();
    const { rate, durationS } = this.course.options;
    if (rate > 0) this.timers.push(setInterval(() => this.onTick(), 1));
    if (durationS > 0) this.timers.push(setTimeout(() => (this.course.stopped = true), durationS * 1000));
    this.timers.push(setInterval(() => this.check(), CHECK_MS));
    this.spread();
  }

  onChunkRead(link: LoadLink): void {
    if (!this.started || this.finished) return;
    const count = Math.min(this.course.due(), link.room());
    if (count > 0) link.send(count);
    else if (this.course.isFinished()) this.finish('');
    if (link.kind === 'receiver') this.spread();
  }

  onLost(link: LoadLink, reason: string, wasBound: boolean): void {
    this.links.delete(link);
    const { tally, options } = this.course;
    tally.abandoned += link.pending.count;
    if (this.finished) {
      if (this.links.size === 0) this.end();
      return;
    }
    if (options.reconnect) {
      if (wasBound) tally.reconnects++;
      this.course.target += link.pending.count;
      this.timers.push(setTimeout(() => this.open(link.kind), RECONNECT_MS));
    } else if (!this.started) {
      this.fail(new Error(reason));
    } else {
      this.finish(`connection lost: ${reason}`);
    }
  }

  private open(kind: BindKind): void {
    if (!this.finished) this.links.add(new LoadLink(kind, this.course, this));
  }

  /** Shares what is due among the links with room, beginning with another one each time. */
  private spread(): void {
    const links = [...this.links];
    let due = this.course.due();
    for (let tried = 0; tried < links.length && due > 0; tried++) {
      const link = links[this.turn++ % links.length];
      const share = Math.ceil(due / (links.length - tried));
      const count = Math.min(share, link.room());
      if (count === 0) continue;
      link.send(count);
      link.output.flush();
      due -= count;
    }
  }

  private onTick(): void {
    this.course.nowMs = performance.now();
    this.spread();
  }

  /** Ten times a second: time-outs, a stalled end, a send window that opened on another link. */
  private check(): void {
    const { course } = this;
    const { options, tally } = course;
    course.nowMs = performance.now();
    for (const link of this.links) {
      if (link.bound) this.lastBoundMs = course.nowMs;
      tally.timedOut += link.pending.expire(course.nowMs - options.responseTimeoutS * 1000);
    }
    if (course.nowMs - this.lastEnquireMs > ENQUIRE_MS) {
      this.lastEnquireMs = course.nowMs;
      for (const link of this.links) link.enquire();
    }
    const idleMs = course.nowMs - tally.lastEventMs;
    if (course.isFinished()) this.finish('');
    else if (course.hasSentAll() && idleMs > options.waitReceiptsS * 1000) this.finish('');
    else if (course.nowMs - this.lastBoundMs > UNBOUND_MS_MAX) this.finish('no connection for a minute');
    else this.spread();
  }

  private finish(ended: string): void {
    if (this.finished) return;
    const used = process.cpuUsage(this.cpuAtStart);
    let unanswered = 0;
    for (const link of this.links) unanswered += link.pending.count;
    this.result = makeResult(this.course, unanswered, (used.user + used.system) / 1e6, ended);
    this.close();
  }

  private fail(error: Error): void {
    if (this.finished) return;
    this.error = error;
    this.close();
  }

  /** Unbinds every link; the promise settles when the last connection is closed. */
  private close(): void {
    this.finished = true;
    for (const timer of this.timers) clearTimeout(timer);
    this.impatient = setTimeout(() => {
      for (const link of this.links) link.destroy();
    }, UNBIND_MS);
    for (const link of this.links) link.unbind();
    if (this.links.size === 0) this.end();
  }

  private end(): void {
    clearTimeout(this.impatient);
    this.course.recorder?.close();
    if (this.result !== undefined) this.settle?.resolve(this.result);
    else this.settle?.reject(this.error ?? new Error('the load ended without a result'));
  }
}

/**
 * Runs one load to its end. The result says in `problems` what was lost, repeated or unmatched. Rejects when
 * an option is out of range, or when the first connect or bind fails (with `reconnect` it is tried again
 * instead).
 */
export async function runLoad(options: Partial<LoadOptions>): Promise<LoadResult> {
  const whole = completeLoadOptions(options);
  const recorder = whole.record === '' ? undefined : new LoadRecorder(whole.record);
  return new Load(new Course(whole, recorder)).run();
}
