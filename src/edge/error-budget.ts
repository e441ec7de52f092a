/**
 * How many PDUs of one session may be wrong within a time. Each is answered; one that comes over the bound is answered
 * too, and then the session is closed, for its peer is broken or means harm.
 */
import * as smpp from '../smpp/constants.ts';
import type { MessageFields } from '../smpp/pdu/message-fields.ts';

/** A body that can not be read; a command nobody serves; one that does not belong into the session's state. */
export type ErrorKind = 'malformed' | 'unknownCommand' | 'wrongState';

/** The time is counted in so many steps: an error is forgotten one step late at most. */
const STEPS = 16;

export class ErrorBudget {
  /** Since the connection. */
  readonly counts: Record<ErrorKind, number> = { malformed: 0, unknownCommand: 0, wrongState: 0 };
  readonly #max: number;
  readonly #stepMs: number;
  #steps: Uint32Array | undefined;
  #lastStep = 0;

  /** `max` errors within `windowMs` are let pass. */
  constructor(max: number, windowMs: number) {
    this.#max = max;
    this.#stepMs = windowMs / STEPS;
  }

  get total(): number {
    return this.counts.malformed + this.counts.unknownCommand + this.counts.wrongState;
  }

  /** Counts one error. True: it is over the bound. */
  add(kind: ErrorKind, nowMs: number): boolean {
    this.counts[kind]++;
    // Most sessions never have one.
    this.#steps ??= new Uint32Array(STEPS);
    const steps = this.#steps;
    // A clock that was set back counts on in the step where it was.
    const step = Math.max(this.#lastStep, Math.floor(nowMs / this.#stepMs));
    if (step - this.#lastStep >= STEPS) steps.fill(0);
    else for (let passed = this.#lastStep + 1; passed <= step; passed++) steps[passed % STEPS] = 0;
    this.#lastStep = step;
    steps[step % STEPS]++;
    let sum = 0;
    for (const count of steps) sum += count;
    return sum > this.#max;
  }
}

/**
 * command_statuses of a request that says what its form does not allow. What a gateway may refuse in a sound request
 * (a destination, a text, a time, a rate) is no error of the session.
 */
const OF_FORM: ReadonlySet<number> = new Set([
  smpp.ESME_RINVCMDLEN,
  smpp.ESME_RINVPRTFLG,
  smpp.ESME_RINVREGDLVFLG,
  smpp.ESME_RINVSRCADR,
  smpp.ESME_RINVSERTYP,
  smpp.ESME_RINVNUMDESTS,
  smpp.ESME_RINVDESTFLAG,
  smpp.ESME_RINVESMCLASS,
  smpp.ESME_RINVREPFLAG,
  smpp.ESME_RINVTLVSTREAM,
  smpp.ESME_RTLVNOTALLWD,
  smpp.ESME_RINVTLVLEN,
  smpp.ESME_RMISSINGTLV,
  smpp.ESME_RINVTLVVAL,
]);

/**
 * Whether a submit refused with `status` was malformed. `fields` as its scan left them: ESME_RINVMSGLEN is an error
 * where the message runs over the end of the PDU, not where a text is too long for us.
 */
export function isMalformed(status: number, fields: MessageFields): boolean {
  if (status === smpp.ESME_RINVMSGLEN) return fields.tlvAt > fields.end;
  return OF_FORM.has(status);
}

/** The same of a request that was read as a whole before: its own status says it. */
export function isOfForm(status: number): boolean {
  return OF_FORM.has(status);
}
