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

const TEMPORARY = new Set([0x08, 0x45, 0x64, 0x67, 0xfe, 0xff, 0x102, 0x10d, 0x10e]);

export function classOf(commandStatus: number): number {
  if (commandStatus === 0x58) return CLASS_THROTTLE;
  if (commandStatus === 0x14) return CLASS_QUEUE_FULL;
  if (commandStatus === 0x04 || commandStatus === 0x05) return CLASS_SESSION;
  return TEMPORARY.has(commandStatus) ? CLASS_TEMPORARY : CLASS_PERMANENT;
}

/**
 * Wait before attempt `attempt + 1`: doubles from `minMs` to `maxMs`, the upper half of it random.
 * `random` in [0, 1).
 */
export function backoffMs(attempt: number, minMs: number, maxMs: number, random: number): number {
  const whole = Math.min(maxMs, minMs * 2 ** Math.min(attempt - 1, 30));
  return whole / 2 + (whole / 2) * random;
}
