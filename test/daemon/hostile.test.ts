/** Peers that mean harm or know no better. Each gets a defined end, and a well-behaved session beside it goes on. */
import { readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { pause } from '../support/daemon.ts';
import type { Esme } from './esme.ts';
import { BIND_TRANSCEIVER, bindBytes, pduBytes, rawBound, rawClient, submitBytes } from './raw.ts';
import type { RawPeer } from './raw.ts';
import { Stage } from './stage.ts';

const ENQUIRE_LINK = 0x15;
const UNBIND = 6;
const BIND_REFUSED = '0000001080000009' + '0000000d' + '00000001';
/** generic_nack ESME_RINVCMDLEN; the sequence_number is echoed only where a plausible header was there. */
const nack = (sequence = '00000000'): string => `000000108000000000000002${sequence}`;
const enquired = (sequence: string): string => `000000108000001500000000${sequence}`;
/** Whole submit_sm_resps of ESME_ROK (33 bytes: an id of 16 digits) among what was heard. */
const accepted = (heard: string): number => (heard.match(/00000021800000040{8}/g) ?? []).length;

const stage = new Stage();
let good: Esme;
const peers: RawPeer[] = [];

beforeAll(async () => {
  const simulator = await stage.simulator();
  const smpp = {
    session_init_s: 2,
    pdu_complete_s: 2,
    enquire_link_s: 2,
    sessions_per_ip_max: 2_000,
  };
  await stage.serve({
    smpp,
    account: [{ sessions_max: 50, receipt_group_ms: 0 }],
    smsc: [{ port: simulator.port, window: 500 }],
  });
  good = await stage.esme();
});
// Whatever was done: the good session still sends and gets its receipt, and no session is left over.
afterEach(async () => {
  for (const peer of peers.splice(0)) peer.destroy();
  await good.receipt(await good.send());
  await stage.daemon.untilMetric('sessions', (count) => count === 1);
});
afterAll(async () => {
  await stage.daemon.untilNonePending();
  expect(await stage.daemon.metric('conservation_difference')).toBe(0);
  expect(await stage.daemon.stop()).toBe(0);
  await stage.clear();
});

async function opened(): Promise<RawPeer> {
  const peer = await rawClient(stage.site.smppPort);
  peers.push(peer);
  return peer;
}

async function bound(): Promise<RawPeer> {
  const peer = await rawBound(stage.site.smppPort);
  peers.push(peer);
  return peer;
}

function header(length: number, command: number, sequence: number): Buffer {
  const bytes = pduBytes(command, sequence);
  bytes.writeUInt32BE(length, 0);
  return bytes;
}

describe('command_length', () => {
  const LENGTHS: [string, number, string][] = [
    ['0', 0, nack()],
    ['2', 2, nack()],
    ['15', 15, nack()],
    ['2^31', 0x8000_0000, nack('00000007')],
    ['2^32 - 1', 0xffff_ffff, nack('00000007')],
  ];

  test.each(LENGTHS)('%s before the bind', async (_name, length, answer) => {
    const peer = await opened();
    peer.write(header(length, BIND_TRANSCEIVER, 7));
    await peer.untilClosed();
    expect(peer.heard).toBe(answer);
  });

  test.each(LENGTHS)('%s after it, behind a sound PDU', async (_name, length, answer) => {
    const peer = await bound();
    peer.write(Buffer.concat([pduBytes(ENQUIRE_LINK, 5), header(length, 4, 7), Buffer.alloc(300)]));
    await peer.untilClosed();
    expect(peer.heard).toBe(enquired('00000005') + answer);
  });

  test('17: an odd length is a length', async () => {
    const peer = await bound();
    peer.write(pduBytes(ENQUIRE_LINK, 5, Buffer.alloc(1)));
    peer.write(pduBytes(ENQUIRE_LINK, 6));
    expect(await peer.take(32)).toBe(enquired('00000005') + enquired('00000006'));
  });

  test('at the limit it is taken, one more is not; before the bind the limit is lower', async () => {
    const peer = await bound();
    peer.write(pduBytes(ENQUIRE_LINK, 5, Buffer.alloc(131_072 - 16)));
    expect(await peer.take(16)).toBe(enquired('00000005'));
    peer.write(pduBytes(ENQUIRE_LINK, 6, Buffer.alloc(131_072 - 15)));
    await peer.untilClosed();
    expect(peer.heard).toBe(nack('00000006'));
    const early = await opened();
    early.write(pduBytes(ENQUIRE_LINK, 5, Buffer.alloc(1_024 - 16)));
    expect(await early.take(16)).toBe(enquired('00000005'));
    early.write(header(1_025, ENQUIRE_LINK, 6));
    await early.untilClosed();
    expect(early.heard).toBe(nack('00000006'));
  });
});

describe('other protocols', () => {
  test.each([
    ['HTTP', Buffer.from('GET / HTTP/1.1\r\nHost: example\r\n\r\n')],
    ['TLS', Buffer.from('16030100c8010000c40303aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 'hex')],
    ['AMQP', Buffer.from('414d515000000901', 'hex')],
    ['SSH', Buffer.from('SSH-2.0-OpenSSH_9.6\r\n')],
    ['zeros', Buffer.alloc(4_096)],
  ])('%s', async (_name, bytes) => {
    const peer = await opened();
    peer.write(bytes);
    await peer.untilClosed();
    expect(peer.heard).toBe(nack());
  });

  test('200 connections of garbage (seed 20260101), before and after a bind', async () => {
    let state = 20_260_101;
    const random = (): number => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return state;
    };
    const before = await stage.daemon.metric('accepted_total');
    for (let round = 0; round < 20; round++) {
      const some = await Promise.all(Array.from({ length: 10 }, (_, at) => (at < 3 ? bound() : opened())));
      for (const peer of some) peer.write(Buffer.from(Array.from({ length: 200 }, () => random() >>> 24)));
      // A length that looks possible is waited for: those end when they cut the line themselves.
      await pause(20);
      for (const peer of some) peer.destroy();
    }
    expect(stage.daemon.command.isRunning).toBe(true);
    expect(await stage.daemon.metric('accepted_total')).toBe(before);
  });
});

describe('pieces', () => {
  test('two PDUs in two pieces, split at every place', async () => {
    const peer = await bound();
    const both = Buffer.concat([submitBytes(0x101), pduBytes(ENQUIRE_LINK, 0x102)]);
    for (let at = 1; at < both.length; at++) {
      peer.write(both.subarray(0, at));
      await pause(2);
      peer.write(both.subarray(at));
      const heard = await peer.take(33 + 16);
      // The submit_sm_resp waits for its commit: the enquire_link may overtake it.
      expect(accepted(heard), `split at ${at}: ${heard}`).toBe(1);
      expect(heard, `split at ${at}`).toContain(enquired('00000102'));
    }
  });

  test('a bind, byte by byte and never done, is ended by session_init_s', async () => {
    const peer = await opened();
    const startedMs = performance.now();
    for (const byte of bindBytes()) {
      if (peer.closed) break;
      peer.write(Buffer.from([byte]));
      await pause(150);
    }
    await peer.untilClosed();
    expect(performance.now() - startedMs).toBeGreaterThan(1_900);
    expect(peer.heard).toBe('');
  });

  test('a PDU, byte by byte and never done, is ended by pdu_complete_s', async () => {
    const peer = await bound();
    const startedMs = performance.now();
    for (const byte of submitBytes(2, 'x'.repeat(100))) {
      if (peer.closed) break;
      peer.write(Buffer.from([byte]));
      await pause(100);
    }
    await peer.untilClosed();
    expect(performance.now() - startedMs).toBeGreaterThan(1_900);
    // Nothing but an enquire_link of ours, whose time may come first.
    expect(peer.heard).toMatch(/^(00000010000000150000000000000001)?$/);
  });
});

describe('around the bind', () => {
  test('submits in one write with the bind are answered behind its answer', async () => {
    const peer = await opened();
    // Above the limit that holds before the bind: message_payload (0x0424) of 2,000 octets.
    const payload = Buffer.concat([Buffer.from('042407d0', 'hex'), Buffer.alloc(2_000, 0x61)]);
    const long = pduBytes(4, 300, Buffer.concat([submitBytes(0, '').subarray(16), payload]));
    const submits = Array.from({ length: 100 }, (_, index) => submitBytes(100 + index));
    peer.write(Buffer.concat([bindBytes(), ...submits, long]));
    expect(await peer.takePdu()).toMatch(/^.{8}800000090000000000000001/);
    expect(accepted(await peer.take(101 * 33))).toBe(101);
  });

  test('behind a bind that is refused nothing is taken', async () => {
    const before = await stage.daemon.metric('accepted_total');
    const peer = await opened();
    peer.write(Buffer.concat([bindBytes(BIND_TRANSCEIVER, { password: 'wrong' }), submitBytes(2)]));
    await peer.untilClosed();
    expect(peer.heard).toBe(BIND_REFUSED);
    expect(await stage.daemon.metric('accepted_total')).toBe(before);
  });

  test('500 wrong passwords at once: each is refused and closed; who is known binds meanwhile', async () => {
    const before = await stage.daemon.metric('binds_refused_total');
    const many = await Promise.all(Array.from({ length: 500 }, () => opened()));
    for (const peer of many) peer.write(bindBytes(BIND_TRANSCEIVER, { password: 'wrong' }));
    const known = await bound();
    known.write(submitBytes(2));
    expect(accepted(await known.take(33))).toBe(1);
    await good.receipt(await good.send());
    await Promise.all(many.map((peer) => peer.untilClosed(30_000)));
    expect(new Set(many.map(({ heard }) => heard))).toEqual(new Set([BIND_REFUSED]));
    expect(await stage.daemon.metric('binds_refused_total')).toBe(before + 500);
  });

  test('clients that leave while their bind is decided', async () => {
    for (let round = 0; round < 10; round++) {
      const some = await Promise.all(Array.from({ length: 10 }, () => opened()));
      for (const peer of some) peer.write(bindBytes());
      await pause(round);
      for (const peer of some) peer.destroy();
    }
    // Their places among sessions_max are free again.
    for (let count = 0; count < 49; count++) await bound();
  });

  test('garbage after unbind ends the connection', async () => {
    const peer = await bound();
    peer.write(Buffer.concat([pduBytes(UNBIND, 9), Buffer.alloc(64, 0xff)]));
    await peer.untilClosed();
    expect(peer.heard).toBe('00000010800000060000000000000009' + nack());
  });

  test('answers to nothing are dropped, and the session stays', async () => {
    const peer = await bound();
    const ids = [0x8000_0000, 0x8000_0004, 0x8000_0005, 0x8000_0009, 0x8000_0015, 0x8000_0103];
    for (let sequence = 1; sequence <= 200; sequence++) {
      for (const id of ids) peer.write(pduBytes(id, sequence, Buffer.from('x\0'), sequence % 3));
    }
    peer.write(submitBytes(0x2001));
    expect(accepted(await peer.take(33))).toBe(1);
  });
});

describe('peers that do not do their part', () => {
  test('one that is gone without a word is let go after two enquire_links', async () => {
    const peer = await bound();
    // enquire_link_s 2, and 2 s for each of the two answers.
    await peer.untilClosed(30_000);
    expect(peer.heard).toMatch(/^(00000010000000150000000000000\w{3}){2}$/);
  });

  test('one that closes its half behind 50 submits: they are taken, and its session ends', async () => {
    const before = await stage.daemon.metric('accepted_total');
    const peer = await bound();
    peer.socket.end(Buffer.concat(Array.from({ length: 50 }, (_, index) => submitBytes(100 + index))));
    await peer.untilClosed();
    await stage.daemon.untilMetric('accepted_total', (count) => count === before + 50);
  });

  test('200 connections reset inside a PDU', async () => {
    for (let round = 0; round < 10; round++) {
      const some = await Promise.all(Array.from({ length: 20 }, (_, at) => (at < 2 ? bound() : opened())));
      for (const peer of some) peer.write(submitBytes(2).subarray(0, 1 + 3 * round));
      await pause(5);
      for (const peer of some) peer.socket.resetAndDestroy();
    }
  });

  test('10,000 submits before the first answer is read: all are answered', async () => {
    const peer = await bound();
    peer.socket.pause();
    for (let sequence = 0; sequence < 10_000; sequence += 100) {
      const some = Array.from({ length: 100 }, (_, index) => submitBytes(1_000 + sequence + index));
      peer.write(Buffer.concat(some));
    }
    await pause(500);
    peer.socket.resume();
    expect(accepted(await peer.take(10_000 * 33))).toBe(10_000);
  });

  test('one that never reads is no longer read from, then cut; memory stays flat', async () => {
    const peer = await bound();
    peer.socket.pause();
    const rssBefore = rssMib();
    const block = Buffer.concat(Array.from({ length: 1_000 }, (_, index) => submitBytes(100 + index)));
    let highest = 0;
    // It answers no enquire_link either; 30 MB is far more than the kernel takes for us.
    for (let count = 0; count < 500 && !peer.closed; count++) {
      peer.write(block);
      await pause(5);
      highest = Math.max(highest, rssMib());
    }
    // Behind those of the other session's messages, of the same account.
    await good.receipt(await good.send(), 60_000);
    peer.socket.resume();
    await peer.untilClosed(20_000);
    expect(highest - rssBefore).toBeLessThan(200);
  });
});

/** Of the daemon, in MiB. */
function rssMib(): number {
  const status = readFileSync(`/proc/${stage.daemon.command.child.pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024;
}
