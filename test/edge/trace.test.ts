import { beforeEach, describe, expect, test } from 'vitest';
import { EdgeTraces } from '../../src/edge/trace.ts';
import type { EsmeSession } from '../../src/edge/session.ts';
import type { EdgeState } from '../../src/edge/state.ts';
import { OPEN } from '../../src/smpp/session.ts';
import type { TraceBatch } from '../../src/smpp/trace-feed.ts';
import { bindBytes, pduBytes } from '../daemon/raw.ts';
import { makeAccount, makeEdge, makeSession } from './harness.ts';

const ENQUIRE_LINK = 0x15;
const SHOWN = { hideText: false, roomBytes: 1_000_000 };
const ACCOUNTS = [makeAccount(0), makeAccount(1)];

let edge: EdgeState;
let traces: EdgeTraces;
let batches: TraceBatch[];
beforeEach(() => {
  edge = makeEdge(ACCOUNTS).edge;
  batches = [];
  traces = new EdgeTraces(edge, (batch) => batches.push(batch));
});

let lastSlot = 0;
function addSession(account: number | undefined): EsmeSession {
  const [session] = makeSession(edge, ACCOUNTS[account ?? 0], 0x1_0000 + ++lastSlot);
  if (account === undefined) {
    session.account = undefined;
    session.state = OPEN;
  }
  edge.sessions.push(session);
  traces.opened(session);
  return session;
}

const idOf = (session: EsmeSession): string => `0-${session.reference}`;
const isTapped = (session: EsmeSession): boolean =>
  session.tap !== undefined || session.writer.onFlush !== undefined;

/** Sessions that PDUs of a trace were shown of; the trace ends with it. */
function shownIn(trace: number): Set<string> {
  traces.stop(trace);
  const events = batches.filter((batch) => batch.trace === trace).flatMap((batch) => batch.events);
  return new Set(events.filter(({ kind }) => kind === 'pdu').map(({ session }) => session));
}

test('a session that nobody traces has nothing at its chunks and writes', () => {
  const [one, other] = [addSession(0), addSession(undefined)];
  expect([one, other].map(isTapped)).toEqual([false, false]);
  expect(traces.start({ trace: 1, session: idOf(one), ...SHOWN })).toBe(true);
  expect([one, other].map(isTapped)).toEqual([true, false]);
  traces.stop(1);
  expect([one, other].map(isTapped)).toEqual([false, false]);
});

test('a session that another edge has, or nobody, is not here', () => {
  addSession(0);
  expect(traces.start({ trace: 1, session: '1-65537', ...SHOWN })).toBe(false);
  expect(traces.start({ trace: 1, session: '', ...SHOWN })).toBe(false);
  // An edge without a session of the account takes part all the same: one may come.
  expect(traces.start({ trace: 1, account: 'account-1', ...SHOWN })).toBe(true);
});

describe('of an account', () => {
  test('its sessions are tapped, those of others are not, and the unbound are until they say who they are', () => {
    const [mine, foreign, early] = [addSession(1), addSession(0), addSession(undefined)];
    traces.start({ trace: 1, account: 'account-1', ...SHOWN });
    const [late, stranger] = [addSession(undefined), addSession(undefined)];
    expect([mine, foreign, early, late, stranger].map(isTapped)).toEqual([true, false, true, true, true]);
    for (const session of edge.sessions) session?.tap?.received(pduBytes(ENQUIRE_LINK, 1));
    early.tap?.claim('account-1');
    late.tap?.claim('account-1');
    stranger.tap?.claim('account-0');
    expect([early, late, stranger].map(isTapped)).toEqual([true, true, false]);
    expect(shownIn(1)).toEqual(new Set([mine, early, late].map(idOf)));
    expect(edge.sessions.some((session) => session !== undefined && isTapped(session as EsmeSession))).toBe(
      false,
    );
  });

  test('two traces of two accounts each get their own', () => {
    traces.start({ trace: 1, account: 'account-0', ...SHOWN });
    traces.start({ trace: 2, account: 'account-1', ...SHOWN });
    const [one, other] = [addSession(undefined), addSession(undefined)];
    one.tap?.received(bindBytes());
    other.tap?.received(bindBytes());
    one.tap?.claim('account-0');
    other.tap?.claim('account-1');
    expect(shownIn(1)).toEqual(new Set([idOf(one)]));
    // The end of one changes nothing for the other.
    const third = addSession(undefined);
    third.tap?.received(pduBytes(ENQUIRE_LINK, 1));
    third.tap?.claim('account-1');
    expect(shownIn(2)).toEqual(new Set([other, third].map(idOf)));
  });

  test('an unbound session that is traced by its id stays so, whoever it turns out to be', () => {
    const session = addSession(undefined);
    traces.start({ trace: 1, account: 'account-1', ...SHOWN });
    traces.start({ trace: 2, session: idOf(session), ...SHOWN });
    session.tap?.claim('account-0');
    session.tap?.received(pduBytes(ENQUIRE_LINK, 1));
    expect(shownIn(1)).toEqual(new Set());
    expect(isTapped(session)).toBe(true);
    expect(shownIn(2)).toEqual(new Set([idOf(session)]));
    expect(isTapped(session)).toBe(false);
  });
});

test('the end of a session is told, and its tap is gone', () => {
  const session = addSession(0);
  traces.start({ trace: 1, session: idOf(session), ...SHOWN });
  traces.closed(session);
  traces.stop(1);
  expect(session.tap).toBeUndefined();
  expect(batches.flatMap(({ events }) => events).at(-1)).toMatchObject({
    kind: 'ended',
    session: idOf(session),
  });
});
