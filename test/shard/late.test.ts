/** What an SMSC answers too late is still true: the message has the id that it says. */
import { describe, expect, test } from 'vitest';
import { NO_SLOT, SLOT_IN_FLIGHT, SLOT_QUEUED } from '../../src/core/message-table.ts';
import { forget } from '../../src/shard/events.ts';
import { onTick } from '../../src/shard/housekeeping.ts';
import { carrySecondIds, onUnmatched } from '../../src/shard/late.ts';
import { onBindDown, onSubmitResponse, onTimeouts } from '../../src/shard/outcome.ts';
import { recover } from '../../src/shard/recover.ts';
import { packRow } from '../../src/shard/row.ts';
import { rowOf } from '../../src/shard/spill.ts';
import type { ShardState, Smsc } from '../../src/shard/state.ts';
import type { OutboundBind } from '../../src/smpp/client.ts';
import { Window } from '../../src/smpp/window.ts';
import { KIND_AWAITING, KIND_RETRY } from '../../src/store/pending.ts';
import { npm } from '../daemon/esme.ts';
import {
  accepted,
  attemptFailed,
  buildSegment,
  final,
  late,
  sent,
  temporaryDirectory,
} from '../support/ledger.ts';
import { makeShard } from './harness.ts';
import { FIRST_SEGMENT } from './history.ts';
import { ReceiptScene } from './receipt-scene.ts';

const TIMEOUT_MS = 30_000;
const TEMPORARY = 1;
const THROTTLE = 3;
const PERMANENT = 4;
const SESSION = 5;
const CLASSES = new Map([
  [0x08, TEMPORARY],
  [0x58, THROTTLE],
  [0x0b, PERMANENT],
  [0x04, SESSION],
]);

class LateScene extends ReceiptScene {
  readonly window = new Window(8);
  readonly bind: OutboundBind;
  readonly smsc: Smsc;

  constructor() {
    super({ response_timeout_s: TIMEOUT_MS / 1000, retry_attempts_max: 5 });
    const classes = { names: () => true, of: (status: number) => CLASSES.get(status) };
    const more = { number: 3, window: this.window, recycle: () => undefined, classes };
    this.bind = Object.assign(this.binds[0], more);
    this.smsc = this.shard.smscs[0] as Smsc;
  }

  slot(id: number): number {
    return this.shard.table.idLow.indexOf(id);
  }

  /** A message that was sent, and that the SMSC did not answer in time; returns its id and sequence_number. */
  timedOut(registeredDelivery = 1): [number, number] {
    const { shard } = this;
    const id = this.sent('', { registeredDelivery });
    shard.index.remove(this.slot(id));
    shard.table.attempts[this.slot(id)] = 0;
    const sequence = this.send(id);
    shard.nowMs += TIMEOUT_MS + 1;
    onTimeouts(shard, this.smsc, this.bind);
    return [id, sequence];
  }

  /** It goes out; returns its sequence_number. */
  send(id: number): number {
    const { shard } = this;
    const slot = this.slot(id);
    const sequence = this.window.nextSequence();
    this.window.add(sequence, slot, shard.nowMs);
    shard.table.state[slot] = SLOT_IN_FLIGHT;
    shard.table.attempts[slot]++;
    return sequence;
  }

  answer(sequence_number: number, message_id: string, command_status = 0): void {
    const fields = { sequence_number, command_status, message_id };
    const pdu = new npm.PDU('submit_sm_resp', fields).toBuffer();
    const slot = this.window.take(sequence_number);
    const { shard, bind } = this;
    if (slot < 0) onUnmatched(shard, bind, sequence_number, command_status, pdu, 0, pdu.length);
    else onSubmitResponse(shard, bind, slot, command_status, pdu, 0, pdu.length);
  }

  /** Ids of the SENT and LATE events, and the other types. */
  async told(id: number): Promise<string[]> {
    await this.commit();
    return (await this.events(id)).map((event) => {
      if (event.type === 'SENT' || event.type === 'LATE') return `${event.type} ${event.smscMessageId}`;
      return event.type === 'FINAL' || event.type === 'RECEIPT' ? `${event.type} ${event.state}` : event.type;
    });
  }
}

describe('a late answer while the retry is under way', () => {
  /** One message whose first answer came late, after it was sent again. */
  function scene(): { scene: LateScene; id: number; second: number } {
    const one = new LateScene();
    const [id, first] = one.timedOut();
    const second = one.send(id);
    one.answer(first, 'first');
    return { scene: one, id, second };
  }

  test.each([
    ['refused for good', 0x0b],
    ['refused for now', 0x08],
    ['throttled', 0x58],
    ['refused for the state of the bind', 0x04],
  ])('that is then %s: the message waits for the receipt of the first', async (_name, status) => {
    const { scene: one, id, second } = scene();
    one.answer(second, '', status);
    await one.receipt('first');
    expect(await one.told(id)).toEqual(['ATTEMPT_FAILED', 'LATE first', 'SENT first', 'RECEIPT DELIVERED']);
    expect([one.smsc.queue.length, one.shard.secondIds.size]).toEqual([0, 0]);
  });

  test('that is not answered: likewise', async () => {
    const { scene: one, id } = scene();
    one.shard.nowMs += TIMEOUT_MS + 1;
    onTimeouts(one.shard, one.smsc, one.bind);
    await one.receipt('first');
    expect((await one.told(id)).slice(1)).toEqual(['LATE first', 'SENT first', 'RECEIPT DELIVERED']);
  });

  test('whose link is lost: likewise', async () => {
    const { scene: one, id } = scene();
    onBindDown(one.shard, one.smsc, one.bind);
    await one.receipt('first');
    expect((await one.told(id)).slice(1)).toEqual(['LATE first', 'SENT first', 'RECEIPT DELIVERED']);
    expect(one.smsc.queue.length).toBe(0);
  });

  test.each(['first', 'second', 'FIRST'])(
    'that is taken too: a receipt of %s is of the message',
    async (named) => {
      for (const stored of [false, true]) {
        const { scene: one, id, second } = scene();
        one.answer(second, 'second');
        if (stored) {
          one.shard.store.upsert([rowOf(one.shard, one.slot(id))]);
          forget(one.shard, one.slot(id));
        }
        await one.receipt(named);
        await one.receipt(named === 'second' ? 'first' : 'second', 'UNDELIV');
        expect((await one.told(id)).slice(1)).toEqual(['LATE first', 'SENT second', 'RECEIPT DELIVERED']);
      }
    },
  );

  test.each([
    ['taken', 'second', 0, 'SENT second'],
    ['refused', '', 0x0b, 'SENT first'],
  ])('and its receipt, which both come before the retry is %s', async (_name, smscId, status, event) => {
    const { scene: one, id, second } = scene();
    await one.receipt('first');
    expect(one.shard.parking.size).toBe(1);
    one.answer(second, smscId, status);
    expect((await one.told(id)).slice(1)).toEqual(['LATE first', event, 'RECEIPT DELIVERED']);
    expect(one.shard.parking.size).toBe(0);
  });

  test('of a message without a receipt: it has been sent', async () => {
    const one = new LateScene();
    const [id, first] = one.timedOut(0);
    const second = one.send(id);
    one.answer(first, 'first');
    one.answer(second, '', 0x0b);
    expect((await one.told(id)).slice(1)).toEqual(['LATE first', 'SENT first', 'FINAL ACCEPTED']);
  });

  test('an error says nothing', async () => {
    const one = new LateScene();
    const [id, first] = one.timedOut();
    const second = one.send(id);
    one.answer(first, 'first', 0x08);
    one.answer(second, '', 0x0b);
    expect((await one.told(id)).slice(1)).toEqual(['LATE ', 'RECEIPT REJECTED']);
  });
});

describe('a late answer', () => {
  test('before the retry goes out takes its place', async () => {
    const one = new LateScene();
    const [id, first] = one.timedOut();
    one.answer(first, 'first');
    expect(await one.told(id)).toEqual(['ATTEMPT_FAILED', 'LATE first', 'SENT first']);
    expect(one.shard.secondIds.size).toBe(0);
  });

  test('of an error does not', async () => {
    const one = new LateScene();
    const [id, first] = one.timedOut();
    one.answer(first, '', 0x08);
    expect(await one.told(id)).toEqual(['ATTEMPT_FAILED', 'LATE ']);
  });

  test('of a message whose retry waits in the store takes its place too', async () => {
    const one = new LateScene();
    const [id, first] = one.timedOut();
    const row = packRow(one.shard.table, one.slot(id), undefined);
    expect(row.kind).toBe(KIND_RETRY);
    one.shard.store.upsert([row]);
    forget(one.shard, one.slot(id));
    one.answer(first, 'first');
    await one.receipt('first');
    expect((await one.told(id)).slice(1)).toEqual(['LATE first', 'SENT first', 'RECEIPT DELIVERED']);
  });

  test('after the retry was taken finds the receipt that came before it', async () => {
    const one = new LateScene();
    const [id, first] = one.timedOut();
    one.answer(one.send(id), 'second');
    await one.receipt('first');
    one.answer(first, 'first');
    expect((await one.told(id)).slice(1)).toEqual(['SENT second', 'LATE first', 'RECEIPT DELIVERED']);
  });

  test('of a message that waits in a long queue keeps it from expiring', async () => {
    const one = new LateScene();
    const [id, first] = one.timedOut();
    const { table } = one.shard;
    // As if there were more before it than are searched.
    Object.defineProperty(one.smsc.queue, 'length', { value: 1001, configurable: true });
    table.state[one.slot(id)] = SLOT_QUEUED;
    one.answer(first, 'first');
    expect(one.shard.secondIds.size).toBe(1);
    Reflect.deleteProperty(one.smsc.queue, 'length');
    one.smsc.queue.push(one.slot(id), 0);
    table.expiresMs[one.slot(id)] = one.shard.nowMs - 1;
    one.shard.owned = [one.smsc];
    one.smsc.binds = [];
    onTick(one.shard);
    expect((await one.told(id)).slice(1)).toEqual(['LATE first', 'SENT first']);
  });

  test('of one that has ended is nothing', async () => {
    const one = new LateScene();
    const [id, first] = one.timedOut(0);
    one.answer(one.send(id), '', 0x0b);
    one.answer(first, 'first');
    expect((await one.told(id)).slice(1)).toEqual(['FINAL REJECTED']);
    expect(one.shard.secondIds.size).toBe(0);
  });
});

describe('the other id is durable', () => {
  const id = { idHigh: FIRST_SEGMENT, idLow: 0 };

  async function recovered(...events: Buffer[]): Promise<ShardState> {
    const dataDir = temporaryDirectory();
    await buildSegment(dataDir, 0, FIRST_SEGMENT, [events]);
    const shard = makeShard(dataDir);
    await recover(shard, () => undefined);
    return shard;
  }

  function idsOf(shard: ShardState): (string | null | undefined)[] {
    const row = shard.store.get(id.idHigh, id.idLow);
    const seconds = shard.secondIds.of(id.idHigh, id.idLow).map(({ smscId }) => smscId);
    return [row?.kind === KIND_AWAITING ? row.smscId : `kind ${row?.kind}`, ...seconds];
  }

  test('the retry was under way: it is not sent again', async () => {
    const shard = await recovered(
      accepted(id),
      attemptFailed({ ...id, status: 0xffff_ffff }),
      late({ ...id, smscId: 'one' }),
    );
    expect(idsOf(shard)).toEqual(['one', 'one']);
  });

  test('the retry was taken, before or after: either id is its', async () => {
    const failed = attemptFailed({ ...id, status: 0xffff_ffff });
    const [first, second] = [late({ ...id, smscId: 'one' }), sent({ ...id, smscId: 'two', attempt: 2 })];
    expect(idsOf(await recovered(accepted(id), failed, first, second))).toEqual(['two', 'one']);
    expect(idsOf(await recovered(accepted(id), failed, second, first))).toEqual(['two', 'one']);
  });

  test('an error, an answer without an id, and one of a message that has ended change nothing', async () => {
    const failed = attemptFailed({ ...id, status: 0xffff_ffff });
    expect(idsOf(await recovered(accepted(id), failed, late({ ...id, status: 8, smscId: 'x' })))).toEqual([
      'kind 4',
    ]);
    expect(idsOf(await recovered(accepted(id), failed, late(id)))).toEqual(['kind 4']);
    const ended = await recovered(accepted(id), late({ ...id, smscId: 'one' }), final(id));
    expect(idsOf(ended)).toEqual(['kind undefined']);
  });

  test.each(['one', 'oNe'])('and where it is the first one too, %s names one message', async (named) => {
    for (const stored of [false, true]) {
      const scene = new ReceiptScene();
      const message = scene.sent('one', { stored });
      const other = { slot: NO_SLOT, attempt: 1, bind: 0, segment: 0 };
      for (const smscId of ['one', 'ONE']) {
        scene.shard.secondIds.add({ smsc: 0, smscId, idHigh: 7, idLow: message, ...other });
      }
      await scene.receipt(named);
      expect(await scene.story(message)).toEqual(['RECEIPT DELIVERED']);
    }
  });

  test('it is written again when its segment is let go, as long as its message is open', async () => {
    const one = new LateScene();
    const open = one.timedOut();
    const stored = one.timedOut();
    const ended = one.timedOut();
    for (const [message, first] of [open, stored, ended]) {
      one.answer(one.send(message), `second-${message}`);
      one.answer(first, `first-${message}`);
    }
    one.shard.store.upsert([rowOf(one.shard, one.slot(stored[0]))]);
    for (const [message] of [stored, ended]) forget(one.shard, one.slot(message));
    carrySecondIds(one.shard, one.shard.journal.segment - 1);
    expect(one.shard.secondIds.size).toBe(3);
    carrySecondIds(one.shard, one.shard.journal.segment);
    expect([...one.shard.secondIds.all()].map(({ smscId }) => smscId)).toEqual(['first-1', 'first-2']);
    const late = (await one.told(open[0])).filter((event) => event.startsWith('LATE'));
    expect(late).toEqual(['LATE first-1', 'LATE first-1']);
    expect((await one.told(stored[0])).filter((event) => event === 'LATE first-2')).toHaveLength(2);
    expect((await one.told(ended[0])).filter((event) => event === 'LATE first-3')).toHaveLength(1);
  });
});
