/** Parts of long messages, held until all are there. Pure bookkeeping: what a part is belongs to the caller. */

/** What the parts of one message have in common. */
export interface AssemblyKey {
  /** Who sends: an account's index, or whatever keeps senders apart. */
  readonly account: number;
  /** Addresses with their ton and npi, as one string each. */
  readonly source: string;
  readonly dest: string;
  /** References of 8 bits, of 16 bits and of sar_msg_ref_num are told apart. */
  readonly kind: 'udh8' | 'udh16' | 'sar';
  readonly reference: number;
  readonly total: number;
}

export interface AssemblyLimits {
  /** Messages that may be incomplete at one time. */
  setsMax: number;
  /** Parts of them all. */
  partsMax: number;
  /** How long a message may stay incomplete, from its first part on. */
  waitMs: number;
}

/**
 * `complete`: `parts` are the message's, in order. `waiting`: the part is held. `duplicate`: `held`, a part with that
 * sequence, stays; the new one is not kept. `ignored`: there is no such part (0, or beyond the total).
 */
export type Assembled<T> =
  | { readonly outcome: 'complete'; readonly parts: readonly T[] }
  | { readonly outcome: 'duplicate'; readonly held: T }
  | { readonly outcome: 'waiting' | 'ignored' };

interface PartSet<T> {
  readonly parts: (T | undefined)[];
  held: number;
  readonly untilMs: number;
}

export class Assembly<T> {
  /** In the order of their first part, which is also that of their time limits. */
  readonly #sets = new Map<string, PartSet<T>>();
  readonly #limits: AssemblyLimits;
  #partsHeld = 0;

  constructor(limits: AssemblyLimits) {
    this.#limits = limits;
  }

  get sets(): number {
    return this.#sets.size;
  }

  get partsHeld(): number {
    return this.#partsHeld;
  }

  /** More is held than may be: `takeOverdue` gives the oldest. */
  get isOver(): boolean {
    const { setsMax, partsMax } = this.#limits;
    return this.#sets.size > setsMax || this.#partsHeld > partsMax;
  }

  /** Another total under the same reference is another message. */
  add(key: AssemblyKey, sequence: number, part: T, nowMs: number): Assembled<T> {
    const { total } = key;
    if (!(total >= 1 && sequence >= 1 && sequence <= total)) return { outcome: 'ignored' };
    if (total === 1) return { outcome: 'complete', parts: [part] };
    const name = nameOf(key);
    let set = this.#sets.get(name);
    if (set === undefined) {
      const parts = Array.from<undefined>({ length: total });
      set = { parts, held: 0, untilMs: nowMs + this.#limits.waitMs };
      this.#sets.set(name, set);
    }
    const held = set.parts[sequence - 1];
    if (held !== undefined) return { outcome: 'duplicate', held };
    set.parts[sequence - 1] = part;
    set.held++;
    this.#partsHeld++;
    if (set.held < total) return { outcome: 'waiting' };
    this.#remove(name, set);
    return { outcome: 'complete', parts: heldOf(set) };
  }

  /**
   * Takes out one set that is over its time or, oldest first, over the bounds: its parts in order, with gaps closed, to
   * be passed on as they are. Undefined when there is none. Call it until then, after each add and now and then.
   */
  takeOverdue(nowMs: number): readonly T[] | undefined {
    const first = this.#sets.entries().next().value;
    if (first === undefined) return undefined;
    const [name, set] = first;
    if (nowMs < set.untilMs && !this.isOver) return undefined;
    this.#remove(name, set);
    return heldOf(set);
  }

  /** Takes out what is held of one message: its parts in order, with gaps closed. */
  take(key: AssemblyKey): readonly T[] {
    const name = nameOf(key);
    const set = this.#sets.get(name);
    if (set === undefined) return [];
    this.#remove(name, set);
    return heldOf(set);
  }

  /** Takes out the held part that `isIt` says it is; undefined: there is none at that place of that message. */
  takeOne(key: AssemblyKey, sequence: number, isIt: (part: T) => boolean): T | undefined {
    const name = nameOf(key);
    const set = this.#sets.get(name);
    const held = set?.parts[sequence - 1];
    if (set === undefined || held === undefined || !isIt(held)) return undefined;
    set.parts[sequence - 1] = undefined;
    set.held--;
    this.#partsHeld--;
    if (set.held === 0) this.#sets.delete(name);
    return held;
  }

  #remove(name: string, set: PartSet<T>): void {
    this.#sets.delete(name);
    this.#partsHeld -= set.held;
  }
}

function nameOf({ account, kind, reference, total, source, dest }: AssemblyKey): string {
  return [account, kind, reference, total, source, dest].join('\0');
}

function heldOf<T>({ parts }: PartSet<T>): T[] {
  return parts.filter((part) => part !== undefined);
}
