import { beforeEach, describe, expect, test } from 'vitest';
import { FLAG_DATA_SM, NO_SLOT, SLOT_AWAITING, TEXT_BYTES, DEST_AT } from '../../src/core/message-table.ts';
import { createMesh, edgeEnds, shardEnds } from '../../src/core/ring/mesh.ts';
import { onAlert } from '../../src/shard/alerts.ts';
import { finish, forget } from '../../src/shard/events.ts';
import { onSubmitResponse } from '../../src/shard/outcome.ts';
import { deskOf } from '../../src/shard/receipts-out.ts';
import { recover } from '../../src/shard/recover.ts';
import { makeRoom } from '../../src/shard/spill.ts';
import { Faults } from '../../src/smpp/faults.ts';
import { accepted, buildSegment, sent as sentEvent, temporaryDirectory } from '../support/ledger.ts';
import { withTlvs } from '../support/oracle.ts';
import { npm } from '../daemon/esme.ts';
import { makeShard } from './harness.ts';
import { FIRST_SEGMENT } from './history.ts';
import { ReceiptScene } from './receipt-scene.ts';

const CAPACITY = 64;
const [ACCEPTED, DELIVERED, DELETED, EXPIRED] = [6, 2, 4, 3];
const FINAL_SENT = 1;
const DPF_SET = '0420000101';
const DPF_NOT_SET = '0420000100';

let scene: ReceiptScene;
let reader: ReturnType<typeof edgeEnds>['readers'][number];

beforeEach(() => {
  scene = new ReceiptScene({}, CAPACITY);
  const mesh = createMesh(1, 1, 1 << 16);
  scene.shard.ends = shardEnds(mesh, 0);
  reader = edgeEnds(mesh, 0).readers[0];
  for (const account of [0, 1]) {
    deskOf(scene.shard, account).window[0] = 10;
    deskOf(scene.shard, account).newer[0] = 1;
  }
});

const faults = new Faults();

/** The accounts that an alert_notification is handed to. */
function told(dest = '447700900123', esme = 'Shop'): number[] {
  const fields = { source_addr: dest, esme_addr: esme, ms_availability_status: 0 };
  const pdu = new npm.PDU('alert_notification', fields).toBuffer();
  const handedOn = onAlert(scene.shard, faults, pdu, 0, pdu.length);
  for (const ring of scene.shard.ends.writers) ring.publish();
  const accounts: number[] = [];
  reader.read((bytes, at, length) => {
    if (bytes.u8[at + 4] !== 84) return true;
    accounts.push(bytes.u16[(at + 6) >> 1]);
    // Its body, as it came.
    expect(Buffer.from(bytes.u8.subarray(at + 24, at + length))).toEqual(pdu.subarray(16));
    return true;
  }, 100);
  expect(handedOn).toBe(accounts.length > 0);
  return accounts;
}

interface Options {
  account?: number;
  flags?: number;
  registeredDelivery?: number;
  /** How long ago it was accepted. */
  ago?: number;
  attempts?: number;
}

/** A message that its SMSC took; its slot. */
function sent(id: string, { account = 0, ago = 1_000, attempts = 1, ...options }: Options = {}): number {
  const { shard } = scene;
  const idLow = scene.sent(id, { account, ...options });
  const { table } = shard;
  const slot = table.idLow.findIndex((low, at) => low === idLow && table.state[at] === SLOT_AWAITING);
  expect(slot).not.toBe(NO_SLOT);
  table.acceptedMs[slot] = shard.nowMs - ago;
  table.attempts[slot] = attempts;
  return slot;
}

/** Other messages come into all slots that are free. */
function reuseSlots(): void {
  const { table } = scene.shard;
  for (const slot of scene.fillMemory()) {
    const at = slot * TEXT_BYTES + DEST_AT;
    table.destLength[slot] = table.text.write('\u0001\u0001447700900999\0', at, 'latin1');
  }
}

describe('an alert_notification is for the account', () => {
  test('that has a message between these addresses, and for none where there is none', () => {
    expect(told()).toEqual([]);
    sent('a1', { account: 1 });
    expect(told()).toEqual([1]);
    expect(told('447700900124')).toEqual([]);
    expect(told('447700900123', 'Shops')).toEqual([]);
    expect(told('44770090012')).toEqual([]);
  });

  test('whose message is the newest, wherever in memory it is', () => {
    sent('a1', { account: 0, ago: 3_000 });
    sent('a2', { account: 1, ago: 2_000 });
    sent('a3', { account: 0, ago: 4_000 });
    expect(told()).toEqual([1]);
    sent('a4', { account: 0, ago: 1_000 });
    expect(told()).toEqual([0]);
  });

  test('that has a receiver of 3.4 or later, up to a hundred times a second', () => {
    sent('a1');
    deskOf(scene.shard, 0).newer[0] = 0;
    expect(told()).toEqual([]);
    deskOf(scene.shard, 0).newer[0] = 1;
    const all = Array.from({ length: 110 }, () => told());
    expect(all.flat()).toHaveLength(99);
    scene.shard.nowMs += 1_000;
    expect(told()).toEqual([0]);
  });
});

describe('beyond the end of the message', () => {
  test('that failed, once others are in its place', async () => {
    const failed = sent('a1', { account: 1 });
    await scene.receipt('a1', 'UNDELIV');
    finish(scene.shard, failed, scene.shard.table.finalState[failed], FINAL_SENT);
    reuseSlots();
    expect(told()).toEqual([1]);
  });

  test('that failed, when its client wants to hear of success only', async () => {
    sent('a1', { account: 1, registeredDelivery: 3 });
    await scene.receipt('a1', 'EXPIRED');
    reuseSlots();
    expect(scene.shard.table.freeSlots()).toBe(0);
    expect(told()).toEqual([1]);
  });

  test('that is told of, while its receipt waits in the store', async () => {
    const slot = sent('a1', { account: 1 });
    await scene.receipt('a1', 'UNDELIV');
    forget(scene.shard, slot);
    reuseSlots();
    expect(told()).toEqual([1]);
  });

  test('though an older one between the same addresses is in memory', () => {
    const newer = sent('a1', { account: 1, ago: 1_000 });
    finish(scene.shard, newer, EXPIRED, FINAL_SENT);
    reuseSlots();
    const { table } = scene.shard;
    table.release(table.capacity - 1);
    sent('a2', { account: 0, ago: 2_000 });
    expect(told()).toEqual([1]);
  });

  test('unless a newer one between the same addresses is in memory', () => {
    finish(scene.shard, sent('a1', { account: 1, ago: 2_000 }), EXPIRED, FINAL_SENT);
    reuseSlots();
    const { table } = scene.shard;
    table.release(table.capacity - 1);
    sent('a2', { account: 0, ago: 1_000 });
    expect(told()).toEqual([0]);
  });

  test('that asked for no receipt, until another is in its place', () => {
    const slot = sent('a1', { account: 1, registeredDelivery: 0 });
    finish(scene.shard, slot, ACCEPTED, FINAL_SENT);
    expect(told()).toEqual([1]);
    reuseSlots();
    expect(told()).toEqual([]);
  });

  test('that was a data_sm, whether it asked for one or not', () => {
    const slot = sent('a1', { account: 1, registeredDelivery: 0, flags: FLAG_DATA_SM });
    finish(scene.shard, slot, ACCEPTED, FINAL_SENT);
    reuseSlots();
    expect(told()).toEqual([1]);
  });

  test.each<[string, number, number]>([
    ['was delivered', DELIVERED, 1],
    ['was cancelled', DELETED, 1],
    ['was never sent', EXPIRED, 0],
  ])('but not of one that %s', (_what, state, attempts) => {
    finish(scene.shard, sent('a1', { attempts, flags: FLAG_DATA_SM }), state, FINAL_SENT);
    reuseSlots();
    expect(told()).toEqual([]);
  });

  test.each([
    [DPF_SET, [1]],
    [DPF_NOT_SET, []],
    ['', []],
  ])('of which the SMSC says that the flag is set: TLVs %j', (tlvs, accounts) => {
    const slot = sent('a1', { account: 1, registeredDelivery: 0 });
    scene.shard.index.remove(slot);
    const plain = new npm.PDU('submit_sm_resp', { message_id: 'a1' }).toBuffer();
    const pdu = withTlvs(plain, tlvs);
    onSubmitResponse(scene.shard, scene.binds[0], slot, 0, pdu, 0, pdu.length);
    reuseSlots();
    expect(told()).toEqual(accounts);
  });

  test('that waits for its receipt in the store', () => {
    sent('a1', { account: 1 });
    const { table } = scene.shard;
    const others: number[] = [];
    while (table.freeSlots() > 1) others.push(table.allocate());
    makeRoom(scene.shard);
    expect(scene.shard.store.hasAwaiting(0)).toBe(true);
    reuseSlots();
    expect(told()).toEqual([1]);
  });

  test('that waited for its receipt when the daemon was started', async () => {
    const dataDir = temporaryDirectory();
    const ids = { idHigh: FIRST_SEGMENT, idLow: 1 };
    const events = [
      accepted({ ...ids, account: 1, source: 'Shop', destination: '447700900123' }),
      sentEvent(ids),
    ];
    await buildSegment(dataDir, 0, FIRST_SEGMENT, [events]);
    const shard = makeShard(dataDir);
    shard.ends = scene.shard.ends;
    await recover(shard, (message) => expect.fail(message));
    deskOf(shard, 1).newer[0] = 1;
    scene = Object.assign(Object.create(ReceiptScene.prototype) as ReceiptScene, { shard });
    reuseSlots();
    expect(told()).toEqual([1]);
  });
});

test('an alert_notification that can not be read is counted, one that is about nobody is not', () => {
  const pdu = Buffer.from('0000001100000102000000000000000101', 'hex');
  const before = faults.total;
  expect(told()).toEqual([]);
  expect(faults.total).toBe(before);
  expect(onAlert(scene.shard, faults, pdu, 0, pdu.length)).toBe(false);
  expect(faults.total).toBe(before + 1);
});
