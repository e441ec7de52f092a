/** The sessions of an edge for "tollgate session": as a list, and one to be closed. */
import type { SessionInfo } from '../admin/protocol.ts';
import { versionName } from '../smpp/negotiate.ts';
import { bindName, stateName } from '../smpp/session-names.ts';
import { isBound } from '../smpp/session.ts';
import type { EdgeState, Session } from './state.ts';

/** A peer that is told to go has so long to answer. */
const UNBIND_MS = 5_000;

/** One of the gateway's sessions, and only one: the reference is the one that the ledger has. */
export function sessionId(session: Session): string {
  return `${session.edge.edge}-${session.reference}`;
}

function sessionInfo(session: Session): SessionInfo {
  const { state } = session;
  return {
    id: sessionId(session),
    kind: 'esme',
    name: session.account?.name ?? '',
    remote: session.endpoints().remote,
    state: stateName(state),
    bind: bindName(state),
    version: isBound(state) ? versionName(session.version) : '',
    sinceMs: session.openedMs,
    inFlight: session.inFlight,
    receiptsWaiting: session.window.size,
    errors: session.budget.total,
  };
}

export function listSessions(edge: EdgeState): SessionInfo[] {
  return edge.sessions.filter((session) => session !== undefined).map(sessionInfo);
}

/** Unbinds one session, and ends it should its peer not. False: there is no session of that id. */
export function closeSession(edge: EdgeState, id: string): boolean {
  const session = edge.sessions.find((each) => each !== undefined && sessionId(each) === id);
  if (session === undefined) return false;
  session.unbind();
  session.flush(edge.nowMs);
  setTimeout(() => session.end(), UNBIND_MS).unref();
  return true;
}
