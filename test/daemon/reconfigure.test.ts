import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Daemon, pause, until, writeConfig } from '../support/daemon.ts';
import type { ConfigTables } from '../support/daemon.ts';
import { freePort } from '../support/ports.ts';
import { Stage } from './stage.ts';

let stage: Stage;
beforeEach(() => void (stage = new Stage()));
afterEach(() => stage.clear());

const destinations = (count: number): object[] =>
  Array.from({ length: count }, (_, index) => ({ destination_addr: `9627900${10_000 + index}` }));

describe('started again with another configuration while messages are open', () => {
  test('an SMSC is gone: its messages wait, the others go on, and they go out when it is back', async () => {
    const [goingPort, stayingPort] = [await freePort(), await freePort()];
    // Both down: messages are spread over both queues.
    const both: ConfigTables = { smsc: [{ port: goingPort }, { port: stayingPort }] };
    await stage.serve(both, false);
    const esme = await stage.esme();
    const ids = await Promise.all(destinations(40).map((fields) => esme.send(fields)));
    expect(await stage.daemon.stop()).toBe(0);
    await stage.simulator({ port: goingPort });
    await stage.simulator({ port: stayingPort });

    writeConfig(stage.site, { smsc: [{ id: 'sim1', port: stayingPort }] });
    await stage.start();
    const second = await stage.esme();
    await second.receipt(await second.send());
    await until(() => second.receipts.length > 1, 'one of those that go on');
    await pause(1_000);
    expect(stage.daemon.command.isRunning).toBe(true);
    const had = second.receipts.length - 1;
    expect(had).toBeGreaterThan(0);
    expect(had).toBeLessThan(40);
    expect(await stage.daemon.stop()).toBe(0);

    writeConfig(stage.site, both);
    await stage.start();
    const third = await stage.esme();
    const both40 = new Set(ids);
    for (const { id } of second.receipts) both40.delete(id);
    await third.receiptsOf([...both40]);
    await stage.daemon.untilNonePending();
    expect(await stage.daemon.stop()).toBe(0);
    expect(await stage.audit()).toMatchObject({ accepted: 41, final: 41, finalDouble: 0, lost: 0 });
  });

  test('an account is gone: its receipts wait for its return', async () => {
    const simulator = await stage.simulator({ receiptDelayMs: { min: 100, max: 200 } });
    const demo: ConfigTables = { account: [{}, { name: 'other' }], smsc: [{ port: simulator.port }] };
    await stage.serve(demo);
    const esme = await stage.esme({ kind: 'bind_transmitter' });
    const ids = await esme.sendMany(10);
    await stage.daemon.untilMetric('receipts_waiting', (count) => count === 10);
    await stage.daemon.kill();
    writeConfig(stage.site, { ...demo, account: [{ name: 'other' }] });
    await stage.start();
    const other = await stage.esme({ fields: { system_id: 'other' } });
    await other.receipt(await other.send());
    expect(other.receipts).toHaveLength(1);
    expect(await stage.daemon.stop()).toBe(0);
    writeConfig(stage.site, demo);
    await stage.start();
    const back = await stage.esme();
    await back.receiptsOf(ids);
  });

  test('fewer shards: refused while the ledger of one would be left alone, or taken over', async () => {
    const port = await freePort();
    const two: ConfigTables = { shards: 2, smsc: [{ port }, { port: await freePort() }] };
    await stage.serve(two, false);
    const esme = await stage.esme();
    await Promise.all(destinations(40).map((fields) => esme.send(fields)));
    expect(await stage.daemon.stop()).toBe(0);
    writeConfig(stage.site, { ...two, shards: 1 });
    const daemon = new Daemon(stage.site);
    const started = await daemon.ready().then(
      () => true,
      () => false,
    );
    // Silently starting without the second shard's messages would be a loss.
    const pending = started ? await daemon.metric('pending') : 40;
    if (daemon.command.isRunning) await daemon.kill();
    expect(pending, daemon.log).toBe(40);
    if (!started) expect(daemon.log).toContain('shards');
  });
});
