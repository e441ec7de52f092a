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

export type Broadcast = PduOf<'broadcast_sm' | 'query_broadcast_sm' | 'cancel_broadcast_sm'>;

const COMMANDS = {
  broadcast_sm: smpp.BROADCAST_SM,
  query_broadcast_sm: smpp.QUERY_BROADCAST_SM,
  cancel_broadcast_sm: smpp.CANCEL_BROADCAST_SM,
} as const;
/** What is answered where no SMSC does it, or it does not answer. */
const FAILURES = {
  broadcast_sm: smpp.ESME_RBCASTFAIL,
  query_broadcast_sm: smpp.ESME_RBCASTQUERYFAIL,
  cancel_broadcast_sm: smpp.ESME_RBCASTCANCELFAIL,
} as const;
const CODE_DIGITS = 12;
/** message_id holds 64 characters, and the code and the SMSC's index take some of them. */
const MESSAGE_ID_MAX = 64;

export function broadcast(session: Session, pdu: Broadcast, sequence: number): number {
  const { edge } = session;
  const account = session.account as EdgeAccount;
  if (!account.config.broadcast) return smpp.ESME_RPROHIBITED;
  const named = pdu.messageId === '' ? undefined : readId(session, account, pdu.messageId);
  // A broadcast_sm without an id is a new one; the others, and a replacing one, name one that there is.
  if (named === undefined && (pdu.messageId !== '' || pdu.command === 'query_broadcast_sm'))
    return smpp.ESME_RINVMSGID;
  const smsc = named?.smsc ?? supporting(session);
  if (smsc === undefined) return FAILURES[pdu.command];
  const data = encodePdu({ ...pdu, messageId: named?.id ?? '' }, session.version, { lenient: true });
  const command = COMMANDS[pdu.command];
  const operation = {
    operation: OPERATION_FORWARD,
    smsc: smsc.index,
    commandId: command,
    data: data.subarray(smpp.HEADER_BYTES),
  };
  const status = sendOperation(edge, smsc.shard, session, sequence, operation);
  if (status !== smpp.ESME_ROK) return status;
  expect(session, sequence, command, (answer) => {
    relay(session, account, smsc, pdu, sequence, answer);
    return true;
  });
  return smpp.ESME_ROK;
}

function supporting(session: Session): EdgeSmsc | undefined {
  const able = session.edge.smscs.filter(
    ({ config, profile }) => config.supports.includes('broadcast_sm') && profile.version >= smpp.VERSION_50,
  );
  return able.find(({ cells }) => cells[SMSC_BOUND] > 0) ?? able[0];
}

/** The SMSC's response, with our form of the id in it. */
function relay(
  session: Session,
  account: EdgeAccount,
  smsc: EdgeSmsc,
  pdu: Broadcast,
  sequence: number,
  { status, data }: OperationAnswer,
): void {
  const command = COMMANDS[pdu.command];
  if (status !== smpp.ESME_ROK && data.length === 0) {
    statusAnswer(session, sequence, command, status === smpp.ESME_RSYSERR ? FAILURES[pdu.command] : status);
    return;
  }
  const response = Buffer.alloc(smpp.HEADER_BYTES + data.length);
  writeHeader(response, 0, response.length, smpp.responseIdOf(command), status, sequence);
  data.copy(response, smpp.HEADER_BYTES);
  const decoded = decodePdu(response, 0, response.length, session.version, { lenient: true });
  if (!decoded.ok) {
    statusAnswer(session, sequence, command, FAILURES[pdu.command]);
    return;
  }
  const answer = { ...decoded.pdu } as PduInput & { messageId?: string | null };
  if (typeof answer.messageId === 'string' && answer.messageId !== '') {
    answer.messageId = writeId(account, smsc, answer.messageId);
  }
  // What the SMSC says may be odd: it is passed on, not judged.
  session.write(encodePdu(answer, session.version, { lenient: true }));
}

/** `<code>.<smsc>.<their id>`; an id that is too long for that can not be passed on. */
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
