import { expect, test } from 'vitest';
import { SLOT_AWAITING, SLOT_HELD, SLOT_QUEUED } from '../../src/core/message-table.ts';
import { createCounterPages } from '../../src/core/ring/counters.ts';
import { PartWays } from '../../src/core/ring/part-ways.ts';
import { fillSlot } from '../../src/shard/fill-slot.ts';
import { recover } from '../../src/shard/recover.ts';
import { keepBodyOf, rowOf } from '../../src/shard/spill.ts';
import type { ShardState } from '../../src/shard/state.ts';
import { concatOf } from '../../src/smpp/concat.ts';
import { partKey, wayPlace } from '../../src/smpp/part-key.ts';
import { MessageFields } from '../../src/smpp/pdu/message-fields.ts';
import { scanSubmitSm } from '../../src/smpp/pdu/submit-sm.ts';
import { bytesWith } from '../core/memory.ts';
import { TIME_MS, accepted, buildSegment, final, temporaryDirectory } from '../support/ledger.ts';
import { oracleEncode } from '../support/oracle.ts';
import { makeShard } from './harness.ts';

const SEGMENT = Math.floor(TIME_MS / 1000);
const HELD = 1;
const MULTI = 4;
const LED = 8;
/** The reading of a held part: a session of 3.4. */
const VERSION = 0x34;

interface Piece {
  reference: number;
  part?: number;
  flags?: number;
  smsc?: number;
  timeMs?: number;
  segment?: number;
}

let index = 0;

function keyOf(reference: number): [number, Buffer, MessageFields] {
  const udh = Buffer.from([5, 0, 3, reference, 3, 1]);
  const dest = { dest_addr_ton: 1, dest_addr_npi: 1, destination_addr: '962790000001' };
  const fields = { esm_class: 0x40, short_message: { udh, message: Buffer.from('x') } };
  const pdu = oracleEncode('submit_sm', { source_addr_ton: 5, source_addr: 'Shop', ...dest, ...fields });
  const f = new MessageFields();
  scanSubmitSm(pdu, 0, pdu.length, 0x34, f);
  const concat = concatOf(pdu, f);
  if (concat === undefined) throw new Error('no part');
  return [partKey(pdu, f, concat), pdu, f];
}

/** The ACCEPTED event of a part, drawn as core/records.ts has it: the event, padding, 24 octets of extension. */
function eventOf({ reference, part = 1, flags = LED, smsc = 2, timeMs, segment = SEGMENT }: Piece): Buffer {
  const text = Buffer.from([5, 0, 3, reference, 3, part, 0x78]);
  const ids = { idHigh: segment, idLow: index++, timeMs: timeMs ?? TIME_MS };
  const event = accepted({ ...ids, smsc, account: 3, esmClass: 0x40, text });
  const extension = Buffer.alloc(24);
  extension.writeUInt32LE(flags === HELD ? VERSION : 0, 0);
  extension.set([part, 3, flags], 16);
  extension.writeUInt32LE(flags === LED ? keyOf(reference)[0] : 0, 20);
  const padding = event.length - event.readUInt32LE(0);
  event.writeUInt16LE(1 | (padding << 4), 26);
  const whole = Buffer.concat([event, extension]);
  whole.writeUInt32LE(whole.length, 0);
  return whole;
}

function finalOf(event: Buffer): Buffer {
  return final({ idHigh: event.readUInt32LE(12), idLow: event.readUInt32LE(8), timeMs: TIME_MS });
}

/** The SMSC that the table knows for the messages with these references. */
function waysOf(ways: PartWays, references: readonly number[]): number[] {
  return references.map((reference) => {
    const [key, pdu, f] = keyOf(reference);
    const { place, tag } = wayPlace(3, key, pdu, f.sourceAt - 2, pdu, f.destAt - 2);
    return ways.known(place, tag, Date.now());
  });
}

async function recovered(shard: ShardState): Promise<PartWays> {
  const ways = new PartWays(createCounterPages(1, 1, 1));
  await recover(shard, (message) => expect.fail(message), ways);
  return ways;
}

test('from the events that are replayed: of messages whose parts did not all pass, ended or not', async () => {
  const dataDir = temporaryDirectory();
  const ended = eventOf({ reference: 1, smsc: 1 });
  const events = [
    ended,
    eventOf({ reference: 2 }),
    eventOf({ reference: 3, flags: HELD, part: 2 }),
    ...[1, 2, 3].map((part) => eventOf({ reference: 4, part })),
    eventOf({ reference: 5, flags: MULTI }),
    // Parts that the gateway cut itself.
    eventOf({ reference: 6, flags: 0 }),
    eventOf({ reference: 7, timeMs: TIME_MS - 61_000 }),
    eventOf({ reference: 8, timeMs: TIME_MS - 59_000 }),
    // The last of a message went another way, since a minute had passed.
    eventOf({ reference: 9, smsc: 1 }),
    eventOf({ reference: 9, smsc: 2, part: 2 }),
    finalOf(ended),
  ];
  await buildSegment(dataDir, 0, SEGMENT, [events]);
  const ways = await recovered(makeShard(dataDir));
  expect(waysOf(ways, [1, 2, 3, 4, 5, 6, 7, 8, 9])).toEqual([1, 2, 2, -1, -1, -1, -1, 2, 2]);
});

test('from no row of another message, whatever its slot held before', async () => {
  const shard = makeShard(temporaryDirectory());
  const { table } = shard;
  const slot = table.allocate();
  const fill = (event: Buffer, state: number): void => {
    const bytes = bytesWith(event);
    fillSlot(shard, slot, bytes, 0, event.length);
    table.state[slot] = state;
    keepBodyOf(shard, slot, bytes.u8);
  };
  // Between the same addresses as the part was.
  fill(eventOf({ reference: 1 }), SLOT_QUEUED);
  fill(accepted({ idHigh: SEGMENT, idLow: index++, account: 3, smsc: 1 }), SLOT_QUEUED);
  shard.store.upsert([rowOf(shard, slot)]);
  // One that waits to be cut anew: it is whole, and says so.
  const text = Buffer.from([5, 0, 3, 2, 3, 2, 0x78]);
  fill(accepted({ idHigh: SEGMENT, idLow: index++, account: 3, smsc: 1, esmClass: 0x40, text }), SLOT_HELD);
  table.toldLow[slot] = 0x200 | VERSION;
  shard.store.upsert([rowOf(shard, slot)]);
  shard.store.settle(SEGMENT);
  expect(waysOf(await recovered(shard), [1, 2])).toEqual([-1, -1]);
});

test('from the rows of segments that are settled, and both together', async () => {
  const dataDir = temporaryDirectory();
  const shard = makeShard(dataDir);
  const { table } = shard;
  const store = (piece: Piece, state: number): void => {
    const event = eventOf(piece);
    const slot = table.allocate();
    const bytes = bytesWith(event);
    fillSlot(shard, slot, bytes, 0, event.length);
    table.state[slot] = state;
    keepBodyOf(shard, slot, bytes.u8);
    shard.store.upsert([rowOf(shard, slot)]);
  };
  store({ reference: 1 }, SLOT_QUEUED);
  store({ reference: 2, smsc: 1 }, SLOT_AWAITING);
  store({ reference: 3, flags: HELD }, SLOT_HELD);
  store({ reference: 4, flags: 0 }, SLOT_AWAITING);
  store({ reference: 5, segment: SEGMENT - 3_600, timeMs: TIME_MS - 3_600_000 }, SLOT_AWAITING);
  store({ reference: 6 }, SLOT_AWAITING);
  store({ reference: 6, part: 2 }, SLOT_QUEUED);
  store({ reference: 7 }, SLOT_QUEUED);
  store({ reference: 8, smsc: 1 }, SLOT_QUEUED);
  store({ reference: 8, part: 2 }, SLOT_QUEUED);
  shard.store.settle(SEGMENT);
  expect(waysOf(await recovered(shard), [1, 2, 3, 4, 5, 6, 7, 8])).toEqual([2, 1, 2, -1, -1, 2, 2, 2]);
  const segment = SEGMENT + 1;
  await buildSegment(dataDir, 0, segment, [
    [eventOf({ reference: 6, part: 3, segment }), eventOf({ reference: 7, part: 3, segment })],
  ]);
  expect(waysOf(await recovered(shard), [1, 2, 3, 4, 5, 6, 7])).toEqual([2, 1, 2, -1, -1, -1, 2]);
});
