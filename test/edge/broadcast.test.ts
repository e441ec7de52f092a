/** Broadcasts between a client and the shard of an SMSC that takes them. */
import { expect, test } from 'vitest';
import { oracleDecode, oracleEncode } from '../support/oracle.ts';
import { makeAccount, makeEdge, makeSession, received } from './harness.ts';
import type { FakeSocket, TestEdge } from './harness.ts';
import type { EsmeSession } from '../../src/edge/session.ts';

const OPERATION = 67;
const [COMMAND_AT, SOURCE_LENGTH_AT, DATA_AT] = [36, 58, 72];
const [RSYSERR, RINVMSGID, RTHROTTLED, RBCASTFAIL] = [0x08, 0x0c, 0x58, 0x10d];

interface Scene {
  one: TestEdge;
  session: EsmeSession;
  socket: FakeSocket;
}

function stage(changes: Parameters<typeof makeAccount>[1] = {}): Scene {
  const account = makeAccount(0, changes, { broadcast: true });
  const other = makeAccount(1, {}, { broadcast: true });
  const options = { interface_version: '5.0', supports: ['broadcast_sm'] } as const;
  const one = makeEdge([account, other], undefined, { ...options, supports: [...options.supports] });
  const [session, socket] = makeSession(one.edge, account);
  session.version = 0x50;
  return { one, session, socket };
}

const area = { broadcast_area_identifier: [Buffer.from('00446f776e', 'hex')] };
const storm = {
  source_addr: 'CBE',
  ...area,
  broadcast_content_type: { network: 1, content_type: 0x33 },
  broadcast_rep_num: 10,
  broadcast_frequency_interval: { unit: 9, interval: 31 },
  message_payload: 'Storm',
};

function ask({ session }: Scene, command: string, fields: object, sequence = 1): void {
  session.onData(oracleEncode(command, { sequence_number: sequence, ...fields }));
}

/** What shards were asked to pass on, as the SMSC will read it. */
function passedOn({ one }: Scene): ReturnType<typeof oracleDecode>[] {
  const records = one.shards.flatMap((shard) => received(one.edge, shard));
  return records.map((record) => {
    expect([record[4], record[SOURCE_LENGTH_AT]]).toEqual([OPERATION, 0]);
    const data = record.subarray(DATA_AT, DATA_AT + record.readUInt32LE(64));
    const header = Buffer.alloc(16);
    header.writeUInt32BE(16 + data.length, 0);
    header.writeUInt32BE(record.readUInt32LE(COMMAND_AT), 4);
    header.writeUInt32BE(1, 12);
    return oracleDecode(Buffer.concat([header, data]));
  });
}

/** The SMSC's response body to the request of this sequence_number. */
function smscAnswers({ session }: Scene, data: string, status = 0, sequence = 1): void {
  const answer = { status, state: 0, errorCode: 0, doneMs: 0, data: Buffer.from(data, 'latin1') };
  session.onOperation(sequence, answer);
}

function answers({ one, session, socket }: Scene): [number, string][] {
  session.flush(one.edge.nowMs);
  return socket.takePdus().map((pdu) => {
    const { command_status: status, message_id: id } = oracleDecode(pdu);
    return [Number(status), typeof id === 'string' ? id : ''];
  });
}

test("a cancel or a replacing broadcast without an id is refused: it would be about anybody's", () => {
  const scene = stage();
  ask(scene, 'cancel_broadcast_sm', { service_type: 'CBS', source_addr: 'CBE' });
  ask(scene, 'broadcast_sm', { ...storm, replace_if_present_flag: 1 }, 2);
  expect(passedOn(scene)).toEqual([]);
  expect(answers(scene).map(([status]) => status)).toEqual([RINVMSGID, RINVMSGID]);
});

test('with an id of its own both go on under the id of the SMSC; with that of another account they do not', () => {
  const scene = stage();
  ask(scene, 'broadcast_sm', storm);
  smscAnswers(scene, 'B-70\0');
  const [[status, id]] = answers(scene);
  expect([status, id.endsWith('.B-70')]).toEqual([0, true]);
  ask(scene, 'broadcast_sm', { ...storm, replace_if_present_flag: 1, message_id: id }, 2);
  ask(scene, 'cancel_broadcast_sm', { source_addr: 'CBE', message_id: id }, 3);
  const passed = passedOn(scene).map(({ command, message_id: named }) => [command, named]);
  expect(passed).toEqual([
    ['broadcast_sm', ''],
    ['broadcast_sm', 'B-70'],
    ['cancel_broadcast_sm', 'B-70'],
  ]);
  const [stranger, socket] = makeSession(scene.one.edge, scene.one.accounts[1], 0x1_0002);
  stranger.version = 0x50;
  const their = { ...scene, session: stranger, socket };
  ask(their, 'cancel_broadcast_sm', { source_addr: 'CBE', message_id: id });
  expect([passedOn(their), answers(their)]).toEqual([[], [[RINVMSGID, '']]]);
});

test.each([
  ['broadcast_sm', storm],
  ['query_broadcast_sm', { message_id: 'any' }],
  ['cancel_broadcast_sm', { message_id: 'any' }],
])("%s takes a token of the account's rate", (command, fields) => {
  const scene = stage({ intervalTicks: 16_000_000, burstTicks: 0 });
  ask(scene, command, fields, 1);
  ask(scene, 'broadcast_sm', storm, 2);
  expect(
    answers(scene)
      .map(([status]) => status)
      .at(-1),
  ).toBe(RTHROTTLED);
});

test.each([
  ['it is cancelled, and refused', 0, RBCASTFAIL],
  ['it can not be cancelled: nothing is known', 0x10f, RSYSERR],
])('an id of 64 characters has no room in ours; %s', (_what, cancelStatus, expected) => {
  const scene = stage();
  const theirs = 'x'.repeat(64);
  ask(scene, 'broadcast_sm', storm);
  passedOn(scene);
  smscAnswers(scene, `${theirs}\0`);
  expect(answers(scene)).toEqual([]);
  expect(passedOn(scene)).toMatchObject([
    { command: 'cancel_broadcast_sm', message_id: theirs, source_addr: 'CBE' },
  ]);
  smscAnswers(scene, '', cancelStatus);
  expect([answers(scene), scene.session.inFlight]).toEqual([[[expected, '']], 0]);
});

test('a query is answered under the id that was asked for, and with a status that there is', () => {
  const scene = stage();
  ask(scene, 'broadcast_sm', storm);
  smscAnswers(scene, 'B-70\0');
  const [[, id]] = answers(scene);
  ask(scene, 'query_broadcast_sm', { message_id: id, source_addr: 'CBE' }, 2);
  smscAnswers(scene, `${'y'.repeat(64)}\0\x04\x27\0\x01\x02`, 0, 2);
  expect(answers(scene)).toEqual([[0, id]]);
  ask(scene, 'query_broadcast_sm', { message_id: id, source_addr: 'CBE' }, 3);
  smscAnswers(scene, 'B-70\0', 0x333, 3);
  expect(answers(scene)[0][0]).toBe(0x10e);
});
