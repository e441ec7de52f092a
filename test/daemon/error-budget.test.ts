/** Everything odd inside a sound frame is answered, and the bind stays; a session that has nothing else to say ends. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { pause, until } from '../support/daemon.ts';
import { RawSmsc, bindBytes, pduBytes, rawBound, rawClient, submitBytes } from './raw.ts';
import type { RawPeer } from './raw.ts';
import { Stage } from './stage.ts';
import { listed } from './tracing.ts';

const ENQUIRE_LINK = 0x15;
const SUBMIT_SM = 4;
const hex32 = (value: number): string => value.toString(16).padStart(8, '0');
/** A response of 16 octets. */
const bare = (command: number, status: number, sequence: number): string =>
  `00000010${hex32(command)}${hex32(status)}${hex32(sequence)}`;
const nack = (sequence: number): string => bare(0x8000_0000, 0x03, sequence);
const refused = (status: number, sequence: number): string => bare(0x8000_0004, status, sequence);
const tlv = (tag: string, value: string): Buffer =>
  Buffer.from(tag + (value.length / 2).toString(16).padStart(4, '0') + value, 'hex');

/** A submit_sm whose body has something behind it, or in other places. */
function submit(sequence: number, behind: Buffer, change: (body: Buffer) => Buffer = (body) => body): Buffer {
  return pduBytes(SUBMIT_SM, sequence, Buffer.concat([change(submitBytes(sequence).subarray(16)), behind]));
}

const NOTHING = Buffer.alloc(0);
const ACCEPTED = 'accepted';

/** What it is, its bytes with sequence_number 9, and the answer: in hexadecimal, or a submit_sm_resp of ESME_ROK. */
const ODD: [string, Buffer, string][] = [
  ['an unknown command', pduBytes(0x0a, 9), nack(9)],
  ['one with a body', pduBytes(0x7fff_ffff, 9, Buffer.alloc(300, 0xff)), nack(9)],
  ["a vendor's command", pduBytes(0x0001_0201, 9, Buffer.from('hello\0')), nack(9)],
  ['a command of 3.3 only', pduBytes(0x23, 9, Buffer.from('\0\0a\0\x05')), nack(9)],
  ['a bind, when bound', bindBytes(9, { sequence: 9 }), bare(0x8000_0009, 0x05, 9)],
  [
    'deliver_sm, which is for the other side',
    pduBytes(5, 9, submitBytes(9).subarray(16)),
    bare(0x8000_0005, 0x04, 9),
  ],
  ['a TLV twice', submit(9, Buffer.concat([tlv('0204', '0001'), tlv('0204', '0002')])), ACCEPTED],
  ['a TLV a hundred times', submit(9, Buffer.concat(Array(100).fill(tlv('0381', '01010131')))), ACCEPTED],
  ['an unknown TLV of 60,000 octets', submit(9, tlv('1499', 'ab'.repeat(60_000))), ACCEPTED],
  ['a TLV of no octets', submit(9, tlv('1499', '')), ACCEPTED],
  ['a TLV that is too long', submit(9, tlv('0204', '000102')), refused(0xc2, 9)],
  ['a TLV that is too short', submit(9, tlv('0204', '00')), refused(0xc2, 9)],
  ['a TLV that runs over the end', submit(9, Buffer.from('0204ffff00', 'hex')), refused(0xc0, 9)],
  ['half a TLV header', submit(9, Buffer.from('0204', 'hex')), refused(0xc0, 9)],
  ['no NUL behind source_addr', submit(9, NOTHING, () => Buffer.from('\0\x05\0abc')), refused(0x02, 9)],
  [
    'no NUL in 300 octets',
    submit(9, NOTHING, () => Buffer.from(`\0\x05\0${'a'.repeat(300)}`)),
    refused(0x0a, 9),
  ],
  ['no body', pduBytes(SUBMIT_SM, 9), refused(0x02, 9)],
  ['a body that ends in the flags', submit(9, NOTHING, (body) => body.subarray(0, 25)), refused(0x02, 9)],
  [
    'sm_length beyond the end',
    submit(9, NOTHING, (body) => Buffer.concat([body.subarray(0, -2), Buffer.from([200, 0x78])])),
    refused(0x01, 9),
  ],
  [
    'sm_length too small by one',
    submit(9, NOTHING, (body) => Buffer.concat([body.subarray(0, -2), Buffer.from([0, 0x78])])),
    refused(0xc0, 9),
  ],
  ['enquire_link with a body', pduBytes(ENQUIRE_LINK, 9, Buffer.alloc(500, 1)), bare(0x8000_0015, 0, 9)],
  ['enquire_link with a status', pduBytes(ENQUIRE_LINK, 9, undefined, 0x58), bare(0x8000_0015, 0, 9)],
  ['a response to nothing', pduBytes(0x8000_0005, 9, Buffer.from('\0')), ''],
  ["a response of the other side's", pduBytes(0x8000_0004, 9, Buffer.from('id\0')), ''],
  ['an unknown response', pduBytes(0x8000_00ff, 9), ''],
  ['a generic_nack of nothing', pduBytes(0x8000_0000, 0, undefined, 3), ''],
  ['an enquire_link_resp with a body', pduBytes(0x8000_0015, 9, Buffer.alloc(20)), ''],
  ['outbind', pduBytes(0x0b, 9, Buffer.from('a\0b\0')), ''],
  ['alert_notification', pduBytes(0x102, 9, Buffer.from('\0\0a\0\0\0b\0')), ''],
];

describe('odd things inside a sound frame: answered, and the bind stays', () => {
  const stage = new Stage();
  let peer: RawPeer;
  beforeAll(async () => {
    const simulator = await stage.simulator();
    await stage.serve({ smpp: { errors_max: 1_000 }, smsc: [{ port: simulator.port }] });
  });
  afterAll(() => stage.clear());
  beforeEach(async () => void (peer = await rawBound(stage.site.smppPort)));
  afterEach(() => peer.destroy());

  test.each(ODD)('%s', async (_what, bytes, answer) => {
    peer.write(Buffer.concat([bytes, pduBytes(ENQUIRE_LINK, 77)]));
    // An answer of ours to a submit comes after the disk, so the enquire_link's may come first.
    const heard: string[] = [await peer.takePdu()];
    if (answer !== '') heard.push(await peer.takePdu());
    expect(heard).toContain(bare(0x8000_0015, 0, 77));
    const [other] = heard.filter((pdu) => pdu !== bare(0x8000_0015, 0, 77));
    if (answer === ACCEPTED) expect(other).toMatch(/^00000021800000040000000000000009/);
    else expect(other ?? '').toBe(answer);
    peer.write(submitBytes(10));
    expect(await peer.takePdu()).toMatch(/^0000002180000004000000000000000a/);
    expect(peer.closed).toBe(false);
  });

  test('unbind with a body', async () => {
    peer.write(pduBytes(6, 9, Buffer.alloc(100, 0xff)));
    expect(await peer.takePdu()).toBe(bare(0x8000_0006, 0, 9));
  });

  test('all of them on one session, one behind the other', async () => {
    peer.write(Buffer.concat(ODD.map(([, bytes]) => bytes)));
    peer.write(pduBytes(ENQUIRE_LINK, 78));
    const answers = ODD.filter(([, , answer]) => answer !== '');
    const heard: string[] = [];
    for (let count = 0; count < answers.length + 1; count++) heard.push(await peer.takePdu());
    expect(heard).toContain(bare(0x8000_0015, 0, 78));
    expect(peer.closed).toBe(false);
  });
});

describe('bad PDUs of an SMSC', () => {
  const stage = new Stage();
  afterAll(() => stage.clear());

  test('are refused, counted and logged once a minute; the bind stays and takes messages', async () => {
    const smsc = await RawSmsc.start();
    await stage.serve({ smpp: { errors_max: 5 }, smsc: [{ port: smsc.port }] });
    const peer = await smsc.peer();
    const unreadable = (sequence: number): Buffer => pduBytes(5, sequence, Buffer.from('nonsense'));
    const many = 300;
    // These first, at once: the line that is logged says what there was until then.
    peer.write(Buffer.concat([pduBytes(0x0a, 400), pduBytes(SUBMIT_SM, 401, submitBytes(1).subarray(16))]));
    for (let sequence = 1; sequence <= many; sequence++) peer.write(unreadable(sequence));
    // An alert_notification that ends early: it has no answer.
    peer.write(Buffer.concat([pduBytes(0x102, 403, Buffer.from('\x01')), pduBytes(ENQUIRE_LINK, 402)]));
    const first = Array.from(
      { length: many },
      (_, at) => bare(0x8000_0005, 0x02, at + 1).replace('00000010', '00000011') + '00',
    );
    expect(await peer.take(many * 17 + 3 * 16)).toBe(
      `${nack(400)}${refused(0x04, 401)}${first.join('')}${bare(0x8000_0015, 0, 402)}`,
    );
    const [bind] = (await listed(stage.site)).filter(({ kind }) => kind === 'smsc');
    expect(bind).toMatchObject({ state: 'bound', errors: many + 3 });
    await until(
      async () => (await stage.daemon.metric('smsc_malformed_pdus_total')) === many + 3,
      'the metric',
    );
    const lines = (): string[] =>
      stage.daemon.log.split('\n').filter((line) => line.includes('sends bad PDUs'));
    await until(() => lines().length > 0, 'the log line');
    peer.write(unreadable(500));
    await until(
      async () => (await stage.daemon.metric('smsc_malformed_pdus_total')) === many + 4,
      'the next',
    );
    expect(lines()).toHaveLength(1);
    expect(JSON.parse(lines()[0])).toMatchObject({ smsc: 'sim0', bind: 0, wrongState: 1, unknownCommand: 1 });
    expect(peer.closed).toBe(false);
    const esme = await rawBound(stage.site.smppPort);
    expect((await peer.takePdu()).slice(8, 24)).toBe('8000000500000002');
    esme.write(submitBytes(9));
    expect((await peer.takePdu()).slice(8, 16)).toBe('00000004');
    esme.destroy();
    smsc.close();
  });
});

describe('errors_max within errors_s', () => {
  let stage: Stage;
  beforeEach(() => void (stage = new Stage()));
  afterEach(() => stage.clear());

  async function serve(tables: object): Promise<void> {
    const simulator = await stage.simulator();
    await stage.serve({ smsc: [{ port: simulator.port }], ...tables });
  }

  const unknown = (sequence: number): Buffer => pduBytes(0x0a, sequence);
  const closedLines = (): string[] =>
    stage.daemon.log.split('\n').filter((line) => line.includes('too many bad PDUs'));

  test('the one over it is answered, then the session ends; it is logged once with what it was', async () => {
    await serve({ smpp: { errors_max: 5 } });
    const peer = await rawBound(stage.site.smppPort);
    const bad = [
      unknown(2),
      unknown(3),
      submit(4, Buffer.from('02', 'hex')),
      bindBytes(9, { sequence: 5 }),
      unknown(6),
    ];
    peer.write(Buffer.concat([...bad, pduBytes(ENQUIRE_LINK, 7)]));
    expect(await peer.take(6 * 16)).toBe(
      nack(2) + nack(3) + refused(0xc0, 4) + bare(0x8000_0009, 0x05, 5) + nack(6) + bare(0x8000_0015, 0, 7),
    );
    const [session] = (await listed(stage.site)).filter(({ kind }) => kind === 'esme');
    expect(session.errors).toBe(5);
    // What stands behind the last one is not looked at any more.
    peer.write(Buffer.concat([unknown(8), unknown(9), submitBytes(10)]));
    await peer.untilClosed();
    expect(peer.heard).toBe(nack(8));
    expect(await stage.daemon.metric('sessions_over_error_budget_total')).toBe(1);
    expect(await stage.daemon.metric('malformed_pdus_total')).toBe(6);
    expect(closedLines()).toHaveLength(1);
    expect(JSON.parse(closedLines()[0])).toMatchObject({
      account: 'demo',
      malformed: 1,
      unknownCommand: 4,
      wrongState: 1,
      max: 5,
      withinS: 60,
    });
  });

  test('counts for one that has not bound, too', async () => {
    await serve({ smpp: { errors_max: 3 } });
    const peer = await rawClient(stage.site.smppPort);
    peer.write(Buffer.concat([2, 3, 4, 5, 6].map((sequence) => submitBytes(sequence))));
    await peer.untilClosed();
    expect(peer.heard).toBe([2, 3, 4, 5].map((sequence) => refused(0x04, sequence)).join(''));
  });

  const to = (dest: string, schedule: string): Buffer =>
    Buffer.from(`\0\x05\0a\0\x01\x01${dest}\0\0\0\0${schedule}\0\0\0\0\0\0\x01x`, 'latin1');

  test.each([
    ['an overlong destination_addr', pduBytes(SUBMIT_SM, 2, to('9'.repeat(30), '')), refused(0x0b, 2)],
    ['what is no time', pduBytes(SUBMIT_SM, 2, to('447700900123', 'garbage')), refused(0x61, 2)],
    [
      'an overlong message_id',
      pduBytes(3, 2, Buffer.from(`${'f'.repeat(200)}\0\0\0a\0`)),
      bare(0x8000_0003, 0x0c, 2),
    ],
  ])('%s counts', async (_what, bad, answer) => {
    await serve({ smpp: { errors_max: 2 } });
    const peer = await rawBound(stage.site.smppPort);
    peer.write(Buffer.concat([bad, bad, bad, bad]));
    await peer.untilClosed();
    expect(peer.heard).toBe(answer.repeat(3));
    expect(JSON.parse(closedLines()[0])).toMatchObject({ malformed: 3 });
  });

  test('refusals of what is sound are no errors', async () => {
    await serve({ smpp: { errors_max: 1 }, account: [{ tps: 1 }] });
    const peer = await rawBound(stage.site.smppPort);
    const noDestination = pduBytes(
      SUBMIT_SM,
      1,
      Buffer.from('\0\x05\0a\0\x01\x01\0\0\0\0\0\0\0\0\0\0\x01x', 'latin1'),
    );
    const oddUcs2 = submit(1, NOTHING, (body) => {
      body[body.length - 4] = 8;
      return body;
    });
    for (let count = 0; count < 10; count++) {
      peer.write(Buffer.concat([noDestination, oddUcs2, submitBytes(1), submitBytes(1)]));
      const statuses = new Set<string>();
      for (let answers = 0; answers < 4; answers++) statuses.add((await peer.takePdu()).slice(16, 24));
      expect(statuses).toContain('0000000b');
      expect(statuses).toContain('00000001');
    }
    // Responses that nobody asked for are not answered, and do not count.
    for (let count = 0; count < 100; count++) peer.write(pduBytes(0x8000_0004, count));
    peer.write(pduBytes(ENQUIRE_LINK, 7));
    expect(await peer.takePdu()).toBe(bare(0x8000_0015, 0, 7));
    const [session] = (await listed(stage.site)).filter(({ kind }) => kind === 'esme');
    expect(session.errors).toBe(0);
  });

  test('errors that are far enough apart go on for ever', async () => {
    await serve({ smpp: { errors_max: 4, errors_s: 1 } });
    const peer = await rawBound(stage.site.smppPort);
    for (let wave = 0; wave < 3; wave++) {
      for (let sequence = 1; sequence <= 4; sequence++) peer.write(unknown(sequence));
      expect(await peer.take(64)).toBe([1, 2, 3, 4].map(nack).join(''));
      await pause(1_200);
    }
    expect(peer.closed).toBe(false);
    expect(closedLines()).toEqual([]);
  });
});
