import { describe, expect, test } from 'vitest';
import { NO_NETWORK_ERROR, SLOT_RECEIPT } from '../../src/core/message-table.ts';
import { recover } from '../../src/shard/recover.ts';
import { loadRow } from '../../src/shard/spill.ts';
import type { ShardState } from '../../src/shard/state.ts';
import { KIND_AWAITING, KIND_RECEIPT } from '../../src/store/pending.ts';
import type { PendingRow } from '../../src/store/pending.ts';
import {
  TIME_MS,
  accepted,
  buildSegment,
  final,
  intermediate,
  parked,
  receipt,
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
  const next = { idHigh: FIRST_SEGMENT, idLow: 1 };
  const scenes: [string, Buffer[], string[]][] = [
    ['wait on', [parked(6, 'x'), parked(6, 'y')], ['x', 'y']],
    ['are gone once they are orphans', [parked(6, 'x'), parked(7, 'x'), parked(6, 'y')], ['y']],
    ['are gone once they are matched', [accepted(id), parked(6, 'x'), sent({ ...id, smscId: 'x' })], []],
    [
      'are gone once they are matched by case or zeros, which the receipt behind the response tells',
      [
        accepted(id),
        parked(6, '00AB'),
        parked(6, 'x'),
        sent({ ...id, smscId: 'ab' }),
        receipt({ ...id, doneMs: TIME_MS }),
        sent({ ...next, smscId: 'X' }),
        receipt({ ...next, doneMs: TIME_MS }),
        final(next),
      ],
      [],
    ],
    [
      'are gone once they are matched in another base',
      [
        accepted(id),
        accepted(next),
        parked(6, '255'),
        parked(6, '10'),
        sent({ ...id, smscId: 'ff' }),
        receipt({ ...id, doneMs: TIME_MS }),
        sent({ ...next, smscId: '16' }),
        receipt({ ...next, doneMs: TIME_MS }),
        final(next),
      ],
      [],
    ],
    [
      'wait on where the receipt is another, or does not follow',
      [
        accepted(id),
        accepted(next),
        parked(6, '255'),
        parked(6, '16'),
        sent({ ...id, smscId: 'ff' }),
        receipt({ ...id, doneMs: TIME_MS + 60_000 }),
        parked(6, '0010'),
        sent({ ...next, smscId: '10' }),
      ],
      ['255', '16', '0010'],
    ],
    [
      'become orphans one by one, also when their ids are similar',
      [parked(6, 'x'), parked(6, 'X'), parked(6, '0x'), parked(7, 'X')],
      ['x', '0x'],
    ],
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

describe('what an SMSC told', () => {
  const id = { idHigh: FIRST_SEGMENT, idLow: 0 };

  async function slotOf(events: Buffer[]): Promise<{ shard: ShardState; kind: number; slot: number }> {
    const dataDir = temporaryDirectory();
    await buildSegment(dataDir, 0, FIRST_SEGMENT, [events]);
    const { shard } = await recovered(dataDir);
    const row = shard.store.get(id.idHigh, id.idLow) as PendingRow;
    return { shard, kind: row.kind, slot: loadRow(shard, row, SLOT_RECEIPT) };
  }

  test('of the network is there again, or still is not', async () => {
    for (const networkError of [[8, 0xfffe] as [number, number], undefined]) {
      const { shard, kind, slot } = await slotOf([accepted(id), sent(id), receipt({ ...id, networkError })]);
      expect(kind).toBe(KIND_RECEIPT);
      const { networkErrorType: types, networkErrorCode: codes } = shard.table;
      expect([types[slot], codes[slot]]).toEqual(networkError ?? [NO_NETWORK_ERROR, 0]);
    }
  });

  test('of the network with a parked receipt, too', async () => {
    const dataDir = temporaryDirectory();
    await buildSegment(dataDir, 0, FIRST_SEGMENT, [[parked(6, 'x', [3, 27]), parked(6, 'y')]]);
    const { shard } = await recovered(dataDir);
    const errors = [...shard.parking.all()].map((each) => [each.networkErrorType, each.networkErrorCode]);
    expect(errors).toEqual([
      [3, 27],
      [NO_NETWORK_ERROR, 0],
    ]);
  });

  test('that it does not know is there again, until more is told', async () => {
    const unknown = intermediate({ ...id, state: 7 });
    const { shard, kind, slot } = await slotOf([accepted(id), sent(id), unknown]);
    const { errLength, finalState } = shard.table;
    expect([kind, finalState[slot], errLength[slot] > 0]).toEqual([KIND_AWAITING, 7, true]);
    const ended = await slotOf([accepted(id), sent(id), unknown, receipt(id), unknown]);
    expect([ended.kind, ended.shard.table.finalState[ended.slot]]).toEqual([KIND_RECEIPT, 2]);
  });

  const TLVS = '1401000461626300' + '140200010f';

  test('in vendor TLVs is there again, in memory and in the row; nothing is where there were none', async () => {
    for (const tlvs of [TLVS, '']) {
      const { shard, kind, slot } = await slotOf([accepted(id), sent(id), receipt({ ...id, tlvs })]);
      expect([kind, shard.table.receiptTlvs(slot)?.toString('hex') ?? '']).toEqual([KIND_RECEIPT, tlvs]);
      expect(shard.store.get(id.idHigh, id.idLow)?.blob.includes(Buffer.from('1401', 'hex'))).toBe(
        tlvs !== '',
      );
    }
  });

  test('in vendor TLVs of the state unknown is there until more is told', async () => {
    const unknown = intermediate({ ...id, state: 7, tlvs: TLVS });
    const { shard, kind, slot } = await slotOf([accepted(id), sent(id), unknown]);
    expect([kind, shard.table.receiptTlvs(slot)?.toString('hex')]).toEqual([KIND_AWAITING, TLVS]);
    const ended = await slotOf([accepted(id), sent(id), unknown, receipt(id)]);
    expect([ended.kind, ended.shard.table.receiptTlvs(ended.slot)]).toEqual([KIND_RECEIPT, undefined]);
    // Not those of what was only on its way, nor what stands before them.
    const enroute = await slotOf([accepted(id), sent(id), intermediate({ ...id, state: 1, tlvs: TLVS })]);
    expect(enroute.shard.table.receiptTlvs(enroute.slot)).toBeUndefined();
    const words = await slotOf([
      accepted(id),
      sent(id),
      intermediate({ ...id, state: 7, text: 'yes', tlvs: TLVS }),
    ]);
    expect(words.shard.table.receiptTlvs(words.slot)?.toString('hex')).toBe(TLVS);
  });

  test('in vendor TLVs of a parked receipt is there again', async () => {
    const dataDir = temporaryDirectory();
    const events = [parked(6, 'x', [3, 27], TLVS), parked(6, 'yy'), parked(6, 'zzz', undefined, TLVS)];
    await buildSegment(dataDir, 0, FIRST_SEGMENT, [events]);
    const { shard } = await recovered(dataDir);
    expect([...shard.parking.all()].map(({ smscId, tlvs }) => [smscId, tlvs?.toString('hex')])).toEqual([
      ['x', TLVS],
      ['yy', undefined],
      ['zzz', TLVS],
    ]);
  });

  test('without ending the message leaves it waiting for its receipt', async () => {
    const { shard, kind, slot } = await slotOf([accepted(id), sent(id), intermediate({ ...id, state: 2 })]);
    expect([kind, shard.table.finalState[slot]]).toEqual([KIND_AWAITING, 0]);
  });
});
