import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Tap } from '../../src/smpp/tap.ts';
import { TraceFeed } from '../../src/smpp/trace-feed.ts';
import type { TraceBatch, TraceEvent } from '../../src/smpp/trace-feed.ts';
import { pduBytes, submitBytes } from '../daemon/raw.ts';

interface Shown {
  feed: TraceFeed;
  events(): TraceEvent[];
  bytes(): Buffer;
}

function shown(trace = 1): Shown {
  const batches: TraceBatch[] = [];
  const feed = new TraceFeed({ trace, hideText: false, roomBytes: 1_000_000 }, (batch) =>
    batches.push(batch),
  );
  return {
    feed,
    events: () => {
      feed.stop();
      return batches.flatMap(({ events }) => events);
    },
    bytes: () => {
      feed.stop();
      return Buffer.concat(batches.map(({ bytes }) => bytes));
    },
  };
}

function makeTap(onClaim?: (name: string) => void): Tap {
  const source = { id: '0-1', local: '127.0.0.1:2775', remote: '127.0.0.1:40000' };
  const clock = { ...source, name: () => 'demo', version: () => 0x34, nowMs: () => 1_000 };
  return new Tap(clock, onClaim);
}

test('bytes of both directions, in chunks cut anywhere, come out as the PDUs that they are', () => {
  const pdus = [pduBytes(0x15, 1), submitBytes(2, 'x'.repeat(100)), pduBytes(0x6, 3)];
  const stream = Buffer.concat(pdus);
  const property = fc.property(
    fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1 }),
    fc.boolean(),
    (cuts, incoming) => {
      const to = shown();
      const tap = makeTap();
      tap.add(to.feed);
      for (let at = 0, next = 0; at < stream.length; next++) {
        const end = Math.min(stream.length, at + cuts[next % cuts.length]);
        const chunk = Buffer.from(stream.subarray(at, end));
        if (incoming) tap.received(chunk);
        else tap.sent(chunk);
        chunk.fill(0xee);
        at = end;
      }
      const found = to.events().filter((event) => event.kind === 'pdu');
      expect(found.map(({ length, direction }) => [length, direction])).toEqual(
        pdus.map(({ length }) => [length, incoming ? 'in' : 'out']),
      );
      expect(to.bytes()).toEqual(stream);
    },
  );
  fc.assert(property, { verbose: fc.VerbosityLevel.Verbose });
});

test('two traces at once see the same; one that goes leaves the other', () => {
  const [one, other] = [shown(1), shown(2)];
  const tap = makeTap();
  tap.add(one.feed);
  tap.add(other.feed);
  tap.received(pduBytes(0x15, 1));
  tap.remove(one.feed);
  tap.received(pduBytes(0x15, 2));
  expect(tap.isUsed).toBe(true);
  tap.remove(other.feed);
  expect(tap.isUsed).toBe(false);
  expect(one.bytes().toString('hex')).toBe('00000010000000150000000000000001');
  expect(other.bytes()).toHaveLength(32);
});

test('a broken framing is told once, and the other direction goes on', () => {
  const to = shown();
  const tap = makeTap();
  tap.add(to.feed);
  for (let count = 0; count < 3; count++) tap.received(Buffer.from('GET / HTTP/1.1\r\n\r\n'));
  tap.sent(pduBytes(0x8000_0000, 0));
  const events = to.events();
  expect(events.map(({ kind }) => kind)).toEqual(['session', 'broken', 'pdu']);
  // "GET " as a number.
  expect(events[1]).toMatchObject({ direction: 'in', commandLength: 0x47455420 });
});

test('the end of the session is told to all', () => {
  const to = shown();
  const tap = makeTap();
  tap.add(to.feed);
  tap.ended();
  expect(to.events().at(-1)).toEqual({ kind: 'ended', session: '0-1', timeMs: 1_000 });
  expect(tap.isUsed).toBe(false);
});

describe('a session that has not said who it is', () => {
  test('is kept, and shown from its first PDU on once somebody wants it', () => {
    const claims: string[] = [];
    const to = shown();
    const tap = makeTap((name) => claims.push(name));
    tap.hold();
    tap.received(pduBytes(0x15, 1));
    tap.sent(pduBytes(0x8000_0015, 1));
    tap.claim('shop');
    expect(claims).toEqual(['shop']);
    tap.add(to.feed);
    tap.letGo();
    tap.received(pduBytes(0x15, 2));
    expect(to.events().map(({ kind }) => kind)).toEqual(['session', 'pdu', 'pdu', 'pdu']);
    expect(to.bytes()).toHaveLength(48);
  });

  test('is forgotten when nobody does', () => {
    const to = shown();
    const tap = makeTap();
    tap.hold();
    tap.received(pduBytes(0x15, 1));
    tap.letGo();
    expect(tap.isUsed).toBe(false);
    tap.add(to.feed);
    expect(to.bytes()).toHaveLength(0);
  });

  test('is kept up to a bound, the latest of it, and what is over it is counted', () => {
    const to = shown();
    const tap = makeTap();
    tap.hold();
    const many = Buffer.concat(Array.from({ length: 1_000 }, () => pduBytes(0x15, 1)));
    for (let count = 0; count < 10; count++) tap.received(many);
    tap.received(pduBytes(9, 0x1234));
    tap.add(to.feed);
    const events = to.events();
    const kept = events.filter(({ kind }) => kind === 'pdu').length;
    expect(kept).toBeGreaterThan(10);
    expect(kept).toBeLessThanOrEqual(128);
    expect(to.bytes().subarray(-16)).toEqual(pduBytes(9, 0x1234));
    const missed = events.filter((event) => event.kind === 'dropped');
    expect(missed.reduce((sum, { pdus }) => sum + pdus, kept)).toBe(10_001);
  });
});
