import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { runLoad } from '../../src/load/run.ts';
import { pause, until } from '../support/daemon.ts';
import { Stage } from './stage.ts';

let stage: Stage;
beforeEach(() => void (stage = new Stage()));
afterEach(() => stage.clear());

describe('receipts that overtake their submit_sm_resp', () => {
  test('in the same moment: none is lost or repeated', async () => {
    const simulator = await stage.simulator({ receiptFirst: true, latencyMs: { min: 0, max: 10 } });
    await stage.serve({ smsc: [{ port: simulator.port, window: 100, binds: 2 }] });
    const result = await runLoad({ port: stage.site.smppPort, messages: 2_000, window: 100 });
    expect(result).toMatchObject({ accepted: 2_000, receipts: 2_000, problems: [] });
    await stage.daemon.untilMetric('pending', (count) => count === 0);
    expect(await stage.daemon.metric('receipts_parked_total')).toBeGreaterThan(0);
    expect(await stage.daemon.metric('receipts_orphaned_total')).toBe(0);
  });

  test('by a second: answered at once, delivered when the response comes, also after a kill', async () => {
    const answered: number[] = [];
    const smsc = await stage.npmSmsc((submitted) => {
      const { number, text } = submitted;
      const id = text.startsWith('killed') ? 'same' : `id-${number}`;
      if (number === 2) void pause(200).then(() => stage.daemon.kill());
      else setTimeout(() => submitted.answer(id), 1000);
      if (number <= 2) void submitted.receipt(id, 'DELIVRD').then((status) => answered.push(status));
    });
    await stage.serve({ smsc: [{ port: smsc.port }] });
    const esme = await stage.esme();
    const id = await esme.send();
    await until(() => answered.length === 1, 'the deliver_sm_resp');
    expect(esme.receipts).toEqual([]);
    expect((await esme.receipt(id)).stat).toBe('DELIVRD');

    // The second submit costs the daemon its life 200 ms after its receipt: parked receipts are durable.
    const killed = await esme.send({ short_message: 'killed' });
    await esme.closed;
    expect(answered).toEqual([0, 0]);
    await stage.start();
    const again = await stage.esme();
    expect((await again.receipt(killed)).stat).toBe('DELIVRD');
    expect(smsc.submits.map(({ text }) => text)).toEqual(['hello', 'killed', 'killed']);
  });
});

describe('an SMSC that repeats or contradicts itself', () => {
  test('one receipt reaches the ESME, every copy is answered ESME_ROK', async () => {
    const answers: number[] = [];
    const smsc = await stage.npmSmsc((submitted) => {
      const id = `id-${submitted.number}`;
      const receipt = (stat: string): void =>
        void submitted.receipt(id, stat).then((status) => answers.push(status));
      const early = submitted.text === 'early';
      if (!early) submitted.answer(id);
      for (const stat of ['ENROUTE', 'DELIVRD', 'DELIVRD', 'UNDELIV']) receipt(stat);
      setTimeout(() => {
        if (early) submitted.answer(id);
        receipt('EXPIRED');
      }, 300);
      setTimeout(() => receipt('REJECTD'), 600);
    });
    await stage.serve({ smsc: [{ port: smsc.port }] });
    const esme = await stage.esme();
    const late = await esme.send();
    expect((await esme.receipt(late)).stat).toBe('DELIVRD');
    const early = await esme.send({ short_message: 'early' });
    await esme.receipt(early);
    await until(() => answers.length === 12, 'an answer to each copy');
    expect(answers).toEqual(Array.from({ length: 12 }, () => 0));
    await stage.daemon.untilMetric('pending', (count) => count === 0);
    await pause(200);
    expect(esme.receipts.map(({ id }) => id)).toEqual([late, early]);
    for (const id of [late, early]) {
      const { types } = await stage.finalOf(id);
      expect(types.filter((type) => type === 'FINAL')).toHaveLength(1);
      expect(types.filter((type) => type === 'RECEIPT')).toHaveLength(1);
    }
  });

  test('an id given twice: the receipt is of the newer message, the older one ends without', async () => {
    const smsc = await stage.npmSmsc((submitted) => {
      submitted.answer('same');
      if (submitted.number < 2) return;
      void submitted.receipt('same').then(() => submitted.receipt('same', 'UNDELIV'));
    });
    await stage.serve({ receipts: { wait_s: 2 }, smsc: [{ port: smsc.port }] });
    const esme = await stage.esme();
    const [older, newer] = [await esme.send(), await esme.send()];
    expect((await esme.receipt(newer)).stat).toBe('DELIVRD');
    await stage.daemon.untilMetric('pending', (count) => count === 0);
    expect(esme.receipts).toHaveLength(1);
    const { lines } = await stage.finalOf(older);
    expect(lines.find(({ type }) => type === 'FINAL')).toMatchObject({ reason: 'NO_RECEIPT' });
  });

  test('a receipt of an unknown message is taken and parked', async () => {
    const answers: number[] = [];
    const smsc = await stage.npmSmsc((submitted) => {
      submitted.answer('known');
      void submitted.receipt('unknown').then((status) => answers.push(status));
      void submitted.receipt('known').then((status) => answers.push(status));
    });
    await stage.serve({ receipts: { park_s: 1 }, smsc: [{ port: smsc.port }] });
    const esme = await stage.esme();
    await esme.receipt(await esme.send());
    await stage.daemon.untilMetric('receipts_orphaned_total', (count) => count === 1);
    expect(answers).toEqual([0, 0]);
    expect(esme.receipts).toHaveLength(1);
  });
});
