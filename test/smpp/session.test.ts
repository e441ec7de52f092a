import { describe, expect, it } from 'vitest';
import * as smpp from '../../src/smpp/constants.ts';
import * as session from '../../src/smpp/session.ts';
import { vectorNamed, versionOf } from '../support/vectors.ts';

const { SERVER, CLIENT, OPEN, BOUND_TX, BOUND_RX, BOUND_TRX, UNBOUND, CLOSED, BINDING, judge } = session;
const LETTERS: Record<string, number> = {
  B: session.ACT_BIND,
  S: session.ACT_SUBMIT,
  D: session.ACT_DELIVER,
  E: session.ACT_ENQUIRE,
  U: session.ACT_UNBIND,
  R: session.ACT_RESPONSE,
  '-': session.ACT_IGNORE,
  w: session.ACT_WRONG_STATE,
  a: session.ACT_ALREADY_BOUND,
  '?': session.ACT_UNKNOWN,
  Q: session.ACT_REQUEST,
  T: session.ACT_DATA,
  A: session.ACT_ALERT,
  O: session.ACT_OUTBIND,
};

// One letter a state, in the order OPEN, BOUND_TX, BOUND_RX, BOUND_TRX, UNBOUND, CLOSED, BINDING.
const TABLE: [number, string, string][] = [
  //                            server     client
  [smpp.BIND_TRANSMITTER, 'Baaawwa', 'wwwwwww'],
  [smpp.BIND_RECEIVER, 'Baaawwa', 'wwwwwww'],
  [smpp.BIND_TRANSCEIVER, 'Baaawwa', 'wwwwwww'],
  [smpp.SUBMIT_SM, 'wSwSwww', 'wwwwwww'],
  [smpp.DELIVER_SM, 'wwwwwww', 'wwDDwww'],
  [smpp.UNBIND, 'wUUUUww', 'wUUUUww'],
  [smpp.ENQUIRE_LINK, 'EEEEE-E', 'EEEEE-E'],
  [smpp.ENQUIRE_LINK_RESP, 'RRRRR-R', 'RRRRR-R'],
  [smpp.UNBIND_RESP, 'RRRRR-R', 'RRRRR-R'],
  [smpp.GENERIC_NACK, 'RRRRR-R', 'RRRRR-R'],
  [smpp.DELIVER_SM_RESP, 'RRRRR-R', '-------'],
  [smpp.SUBMIT_SM_RESP, '-------', 'RRRRR-R'],
  [smpp.BIND_TRANSMITTER_RESP, '-------', 'RRRRR-R'],
  [smpp.BIND_RECEIVER_RESP, '-------', 'RRRRR-R'],
  [smpp.BIND_TRANSCEIVER_RESP, '-------', 'RRRRR-R'],
  [smpp.SUBMIT_MULTI_RESP, '-------', 'RRRRR-R'],
  [smpp.QUERY_SM_RESP, '-------', 'RRRRR-R'],
  [smpp.CANCEL_SM_RESP, '-------', 'RRRRR-R'],
  [smpp.REPLACE_SM_RESP, '-------', 'RRRRR-R'],
  [smpp.BROADCAST_SM_RESP, '-------', 'RRRRR-R'],
  [smpp.QUERY_BROADCAST_SM_RESP, '-------', 'RRRRR-R'],
  [smpp.CANCEL_BROADCAST_SM_RESP, '-------', 'RRRRR-R'],
  [smpp.DATA_SM_RESP, 'RRRRR-R', 'RRRRR-R'],
  [smpp.OUTBIND, '-------', 'O------'],
  [smpp.ALERT_NOTIFICATION, '-------', '--AA---'],
  [smpp.SUBMIT_MULTI, 'wQwQwww', 'wwwwwww'],
  [smpp.QUERY_SM, 'wQwQwww', 'wwwwwww'],
  [smpp.CANCEL_SM, 'wQwQwww', 'wwwwwww'],
  [smpp.REPLACE_SM, 'wQwQwww', 'wwwwwww'],
  [smpp.DATA_SM, 'wQwQwww', 'wwTTwww'],
  [smpp.BROADCAST_SM, '???????', '???????'],
  [smpp.QUERY_BROADCAST_SM, '???????', '???????'],
  [smpp.CANCEL_BROADCAST_SM, '???????', '???????'],
  [smpp.PARAM_RETRIEVE, '???????', '???????'],
  [smpp.QUERY_LAST_MSGS, '???????', '???????'],
  [smpp.QUERY_MSG_DETAILS, '???????', '???????'],
  [0x0a, '???????', '???????'],
  [0x0001_0200, '???????', '???????'],
  [0x8000_00ff, '-------', '-------'],
];
const STATES = [OPEN, BOUND_TX, BOUND_RX, BOUND_TRX, UNBOUND, CLOSED, BINDING];

describe('the session table', () => {
  it.each(TABLE)('for command %i', (commandId, server, client) => {
    for (const [role, row] of [
      [SERVER, server],
      [CLIENT, client],
    ] as const) {
      STATES.forEach((state, column) => {
        const act = judge(role, state, smpp.VERSION_34, commandId);
        expect(act, `role ${role} state ${state}`).toBe(LETTERS[row[column]]);
      });
    }
  });

  it.each([smpp.BROADCAST_SM, smpp.QUERY_BROADCAST_SM, smpp.CANCEL_BROADCAST_SM])(
    'serves broadcast command %i on a 5.0 session only',
    (commandId) => {
      const acts = STATES.map((state) => judge(SERVER, state, smpp.VERSION_50, commandId));
      expect(acts).toEqual([...'wQwQwww'].map((letter) => LETTERS[letter]));
      expect(judge(CLIENT, BOUND_TRX, smpp.VERSION_50, commandId)).toBe(session.ACT_WRONG_STATE);
      expect(judge(SERVER, BOUND_TRX, smpp.VERSION_33, commandId)).toBe(session.ACT_UNKNOWN);
    },
  );

  it('has no data_sm on a 3.3 session, but for what an SMSC delivers', () => {
    for (const state of STATES) {
      expect(judge(SERVER, state, smpp.VERSION_33, smpp.DATA_SM)).toBe(session.ACT_UNKNOWN);
    }
    expect(judge(CLIENT, BOUND_RX, smpp.VERSION_33, smpp.DATA_SM)).toBe(session.ACT_DATA);
  });

  it.each([
    ['unknown_request', session.ACT_UNKNOWN],
    ['unknown_vendor_request', session.ACT_UNKNOWN],
    ['v50_only_cmd_on_v34', session.ACT_UNKNOWN],
    ['unknown_response', session.ACT_IGNORE],
    ['submit_before_bind', session.ACT_WRONG_STATE],
    ['submit_on_receiver', session.ACT_WRONG_STATE],
    ['submit_after_unbind', session.ACT_WRONG_STATE],
    ['deliver_sm_from_esme', session.ACT_WRONG_STATE],
    ['dests_zero', session.ACT_REQUEST],
    ['dest_flag_bad', session.ACT_REQUEST],
    ['data_sm_no_payload', session.ACT_REQUEST],
    ['query_unknown_id', session.ACT_REQUEST],
    ['sm_length_overrun', session.ACT_SUBMIT],
    ['second_bind', session.ACT_ALREADY_BOUND],
    ['request_seq_zero', session.ACT_ENQUIRE],
    ['request_status_nonzero', session.ACT_ENQUIRE],
    ['enquire_link_with_body', session.ACT_ENQUIRE],
  ])('reacts to %s as the vector says', (name, act) => {
    const vector = vectorNamed(name);
    const state = { OPEN, BOUND_TX, BOUND_RX, BOUND_TRX, UNBOUND }[vector.reaction?.state as 'OPEN'];
    const command = vector.bytes.readUInt32BE(4);
    expect(judge(SERVER, state, versionOf(vector), command)).toBe(act);
  });

  it('knows where a bind leads', () => {
    expect(session.boundStateOf(smpp.BIND_TRANSMITTER)).toBe(BOUND_TX);
    expect(session.boundStateOf(smpp.BIND_RECEIVER)).toBe(BOUND_RX);
    expect(session.boundStateOf(smpp.BIND_TRANSCEIVER)).toBe(BOUND_TRX);
    expect(() => session.boundStateOf(smpp.SUBMIT_SM)).toThrow(RangeError);
    expect(STATES.filter((state) => session.isBound(state))).toEqual([BOUND_TX, BOUND_RX, BOUND_TRX]);
  });
});
