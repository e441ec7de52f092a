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
/** Any other request that an ESME may make here and now: submit_multi, data_sm, query_sm, cancel_sm, ... */
export const ACT_REQUEST = 11;
/** A data_sm from the SMSC: what a deliver_sm is, answered with data_sm_resp. */
export const ACT_DATA = 12;
/** alert_notification: a handset can be reached again. Never answered. */
export const ACT_ALERT = 13;
/** outbind: the SMSC that dialled us names itself and waits for our bind. Never answered. */
export const ACT_OUTBIND = 14;

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
 * What to do with a received PDU: one of ACT_*. `version` is the session's interface_version: to an ESME data_sm exists
 * from 3.4 on, since its response is none of 3.3, and the broadcast family from 5.0 on. From an SMSC data_sm is taken
 * always: a receipt that it carries is not to be lost.
 */
export function judge(role: Role, state: number, version: number, commandId: number): number {
  if (commandId === smpp.SUBMIT_SM) return judgeSubmission(role, state, ACT_SUBMIT);
  if (commandId >= smpp.RESPONSE_BIT) return judgeResponse(role, state, commandId);
  switch (commandId) {
    case smpp.DELIVER_SM:
      return judgeDelivery(role, state, ACT_DELIVER);
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
    case smpp.DATA_SM:
      // v3.4 lets both sides send it in every bound state; v5.0 keeps it to the direction of the bind.
      if (role === CLIENT) return judgeDelivery(role, state, ACT_DATA);
      return version < smpp.VERSION_34 ? ACT_UNKNOWN : judgeSubmission(role, state, ACT_REQUEST);
    case smpp.SUBMIT_MULTI:
    case smpp.QUERY_SM:
    case smpp.CANCEL_SM:
    case smpp.REPLACE_SM:
      return judgeSubmission(role, state, ACT_REQUEST);
    case smpp.BROADCAST_SM:
    case smpp.QUERY_BROADCAST_SM:
    case smpp.CANCEL_BROADCAST_SM:
      return version < smpp.VERSION_50 ? ACT_UNKNOWN : judgeSubmission(role, state, ACT_REQUEST);
    case smpp.OUTBIND:
      return role === CLIENT && state === OPEN ? ACT_OUTBIND : ACT_IGNORE;
    case smpp.ALERT_NOTIFICATION:
      return role === CLIENT && receives(state) ? ACT_ALERT : ACT_IGNORE;
    default:
      // The commands that only 3.3 had, and those that do not exist, are refused alike.
      return ACT_UNKNOWN;
  }
}

function receives(state: number): boolean {
  return state === BOUND_RX || state === BOUND_TRX;
}

/** What an ESME asks of an SMSC. */
function judgeSubmission(role: Role, state: number, act: number): number {
  return role === SERVER && (state === BOUND_TX || state === BOUND_TRX) ? act : ACT_WRONG_STATE;
}

/** What an SMSC hands to an ESME. */
function judgeDelivery(role: Role, state: number, act: number): number {
  return role === CLIENT && receives(state) ? act : ACT_WRONG_STATE;
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
    case smpp.DATA_SM_RESP:
      return ACT_RESPONSE;
    case smpp.DELIVER_SM_RESP:
      return role === SERVER ? ACT_RESPONSE : ACT_IGNORE;
    case smpp.SUBMIT_SM_RESP:
    case smpp.SUBMIT_MULTI_RESP:
    case smpp.QUERY_SM_RESP:
    case smpp.CANCEL_SM_RESP:
    case smpp.REPLACE_SM_RESP:
    case smpp.BROADCAST_SM_RESP:
    case smpp.QUERY_BROADCAST_SM_RESP:
    case smpp.CANCEL_BROADCAST_SM_RESP:
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
