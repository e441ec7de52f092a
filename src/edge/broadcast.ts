/**
 * The broadcast family of 5.0: passed on to an SMSC that supports it and answered with what that says. The id that the
 * client is told names its account and the SMSC and carries a code that only this gateway can make, so that query and
 * cancel find their way after a restart, and for their own account only.
 */
import { createHmac } from 'node:crypto';
import { OPERATION_FORWARD } from '../core/records.ts';
import { SMSC_BOUND } from '../core/ring/counters.ts';
import { decodePdu, encodePdu } from '../smpp/codec.ts';
import type { PduInput, PduOf } from '../smpp/codec.ts';
import * as smpp from '../smpp/constants.ts';
import { writeHeader } from '../smpp/cursor.ts';
import { expect, sendOperation } from './operation.ts';
import { statusAnswer } from './responses.ts';
import type { OperationAnswer } from './pending-requests.ts';
import type { EdgeAccount, EdgeSmsc, Session } from './state.ts';
import { failureOf, statusFor } from './statuses.ts';

export type Broadcast = PduOf<'broadcast_sm' | 'query_broadcast_sm' | 'cancel_broadcast_sm'>;

const COMMANDS = {
  broadcast_sm: smpp.BROADCAST_SM,
  query_broadcast_sm: smpp.QUERY_BROADCAST_SM,
  cancel_broadcast_sm: smpp.CANCEL_BROADCAST_SM,
} as const;
const CODE_DIGITS = 12;
/** message_id holds 64 characters, and the code and the SMSC's index take some of them. */
const MESSAGE_ID_MAX = 64;

export function broadcast(session: Session, pdu: Broadcast, sequence: number): number {
  const account = session.account as EdgeAccount;
  if (!account.config.broadcast) return smpp.ESME_RPROHIBITED;
  const named = pdu.messageId === '' ? undefined : readId(session, account, pdu.messageId);
  // Without an id it would be about whatever the SMSC has under that source address, whoever's it is.
  const isNew = pdu.command === 'broadcast_sm' && pdu.replaceIfPresentFlag === 0;
  if (named === undefined && (pdu.messageId !== '' || !isNew)) return smpp.ESME_RINVMSGID;
  const smsc = named?.smsc ?? supporting(session);
  if (smsc === undefined) return failureOf(COMMANDS[pdu.command]);
  const status = passOn(session, smsc, sequence, { ...pdu, messageId: named?.id ?? '' });
  if (status !== smpp.ESME_ROK) return status;
  let relaying = relay;
  expect(session, sequence, COMMANDS[pdu.command], (answer) => {
    const next = relaying(session, account, smsc, pdu, sequence, answer);
    if (next !== undefined) relaying = next;
    return next === undefined;
  });
  return smpp.ESME_ROK;
}

function passOn(
  session: Session,
  smsc: EdgeSmsc,
  sequence: number,
  pdu: PduInput & { command: Broadcast['command'] },
): number {
  const data = encodePdu(pdu, session.version, { lenient: true });
  const operation = {
    operation: OPERATION_FORWARD,
    smsc: smsc.index,
    commandId: COMMANDS[pdu.command],
    data: data.subarray(smpp.HEADER_BYTES),
  };
  return sendOperation(session.edge, smsc.shard, session, sequence, operation);
}

function supporting(session: Session): EdgeSmsc | undefined {
  const able = session.edge.smscs.filter(
    ({ config, profile }) => config.supports.includes('broadcast_sm') && profile.version >= smpp.VERSION_50,
  );
  return able.find(({ cells }) => cells[SMSC_BOUND] > 0) ?? able[0];
}

/** Writes the response; or asks the SMSC for more, and returns what writes it then. */
type Relay = (
  session: Session,
  account: EdgeAccount,
  smsc: EdgeSmsc,
  pdu: Broadcast,
  sequence: number,
  answer: OperationAnswer,
) => Relay | undefined;

/** The SMSC's response, with our form of the id in it. */
const relay: Relay = (session, account, smsc, pdu, sequence, { status, data }) => {
  const command = COMMANDS[pdu.command];
  if (status !== smpp.ESME_ROK && data.length === 0) {
    statusAnswer(session, sequence, command, status === smpp.ESME_RSYSERR ? failureOf(command) : status);
    return undefined;
  }
  const response = Buffer.alloc(smpp.HEADER_BYTES + data.length);
  writeHeader(response, 0, response.length, smpp.responseIdOf(command), status, sequence);
  data.copy(response, smpp.HEADER_BYTES);
  const decoded = decodePdu(response, 0, response.length, session.version, { lenient: true });
  if (!decoded.ok) {
    statusAnswer(session, sequence, command, failureOf(command));
    return undefined;
  }
  const answer = { ...decoded.pdu } as PduInput & { messageId?: string | null };
  answer.commandStatus = statusFor(session.version, command, status);
  const theirs = answer.messageId ?? '';
  if (theirs !== '') answer.messageId = writeId(account, smsc, theirs);
  // What was asked for by an id is answered under it.
  if (pdu.command === 'query_broadcast_sm') answer.messageId = pdu.messageId;
  else if (theirs !== '' && answer.messageId === '' && status === smpp.ESME_ROK) {
    return withdraw(session, smsc, pdu, sequence, theirs);
  }
  // What else the SMSC says may be odd: it is passed on, not judged.
  session.write(encodePdu(answer, session.version, { lenient: true }));
  return undefined;
};

/**
 * The SMSC took a broadcast under an id that does not fit into ours: nobody could ask for it or stop it. It is
 * cancelled, and refused once that is done; otherwise nothing is known of it.
 */
function withdraw(
  session: Session,
  smsc: EdgeSmsc,
  { sourceAddrTon, sourceAddrNpi, sourceAddr }: Broadcast,
  sequence: number,
  messageId: string,
): Relay | undefined {
  session.edge.log.warn('the id of a broadcast is too long to be told: it is cancelled', {
    ...session.describe(),
    smsc: smsc.config.id,
    length: messageId.length,
  });
  const source = { sourceAddrTon, sourceAddrNpi, sourceAddr };
  const cancel = { command: 'cancel_broadcast_sm', sequenceNumber: sequence, messageId, ...source } as const;
  if (passOn(session, smsc, sequence, cancel) === smpp.ESME_ROK) return afterWithdrawal;
  statusAnswer(session, sequence, smpp.BROADCAST_SM, smpp.ESME_RSYSERR);
  return undefined;
}

const afterWithdrawal: Relay = (session, _account, _smsc, _pdu, sequence, { status }) => {
  const isGone = status === smpp.ESME_ROK;
  statusAnswer(session, sequence, smpp.BROADCAST_SM, isGone ? smpp.ESME_RBCASTFAIL : smpp.ESME_RSYSERR);
  return undefined;
};

/** `<code>.<smsc>.<their id>`; empty where the id is too long for that. */
function writeId(account: EdgeAccount, smsc: EdgeSmsc, id: string): string {
  const text = `${codeOf(account, smsc, id)}.${smsc.index.toString(36)}.${id}`;
  return text.length > MESSAGE_ID_MAX ? '' : text;
}

function readId(
  session: Session,
  account: EdgeAccount,
  text: string,
): { smsc: EdgeSmsc; id: string } | undefined {
  const found = /^([0-9a-f]{12})\.([0-9a-z]{1,4})\.(.+)$/.exec(text);
  if (found === null) return undefined;
  const [, code, index, id] = found;
  const smsc = session.edge.smscs.find((each) => each.index === Number.parseInt(index, 36));
  return smsc !== undefined && code === codeOf(account, smsc, id) ? { smsc, id } : undefined;
}

/** The key is what only the operator has: the hash of the account's password. */
function codeOf(account: EdgeAccount, smsc: EdgeSmsc, id: string): string {
  const hmac = createHmac('sha256', account.config.password_hash);
  return hmac.update(`${account.name}\0${smsc.config.id}\0${id}`).digest('hex').slice(0, CODE_DIGITS);
}
