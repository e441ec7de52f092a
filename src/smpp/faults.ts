/** What an SMSC sent us that was wrong: counted, and never a reason to drop its bind. */
import * as smpp from './constants.ts';
import { refusalOf } from './refusal.ts';
import { ACT_UNKNOWN, CLIENT } from './session.ts';

/** A body that can not be read; a command nobody serves; one that does not belong into the session's state. */
export type ErrorKind = 'malformed' | 'unknownCommand' | 'wrongState';

export class Faults {
  /** Since the connection. */
  total = 0;
  /** Since the start; they only grow. */
  readonly counts: Record<ErrorKind, number> = { malformed: 0, unknownCommand: 0, wrongState: 0 };

  add(kind: ErrorKind): void {
    this.total++;
    this.counts[kind]++;
  }

  /** A request that `judge` says is unknown or does not belong: the answer to it. */
  refuse(act: number, command: number, sequence: number, version: number): Buffer {
    const unknown = act === ACT_UNKNOWN;
    this.add(unknown ? 'unknownCommand' : 'wrongState');
    const status = unknown ? smpp.ESME_RINVCMDID : smpp.ESME_RINVBNDSTS;
    return refusalOf(CLIENT, command, status, sequence, version);
  }
}
