import { expect, test } from 'vitest';
import { auditLedger } from '../../src/cdr/audit.ts';
import {
  accepted,
  attemptFailed,
  buildSegment,
  final,
  names,
  parked,
  receipt,
  record,
  sent,
  temporaryDirectory,
} from '../support/ledger.ts';

const id = (idHigh: number, idLow: number) => ({ idHigh, idLow });

test('a ledger that adds up, over segments and shards', async () => {
  const dataDir = temporaryDirectory();
  const inShard1 = (1 << 26) | 0;
  await buildSegment(dataDir, 0, 10, [
    [names(), accepted(id(10, 0)), accepted(id(10, 1)), accepted(id(10, 2))],
    [attemptFailed(id(10, 0)), sent({ ...id(10, 0), attempt: 2 }), sent(id(10, 1)), receipt(id(10, 1))],
  ]);
  await buildSegment(dataDir, 0, 11, [
    [names(), final(id(10, 1)), sent({ ...id(10, 0), attempt: 3 }), parked(6, 'x'), parked(7, 'y')],
    [final(id(10, 0)), record(0, 0, 0, id(11, 5), Buffer.alloc(8)), accepted(id(11, 0))],
  ]);
  await buildSegment(dataDir, 1, 10, [[names(), accepted(id(10, inShard1)), final(id(10, inShard1))]]);
  expect(await auditLedger(dataDir)).toMatchObject({
    segments: 3,
    events: 19,
    accepted: 5,
    final: 3,
    open: 2,
    finalDouble: 0,
    finalWithoutAccept: 0,
    finalOfRemoved: 0,
    sent: 2,
    sentTwice: 1,
    attemptsFailed: 1,
    receipts: 1,
    withReceipt: 1,
    parked: 1,
    orphaned: 1,
    voided: 1,
    lost: 0,
    lostIds: [],
  });
});

test('what does not add up is counted and named', async () => {
  const dataDir = temporaryDirectory();
  await buildSegment(dataDir, 0, 10, [
    [accepted(id(10, 0)), final(id(10, 0)), final(id(10, 0)), final(id(10, 0))],
    [final(id(10, 7)), final(id(9, 1)), accepted(id(10, 1)), accepted(id(10, 1))],
  ]);
  expect(await auditLedger(dataDir)).toMatchObject({
    accepted: 2,
    acceptedDouble: 1,
    final: 3,
    finalDouble: 1,
    finalDoubleIds: ['0000000a00000000'],
    finalWithoutAccept: 1,
    finalWithoutAcceptIds: ['0000000a00000007'],
    // Segment 9 was let go.
    finalOfRemoved: 1,
  });
});

const onlyMessage1 = () => ({
  settledThrough: () => 10,
  has: (idHigh: number, idLow: number) => idHigh === 10 && idLow === 1,
});

test('an open message of a settled segment that nothing holds any more is lost', async () => {
  const dataDir = temporaryDirectory();
  await buildSegment(dataDir, 0, 10, [[accepted(id(10, 0)), accepted(id(10, 1)), accepted(id(10, 2))]]);
  await buildSegment(dataDir, 0, 11, [[final(id(10, 2)), accepted(id(11, 0))]]);
  expect(await auditLedger(dataDir, { pendingOf: onlyMessage1 })).toMatchObject({
    open: 3,
    lost: 1,
    lostIds: ['0000000a00000000'],
  });
});

test('a message that ends while the audit runs is not lost', async () => {
  const dataDir = temporaryDirectory();
  await buildSegment(dataDir, 0, 10, [[accepted(id(10, 0))]]);
  const ended: Promise<string>[] = [];
  const pendingOf = () => {
    ended.push(buildSegment(dataDir, 0, 11, [[final(id(10, 0))]]));
    return { settledThrough: () => 10, has: () => false };
  };
  // The daemon's commit must be there before the second reading; a put needs a turn, so the audit waits for it.
  const audit = auditLedger(dataDir, {
    pendingOf,
    beforeSecondReading: async () => {
      await Promise.all(ended);
    },
  });
  expect(await audit).toMatchObject({ final: 1, open: 0, lost: 0 });
});

test('a hundred thousand messages are no effort', async () => {
  const dataDir = temporaryDirectory();
  const blocks: Buffer[][] = [];
  for (let i = 0; i < 100; i++) {
    const events: Buffer[] = [];
    for (let j = 0; j < 1_000; j++)
      events.push(accepted(id(10, i * 1_000 + j)), final(id(10, i * 1_000 + j)));
    blocks.push(events);
  }
  await buildSegment(dataDir, 0, 10, blocks);
  expect(await auditLedger(dataDir)).toMatchObject({ accepted: 100_000, final: 100_000, open: 0 });
}, 30_000);

test('messages far up in the count of their shard are told apart like the first ones', async () => {
  const dataDir = temporaryDirectory();
  const [low, high] = [12_345_678, 2 ** 26 - 5];
  await buildSegment(dataDir, 0, 10, [
    [accepted(id(10, low)), accepted(id(10, low + 4_096)), accepted(id(10, high)), final(id(10, low))],
    [final(id(10, low + 4_096)), final(id(10, low + 4_096)), final(id(10, low + 1))],
  ]);
  const settled = { settledThrough: () => 10, has: () => false };
  const audit = await auditLedger(dataDir, { pendingOf: () => settled });
  expect(audit).toMatchObject({
    accepted: 3,
    final: 3,
    open: 1,
    finalDoubleIds: [`0000000a${(low + 4_096).toString(16).padStart(8, '0')}`],
    finalWithoutAcceptIds: [`0000000a${(low + 1).toString(16).padStart(8, '0')}`],
    lostIds: [`0000000a${high.toString(16).padStart(8, '0')}`],
  });
});
