import { afterEach, beforeEach, expect, test } from 'vitest';
import { runLoad } from '../../src/load/run.ts';
import { pause, until } from '../support/daemon.ts';
import { rawClient } from './raw.ts';
import { Stage } from './stage.ts';

let stage: Stage;
beforeEach(() => void (stage = new Stage()));
afterEach(() => stage.clear());

test('more receipts at once than memory has slots for: none is lost, none is orphaned', async () => {
  const simulator = await stage.simulator({ receiptDelayMs: { min: 2500, max: 2500 } });
  await stage.serve({
    ledger: { messages_in_memory_max: 1024 },
    receipts: { park_s: 2 },
    account: [{ submit_window: 500, receipt_window: 200 }],
    smsc: [{ port: simulator.port, window: 500 }],
  });
  const result = await runLoad({ port: stage.site.smppPort, messages: 6000, window: 400, waitReceiptsS: 60 });
  expect(result).toMatchObject({ accepted: 6000, receipts: 6000, problems: [] });
  // Longer than a parked receipt is kept: what was parked wrongly would be an orphan by now.
  await pause(3000);
  expect(await stage.daemon.metric('receipts_orphaned_total')).toBe(0);
  await stage.daemon.untilNonePending();
});

test('the time for which a receipt is awaited begins when the message was sent', async () => {
  const simulator = await stage.simulator({ receiptDelayMs: { min: 500, max: 500 } });
  const { port } = simulator;
  await simulator.close();
  await stage.serve({ receipts: { wait_s: 3 }, smsc: [{ port }] }, false);
  const esme = await stage.esme();
  const id = await esme.send();
  await pause(4000);
  await stage.simulator({ port, receiptDelayMs: { min: 500, max: 500 } });
  expect((await esme.receipt(id)).stat).toBe('DELIVRD');
});

test('a message that makes the SMSC drop the link does not hold up the others for ever', async () => {
  const smsc = await stage.npmSmsc(({ text, answer, receipt, session, number }) => {
    if (text.includes('poison')) {
      session.socket.destroy();
      return;
    }
    answer(`id-${number}`);
    void receipt(`id-${number}`);
  });
  await stage.serve({ smsc: [{ port: smsc.port, window: 10, retry_attempts_max: 3 }] });
  const esme = await stage.esme();
  const ids = [await esme.send({ short_message: 'poison' })];
  for (let count = 0; count < 15; count++) ids.push(await esme.send({ short_message: `good ${count}` }));
  const stats = (await esme.receiptsOf(ids)).map(({ stat }) => stat);
  expect(stats.filter((stat) => stat === 'DELIVRD')).toHaveLength(15);
  expect(stats.filter((stat) => stat === 'UNDELIV')).toHaveLength(1);
  const sent = smsc.submits.filter(({ text }) => text.includes('poison')).length;
  expect(sent).toBeLessThanOrEqual(3);
});

test('malformed binds leave nothing behind', async () => {
  const simulator = await stage.simulator();
  await stage.serve({ smsc: [{ port: simulator.port }] });
  for (let count = 0; count < 50; count++) {
    const peer = await rawClient(stage.site.smppPort);
    peer.write(Buffer.from('0000001200000009000000000000000141ff', 'hex'));
    await until(() => peer.closed, 'the end of a connection');
  }
  await stage.daemon.untilMetric('sessions', (sessions) => sessions === 0);
  await stage.daemon.untilMetric('sessions_stalled', (stalled) => stalled === 0);
});
