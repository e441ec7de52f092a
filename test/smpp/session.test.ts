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
  [smpp.BIND_TRANSCEIVER_RESP, '-------', 'RRRRR-R'],
  [smpp.OUTBIND, '-------', '-------'],
  [smpp.ALERT_NOTIFICATION, '-------', '-------'],
  [smpp.QUERY_SM, '???????', '???????'],
  [smpp.SUBMIT_MULTI, '???????', '???????'],
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

  it.each([
    ['unknown_request', session.ACT_UNKNOWN],
    ['unknown_vendor_request', session.ACT_UNKNOWN],
    ['v50_only_cmd_on_v34', session.ACT_UNKNOWN],
    ['unknown_response', session.ACT_IGNORE],
    ['submit_before_bind', session.ACT_WRONG_STATE],
    ['submit_on_receiver', session.ACT_WRONG_STATE],
    ['submit_after_unbind', session.ACT_WRONG_STATE],
    ['deliver_sm_from_esme', session.ACT_WRONG_STATE],
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
