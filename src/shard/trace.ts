/** The binds of a shard for "tollgate session": as a list, and their traces. */
import type { SessionInfo } from '../admin/protocol.ts';
import { endpoint } from '../core/endpoint.ts';
import type { OutboundBind } from '../smpp/client.ts';
import { versionName } from '../smpp/negotiate.ts';
import { stateName } from '../smpp/session-names.ts';
import { isBound } from '../smpp/session.ts';
import { Tap } from '../smpp/tap.ts';
import { TraceFeed } from '../smpp/trace-feed.ts';
import type { TraceBatch, TraceOrder } from '../smpp/trace-feed.ts';

/** `smsc:ID/BIND`: the number is the one of the log, and of SENT in the ledger. */
export function bindId(bind: OutboundBind): string {
  return `smsc:${bind.config.id}/${bind.number}`;
}

export function bindInfo(bind: OutboundBind): SessionInfo {
  const bound = isBound(bind.state);
  return {
    id: bindId(bind),
    kind: 'smsc',
    name: bind.config.id,
    remote: endpointsOf(bind).remote,
    state: stateName(bind.state),
    bind: bind.kind,
    version: bound ? versionName(bind.version) : '',
    sinceMs: bind.link?.openedMs ?? 0,
    inFlight: bind.window.size,
    receiptsWaiting: 0,
    errors: bind.faults.total,
  };
}

function endpointsOf(bind: OutboundBind): { local: string; remote: string } {
  const socket = bind.link?.socket;
  return {
    local: endpoint(socket?.localAddress, socket?.localPort),
    remote: endpoint(socket?.remoteAddress, socket?.remotePort),
  };
}

/** A connection that is gone says nothing more, so a traced bind is looked at this often. */
const LOOK_MS = 200;

export class ShardTraces {
  readonly #binds: readonly OutboundBind[];
  readonly #now: () => number;
  readonly #post: (batch: TraceBatch) => void;
  readonly #traces = new Map<number, { feed: TraceFeed; bind: OutboundBind }>();
  readonly #taps = new Map<OutboundBind, BindTap>();
  #timer: NodeJS.Timeout | undefined;

  constructor(binds: readonly OutboundBind[], now: () => number, post: (batch: TraceBatch) => void) {
    this.#binds = binds;
    this.#now = now;
    this.#post = post;
  }

  /** Shows one bind, over all its connections. False: this shard has none of that id. */
  start(order: TraceOrder): boolean {
    const { trace } = order;
    const bind = this.#binds.find((each) => bindId(each) === order.session);
    if (bind === undefined) return false;
    const feed = new TraceFeed(order, this.#post);
    this.#traces.set(trace, { feed, bind });
    const tap = this.#taps.get(bind) ?? new BindTap(bind, this.#now);
    this.#taps.set(bind, tap);
    tap.add(feed);
    this.#timer ??= setInterval(() => this.#look(), LOOK_MS).unref();
    return true;
  }

  #look(): void {
    for (const tap of this.#taps.values()) tap.look();
  }

  stop(trace: number): void {
    const found = this.#traces.get(trace);
    if (found === undefined) return;
    this.#traces.delete(trace);
    const { feed, bind } = found;
    if (this.#taps.get(bind)?.remove(feed) === 0) this.#taps.delete(bind);
    feed.stop();
    if (this.#traces.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  credit(trace: number, cost: number): void {
    this.#traces.get(trace)?.feed.credit(cost);
  }
}

/** A bind comes back on a new connection each time: to a trace these are streams of their own. */
class BindTap {
  readonly #bind: OutboundBind;
  readonly #now: () => number;
  readonly #feeds = new Set<TraceFeed>();
  #tap: Tap | undefined;
  #generation = -1;

  constructor(bind: OutboundBind, now: () => number) {
    this.#bind = bind;
    this.#now = now;
    if (bind.link !== undefined) this.#current().received(bind.link.unread());
    bind.onBytesIn = (chunk) => this.#current().received(chunk);
    bind.onBytesOut = (bytes) => this.#current().sent(bytes);
  }

  add(feed: TraceFeed): void {
    this.#feeds.add(feed);
    this.#tap?.add(feed);
  }

  /** How many feeds are left; none: the bind has no tap any more. */
  remove(feed: TraceFeed): number {
    this.#feeds.delete(feed);
    this.#tap?.remove(feed);
    if (this.#feeds.size === 0) {
      this.#bind.onBytesIn = undefined;
      this.#bind.onBytesOut = undefined;
    }
    return this.#feeds.size;
  }

  /** Tells the end of a connection. */
  look(): void {
    if (this.#tap === undefined || this.#generation === this.#bind.generation) return;
    this.#tap.ended();
    this.#tap = undefined;
  }

  #current(): Tap {
    const bind = this.#bind;
    this.look();
    if (this.#tap !== undefined) return this.#tap;
    this.#generation = bind.generation;
    const tap = new Tap({
      id: bindId(bind),
      ...endpointsOf(bind),
      name: () => bind.config.id,
      version: () => bind.version,
      nowMs: this.#now,
    });
    for (const feed of this.#feeds) tap.add(feed);
    this.#tap = tap;
    return tap;
  }
}
