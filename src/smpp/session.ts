import * as smpp from './constants.ts';
import { readU32 } from './cursor.ts';

/**
 * The session state machine as a table: what may be done with a PDU is a pure function of who we are, the state
 * and the command_id. The state itself is a number that the link keeps; it changes when the *response* is sent
 * or received (v3.4 section 2.2).
 */
export type Role = typeof SERVER | typeof CLIENT;
/** We are the SMSC: our peer is an ESME. */
export const SERVER = 0;
/** We are the ESME: our peer is an SMSC. */
export const CLIENT = 1;

export const OPEN = 0;
export const BOUND_TX = 1;
export const BOUND_RX = 2;
export const BOUND_TRX = 3;
export const UNBOUND = 4;
export const CLOSED = 5;
/** A bind was received (or sent) and is not decided: a server stops reading, so later requests wait unread. */
export const BINDING = 6;

export const ACT_BIND = 1;
export const ACT_SUBMIT = 2;
export const ACT_DELIVER = 3;
export const ACT_ENQUIRE = 4;
export const ACT_UNBIND = 5;
/** A response (or generic_nack) that may answer one of our requests. */
export const ACT_RESPONSE = 6;
/** Log and drop; nothing is ever answered to it. */
export const ACT_IGNORE = 7;
/** Answer with the request's own response and ESME_RINVBNDSTS. */
export const ACT_WRONG_STATE = 8;
/** Answer with the bind's own response and ESME_RALYBND; the session stays as it is. */
export const ACT_ALREADY_BOUND = 9;
/** Answer generic_nack ESME_RINVCMDID and go on. */
export const ACT_UNKNOWN = 10;

export function isBound(state: number): boolean {
  return state === BOUND_TX || state === BOUND_RX || state === BOUND_TRX;
}

/** The bound state that a bind request leads to. */
export function boundStateOf(bindCommandId: number): number {
  if (bindCommandId === smpp.BIND_TRANSMITTER) return BOUND_TX;
  if (bindCommandId === smpp.BIND_RECEIVER) return BOUND_RX;
  if (bindCommandId === smpp.BIND_TRANSCEIVER) return BOUND_TRX;
  throw new RangeError(`not a bind: ${smpp.commandName(bindCommandId)}`);
}

/**
 * What to do with a received PDU: one of ACT_*. The third argument is the session's interface_version; no command
 * that is served so far depends on it.
 */
export function judge(role: Role, state: number, _version: number, commandId: number): number {
  if (commandId >= smpp.RESPONSE_BIT) return judgeResponse(role, state, commandId);
  switch (commandId) {
    case smpp.SUBMIT_SM:
      return role === SERVER && (state === BOUND_TX || state === BOUND_TRX) ? ACT_SUBMIT : ACT_WRONG_STATE;
    case smpp.DELIVER_SM:
      return role === CLIENT && (state === BOUND_RX || state === BOUND_TRX) ? ACT_DELIVER : ACT_WRONG_STATE;
    case smpp.ENQUIRE_LINK:
      // v3.4 allows it in bound states only, v5.0 in every state: taking it always harms nobody.
      return state === CLOSED ? ACT_IGNORE : ACT_ENQUIRE;
    case smpp.UNBIND:
      // UNBOUND too: both sides may unbind at the same time.
      return isBound(state) || state === UNBOUND ? ACT_UNBIND : ACT_WRONG_STATE;
    case smpp.BIND_TRANSMITTER:
    case smpp.BIND_RECEIVER:
    case smpp.BIND_TRANSCEIVER:
      return judgeBind(role, state);
    case smpp.OUTBIND:
    case smpp.ALERT_NOTIFICATION:
      return ACT_IGNORE;
    default:
      // Commands that exist but are not served, and commands that do not exist, are refused alike.
      return ACT_UNKNOWN;
  }
}

/** bind_transceiver is taken from a peer of any version: clients that announce 3.3 send it all the same. */
function judgeBind(role: Role, state: number): number {
  if (role === CLIENT || state === UNBOUND || state === CLOSED) return ACT_WRONG_STATE;
  return state === OPEN ? ACT_BIND : ACT_ALREADY_BOUND;
}

function judgeResponse(role: Role, state: number, commandId: number): number {
  if (state === CLOSED) return ACT_IGNORE;
  switch (commandId) {
    case smpp.ENQUIRE_LINK_RESP:
    case smpp.UNBIND_RESP:
    case smpp.GENERIC_NACK:
      return ACT_RESPONSE;
    case smpp.DELIVER_SM_RESP:
      return role === SERVER ? ACT_RESPONSE : ACT_IGNORE;
    case smpp.SUBMIT_SM_RESP:
    case smpp.BIND_TRANSMITTER_RESP:
    case smpp.BIND_RECEIVER_RESP:
    case smpp.BIND_TRANSCEIVER_RESP:
      return role === CLIENT ? ACT_RESPONSE : ACT_IGNORE;
    default:
      return ACT_IGNORE;
  }
}

/**
 * command_status of the response that starts at `at`. A generic_nack says that our request was not taken whatever its
 * status (v3.4 section 4.3), so one with ESME_ROK counts as ESME_RUNKNOWNERR: nothing may pass for accepted by it.
 */
export function responseStatus(b: Uint8Array, at: number): number {
  const status = readU32(b, at + 8);
  if (status === smpp.ESME_ROK && readU32(b, at + 4) === smpp.GENERIC_NACK) return smpp.ESME_RUNKNOWNERR;
  return status;
}
