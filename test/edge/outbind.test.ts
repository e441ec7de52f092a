import { createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { EsmeCaller, answersCall } from '../../src/edge/outbind.ts';
import type { EdgeAccount, EdgeState, Session } from '../../src/edge/state.ts';
import { RawPeer } from '../daemon/raw.ts';
import { until } from '../support/daemon.ts';

const START = 1_767_225_600_000;

let server: Server;
let answered: RawPeer[];
let opened: Socket[];
let logged: string[];
let edge: EdgeState;
let caller: EsmeCaller;
let next: Session | undefined;

function account(index: number, name: string): EdgeAccount {
  return { index, name, receivers: [] as Session[] } as unknown as EdgeAccount;
}

beforeEach(async () => {
  answered = [];
  opened = [];
  logged = [];
  next = {} as Session;
  server = createServer((socket) => answered.push(new RawPeer(socket)));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  const note = (message: string, detail?: Record<string, unknown>): void => {
    const { why } = detail ?? {};
    logged.push(typeof why === 'string' ? `${message} ${why}` : message);
  };
  edge = {
    accounts: [undefined, account(1, 'called'), account(2, 'quiet')],
    config: {
      smpp: { session_init_s: 10 },
      account: [{ name: 'called', outbind: `127.0.0.1:${port}` }, { name: 'quiet' }],
    },
    sessions: [],
    draining: false,
    nowMs: START,
    log: { info: note, warn: note },
  } as unknown as EdgeState;
  caller = new EsmeCaller(edge, (socket, of) => {
    expect(of.name).toBe('called');
    opened.push(socket);
    if (next !== undefined) edge.sessions = [next];
    return next;
  });
});

afterEach(() => {
  caller.stop();
  server.close();
  for (const socket of opened) socket.destroy();
  for (const peer of answered) peer.destroy();
});

/** The next call is answered. */
async function call(count: number): Promise<void> {
  caller.onWaiting(1);
  await until(() => opened.length === count, `call ${count}`);
}

/** Long enough that a call which must not come would have come. */
const quiet = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 50));

function called(): EdgeAccount {
  return edge.accounts[1] as EdgeAccount;
}

test('while receipts wait the ESME is called at once, and once', async () => {
  caller.onWaiting(1);
  caller.onWaiting(1);
  await until(() => opened.length === 1, 'the call');
  edge.nowMs += 3_600_000;
  // The session stands, whether it has bound or not.
  caller.onWaiting(1);
  await quiet();
  expect(answered).toHaveLength(1);
  expect(logged).toEqual(['outbind sent']);
});

describe('nobody is called', () => {
  test('without an outbind in the configuration, or of an account that is gone', async () => {
    caller.onWaiting(2);
    caller.onWaiting(0);
    caller.onWaiting(77);
    await quiet();
    expect(answered).toHaveLength(0);
  });

  test('while a receiver is bound', async () => {
    called().receivers.push({} as Session);
    caller.onWaiting(1);
    await quiet();
    expect(answered).toHaveLength(0);
  });

  test('while the daemon stops', async () => {
    edge.draining = true;
    caller.onWaiting(1);
    await quiet();
    expect(answered).toHaveLength(0);
  });
});

test('calls that bring no bind come 30 s, 60 s, 120 s ... apart, at most ten minutes', async () => {
  const waits = [30, 60, 120, 240, 480, 600, 600];
  await call(1);
  for (const [index, wait] of waits.entries()) {
    edge.sessions = [];
    edge.nowMs += wait * 1000 - 1;
    caller.onWaiting(1);
    await quiet();
    expect(opened, `after ${wait} s`).toHaveLength(index + 1);
    edge.nowMs += 1;
    await call(index + 2);
  }
});

test('after a bind the waits begin again', async () => {
  await call(1);
  edge.sessions = [];
  edge.nowMs += 30_000;
  (next as Session).account = called();
  await call(2);
  edge.sessions = [];
  edge.nowMs += 60_000;
  await call(3);
  edge.sessions = [];
  edge.nowMs += 30_000;
  await call(4);
});

test('a clock that is set back does not put off a call for longer than ten minutes', async () => {
  await call(1);
  edge.sessions = [];
  edge.nowMs -= 3_600_000;
  await call(2);
});

test('an ESME that does not listen is named, and called again', async () => {
  await new Promise((resolve) => server.close(resolve));
  caller.onWaiting(1);
  await until(() => logged.length === 1, 'the failure');
  expect(logged[0]).toMatch(/^outbind failed connect ECONNREFUSED/);
  edge.nowMs += 30_000;
  caller.onWaiting(1);
  await until(() => logged.length === 2, 'the second failure');
});

test('no room for a session: as if there had been no call', async () => {
  next = undefined;
  await call(1);
  expect(logged).toEqual([]);
  edge.nowMs += 30_000;
  await call(2);
});

test.each([
  ['called', 1, true],
  ['called', 9, true],
  ['called', 2, false],
  ['quiet', 1, false],
  ['', 9, false],
])('a bind of "%s" with command_id %i answers the call: %s', (systemId, command, expected) => {
  expect(answersCall(called(), systemId, command)).toBe(expected);
});
