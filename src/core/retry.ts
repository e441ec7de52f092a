/**
 * What an SMSC's command_status means for the message, and how long to wait before the next try.
 * Classes after the field's practice (the SMPP reference of this project, section 6).
 */

/** Later: counts an attempt. */
export const CLASS_TEMPORARY = 1;
/** The SMSC's queue is full: later, and for longer. */
export const CLASS_QUEUE_FULL = 2;
/** Too fast: back to the head of the queue without counting an attempt, and the whole SMSC slows down. */
export const CLASS_THROTTLE = 3;
/** This message will never pass. */
export const CLASS_PERMANENT = 4;
/** The session is not what we think: the message goes back, the bind is made anew. */
export const CLASS_SESSION = 5;

/** Transaction mode: the delivery was tried and failed. */
export const DELIVERY_FAILURE = 0xfe;
const TEMPORARY = new Set([0x08, 0x45, 0x64, 0x67, DELIVERY_FAILURE, 0xff, 0x102, 0x10d, 0x10e]);
/** Wrong state, bound already, and what a bind is refused with. */
const SESSION = new Set([0x04, 0x05, 0x0d, 0x0e, 0x0f, 0x53]);

/** As the reference has it; codes that no version assigns are permanent. */
export function classOf(commandStatus: number): number {
  if (commandStatus === 0x58) return CLASS_THROTTLE;
  if (commandStatus === 0x14) return CLASS_QUEUE_FULL;
  if (SESSION.has(commandStatus)) return CLASS_SESSION;
  return TEMPORARY.has(commandStatus) ? CLASS_TEMPORARY : CLASS_PERMANENT;
}

/** The classes by the names that `status_classes` of an SMSC gives them. */
export type StatusClassName = 'temporary' | 'queue-full' | 'throttle' | 'permanent' | 'session';

const CLASSES: Record<StatusClassName, number> = {
  temporary: CLASS_TEMPORARY,
  'queue-full': CLASS_QUEUE_FULL,
  throttle: CLASS_THROTTLE,
  permanent: CLASS_PERMANENT,
  session: CLASS_SESSION,
};

/** `classOf`, but what an SMSC's configuration says of its codes comes first. */
export class StatusClasses {
  readonly #own: Map<number, number>;

  /** Keys are command_status codes such as "0x400". */
  constructor(own: Readonly<Record<string, StatusClassName>>) {
    this.#own = new Map(Object.entries(own).map(([code, name]) => [Number(code), CLASSES[name]]));
  }

  of(commandStatus: number): number {
    return this.#own.get(commandStatus) ?? classOf(commandStatus);
  }

  /** The configuration names this code. */
  names(commandStatus: number): boolean {
    return this.#own.has(commandStatus);
  }
}

/**
 * A delivery that failed in transaction mode, by its delivery_failure_reason: 0 destination unavailable and 3
 * temporary network error pass, 1 destination invalid and 2 permanent network error do not. Without a reason (-1) it
 * is tried once more: `again` says that this was that try.
 */
export function classOfDeliveryFailure(reason: number, again: boolean): number {
  if (reason === 1 || reason === 2) return CLASS_PERMANENT;
  if (reason < 0 && again) return CLASS_PERMANENT;
  return CLASS_TEMPORARY;
}

/**
 * Wait before attempt `attempt + 1`: doubles from `minMs` to `maxMs`, the upper half of it random.
 * `random` in [0, 1).
 */
export function backoffMs(attempt: number, minMs: number, maxMs: number, random: number): number {
  const whole = Math.min(maxMs, minMs * 2 ** Math.min(attempt - 1, 30));
  return whole / 2 + (whole / 2) * random;
}
