import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { runLoad } from '../../src/load/run.ts';
import { readTaken } from '../crash/verdict.ts';
import { Stage } from './stage.ts';

let stage: Stage;
beforeEach(() => void (stage = new Stage()));
afterEach(() => stage.clear());

describe('SIGTERM under load', () => {
  test('exit code 0, nothing sent twice, everything acknowledged arrives', async () => {
    const taken = join(stage.path, 'taken');
    const simulator = await stage.simulator({
      record: taken,
      redeliver: true,
      latencyMs: { min: 5, max: 40 },
      receiptDelayMs: { min: 0, max: 400 },
    });
    const account = [{ submit_window: 500, receipt_window: 200 }];
    await stage.serve({ account, smsc: [{ port: simulator.port, window: 100, binds: 2 }] });
    const { smppPort } = stage.site;
    const options = { port: smppPort, rate: 1_500, messages: 4_500, window: 200, reconnect: true };
    const load = runLoad(options);
    for (let stops = 0; stops < 2; stops++) {
      await stage.daemon.untilMetric('smsc_sent_total', (count) => count > 100);
      expect(await stage.daemon.stop()).toBe(0);
      expect(stage.daemon.log).toContain('"clean":true');
      await stage.start();
    }
    const result = await load;
    expect(result.problems).toEqual([]);
    expect(result.reconnects).toBeGreaterThan(0);
    expect(result.accepted).toBeGreaterThan(500);
    // The last receipts' results have to come back from the edge and be committed.
    await stage.daemon.untilMetric('slots_used', (count) => count === 0);
    expect(await stage.daemon.stop()).toBe(0);
    await simulator.close();
    const counts = [...readTaken([taken]).values()];
    expect(counts.filter((count) => count > 1)).toEqual([]);
    expect(counts.length).toBeGreaterThanOrEqual(result.accepted);
    expect(await stage.audit()).toMatchObject({ finalDouble: 0, lost: 0, sentTwice: 0, open: 0 });
  });

  test('an SMSC that never answers does not hold up the stop for longer than shutdown.grace_s', async () => {
    const smsc = await stage.npmSmsc(() => undefined);
    await stage.serve({ shutdown: { grace_s: 1 }, smsc: [{ port: smsc.port }] });
    const esme = await stage.esme();
    const id = await esme.send();
    await stage.daemon.untilMetric('smsc_window_used', (count) => count === 1);
    const startedMs = performance.now();
    expect(await stage.daemon.stop()).toBe(0);
    expect(performance.now() - startedMs).toBeLessThan(15_000);
    expect(stage.daemon.log).toContain('"clean":false');
    await stage.start();
    // Uncertain, so it is sent again.
    await stage.daemon.untilMetric('smsc_window_used', (count) => count === 1);
    expect(smsc.submits.map(({ text }) => text)).toEqual(['hello', 'hello']);
    expect((await stage.history(id)).types).toEqual(['ACCEPTED']);
  });
});
