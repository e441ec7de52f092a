/** The commands over a gateway that the test plays. */
import * as fs from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { AuditLog } from '../../src/admin/audit.ts';
import type { Gateway, TraceBatchItem } from '../../src/admin/command-setup.ts';
import { adminHandler } from '../../src/admin/commands.ts';
import { openLog } from '../../src/admin/log.ts';
import type { Json, SessionInfo } from '../../src/admin/protocol.ts';
import type { AdminHandler, AdminReply } from '../../src/admin/server.ts';
import { until } from '../support/daemon.ts';
import { tempDir } from '../support/tmp.ts';
import type { TempDir } from '../support/tmp.ts';

const WHO = { uid: 1000, user: 'ann', pid: 77 };
const TRACE = { session: '0-65537', form: 'text', said: WHO };

function session(id: string, kind: 'esme' | 'smsc' = 'esme'): SessionInfo {
  return {
    id,
    kind,
    name: 'demo',
    remote: '127.0.0.1:4000',
    state: 'bound',
    bind: 'transceiver',
    version: '3.4',
    sinceMs: 1,
    inFlight: 0,
    receiptsWaiting: 0,
    errors: 0,
  };
}

class FakeGateway implements Gateway {
  running = true;
  list: SessionInfo[] = [session('0-65537'), session('smsc:sim/0', 'smsc')];
  closed: string[] = [];
  /** What the audit log said when each trace began. */
  readonly auditAtStart: string[] = [];
  readonly started: object[] = [];
  readonly stopped: number[] = [];
  onBatch: (batch: TraceBatchItem) => Promise<void> = () => Promise.resolve();
  readonly #auditPath: string;

  constructor(auditPath: string) {
    this.#auditPath = auditPath;
  }

  isRunning(): boolean {
    return this.running;
  }

  hasAccount(name: string): boolean {
    return name === 'demo';
  }

  sessions(): Promise<SessionInfo[]> {
    return Promise.resolve(this.list);
  }

  closeSession(id: string): Promise<boolean> {
    this.closed.push(id);
    return Promise.resolve(true);
  }

  startTrace(...[trace, target, hideText, onBatch]: Parameters<Gateway['startTrace']>): Promise<boolean> {
    this.auditAtStart.push(fs.readFileSync(this.#auditPath, 'utf8'));
    this.started.push({ trace, ...target, hideText });
    this.onBatch = onBatch;
    return Promise.resolve(this.list.length > 0);
  }

  stopTrace(trace: number): Promise<void> {
    this.stopped.push(trace);
    return Promise.resolve();
  }
}

class FakeReply implements AdminReply {
  readonly items: Json[] = [];
  readonly abort = new AbortController();
  readonly aborted = this.abort.signal;

  item(value: object): void {
    this.items.push(value as Json);
  }

  drained(): Promise<void> {
    return Promise.resolve();
  }
}

let dir: TempDir;
let auditPath: string;
let gateway: FakeGateway;
let handler: AdminHandler;

beforeEach(async () => {
  dir = tempDir();
  auditPath = join(dir.path, 'audit.log');
  gateway = new FakeGateway(auditPath);
  const log = await openLog('silent', 'test');
  handler = adminHandler({ gateway, audit: new AuditLog(auditPath), log, traceSMax: 600 });
});
afterEach(() => dir.remove());

const auditLines = (): Json[] =>
  fs
    .readFileSync(auditPath, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Json);

const pduEvent = (length: number): Json & { kind: string; session: string } => ({
  kind: 'pdu',
  session: '0-65537',
  direction: 'in',
  length,
});

test('a command that nobody knows, also one that every object answers to', async () => {
  for (const name of ['session.lost', 'constructor', '__proto__', '']) {
    await expect(handler(name, {}, new FakeReply())).rejects.toMatchObject({ code: 'unknown-command' });
  }
});

test('nothing is done before the threads run, and when they stop', async () => {
  gateway.running = false;
  await expect(handler('session.list', {}, new FakeReply())).rejects.toMatchObject({ code: 'not-running' });
});

test('session.list: all of them, however many', async () => {
  gateway.list = Array.from({ length: 1_234 }, (_, index) => session(`0-${index}`));
  const reply = new FakeReply();
  expect(await handler('session.list', {}, reply)).toEqual({ count: 1_234 });
  expect(reply.items.flatMap(({ sessions }) => sessions)).toEqual(gateway.list);
});

describe('session.close', () => {
  test('is written down with who asked, then done', async () => {
    await handler('session.close', { session: 'smsc:sim/0', said: WHO }, new FakeReply());
    expect(gateway.closed).toEqual(['smsc:sim/0']);
    expect(auditLines()).toMatchObject([
      { event: 'session-close', session: 'smsc:sim/0', kind: 'smsc', name: 'demo', said: WHO },
    ]);
  });

  test('of an id that nobody has', async () => {
    const call = handler('session.close', { session: '0-9', said: WHO }, new FakeReply());
    await expect(call).rejects.toMatchObject({
      code: 'unknown-session',
      message: expect.stringContaining('0-9'),
    });
    expect(fs.existsSync(auditPath)).toBe(false);
  });
});

describe('session.trace', () => {
  test('begins once its beginning is on disk, shows what comes, and ends when its time is over', async () => {
    const reply = new FakeReply();
    const end = handler('session.trace', { ...TRACE, seconds: 0.3, hideText: true }, reply);
    await until(() => gateway.started.length > 0, 'the trace');
    await gateway.onBatch({ events: [pduEvent(3)], bytes: new Uint8Array([1, 2, 3]) });
    await gateway.onBatch({
      events: [{ kind: 'dropped', session: '0-65537', pdus: 5 }],
      bytes: new Uint8Array(),
    });
    expect(await end).toEqual({ reason: 'time', pdus: 1, dropped: 5 });
    expect(gateway.auditAtStart[0]).toContain('"event":"trace-start"');
    expect(gateway.started).toEqual([{ trace: 1, session: '0-65537', hideText: true }]);
    expect(gateway.stopped).toEqual([1]);
    expect(reply.items).toEqual([
      { trace: 1, seconds: 0.3 },
      { events: [pduEvent(3)], bytes: 'AQID' },
      { events: [{ kind: 'dropped', session: '0-65537', pdus: 5 }], bytes: '' },
    ]);
    expect(auditLines()).toMatchObject([
      {
        event: 'trace-start',
        trace: 1,
        session: '0-65537',
        seconds: 0.3,
        form: 'text',
        hideText: true,
        said: WHO,
      },
      { event: 'trace-end', trace: 1, reason: 'time', pdus: 1, dropped: 5 },
    ]);
  });

  test('of an account names the sessions that it showed', async () => {
    const reply = new FakeReply();
    const end = handler('session.trace', { account: 'demo', form: 'pcap', said: WHO, seconds: 0.2 }, reply);
    await until(() => gateway.started.length > 0, 'the trace');
    const joined = (id: string): Json & { kind: string; session: string } => ({
      kind: 'session',
      session: id,
    });
    await gateway.onBatch({
      events: [joined('0-1'), joined('1-1'), { kind: 'ended', session: '0-1' }],
      bytes: new Uint8Array(),
    });
    // One session of an account that ends is not the end of the trace.
    expect(await end).toMatchObject({ reason: 'time' });
    expect(auditLines()[1]).toMatchObject({ sessions: ['0-1', '1-1'] });
  });

  test('ends with its session, with its client, with the daemon; each is written down', async () => {
    const bySession = handler('session.trace', TRACE, new FakeReply());
    await until(() => gateway.started.length === 1, 'the first trace');
    await gateway.onBatch({ events: [{ kind: 'ended', session: '0-65537' }], bytes: new Uint8Array() });
    expect(await bySession).toMatchObject({ reason: 'session ended' });
    for (const reason of ['client gone', 'daemon stops']) {
      const reply = new FakeReply();
      const before = gateway.started.length;
      const byReason = handler('session.trace', TRACE, reply);
      await until(() => gateway.started.length > before, 'a trace');
      reply.abort.abort(reason);
      expect(await byReason).toMatchObject({ reason });
    }
    expect(auditLines().map(({ event, reason }) => reason ?? event)).toEqual([
      'trace-start',
      'session ended',
      'trace-start',
      'client gone',
      'trace-start',
      'daemon stops',
    ]);
  });

  test("of an SMSC's bind goes on over its connections", async () => {
    const end = handler('session.trace', { ...TRACE, session: 'smsc:sim/0', seconds: 0.2 }, new FakeReply());
    await until(() => gateway.started.length > 0, 'the trace');
    await gateway.onBatch({ events: [{ kind: 'ended', session: 'smsc:sim/0' }], bytes: new Uint8Array() });
    expect(await end).toMatchObject({ reason: 'time' });
  });

  test('that can not be written down is refused', async () => {
    fs.mkdirSync(auditPath);
    const call = handler('session.trace', TRACE, new FakeReply());
    await expect(call).rejects.toMatchObject({ code: 'audit', message: expect.stringContaining(auditPath) });
    expect(gateway.started).toEqual([]);
  });

  test.each([
    ['both', { ...TRACE, account: 'demo' }, 'bad-arguments', 'either session or account'],
    ['neither', { form: 'text', said: WHO }, 'bad-arguments', 'either session or account'],
    [
      'too long',
      { ...TRACE, seconds: 601 },
      'bad-arguments',
      'at most 600 seconds ([admin] trace_s_max), not 601',
    ],
    ['no time', { ...TRACE, seconds: 0 }, 'bad-arguments', 'seconds'],
    ['nobody who asks', { session: '0-65537', form: 'text' }, 'bad-arguments', 'said'],
    ['a form that is none', { ...TRACE, form: 'html' }, 'bad-arguments', 'form'],
    ['an unknown session', { ...TRACE, session: '0-1' }, 'unknown-session', 'there is no session 0-1'],
    ['an unknown account', { account: 'x', form: 'text', said: WHO }, 'unknown-account', '"x"'],
  ])('with %s: is refused in words, and not written down', async (_what, args, code, words) => {
    const call = handler('session.trace', args, new FakeReply());
    await expect(call).rejects.toMatchObject({ code, message: expect.stringContaining(words) });
    expect(fs.existsSync(auditPath)).toBe(false);
  });

  test('8 at one time are the most', async () => {
    const replies = Array.from({ length: 8 }, () => new FakeReply());
    const ends = replies.map((reply) => handler('session.trace', TRACE, reply));
    await until(() => gateway.started.length === 8, 'the traces');
    await expect(handler('session.trace', TRACE, new FakeReply())).rejects.toMatchObject({ code: 'busy' });
    for (const reply of replies) reply.abort.abort('client gone');
    await Promise.all(ends);
    const again = new FakeReply();
    const end = handler('session.trace', TRACE, again);
    await until(() => gateway.started.length === 9, 'one more');
    again.abort.abort('client gone');
    await end;
  });
});
