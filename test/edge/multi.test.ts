/** submit_multi at the edge: every destination is handed on, named as refused, or refused with the whole request. */
import { describe, expect, test } from 'vitest';
import { SMSC_QUEUED, TICKS_PER_MS } from '../../src/core/ring/counters.ts';
import { chargeDebts } from '../../src/edge/admission.ts';
import type { EsmeSession } from '../../src/edge/session.ts';
import { oracleDecode, oracleEncode } from '../support/oracle.ts';
import { makeAccount, makeEdge, makeSession, received } from './harness.ts';
import type { FakeSocket, TestEdge } from './harness.ts';

const [ACCEPTED, SUBMIT_BATCH] = [1, 66];
const [ROK, RSYSERR, RINVDSTADR, RMSGQFUL, RINVNUMDESTS, RTHROTTLED] = [0, 0x08, 0x0b, 0x14, 0x33, 0x58];
const TICKS_PER_S = 1000 * TICKS_PER_MS;
const ID_HIGH = 0x1122_3344;

interface Scene {
  one: TestEdge;
  session: EsmeSession;
  socket: FakeSocket;
}

const numbersFrom = (first: number, count: number): string[] =>
  Array.from({ length: count }, (_, index) => `4477${String(first + index).padStart(8, '0')}`);

/** An account with these numbers as its list "all". */
function stage(
  numbers: string[],
  changes: Parameters<typeof makeAccount>[1] = {},
  ringBytes?: number,
): Scene {
  const account = makeAccount(0, changes, { list: [{ name: 'all', numbers }] });
  const one = makeEdge([account], ringBytes);
  const [session, socket] = makeSession(one.edge, account);
  session.raiseLimit();
  return { one, session, socket };
}

function ask({ session }: Scene, dest_address: object[] = [{ dl_name: 'all' }], sequence_number = 1): void {
  const short_message = Buffer.alloc(100, 'x');
  session.onData(
    oracleEncode('submit_multi', { sequence_number, source_addr: 'Shop', dest_address, short_message }),
  );
}

const number = (destination_addr: string): object => ({
  dest_addr_ton: 1,
  dest_addr_npi: 1,
  destination_addr,
});

interface Handed {
  shard: number;
  told: string;
  numbers: string[];
}

/** What the shards find in their rings: a record or a batch each. */
function handedOn({ one }: Scene): Handed[] {
  return [0, 1].flatMap((shard) =>
    received(one.edge, one.shards[shard]).map((record) => {
      expect([ACCEPTED, SUBMIT_BATCH]).toContain(record[4]);
      if (record[4] === ACCEPTED) return { shard, told: '', numbers: [destinationOf(record, 0)] };
      const numbers: string[] = [];
      let at = 48;
      for (let count = record.readUInt32LE(40); count > 0; count--) {
        numbers.push(destinationOf(record, at));
        at += (record.readUInt32LE(at) + 7) & ~7;
      }
      return { shard, told: `${record.readUInt32LE(36)} ${record.readUInt32LE(32)}`, numbers };
    }),
  );
}

function destinationOf(record: Buffer, at: number): string {
  const from = at + 56 + record.readUInt16LE(at + 42) + 2;
  return record.toString('latin1', from, record.indexOf(0, from));
}

interface Told {
  status: number;
  id: string;
  refused: [string, number][];
}

function answers({ one, session, socket }: Scene): Told[] {
  session.flush(one.edge.nowMs);
  return socket.takePdus().map((pdu) => {
    const { command_status: status, message_id: id, unsuccess_sme: refused } = oracleDecode(pdu);
    const list = (refused ?? []) as { destination_addr: string; error_status_code: number }[];
    return {
      status: Number(status),
      id: typeof id === 'string' ? id : '',
      refused: list.map((each) => [each.destination_addr, each.error_status_code]),
    };
  });
}

/** Shards take what is handed on and answer it with `statusOf`, until nothing more comes. */
function serve(
  scene: Scene,
  statusOf: (handed: Handed, index: number) => number = () => ROK,
  afterAnswer: () => void = () => undefined,
): Handed[] {
  const all: Handed[] = [];
  for (let idle = 0; idle < 2; idle++) {
    for (const handed of handedOn(scene)) {
      idle = 0;
      const status = statusOf(handed, all.length);
      scene.session.answer(handed.shard, status, 1, status === ROK ? ID_HIGH : 0, 5 + all.length);
      all.push(handed);
      afterAnswer();
    }
    for (const multi of scene.one.edge.multis.waiting) multi.resume();
  }
  return all;
}

const destinations = (handed: Handed[]): string[] => handed.flatMap(({ numbers }) => numbers).toSorted();

describe('who is refused', () => {
  /** [numbers whose SMSC takes no more, numbers of the others]. */
  function sorted(full: number, others: number): [Scene, string[], string[]] {
    const probe = stage([]);
    probe.one.edge.smscs[1].cells[SMSC_QUEUED] = 1_000_000;
    const [ofFull, ofOthers]: string[][] = [[], []];
    for (const each of numbersFrom(0, 900)) {
      ask(probe, [number(each)]);
      const isFull = handedOn(probe).length === 0;
      if (!isFull) probe.session.answer(0, ROK, 1, ID_HIGH, 5);
      expect(answers(probe)).toMatchObject([{ status: isFull ? RMSGQFUL : ROK }]);
      (isFull ? ofFull : ofOthers).push(each);
    }
    const numbers = [...ofOthers.slice(0, others), ...ofFull.slice(0, full)];
    expect(numbers).toHaveLength(full + others);
    const scene = stage(numbers);
    scene.one.edge.smscs[1].cells[SMSC_QUEUED] = 1_000_000;
    return [scene, numbers.slice(others), numbers.slice(0, others)];
  }

  test('is named, up to 255 of them: no more, no fewer', () => {
    const [scene, full, others] = sorted(255, 40);
    ask(scene);
    expect(destinations(serve(scene))).toEqual(others.toSorted());
    const [told] = answers(scene);
    expect([told.status, told.id]).toEqual([ROK, '1122334400000005']);
    expect(told.refused).toEqual(full.map((each) => [each, RMSGQFUL]));
  });

  test('more than can be named: the request is refused, and nobody is sent anything', () => {
    const [scene] = sorted(256, 40);
    ask(scene);
    expect(handedOn(scene)).toEqual([]);
    expect(answers(scene)).toEqual([{ status: RMSGQFUL, id: '', refused: [] }]);
    expect([scene.session.inFlight, scene.one.edge.multis]).toEqual([0, { waiting: new Set(), bytes: 0 }]);
  });

  test('an empty address is named beside those that were taken', () => {
    const scene = stage([]);
    ask(scene, [number('447700900001'), number(''), number('447700900002')]);
    expect(destinations(serve(scene))).toEqual(['447700900001', '447700900002']);
    expect(answers(scene)[0].refused).toEqual([['', RINVDSTADR]]);
  });

  test.each([
    ['all that a shard refused are named', 600, ROK],
    [
      'more than can be named, behind others that were taken: nothing is said to have succeeded',
      3_000,
      RSYSERR,
    ],
  ])('%s', (_name, count, expected) => {
    const scene = stage(numbersFrom(0, count));
    const warned: unknown[] = [];
    scene.one.edge.log.warn = (message, detail) => void warned.push([message, detail]);
    ask(scene);
    const handed = serve(scene, ({ shard }, index) => (shard === 1 && index > 0 ? RMSGQFUL : ROK));
    const [told] = answers(scene);
    const refused = destinations(handed.filter(({ shard }, index) => shard === 1 && index > 0));
    expect(destinations(handed)).toEqual(numbersFrom(0, count).toSorted());
    expect(told.status).toBe(expected);
    if (expected === ROK) expect(told.refused.map(([each]) => each).toSorted()).toEqual(refused);
    else expect([refused.length > 255, warned.length]).toEqual([true, 1]);
    expect(scene.session.inFlight).toBe(0);
  });
});

describe('the rate of the account', () => {
  const twenty = { intervalTicks: TICKS_PER_S / 20, burstTicks: TICKS_PER_S / 10 };

  test('passes a request as a whole; what follows waits until all its destinations are paid for', () => {
    const scene = stage(numbersFrom(0, 600), twenty);
    const { edge } = scene.one;
    edge.nowTicks = 1;
    edge.rates.refresh(0, 1);
    ask(scene);
    expect(destinations(serve(scene))).toEqual(numbersFrom(0, 600).toSorted());
    expect(answers(scene)).toMatchObject([{ status: ROK, refused: [] }]);
    const passes: number[] = [];
    for (let tick = 1; tick <= 20 * 31; tick++) {
      edge.nowTicks = 1 + (tick * TICKS_PER_S) / 20;
      chargeDebts(edge);
      if (tick % 20 !== 0) continue;
      ask(scene, [number('447700900001')], 2);
      if (handedOn(scene).length > 0) passes.push(tick / 20);
    }
    expect(passes[0]).toBe(30);
    expect(edge.debts.size).toBe(0);
  });

  test('has no room for more than a minute of it: too many destinations, and no token is taken', () => {
    const scene = stage(numbersFrom(0, 1_201), twenty);
    scene.one.edge.rates.refresh(0, 0);
    for (let count = 0; count < 50; count++) ask(scene);
    expect(handedOn(scene)).toEqual([]);
    expect(new Set(answers(scene).map(({ status }) => status))).toEqual(new Set([RINVNUMDESTS]));
    ask(scene, numbersFrom(0, 255).map(number));
    expect(handedOn(scene)).not.toEqual([]);
  });

  test('counts parts', () => {
    const scene = stage([], twenty);
    scene.one.edge.rates.refresh(0, 0);
    const [dest_address, data_coding] = [numbersFrom(0, 255).map(number), 4];
    const [short_message, message_payload] = [Buffer.alloc(0), Buffer.alloc(134 * 5, 'x')];
    const fields = { sequence_number: 1, source_addr: 'Shop', dest_address, data_coding };
    scene.session.onData(oracleEncode('submit_multi', { ...fields, short_message, message_payload }));
    expect([handedOn(scene), answers(scene)]).toMatchObject([[], [{ status: RINVNUMDESTS }]]);
  });

  test('is used up: the whole request is refused', () => {
    const scene = stage([], { ...twenty, burstTicks: 0 });
    scene.one.edge.rates.refresh(0, 0);
    ask(scene, [number('447700900001')]);
    expect(serve(scene)).toHaveLength(1);
    answers(scene);
    ask(scene, [number('447700900001'), number('447700900002')], 2);
    expect([handedOn(scene), answers(scene)]).toMatchObject([[], [{ status: RTHROTTLED, refused: [] }]]);
  });
});

describe('more than the rings have room for', () => {
  const RING = 512 * 1024;
  const COUNT = 10_000;

  test('waits for it: every destination is handed on once, under the id of the first', () => {
    const scene = stage(numbersFrom(0, COUNT), {}, RING);
    const { edge } = scene.one;
    ask(scene);
    expect(edge.multis.waiting.size).toBe(1);
    expect(edge.multis.bytes).toBeGreaterThan(RING);
    let free = RING;
    const handed = serve(scene, undefined, () => {
      for (const ring of edge.ends.writers) free = Math.min(free, ring.freeBytes());
    });
    expect(destinations(handed)).toEqual(numbersFrom(0, COUNT).toSorted());
    expect(handed.map(({ told }) => told)).toEqual(['0 0', ...Array(handed.length - 1).fill(`${ID_HIGH} 5`)]);
    expect(answers(scene)).toEqual([{ status: ROK, id: '1122334400000005', refused: [] }]);
    expect([scene.session.inFlight, edge.multis]).toEqual([0, { waiting: new Set(), bytes: 0 }]);
    // Others always find room.
    expect(free).toBeGreaterThanOrEqual(RING / 4);
  });

  test('is not sent on for a client that is gone', () => {
    const scene = stage(numbersFrom(0, COUNT), {}, RING);
    ask(scene);
    const [first] = handedOn(scene);
    scene.session.answer(first.shard, ROK, 1, ID_HIGH, 5);
    handedOn(scene);
    scene.session.end();
    for (const multi of scene.one.edge.multis.waiting) multi.resume();
    expect([handedOn(scene), scene.one.edge.multis]).toEqual([[], { waiting: new Set(), bytes: 0 }]);
  });

  test('is bounded: 40,000 parts', () => {
    const [short_message, message_payload] = [Buffer.alloc(0), Buffer.alloc(134 * 5, 'x')];
    const content = { data_coding: 4, short_message, message_payload };
    for (const [count, status] of [
      [8_000, ROK],
      [8_001, RINVNUMDESTS],
    ]) {
      const scene = stage(numbersFrom(0, count));
      const fields = {
        sequence_number: 1,
        source_addr: 'Shop',
        dest_address: [{ dl_name: 'all' }],
        ...content,
      };
      scene.session.onData(oracleEncode('submit_multi', fields));
      serve(scene);
      expect(answers(scene)).toMatchObject([{ status, refused: [] }]);
    }
  });

  test('no room for the first: the whole request is refused, and may be sent again', () => {
    const scene = stage(numbersFrom(0, 300), {}, 4096);
    ask(scene);
    expect([handedOn(scene), answers(scene)]).toMatchObject([[], [{ status: RTHROTTLED }]]);
    expect(scene.one.edge.multis).toEqual({ waiting: new Set(), bytes: 0 });
  });
});
