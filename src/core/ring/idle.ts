/**
 * How a thread sleeps and is woken. Each thread has one doorbell; whoever publishes to one of its rings rings it,
 * which costs a load while the thread is awake and a futex wake only when it sleeps.
 *
 * Why no wake-up is lost: the consumer stores `sleeping = 1`, then looks at its rings once more, then waits on the
 * count it read before that look. The producer stores the ring's head, then loads `sleeping`. All four are
 * sequentially consistent, so either the consumer sees the record or the producer sees the sleeper.
 */
const SLEEPING = 0;
const COUNT = 16;

export function createDoorbell(): SharedArrayBuffer {
  return new SharedArrayBuffer(128);
}

export class Doorbell {
  readonly #cells: Int32Array;

  constructor(memory: SharedArrayBuffer) {
    this.#cells = new Int32Array(memory);
  }

  ring(): void {
    if (Atomics.load(this.#cells, SLEEPING) === 0) return;
    Atomics.add(this.#cells, COUNT, 1);
    Atomics.notify(this.#cells, COUNT);
  }

  /** Announces sleep; the caller looks at its rings once more and then either cancels or waits. */
  prepare(): number {
    Atomics.store(this.#cells, SLEEPING, 1);
    return Atomics.load(this.#cells, COUNT);
  }

  cancel(): void {
    Atomics.store(this.#cells, SLEEPING, 0);
  }

  /** Calls `wake` when rung after `prepare` returned `ticket`; the event loop goes on meanwhile. */
  wait(ticket: number, wake: () => void): void {
    const outcome = Atomics.waitAsync(this.#cells, COUNT, ticket);
    const woken = (): void => {
      this.cancel();
      wake();
    };
    if (outcome.async) void outcome.value.then(woken);
    else setImmediate(woken);
  }
}

/** One turn of a thread's ring work; returns how many records it took. */
export type Step = () => number;

/**
 * Runs `step` in the event loop: again in the next turn while there is work (sockets get theirs in between), and
 * asleep on the doorbell when there is none. `hasWork` is the last look before sleep.
 */
export class StepLoop {
  readonly #bell: Doorbell;
  readonly #step: Step;
  readonly #hasWork: () => boolean;
  #stopped = false;
  readonly #turn = (): void => {
    if (this.#stopped) return;
    if (this.#step() > 0) {
      setImmediate(this.#turn);
      return;
    }
    const ticket = this.#bell.prepare();
    if (this.#hasWork()) {
      this.#bell.cancel();
      setImmediate(this.#turn);
      return;
    }
    this.#bell.wait(ticket, this.#turn);
  };

  constructor(bell: Doorbell, step: Step, hasWork: () => boolean) {
    this.#bell = bell;
    this.#step = step;
    this.#hasWork = hasWork;
  }

  start(): void {
    setImmediate(this.#turn);
  }

  stop(): void {
    this.#stopped = true;
    this.#bell.ring();
  }
}
