/** A bind request: checked, decided by the control thread, answered; until then nothing more is read. */
import { CELL_BINDS_OK, CELL_BINDS_REFUSED } from '../core/ring/counters.ts';
import * as smpp from '../smpp/constants.ts';
import { decodeBind, encodeBindResp } from '../smpp/pdu/bind.ts';
import type { DecodedBind } from '../smpp/pdu/bind.ts';
import { versionNumber } from '../smpp/negotiate.ts';
import { sessionVersion } from '../smpp/pdu/bind.ts';
import { BINDING, boundStateOf } from '../smpp/session.ts';
import { answersCall } from './outbind.ts';
import { statusAnswer } from './responses.ts';
import { addReceiver, takesReceipts } from './receipts.ts';
import type { BindVerdict, EdgeAccount, Session } from './state.ts';

/** Wrong credentials are answered after this, so that guessing is slow; the link is closed behind the answer. */
const REFUSAL_MS = 1_000;

/** False: stops the reading until the bind is decided. */
export function bind(
  session: Session,
  command: number,
  sequence: number,
  bytes: Buffer,
  start: number,
  end: number,
): boolean {
  const request = decodeBind(bytes, start, end, session.edge.takesLong);
  session.tap?.claim(request.systemId);
  if (request.status !== smpp.ESME_ROK) {
    refuse(session, command, sequence, request.status);
    return false;
  }
  if (session.called !== undefined && !answersCall(session.called, request.systemId, command)) {
    session.edge.log.warn('bind refused', {
      account: request.systemId,
      address: session.address,
      verdict: `we called the receiver of ${session.called.name}`,
    });
    refuse(session, command, sequence, smpp.ESME_RBINDFAIL);
    return false;
  }
  // A refusal, too, has the form of the version that was asked for.
  session.version = sessionVersion(smpp.VERSION_50, request.interfaceVersion);
  session.state = BINDING;
  const { control, log } = session.edge;
  control.authenticate(request.systemId, request.password, session.address, true).then(
    (verdict) => decide(session, command, sequence, request, verdict),
    (error: unknown) => {
      log.warn('bind could not be checked', { ...session.describe(), error: String(error) });
      refuse(session, command, sequence, smpp.ESME_RSYSERR);
    },
  );
  return false;
}

function decide(
  session: Session,
  command: number,
  sequence: number,
  request: DecodedBind,
  verdict: BindVerdict,
): void {
  const { edge } = session;
  const account = edge.accountsByName.get(request.systemId);
  if (session.state !== BINDING || edge.draining) {
    if (verdict === 'ok') edge.control.sessionEnded(request.systemId);
    if (session.state === BINDING) refuse(session, command, sequence, smpp.ESME_RSYSERR);
    return;
  }
  if (verdict === 'ok' && isTooLong(request, account)) {
    // Who knows the credentials may know what is wrong with them; to others it is a refusal like any other.
    edge.control.sessionEnded(request.systemId);
    edge.log.warn('bind refused', {
      account: request.systemId,
      address: session.address,
      verdict: 'its password has more than 8 characters, which needs long_credentials = true',
    });
    refuse(session, command, sequence, request.tooLong);
    return;
  }
  if (verdict !== 'ok' || account === undefined) {
    edge.log.warn('bind refused', { account: request.systemId, address: session.address, verdict });
    // Credentials, unknown names and too many sessions get one answer: a stranger learns nothing from it.
    const delay = verdict === 'refused' ? REFUSAL_MS : 0;
    setTimeout(() => refuse(session, command, sequence, smpp.ESME_RBINDFAIL), delay);
    return;
  }
  edge.cells[CELL_BINDS_OK]++;
  session.account = account;
  session.tap?.claim(account.name);
  const own = Math.min(
    versionNumber(edge.config.smpp.interface_version_max),
    versionNumber(account.config.interface_version_max),
  );
  session.version = sessionVersion(own, request.interfaceVersion);
  session.state = boundStateOf(command);
  session.timers.onBound(edge.nowMs);
  session.raiseLimit();
  const version = session.version > smpp.VERSION_33 ? session.version : undefined;
  const answer = encodeBindResp(command, smpp.ESME_ROK, sequence, edge.config.smpp.system_id, version);
  session.writer.reserve(answer.length);
  answer.copy(session.writer.buffer, session.writer.at);
  session.writer.at += answer.length;
  session.writer.flush();
  edge.log.info('esme bound', {
    ...session.describe(),
    bind: smpp.commandName(command),
    version: session.version,
  });
  if (takesReceipts(session.state)) addReceiver(session);
  session.resume();
  edge.afterRead(session);
}

/** An account whose name is that long has the option. */
function isTooLong({ tooLong }: DecodedBind, account: EdgeAccount | undefined): boolean {
  return tooLong !== smpp.ESME_ROK && account?.config.long_credentials !== true;
}

function refuse(session: Session, command: number, sequence: number, status: number): void {
  session.edge.cells[CELL_BINDS_REFUSED]++;
  statusAnswer(session, sequence, command, status);
  session.end();
}
