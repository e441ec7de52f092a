/** Responses to requests other than submit_sm, in the form of their session's version. */
import { encodePdu } from '../smpp/codec.ts';
import type { PduInput } from '../smpp/codec.ts';
import * as smpp from '../smpp/constants.ts';
import { stateFor } from '../smpp/pdu/receipt-common.ts';
import { formatTime } from '../smpp/times.ts';
import type { OperationAnswer } from './pending-requests.ts';
import type { Session } from './state.ts';
import { statusFor } from './statuses.ts';

/** States of messages that are over have an end. */
const FIRST_FINAL = smpp.STATE_DELIVERED;

export function respond(session: Session, pdu: PduInput): void {
  session.write(encodePdu(pdu, session.version));
}

/** A response that is a header, or an error; `status` may be an SMSC's own. */
export function statusAnswer(session: Session, sequence: number, command: number, status: number): void {
  const name = smpp.commandName(smpp.responseIdOf(command)) as PduInput['command'];
  const commandStatus = statusFor(session.version, command, status);
  respond(session, { command: name, commandStatus, sequenceNumber: sequence } as PduInput);
}

export function queryAnswer(
  session: Session,
  sequence: number,
  messageId: string,
  { status, state, errorCode, doneMs }: OperationAnswer,
): void {
  if (status !== smpp.ESME_ROK) {
    statusAnswer(session, sequence, smpp.QUERY_SM, status);
    return;
  }
  const messageState = stateFor(session.version, state);
  respond(session, {
    command: 'query_sm_resp',
    sequenceNumber: sequence,
    messageId,
    finalDate: doneMs > 0 && messageState >= FIRST_FINAL ? formatTime(doneMs) : '',
    messageState,
    errorCode,
  });
}
