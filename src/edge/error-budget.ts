/**
 * How many PDUs of one session may be wrong within a time. Each is answered; one that comes over the bound is answered
 * too, and then the session is closed, for its peer is broken or means harm.
 */
import { decodePdu } from '../smpp/codec.ts';
import * as smpp from '../smpp/constants.ts';
import type { ErrorKind } from '../smpp/faults.ts';
import { scanDeliverSm } from '../smpp/pdu/deliver-sm.ts';
import type { MessageFields } from '../smpp/pdu/message-fields.ts';
import { isTime } from '../smpp/times.ts';

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

/** Whether a request that could be read was refused for its form. */
export function isOfForm(status: number): boolean {
  return OF_FORM.has(status);
}

const DESTINATION_MAX = 20;

/**
 * Whether the submit_sm in [start, end), refused with `status`, was malformed. Some statuses tell of a text, a number
 * or a time that we do not take as well as of one that does not fit into its field: then it is read again, leniently,
 * into `fields`.
 */
export function isMalformedSubmit(
  status: number,
  b: Buffer,
  start: number,
  end: number,
  version: number,
  fields: MessageFields,
): boolean {
  if (!MAY_BE_OF_FORM.has(status)) return OF_FORM.has(status);
  // It runs over its end.
  if (scanDeliverSm(b, start, end, version, fields) !== smpp.ESME_ROK) return true;
  if (status === smpp.ESME_RINVDSTADR) return fields.destEnd - fields.destAt > DESTINATION_MAX;
  if (status === smpp.ESME_RINVSCHED) return !isTime(b, fields.scheduleAt, fields.scheduleEnd);
  return status === smpp.ESME_RINVEXPIRY && !isTime(b, fields.validityAt, fields.validityEnd);
}

const MAY_BE_OF_FORM: ReadonlySet<number> = new Set([
  smpp.ESME_RINVMSGLEN,
  smpp.ESME_RINVDSTADR,
  smpp.ESME_RINVSCHED,
  smpp.ESME_RINVEXPIRY,
]);

/** The same of any other request that a strict decodePdu refused with `status`. */
export function isMalformedRequest(
  status: number,
  b: Buffer,
  start: number,
  end: number,
  version: number,
): boolean {
  if (OF_FORM.has(status)) return true;
  const read = decodePdu(b, start, end, version, { lenient: true });
  if (!read.ok) return true;
  switch (status) {
    // An alphabet that is not served; half a character.
    case smpp.ESME_RINVDCS:
    case smpp.ESME_RSUBMITFAIL:
    case smpp.ESME_RINVMSGLEN:
      return false;
    case smpp.ESME_RINVDSTADR:
      return !('destinationAddr' in read.pdu) || read.pdu.destinationAddr !== '';
    default:
      return true;
  }
}
