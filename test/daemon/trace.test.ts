/** Traces of a whole daemon: what they show is what passed, and they are written down, end, and hold nobody up. */
import { spawnSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { DEMO, pause, until } from '../support/daemon.ts';
import { readPcap } from '../support/pcap.ts';
import type { Packet } from '../support/pcap.ts';
import { BIND_TRANSCEIVER, RawSmsc, bindBytes, pduBytes, rawBound, rawClient, submitBytes } from './raw.ts';
import type { RawPeer } from './raw.ts';
import { Stage } from './stage.ts';
import { auditOf, idOf, listed, pdusOf, runSession, startTrace } from './tracing.ts';

const ENQUIRE_LINK = 0x15;
const UNBIND = 6;
const STARS = '*'.repeat(DEMO.password.length);

/** The daemon of most of these tests; some have one of their own. */
const shared = new Stage();
let stage: Stage;
/** All that anybody was told: no password may be in it. */
let outputs: string[];
beforeAll(async () => {
  const simulator = await shared.simulator();
  const account = [{ receipt_group_ms: 0 }, { name: 'other' }];
  await shared.serve({ smsc: [{ port: simulator.port }], account });
});
afterAll(() => shared.clear());
beforeEach(() => {
  stage = shared;
  outputs = [];
});
afterEach(async () => {
  outputs.push(stage.daemon.log);
  const audit = join(stage.site.dataDir, 'audit.log');
  outputs.push(readFileSync(audit, { encoding: 'utf8', flag: 'a+' }));
  if (stage !== shared) await stage.clear();
  for (const output of outputs) {
    expect(output).not.toContain(DEMO.password);
    expect(output).not.toContain(
      Buffer.from(DEMO.password)
        .toString('hex')
        .replace(/(..)(?=.)/g, '$1 '),
    );
  }
});

/** A daemon of this test's own. */
async function serve(tables: object = {}): Promise<void> {
  stage = new Stage();
  const simulator = await stage.simulator();
  await stage.serve({ smsc: [{ port: simulator.port }], ...tables });
}

const isBound = ({ kind, state }: { kind: string; state: string }): boolean =>
  kind === 'esme' && state === 'bound';
/** This peer's session. */
const ofPeer =
  ({ socket }: RawPeer) =>
  ({ remote }: { remote: string }): boolean =>
    remote === `127.0.0.1:${socket.localPort}`;

test('as text: every PDU in both directions, octet by octet, until the session ends', async () => {
  const peer = await rawBound(stage.site.smppPort);
  const id = await idOf(stage.site, ofPeer(peer));
  const trace = await startTrace(stage.site, id);
  // Written down before there is anything to see.
  expect(auditOf(stage.site).at(-1)).toMatchObject({
    event: 'trace-start',
    session: id,
    seconds: 60,
    form: 'text',
    said: { uid: process.getuid?.() },
  });
  // Its beginning comes in pieces, so the trace has to put it together as the session does.
  const submit = submitBytes(7, 'hello trace');
  peer.write(submit.subarray(0, 20));
  await pause(30);
  peer.write(submit.subarray(20));
  const answer = await peer.takePdu();
  peer.write(pduBytes(UNBIND, 8));
  await peer.takePdu();
  peer.destroy();
  expect(await trace.ended).toMatchObject({ code: 0 });
  outputs.push(trace.stdout);
  expect(trace.stderr).toContain('the trace ended: the session ended; 4 PDUs');
  expect(pdusOf(trace.stdout)).toEqual([
    { session: id, direction: 'in', command: 'submit_sm', body: submit.toString('hex', 16) },
    { session: id, direction: 'out', command: 'submit_sm_resp', body: answer.slice(32) },
    { session: id, direction: 'in', command: 'unbind', body: '' },
    { session: id, direction: 'out', command: 'unbind_resp', body: '' },
  ]);
  expect(trace.stdout).toContain('"hello trace"');
  expect(auditOf(stage.site).at(-1)).toMatchObject({
    event: 'trace-end',
    reason: 'session ended',
    pdus: 4,
  });
});

test('that begins in the middle of a PDU shows it whole', async () => {
  const peer = await rawBound(stage.site.smppPort);
  const submit = submitBytes(7, 'x'.repeat(200));
  peer.write(submit.subarray(0, 100));
  const trace = await startTrace(stage.site, await idOf(stage.site, ofPeer(peer)));
  peer.write(submit.subarray(100));
  await peer.takePdu();
  peer.destroy();
  await trace.ended;
  const [first] = pdusOf(trace.stdout);
  expect(first).toMatchObject({ command: 'submit_sm', body: submit.toString('hex', 16) });
});

describe('of an account', () => {
  test('shows sessions that come later, their bind included, and no others', async () => {
    // One is there and has not bound yet; it has even said something.
    const early = await rawClient(stage.site.smppPort);
    early.write(pduBytes(ENQUIRE_LINK, 1));
    await early.takePdu();
    const trace = await startTrace(stage.site, '--account', DEMO.name);
    const other = await rawClient(stage.site.smppPort);
    other.write(bindBytes(BIND_TRANSCEIVER, { name: 'other' }));
    await other.takePdu();
    other.write(submitBytes(2, 'of the other'));
    await other.takePdu();
    early.write(bindBytes());
    await early.takePdu();
    const late = await rawClient(stage.site.smppPort);
    late.write(Buffer.concat([pduBytes(ENQUIRE_LINK, 1), bindBytes(), submitBytes(3, 'right behind it')]));
    for (let count = 0; count < 3; count++) await late.takePdu();
    // A wrong password is of interest too.
    const refused = await rawClient(stage.site.smppPort);
    refused.write(bindBytes(BIND_TRANSCEIVER, { password: 'wrong' }));
    await refused.untilClosed();
    early.destroy();
    late.destroy();
    await until(() => (trace.stdout.match(/the connection ended/g) ?? []).length >= 3, 'the ends');
    await trace.kill('SIGINT');
    outputs.push(trace.stdout);
    const shown = pdusOf(trace.stdout);
    const commandsOf = (session: string): string[] =>
      shown.filter((pdu) => pdu.session === session).map(({ command }) => command);
    const sessions = [...new Set(shown.map(({ session }) => session))];
    expect(sessions.map(commandsOf)).toEqual([
      ['bind_transceiver', 'bind_transceiver_resp'],
      [
        'enquire_link',
        'bind_transceiver',
        'submit_sm',
        'enquire_link_resp',
        'bind_transceiver_resp',
        'submit_sm_resp',
      ],
      ['bind_transceiver', 'bind_transceiver_resp'],
    ]);
    const masked = `${DEMO.name}\0${STARS}\0\0\x34\0\0\0`;
    expect(shown[0].body).toBe(Buffer.from(masked, 'latin1').toString('hex'));
    expect(trace.stdout).toContain('bind_transceiver_resp ESME_RBINDFAIL');
    expect(trace.stdout).not.toContain('wrong');
    expect(trace.stdout).not.toContain('of the other');
    await until(() => auditOf(stage.site).at(-1)?.event === 'trace-end', 'the end in the audit log');
    expect(auditOf(stage.site).at(-1)).toMatchObject({ event: 'trace-end', reason: 'client gone', sessions });
  });
});

/** The stream of one direction, put together again. */
function streamOf(packets: readonly Packet[], isIn: boolean): Buffer {
  const port = stage.site.smppPort;
  const these = packets.filter(({ destPort }) => (destPort === port) === isIn);
  let next = 1;
  for (const { sequence, data } of these) {
    expect(sequence).toBe(next);
    next += data.length;
  }
  return Buffer.concat(these.map(({ data }) => data));
}

describe('as pcap', () => {
  const path = (): string => join(stage.path, 'trace.pcap');

  test('has the octets of both directions, with addresses, ports and checksums, passwords overwritten', async () => {
    const trace = await startTrace(stage.site, '--account', DEMO.name, '--pcap', path());
    const peer = await rawClient(stage.site.smppPort);
    const bind = bindBytes();
    // A message_payload far larger than a packet.
    const payload = Buffer.concat([Buffer.from('04249c40', 'hex'), Buffer.alloc(40_000, 'y')]);
    const large = pduBytes(4, 3, Buffer.concat([submitBytes(3, '').subarray(16), payload]));
    const requests = [bind, submitBytes(2, 'hello'), large];
    const answers: string[] = [];
    for (const request of requests) {
      peer.write(request);
      answers.push(await peer.takePdu());
    }
    // It goes to the file by another way than to its session.
    const last = Buffer.from(answers[2], 'hex');
    await until(() => readFileSync(path()).includes(last), 'the last answer in the file');
    await trace.kill('SIGINT');
    const file = readFileSync(path());
    outputs.push(file.toString('latin1'));
    expect(statSync(path()).mode & 0o777).toBe(0o600);
    const packets = readPcap(file);
    const expected = Buffer.concat(requests);
    expected.write(STARS, bind.indexOf(DEMO.password));
    expect(streamOf(packets, true)).toEqual(expected);
    expect(streamOf(packets, false).toString('hex')).toBe(answers.join(''));
    expect(packets[0]).toMatchObject({
      source: '127.0.0.1',
      dest: '127.0.0.1',
      sourcePort: peer.socket.localPort,
      destPort: stage.site.smppPort,
    });
    for (const { timeMs } of packets) expect(Math.abs(timeMs - Date.now())).toBeLessThan(60_000);
    expectOfTshark(path(), [
      ['0x00000009', '0x80000009'],
      ['0x00000004', '0x80000004'],
      ['0x00000004', '0x80000004'],
    ]);
  });

  test('to stdout, and without texts', async () => {
    const peer = await rawBound(stage.site.smppPort);
    const trace = await startTrace(
      stage.site,
      await idOf(stage.site, ofPeer(peer)),
      '--pcap',
      '-',
      '--hide-text',
    );
    peer.write(submitBytes(2, 'a secret'));
    await peer.takePdu();
    peer.destroy();
    await trace.ended;
    // The version behind the magic; octets above 0x7f do not come through as text.
    expect(trace.stdout.slice(0, 9)).toContain('\x02\0\x04\0');
    expect(trace.stdout).toContain('962790000001');
    expect(trace.stdout).toContain('********');
    expect(trace.stdout).not.toContain('a secret');
  });
});

/** Where tshark is installed it has to agree: the commands it sees, and no complaint. */
function expectOfTshark(path: string, commands: string[][]): void {
  const fields = ['-e', 'smpp.command_id', '-e', '_ws.expert.message', '-e', 'tcp.checksum.status'];
  const checks = ['-o', 'tcp.check_checksum:TRUE', '-o', 'ip.check_checksum:TRUE'];
  const said = spawnSync('tshark', ['-r', path, '-Y', 'smpp', ...checks, '-T', 'fields', ...fields], {
    encoding: 'utf8',
  });
  if (said.error !== undefined) return;
  const rows = said.stdout
    .trimEnd()
    .split('\n')
    .map((line) => line.split('\t'));
  expect(rows.map(([command]) => command)).toEqual(commands.flat());
  expect(rows.map(([, expert]) => expert ?? '').join('')).toBe('');
  expect(new Set(rows.map(([, , status]) => status))).toEqual(new Set(['1']));
}

test('two at once, one as text and one as pcap, see the same; one that is cut off leaves the other', async () => {
  const peer = await rawBound(stage.site.smppPort);
  const id = await idOf(stage.site, ofPeer(peer));
  const pcap = join(stage.path, 'two.pcap');
  const [one, other] = await Promise.all([
    startTrace(stage.site, id),
    startTrace(stage.site, id, '--pcap', pcap),
  ]);
  peer.write(submitBytes(2, 'seen by both'));
  await peer.takePdu();
  await until(() => pdusOf(one.stdout).length === 2, 'the PDUs');
  await one.kill('SIGKILL');
  peer.write(submitBytes(3, 'seen by one'));
  await peer.takePdu();
  peer.destroy();
  await other.ended;
  expect(pdusOf(one.stdout).map(({ command }) => command)).toEqual(['submit_sm', 'submit_sm_resp']);
  expect(one.stdout).toContain('seen by both');
  expect(streamOf(readPcap(readFileSync(pcap)), true)).toEqual(
    Buffer.concat([submitBytes(2, 'seen by both'), submitBytes(3, 'seen by one')]),
  );
});

describe('its end', () => {
  test('when the time is over', async () => {
    await serve({ admin: { trace_s_max: 2 } });
    const peer = await rawBound(stage.site.smppPort);
    const id = await idOf(stage.site, isBound);
    const tooLong = await runSession(stage.site, 'trace', id, '--seconds', '3');
    expect([tooLong.code, tooLong.stderr]).toEqual([
      1,
      'tollgate: at most 2 seconds ([admin] trace_s_max), not 3\n',
    ]);
    const trace = await startTrace(stage.site, id, '--seconds', '1.5');
    expect(await trace.ended).toMatchObject({ code: 0 });
    expect(trace.stderr).toContain('its time is over; 0 PDUs');
    // The session goes on, untraced.
    peer.write(submitBytes(2));
    await peer.takePdu();
    // Without a time it is as long as is allowed.
    const short = await startTrace(stage.site, id);
    expect(short.stderr).toContain('for 2 s');
    await short.ended;
    expect(auditOf(stage.site).filter(({ event }) => event === 'trace-end')).toMatchObject([
      { reason: 'time' },
      { reason: 'time' },
    ]);
  });

  test('when the daemon stops: the last PDUs are in it', async () => {
    await serve();
    const peer = await rawBound(stage.site.smppPort);
    const [bySession, byAccount] = await Promise.all([
      startTrace(stage.site, await idOf(stage.site, isBound)),
      startTrace(stage.site, '--account', DEMO.name),
    ]);
    expect(await stage.daemon.stop()).toBe(0);
    peer.destroy();
    expect([(await bySession.ended).code, (await byAccount.ended).code]).toEqual([0, 0]);
    expect(pdusOf(bySession.stdout).map(({ command }) => command)).toEqual(['unbind']);
    expect(pdusOf(byAccount.stdout).map(({ command }) => command)).toEqual(['unbind']);
    expect(byAccount.stderr).toContain('the daemon stops');
    expect(auditOf(stage.site).filter(({ event }) => event === 'trace-end')).toHaveLength(2);
  });

  test('when the daemon dies', async () => {
    await serve();
    const trace = await startTrace(stage.site, '--account', DEMO.name);
    await stage.daemon.kill();
    expect(await trace.ended).toMatchObject({ code: 1 });
    expect(trace.stderr).toContain('tollgate: the daemon closed the connection');
  });
});

test('a trace that nobody reads holds up no session, and says what it could not show', async () => {
  const peer = await rawBound(stage.site.smppPort);
  const trace = await startTrace(stage.site, await idOf(stage.site, ofPeer(peer)));
  trace.child.kill('SIGSTOP');
  const count = 20_000;
  for (let first = 0; first < count; first += 500) {
    const some = Array.from({ length: 500 }, (_, at) => submitBytes(2 + first + at, 'x'.repeat(160)));
    peer.write(Buffer.concat(some));
    expect(await peer.take(500 * 33)).toMatch(/^00000021800000040{8}/);
  }
  trace.child.kill('SIGCONT');
  peer.write(pduBytes(UNBIND, 1));
  await peer.takePdu();
  peer.destroy();
  await trace.ended;
  const missing = [...trace.stdout.matchAll(/: (\d+) PDUs \(\d+ octets\) are missing/g)];
  expect(missing.length).toBeGreaterThan(0);
  const missed = missing.reduce((sum, [, pdus]) => sum + Number(pdus), 0);
  expect(pdusOf(trace.stdout).length + missed).toBe(2 * count + 2);
});

test('a bind to an SMSC, over its next connection too, our password overwritten', async () => {
  const smsc = await RawSmsc.start();
  try {
    stage = new Stage();
    await stage.serve({ smsc: [{ port: smsc.port, password: 'upstream' }] });
    const trace = await startTrace(stage.site, 'smsc:sim0/0');
    const first = await smsc.peer();
    first.write(pduBytes(ENQUIRE_LINK, 77));
    await first.takePdu();
    first.destroy();
    await until(() => trace.stdout.includes('the connection ended'), 'the end of the first connection');
    await until(() => smsc.bound.length === 2, 'a new bind');
    await until(() => pdusOf(trace.stdout).length >= 4, 'its PDUs');
    await trace.kill('SIGINT');
    outputs.push(trace.stdout);
    expect(pdusOf(trace.stdout).map(({ command, direction }) => `${direction} ${command}`)).toEqual([
      'in enquire_link',
      'out enquire_link_resp',
      'out bind_transceiver',
      'in bind_transceiver_resp',
    ]);
    expect(trace.stdout).not.toContain('upstream');
    expect(trace.stdout).not.toContain('75 70 73 74 72 65 61 6d');
    expect((await listed(stage.site)).map(({ id }) => id)).toEqual(['smsc:sim0/0']);
  } finally {
    smsc.close();
  }
});

test('words that make no sense are told, and disturb nobody', async () => {
  const peer = await rawBound(stage.site.smppPort);
  const wrong: [string[], number, string][] = [
    [['trace'], 64, 'the id of a session, or --account NAME?'],
    [['trace', '0-1', '--account', 'demo'], 64, 'the id of a session, or --account NAME?'],
    [['trace', '0-1', '--seconds', 'soon'], 64, '--seconds must be one number above 0'],
    [['trace', '0-1'], 1, 'there is no session 0-1; "tollgate session list" has them'],
    [['trace', '--account', 'nobody'], 1, 'no [[account]] has the name "nobody"'],
    [['close', '9-9'], 1, 'there is no session 9-9'],
  ];
  for (const [words, code, message] of wrong) {
    const said = await runSession(stage.site, ...words);
    expect([said.code, said.stderr]).toEqual([code, expect.stringContaining(message)]);
  }
  await pause(50);
  expect(peer.closed).toBe(false);
});
