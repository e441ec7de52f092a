import { describe, expect, test } from 'vitest';
import { recover } from '../../src/shard/recover.ts';
import type { ShardState } from '../../src/shard/state.ts';
import {
  TIME_MS,
  accepted,
  buildSegment,
  final,
  parked,
  sent,
  temporaryDirectory,
} from '../support/ledger.ts';
import { makeShard } from './harness.ts';
import { FIRST_SEGMENT } from './history.ts';

async function recovered(dataDir: string): Promise<{ shard: ShardState }> {
  const shard = makeShard(dataDir);
  const { quarantined } = await recover(shard, () => undefined);
  expect(quarantined).toEqual([]);
  return { shard };
}

describe('parked receipts', () => {
  const id = { idHigh: FIRST_SEGMENT, idLow: 0 };
  const scenes: [string, Buffer[], string[]][] = [
    ['wait on', [parked(6, 'x'), parked(6, 'y')], ['x', 'y']],
    ['are gone once they are orphans', [parked(6, 'x'), parked(7, 'x'), parked(6, 'y')], ['y']],
    ['are gone once they are matched', [accepted(id), parked(6, 'x'), sent({ ...id, smscId: 'x' })], []],
    [
      'are gone with their message',
      [accepted(id), parked(6, 'x'), sent({ ...id, smscId: 'x' }), final(id)],
      [],
    ],
    [
      'wait on when another message has that id',
      [parked(6, 'x'), accepted(id), sent({ ...id, smscId: 'y' })],
      ['x'],
    ],
  ];

  test.each(scenes)('%s', async (_name, events, expected) => {
    const dataDir = temporaryDirectory();
    await buildSegment(dataDir, 0, FIRST_SEGMENT, [events]);
    const { shard } = await recovered(dataDir);
    expect([...shard.parking.all()].map(({ smscId }) => smscId)).toEqual(expected);
    expect(
      [...shard.parking.all()].every(({ parkedMs, doneMs }) => parkedMs === TIME_MS && doneMs === TIME_MS),
    ).toBe(true);
  });

  test('are gone when their message was final before its segment was settled', async () => {
    const dataDir = temporaryDirectory();
    const before = makeShard(dataDir);
    before.store.settle(FIRST_SEGMENT);
    before.store.close();
    await buildSegment(dataDir, 0, FIRST_SEGMENT + 1, [
      [parked(6, 'x'), sent({ ...id, smscId: 'x' }), final(id)],
    ]);
    const { shard } = await recovered(dataDir);
    expect([shard.parking.size, [...shard.store.idsFrom(0)]]).toEqual([0, []]);
  });
});
