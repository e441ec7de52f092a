/** What becomes of a receipt that its client answers otherwise than with ESME_ROK: specification section 6. */
import { expect, test } from 'vitest';
import { SLOT_RECEIPT } from '../../src/core/message-table.ts';
import { createMesh, edgeEnds, shardEnds } from '../../src/core/ring/mesh.ts';
import { publish } from '../../src/shard/commit.ts';
import { forget } from '../../src/shard/events.ts';
import { fillSlot } from '../../src/shard/fill-slot.ts';
import { onTick } from '../../src/shard/housekeeping.ts';
import { deskOf, onReceiptResult, serveDesks, sweepReceipts } from '../../src/shard/receipts-out.ts';
import { rowOf } from '../../src/shard/spill.ts';
import { STATE_DELIVERED } from '../../src/smpp/constants.ts';
import { bytesWith } from '../core/memory.ts';
import { accepted, temporaryDirectory } from '../support/ledger.ts';
import { makeShard, openJournal } from './harness.ts';
import { ReceiptScene } from './receipt-scene.ts';

const [TAKEN, LATER, REFUSED, ODD] = [1, 2, 3, 4];
const HOUR_MS = 3_600_000;

/** The edge's word on the receipt in this slot. */
function answer({ shard }: ReceiptScene, slot: number, result: number, status: number): void {
  const { table } = shard;
  const record = Buffer.alloc(24);
  record.writeUInt32LE(24, 0);
  record.set([64, result], 4);
  record.writeUInt16LE(table.account[slot], 6);
  record.writeUInt32LE(table.idLow[slot], 8);
  record.writeUInt32LE(table.idHigh[slot], 12);
  record.writeUInt32LE(slot, 16);
  record.writeUInt32LE(status, 20);
  onReceiptResult(shard, 0, bytesWith(record), 0);
}

/** Slots of the receipts that are offered within so many milliseconds, at its end. */
function offeredAfter(scene: ReceiptScene, ms: number): number[] {
  scene.shard.nowMs += ms;
  sweepReceipts(scene.shard);
  serveDesks(scene.shard);
  return scene.offered().map(({ slot }) => slot);
}

/** A commit takes the time of the machine; these tests have their own. */
async function receipt(scene: ReceiptScene, name: string): Promise<void> {
  const { nowMs } = scene.shard;
  await scene.receipt(name);
  scene.shard.nowMs = nowMs;
}

async function offeredOnce(
  names: string[],
): Promise<{ scene: ReceiptScene; ids: number[]; slots: number[] }> {
  const scene = new ReceiptScene();
  const ids = names.map((name) => scene.sent(name));
  for (const name of names) await receipt(scene, name);
  return { scene, ids, slots: offeredAfter(scene, 0) };
}

test('a status that says nothing of what to do: once more, after a pause, and then it is refused', async () => {
  const { scene, ids, slots } = await offeredOnce(['a']);
  answer(scene, slots[0], ODD, 0x0b);
  expect(offeredAfter(scene, 2_000)).toEqual([]);
  expect(offeredAfter(scene, 4_000)).toEqual(slots);
  answer(scene, slots[0], ODD, 0x01);
  expect(offeredAfter(scene, HOUR_MS)).toEqual([]);
  await scene.commit();
  expect(await scene.story(ids[0])).toEqual(['RECEIPT DELIVERED', 'FINAL DELIVERED RECEIPT_NOT_TAKEN']);
  expect((await scene.events(ids[0])).at(-1)).toMatchObject({ commandStatus: 0x01 });
  expect(scene.shard.table.used).toBe(1);
});

test('after an odd answer it may be put off as often as the client likes, and be taken', async () => {
  const { scene, ids, slots } = await offeredOnce(['a']);
  answer(scene, slots[0], ODD, 0x0b);
  for (let round = 0; round < 5; round++) {
    expect(offeredAfter(scene, 60_000)).toEqual(slots);
    answer(scene, slots[0], LATER, 0x58);
  }
  expect(offeredAfter(scene, 60_000)).toEqual(slots);
  answer(scene, slots[0], TAKEN, 0);
  await scene.commit();
  expect((await scene.story(ids[0])).at(-1)).toBe('FINAL DELIVERED RECEIPT_TAKEN');
});

test('the next message in the slot has its own second offer', async () => {
  const { scene, slots } = await offeredOnce(['a']);
  answer(scene, slots[0], ODD, 0x0b);
  offeredAfter(scene, 6_000);
  const { nowMs, table } = scene.shard;
  answer(scene, slots[0], ODD, 0x0b);
  await scene.commit();
  scene.shard.nowMs = nowMs;
  let [id, tries] = [0, 0];
  while (id === 0 || table.idLow[slots[0]] !== id) {
    id = scene.sent(`b${tries++}`);
    if (tries > table.capacity) throw new Error('the slot is not given out again');
  }
  await receipt(scene, `b${tries - 1}`);
  expect(offeredAfter(scene, 0)).toEqual(slots);
  answer(scene, slots[0], ODD, 0x0b);
  expect(offeredAfter(scene, 6_000)).toEqual(slots);
});

test.each([
  ['ESME_RX_R_APPN', 0x66],
  ['ESME_RX_P_APPN', 0x65],
])('%s: never again; those that were not refused themselves go on', async (_name, status) => {
  const { scene, ids, slots } = await offeredOnce(['a', 'b', 'c']);
  answer(scene, slots[1], REFUSED, status);
  answer(scene, slots[0], LATER, 0x14);
  answer(scene, slots[2], LATER, 0x14);
  expect(new Set(offeredAfter(scene, 6_000))).toEqual(new Set([slots[0], slots[2]]));
  await scene.commit();
  expect((await scene.story(ids[1])).at(-1)).toBe('FINAL DELIVERED RECEIPT_NOT_TAKEN');
});

test('what one client puts off, oddly or not, stands in no way of its others', async () => {
  const { scene, slots } = await offeredOnce(['a', 'b', 'c']);
  for (const [index, result] of [ODD, LATER, ODD].entries()) answer(scene, slots[index], result, 0x08);
  scene.sent('d');
  await receipt(scene, 'd');
  expect(offeredAfter(scene, 0)).toHaveLength(1);
});

test('put off again and again: the pauses grow to a minute, until receipts.keep_s', async () => {
  const { scene, ids, slots } = await offeredOnce(['a']);
  const { shard } = scene;
  const keepMs = shard.config.receipts.keep_s * 1000;
  const [beganMs, pauses]: [number, number[]] = [shard.nowMs, []];
  while (shard.table.holds(slots[0], 7, ids[0]) && pauses.length < 100_000) {
    answer(scene, slots[0], LATER, 0x64);
    const fromMs = shard.nowMs;
    while (offeredAfter(scene, 500).length === 0 && shard.table.holds(slots[0], 7, ids[0]));
    pauses.push(shard.nowMs - fromMs);
  }
  const ofTheEnd = pauses.slice(20);
  expect([pauses[0] <= 5_500, Math.min(...pauses) >= 2_500, Math.max(...pauses) <= 60_500]).toEqual([
    true,
    true,
    true,
  ]);
  expect(Math.min(...ofTheEnd.slice(0, -1))).toBeGreaterThanOrEqual(30_000);
  expect(shard.nowMs - beganMs).toBeGreaterThanOrEqual(keepMs);
  expect(shard.nowMs - beganMs).toBeLessThan(keepMs + 61_000);
  await scene.commit();
  expect((await scene.story(ids[0])).at(-1)).toBe('FINAL DELIVERED RECEIPT_NOT_TAKEN');
});

test('those that come back because their session went away go out in their order, before later ones', async () => {
  const { scene, slots } = await offeredOnce(['a', 'b', 'c']);
  deskOf(scene.shard, 0).window[0] = 3;
  scene.sent('d');
  await receipt(scene, 'd');
  for (const slot of slots) answer(scene, slot, LATER, 0);
  expect(offeredAfter(scene, 0)).toEqual(slots);
  answer(scene, slots[0], TAKEN, 0);
  expect(offeredAfter(scene, 0)).toHaveLength(1);
});

test.each([0, 1])('one that only the store has goes to the one receiver, on edge %i of two', (edge) => {
  const shard = makeShard(temporaryDirectory());
  const mesh = createMesh(2, 1, 1 << 16);
  shard.ends = shardEnds(mesh, 0);
  openJournal(shard);
  shard.owned = [];
  const { table } = shard;
  const event = accepted({ idHigh: 5, idLow: 1 });
  const slot = table.allocate();
  fillSlot(shard, slot, bytesWith(event), 0, event.readUInt32LE(0));
  table.state[slot] = SLOT_RECEIPT;
  table.finalState[slot] = STATE_DELIVERED;
  table.expiresMs[slot] = shard.nowMs + HOUR_MS;
  shard.store.upsert([rowOf(shard, slot)]);
  forget(shard, slot);
  deskOf(shard, 0).window[edge] = 100;
  for (let tick = 0; tick < 3; tick++) {
    shard.nowMs += 20;
    onTick(shard);
    publish(shard);
  }
  let offered = 0;
  edgeEnds(mesh, edge).readers[0].read(() => ++offered > 0, 10);
  expect(offered).toBe(1);
});
