import { expect, test, vi } from 'vitest';
import {
  FLAG_STORED,
  NO_BLOCK,
  NO_SLOT,
  SLOT_AWAITING,
  SLOT_IN_FLIGHT,
} from '../../src/core/message-table.ts';
import { FINAL_SENT } from '../../src/core/records.ts';
import { finish } from '../../src/shard/events.ts';
import { takeRecord } from '../../src/shard/intake.ts';
import {
  CHUNKS_IN_USE_MAX,
  flushStore,
  makeRoom,
  refillQueue,
  relieveChunks,
  storedBody,
} from '../../src/shard/spill.ts';
import type { ShardState, Smsc } from '../../src/shard/state.ts';
import { KIND_AWAITING, KIND_QUEUED } from '../../src/store/pending.ts';
import { bytesWith } from '../core/memory.ts';
import { accepted, temporaryDirectory } from '../support/ledger.ts';
import { makeShard, openJournal } from './harness.ts';

function run(capacity: number): ShardState {
  const dataDir = temporaryDirectory();
  const shard = makeShard(dataDir, capacity);
  shard.nowMs = Date.now();
  openJournal(shard);
  return shard;
}

async function commit(shard: ShardState): Promise<void> {
  shard.journal.kick(shard.nowMs);
  await vi.waitFor(() => expect(shard.journal.isCommitting()).toBe(false), 10_000);
  flushStore(shard);
}

function accept(shard: ShardState, text: string, smsc = 0): void {
  const event = accepted({ smsc, text: Buffer.from(text) });
  expect(takeRecord(shard, 0, bytesWith(event), 0, event.readUInt32LE(0))).toBe(true);
}

/** The text of a message as it would be sent now. */
function textOf(shard: ShardState, slot: number): string {
  const { table, chunks } = shard;
  const at = table.bodyAt[slot];
  const body =
    table.bodyBlock[slot] === NO_BLOCK
      ? storedBody(shard, table.idHigh[slot], table.idLow[slot])
      : chunks.bytesOf(table.bodyBlock[slot]).u8.subarray(at, at + table.bodyLength[slot]);
  return /message \d+/.exec(body.toString('latin1'))?.[0] ?? 'no text';
}

test('more messages than memory holds are sent in the order of acceptance, whole, each once', async () => {
  const shard = run(2048);
  const smsc = shard.smscs[0] as Smsc;
  const count = 6000;
  const order: string[] = [];
  const sendSome = (most: number): void => {
    for (let sent = 0; sent < most; sent++) {
      refillQueue(shard, smsc);
      const slot = smsc.queue.shift();
      if (slot === NO_SLOT) return;
      order.push(textOf(shard, slot));
      shard.table.state[slot] = SLOT_IN_FLIGHT;
      finish(shard, slot, 6, FINAL_SENT);
    }
  };
  for (let number = 0; number < count; number++) {
    accept(shard, `message ${number}`);
    if (number % 500 === 499) {
      await commit(shard);
      sendSome(200);
    }
  }
  expect(shard.store.count(KIND_QUEUED, 0)).toBeGreaterThan(1000);
  await commit(shard);
  while (order.length < count) {
    const before = order.length;
    sendSome(1000);
    await commit(shard);
    expect(order.length).toBeGreaterThan(before);
  }
  expect(order).toEqual(Array.from({ length: count }, (_, number) => `message ${number}`));
  expect([...shard.store.idsFrom(0)]).toEqual([]);
  expect(shard.table.used).toBe(1);
  await shard.journal.close();
});

test('an SMSC whose messages fill memory leaves room for those of another', async () => {
  const shard = run(4096);
  for (let number = 0; number < 5000; number++) accept(shard, `message ${number}`, 0);
  accept(shard, 'message 0', 1);
  await commit(shard);
  expect((shard.smscs[1] as Smsc).queue.length).toBe(1);
  expect(shard.table.freeSlots()).toBeGreaterThan(1024);
  await shard.journal.close();
});

test('when memory runs short, those that wait for a receipt leave it and are found by their SMSC id', async () => {
  const shard = run(2048);
  const { table } = shard;
  const slots: number[] = [];
  for (let slot = table.allocate(); slot !== NO_SLOT; slot = table.allocate()) {
    table.state[slot] = SLOT_AWAITING;
    table.idHigh[slot] = 1;
    table.idLow[slot] = slot;
    table.smsc[slot] = 2;
    table.smscIdLength[slot] = table.text.write(`id-${slot}`, slot * 144 + 73, 'latin1');
    shard.index.add(slot);
    slots.push(slot);
  }
  makeRoom(shard);
  expect(table.freeSlots()).toBeGreaterThan(table.capacity >> 3);
  const inStore = slots.filter((slot) => shard.store.awaiting(2, `id-${slot}`)[0]?.idLow === slot);
  const inMemory = slots.filter(
    (slot) => shard.index.find(2, Buffer.from(`id-${slot}`), 0, `id-${slot}`.length) === slot,
  );
  expect([inStore.length, inMemory.length]).toEqual([table.freeSlots(), slots.length - table.freeSlots()]);
  expect(new Set([...inStore, ...inMemory]).size).toBe(slots.length);
  expect(shard.store.count(KIND_AWAITING, 2)).toBe(inStore.length);
  makeRoom(shard);
  expect(shard.store.count(KIND_AWAITING, 2)).toBe(inStore.length);
  await commit(shard);
  await shard.journal.close();
});

test('bodies that hold too many chunks go to the store, and are sent from there', async () => {
  const shard = run(4096);
  const filler = Buffer.alloc(60_000, 0x61);
  // One message of a few bytes keeps each chunk that the large ones filled.
  for (let number = 0; number < CHUNKS_IN_USE_MAX + 20; number++) {
    accept(shard, `message ${number}`);
    for (let part = 0; part < 17; part++) {
      const event = accepted({ smsc: 1, payload: filler });
      takeRecord(shard, 0, bytesWith(event), 0, event.readUInt32LE(0));
    }
    if (number % 8 === 7) {
      await commit(shard);
      const queue = (shard.smscs[1] as Smsc).queue;
      for (let slot = queue.shift(); slot !== NO_SLOT; slot = queue.shift())
        finish(shard, slot, 6, FINAL_SENT);
    }
  }
  await commit(shard);
  expect(shard.chunks.inUse).toBeGreaterThan(CHUNKS_IN_USE_MAX);
  for (let turn = 0; turn < 10; turn++) relieveChunks(shard);
  expect(shard.chunks.inUse).toBeLessThanOrEqual(CHUNKS_IN_USE_MAX);
  const { queue } = shard.smscs[0] as Smsc;
  let stored = 0;
  for (let number = 0; queue.length > 0; number++) {
    const slot = queue.shift();
    expect(textOf(shard, slot)).toBe(`message ${number}`);
    if ((shard.table.flags[slot] & FLAG_STORED) !== 0) stored++;
  }
  expect(stored).toBeGreaterThan(0);
  // In memory still: the store's rows are for a crash only and are not queued twice.
  expect(shard.store.count(KIND_QUEUED, 0)).toBe(0);
  await commit(shard);
  await shard.journal.close();
});
