import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { pause, until } from '../support/daemon.ts';
import { Stage } from './stage.ts';

let stage: Stage;
beforeEach(() => void (stage = new Stage()));
afterEach(() => stage.clear());

const RX_T_APPN = 0x64;
const RX_R_APPN = 0x66;

describe('while the ESME is away', () => {
  test.each(['stopped', 'killed'])(
    'receipts are kept, also when the daemon is %s, and come in a window',
    async (end) => {
      const simulator = await stage.simulator({ receiptDelayMs: { min: 50, max: 200 } });
      const account = [{ receipt_window: 20 }];
      // Segments end and settle at once: receipts have to be found in the pending store too.
      const ledger = { segment_age_s: 1, settle_age_s: 1 };
      await stage.serve({ ledger, account, smsc: [{ port: simulator.port, window: 100 }] });
      const sender = await stage.esme({ kind: 'bind_transmitter' });
      const ids = await sender.sendMany(150);
      await stage.daemon.untilMetric('receipts_waiting', (count) => count === 150);
      await sender.unbind();
      if (end === 'stopped') expect(await stage.daemon.stop()).toBe(0);
      else await stage.daemon.kill();
      await stage.start();

      const silent = await stage.esme({ kind: 'bind_receiver', answer: () => undefined });
      await until(() => silent.receipts.length === 20, 'a window of receipts');
      await pause(300);
      expect(silent.receipts.length).toBe(20);
      await silent.cut();

      const taker = await stage.esme();
      const receipts = await taker.receiptsOf(ids);
      expect(new Set(receipts.map(({ stat }) => stat))).toEqual(new Set(['DELIVRD']));
      await stage.daemon.untilMetric('pending', (count) => count === 0);
      expect(taker.receipts.length).toBe(150);
      expect(await stage.daemon.stop()).toBe(0);
      expect(await stage.audit()).toMatchObject({ accepted: 150, final: 150, finalDouble: 0 });
    },
  );
});

describe('which session gets them', () => {
  test('a receiver on any edge takes the receipts of transmitters on all edges', async () => {
    const simulator = await stage.simulator({ receiptDelayMs: { min: 0, max: 50 } });
    const account = [{ sessions_max: 20 }];
    await stage.serve({ edge: { threads: 2 }, shards: 2, account, smsc: [{ port: simulator.port }] });
    const receiver = await stage.esme({ kind: 'bind_receiver' });
    const senders = await Promise.all(
      Array.from({ length: 12 }, () => stage.esme({ kind: 'bind_transmitter' })),
    );
    // The kernel spreads connections by a hash: with 12 of them both edges have some.
    const page = await (await fetch(stage.daemon.url('/metrics'))).text();
    expect(page).toMatch(/tollgate_sessions\{edge="0"\} [1-9]/);
    expect(page).toMatch(/tollgate_sessions\{edge="1"\} [1-9]/);
    const ids = (await Promise.all(senders.map((sender) => sender.sendMany(10)))).flat();
    await receiver.receiptsOf(ids);
    expect(senders.flatMap(({ receipts }) => receipts)).toEqual([]);
    await stage.daemon.untilMetric('pending', (count) => count === 0);
    expect(receiver.receipts.length).toBe(120);
  });

  test('several receivers share them; none is asked for without registered_delivery', async () => {
    const simulator = await stage.simulator();
    await stage.serve({ smsc: [{ port: simulator.port }] });
    const [first, second] = [await stage.esme(), await stage.esme()];
    await first.sendMany(5, { registered_delivery: 0 });
    const ids = await first.sendMany(40);
    await until(() => first.receipts.length + second.receipts.length >= 40, 'all receipts');
    await stage.daemon.untilMetric('pending', (count) => count === 0);
    const both = [...first.receipts, ...second.receipts].map(({ id }) => id);
    expect(both.sort()).toEqual(ids.sort());
    expect(second.receipts.length).toBeGreaterThan(0);
  });
});

describe('what the ESME answers', () => {
  test('ESME_RX_T_APPN: again later; ESME_RX_R_APPN: never again, and the ledger says so', async () => {
    const simulator = await stage.simulator();
    await stage.serve({ smsc: [{ port: simulator.port }] });
    const seen = { later: 0, refused: 0 };
    const esme = await stage.esme({
      answer: ({ pdu }) => {
        const isLater = String(pdu.short_message.message).endsWith('text:later');
        seen[isLater ? 'later' : 'refused']++;
        if (!isLater) return RX_R_APPN;
        return seen.later === 1 ? RX_T_APPN : 0;
      },
    });
    const later = await esme.send({ short_message: 'later' });
    const refused = await esme.send({ short_message: 'refused' });
    await until(() => seen.later === 2, 'the second copy', 20_000);
    await stage.daemon.untilMetric('pending', (count) => count === 0);
    expect(seen).toEqual({ later: 2, refused: 1 });
    expect((await stage.finalOf(later)).cdr).toMatchObject({ state: 'DELIVERED' });
    const { types, lines } = await stage.finalOf(refused);
    expect(types).toEqual(['ACCEPTED', 'SENT', 'RECEIPT', 'FINAL']);
    expect(lines.find(({ type }) => type === 'FINAL')).toMatchObject({ reason: 'RECEIPT_NOT_TAKEN' });
    expect(esme.receipts.filter(({ id }) => id === later).map(({ stat }) => stat)).toEqual([
      'DELIVRD',
      'DELIVRD',
    ]);
  });
});

describe('time runs out', () => {
  test('a receipt that nobody takes is kept for keep_s, one that never comes is waited for wait_s', async () => {
    const simulator = await stage.simulator({ receiptLoss: 0.5 });
    await stage.serve({
      receipts: { keep_s: 2, wait_s: 2 },
      ledger: { segment_age_s: 1, settle_age_s: 1 },
      smsc: [{ port: simulator.port }],
    });
    const sender = await stage.esme({ kind: 'bind_transmitter' });
    const ids = await sender.sendMany(40);
    await stage.daemon.untilMetric('receipts_waiting', (count) => count === simulator.stats().receiptsSent);
    await stage.daemon.untilMetric('pending', (count) => count === 0, 20_000);
    const reasons = new Set<unknown>();
    for (const id of ids.slice(0, 8)) {
      const { lines } = await stage.finalOf(id);
      const final = lines.find(({ type }) => type === 'FINAL');
      const isLost = !lines.some(({ type }) => type === 'RECEIPT');
      expect(final).toMatchObject(
        isLost
          ? { state: 'UNKNOWN', reason: 'NO_RECEIPT' }
          : { state: 'DELIVERED', reason: 'RECEIPT_NOT_TAKEN' },
      );
      reasons.add(final?.reason);
    }
    expect(reasons.size).toBe(2);
    const late = await stage.esme();
    await pause(300);
    expect(late.receipts).toEqual([]);
    expect(await stage.daemon.stop()).toBe(0);
    expect(await stage.audit()).toMatchObject({ accepted: 40, final: 40, finalDouble: 0 });
  });
});
